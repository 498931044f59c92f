/* See refusals.h. RFC 2408 5.1: what comes again is answered again. */
#include "engine/ikev1/refusals.h"

#include "engine/ikev1/fragmentation.h"

enum { REFUSALS_KEPT = 8 };

struct refusal {
    uint64_t request_hash;
    struct owned notification;
};

struct ikev1_refusals {
    struct refusal kept[REFUSALS_KEPT];
    unsigned oldest;
};

void refusal_keep(struct engine *engine, struct ike_sa *ike, uint64_t request_hash, struct owned notification)
{
    struct ikev1_refusals **refusals = &ike->v1->refusals;
    if (*refusals == NULL)
        *refusals = engine_allocate(engine, sizeof(**refusals), &ike->memory_bytes);
    if (*refusals == NULL) {
        owned_clear(engine, &ike->memory_bytes, &notification);
        return;
    }
    struct refusal *slot = &(*refusals)->kept[(*refusals)->oldest];
    (*refusals)->oldest = ((*refusals)->oldest + 1) % REFUSALS_KEPT;
    owned_clear(engine, &ike->memory_bytes, &slot->notification);
    *slot = (struct refusal){request_hash, notification};
}

bool refusal_repeat(struct engine *engine, const struct ike_sa *ike, uint64_t request_hash)
{
    const struct ikev1_refusals *refusals = ike->v1->refusals;
    for (unsigned i = 0; refusals != NULL && i < REFUSALS_KEPT; i++) {
        const struct refusal *refusal = &refusals->kept[i];
        if (refusal->notification.size != 0 && refusal->request_hash == request_hash) {
            ikev1_transmit(engine, ike, owned_bytes(&refusal->notification));
            return true;
        }
    }
    return false;
}

void refusals_drop(struct engine *engine, struct ike_sa *ike)
{
    struct ikev1_refusals *refusals = ike->v1->refusals;
    if (refusals == NULL)
        return;
    for (unsigned i = 0; i < REFUSALS_KEPT; i++)
        owned_clear(engine, &ike->memory_bytes, &refusals->kept[i].notification);
    engine_deallocate(engine, refusals, sizeof(*refusals), &ike->memory_bytes);
    ike->v1->refusals = NULL;
}
