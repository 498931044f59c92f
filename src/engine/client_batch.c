#include "engine/client_batch.h"

struct client_batch {
    struct hash_node by_client;
    uint64_t client;
    size_t left;
    int code;
};

/* whack(8): the exit status is the first number from 20 to 99. */
static bool makes_exit_status(int code)
{
    return code >= 20 && code < 100;
}

static struct client_batch *find(const struct engine *engine, uint64_t client)
{
    struct hash_node *node = client ? hash_table_find(&engine->batches, client) : NULL;
    return node ? CONTAINER_OF(node, struct client_batch, by_client) : NULL;
}

static void end(struct engine *engine, struct client_batch *batch)
{
    hash_table_remove(&engine->batches, &batch->by_client);
    engine_deallocate(engine, batch, sizeof(*batch), NULL);
}

void client_batch_expect(struct engine *engine, uint64_t client, size_t count)
{
    struct client_batch *batch =
        client != 0 && count > 1 ? engine_allocate(engine, sizeof(*batch), NULL) : NULL;
    if (batch == NULL)
        return;
    batch->client = client;
    batch->left = count;
    hash_table_insert(&engine->batches, &batch->by_client, client);
}

void client_batch_expect_another(struct engine *engine, uint64_t client)
{
    struct client_batch *batch = find(engine, client);
    if (batch != NULL)
        batch->left++;
    else
        client_batch_expect(engine, client, 2);
}

bool client_batch_part_ended(struct engine *engine, uint64_t client, int *code)
{
    struct client_batch *batch = find(engine, client);
    if (batch == NULL)
        return true;
    if (!makes_exit_status(batch->code))
        batch->code = *code;
    *code = batch->code;
    if (--batch->left > 0)
        return false;
    end(engine, batch);
    return true;
}

void client_batch_forget(struct engine *engine, uint64_t client)
{
    struct client_batch *batch = find(engine, client);
    if (batch != NULL)
        end(engine, batch);
}

static void free_batch(struct hash_node *node, void *engine)
{
    end(engine, CONTAINER_OF(node, struct client_batch, by_client));
}

void client_batches_free(struct engine *engine)
{
    hash_table_each(&engine->batches, free_batch, engine);
}
