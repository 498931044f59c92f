/* subnets=: one conn of ipsec.conf(5) becomes a connection for each pair of networks, NAME/1x1, NAME/1x2 ...;
 * NAME is their alias. An end's plain subnet= (or its lack) counts as number 0. */
#include "base/text.h"
#include "config/spec_detail.h"

#include <stdio.h>
#include <stdlib.h>

enum { EXPANSION_MAX = 65536, NAME_ROOM = 32 };

/* Numbers 0 to subnets.count; 0 is skipped when subnets= alone says what is behind the end. */
static size_t first_number(const struct end_spec *end, const struct client_list *subnets)
{
    return subnets->count > 0 && end->client_count == 0 ? 1 : 0;
}

static const struct selector *client_number(const struct client_list *subnets, size_t number)
{
    return number > 0 ? &subnets->clients[number - 1] : NULL;
}

static bool add_own_name_as_alias(struct connection_spec *spec)
{
    char **grown = realloc(spec->aliases, (spec->alias_count + 1) * sizeof(*grown));
    if (grown == NULL)
        return false;
    spec->aliases = grown;
    spec->aliases[spec->alias_count] = strdup(spec->name);
    if (spec->aliases[spec->alias_count] == NULL)
        return false;
    spec->alias_count++;
    return true;
}

/* Only one of the networks need contain an address of sourceip=; in the others it would be a stranger. */
static void drop_foreign_sourceip(struct end_spec *end)
{
    for (size_t i = 0; i < ARRAY_SIZE(end->sourceip); i++)
        if (!end_has_client_with(end, &end->sourceip[i]))
            end->sourceip[i] = (struct ip_address){0};
}

static bool families_match(const struct spec_builder *builder, const char *name, const struct selector *left,
                           const struct selector *right)
{
    char left_text[SELECTOR_TEXT_SIZE], right_text[SELECTOR_TEXT_SIZE];
    if (left == NULL || right == NULL || left->range.start.family == right->range.start.family)
        return true;
    warning_send(builder->warnings, "\"%s\": skipping mismatched leftsubnets=%s rightsubnets=%s", name,
                 selector_text(left, left_text), selector_text(right, right_text));
    return false;
}

static bool append(const struct spec_builder *builder, size_t left, size_t right,
                   struct connection_spec ***tail, struct error *error)
{
    struct connection_spec *base = builder->spec;
    const struct selector *left_client = client_number(&builder->subnets[0], left);
    const struct selector *right_client = client_number(&builder->subnets[1], right);
    size_t size = strlen(base->name) + NAME_ROOM;
    char *name = malloc(size);
    if (name == NULL)
        return error_set(error, -1, "out of memory");
    snprintf(name, size, "%s/%zux%zu", base->name, left, right);
    bool is_wanted = families_match(builder, name, left_client, right_client);
    struct connection_spec *spec =
        is_wanted ? connection_spec_derive(base, name, left_client, right_client) : NULL;
    free(name);
    if (!is_wanted)
        return true;
    if (spec == NULL)
        return error_set(error, -1, "out of memory");
    drop_foreign_sourceip(&spec->left);
    drop_foreign_sourceip(&spec->right);
    **tail = spec;
    *tail = &spec->next;
    return connection_spec_check(spec, error);
}

static bool append_all(const struct spec_builder *builder, struct connection_spec **head, struct error *error)
{
    const struct client_list *left = &builder->subnets[0], *right = &builder->subnets[1];
    struct connection_spec **tail = head;
    for (size_t l = first_number(&builder->spec->left, left); l <= left->count; l++)
        for (size_t r = first_number(&builder->spec->right, right); r <= right->count; r++)
            if (!append(builder, l, r, &tail, error))
                return false;
    return *head != NULL ||
           error_set(error, -1, "no network of leftsubnets= has the address family of one in rightsubnets=");
}

struct connection_spec *spec_expand_subnets(struct spec_builder *builder, struct error *error)
{
    struct connection_spec *base = builder->spec, *head = NULL;
    size_t pairs = (builder->subnets[0].count + 1) * (builder->subnets[1].count + 1);
    if (pairs > EXPANSION_MAX) {
        error_set(error, -1, "leftsubnets= and rightsubnets= make %zu connections; at most %d are allowed",
                  pairs, EXPANSION_MAX);
    } else if (!add_own_name_as_alias(base)) {
        error_set(error, -1, "out of memory");
    } else {
        bool ok = append_all(builder, &head, error);
        if (!ok) {
            connection_spec_free(head);
            head = NULL;
        }
    }
    connection_spec_free(base); /* lives on as long as those derived from it */
    return head;
}
