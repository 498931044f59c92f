/* IKEv1's parts of SAs: their birth and death. */
#include "base/secret.h"
#include "engine/ikev1/exchange.h"
#include "engine/ikev1/fragmentation.h"
#include "engine/ikev1/refusals.h"
#include "engine/ikev1/transaction.h"
#include "engine/ikev1/xauth.h"

bool ikev1_sa_make(struct engine *engine, struct ike_sa *ike)
{
    ike->v1 = engine_allocate(engine, sizeof(*ike->v1), &ike->memory_bytes);
    if (ike->v1 == NULL || !ike_make_setup(engine, ike))
        return false;
    list_init(&ike->v1->quicks);
    list_init(&ike->v1->transactions);
    ike->v1->auth_method = OAKLEY_PRESHARED_KEY;
    return true;
}

void ikev1_sa_free(struct engine *engine, struct ike_sa *ike)
{
    struct ikev1_sa *v1 = ike->v1;
    if (v1 == NULL)
        return;
    fragments_drop(engine, ike);
    refusals_drop(engine, ike);
    transactions_drop(engine, ike);
    xauth_drop(engine, ike);
    ikev1_forget_message_ids(engine, ike);
    owned_clear(engine, &ike->memory_bytes, &v1->sa_body);
    owned_clear(engine, &ike->memory_bytes, &v1->id_body);
    owned_clear(engine, &ike->memory_bytes, &v1->peer_proof);
    owned_clear(engine, &ike->memory_bytes, &v1->own_proof);
    owned_clear(engine, &ike->memory_bytes, &v1->transform);
    owned_clear(engine, &ike->memory_bytes, &v1->phase1.last_sent);
    engine_deallocate(engine, v1, sizeof(*v1), &ike->memory_bytes);
    ike->v1 = NULL;
}

struct quick_mode *quick_make(struct engine *engine, struct ike_sa *ike, struct child_sa *child,
                              bool is_initiator, uint32_t message_id)
{
    struct quick_mode *quick = engine_allocate(engine, sizeof(*quick), &child->memory_bytes);
    if (quick == NULL)
        return NULL;
    quick->child = child;
    quick->is_initiator = quick->is_asking = child->we_initiated = is_initiator;
    quick->state = is_initiator ? STATE_QUICK_I1 : STATE_QUICK_R0;
    engine_timer_init(&quick->retransmit_timer, TIMER_CHILD_RETRANSMIT, child->serial);
    list_append(&ike->v1->quicks, &quick->node);
    ike->v1->quick_count++;
    ike->v1->quick_asking_count += is_initiator;
    child->quick = quick;
    ikev1_exchange_begin(ike, &quick->exchange, message_id);
    return quick;
}

void quick_drop_inputs(struct engine *engine, struct quick_mode *quick)
{
    size_t *bytes = &quick->child->memory_bytes;
    owned_clear(engine, bytes, &quick->peer_nonce);
    owned_clear(engine, bytes, &quick->own_public);
    owned_clear(engine, bytes, &quick->peer_public);
    for (size_t i = 0; i < IKEV1_MEMBERS; i++)
        owned_clear(engine, bytes, &quick->transforms[i]);
    quick->job_id = 0;
}

void quick_has_asked(struct engine *engine, struct quick_mode *quick)
{
    struct ike_sa *ike = ike_by_serial(engine, quick->child->ike_serial);
    if (!quick->is_asking || ike == NULL || ike->v1 == NULL)
        return;
    quick->is_asking = false;
    ike->v1->quick_asking_count--;
    if (!list_is_empty(&ike->tasks))
        engine_timer_arm(engine, &ike->retry_timer, engine_now(engine));
}

void quick_drop(struct engine *engine, struct child_sa *child)
{
    struct quick_mode *quick = child->quick;
    struct ike_sa *ike = ike_by_serial(engine, child->ike_serial);
    if (quick == NULL)
        return;
    engine_timer_cancel(engine, &quick->retransmit_timer);
    quick_has_asked(engine, quick);
    quick_drop_inputs(engine, quick);
    owned_clear(engine, &child->memory_bytes, &quick->exchange.last_sent);
    list_remove(&quick->node);
    if (ike != NULL && ike->v1 != NULL)
        ike->v1->quick_count--;
    engine_deallocate(engine, quick, sizeof(*quick), &child->memory_bytes);
    child->quick = NULL;
}

struct quick_mode *quick_by_message_id(const struct ike_sa *ike, uint32_t message_id)
{
    LIST_EACH(&ike->v1->quicks, node)
    {
        struct quick_mode *quick = CONTAINER_OF(node, struct quick_mode, node);
        if (quick->exchange.message_id == message_id)
            return quick;
    }
    return NULL;
}
