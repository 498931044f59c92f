/*
 * The engine's doors: everything that decides anything about IKE, without I/O. Datagrams, time, commands and
 * the answers of the world go in here; what it wants of the world it asks of `struct engine_env`. One engine
 * keeps all its state in its own struct; several live side by side in one process.
 */
#ifndef STYX_ENGINE_ENGINE_H
#define STYX_ENGINE_ENGINE_H

#include "engine/connection_spec.h"
#include "engine/env.h"
#include "engine/plane_limits.h"
#include "engine/policy_group.h"
#include "engine/private_keys.h"
#include "engine/secrets.h"

struct engine;

/* What becomes of IKEv1 datagrams (ikev1-policy=). */
enum ikev1_policy { IKEV1_DROP, IKEV1_ACCEPT, IKEV1_REJECT };

enum ddos_mode { DDOS_AUTO, DDOS_BUSY, DDOS_UNLIMITED };

/* `config setup` as far as the engine cares. */
struct engine_settings {
    const char *vendor_id; /* NULL: the built-in one */
    bool unique_ids;
    enum ikev1_policy ikev1_policy;
    enum ddos_mode ddos_mode;
    uint32_t ddos_ike_threshold; /* half-open IKE SAs from which cookies are demanded */
    uint32_t max_halfopen_ike;   /* from which new ones are refused */
    usec_t nat_keepalive_interval;
    usec_t shunt_lifetime;        /* of failureshunt= */
    usec_t expire_shunt_interval; /* failure shunts end together, at multiples of it; 0: each by itself */
    bool drop_oppo_null;          /* IKE_SA_INIT requests of who calls himself opportunistic get no answer */
    uint16_t ike_port;            /* 500 */
    uint16_t natt_port;           /* 4500 */
    uint64_t debug;               /* enum debug_class bits */
    bool no_retransmits;
    bool force_keepalive;                      /* NAT keep-alives also where no NAT was found */
    const struct virtual_net *virtual_private; /* virtual-private=; must outlive the engine */
    size_t virtual_private_count;
    const char *stack;                       /* the data plane's name, for scripts; NULL: none */
    const struct plane_limits *plane_limits; /* of the data plane; NULL: none; must outlive the engine */
    bool dns_by_systemd;                     /* dns-resolver=systemd */
};

enum debug_class { /* reference debug.txt; FreeS/WAN spellings map onto these */
                   DEBUG_BASE = 1 << 0,
                   DEBUG_CPU_USAGE = 1 << 1,
                   DEBUG_CRYPT = 1 << 2,   /* messages' plaintext */
                   DEBUG_PRIVATE = 1 << 3, /* keys: never on by an alias */
                   DEBUG_TMI = 1 << 4,
                   DEBUG_ROUTING = 1 << 5,
                   DEBUG_REFCNT = 1 << 6,
                   DEBUG_UPDOWN = 1 << 7,
};

struct engine_settings engine_settings_default(void);

/* `env` and what it points to must outlive the engine. NULL: out of memory. */
struct engine *engine_new(const struct engine_env *env, const struct engine_settings *settings);
/* Frees everything at once and tells nobody (a crash); COMMAND_SHUTDOWN says goodbye first. */
void engine_free(struct engine *engine);

/* The world asks the engine: */
void engine_receive(struct engine *engine, const struct path *path, struct bytes datagram);
void engine_job_done(struct engine *engine, struct job *job);
void engine_kernel_event(struct engine *engine, const struct kernel_event *event);
void engine_resolved(struct engine *engine, uint64_t query_id, const struct ip_address *addresses,
                     size_t count);
/* The network could not deliver a datagram of ours: number is an errno. Not authenticated. */
void engine_network_error(struct engine *engine, const struct path *path, int number);
/* A TCP connection that served this IKE SA (0: nobody has claimed it) has ended, or could not be made: number
 * is an errno, 0: the peer has closed it. */
void engine_stream_closed(struct engine *engine, const struct path *path, uint64_t ike_serial, int number);
/* There is no address; the reason is for people. */
void engine_resolve_failed(struct engine *engine, uint64_t query_id, const char *reason);
void engine_login_checked(struct engine *engine, const struct login_result *result);
void engine_updown_done(struct engine *engine, const struct updown_result *result);
/* A line about a script, or of its output: for the log and for whoever waits for the connection. */
void engine_updown_said(struct engine *engine, uint64_t connection_serial, uint64_t request_id,
                        const char *line);
/* Runs what is due at env->now(). */
void engine_advance(struct engine *engine);
usec_t engine_next_deadline(const struct engine *engine);

enum command_kind {
    COMMAND_ADD,          /* spec; an existing one of that name is replaced, unless keeps_old */
    COMMAND_DELETE,       /* name */
    COMMAND_DESCRIBE,     /* spec: auto= and origin of a loaded connection, which is the same otherwise */
    COMMAND_INITIATE,     /* name, remote_host, asynchronous, user, password */
    COMMAND_TERMINATE,    /* name */
    COMMAND_REKEY_IKE,    /* name */
    COMMAND_REKEY_CHILD,  /* name */
    COMMAND_DELETE_STATE, /* serial */
    COMMAND_DELETE_IKE,   /* name; it may come up again */
    COMMAND_DELETE_CHILD, /* name; it may come up again */
    COMMAND_DOWN_IKE,     /* name; it is kept down */
    COMMAND_DOWN_CHILD,   /* name; it is kept down */
    COMMAND_DELETE_ID,    /* identity: the IKE SAs with that peer */
    COMMAND_DELETE_USER,  /* name: the IKE SAs of the user who logged in by it */
    COMMAND_CRASH,        /* remote_host: it has lost its SAs; its connections are brought up anew */
    COMMAND_PACKET,       /* packet_here, packet_there: as if the packet had met its trap */
    COMMAND_ROUTE,        /* name */
    COMMAND_UNROUTE,      /* name */
    COMMAND_LISTEN,       /* interfaces: addresses that we listen on from now on */
    COMMAND_UNLISTEN,
    COMMAND_DDNS,         /* looks up the names of peers again whose connections are not up */
    COMMAND_GROUPS,       /* groups: replaces all; --listen reads them */
    COMMAND_SECRETS,      /* secrets: replaces all */
    COMMAND_DEBUG,        /* name (or NULL: global), debug_set, debug_clear */
    COMMAND_IMPAIR,       /* impairments (impair.h) */
    COMMAND_MY_ID,        /* identity: what %myid stands for from now on */
    COMMAND_ADD_KEY,      /* identity, public_key, adds_key (or else it replaces the keys of the identity) */
    COMMAND_PRIVATE_KEYS, /* private_keys: replaces all */
    COMMAND_ANSWER, /* answer (or NULL: none) to a report RC_ENTERSECRET or RC_USERPROMPT; ends nothing */
    COMMAND_DDOS,   /* ddos_mode */
    COMMAND_CLEAR_STATISTICS,
    COMMAND_SHUTDOWN, /* deletes every SA, telling the peers unless leave_state */
    COMMAND_KINDS,
};

struct listen_address {
    struct ip_address address;
    char interface[16];
    bool is_default_source;    /* the default route of its family leaves from here: %defaultroute */
    struct ip_address gateway; /* of that route; unset: none */
};

/*
 * Every command ends with one report with is_final and this client, now or later; progress comes before it.
 * `spec`, `secrets`, `public_key`, `private_keys` and `groups` pass to the engine; all else is borrowed.
 */
struct command {
    enum command_kind kind;
    uint64_t client; /* 0: nobody waits */
    const char *name;
    struct connection_spec *spec;
    struct secrets *secrets;
    struct policy_groups *groups;
    struct ip_address remote_host; /* --remote-host, unset if absent */
    bool asynchronous;
    bool leave_state;
    bool keeps_old;                  /* COMMAND_ADD: a connection of that name is a reason to refuse */
    const struct identity *identity; /* COMMAND_DELETE_ID, COMMAND_ADD_KEY, COMMAND_MY_ID */
    struct public_key *public_key;
    struct private_keys *private_keys;
    bool adds_key;
    const struct selector *packet_here, *packet_there; /* COMMAND_PACKET: single addresses and ports */
    const char *impairments;
    const char *answer;
    const char *user, *password; /* COMMAND_INITIATE: for XAUTH, before what is configured; NULL: not given */
    uint64_t serial;
    const struct listen_address *interfaces;
    size_t interface_count;
    uint64_t debug_set, debug_clear;
    enum ddos_mode ddos_mode;
};

void engine_command(struct engine *engine, const struct command *command);

/* Asks the data plane for fresh counters of a Child SA; views show them when they have come. */
void engine_refresh_counters(struct engine *engine, uint64_t child_serial);

/* Whoever waited as `client` is gone: what was started goes on unwatched. */
void engine_client_gone(struct engine *engine, uint64_t client);

#endif
