/*
 * The simulator: engines on a virtual network in virtual time, deterministic from a seed. Each host is a
 * whole machine: an engine, a data plane, clocks, a log. Hosts and connections are named by text, so that a
 * scenario reads like the test it is:
 *
 *     struct sim *sim = sim_new(1);
 *     sim_add_host(sim, "east", "192.0.2.1");
 *     sim_add_host(sim, "west", "192.0.2.2");
 *     sim_add_connection(sim, "tunnel", "left=192.0.2.1 right=192.0.2.2 authby=secret");
 *     assert_int_equal(sim_up(sim, "east", "tunnel"), 0);
 *     assert_true(sim_ping(sim, "east", "192.0.2.1", "192.0.2.2"));
 *     sim_end(sim);
 */
#ifndef STYX_SIM_SIM_H
#define STYX_SIM_SIM_H

#include "engine/engine.h"
#include "engine/view.h"
#include "network.h"
#include "wire/ikev2_parse.h"

struct sim;

static inline usec_t seconds(uint64_t count)
{
    return count * USEC_PER_SEC;
}

static inline usec_t milliseconds(uint64_t count)
{
    return count * USEC_PER_MSEC;
}

static inline usec_t minutes(uint64_t count)
{
    return seconds(60 * count);
}

/* ---- the world ---- */

/* A network without faults whose datagrams take 5 ms; hosts that answer at once. */
struct sim *sim_new(uint64_t seed);
void sim_free(struct sim *sim);
/* What went wrong so far, "" if nothing: engines that spin, storms of datagrams, commands that end twice. */
const char *sim_failure(const struct sim *sim);
/* Every datagram, job and log line to standard error. */
void sim_trace(struct sim *sim, bool is_traced);
/* A line of the scenario's own in the trace. */
void sim_note(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The scenario found a law broken; always returns false. */
bool sim_fail(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Forgets the failure. */
void sim_forgive(struct sim *sim);
struct prng *sim_prng(struct sim *sim);
usec_t sim_now(const struct sim *sim);

void sim_add_host(struct sim *sim, const char *name, const char *address);
/* Behind a NAT box of this public address (made on first mention). */
void sim_add_host_behind_nat(struct sim *sim, const char *name, const char *address,
                             const char *public_address);
/* The file of a policy group as the host reads it at --listen: networks parted by commas; NULL: there is
 * none. Only the last one named exists. */
void sim_set_group(struct sim *sim, const char *host, const char *name, const char *networks);
/* What this host name resolves to from now on, everywhere; NULL: to nothing. */
void sim_set_name(struct sim *sim, const char *name, const char *address);
/* `whack --crash PEER`: an address. */
void sim_crash_peer(struct sim *sim, const char *host, const char *peer);
/* `whack --impair IMPAIRMENTS`: its exit status; -1: the host is down. */
int sim_impair(struct sim *sim, const char *host, const char *impairments);
/* `whack --listen` when the host has its address, or (false) has lost it. */
void sim_listen(struct sim *sim, const char *host, bool has_address);
/* The host has this address now and no other, behind this NAT (NULL: behind none), and listens there. */
void sim_move_host(struct sim *sim, const char *host, const char *address, const char *public_address);
/* What `config setup` says; takes effect at the next restart unless nothing was sent to the host yet. */
struct engine_settings *sim_settings(struct sim *sim, const char *host);

/* ---- time ---- */

void sim_run_for(struct sim *sim, usec_t duration);
/* Runs until the condition holds; false when the time is over first. */
bool sim_run_until(struct sim *sim, bool (*condition)(struct sim *sim, void *context), void *context,
                   usec_t limit);
/* Runs until nothing is under way: no datagram, job, request, unfinished exchange or waiting command. */
bool sim_settle(struct sim *sim, usec_t limit);
/* What keeps it from being settled; NULL when nothing does. Good until the next call. */
const char *sim_unrest(struct sim *sim);
/* The wall clock jumps by so many seconds, forward or back. */
void sim_jump_wall_clock(struct sim *sim, const char *host, int64_t jump_seconds);
/* The machine slept: its monotonic clock is ahead all at once. */
void sim_sleep_host(struct sim *sim, const char *host, usec_t duration);

/* ---- faults ---- */

void sim_set_faults(struct sim *sim, struct faults faults);
/* Either may be NULL: everybody. Only this direction. */
void sim_partition(struct sim *sim, const char *from, const char *to, usec_t duration);
/* No loss, no partitions, short delays from now on. */
void sim_heal(struct sim *sim);
/* Total loss of state; the host is up again after `downtime` with its configuration loaded. */
void sim_restart(struct sim *sim, const char *host, usec_t downtime);
/* Resets every TCP connection, as a middlebox does that has lost its state. */
void sim_break_streams(struct sim *sim);
size_t sim_stream_count(const struct sim *sim);
void sim_forget_nat_mappings(struct sim *sim, const char *public_address);
void sim_set_nat_timeout(struct sim *sim, const char *public_address, usec_t timeout);
/* Jobs, kernel requests and scripts of the host take up to so long, each its own draw. */
void sim_set_delays(struct sim *sim, const char *host, usec_t job_max, usec_t kernel_max, usec_t updown_max);
/* The verbs of the host's updown script that were run so far, each with a blank after it. */
const char *sim_scripts(const struct sim *sim, const char *host);
/* Calls of the script whose verb begins so fail from now on; NULL: none. */
void sim_fail_script(struct sim *sim, const char *host, const char *verb);
/* So many of the next requests of the kind fail; an SA that fails to move is lost. */
void sim_fail_kernel(struct sim *sim, const char *host, enum kernel_operation operation, unsigned count);
/* The next nonces that the host draws begin with these bytes, in this order. */
void sim_script_nonces(struct sim *sim, const char *host, const uint8_t *first_bytes, size_t count);

/* What a message is, for dropping and counting. Protected ones are looked into with the keys of its sender.
 */
enum message_kind {
    MESSAGE_ANY,
    MESSAGE_INIT,
    MESSAGE_AUTH,
    MESSAGE_CREATE, /* any CREATE_CHILD_SA */
    MESSAGE_DELETE, /* INFORMATIONAL with a Delete payload */
    MESSAGE_INFORMATIONAL,
};
enum message_part { PART_REQUEST, PART_RESPONSE, PART_EITHER };

/* Loses the next `count` messages of this kind from this host, after letting `skip` pass. */
void sim_drop(struct sim *sim, const char *from, enum message_kind kind, enum message_part part,
              unsigned skip, unsigned count);
/* How many of these the host has sent (recording must be on). */
size_t sim_count(const struct sim *sim, const char *from, enum message_kind kind, enum message_part part);
/* How many messages of the host carried this error notification. */
size_t sim_count_errors(const struct sim *sim, const char *from, uint16_t notify);

/* What went over the network, kept from sim_record() on; scenarios look at bytes and times. */
struct sim_record {
    usec_t time;
    const char *from;
    struct ip_endpoint source, destination;
    uint8_t *bytes;
    size_t size;
    enum message_kind kind;
    bool is_response;
    bool is_readable;      /* the fields below are known */
    uint16_t error_notify; /* the first one below 16384; 0 none */
    bool deletes_ike;
    uint32_t deleted_spi; /* the first Child SA that it deletes; 0 none */
};

void sim_record(struct sim *sim);
const struct sim_record *sim_records(const struct sim *sim, size_t *ret_count);
/* Puts a datagram on the network as if `from` had sent it. */
void sim_inject(struct sim *sim, const char *from, const char *to, uint16_t port, struct bytes datagram);
/*
 * The same with a chain of payloads protected by the keys of `from`'s newest IKE SA, established or not.
 * False when it has none or the chain is too long.
 */
bool sim_inject_protected(struct sim *sim, const char *from, const char *to, uint8_t exchange,
                          bool is_response, uint32_t message_id, uint8_t first_payload, struct bytes chain);

/* ---- connections and commands ---- */

/* ipsec.conf words: "left=192.0.2.1 right=%any ike=aes256" (blanks part them). Loaded on every host that
 * exists. */
void sim_add_connection(struct sim *sim, const char *name, const char *words);
void sim_add_connection_on(struct sim *sim, const char *host, const char *name, const char *words);
/* The same words once more, as `ipsec auto --replace` does. */
void sim_reload_connection(struct sim *sim, const char *host, const char *name);
/* The file has changed before that. */
void sim_change_connection(struct sim *sim, const char *host, const char *name, const char *words);
/* The pre-shared key of a host; "styx" unless said otherwise, NULL: none. */
void sim_set_secret(struct sim *sim, const char *host, const char *secret);
/* ipsec.secrets has changed and is read again: what is up stays up. */
void sim_change_secret(struct sim *sim, const char *host, const char *secret);
/* The password file of a host: this user may log in. */
void sim_set_password(struct sim *sim, const char *host, const char *user, const char *password);
/* The file has this user for the connection that he comes by, and for no other. */
void sim_restrict_user(struct sim *sim, const char *host, const char *user);
/* The address that the file has for this user. */
void sim_set_user_address(struct sim *sim, const char *host, const char *user, const char *address);
/* An entry `@user : XAUTH "password"` of the host's ipsec.secrets; NULL: none. */
void sim_set_xauth_secret(struct sim *sim, const char *host, const char *user, const char *password);
/* What whoever waits for a command on this host answers when asked for a user name and a password; NULL: it
 * goes away. Without this nobody is there. */
void sim_set_answers(struct sim *sim, const char *host, const char *user, const char *password);
/* A private key of a host: PKCS #8 in base64 (test_keys.h). */
void sim_add_private_key(struct sim *sim, const char *host, const char *pkcs8);
/* These wait for the command's end (five virtual minutes) and return its exit status; -1: it never ended. */
int sim_up(struct sim *sim, const char *host, const char *connection);
int sim_down(struct sim *sim, const char *host, const char *connection);
int sim_command(struct sim *sim, const char *host, enum command_kind kind, const char *connection);
/* Asks and goes on; sim_result() tells later: -1 not ended yet. */
uint64_t sim_start(struct sim *sim, const char *host, enum command_kind kind, const char *connection);
int sim_result(struct sim *sim, const char *host, uint64_t client);
/* How many lines it was told. */
unsigned sim_line_count(struct sim *sim, const char *host, uint64_t client);

/* ---- traffic ---- */

/* One packet with source and destination address; the reason for its loss goes to *error (may be NULL). */
bool sim_send_packet(struct sim *sim, const char *host, const char *source, const char *destination,
                     struct error *error);
/* The same of this CPU of the host's; ret_spi: of the SA that it left on, 0: none. */
bool sim_send_from_cpu(struct sim *sim, const char *host, uint32_t cpu, const char *source,
                       const char *destination, uint32_t *ret_spi);
bool sim_send_bytes(struct sim *sim, const char *host, const char *source, const char *destination,
                    size_t size_bytes, struct error *error);
/* How many packets a trap held first and then arrived; how many a policy let pass without IPsec. */
size_t sim_held_arrived(const struct sim *sim, const char *host);
size_t sim_passed_clear(const struct sim *sim, const char *host);
enum routing_state sim_routing(const struct sim *sim, const char *host, const char *connection);
/* There and back. */
bool sim_ping(struct sim *sim, const char *host, const char *source, const char *destination);

/* ---- what can be seen ---- */

struct engine *sim_engine(const struct sim *sim, const char *host);
size_t sim_ike_count(const struct sim *sim, const char *host);   /* established ones */
size_t sim_child_count(const struct sim *sim, const char *host); /* established ones */
size_t sim_plane_sa_count(const struct sim *sim, const char *host);
/* The newest of a connection; false when it has none. */
bool sim_newest_ike(const struct sim *sim, const char *host, const char *connection, struct ike_view *out);
bool sim_newest_child(const struct sim *sim, const char *host, const char *connection,
                      struct child_view *out);
bool sim_is_up(const struct sim *sim, const char *host, const char *connection);
/* Whether a log line holds this text. */
bool sim_log_has(const struct sim *sim, const char *host, const char *text);
const char *sim_log(const struct sim *sim, const char *host);

/* ---- laws ---- */

/* Both ends agree, data planes hold what engines believe, nothing superseded carries traffic. After
 * sim_settle(). */
bool sim_check(struct sim *sim);
/* Shuts every host down and checks that nothing is left: no SA, no timer, no byte beyond what was there
 * before. */
bool sim_check_shutdown(struct sim *sim);
/* Heal, settle, check, shut down, check, free. Prints the failure and returns false. */
bool sim_end(struct sim *sim);

#endif
