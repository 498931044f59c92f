/* The last counters of a Child SA. */
#include "engine/farewell.h"

#include "engine/child_install.h"
#include "engine/client_batch.h"
#include "engine/count.h"
#include "engine/login.h"
#include "engine/sa.h"

#define FAREWELL_WAIT (1 * USEC_PER_SEC)

enum { NAME_SIZE = 512, CONNECTION_SIZE = 256, USER_SIZE = 256 };

struct farewell {
    struct hash_node by_child;
    uint64_t child_serial, ike_serial, client;
    struct sa_counters in, out; /* as last seen */
    struct engine_timer timer;
    char name[NAME_SIZE]; /* "west" #2 */
    char connection[CONNECTION_SIZE];
    char user[USER_SIZE]; /* who logged in; "": nobody */
    bool is_ah;
};

static struct farewell *find(const struct engine *engine, uint64_t child_serial)
{
    struct hash_node *node = hash_table_find(&engine->farewells, child_serial);
    return node ? CONTAINER_OF(node, struct farewell, by_child) : NULL;
}

static void forget(struct engine *engine, struct farewell *farewell)
{
    engine_timer_cancel(engine, &farewell->timer);
    hash_table_remove(&engine->farewells, &farewell->by_child);
    engine_deallocate(engine, farewell, sizeof(*farewell), NULL);
}

void farewell_begin(struct engine *engine, const struct child_sa *child)
{
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    if (engine->is_shutting_down || find(engine, child->serial) != NULL)
        return;
    struct farewell *farewell = engine_allocate(engine, sizeof(*farewell), NULL);
    if (farewell == NULL)
        return;
    struct text name = text_of(farewell->name, NAME_SIZE);
    struct text connection_name = text_of(farewell->connection, CONNECTION_SIZE);
    describe_child(&name, engine, child);
    text_add(&connection_name, "%s", connection->spec->name);
    const struct ike_sa *ike = ike_by_serial(engine, child->ike_serial);
    if (ike != NULL) {
        struct text user = text_of(farewell->user, USER_SIZE);
        text_add(&user, "%s", login_user(ike));
    }
    farewell->child_serial = child->serial;
    farewell->ike_serial = child->ike_serial;
    farewell->client = engine->watcher;
    farewell->in = child->in;
    farewell->out = child->out;
    farewell->is_ah = child->suite.protocol == PROTOCOL_AH;
    hash_table_insert(&engine->farewells, &farewell->by_child, child->serial);
    engine_timer_init(&farewell->timer, TIMER_FAREWELL, child->serial);
    engine_timer_arm(engine, &farewell->timer, engine_now(engine) + FAREWELL_WAIT);
    client_batch_expect_another(engine, farewell->client);
    child_query_last(engine, child);
}

static void tell(struct engine *engine, struct farewell *farewell)
{
    char line[NAME_SIZE + USER_SIZE + 128];
    struct text text = text_of(line, sizeof(line));
    uint64_t client = farewell->client;
    text_add(&text, "%s: %s traffic information: in=", farewell->name, farewell->is_ah ? "AH" : "ESP");
    text_add_bytes(&text, farewell->in.bytes);
    text_add(&text, " out=");
    text_add_bytes(&text, farewell->out.bytes);
    if (farewell->user[0] != '\0')
        text_add(&text, " XAUTHuser=%s", farewell->user);
    struct report report = {
        .code = RC_INFORMATIONAL,
        .client = client,
        .connection = farewell->connection,
        .ike_serial = farewell->ike_serial,
        .child_serial = farewell->child_serial,
        .text = line,
    };
    engine->env->report(engine->env->world, &report);
    const struct traffic traffic = {farewell->in.bytes, farewell->out.bytes};
    report = (struct report){
        .event = EVENT_CHILD_TRAFFIC,
        .connection = farewell->connection,
        .ike_serial = farewell->ike_serial,
        .child_serial = farewell->child_serial,
        .text = "",
        .counters = &traffic,
    };
    engine->env->report(engine->env->world, &report);
    forget(engine, farewell);
    finish_client(engine, client, 0);
}

/* Answers to earlier questions come too: they are no last word, but what they told is counted. */
void farewell_counters_came(struct engine *engine, const struct kernel_event *event)
{
    struct farewell *farewell = find(engine, event->child_serial);
    if (farewell == NULL)
        return;
    if (event->ok) {
        if (child_by_serial(engine, event->child_serial) == NULL)
            count_traffic(engine, &farewell->in, &farewell->out, event);
        farewell->in = event->in;
        farewell->out = event->out;
    }
    if (event->request_id == event->child_serial)
        tell(engine, farewell);
}

void farewell_is_due(struct engine *engine, uint64_t child_serial)
{
    struct farewell *farewell = find(engine, child_serial);
    if (farewell != NULL)
        tell(engine, farewell);
}

static void free_one(struct hash_node *node, void *engine)
{
    forget(engine, CONTAINER_OF(node, struct farewell, by_child));
}

void farewells_free(struct engine *engine)
{
    hash_table_each(&engine->farewells, free_one, engine);
}
