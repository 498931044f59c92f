/* Exact accounting of what the engine owns: every byte counts for the engine and for the SA or connection it
 * serves. */
#include <stdlib.h>

#include "base/secret.h"
#include "engine/state.h"

void *engine_allocate(struct engine *engine, size_t size, size_t *owner_bytes)
{
    void *data = calloc(1, size);
    if (data == NULL)
        return NULL;
    engine->bytes_owned += size;
    if (owner_bytes != NULL)
        *owner_bytes += size;
    return data;
}

void engine_deallocate(struct engine *engine, void *data, size_t size, size_t *owner_bytes)
{
    if (data == NULL)
        return;
    engine->bytes_owned -= size;
    if (owner_bytes != NULL)
        *owner_bytes -= size;
    secret_free(data, size);
}

bool owned_set(struct engine *engine, size_t *owner_bytes, struct owned *owned, struct bytes value)
{
    owned_clear(engine, owner_bytes, owned);
    if (value.size == 0)
        return true;
    owned->data = engine_allocate(engine, value.size, owner_bytes);
    if (owned->data == NULL)
        return false;
    owned->size = value.size;
    memcpy(owned->data, value.data, value.size);
    return true;
}

void owned_clear(struct engine *engine, size_t *owner_bytes, struct owned *owned)
{
    engine_deallocate(engine, owned->data, owned->size, owner_bytes);
    *owned = (struct owned){0};
}

void identity_own(struct engine *engine, size_t *owner_bytes, struct identity *slot, struct identity value)
{
    engine->bytes_owned -= slot->size;
    *owner_bytes -= slot->size;
    identity_free(slot);
    *slot = value;
    engine->bytes_owned += slot->size;
    *owner_bytes += slot->size;
}
