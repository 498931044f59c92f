/* Read-only views of the engine's tables for status output. Pointers are borrowed until the engine is next
 * entered. */
#ifndef STYX_ENGINE_VIEW_H
#define STYX_ENGINE_VIEW_H

#include "engine/engine.h"
#include "engine/statistics.h"

enum routing_state {
    ROUTING_UNROUTED,
    ROUTING_ONDEMAND, /* trap installed */
    ROUTING_NEGOTIATING,
    ROUTING_TUNNEL,
    ROUTING_FAILURE,
};

struct connection_view {
    uint64_t serial;
    const struct connection_spec *spec;
    bool is_template; /* has a wildcard peer: instances come from it */
    bool is_instance;
    uint64_t template_serial;
    unsigned instance_number; /* 0: no instance */
    bool keeps_up;            /* brought up by --up or auto=start and not taken down */
    bool is_oriented;
    bool left_is_local;
    const char *interface;            /* of the local address; "" when unoriented */
    struct ip_endpoint local, remote; /* remote unset in a template */
    struct ip_address nexthop;        /* of ours: as written, or of %defaultroute */
    const struct ip_prefix *leased;   /* to the peer, or to us: v4, v6 (unset: none); NULL: none */
    bool is_leased_to_us;
    const struct selector *virtual_client;       /* what the peer of a vhost: or vnet: named; NULL: nothing */
    const struct identity *local_id, *remote_id; /* as they will be sent and expected; defaults applied */
    enum routing_state routing;
    usec_t shunt_until;                              /* ROUTING_FAILURE: the end of the failure shunt */
    uint64_t newest_ike_serial, newest_child_serial; /* 0 none */
};

struct ike_view {
    uint64_t serial;
    uint64_t connection_serial;
    const char *connection_name;
    unsigned instance_number; /* of the connection; 0: no instance */
    const char *state_name;   /* STATE_V2_ESTABLISHED_IKE_SA ... */
    const char *state_story;  /* established IKE SA ... */
    bool is_established, is_halfopen, is_open, is_initiator, is_newest;
    bool awaits_child;                /* on its way, and a Child SA of the connection is to follow */
    unsigned version;                 /* of IKE */
    uint64_t replaced_by_serial;      /* by a rekey; 0 none */
    const struct identity *remote_id; /* ID_NONE before the peer has named itself */
    const char *user;                 /* who logged in (XAUTH); "": nobody */
    uint8_t spi_i[8], spi_r[8];
    struct path path;
    bool uses_natt, local_behind_nat, remote_behind_nat;
    const struct suite *suite;                                 /* NULL before it is chosen */
    usec_t established_at, rekey_at, expire_at, next_event_at; /* USEC_NEVER: none */
    const char *next_event; /* REKEY, REPLACE, EXPIRE, RETRANSMIT, LIVENESS, "" */
    size_t memory_bytes;    /* exact: everything that this IKE SA owns, its Child SAs not counted */
};

struct child_view {
    uint64_t serial, ike_serial, connection_serial;
    const char *connection_name;
    unsigned instance_number;
    const char *state_name, *state_story;
    bool is_established, is_newest;
    uint64_t replaces_serial, replaced_by_serial; /* by a rekey; 0 none */
    unsigned ike_version;
    const struct suite *suite;
    enum sa_mode mode;
    bool udp_encapsulation, tcp_encapsulation;
    uint32_t spi_in, spi_out;
    uint32_t ah_spi_in, ah_spi_out; /* of the AH around ESP; 0: none */
    uint16_t cpi_in, cpi_out;       /* IPComp; 0: not agreed on */
    struct ip_endpoint local, remote;
    const struct selector *local_selectors, *remote_selectors;
    size_t local_count, remote_count;
    int64_t established_wall; /* seconds since the epoch */
    usec_t established_at, rekey_at, expire_at;
    struct sa_counters in, out; /* as last reported; KERNEL_SA_QUERY refreshes */
    uint64_t max_bytes;         /* UINT64_MAX: no limit */
    const struct identity *remote_id;
    const char *user;               /* who logged in (XAUTH); "": nobody */
    const struct ip_prefix *leased; /* to the peer, or to us: v4, v6 (unset: none); NULL: none */
    size_t memory_bytes;
};

struct pool_view {
    uint64_t serial;
    struct ip_range range;
    uint8_t lease_length;
    uint64_t size, in_use, lingering; /* in leases; lingering: given back, their holders remembered */
    unsigned connections;
};

struct lease_view {
    uint64_t serial, pool_serial;
    struct ip_prefix address;
    unsigned users;      /* 0: it was given back */
    struct bytes holder; /* an identity's kind and value, or 0 and the name of a user; empty: unknown */
};

struct engine_totals {
    uint64_t connections_loaded, connections_active;
    uint64_t shunts; /* connections whose packets meet one for a while */
    uint64_t ike_halfopen, ike_open, ike_established, child_established;
    uint64_t ike_started, ike_completed, ike_failed, child_completed, child_failed;
    uint64_t bytes_owned; /* exact: all that the engine has allocated */
    bool ddos_cookies_required;
};

/* Walks in the order of serials; `after` is the last one seen (0: from the start), so that a
 * long listing can be made in pieces. False at the end. */
bool engine_view_connection(const struct engine *engine, uint64_t after, struct connection_view *out);
bool engine_view_ike(const struct engine *engine, uint64_t after, struct ike_view *out);
bool engine_view_child(const struct engine *engine, uint64_t after, struct child_view *out);
bool engine_view_pool(const struct engine *engine, uint64_t after, struct pool_view *out);
bool engine_view_lease(const struct engine *engine, uint64_t after, struct lease_view *out);
/* Those of one connection. */
bool engine_view_child_of(const struct engine *engine, uint64_t connection_serial, uint64_t after,
                          struct child_view *out);
/* One by its serial; false when it is gone. */
bool engine_view_ike_at(const struct engine *engine, uint64_t serial, struct ike_view *out);
bool engine_view_child_at(const struct engine *engine, uint64_t serial, struct child_view *out);
/* By name; NULL-terminated name. False when there is none. */
bool engine_view_connection_named(const struct engine *engine, const char *name, struct connection_view *out);
bool engine_view_connection_at(const struct engine *engine, uint64_t serial, struct connection_view *out);
/* The serials of what a name or an alias means, instances included, to be freed; NULL when there is nothing.
 */
uint64_t *engine_view_serials_named(const struct engine *engine, const char *name, size_t *ret_count);
/* How hard it is pressed by initiations. */
struct engine_pressure {
    uint64_t ike_halfopen;
    bool ddos_cookies_required;
};
struct engine_pressure engine_view_pressure(const struct engine *engine);
/* Looks at every SA and connection: for tests and the end of the daemon. */
struct engine_totals engine_view_totals(const struct engine *engine);
/* The public key after the one of serial `after` (0: the first); NULL: that was the last. */
const struct known_key *engine_view_public_key(const struct engine *engine, uint64_t after);
/* NULL before any were told. */
const struct private_keys *engine_view_private_keys(const struct engine *engine);
/* NULL before any were read. */
const struct secrets *engine_view_secrets(const struct engine *engine);
const struct statistics *engine_view_statistics(const struct engine *engine);
/* env->now() of this engine. */
usec_t engine_view_now(const struct engine *engine);
int64_t engine_view_wall_clock(const struct engine *engine);
bool engine_view_is_listening(const struct engine *engine);
/* None is left, not even one whose Delete waits for its turn. */
bool engine_view_is_without_ike(const struct engine *engine);
const struct engine_settings *engine_view_settings(const struct engine *engine);
size_t engine_view_interfaces(const struct engine *engine, const struct listen_address **out);

#endif
