/* What is counted when. */
#include "engine/count.h"

#include "engine/compression.h"
#include "engine/ike_trace.h"

#include "engine/sa.h"
#include "engine/version.h"

void count_one(struct engine *engine, enum counter_family_id family, unsigned number)
{
    statistics_add(&engine->statistics, family, number, 1);
}

static bool is_v1(const struct ike_sa *ike)
{
    return ike->version->number == 1;
}

void count_ike_started(struct engine *engine, const struct ike_sa *ike)
{
    count_one(engine, is_v1(ike) ? COUNT_IKEV1_IKE : COUNT_IKEV2_IKE, SA_STARTED);
}

static void count_ikev1_suite(struct engine *engine, const struct suite *suite)
{
    count_one(engine, COUNT_IKEV1_ENCR, suite->encr->ikev1_ike_id);
    if (suite->prf != NULL)
        count_one(engine, COUNT_IKEV1_INTEG, suite->prf->ikev1_ike_id);
    if (suite->ke != NULL)
        count_one(engine, COUNT_IKEV1_GROUP, suite->ke->ikev1_ike_id);
}

static void count_ikev2_suite(struct engine *engine, const struct suite *suite)
{
    count_one(engine, COUNT_IKEV2_ENCR, suite->encr->id);
    if (suite->integ != NULL)
        count_one(engine, COUNT_IKEV2_INTEG, suite->integ->id);
    if (suite->ke != NULL)
        count_one(engine, COUNT_IKEV2_GROUP, suite->ke->id);
}

void count_ike_established(struct engine *engine, const struct ike_sa *ike)
{
    count_one(engine, is_v1(ike) ? COUNT_IKEV1_IKE : COUNT_IKEV2_IKE, SA_ESTABLISHED);
    count_one(engine, is_v1(ike) ? COUNT_IKEV1 : COUNT_IKEV2, IKE_ESTABLISHED);
    if (ike->suite.encr == NULL)
        return;
    if (is_v1(ike))
        count_ikev1_suite(engine, &ike->suite);
    else
        count_ikev2_suite(engine, &ike->suite);
}

void count_ike_ended(struct engine *engine, const struct ike_sa *ike)
{
    bool was_up = ike->established_at != 0;
    count_one(engine, is_v1(ike) ? COUNT_IKEV1 : COUNT_IKEV2, was_up ? IKE_COMPLETED : IKE_FAILED);
    if (was_up)
        count_one(engine, is_v1(ike) ? COUNT_IKEV1_IKE : COUNT_IKEV2_IKE, SA_FINISHED);
}

static bool child_is_v1(const struct engine *engine, const struct child_sa *child)
{
    const struct ike_sa *ike = ike_by_serial(engine, child->ike_serial);
    return ike != NULL && is_v1(ike);
}

void count_child_started(struct engine *engine, const struct child_sa *child)
{
    count_one(engine, child_is_v1(engine, child) ? COUNT_IKEV1_CHILD : COUNT_IKEV2_CHILD, SA_STARTED);
}

/* No integrity algorithm of its own counts as NONE, as Libreswan names it for an AEAD. */
static void count_child_suite(struct engine *engine, const struct suite *suite, bool is_of_v1)
{
    if (suite->encr != NULL)
        count_one(engine, is_of_v1 ? COUNT_IKEV1_ESP_ENCR : COUNT_IKEV2_ESP_ENCR,
                  is_of_v1 ? suite->encr->ikev1_esp_id : suite->encr->id);
    unsigned integ = 0;
    if (suite->integ != NULL)
        integ = is_of_v1 ? suite->integ->ikev1_esp_id : suite->integ->id;
    count_one(engine, is_of_v1 ? COUNT_IKEV1_ESP_INTEG : COUNT_IKEV2_ESP_INTEG, integ);
}

void count_child_established(struct engine *engine, const struct child_sa *child)
{
    bool is_of_v1 = child_is_v1(engine, child);
    count_one(engine, is_of_v1 ? COUNT_IKEV1_CHILD : COUNT_IKEV2_CHILD, SA_ESTABLISHED);
    count_one(engine, COUNT_IPSEC_TYPE, IPSEC_ALL);
    count_one(engine, COUNT_IPSEC_TYPE, child->suite.protocol == PROTOCOL_AH ? IPSEC_AH : IPSEC_ESP);
    if (child->suite.ah_integ != NULL)
        count_one(engine, COUNT_IPSEC_TYPE, IPSEC_AH);
    if (child_compresses(child))
        count_one(engine, COUNT_IPSEC_TYPE, IPSEC_IPCOMP);
    if (child->suite.esn)
        count_one(engine, COUNT_IPSEC_TYPE, IPSEC_ESN);
    count_one(engine, COUNT_IPSEC_TYPE,
              child->udp_encapsulation ? IPSEC_ENCAPSULATED : IPSEC_NOT_ENCAPSULATED);
    count_child_suite(engine, &child->suite, is_of_v1);
}

void count_child_ended(struct engine *engine, const struct child_sa *child)
{
    if (child->established_at != 0)
        count_one(engine, child_is_v1(engine, child) ? COUNT_IKEV1_CHILD : COUNT_IKEV2_CHILD, SA_FINISHED);
}

static uint64_t growth(uint64_t before, uint64_t now)
{
    return now > before ? now - before : 0;
}

void count_traffic(struct engine *engine, const struct sa_counters *before_in,
                   const struct sa_counters *before_out, const struct kernel_event *now)
{
    statistics_add(&engine->statistics, COUNT_IPSEC_TRAFFIC, TRAFFIC_IN,
                   growth(before_in->bytes, now->in.bytes));
    statistics_add(&engine->statistics, COUNT_IPSEC_TRAFFIC, TRAFFIC_OUT,
                   growth(before_out->bytes, now->out.bytes));
}

static void count_notify(struct engine *engine, unsigned type, bool is_sent)
{
    bool is_status = type >= NOTIFY_FIRST_STATUS;
    if (is_sent)
        count_one(engine, is_status ? COUNT_IKEV2_SENT_STATUS : COUNT_IKEV2_SENT_ERRORS, type);
    else
        count_one(engine, is_status ? COUNT_IKEV2_RECEIVED_STATUS : COUNT_IKEV2_RECEIVED_ERRORS, type);
}

void count_sent(struct engine *engine, const struct message_builder *builder)
{
    for (size_t i = 0; i < builder->notify_count; i++)
        count_notify(engine, builder->notifies[i], true);
}

void count_received(struct engine *engine, const struct ikev2_message *message)
{
    for (size_t i = 0; i < message->notify_count; i++)
        count_notify(engine, message->notifies[i].type, false);
}

void count_invalid_ke(struct engine *engine, bool is_ours, unsigned used, unsigned wanted)
{
    count_one(engine, is_ours ? COUNT_SENT_INVALID_KE_USING : COUNT_RECEIVED_INVALID_KE_USING, used);
    count_one(engine, is_ours ? COUNT_SENT_INVALID_KE_SUGGESTING : COUNT_RECEIVED_INVALID_KE_SUGGESTING,
              wanted);
}

void engine_send_now(struct engine *engine, const struct path *path, struct bytes datagram)
{
    statistics_add(&engine->statistics, COUNT_IKE_TRAFFIC, TRAFFIC_OUT, datagram.size);
    trace_datagram(engine, path, true, datagram);
    engine->env->send(engine->env->world, path, datagram);
}

void engine_send(struct engine *engine, const struct path *path, struct bytes datagram)
{
    if (engine->impairments.has_any)
        impair_outbound(engine, path, datagram, engine_send_now);
    else
        engine_send_now(engine, path, datagram);
}
