/* A connection as the user wrote it: its defaults as in ipsec.conf(5), what derives from it, and its death.
 */
#include "engine/connection_spec.h"

#include <stdlib.h>

enum {
    DEFAULT_LIFETIME_HOURS = 8,
    DEFAULT_REKEY_MARGIN_SECONDS = 540,
    DEFAULT_REPLAY_WINDOW = 128,
    DEFAULT_DPD_TIMEOUT_SECONDS = 120
};

struct connection_spec *connection_spec_new(const char *name)
{
    struct connection_spec *spec = calloc(1, sizeof(*spec));
    char *copy = strdup(name);
    if (spec == NULL || copy == NULL) {
        free(spec);
        free(copy);
        return NULL;
    }
    *spec = (struct connection_spec){
        .name = copy,
        .protocol = PROTOCOL_ESP,
        .ike_version = 2,
        .ikev1_natt = IKEV1_NATT_RFC | IKEV1_NATT_DRAFTS,
        .dpd_timeout = DEFAULT_DPD_TIMEOUT_SECONDS * USEC_PER_SEC,
        .esn = PROPOSAL_ESN_NO | PROPOSAL_ESN_YES,
        .pfs = true,
        .rekey = true,
        .nat_keepalive = true,
        .fragmentation = FRAGMENTATION_YES,
        .encap_dscp = true,
        .ike_lifetime = DEFAULT_LIFETIME_HOURS * 3600 * USEC_PER_SEC,
        .ipsec_lifetime = DEFAULT_LIFETIME_HOURS * 3600 * USEC_PER_SEC,
        .ipsec_max_bytes = UINT64_MAX,
        .ipsec_max_packets = UINT64_MAX,
        .rekey_margin = DEFAULT_REKEY_MARGIN_SECONDS * USEC_PER_SEC,
        .rekey_fuzz_percent = 100,
        .retransmit_interval = 500 * USEC_PER_MSEC,
        .tcp_remote_port = 4500,
        .retransmit_timeout = 30 * USEC_PER_SEC,
        .replay_window = DEFAULT_REPLAY_WINDOW,
        .negotiation_shunt = SHUNT_DROP,
        .modecfg.share_lease = true,
    };
    return spec;
}

static void end_clear(struct end_spec *end)
{
    free(end->host_name);
    free(end->clients);
    free(end->virtual_client.nets);
    free(end->pools);
    free(end->updown);
    free(end->username);
    identity_free(&end->id);
    for (size_t i = 0; i < ARRAY_SIZE(end->public_keys); i++)
        public_key_free(end->public_keys[i]);
}

void spec_origin_free(struct spec_origin *origin)
{
    if (origin == NULL)
        return;
    free(origin->file);
    free(origin->options);
    free(origin);
}

static void free_contents(struct connection_spec *spec)
{
    end_clear(&spec->left);
    end_clear(&spec->right);
    for (size_t i = 0; i < spec->alias_count; i++)
        free(spec->aliases[i]);
    free(spec->aliases);
    free(spec->modecfg.domains);
    free(spec->modecfg.banner);
    proposals_free(spec->ike_proposals);
    proposals_free(spec->child_proposals);
    proposals_free(spec->ah_proposals);
    spec_origin_free(spec->origin);
    free(spec->name);
    free(spec);
}

static void destroy(struct connection_spec *spec);

/* Its own are the name and those clients that it does not have from its base. */
static void free_derived(struct connection_spec *spec)
{
    struct connection_spec *base = spec->base;
    if (spec->left.clients != base->left.clients)
        free(spec->left.clients);
    if (spec->right.clients != base->right.clients)
        free(spec->right.clients);
    spec_origin_free(spec->origin);
    free(spec->name);
    free(spec);
    if (--base->derived_count == 0 && base->is_released)
        destroy(base);
}

static void destroy(struct connection_spec *spec)
{
    if (spec->base != NULL)
        free_derived(spec);
    else
        free_contents(spec);
}

void connection_spec_free(struct connection_spec *spec)
{
    while (spec != NULL) {
        struct connection_spec *next = spec->next;
        spec->is_released = true;
        spec->next = NULL;
        if (spec->derived_count == 0)
            destroy(spec);
        spec = next;
    }
}

static bool set_client(struct end_spec *end, const struct selector *client)
{
    if (client == NULL)
        return true;
    end->clients = malloc(sizeof(*end->clients));
    end->client_count = 1;
    if (end->clients != NULL)
        *end->clients = *client;
    return end->clients != NULL;
}

bool end_has_client_with(const struct end_spec *end, const struct ip_address *address)
{
    struct ip_range wanted = {*address, *address};
    for (size_t i = 0; i < end->client_count; i++)
        if (range_contains(&end->clients[i].range, &wanted))
            return true;
    return false;
}

struct connection_spec *connection_spec_derive(struct connection_spec *base, const char *name,
                                               const struct selector *left, const struct selector *right)
{
    struct connection_spec *spec = malloc(sizeof(*spec));
    if (spec == NULL)
        return NULL;
    *spec = *base;
    spec->base = base;
    spec->derived_count = 0;
    spec->is_released = false;
    spec->next = NULL;
    spec->origin = NULL;
    spec->conn_name = base->name;
    spec->name = strdup(name);
    base->derived_count++;
    bool ok = set_client(&spec->left, left);
    if (!set_client(&spec->right, right) || !ok || spec->name == NULL) {
        free_derived(spec);
        return NULL;
    }
    return spec;
}
