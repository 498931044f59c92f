/* IKE SAs: their tables, birth and death. */
#include "base/secret.h"
#include "engine/count.h"
#include "engine/lifecycle.h"
#include "engine/sa.h"
#include "engine/stream.h"
#include "engine/version.h"

static uint64_t hash_spi(const struct engine *engine, const uint8_t *spi)
{
    const struct bytes part = bytes_of(spi, IKE_SPI_SIZE);
    return engine_hash(engine, &part, 1);
}

const uint8_t *ike_own_spi(const struct ike_sa *ike)
{
    return ike->is_initiator ? ike->spi_i : ike->spi_r;
}

struct ike_sa *ike_by_serial(const struct engine *engine, uint64_t serial)
{
    struct hash_node *node = hash_table_find(&engine->ike_by_serial, serial);
    return node ? CONTAINER_OF(node, struct ike_sa, by_serial) : NULL;
}

struct ike_sa *ike_by_own_spi(const struct engine *engine, const uint8_t spi[static IKE_SPI_SIZE])
{
    struct hash_node *node = hash_table_find(&engine->ike_by_spi, hash_spi(engine, spi));
    for (; node != NULL; node = hash_node_next(node)) {
        struct ike_sa *ike = CONTAINER_OF(node, struct ike_sa, by_spi);
        if (memcmp(ike_own_spi(ike), spi, IKE_SPI_SIZE) == 0)
            return ike;
    }
    return NULL;
}

/* One that no IKE SA of ours has. */
static void draw_spi(struct engine *engine, enum impairment wanted, uint8_t own[static IKE_SPI_SIZE])
{
    static const uint8_t zero[IKE_SPI_SIZE];
    store_be64(own, engine->impairments.values[wanted]);
    while (memcmp(own, zero, IKE_SPI_SIZE) == 0 || ike_by_own_spi(engine, own) != NULL)
        engine_random(engine, own, IKE_SPI_SIZE);
}

void ike_renew_spi(struct engine *engine, struct ike_sa *ike)
{
    uint8_t *own = ike->is_initiator ? ike->spi_i : ike->spi_r;
    hash_table_remove(&engine->ike_by_spi, &ike->by_spi);
    draw_spi(engine, ike->is_initiator ? IMPAIR_INITIATOR_SPI : IMPAIR_RESPONDER_SPI, own);
    hash_table_insert(&engine->ike_by_spi, &ike->by_spi, hash_spi(engine, own));
}

struct ike_sa *ike_new(struct engine *engine, const struct connection *connection, bool is_initiator,
                       enum ike_state state)
{
    struct ike_sa *ike =
        is_impaired(engine, IMPAIR_SA_CREATION) ? NULL : engine_allocate(engine, sizeof(*ike), NULL);
    if (ike == NULL)
        return NULL;
    ike->memory_bytes = sizeof(*ike);
    ike->serial = ++engine->last_serial;
    ike->version = ike_version_of(connection);
    ike->is_initiator = is_initiator;
    ike->state = state;
    list_init(&ike->children);
    list_init(&ike->tasks);
    list_init(&ike->of_connection);
    engine_timer_init(&ike->retransmit_timer, TIMER_IKE_RETRANSMIT, ike->serial);
    engine_timer_init(&ike->life_timer, TIMER_IKE_LIFE, ike->serial);
    engine_timer_init(&ike->liveness_timer, TIMER_IKE_LIVENESS, ike->serial);
    engine_timer_init(&ike->keepalive_timer, TIMER_IKE_KEEPALIVE, ike->serial);
    engine_timer_init(&ike->stream_timer, TIMER_IKE_STREAM, ike->serial);
    engine_timer_init(&ike->retry_timer, TIMER_IKE_RETRY, ike->serial);
    uint8_t *own = is_initiator ? ike->spi_i : ike->spi_r;
    draw_spi(engine, is_initiator ? IMPAIR_INITIATOR_SPI : IMPAIR_RESPONDER_SPI, own);
    hash_table_insert(&engine->ike_by_serial, &ike->by_serial, ike->serial);
    hash_table_insert(&engine->ike_by_spi, &ike->by_spi, hash_spi(engine, own));
    list_append(&engine->ikes, &ike->all);
    ike->created_at = ike->last_received_at = engine_now(engine);
    ike->rekey_at = ike->expire_at = USEC_NEVER;
    ike_set_connection(engine, ike, connection);
    engine->totals.ike_started++;
    count_ike_started(engine, ike);
    trace_ike(engine, ike, DEBUG_REFCNT, "IKE SA #%llu is made for \"%s\"", (unsigned long long)ike->serial,
              connection->spec->name);
    return ike;
}

struct ike_sa *ike_new_for_request(struct engine *engine, const struct connection *connection,
                                   const struct path *path, const uint8_t spi_i[static IKE_SPI_SIZE])
{
    static const struct identity nobody;
    if (connection->is_template)
        connection = connection_instantiate(engine, connection, &path->remote.address,
                                            connection->remote_id.kind ? &connection->remote_id : &nobody);
    struct ike_sa *ike = connection ? ike_new(engine, connection, false, IKE_STATE_INIT_RESPONDED) : NULL;
    if (ike == NULL) {
        if (connection != NULL && connection->is_instance)
            connection_destroy(engine, connection_by_serial(engine, connection->serial));
        return NULL;
    }
    memcpy(ike->spi_i, spi_i, IKE_SPI_SIZE);
    ike->path = *path;
    return ike;
}

void ike_set_connection(struct engine *engine, struct ike_sa *ike, const struct connection *connection)
{
    struct connection *old = connection_by_serial(engine, ike->connection_serial);
    struct connection *new = connection ? connection_by_serial(engine, connection->serial) : NULL;
    list_remove(&ike->of_connection);
    if (new != NULL) {
        connection_hold(new);
        list_append(&new->ikes, &ike->of_connection);
    }
    ike->connection_serial = new ? new->serial : 0;
    if (old != NULL) {
        if (old->newest_ike_serial == ike->serial && old != new)
            old->newest_ike_serial = 0;
        connection_let_go(engine, old);
    }
}

bool ike_make_setup(struct engine *engine, struct ike_sa *ike)
{
    ike->setup = engine_allocate(engine, sizeof(*ike->setup), &ike->memory_bytes);
    if (ike->setup != NULL)
        ike->setup->started_at = engine_now(engine);
    return ike->setup != NULL;
}

void ike_drop_setup(struct engine *engine, struct ike_sa *ike)
{
    struct ike_setup *setup = ike->setup;
    if (setup == NULL)
        return;
    owned_clear(engine, &ike->memory_bytes, &setup->init_request);
    owned_clear(engine, &ike->memory_bytes, &setup->init_response);
    owned_clear(engine, &ike->memory_bytes, &setup->cookie);
    owned_clear(engine, &ike->memory_bytes, &setup->peer_proof);
    owned_clear(engine, &ike->memory_bytes, &setup->own_public);
    owned_clear(engine, &ike->memory_bytes, &setup->peer_public);
    engine_deallocate(engine, setup, sizeof(*setup), &ike->memory_bytes);
    ike->setup = NULL;
}

static void drop_timers(struct engine *engine, struct ike_sa *ike)
{
    engine_timer_cancel(engine, &ike->retransmit_timer);
    engine_timer_cancel(engine, &ike->life_timer);
    engine_timer_cancel(engine, &ike->liveness_timer);
    engine_timer_cancel(engine, &ike->keepalive_timer);
    engine_timer_cancel(engine, &ike->stream_timer);
    engine_timer_cancel(engine, &ike->retry_timer);
}

/* All that an IKE SA means to others comes to its end. */
static void end_life(struct engine *engine, struct ike_sa *ike)
{
    stream_release(engine, ike);
    drop_timers(engine, ike);
    ike->version->ike_is_going(engine, ike);
    lifecycle_ike_is_going(engine, ike);
    LIST_EACH(&ike->children, node)
    child_destroy(engine, CONTAINER_OF(node, struct child_sa, siblings));
    LIST_EACH(&ike->tasks, node)
    {
        struct task *task = CONTAINER_OF(node, struct task, node);
        uint64_t client = task->client;
        const struct connection *waiting = connection_by_serial(engine, task->connection_serial);
        ike_drop_task(engine, ike, task);
        abandon_client(engine, waiting, client, "the IKE SA that it waited for has ended");
    }
    ike->version->ike_drop_parts(engine, ike);
    ike->current = TASK_NONE;
    ike->suspended[0].job_id = ike->suspended[1].job_id = 0;
    ike_drop_setup(engine, ike);
    owned_clear(engine, &ike->memory_bytes, &ike->request);
    owned_clear(engine, &ike->memory_bytes, &ike->lowest_nonce);
    owned_clear(engine, &ike->memory_bytes, &ike->suspended[0].chain);
    owned_clear(engine, &ike->memory_bytes, &ike->suspended[1].chain);
    if (ike->is_indexed_by_peers)
        hash_table_remove(&engine->ike_by_peers, &ike->by_peers);
    ike->is_indexed_by_peers = false;
    identity_own(engine, &ike->memory_bytes, &ike->remote_id, (struct identity){0});
    ike_set_connection(engine, ike, NULL);
}

void ike_retire(struct engine *engine, struct ike_sa *ike)
{
    end_life(engine, ike);
    secret_wipe(&ike->keys, sizeof(ike->keys));
    if (ike->path.is_tcp) /* nothing is said twice there, and the connection may carry the next attempt */
        ike_unindex_by_initiator(engine, ike);
    ike->state = IKE_STATE_RETIRED;
    engine_timer_arm(engine, &ike->life_timer, engine_now(engine) + ANSWER_LINGER);
}

void ike_destroy(struct engine *engine, struct ike_sa *ike)
{
    if (ike->state != IKE_STATE_RETIRED)
        end_life(engine, ike);
    trace(engine, DEBUG_REFCNT, "IKE SA #%llu is freed with its %zu bytes", (unsigned long long)ike->serial,
          ike->memory_bytes);
    drop_timers(engine, ike);
    hash_table_remove(&engine->ike_by_serial, &ike->by_serial);
    hash_table_remove(&engine->ike_by_spi, &ike->by_spi);
    ike_unindex_by_initiator(engine, ike);
    list_remove(&ike->all);
    owned_clear(engine, &ike->memory_bytes, &ike->last_response);
    owned_clear(engine, &ike->memory_bytes, &ike->user);
    engine_deallocate(engine, ike, sizeof(*ike), NULL);
}

/* ---- the index of half-open responders ---- */

static uint64_t hash_initiator(const struct engine *engine, const uint8_t *spi_i, const struct path *path)
{
    const struct ip_endpoint *remote = &path->remote;
    const struct bytes parts[] = {
        bytes_of(spi_i, path->is_tcp ? 0 : IKE_SPI_SIZE),
        bytes_of(&remote->address, sizeof(remote->address)),
        bytes_of(&remote->port, sizeof(remote->port)),
    };
    return engine_hash(engine, parts, 3);
}

static bool is_initiator(const struct ike_sa *ike, const uint8_t *spi_i, const struct path *path)
{
    if (ike->path.is_tcp != path->is_tcp || !endpoint_equal(&ike->path.remote, &path->remote))
        return false;
    return path->is_tcp ? endpoint_equal(&ike->path.local, &path->local)
                        : memcmp(ike->spi_i, spi_i, IKE_SPI_SIZE) == 0;
}

void ike_index_by_initiator(struct engine *engine, struct ike_sa *ike)
{
    hash_table_insert(&engine->ike_by_initiator, &ike->by_initiator,
                      hash_initiator(engine, ike->spi_i, &ike->path));
    ike->is_indexed_by_initiator = true;
}

void ike_unindex_by_initiator(struct engine *engine, struct ike_sa *ike)
{
    if (ike->is_indexed_by_initiator)
        hash_table_remove(&engine->ike_by_initiator, &ike->by_initiator);
    ike->is_indexed_by_initiator = false;
}

struct ike_sa *ike_by_initiator(const struct engine *engine, const uint8_t spi_i[static IKE_SPI_SIZE],
                                const struct path *path)
{
    struct hash_node *node = hash_table_find(&engine->ike_by_initiator, hash_initiator(engine, spi_i, path));
    for (; node != NULL; node = hash_node_next(node)) {
        struct ike_sa *ike = CONTAINER_OF(node, struct ike_sa, by_initiator);
        if (is_initiator(ike, spi_i, path))
            return ike;
    }
    return NULL;
}

/* ---- the index by peers ---- */

static uint64_t hash_peers(const struct engine *engine, const struct ip_address *local,
                           const struct identity *local_id, const struct identity *remote_id)
{
    /* The remote address is left out: a peer that comes back from elsewhere is still the same peer. */
    uint8_t ours[IDENTITY_SIZE_MAX], theirs[IDENTITY_SIZE_MAX];
    const struct bytes parts[] = {
        bytes_of(local, sizeof(*local)),
        bytes_of(&local_id->kind, 1),
        bytes_of(ours, identity_fold(engine->hash_key, local_id, ours)),
        bytes_of(&remote_id->kind, 1),
        bytes_of(theirs, identity_fold(engine->hash_key, remote_id, theirs)),
    };
    return engine_hash(engine, parts, ARRAY_SIZE(parts));
}

void ike_index_by_peers(struct engine *engine, struct ike_sa *ike)
{
    if (ike->is_indexed_by_peers)
        hash_table_remove(&engine->ike_by_peers, &ike->by_peers);
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    hash_table_insert(&engine->ike_by_peers, &ike->by_peers,
                      hash_peers(engine, &ike->path.local.address, &connection->local_id, &ike->remote_id));
    ike->is_indexed_by_peers = true;
}

struct ike_sa *ike_next_with_peers(const struct engine *engine, const struct ip_address *local,
                                   const struct ip_address *remote, const struct identity *local_id,
                                   const struct identity *remote_id, const struct ike_sa *previous)
{
    struct hash_node *node =
        previous ? hash_node_next(&previous->by_peers)
                 : hash_table_find(&engine->ike_by_peers, hash_peers(engine, local, local_id, remote_id));
    for (; node != NULL; node = hash_node_next(node)) {
        struct ike_sa *ike = CONTAINER_OF(node, struct ike_sa, by_peers);
        const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
        bool same_hosts = address_equal(&ike->path.local.address, local) &&
                          (!address_is_set(remote) || address_equal(&ike->path.remote.address, remote));
        if (same_hosts && connection != NULL && identity_equal(&ike->remote_id, remote_id) &&
            identity_equal(&connection->local_id, local_id))
            return ike;
    }
    return NULL;
}

/* ---- tasks ---- */

static bool add_task(struct engine *engine, struct ike_sa *ike, const struct task *wanted)
{
    if (ike->task_count >= TASK_LIMIT)
        return false;
    struct task *task = engine_allocate(engine, sizeof(*task), &ike->memory_bytes);
    if (task == NULL)
        return false;
    *task = *wanted;
    list_append(&ike->tasks, &task->node);
    ike->task_count++;
    return true;
}

bool ike_add_task(struct engine *engine, struct ike_sa *ike, enum task_kind kind, uint64_t child_serial,
                  uint64_t connection_serial, uint64_t client)
{
    return add_task(engine, ike,
                    &(struct task){.kind = kind,
                                   .child_serial = child_serial,
                                   .connection_serial = connection_serial,
                                   .client = client});
}

bool ike_add_cpu_task(struct engine *engine, struct ike_sa *ike, uint64_t connection_serial, uint32_t cpu)
{
    return add_task(
        engine, ike,
        &(struct task){
            .kind = TASK_CREATE_CHILD, .connection_serial = connection_serial, .has_cpu = true, .cpu = cpu});
}

bool ike_add_delete_task(struct engine *engine, struct ike_sa *ike, uint64_t child_serial, uint8_t protocol,
                         uint32_t spi_in)
{
    return add_task(
        engine, ike,
        &(struct task){
            .kind = TASK_DELETE_CHILD, .child_serial = child_serial, .protocol = protocol, .spi_in = spi_in});
}

void ike_move_task(struct ike_sa *from, struct ike_sa *to, struct task *task)
{
    list_remove(&task->node);
    from->task_count--;
    from->memory_bytes -= sizeof(*task);
    list_append(&to->tasks, &task->node);
    to->task_count++;
    to->memory_bytes += sizeof(*task);
}

void ike_drop_task(struct engine *engine, struct ike_sa *ike, struct task *task)
{
    list_remove(&task->node);
    ike->task_count--;
    engine_deallocate(engine, task, sizeof(*task), &ike->memory_bytes);
}
