/* Child SAs: their tables, birth and death. */
#include "engine/child_install.h"
#include "engine/compression.h"
#include "engine/count.h"
#include "engine/lifecycle.h"
#include "engine/per_cpu.h"
#include "engine/version.h"

enum { SPI_FIRST = 0x1000 }; /* 0 to 0xff are IANA's, 0x100 to 0xfff are for manual keying */

static uint64_t hash_inbound_spi(const struct engine *engine, uint32_t spi)
{
    const struct bytes part = bytes_of(&spi, sizeof(spi));
    return engine_hash(engine, &part, 1);
}

static bool inbound_spi_is_taken(const struct engine *engine, uint32_t spi)
{
    struct hash_node *node = hash_table_find(&engine->child_by_spi, hash_inbound_spi(engine, spi));
    for (; node != NULL; node = hash_node_next(node))
        if (CONTAINER_OF(node, struct child_sa, by_spi)->spi_in == spi)
            return true;
    return false;
}

struct child_sa *child_by_serial(const struct engine *engine, uint64_t serial)
{
    struct hash_node *node = hash_table_find(&engine->child_by_serial, serial);
    return node ? CONTAINER_OF(node, struct child_sa, by_serial) : NULL;
}

struct child_sa *child_new(struct engine *engine, struct ike_sa *ike, const struct connection *connection)
{
    if (ike->child_count >= CHILDREN_LIMIT)
        return NULL;
    struct child_sa *child = engine_allocate(engine, sizeof(*child), NULL);
    if (child == NULL)
        return NULL;
    child->memory_bytes = sizeof(*child);
    child->setup = engine_allocate(engine, sizeof(*child->setup), &child->memory_bytes);
    if (child->setup == NULL) {
        engine_deallocate(engine, child, sizeof(*child), NULL);
        return NULL;
    }
    child->serial = ++engine->last_serial;
    child->ike_serial = ike->serial;
    child->connection_serial = connection->serial;
    child->suite.protocol = (uint8_t)connection->spec->protocol;
    struct connection *owner = connection_by_serial(engine, connection->serial);
    connection_hold(owner);
    list_append(&owner->children, &child->of_connection);
    engine_timer_init(&child->life_timer, TIMER_CHILD_LIFE, child->serial);
    engine_timer_init(&child->switch_timer, TIMER_CHILD_SWITCH, child->serial);
    do
        engine_random(engine, &child->spi_in, sizeof(child->spi_in));
    while (child->spi_in < SPI_FIRST || inbound_spi_is_taken(engine, child->spi_in));
    engine_random(engine, child->setup->nonce, sizeof(child->setup->nonce));
    hash_table_insert(&engine->child_by_serial, &child->by_serial, child->serial);
    hash_table_insert(&engine->child_by_spi, &child->by_spi, hash_inbound_spi(engine, child->spi_in));
    list_append(&engine->children, &child->all);
    list_append(&ike->children, &child->siblings);
    trace_ike(engine, ike, DEBUG_REFCNT, "Child SA #%llu is made under #%llu, and holds \"%s\"",
              (unsigned long long)child->serial, (unsigned long long)ike->serial, connection->spec->name);
    ike->child_count++;
    count_child_started(engine, child);
    child->created_at = engine_now(engine);
    child->rekey_at = child->expire_at = USEC_NEVER;
    return child;
}

void child_drop_setup(struct engine *engine, struct child_sa *child)
{
    engine_deallocate(engine, child->setup, sizeof(*child->setup), &child->memory_bytes);
    child->setup = NULL;
}

static void free_selectors(struct engine *engine, struct child_sa *child)
{
    size_t count = (size_t)child->local_count + child->remote_count;
    engine_deallocate(engine, child->selectors, count * sizeof(*child->selectors), &child->memory_bytes);
    child->selectors = NULL;
    child->local_count = child->remote_count = 0;
}

void child_set_selectors(struct engine *engine, struct child_sa *child, const struct selector *local,
                         size_t local_count, const struct selector *remote, size_t remote_count)
{
    free_selectors(engine, child);
    child->selectors = engine_allocate(engine, (local_count + remote_count) * sizeof(*child->selectors),
                                       &child->memory_bytes);
    if (child->selectors == NULL)
        return;
    memcpy(child->selectors, local, local_count * sizeof(*local));
    memcpy(child->selectors + local_count, remote, remote_count * sizeof(*remote));
    child->local_count = (uint16_t)local_count;
    child->remote_count = (uint16_t)remote_count;
}

void child_move(struct engine *engine, struct child_sa *child, struct ike_sa *to)
{
    struct ike_sa *from = ike_by_serial(engine, child->ike_serial);
    list_remove(&child->siblings);
    if (from != NULL)
        from->child_count--;
    list_append(&to->children, &child->siblings);
    to->child_count++;
    child->ike_serial = to->serial;
}

void child_destroy(struct engine *engine, struct child_sa *child)
{
    trace(engine, DEBUG_REFCNT, "Child SA #%llu of #%llu is freed with its %zu bytes",
          (unsigned long long)child->serial, (unsigned long long)child->ike_serial, child->memory_bytes);
    engine_timer_cancel(engine, &child->life_timer);
    engine_timer_cancel(engine, &child->switch_timer);
    lifecycle_child_is_going(engine, child); /* first: the policy moves to another in one step */
    child_uninstall(engine, child);
    if (child->quick != NULL)
        child_version(engine, child)->child_drop_parts(engine, child);
    hash_table_remove(&engine->child_by_serial, &child->by_serial);
    hash_table_remove(&engine->child_by_spi, &child->by_spi);
    list_remove(&child->all);
    list_remove(&child->siblings);
    list_remove(&child->of_connection);
    struct ike_sa *ike = ike_by_serial(engine, child->ike_serial);
    if (ike != NULL)
        ike->child_count--;
    child_drop_setup(engine, child);
    compression_drop_cpi(engine, child);
    free_selectors(engine, child);
    owned_clear(engine, &child->memory_bytes, &child->lowest_nonce);
    owned_clear(engine, &child->memory_bytes, &child->held_key);
    struct connection *connection = connection_by_serial(engine, child->connection_serial);
    bool had_cpu = child->has_cpu;
    engine_deallocate(engine, child, sizeof(*child), NULL);
    if (connection != NULL && had_cpu)
        per_cpu_follow(engine, connection);
    if (connection != NULL)
        connection_let_go(engine, connection);
}

/* The AH of a bundle has an SPI of its own. */
static bool has_peer_spi(const struct child_sa *child, uint8_t protocol, uint32_t spi)
{
    if (child->suite.protocol == protocol)
        return child->spi_out == spi;
    return protocol == PROTOCOL_AH && child->suite.ah_integ != NULL && child->ah_spi_out == spi;
}

struct child_sa *child_of_ike_by_peer_spi(const struct engine *engine, const struct ike_sa *ike,
                                          uint8_t protocol, uint32_t spi_out)
{
    (void)engine;
    LIST_EACH(&ike->children, node)
    {
        struct child_sa *child = CONTAINER_OF(node, struct child_sa, siblings);
        if (child->state != CHILD_STATE_LARVAL && has_peer_spi(child, protocol, spi_out))
            return child;
    }
    return NULL;
}
