/* A connection held against what the data plane can do. */
#include "engine/plane_limits.h"

#include "engine/connection_spec.h"

/* ---- what is refused ---- */

static bool has_port_range(const struct end_spec *end)
{
    for (size_t i = 0; i < end->client_count; i++) {
        const struct selector *client = &end->clients[i];
        bool is_any = client->port_start == 0 && client->port_end == UINT16_MAX;
        if (!is_any && client->port_start != client->port_end)
            return true;
    }
    return false;
}

static const char *refused_keyword(const struct plane_limits *limits, const struct connection_spec *spec)
{
    if (limits->priority_max != 0 && spec->priority > limits->priority_max)
        return "priority= of more than 65535";
    if (limits->lacks_encap_dscp && !spec->encap_dscp)
        return "encap-dscp=no";
    if (limits->lacks_decap_dscp && spec->decap_dscp)
        return "decap-dscp=yes";
    if (limits->lacks_nopmtudisc && spec->nopmtudisc)
        return "nopmtudisc=yes";
    if (limits->lacks_port_ranges && (has_port_range(&spec->left) || has_port_range(&spec->right)))
        return "a range of ports in protoport=";
    if (limits->lacks_tcp && spec->tcp_use != TCP_NO)
        return "enable-tcp=";
    if (limits->lacks_esn && spec->esn == PROPOSAL_ESN_YES)
        return "esn=yes";
    if (limits->lacks_clones && spec->clones != 0)
        return "clones= (SAs of single CPUs need XFRM of Linux 6.13 or newer)";
    return NULL;
}

/* ---- what is not offered ---- */

struct wish {
    const struct plane_limits *limits;
    enum security_protocol protocol;
};

static bool can_do(const void *context, const struct transform *transform)
{
    const struct wish *wish = context;
    const struct plane_limits *limits = wish->limits;
    if (transform->type == TRANSFORM_ESN)
        return transform->id == ESN_NO || !limits->lacks_esn;
    bool is_of_packets = transform->type == TRANSFORM_ENCR ||
                         (transform->type == TRANSFORM_INTEG && transform->id != INTEG_NONE);
    const struct algorithm *algorithm =
        is_of_packets ? algorithm_by_id((enum transform_type)transform->type, transform->id) : NULL;
    return algorithm == NULL || limits->has_algorithm == NULL ||
           limits->has_algorithm(limits->context, algorithm, wish->protocol);
}

/* The algorithms that are missing, each once. */
static void list_missing(const struct wish *wish, const struct proposal_list *list, struct text *text)
{
    const struct algorithm *algorithm;
    const char *separator = "";
    for (size_t i = 0; (algorithm = algorithm_at(i)) != NULL; i++) {
        const struct transform sought = {.type = (uint8_t)algorithm->type, .id = algorithm->id};
        bool is_tacit = algorithm->type == TRANSFORM_ESN; /* esn=yes alone is refused */
        if (is_tacit || can_do(wish, &sought) || !proposals_name(list, algorithm))
            continue;
        text_add(text, "%s%s", separator, algorithm->name);
        separator = ", ";
    }
}

static bool is_default(const struct connection_spec *spec, const struct proposal_list *list,
                       enum security_protocol protocol)
{
    char given_text[2048], default_text[2048];
    struct text given = text_of(given_text, sizeof(given_text));
    struct text usual = text_of(default_text, sizeof(default_text));
    unsigned flags = (spec->pfs ? (unsigned)PROPOSAL_PFS : 0) | spec->esn |
                     (spec->ike_version == 1 ? (unsigned)PROPOSAL_IKEV1 : 0);
    struct proposal_list *defaults = proposals_default(protocol, flags);
    if (defaults == NULL)
        return false;
    proposals_text(&given, list);
    proposals_text(&usual, defaults);
    proposals_free(defaults);
    return strcmp(given_text, default_text) == 0;
}

static bool restrict_list(const struct plane_limits *limits, const struct connection_spec *spec,
                          struct proposal_list *list, enum security_protocol protocol,
                          struct text *ret_dropped, struct error *error)
{
    char names[256];
    struct text missing = text_of(names, sizeof(names));
    const struct wish wish = {limits, protocol};
    if (list == NULL || (limits->has_algorithm == NULL && !limits->lacks_esn))
        return true;
    bool was_default = is_default(spec, list, protocol);
    list_missing(&wish, list, &missing);
    proposals_keep(list, can_do, &wish);
    if (list->count == 0)
        return error_set(error, 0, "protostack=%s has nothing of what %s= offers, for it lacks %s",
                         limits->stack, protocol == PROTOCOL_AH ? "ah" : "esp", names);
    if (!was_default && names[0] != '\0')
        text_add(ret_dropped, "%s%s", ret_dropped->size > 0 ? ", " : "", names);
    return true;
}

bool plane_limits_apply(const struct plane_limits *limits, struct connection_spec *spec,
                        struct text *ret_dropped, struct error *error)
{
    if (limits == NULL)
        return true;
    const char *keyword = refused_keyword(limits, spec);
    if (keyword != NULL)
        return error_set(error, 0, "%s is more than this pluto's protostack=%s can do", keyword,
                         limits->stack);
    /* The lists are those of the whole chain. */
    if (!restrict_list(limits, spec, spec->child_proposals, spec->protocol, ret_dropped, error) ||
        !restrict_list(limits, spec, spec->ah_proposals, PROTOCOL_AH, ret_dropped, error))
        return false;
    for (struct connection_spec *each = spec; limits->lacks_esn && each != NULL; each = each->next)
        each->esn &= (uint8_t)~PROPOSAL_ESN_YES;
    return true;
}
