/* The inside of the simulator: one virtual world of hosts. Scenarios use sim.h only. */
#ifndef STYX_SIM_WORLD_H
#define STYX_SIM_WORLD_H

#include "data_plane.h"
#include "engine/view.h"
#include "key_ring.h"
#include "network.h"
#include "sim.h"
#include "window.h"

enum {
    SIM_NAMES_MAX = 8,
    SIM_HOSTS_MAX = 6,
    SIM_CONNECTIONS_MAX = 16,
    SIM_NONCES_MAX = 16,
    SIM_PRIVATE_KEYS_MAX = 4,
    SIM_LOG_MAX = 1 << 20
};

enum { SIM_LOGINS_MAX = 4 };

/* Borrowed from the scenario. */
struct sim_login {
    const char *user, *password;
    struct ip_address address;
    bool is_for_one;
};

/* How long a host takes for what it does beside the engine: each time a delay is drawn. */
struct delays {
    usec_t job_max, kernel_max, updown_max;
};

struct waiting_command {
    struct waiting_command *next;
    uint64_t client;
    char what[80];
    bool is_final;
    int code;
    unsigned line_count;
};

struct host_connection {
    char *name;
    char *words;
};

struct sim_host {
    struct sim *sim;
    const char *name;
    struct ip_address address;
    struct node *node;
    struct engine *engine; /* NULL while the host is down */
    struct engine_env env;
    struct engine_settings settings;
    uint16_t own_port;    /* of leftikeport=; 0 none */
    unsigned incarnation; /* what belongs to an earlier one is dropped */
    struct prng random;
    usec_t clock_offset; /* the monotonic clock is ahead of the world's by this much */
    int64_t wall_offset_seconds;
    struct delays delays;
    struct data_plane plane;
    size_t held_arrived,
        passed_clear;      /* packets that went after being held; packets that went without IPsec */
    usec_t kernel_free_at; /* requests are carried out one after the other */
    unsigned kernel_failures[KERNEL_POLICY_DELETE + 1]; /* so many of the next requests of this kind fail */
    uint8_t nonce_first_bytes[SIM_NONCES_MAX];
    size_t nonce_count;
    struct key_ring keys;
    struct windows windows;
    struct host_connection connections[SIM_CONNECTIONS_MAX];
    size_t connection_count;
    char *secret;
    struct sim_login logins[SIM_LOGINS_MAX]; /* the password file */
    size_t login_count;
    struct sim_login xauth_secret, answers; /* user NULL: none */
    bool answers_prompts;
    char *private_keys[SIM_PRIVATE_KEYS_MAX]; /* PKCS #8 in base64 */
    size_t private_key_count;
    struct waiting_command *commands;
    char *log;
    size_t log_size;
    char scripts[1024];       /* the verbs that were run, each with a blank after it */
    const char *failing_verb; /* calls whose verb begins so fail; NULL: none */
    uint64_t kernel_pending, jobs_pending, datagrams_sent;
    uint64_t empty_bytes; /* owned by the engine before it knew any connection */
    usec_t storm_window_start;
    unsigned storm_count, idle_wakes;
    usec_t last_wake;
};

/* Losses that the scenario orders. */
struct sim_drop {
    const struct sim_host *from;
    enum message_kind kind;
    enum message_part part;
    unsigned skip, count;
};

/* What the requests on the way were, to name the answers to them. */
struct known_request {
    uint8_t spi_i[IKE_SPI_SIZE];
    uint32_t message_id;
    bool is_from_initiator;
    enum message_kind kind;
};

enum { SIM_DROPS_MAX = 16, SIM_REQUESTS_KNOWN = 256 };

struct sim_name {
    const char *name;
    struct ip_address address; /* unset: it does not resolve */
};

struct sim_stream;

struct sim {
    struct sim_name names[SIM_NAMES_MAX];
    size_t name_count;
    uint64_t seed;
    struct prng prng;
    usec_t now;
    struct event_queue queue;
    struct network network;
    struct sim_stream *streams;
    unsigned stream_number; /* of the next one */
    struct sim_host *hosts[SIM_HOSTS_MAX];
    size_t host_count;
    uint64_t last_client;
    bool is_traced;
    bool is_recorded;
    struct sim_record *records;
    size_t record_count, record_capacity;
    struct sim_drop drops[SIM_DROPS_MAX];
    size_t drop_count;
    struct known_request requests[SIM_REQUESTS_KNOWN];
    size_t request_count;
    char failure[1024], unrest[160];
};

struct sim_host *world_host(const struct sim *sim, const char *name);
struct sim_host *world_host_of_address(const struct sim *sim, const struct ip_address *address);
/* Notes the first failure of a run; always returns false. */
bool world_fail(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_trace(struct sim *sim, const struct sim_host *host, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Traces, records and drops datagrams: the network's hook. */
enum verdict wire_watch(void *sim, const struct datagram *datagram);

/* Runs an action of a host after a drawn delay, unless the host restarts before. The context is freed. */
void host_later(struct sim_host *host, usec_t delay, void (*run)(struct sim_host *host, void *context),
                void (*discard)(void *context), void *context);
struct sim_host *host_new(struct sim *sim, const char *name, const struct ip_address *address,
                          struct nat_box *nat);
void host_free(struct sim_host *host);
void host_boot(struct sim_host *host);
void host_load_secrets(struct sim_host *host);
void host_load_private_keys(struct sim_host *host);
void host_listen(struct sim_host *host, bool has_address);
void host_crash(struct sim_host *host);
usec_t host_clock(const struct sim_host *host);
/* When the engine wants to be woken, on the world's clock. */
usec_t host_deadline(const struct sim_host *host);
void host_wake(struct sim_host *host);
/* Returns the client number. */
uint64_t host_command(struct sim_host *host, struct command command);
struct waiting_command *host_waiting(const struct sim_host *host, uint64_t client);
/* users.c: the environment's check of a password; the answer to a question of the engine's. */
void host_check_login(void *world, const struct login_request *request);
void host_answer_prompt(struct sim_host *host, const struct report *report);
/* Sends what traps no longer hold. */
void host_release_held(struct sim_host *host);
void host_load(struct sim_host *host, const struct host_connection *connection);

#endif
