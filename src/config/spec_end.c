/* The keywords of an end that have a form of their own: left=, leftid=, leftsubnet= ... */
#include "config/spec_detail.h"
#include "config/value.h"

#include "base/text.h"

#include <ctype.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum {
    CLIENTS_MAX = 64,
    SUBNETS_OF_END_MAX = 4096,
    SUBNET_WORD_MAX = 128,
    HOST_NAME_MAX_SIZE = 253,
    SHOWN_MAX = 80
};

static bool found_instead(struct error *error, int at, const char *value, const char *expected)
{
    char shown[SHOWN_MAX];
    struct text out = text_of(shown, sizeof(shown));
    text_add_escaped(&out, bytes_of_text(value));
    return error_set(error, at, "found \"%s\"; expected %s", shown, expected);
}

/* Errors of other parsers carry codes of their own. */
static bool at_byte(struct error *error, int at)
{
    if (error != NULL)
        error->code = at;
    return false;
}

static bool set_host(struct end_spec *end, enum host_kind kind, const struct ip_address *address,
                     const char *name, struct error *error)
{
    char *copy = name != NULL ? strdup(name) : NULL;
    if (name != NULL && copy == NULL)
        return error_set(error, -1, "out of memory");
    free(end->host_name);
    end->host_name = copy;
    end->host_kind = kind;
    end->host = address != NULL ? *address : (struct ip_address){0};
    return true;
}

static const struct percent_word {
    const char *word;
    enum host_kind kind; /* HOST_UNSET: not supported yet */
    enum ip_family family;
} percent_words[] = {
    {"%any", HOST_ANY, IP_NONE},
    {"%any4", HOST_ANY, IP_V4},
    {"%any6", HOST_ANY, IP_V6},
    {"%defaultroute", HOST_DEFAULTROUTE, IP_NONE},
    {"%defaultroute4", HOST_DEFAULTROUTE, IP_V4},
    {"%defaultroute6", HOST_DEFAULTROUTE, IP_V6},
    {"%direct", HOST_UNSET, IP_NONE},
    {"%group", HOST_GROUP, IP_NONE},
    {"%opportunistic", HOST_ANY, IP_NONE},
    {"%oppo", HOST_ANY, IP_NONE},
    {"%opportunisticgroup", HOST_GROUP, IP_NONE},
    {"%oppogroup", HOST_GROUP, IP_NONE},
};

static bool set_percent_host(struct spec_builder *builder, struct end_spec *end, const char *value,
                             struct error *error)
{
    for (size_t i = 0; i < ARRAY_SIZE(percent_words); i++) {
        const struct percent_word *row = &percent_words[i];
        if (strcasecmp(row->word, value) != 0)
            continue;
        if (row->kind == HOST_UNSET)
            return error_set(error, 0, "%s is not supported yet", row->word);
        if (row->family != IP_NONE)
            builder->implied_family = row->family;
        end->is_opportunistic = strncasecmp(row->word, "%oppo", 5) == 0;
        return set_host(end, row->kind, NULL, NULL, error);
    }
    size_t length = strlen(value + 1);
    if (length == 0 || length >= IF_NAMESIZE || strpbrk(value, "/ \t") != NULL)
        return found_instead(error, 0, value, "%any, %defaultroute or %INTERFACE");
    return set_host(end, HOST_INTERFACE, NULL, value + 1, error);
}

/* Neither a name: all digits and dots, or with a colon. */
static bool is_meant_as_address(const char *value)
{
    return strchr(value, ':') != NULL || value[strspn(value, "0123456789.")] == '\0';
}

static bool is_host_name(const char *value)
{
    size_t length = strlen(value);
    if (length == 0 || length > HOST_NAME_MAX_SIZE || !isalnum((unsigned char)value[0]))
        return false;
    for (const char *at = value; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && strchr("-._", *at) == NULL)
            return false;
    return true;
}

bool spec_end_set_host(struct spec_builder *builder, struct end_spec *end, const char *value,
                       struct error *error)
{
    struct ip_address address;
    if (value[0] == '%')
        return set_percent_host(builder, end, value, error);
    if (address_parse(value, &address, error)) {
        if (!address_is_any(&address))
            return set_host(end, HOST_ADDRESS, &address, NULL, error);
        builder->implied_family = (enum ip_family)address.family;
        return set_host(end, HOST_ANY, NULL, NULL, error);
    }
    if (is_meant_as_address(value) && *value != '\0')
        return at_byte(error, 0);
    if (!is_host_name(value))
        return found_instead(error, 0, value,
                             "an address, a name, %any, %defaultroute, %group or %INTERFACE");
    return set_host(end, HOST_NAME, NULL, value, error);
}

bool spec_end_set_id(struct spec_builder *builder, struct end_spec *end, const char *value,
                     struct error *error)
{
    (void)builder;
    bool is_any = strcasecmp(value, "%any") == 0, is_mine = strcasecmp(value, "%myid") == 0;
    struct identity id = {0};
    if (!is_any && !is_mine && *value != '\0' && !identity_parse(value, &id, error))
        return at_byte(error, 0);
    identity_free(&end->id);
    end->id = id;
    end->id_is_any = is_any;
    end->id_is_mine = is_mine;
    return true;
}

bool spec_end_set_nexthop(struct spec_builder *builder, struct end_spec *end, const char *value,
                          struct error *error)
{
    (void)builder;
    struct ip_address address = {0};
    bool is_defaultroute = strcasecmp(value, "%defaultroute") == 0;
    bool is_found_out = is_defaultroute || strcasecmp(value, "%direct") == 0;
    if (!is_found_out && !address_parse(value, &address, NULL))
        return found_instead(error, 0, value, "an address, %defaultroute or %direct");
    end->nexthop = address;
    end->nexthop_is_defaultroute = is_defaultroute;
    return true;
}

bool spec_end_set_protoport(struct spec_builder *builder, struct end_spec *end, const char *value,
                            struct error *error)
{
    const char *port = strchr(value, '/');
    builder->has_any_port[end == &builder->spec->left ? 0 : 1] =
        port != NULL && strcasecmp(port + 1, "%any") == 0;
    return value_protoport(value, &end->protocol, &end->port, error);
}

bool spec_end_set_sourceip(struct spec_builder *builder, struct end_spec *end, const char *value,
                           struct error *error)
{
    (void)builder;
    char word[SUBNET_WORD_MAX];
    struct ip_address found[CONFIGURATION_FAMILIES] = {0}, address;
    for (const char *cursor = value; value_next_word(&cursor, word, sizeof(word));) {
        if (!address_parse(word, &address, error))
            return at_byte(error, 0);
        unsigned family = address.family == IP_V6 ? CONFIGURATION_V6 : CONFIGURATION_V4;
        if (address_is_any(&address))
            return error_set(error, 0, "%s is nobody's address", word);
        if (address_is_set(&found[family]))
            return error_set(error, 0, "found a second %s address, expected at most one of each family",
                             family == CONFIGURATION_V6 ? "IPv6" : "IPv4");
        found[family] = address;
    }
    memcpy(end->sourceip, found, sizeof(found));
    return true;
}

/* 10.0.0.1/8 is taken as 10.0.0.0/8; the user should know. */
static void warn_of_host_bits(const struct spec_builder *builder, const char *word,
                              const struct selector *taken)
{
    struct ip_address written;
    char address[SUBNET_WORD_MAX], text[SELECTOR_TEXT_SIZE];
    snprintf(address, sizeof(address), "%.*s", (int)strcspn(word, "/"), word);
    if (address_parse(address, &written, NULL) && !address_equal(&written, &taken->range.start))
        warning_send(builder->warnings, "conn \"%s\": subnet %s has host bits set: %s is taken",
                     builder->spec->name, word, selector_text(taken, text));
}

void client_list_clear(struct client_list *list)
{
    free(list->clients);
    free(list->has_protoport);
    *list = (struct client_list){0};
}

/* Words of a list: more than there can be subnets. */
static size_t count_words(const char *value)
{
    size_t count = 1;
    for (; *value != '\0'; value++)
        count += strchr(", \t", *value) != NULL;
    return count;
}

static bool parse_clients(const struct spec_builder *builder, const char *value, size_t maximum,
                          struct client_list *list, struct error *error)
{
    char word[SUBNET_WORD_MAX];
    for (const char *cursor = value; value_next_word(&cursor, word, sizeof(word)); list->count++) {
        int at = (int)(cursor - value) - (int)strlen(word);
        if (list->count == maximum)
            return error_set(error, at, "found more than %zu subnets", maximum);
        struct selector *client = &list->clients[list->count];
        if (!value_subnet(word, client, &list->has_protoport[list->count], error)) {
            if (error != NULL)
                error->code += at;
            return false;
        }
        warn_of_host_bits(builder, word, client);
    }
    return list->count > 0 || error_set(error, 0, "found no subnet; expected ADDRESS/LENGTH");
}

static bool read_clients(const struct spec_builder *builder, const char *value, size_t maximum,
                         struct client_list *out, struct error *error)
{
    size_t room = count_words(value);
    struct client_list list = {calloc(room, sizeof(*list.clients)), calloc(room, sizeof(bool)), 0};
    bool ok = (list.clients != NULL && list.has_protoport != NULL) || error_set(error, -1, "out of memory");
    if (ok && parse_clients(builder, value, maximum, &list, error)) {
        *out = list;
        return true;
    }
    client_list_clear(&list);
    return false;
}

bool spec_end_set_subnet(struct spec_builder *builder, struct end_spec *end, const char *value,
                         struct error *error)
{
    struct client_list list;
    bool **flags = &builder->client_has_protoport[end == &builder->spec->left ? 0 : 1];
    bool is_virtual = spec_is_virtual(value);
    if (is_virtual ? !spec_end_set_virtual(end, value, error)
                   : !read_clients(builder, value, CLIENTS_MAX, &list, error))
        return false;
    free(end->clients);
    free(*flags);
    if (is_virtual) {
        list = (struct client_list){0};
    } else {
        free(end->virtual_client.nets);
        end->virtual_client = (struct virtual_client){0};
    }
    end->clients = list.clients;
    end->client_count = list.count;
    *flags = list.has_protoport;
    return true;
}

/* { a b c }, also several of them or a list with commas; nothing: as if it were not there. */
bool spec_end_set_subnets(struct spec_builder *builder, struct end_spec *end, const char *value,
                          struct error *error)
{
    struct client_list list = {0}, *slot = &builder->subnets[end == &builder->spec->left ? 0 : 1];
    char *plain = strdup(value);
    if (plain == NULL)
        return error_set(error, -1, "out of memory");
    for (char *at = plain; *at != '\0'; at++)
        if (*at == '{' || *at == '}')
            *at = ' ';
    bool is_empty = plain[strspn(plain, " \t,")] == '\0';
    bool ok = is_empty || read_clients(builder, plain, SUBNETS_OF_END_MAX, &list, error);
    free(plain);
    if (!ok)
        return false;
    client_list_clear(slot);
    *slot = list;
    return true;
}
