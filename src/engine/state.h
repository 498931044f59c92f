/*
 * The engine's own state: what only src/engine sees. SAs and connections are plain structs, each owned by
 * exactly one table of the engine and destroyed by exactly one function; across time they are named by serial
 * number.
 */
#ifndef STYX_ENGINE_STATE_H
#define STYX_ENGINE_STATE_H

#include "base/hash_table.h"
#include "base/list.h"
#include "base/range_map.h"
#include "base/text.h"
#include "engine/engine.h"
#include "engine/failure.h"
#include "engine/impair.h"
#include "engine/public_keys.h"
#include "engine/statistics.h"
#include "engine/view.h"
#include "esp/spd.h"
#include "wire/ikev2_build.h"

/* Limits that hostile input meets; every one has a name. */
enum {
    IKE_MESSAGE_MAX = 16384,      /* bytes of a message that we build */
    MESSAGE_ARENA_MAX = 65536,    /* bytes that reading one message may take */
    TASK_LIMIT = 4096,            /* exchanges that may wait on one IKE SA */
    CHILDREN_LIMIT = 4096,        /* Child SAs that a peer may make under one IKE SA */
    INIT_RESTART_LIMIT = 4,       /* COOKIE and INVALID_KE_PAYLOAD answers that one initiation obeys */
    TEMPORARY_FAILURE_LIMIT = 20, /* retries of an exchange that the peer was too busy for */
    SELECTORS_MAX = 64,           /* selectors of one side of a Child SA */
    NONCE_SIZE = 32,
    ONDEMAND_LIMIT = 1000, /* negotiations at a time that packets of hosts behind us may begin */
    EARLY_DELETES = 4,     /* the last so many are remembered */
};

#define HALFOPEN_LIFETIME (30 * USEC_PER_SEC)   /* a responder waits this long for IKE_AUTH */
#define REFUSAL_PATIENCE (1 * USEC_PER_SEC)     /* an initiator waits so long for a better answer than that */
#define HALFOPEN_STREAMLESS (3 * USEC_PER_SEC)  /* and so long once its TCP connection has ended */
#define REPLACED_CHILD_GRACE (5 * USEC_PER_SEC) /* responder of a rekey: then it sends on the new SA */
#define REPLACED_CHILD_LIMIT (60 * USEC_PER_SEC) /* whoever should delete a replaced one has this long */
#define REPLACED_IKE_GRACE                                                                                   \
    (60 * USEC_PER_SEC) /* the winner of a rekey has this long to delete the old IKE SA */
#define TEMPORARY_FAILURE_DELAY                                                                              \
    (2 * USEC_PER_SEC) /* before an exchange is tried again; doubled at random                               \
                        */
#define TEMPORARY_FAILURE_DELAY_MIN (100 * USEC_PER_MSEC) /* where what is to be replaced ends soon */
#define ANSWER_LINGER (10 * USEC_PER_SEC) /* a retired IKE SA can repeat its last answer so long */
#define REVIVAL_DELAY_FIRST (0 * USEC_PER_SEC)
#define REVIVAL_DELAY_STEP (5 * USEC_PER_SEC)
#define REVIVAL_DELAY_MAX (300 * USEC_PER_SEC)
#define LASTING_CHILD (60 * USEC_PER_SEC) /* a Child SA that lived so long did not end at once */
#define ONDEMAND_DELAY_FIRST                                                                                 \
    (1 * USEC_PER_SEC) /* after a failure no packet begins anew; doubled each time                           \
                        */
#define ONDEMAND_DELAY_MAX (64 * USEC_PER_SEC)
#define COOKIE_SECRET_LIFETIME (60 * USEC_PER_SEC)

enum timer_kind {
    TIMER_IKE_RETRANSMIT,
    TIMER_IKE_LIFE, /* half-open: give up; established: rekey, then expire; replaced: give up waiting */
    TIMER_IKE_LIVENESS,
    TIMER_IKE_KEEPALIVE,
    TIMER_IKE_STREAM, /* a TCP connection is made anew */
    TIMER_IKE_RETRY,  /* tasks put off by TEMPORARY_FAILURE, IKEv1: until others are through */
    TIMER_CHILD_LIFE,
    TIMER_CHILD_RETRANSMIT, /* IKEv1: a Quick Mode */
    TIMER_CHILD_SWITCH,     /* responder of a rekey begins to send on the new SA */
    TIMER_CONNECTION_REVIVE,
    TIMER_CONNECTION_SHUNT, /* a failure shunt has had its time */
    TIMER_HOST_NAME,
    TIMER_FAREWELL, /* the last counters of a Child SA did not come */
};

struct engine_timer {
    struct timer timer;
    enum timer_kind kind;
    uint64_t owner_serial;
};

/* Bytes on the heap, accounted to an owner. */
struct owned {
    uint8_t *data;
    size_t size;
};

/* ---- connections ---- */

/* One name by which a connection answers besides its own (connalias=, the conn of subnets=). */
struct connection_alias {
    struct hash_node by_alias;
    struct connection *connection;
};

/* host_name.h; the addresses of names among the hosts. */
struct host_name_user {
    struct list_node node;
    struct host_name *host_name; /* NULL: this end is no name */
    uint64_t connection_serial;
};

struct shared_spec {
    unsigned users;
    struct connection_spec *spec;
};

/* What the routing states (routing.c) remember beside the state itself. */
struct connection_route {
    bool is_wanted;          /* --route or auto=ondemand: without an SA packets meet a trap, or a shunt */
    bool is_negotiating;     /* for its first SA, since routing_negotiate() */
    bool is_begun_by_packet; /* counted in engine.ondemand_count */
    struct selector *packet; /* that began it, local and remote, for narrowing=yes; NULL: none */
    unsigned failures;       /* of negotiations that packets began, one after the other */
    usec_t deaf_until;       /* packets begin nothing before */
    struct engine_timer shunt_timer;
};

/* What the updown script has been asked to do and not to undo. */
/* What scripts are told of the hosts: what undoes a call must be told the same. */
struct script_hosts {
    struct ip_address local, remote, nexthop;
    struct ip_address sourceip[CONFIGURATION_FAMILIES];
    char interface[16];
};

struct connection_scripts {
    bool are_routed, are_up;
    bool are_moving;           /* while what runs is because of a move */
    bool has_moved_on;         /* after what runs was told: it is told anew when it has ended */
    struct script_hosts *told; /* by the last call that set something up; NULL: none */
    uint64_t route_request_id; /* routes it, while it runs */
    uint64_t route_client;     /* waits for that */
    uint64_t request_id;       /* brings the connection up, while it runs */
    uint64_t client;           /* waits for that */
};

struct connection {
    struct hash_node by_serial, by_name, by_hosts, by_remote_id, by_clients;
    struct list_node all;
    struct list_node instances;       /* of a template: struct connection.of_template */
    struct list_node of_template;     /* of an instance */
    bool is_group;                    /* right=%group: its members speak for it */
    struct list_node members;         /* of a group: struct connection.of_group */
    struct list_node of_group;        /* of a member */
    struct list_node of_groups;       /* of a group: struct engine.group_connections */
    uint64_t group_generation;        /* of a member: the reading of the file that named it last */
    struct connection_alias *aliases; /* spec->alias_count of them; NULL in an instance */
    uint64_t serial;
    struct shared_spec *shared;
    const struct connection_spec *spec;
    const struct end_spec *local_end, *remote_end; /* NULL when unoriented */
    uint64_t template_serial;                      /* of an instance */
    unsigned instance_number, next_instance_number;
    bool is_template, is_oriented, left_is_local, is_instance;
    bool uses_pools; /* those of its spec: address_pool.h */
    bool keep_up;    /* --up or auto=start asked for it and nobody has taken it down */
    bool is_indexed; /* in by_hosts and by_remote_id */
    bool is_removed; /* only IKE SAs know it that take their leave, and the last of them frees it */
    struct connection_scripts scripts;
    char interface[16];
    struct ip_address local, remote;          /* remote unset: any, or the name of the peer is not resolved */
    struct ip_address nexthop;                /* unset: found out from the routes */
    struct host_name_user host_name_users[2]; /* of left and right */
    bool has_virtual_client;
    struct selector virtual_client;        /* what the peer named, of an end with vhost: or vnet: */
    struct identity local_id, remote_id;   /* remote ID_NONE: any */
    struct address_assignment *assignment; /* configuration.h; NULL: none */
    enum routing_state routing;
    struct connection_route route; /* routing.c */
    uint64_t newest_ike_serial, newest_child_serial;
    uint64_t policy_child_serial; /* whose outbound SA the connection's policy names */
    struct list_node ikes;        /* struct ike_sa.of_connection */
    struct list_node children;    /* struct child_sa.of_connection */
    bool asks_for_cpus;           /* as the policy says: per_cpu.h */
    unsigned sa_count; /* IKE and Child SAs that name this connection; an instance dies with the last */
    unsigned revive_attempts;
    unsigned early_ends;     /* in a row: of Child SAs that did not last, see lifecycle.c */
    unsigned plane_refusals; /* of SAs by the data plane, since it last took one */
    uint64_t debug;
    struct engine_timer revive_timer;
    struct failure *failure;                 /* the last one; NULL: none so far */
    struct owned login_user, login_password; /* client: login.h; with terminating zeros */
    size_t memory_bytes;
};

/* ---- IKE SAs ---- */

enum ike_state {
    IKE_STATE_INIT_SENT,      /* initiator: IKE_SA_INIT in flight (or its KE value being made) */
    IKE_STATE_AUTH_SENT,      /* initiator: IKE_AUTH in flight */
    IKE_STATE_INIT_RESPONDED, /* responder: half-open */
    IKE_STATE_PHASE1_DONE,    /* IKEv1: XAUTH or Mode Config come before the first Quick Mode */
    IKE_STATE_REKEY_LARVAL,   /* made by CREATE_CHILD_SA, not yet usable */
    IKE_STATE_ESTABLISHED,
    IKE_STATE_REPLACED,  /* rekeyed: waits for its Delete */
    IKE_STATE_DELETING,  /* our Delete is in flight */
    IKE_STATE_RETIRED,   /* over; only repeats its last answer */
    IKE_STATE_ORPHANAGE, /* IKEv1: over, without keys; its IPsec SAs live on until another takes them */
};

enum task_kind {
    TASK_NONE,
    TASK_SA_INIT,
    TASK_AUTH,
    TASK_CREATE_CHILD,
    TASK_REKEY_CHILD,
    TASK_REKEY_IKE,
    TASK_REAUTHENTICATE, /* beside this IKE SA, whose peer has answered until now */
    TASK_DELETE_CHILD,
    TASK_DELETE_IKE,
    TASK_LIVENESS,
    TASK_UPDATE_ADDRESSES, /* MOBIKE: ours has changed */
    TASK_CHECK_ROUTE,      /* MOBIKE: does the peer answer at its new one */
};

/* An exchange that waits for its turn (window of one, RFC 7296 2.3). */
struct task {
    struct list_node node;
    enum task_kind kind;
    uint64_t child_serial;      /* rekey, delete */
    uint32_t spi_in;            /* delete: said even when the Child SA itself is gone */
    uint8_t protocol;           /* of spi_in */
    uint64_t connection_serial; /* create */
    bool has_cpu;               /* create: for packets of this CPU alone (per_cpu.h) */
    uint32_t cpu;
    uint64_t client;
    unsigned attempts;
};

/* What is needed only until the IKE SA is authenticated. */
struct ike_setup {
    uint8_t nonce_i[IKEV2_NONCE_MAX], nonce_r[IKEV2_NONCE_MAX];
    size_t nonce_i_size, nonce_r_size;
    struct owned init_request, init_response; /* what AUTH signs */
    struct owned cookie;
    struct owned peer_proof; /* IKEv2: a text, how the peer proved itself */
    const struct algorithm *ke;
    struct ke_private own;
    struct owned own_public;
    struct owned peer_public;
    bool peer_allows_childless;
    unsigned peer_signature_hashes; /* a set of enum signature_hash that it takes (RFC 7427) */
    unsigned restarts;
    bool offers_all;                 /* rekeying an IKE SA: the peer did not want its suite again */
    uint64_t child_serial;           /* initiator: the Child SA that goes with IKE_AUTH */
    uint64_t reauthenticates_serial; /* the IKE SA in whose place it comes; 0: none */
    bool wants_child; /* initiator: a Child SA of the connection comes with the IKE SA, or follows it */
    uint64_t client;
    uint64_t job_id; /* IKEv1: what phase 1 waits for */
    usec_t started_at;
};

struct suspended {
    uint64_t job_id; /* 0: nothing is suspended */
    uint8_t first;
    uint8_t exchange;
    struct owned chain; /* decrypted payloads; wiped when cleared */
};

struct ike_version;
struct ikev1_sa;
struct quick_mode;

struct ike_sa {
    struct hash_node by_serial, by_spi, by_initiator, by_peers;
    struct list_node all, of_connection;
    struct list_node children; /* struct child_sa.siblings */
    struct list_node tasks;
    const struct ike_version *version;
    uint64_t serial;
    uint64_t connection_serial;
    uint8_t spi_i[IKE_SPI_SIZE], spi_r[IKE_SPI_SIZE];
    struct path path;
    bool is_stream_originator;  /* path.is_tcp: we connect, also anew when the stream breaks (stream.h) */
    unsigned stream_reconnects; /* since something authentic came by it */
    enum ike_state state;
    bool is_initiator; /* of this IKE SA: whose SPI is spi_i, and the I flag */
    bool is_indexed_by_initiator, is_indexed_by_peers;
    bool uses_natt, local_behind_nat, remote_behind_nat;
    bool peer_knows_natt;                     /* it has sent notifications of NAT detection */
    bool uses_mobike;                         /* both ends do */
    uint8_t seen_by_peer[20];                 /* our address there, hashed, when it was last told; 0: never */
    uint8_t cookie2[16];                      /* of the return routability check under way */
    unsigned address_updates, checked_update; /* the peer's moves, and which of them is being checked */
    bool sends_fragments;                     /* both ends know them (RFC 7383) */
    bool counted_halfopen;
    bool has_refused_syntax; /* a request was answered with INVALID_SYNTAX: it ends (fatal_error.h) */
    struct suite suite;
    struct ikev2_keys keys;
    struct ikev1_sa *v1;     /* IKEv1: its own part (ikev1/ikev1.h) */
    struct ike_setup *setup; /* NULL once established */
    struct identity remote_id;
    unsigned peer_auth;    /* the enum auth_method by which the peer proved itself; 0: it has not yet */
    struct owned user;     /* login.h: who logged in, with a terminating zero; empty: nobody */
    bool login_is_for_one; /* server: who logged in is let in on this connection and no other */
    bool login_failed;     /* server: and was let in all the same (xauthfail=soft) */

    /* Requests of ours: one at a time. */
    uint32_t next_message_id;
    enum task_kind current; /* TASK_NONE: the window is free */
    uint64_t current_child_serial, current_client;
    uint64_t current_ike_serial;                /* TASK_REKEY_IKE: the larval one */
    uint32_t current_spi_in;                    /* of the Child SA that is created, rekeyed or deleted */
    uint8_t current_protocol;                   /* of that SPI */
    uint32_t early_deleted_spis[EARLY_DELETES]; /* Child SAs that the peer deleted before its answer was dealt
                                                   with */
    unsigned early_deleted_count;
    unsigned current_attempts;
    struct owned request; /* bytes in flight */
    usec_t request_first_sent, retransmit_interval;
    unsigned retransmits;
    int network_errno;        /* what ICMP last said of our requests; nobody vouches for it */
    uint16_t unproven_notify; /* nor for this, which came in clear */
    struct engine_timer retransmit_timer;

    /* Requests of theirs. */
    uint32_t expected_message_id;
    struct path request_path; /* of the latest: its answer goes back there (RFC 7296 2.11) */
    struct owned last_response;
    uint64_t last_request_hash;

    struct reassembly *reassembly[2]; /* ikev2/fragmentation.c; as suspended */
    struct suspended suspended[2];    /* [0] a request of theirs, [1] the answer to ours */

    /* Rekeying of this IKE SA (RFC 7296 2.8.2). */
    uint64_t rival_serial;         /* larval, ours: made by the peer's rekey of the same IKE SA meanwhile */
    uint64_t undecided_old_serial; /* theirs: the IKE SA that it may replace, while our own rekey of that is
                                      in flight */
    uint64_t replaced_by_serial;
    uint64_t responding_child_serial, responding_ike_serial; /* larval, while a job of suspended[0] runs */
    struct owned lowest_nonce;                               /* of the exchange that made this one */

    usec_t created_at, established_at, last_received_at, rekey_at, expire_at;
    const char *end_reason; /* why it ends, static; NULL: as its state says */
    unsigned temporary_failures;
    bool is_unwanted; /* taken down during IKE_AUTH: deleted as soon as the peer has answered */
    bool liveness_querying;
    struct engine_timer life_timer, liveness_timer, keepalive_timer, stream_timer, retry_timer;
    unsigned child_count, task_count;
    size_t memory_bytes;
};

/* ---- Child SAs ---- */

enum child_state {
    CHILD_STATE_LARVAL,
    CHILD_STATE_ESTABLISHED,
    CHILD_STATE_REPLACED, /* rekeyed; still receives until it is deleted */
    CHILD_STATE_DELETING, /* our Delete is queued or in flight */
};

struct child_setup {
    uint8_t nonce[NONCE_SIZE]; /* ours */
    const struct algorithm *ke;
    struct ke_private own;
};

struct child_sa {
    struct hash_node by_serial, by_spi;
    struct list_node all, siblings, of_connection;
    uint64_t serial;
    uint64_t ike_serial; /* changes when the IKE SA is rekeyed */
    uint64_t connection_serial;
    enum child_state state;
    bool is_unwanted; /* larval and taken down, or refused by the data plane: deleted when it is made */
    bool is_installed;
    bool we_initiated;     /* IKEv1: the Quick Mode was ours */
    uint8_t unheard_count; /* IKEv1: SAs one after the other in which nothing has come (ikev1/hearing.c) */
    bool udp_encapsulation, tcp_encapsulation;
    bool has_non_ike_marker; /* struct kernel_sa */
    bool has_cpu; /* only packets of this CPU leave on it, and the connection's state is another's */
    uint32_t cpu;
    bool allows_clones;     /* both ends have said that there may be such beside it */
    bool has_enough_clones; /* the peer wants no more of them */
    struct owned held_key;  /* of the outbound SA, which is not in the data plane yet */
    bool peer_refuses_tfc;  /* ESP_TFC_PADDING_NOT_SUPPORTED */
    enum sa_mode mode;
    struct suite suite;
    uint32_t spi_in, spi_out;
    uint32_t ah_spi_out;        /* of the AH around ESP (suite.ah_integ); inbound it has spi_in, too */
    uint16_t cpi_in, cpi_out;   /* IPComp: compression.h */
    uint64_t agreed_bytes;      /* IKEv1: kilobytes of lifetime, as bytes; 0: none */
    struct selector *selectors; /* local ones, then remote ones */
    uint16_t local_count, remote_count;
    struct child_setup *setup;
    struct quick_mode *quick; /* IKEv1: the exchange that makes it, or has just made it */
    uint64_t client;
    uint64_t replaces_serial, replaced_by_serial;
    uint64_t rival_serial; /* larval, ours: made by the peer's rekey of the same Child SA meanwhile */
    struct owned lowest_nonce;
    usec_t created_at, established_at, rekey_at, expire_at;
    const char *end_reason; /* why it ends, static; NULL: as its state says */
    int64_t established_wall;
    struct sa_counters in, out;
    struct engine_timer life_timer, switch_timer;
    size_t memory_bytes;
};

struct engine {
    const struct engine_env *env;
    struct engine_settings settings;
    char *vendor_id;
    uint8_t hash_key[16];
    size_t bytes_owned;
    uint64_t last_serial, last_connection_serial, last_job_id, last_request_id;
    struct timer_wheel wheel;

    struct hash_table connections_by_serial, connections_by_name, connections_by_hosts,
        connections_by_remote_id, connections_by_alias, connections_by_clients;
    struct list_node connections;
    struct list_node removed_connections; /* struct connection.is_removed */
    struct list_node group_connections;
    struct list_node pools; /* address_pool.h, in the order of serials */
    struct list_node leases;
    struct hash_table pools_by_serial, leases_by_serial;
    struct range_map pool_ranges;
    uint64_t last_pool_serial;
    struct policy_groups *policy_groups; /* NULL: not read yet */
    uint64_t group_generation;
    struct hash_table ike_by_serial, ike_by_spi, ike_by_initiator, ike_by_peers;
    struct list_node ikes;
    struct hash_table child_by_serial, child_by_spi;
    uint8_t *taken_cpis; /* compression.c; NULL: none is */
    unsigned cpi_count;
    struct list_node children;
    struct spd policies; /* the outbound policies as the data plane has them; ids are connections' serials */
    bool is_making_room; /* SAs of a connection end for those of another: routing.c */
    unsigned ondemand_count; /* negotiations under way that packets began */

    struct listen_address *interfaces;
    size_t interface_count;
    bool is_listening;
    struct secrets *secrets;
    struct hash_table host_names, host_names_by_serial; /* host_name.c */
    struct hash_table farewells;                        /* by Child SA: farewell.c */
    uint64_t watcher; /* the client that is told what becomes of SAs that its command takes down; 0: none */
    struct hash_table batches;           /* by client: client_batch.c */
    struct hash_table groups_of_clients; /* client_group.c */
    uint64_t last_client_group;

    uint8_t cookie_secret[2][32]; /* current, previous */
    usec_t cookie_secret_made_at;
    uint32_t cookie_version;

    struct impairments impairments;
    struct hash_table prompts; /* by client: questions that wait for an answer */

    struct hash_table public_keys_by_id, public_keys_by_serial;
    struct list_node public_keys;
    struct private_keys *private_keys; /* NULL: none were told */
    struct identity my_id;             /* %myid; ID_NONE: not told */
    uint64_t last_public_key_serial;

    bool is_shutting_down;
    uint64_t shutdown_client;
    struct engine_totals totals;
    struct statistics statistics;
    uint8_t *fragment_buffer;          /* ikev2/fragmentation.c; made when it is needed */
    struct cipher_cache *cipher_cache; /* ikev2/protect.c */
};

/* ---- memory.c: exact accounting ---- */

void *engine_allocate(struct engine *engine, size_t size, size_t *owner_bytes);
void engine_deallocate(struct engine *engine, void *data, size_t size, size_t *owner_bytes); /* wipes */
bool owned_set(struct engine *engine, size_t *owner_bytes, struct owned *owned, struct bytes value);
void owned_clear(struct engine *engine, size_t *owner_bytes, struct owned *owned);
static inline struct bytes owned_bytes(const struct owned *owned)
{
    return bytes_of(owned->data, owned->size);
}
/* Identities are heap objects of their own; these keep the account right. */
void identity_own(struct engine *engine, size_t *owner_bytes, struct identity *slot, struct identity value);

/* ---- small services ---- */

static inline usec_t engine_now(const struct engine *engine)
{
    return engine->env->now(engine->env->world);
}
void engine_random(struct engine *engine, void *out, size_t size);
uint64_t engine_hash(const struct engine *engine, const struct bytes *parts, size_t count);
/* A job for this IKE SA, with id and seed drawn; NULL: out of memory. Submit with env->submit_job. */
struct job *engine_new_job(struct engine *engine, const struct ike_sa *ike, enum job_kind kind,
                           const struct algorithm *ke);
void engine_timer_init(struct engine_timer *timer, enum timer_kind kind, uint64_t owner_serial);
void engine_timer_arm(struct engine *engine, struct engine_timer *timer, usec_t deadline);
void engine_timer_cancel(struct engine *engine, struct engine_timer *timer);

/* ---- narrate.c: lines for people ---- */

void say_connection(struct engine *engine, int code, const struct connection *connection, uint64_t client,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));
/* "name"  or  "name"[2] 192.0.2.7  for an instance; nothing for NULL. */
void connection_add_prefix(struct text *text, const struct connection *connection);
void say_ike(struct engine *engine, int code, const struct ike_sa *ike, uint64_t client, const char *format,
             ...) __attribute__((format(printf, 5, 6)));
void say_child(struct engine *engine, int code, const struct child_sa *child, uint64_t client,
               const char *format, ...) __attribute__((format(printf, 5, 6)));
/* "west" #2 */
void describe_child(struct text *text, const struct engine *engine, const struct child_sa *child);
void say_event(struct engine *engine, enum event_kind event, const char *connection, uint64_t ike_serial,
               uint64_t child_serial, const char *text);
/* A line without a connection: what a stranger did. */
void say_plain(struct engine *engine, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Ends the command `client` (nothing if 0), or its part (client_batch.h). */
void finish_client(struct engine *engine, uint64_t client, int code);
/* The same with RC_FATAL for a client that has not been told why: what it waits for will not come. */
void abandon_client(struct engine *engine, const struct connection *connection, uint64_t client,
                    const char *reason);
void trace(struct engine *engine, uint64_t debug_class, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for what concerns one IKE SA: its connection's debug= counts too. */
void trace_ike(struct engine *engine, const struct ike_sa *ike, uint64_t debug_class, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- tables ---- */

struct connection *connection_by_serial(const struct engine *engine, uint64_t serial);
struct connection *connection_by_name(const struct engine *engine, const char *name);
struct ike_sa *ike_by_serial(const struct engine *engine, uint64_t serial);
struct child_sa *child_by_serial(const struct engine *engine, uint64_t serial);

#endif
