/* IKE SAs in TCP connections: see stream.h. RFC 9329 6.1, 6.2. */
#include "engine/stream.h"

#include <stdio.h>

#include "engine/child_install.h"
#include "engine/count.h"
#include "engine/lifecycle.h"
#include "engine/sa.h"
#include "engine/version.h"

#define RECONNECT_DELAY_FIRST (1 * USEC_PER_SEC)
enum { RECONNECT_DOUBLINGS = 5 };
/* As statistics_table.c names them. */
enum { STREAMS_STARTED, STREAMS_STOPPED, STREAMS_ABORTED };

static bool paths_are_same(const struct path *a, const struct path *b)
{
    return a->is_tcp == b->is_tcp && endpoint_equal(&a->local, &b->local) &&
           endpoint_equal(&a->remote, &b->remote);
}

const char *path_text(const struct path *path, char out[static PATH_TEXT_SIZE])
{
    char address[ADDRESS_TEXT_SIZE];
    if (!path->is_tcp)
        return endpoint_text(&path->remote, out);
    bool is_v6 = path->remote.address.family == IP_V6;
    snprintf(out, PATH_TEXT_SIZE, "%s%s%s:TCP/%u", is_v6 ? "[" : "",
             address_text(&path->remote.address, address), is_v6 ? "]" : "", path->remote.port);
    return out;
}

bool stream_open(struct engine *engine, struct ike_sa *ike, struct error *error)
{
    const struct engine_env *env = engine->env;
    ike->path.is_tcp = ike->is_stream_originator = true;
    ike->path.local.port = 0;
    if (env->open_stream == NULL)
        return error_set(error, 0, "there is no TCP here");
    if (!env->open_stream(env->world, &ike->path, ike->serial, error))
        return false;
    count_one(engine, COUNT_TCP_CLIENT, STREAMS_STARTED);
    return true;
}

static void claim(struct engine *engine, const struct ike_sa *ike)
{
    if (ike->path.is_tcp && engine->env->claim_stream != NULL)
        engine->env->claim_stream(engine->env->world, &ike->path, ike->serial);
}

/* One that replaces another inherits the connection when that ends: until then the peer may not know it. */
void stream_is_up(struct engine *engine, const struct ike_sa *ike)
{
    bool is_first = ike->setup != NULL;
    if (is_first)
        claim(engine, ike);
    if (is_first && ike->path.is_tcp && !ike->is_stream_originator)
        count_one(engine, COUNT_TCP_SERVER, STREAMS_STARTED);
}

/* At once, but ever later while no connection brings anything. */
static void plan_reconnect(struct engine *engine, struct ike_sa *ike)
{
    unsigned tries = ike->stream_reconnects++;
    unsigned doublings = tries < RECONNECT_DOUBLINGS ? tries : RECONNECT_DOUBLINGS;
    usec_t delay = tries > 0 ? RECONNECT_DELAY_FIRST << (doublings - 1) : 0;
    engine_timer_arm(engine, &ike->stream_timer, engine_now(engine) + delay);
}

void stream_release(struct engine *engine, const struct ike_sa *ike)
{
    if (!ike->path.is_tcp || engine->env->release_stream == NULL)
        return;
    struct ike_sa *heir = ike_by_serial(engine, ike->replaced_by_serial);
    if (heir == NULL || heir->state != IKE_STATE_ESTABLISHED || !paths_are_same(&heir->path, &ike->path))
        engine->env->release_stream(engine->env->world, &ike->path, ike->serial);
    else if (timer_is_armed(&ike->stream_timer.timer)) /* it has ended, and nobody else will be told */
        plan_reconnect(engine, heir);
    else
        claim(engine, heir);
}

static void move_children(struct engine *engine, struct ike_sa *ike)
{
    LIST_EACH(&ike->children, node)
    child_follow_path(engine, CONTAINER_OF(node, struct child_sa, siblings));
}

/* All that shared the connection `before`: this IKE SA, and the one that is replacing it (RFC 9329 6.1). */
static void take_along(struct engine *engine, struct ike_sa *ike, const struct path *before)
{
    struct ike_sa *heir = ike_by_serial(engine, ike->replaced_by_serial);
    move_children(engine, ike);
    if (heir == NULL || !paths_are_same(&heir->path, before))
        return;
    heir->path = ike->path;
    move_children(engine, heir);
}

/* Also one that is rekeyed here: its peer may not know yet, and waits for its Delete in any case. */
static bool is_alive(const struct ike_sa *ike)
{
    return ike->state == IKE_STATE_ESTABLISHED || ike->state == IKE_STATE_REPLACED;
}

/* Who has made the connection has chosen it; what comes by UDP meanwhile moves nothing. */
void stream_follow(struct engine *engine, struct ike_sa *ike, const struct path *path)
{
    char remote[PATH_TEXT_SIZE];
    if (!ike->path.is_tcp || !path->is_tcp)
        return;
    if (paths_are_same(&ike->path, path)) {
        ike->stream_reconnects = 0;
        return;
    }
    if (ike->is_stream_originator || (!is_alive(ike) && ike->state != IKE_STATE_DELETING) ||
        !address_equal(&ike->path.local.address, &path->local.address))
        return;
    struct path before = ike->path;
    ike->path = *path;
    claim(engine, ike);
    count_one(engine, COUNT_TCP_SERVER, STREAMS_STARTED);
    engine->env->release_stream(engine->env->world, &before, ike->serial);
    say_ike(engine, RC_LOG, ike, 0, "peer has made a new TCP connection: %s", path_text(path, remote));
    take_along(engine, ike, &before);
    if (ike->request.size != 0)
        engine_send(engine, &ike->path, owned_bytes(&ike->request));
}

static const char *reason_of(int number)
{
    return number != 0 ? strerror(number) : "the peer has closed it";
}

/* Whoever was about to prove himself comes again at once, or was nobody: what a host can make us keep by
 * making connections and leaving them is soon forgotten. */
static void nobodys_stream_closed(struct engine *engine, const struct path *path)
{
    static const uint8_t any_spi[IKE_SPI_SIZE];
    struct ike_sa *ike = ike_by_initiator(engine, any_spi, path);
    if (ike == NULL || ike->state != IKE_STATE_INIT_RESPONDED)
        return;
    usec_t soon = engine_now(engine) + HALFOPEN_STREAMLESS, last = ike->created_at + HALFOPEN_LIFETIME;
    engine_timer_arm(engine, &ike->life_timer, soon < last ? soon : last);
}

void engine_stream_closed(struct engine *engine, const struct path *path, uint64_t ike_serial, int number)
{
    char remote[PATH_TEXT_SIZE];
    struct ike_sa *ike = ike_by_serial(engine, ike_serial);
    if (ike_serial == 0)
        nobodys_stream_closed(engine, path);
    if (ike == NULL || ike->state == IKE_STATE_RETIRED || !paths_are_same(&ike->path, path))
        return;
    path_text(path, remote);
    count_one(engine, ike->is_stream_originator ? COUNT_TCP_CLIENT : COUNT_TCP_SERVER,
              number == 0 ? STREAMS_STOPPED : STREAMS_ABORTED);
    if (!ike->is_stream_originator) {
        say_ike(engine, RC_LOG, ike, 0,
                "TCP connection with %s has ended: %s; waiting for the peer's next one", remote,
                reason_of(number));
    } else if (ike->state == IKE_STATE_INIT_SENT && ike->unproven_notify != 0) {
        engine_timer_arm(engine, &ike->life_timer, engine_now(engine)); /* no better answer comes by it */
    } else if (ike->state == IKE_STATE_INIT_SENT) {
        ike->network_errno = number;
        ike_fail_because(engine, ike, FAILURE_NO_ANSWER, 0, RC_NORETRANSMISSION,
                         "%s: TCP connection to %s failed: %s", ike->version->ike_state_name(ike), remote,
                         reason_of(number));
    } else {
        say_ike(engine, RC_LOG, ike, 0, "TCP connection to %s has ended: %s; making a new one", remote,
                reason_of(number));
        plan_reconnect(engine, ike);
    }
}

/* The peer learns of the new connection by what it has not answered, and by a question whether it is alive:
 * what it has answered already, on the connection that broke, is old to it and moves nothing. */
void stream_reconnect(struct engine *engine, struct ike_sa *ike)
{
    struct path before = ike->path;
    struct error error;
    if (!stream_open(engine, ike, &error)) {
        ike->path = before;
        say_ike(engine, RC_LOG, ike, 0, "cannot make a TCP connection: %s", error.text);
        plan_reconnect(engine, ike);
        return;
    }
    take_along(engine, ike, &before);
    if (ike->request.size != 0)
        engine_send(engine, &ike->path, owned_bytes(&ike->request));
    if (ike_add_task(engine, ike, TASK_LIVENESS, 0, 0, 0))
        ike->version->run_tasks(engine, ike);
}
