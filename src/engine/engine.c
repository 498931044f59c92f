/* The engine's doors: birth and death of an engine, datagrams in, time, jobs, and what the data plane tells.
 */
#include "engine/engine.h"

#include <assert.h>
#include <stdlib.h>

#include "base/secret.h"
#include "engine/address_pool.h"
#include "engine/child_install.h"
#include "engine/client_batch.h"
#include "engine/client_group.h"
#include "engine/count.h"
#include "engine/farewell.h"
#include "engine/host_name.h"
#include "engine/ike_trace.h"
#include "engine/ikev1/receive.h"
#include "engine/ikev2/protect.h"
#include "engine/ikev2/receive.h"
#include "engine/initiate.h"
#include "engine/lifecycle.h"
#include "engine/peer_path.h"
#include "engine/per_cpu.h"
#include "engine/policy_group.h"
#include "engine/prompt.h"
#include "engine/routing.h"
#include "engine/stream.h"
#include "engine/version.h"

struct engine_settings engine_settings_default(void)
{
    return (struct engine_settings){
        .unique_ids = true,
        .ddos_mode = DDOS_AUTO,
        .ddos_ike_threshold = 25000,
        .max_halfopen_ike = 50000,
        .nat_keepalive_interval = 20 * USEC_PER_SEC,
        .shunt_lifetime = 900 * USEC_PER_SEC,
        .expire_shunt_interval = 20 * USEC_PER_SEC,
        .ike_port = 500,
        .natt_port = 4500,
    };
}

void engine_random(struct engine *engine, void *out, size_t size)
{
    engine->env->random(engine->env->world, out, size);
}

uint64_t engine_hash(const struct engine *engine, const struct bytes *parts, size_t count)
{
    uint8_t joined[2 * IDENTITY_SIZE_MAX + 64];
    struct writer writer = writer_of(joined, sizeof(joined));
    if (count == 1)
        return hash_bytes(engine->hash_key, parts[0]);
    for (size_t i = 0; i < count; i++)
        writer_bytes(&writer, parts[i]);
    return hash_bytes(engine->hash_key, writer_bytes_so_far(&writer));
}

void engine_timer_init(struct engine_timer *timer, enum timer_kind kind, uint64_t owner_serial)
{
    timer_init(&timer->timer);
    timer->kind = kind;
    timer->owner_serial = owner_serial;
}

void engine_timer_arm(struct engine *engine, struct engine_timer *timer, usec_t deadline)
{
    timer_arm(&engine->wheel, &timer->timer, deadline);
}

void engine_timer_cancel(struct engine *engine, struct engine_timer *timer)
{
    timer_cancel(&engine->wheel, &timer->timer);
}

enum { TABLE_COUNT = 22 };

static void list_tables(struct engine *engine, struct hash_table *out[static TABLE_COUNT])
{
    struct hash_table *tables[] = {
        &engine->prompts,
        &engine->public_keys_by_id,
        &engine->public_keys_by_serial,
        &engine->connections_by_serial,
        &engine->connections_by_name,
        &engine->connections_by_hosts,
        &engine->connections_by_remote_id,
        &engine->ike_by_serial,
        &engine->ike_by_spi,
        &engine->ike_by_initiator,
        &engine->ike_by_peers,
        &engine->child_by_serial,
        &engine->child_by_spi,
        &engine->connections_by_alias,
        &engine->connections_by_clients,
        &engine->batches,
        &engine->groups_of_clients,
        &engine->farewells,
        &engine->host_names,
        &engine->host_names_by_serial,
        &engine->pools_by_serial,
        &engine->leases_by_serial,
    };
    static_assert(ARRAY_SIZE(tables) == TABLE_COUNT, "each table is made and freed");
    memcpy(out, tables, sizeof(tables));
}

static bool make_tables(struct engine *engine)
{
    struct hash_table *tables[TABLE_COUNT];
    list_tables(engine, tables);
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (!hash_table_init(tables[i]))
            return false;
    return true;
}

static void free_tables(struct engine *engine)
{
    struct hash_table *tables[TABLE_COUNT];
    list_tables(engine, tables);
    for (size_t i = 0; i < TABLE_COUNT; i++)
        hash_table_free(tables[i]);
}

struct engine *engine_new(const struct engine_env *env, const struct engine_settings *settings)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    if (engine == NULL)
        return NULL;
    engine->env = env;
    engine->settings = *settings;
    list_init(&engine->connections);
    list_init(&engine->removed_connections);
    list_init(&engine->group_connections);
    list_init(&engine->ikes);
    list_init(&engine->children);
    list_init(&engine->public_keys);
    address_pools_init(engine);
    timer_wheel_init(&engine->wheel, engine_now(engine));
    engine_random(engine, engine->hash_key, sizeof(engine->hash_key));
    if (settings->vendor_id != NULL)
        engine->vendor_id = strdup(settings->vendor_id);
    engine->cipher_cache = cipher_cache_new();
    if (!spd_init(&engine->policies) || !make_tables(engine) || engine->cipher_cache == NULL) {
        engine_free(engine);
        return NULL;
    }
    return engine;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    engine->is_shutting_down = true; /* nothing is revived */
    while (!list_is_empty(&engine->ikes))
        ike_destroy(engine, CONTAINER_OF(engine->ikes.next, struct ike_sa, all));
    while (!list_is_empty(&engine->connections))
        connection_destroy(engine, CONTAINER_OF(engine->connections.next, struct connection, all));
    address_pools_free(engine);
    farewells_free(engine);
    client_batches_free(engine);
    client_groups_free(engine);
    policy_groups_free(engine->policy_groups);
    prompts_free(engine);
    public_keys_free(engine);
    private_keys_free(engine->private_keys);
    identity_free(&engine->my_id);
    free_tables(engine);
    spd_free(&engine->policies);
    secrets_free(engine->secrets);
    free(engine->interfaces);
    free(engine->vendor_id);
    impairments_free(&engine->impairments);
    free(engine->fragment_buffer);
    cipher_cache_free(engine->cipher_cache);
    secret_free(engine, sizeof(*engine));
}

void engine_take_datagram(struct engine *engine, const struct path *path, struct bytes datagram)
{
    struct ikev2_header header;
    statistics_add(&engine->statistics, COUNT_IKE_TRAFFIC, TRAFFIC_IN, datagram.size);
    trace_datagram(engine, path, false, datagram);
    if (!ikev2_header_read(datagram, &header))
        return;
    if (header.version >> 4 == 1 && path->is_tcp) /* RFC 9329 has IKEv2 alone */
        return;
    if (header.version >> 4 == 1)
        ikev1_receive(engine, path, &header, datagram);
    else
        ikev2_receive(engine, path, &header, datagram);
}

void engine_receive(struct engine *engine, const struct path *path, struct bytes datagram)
{
    if (!engine->is_listening)
        return;
    bool is_timed = trace_is_timed(engine, NULL);
    usec_t before = is_timed ? engine_now(engine) : 0;
    if (engine->impairments.has_any)
        impair_inbound(engine, path, datagram, engine_take_datagram);
    else
        engine_take_datagram(engine, path, datagram);
    if (is_timed)
        trace(engine, DEBUG_CPU_USAGE, "%llu us for a datagram of %zu bytes",
              (unsigned long long)(engine_now(engine) - before), datagram.size);
}

/* ---- time ---- */

static void revive(struct engine *engine, struct connection *connection)
{
    bool is_possible = connection->is_oriented && address_is_set(&connection->remote);
    if (connection->keep_up && is_possible && connection->newest_child_serial == 0)
        initiate_connection(engine, connection, 0);
}

static void timer_fired(struct engine *engine, const struct engine_timer *timer)
{
    struct ike_sa *ike;
    struct child_sa *child;
    struct connection *connection;
    switch (timer->kind) {
    case TIMER_CHILD_LIFE:
        if ((child = child_by_serial(engine, timer->owner_serial)) != NULL)
            child_version(engine, child)->child_life_is_due(engine, child);
        break;
    case TIMER_CHILD_RETRANSMIT:
        if ((child = child_by_serial(engine, timer->owner_serial)) != NULL)
            child_version(engine, child)->child_retransmit(engine, child);
        break;
    case TIMER_CHILD_SWITCH:
        if ((child = child_by_serial(engine, timer->owner_serial)) != NULL)
            lifecycle_switch_to(engine, child);
        break;
    case TIMER_CONNECTION_REVIVE:
        if ((connection = connection_by_serial(engine, timer->owner_serial)) != NULL)
            revive(engine, connection);
        break;
    case TIMER_CONNECTION_SHUNT:
        if ((connection = connection_by_serial(engine, timer->owner_serial)) != NULL)
            routing_shunt_is_over(engine, connection);
        break;
    case TIMER_HOST_NAME:
        host_name_timer_fired(engine, timer->owner_serial);
        break;
    case TIMER_FAREWELL:
        farewell_is_due(engine, timer->owner_serial);
        break;
    case TIMER_IKE_STREAM:
        if ((ike = ike_by_serial(engine, timer->owner_serial)) != NULL)
            stream_reconnect(engine, ike);
        break;
    case TIMER_IKE_KEEPALIVE:
        if ((ike = ike_by_serial(engine, timer->owner_serial)) != NULL)
            peer_path_keep_alive(engine, ike);
        break;
    default:
        if ((ike = ike_by_serial(engine, timer->owner_serial)) != NULL)
            ike->version->timer_fired(engine, ike, timer->kind);
        break;
    }
}

void engine_advance(struct engine *engine)
{
    usec_t now = engine_now(engine);
    struct timer *timer;
    while ((timer = timer_wheel_pop(&engine->wheel, now)) != NULL)
        timer_fired(engine, CONTAINER_OF(timer, struct engine_timer, timer));
}

usec_t engine_next_deadline(const struct engine *engine)
{
    return timer_wheel_next(&engine->wheel);
}

/* ---- answers of the world ---- */

struct job *engine_new_job(struct engine *engine, const struct ike_sa *ike, enum job_kind kind,
                           const struct algorithm *ke)
{
    struct job *job = calloc(1, sizeof(*job));
    if (job == NULL)
        return NULL;
    job->job_id = ++engine->last_job_id;
    job->ike_serial = ike->serial;
    job->kind = kind;
    job->ke = ke;
    job->is_timed = trace_is_timed(engine, ike);
    if (kind != JOB_KE_DERIVE)
        engine_random(engine, job->seed, sizeof(job->seed));
    return job;
}

void engine_job_done(struct engine *engine, struct job *job)
{
    struct ike_sa *ike = ike_by_serial(engine, job->ike_serial);
    if (ike != NULL && job->is_timed)
        trace_job(engine, ike, job);
    if (ike != NULL && job->ok && job->signature == NULL && job->inputs.prf != NULL)
        trace_ikev2_keys(engine, ike, &job->inputs, &job->keys);
    if (ike != NULL)
        ike->version->job_done(engine, ike, job);
    job_free(job);
}

static void counters_came(struct engine *engine, const struct kernel_event *event)
{
    struct child_sa *child = child_by_serial(engine, event->child_serial);
    farewell_counters_came(engine, event);
    if (child == NULL)
        return;
    if (event->ok) {
        count_traffic(engine, &child->in, &child->out, event);
        child->in = event->in;
        child->out = event->out;
    }
    struct ike_sa *ike = ike_by_serial(engine, child->ike_serial);
    if (ike != NULL && (ike->liveness_querying || child->quick != NULL))
        ike->version->counters_came(engine, ike, child);
}

static void limit_reached(struct engine *engine, const struct kernel_event *event)
{
    struct child_sa *child = child_by_serial(engine, event->child_serial);
    if (child == NULL || child->state != CHILD_STATE_ESTABLISHED ||
        is_impaired(engine, event->is_hard ? IMPAIR_IGNORE_HARD_EXPIRE : IMPAIR_IGNORE_SOFT_EXPIRE))
        return;
    bool may_rekey = connection_by_serial(engine, child->connection_serial)->spec->rekey;
    say_child(engine, RC_LOG, child, 0, "%s limit of bytes or packets reached%s",
              event->is_hard ? "hard" : "soft",
              event->is_hard || may_rekey ? "" : "; rekey=no: the SA ends at the hard limit");
    if (event->is_hard)
        child_delete(engine, child, 0);
    else if (may_rekey)
        child_rekey(engine, child, 0);
}

/* Nothing passes any more, so rekey=no does not mean waiting for the SA's end. */
static void sa_lost(struct engine *engine, struct child_sa *child)
{
    if (child == NULL || child->state != CHILD_STATE_ESTABLISHED)
        return;
    bool may_rekey = connection_by_serial(engine, child->connection_serial)->spec->rekey;
    say_child(engine, RC_LOG_SERIOUS, child, 0, "the data plane has lost the IPsec SA: it %s",
              may_rekey ? "is replaced" : "ends (rekey=no)");
    if (may_rekey)
        child_rekey(engine, child, 0);
    else
        child_delete(engine, child, 0);
}

/* What the data plane refuses once it will refuse again: the next attempt waits longer. */
static void install_ended(struct engine *engine, const struct kernel_event *event)
{
    struct child_sa *child = child_by_serial(engine, event->request_id);
    struct connection *connection = child ? connection_by_serial(engine, child->connection_serial) : NULL;
    if (connection == NULL)
        return;
    connection->plane_refusals = event->ok ? 0 : connection->plane_refusals + 1;
    if (event->ok)
        return;
    say_child(engine, RC_LOG_SERIOUS, child, child->client, "data plane refused the IPsec SA: %s",
              event->text);
    per_cpu_make_no_more(engine, child);
    if (child->state == CHILD_STATE_ESTABLISHED)
        child_delete(engine, child, 0);
    else if (child->state == CHILD_STATE_LARVAL) /* IKEv1's responder installs before the peer confirms */
        child->is_unwanted = true;
}

static void policy_lacks(struct engine *engine, const struct kernel_event *event)
{
    struct connection *connection = connection_by_serial(engine, event->policy_id);
    if (connection != NULL)
        say_connection(engine, RC_LOG_SERIOUS, connection, 0, "%s", event->text);
}

void engine_kernel_event(struct engine *engine, const struct kernel_event *event)
{
    struct child_sa *child;
    switch (event->kind) {
    case KERNEL_DONE:
        install_ended(engine, event);
        break;
    case KERNEL_POLICY_LACKS:
        policy_lacks(engine, event);
        break;
    case KERNEL_EXPIRE:
        limit_reached(engine, event);
        break;
    case KERNEL_LOST:
        sa_lost(engine, child_by_serial(engine, event->child_serial));
        break;
    case KERNEL_COUNTERS:
        counters_came(engine, event);
        break;
    case KERNEL_ACQUIRE:
        routing_acquire(engine, event);
        break;
    case KERNEL_MAPPING:
        if ((child = child_by_serial(engine, event->child_serial)) != NULL)
            peer_path_moved(engine, ike_by_serial(engine, child->ike_serial), &event->remote);
        break;
    }
}

void engine_refresh_counters(struct engine *engine, uint64_t child_serial)
{
    const struct child_sa *child = child_by_serial(engine, child_serial);
    if (child != NULL && child->is_installed)
        child_query(engine, child);
}
