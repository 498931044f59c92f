/* `config setup`: defaults from the keyword table, then one keyword after the other. */
#include "config/setup.h"
#include "config/value.h"

#include "base/text.h"

#include <stdlib.h>
#include <strings.h>

enum { LISTEN_MAX = 64, NETWORK_TEXT_MAX = 96, REFUSED_SHOWN_MAX = 80 };

static bool set_text(char **slot, const char *value)
{
    char *copy = *value != '\0' ? strdup(value) : NULL;
    if (*value != '\0' && copy == NULL)
        return false;
    free(*slot);
    *slot = copy;
    return true;
}

static void *field_of(struct setup *setup, const struct keyword *keyword)
{
    return (char *)setup + keyword->offset;
}

static bool store(struct setup *setup, const struct keyword *keyword, const char *value,
                  const struct warning_sink *warnings, struct error *error)
{
    if (keyword->type == KEYWORD_STRING)
        return set_text(field_of(setup, keyword), value) || error_set(error, -1, "out of memory");
    uint64_t number;
    bool is_capped = false;
    if (!value_number(keyword, value, &number, &is_capped, error))
        return false;
    if (is_capped)
        warning_send(warnings, "config setup: %s=%s is too large, the maximum is taken", keyword->name,
                     value);
    value_store(field_of(setup, keyword), keyword->width, number);
    return true;
}

struct setup *setup_new(void)
{
    struct setup *setup = calloc(1, sizeof(*setup));
    for (size_t i = 0; setup != NULL && i < setup_keyword_count; i++) {
        const struct keyword *keyword = &setup_keywords[i];
        if (keyword->offset == SIZE_MAX || keyword->alias_of != NULL || *keyword->default_text == '\0')
            continue;
        if (!store(setup, keyword, keyword->default_text, NULL, NULL)) {
            setup_free(setup);
            return NULL;
        }
    }
    return setup;
}

void setup_free(struct setup *setup)
{
    if (setup == NULL)
        return;
    free(setup->logfile);
    free(setup->listen);
    free(setup->myvendorid);
    free(setup->dumpdir);
    free(setup->secretsfile);
    free(setup->ipsecdir);
    free(setup->nssdir);
    free(setup->rundir);
    free(setup->seeddev);
    free(setup->statsbin);
    free(setup->virtual_private);
    free(setup->virtual_nets);
    free(setup);
}

/* What options of the command line name is added up, but replaces what a file says. */
static bool set_listen(struct setup *setup, const char *value, bool in_file, struct error *error)
{
    size_t kept = in_file || setup->listen_is_of_file ? 0 : setup->listen_count;
    struct ip_address addresses[LISTEN_MAX];
    if (kept > 0)
        memcpy(addresses, setup->listen, kept * sizeof(*addresses));
    char word[NETWORK_TEXT_MAX];
    for (const char *cursor = value; value_next_word(&cursor, word, sizeof(word)); kept++) {
        int at = (int)(cursor - value) - (int)strlen(word);
        if (kept == LISTEN_MAX)
            return error_set(error, at, "found more than %d addresses", LISTEN_MAX);
        if (!address_parse(word, &addresses[kept], error)) {
            if (error != NULL)
                error->code = at;
            return false;
        }
    }
    struct ip_address *copy = malloc((kept + 1) * sizeof(*copy));
    if (copy == NULL)
        return error_set(error, -1, "out of memory");
    memcpy(copy, addresses, kept * sizeof(*copy));
    free(setup->listen);
    setup->listen = copy;
    setup->listen_count = kept;
    setup->listen_is_of_file = in_file;
    return true;
}

static bool set_debug(struct setup *setup, const char *value, bool in_file, struct error *error)
{
    (void)in_file;
    uint64_t set, clear;
    if (!debug_classes_parse(value, &set, &clear, error))
        return false;
    setup->debug = (setup->debug & ~clear) | set;
    return true;
}

static bool add_network(struct setup *setup, const char *word, struct error *error)
{
    struct virtual_net net, *grown;
    if (!value_virtual_net(word, &net, error))
        return false;
    grown = realloc(setup->virtual_nets, (setup->virtual_net_count + 1) * sizeof(*grown));
    if (grown == NULL)
        return error_set(error, -1, "out of memory");
    setup->virtual_nets = grown;
    grown[setup->virtual_net_count++] = net;
    return true;
}

static bool set_virtual_private(struct setup *setup, const char *value, bool in_file, struct error *error)
{
    (void)in_file;
    char word[NETWORK_TEXT_MAX];
    setup->virtual_net_count = 0;
    for (const char *cursor = value; value_next_word(&cursor, word, sizeof(word));) {
        if (!add_network(setup, word, error)) {
            if (error != NULL)
                error->code = (int)(cursor - value) - (int)strlen(word);
            return false;
        }
    }
    return set_text(&setup->virtual_private, value) || error_set(error, -1, "out of memory");
}

static const struct {
    const char *keyword;
    bool (*set)(struct setup *setup, const char *value, bool in_file, struct error *error);
} handlers[] = {
    {"listen", set_listen},
    {"plutodebug", set_debug},
    {"virtual-private", set_virtual_private},
};

/* KLIPS was a kernel module of FreeS/WAN and Openswan; files that name it are still about. */
static void warn_of_gone_stack(const struct keyword *keyword, const char *value,
                               const struct warning_sink *warnings)
{
    if (strcmp(keyword->name, "protostack") == 0 &&
        (strcasecmp(value, "klips") == 0 || strcasecmp(value, "mast") == 0))
        warning_send(warnings, "config setup: protostack=%s is no more; the default, xfrm, is taken", value);
}

static bool set_acting(struct setup *setup, const struct keyword *keyword, const char *value, bool in_file,
                       const struct warning_sink *warnings, struct error *error)
{
    for (size_t i = 0; i < ARRAY_SIZE(handlers); i++)
        if (strcmp(handlers[i].keyword, keyword->name) == 0)
            return handlers[i].set(setup, value, in_file, error);
    warn_of_gone_stack(keyword, value, warnings);
    return store(setup, keyword, value, warnings, error);
}

static bool refuse_unknown(const char *name, struct error *error)
{
    char nearest[64], shown[REFUSED_SHOWN_MAX];
    struct text out = text_of(shown, sizeof(shown));
    text_add_escaped(&out, bytes_of_text(name));
    bool is_near = keyword_suggest(SECTION_SETUP, name, nearest, sizeof(nearest));
    return error_set(error, -1, "config setup: unknown keyword \"%s\"%s%s%s", shown,
                     is_near ? "; did you mean \"" : "", is_near ? nearest : "", is_near ? "\"?" : "");
}

/* What a file has for certificates can do no harm while there are none. */
static bool set_aside(const struct keyword *keyword, bool in_file, const struct warning_sink *warnings,
                      struct error *error)
{
    if (keyword->concern == CONCERNS_NAMES) {
        warning_send(warnings, "config setup: keyword \"%s\" is not supported yet and has no effect: %s",
                     keyword->name, keyword->reason);
        return true;
    }
    if (!in_file || keyword->concern != CONCERNS_PUBLIC_KEYS)
        return keyword_refuse_not_yet(keyword, keyword->name, error);
    warning_send(warnings,
                 "config setup: keyword \"%s\" concerns certificates, which are not supported yet: no effect",
                 keyword->name);
    return true;
}

static bool set_by_status(struct setup *setup, const struct keyword *keyword, const char *value, bool in_file,
                          const struct warning_sink *warnings, struct error *error)
{
    switch (keyword->status) {
    case KEYWORD_ACTS:
        break;
    case KEYWORD_COMMAND_LINE:
        if (in_file)
            return error_set(error, -1, "keyword \"%s\" is for pluto's command line only", keyword->name);
        break;
    case KEYWORD_NOT_YET:
        return value_check(keyword, value, error) &&
               (value_is_default(keyword, value) || set_aside(keyword, in_file, warnings, error));
    case KEYWORD_OBSOLETE:
    case KEYWORD_OBSOLETE_IN_IKEV2:
    case KEYWORD_IKEV1_ONLY:
        warning_send(warnings, "config setup: keyword \"%s\" is obsolete and has no effect", keyword->name);
        return true;
    }
    return set_acting(setup, keyword, value, in_file, warnings, error);
}

bool setup_option(struct setup *setup, const char *keyword_name, const char *value, bool in_file,
                  const struct warning_sink *warnings, struct error *error)
{
    const struct keyword *keyword = keyword_find(SECTION_SETUP, keyword_name, NULL);
    struct error reason = {0};
    if (keyword == NULL)
        return refuse_unknown(keyword_name, error);
    if (set_by_status(setup, keyword, value, in_file, warnings, &reason))
        return true;
    char shown[REFUSED_SHOWN_MAX];
    struct text out = text_of(shown, sizeof(shown));
    text_add_escaped(&out, bytes_of_text(value));
    return error_set(error, reason.code, "config setup: %s=%s: %.380s", keyword->name, shown, reason.text);
}

struct engine_settings setup_engine_settings(const struct setup *setup)
{
    struct engine_settings settings = engine_settings_default();
    settings.vendor_id = setup->myvendorid;
    settings.unique_ids = setup->uniqueids;
    settings.ikev1_policy = (enum ikev1_policy)setup->ikev1_policy;
    settings.ddos_mode = (enum ddos_mode)setup->ddos_mode;
    settings.ddos_ike_threshold = setup->ddos_ike_threshold;
    settings.max_halfopen_ike = setup->max_halfopen_ike;
    settings.nat_keepalive_interval = setup->keep_alive;
    settings.shunt_lifetime = setup->shunt_lifetime;
    settings.expire_shunt_interval = setup->expire_shunt_interval;
    settings.drop_oppo_null = setup->drop_oppo_null;
    settings.debug = setup->debug;
    settings.dns_by_systemd = setup->dns_resolver == 1;
    settings.virtual_private = setup->virtual_nets;
    settings.virtual_private_count = setup->virtual_net_count;
    return settings;
}
