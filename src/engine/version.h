/*
 * What the engine's common code asks of a version of IKE: bringing SAs up and taking them down, rekeying,
 * timers, names. One table for each version; every IKE SA points to its own.
 */
#ifndef STYX_ENGINE_VERSION_H
#define STYX_ENGINE_VERSION_H

#include "engine/sa.h"

struct ike_version {
    unsigned number;
    /* A new IKE SA for the connection, on its way; NULL after telling `client` why not. */
    struct ike_sa *(*start)(struct engine *engine, const struct connection *connection, uint64_t client);
    /* Starts what waits among ike->tasks, as far as it may. The IKE SA may be gone afterwards. */
    void (*run_tasks)(struct engine *engine, struct ike_sa *ike);
    /* The SA may be gone afterwards, or when the peer has answered. */
    void (*delete_ike)(struct engine *engine, struct ike_sa *ike, uint64_t client);
    void (*delete_child)(struct engine *engine, struct child_sa *child, uint64_t client);
    /* Its connection is being removed, or pluto ends: the peer is told, once. It is gone afterwards, or lives
     * without Child SAs until a request of ours, which the peer has not answered, lets its Delete leave. */
    void (*say_goodbye)(struct engine *engine, struct ike_sa *ike);
    void (*rekey_ike)(struct engine *engine, struct ike_sa *ike, uint64_t client);
    void (*rekey_child)(struct engine *engine, struct child_sa *child, uint64_t client);
    /* The SA may be gone afterwards. */
    void (*timer_fired)(struct engine *engine, struct ike_sa *ike, enum timer_kind kind);
    void (*child_life_is_due)(struct engine *engine, struct child_sa *child);
    /* NULL where the IKE SA does that. */
    void (*child_retransmit)(struct engine *engine, struct child_sa *child);
    /* Our address is now another one. False: the IKE SA cannot follow. NULL: none can. */
    bool (*move_local)(struct engine *engine, struct ike_sa *ike, const struct listen_address *ours);
    void (*job_done)(struct engine *engine, struct ike_sa *ike, struct job *job);
    /* The world knows whether a user's password is right (login.h); NULL where nobody logs in. */
    void (*login_checked)(struct engine *engine, struct ike_sa *ike, const struct login_result *result);
    /* Counters of a Child SA that a liveness check asked for. */
    void (*counters_came)(struct engine *engine, struct ike_sa *ike, const struct child_sa *child);
    /* The IKE SA is ending, for whatever reason. */
    void (*ike_is_going)(struct engine *engine, struct ike_sa *ike);
    /* Free what is the version's own: ike->v1, ike->reassembly, child->quick (NULL where there is none). */
    void (*ike_drop_parts)(struct engine *engine, struct ike_sa *ike);
    void (*child_drop_parts)(struct engine *engine, struct child_sa *child);
    const char *(*ike_state_name)(const struct ike_sa *ike);
    const char *(*ike_state_story)(const struct ike_sa *ike);
    const char *(*child_state_name)(const struct child_sa *child);
    const char *(*child_state_story)(const struct child_sa *child);
};

extern const struct ike_version ikev1_version, ikev2_version;

const struct ike_version *ike_version_of(const struct connection *connection);
const struct ike_version *child_version(const struct engine *engine, const struct child_sa *child);

static inline void child_delete(struct engine *engine, struct child_sa *child, uint64_t client)
{
    child_version(engine, child)->delete_child(engine, child, client);
}

static inline void child_rekey(struct engine *engine, struct child_sa *child, uint64_t client)
{
    child_version(engine, child)->rekey_child(engine, child, client);
}

#endif
