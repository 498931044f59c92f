/* Rekeying of IKE SAs as responder: RFC 7296 1.3.2, 2.8.2, 2.25.2. */
#include "engine/count.h"
#include "engine/ikev2/rekey_ike.h"

#include "engine/lifecycle.h"
#include "engine/sa.h"

static void refuse(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                   uint16_t notify, const char *reason)
{
    say_ike(engine, RC_LOG, ike, 0, "refusing to rekey the IKE SA with %s: %s", ikev2_notify_name(notify),
            reason);
    exchange_answer_notify(engine, ike, incoming, notify, bytes_of(NULL, 0));
}

static void answer(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                   struct ike_sa *new)
{
    const struct job *job = incoming->job;
    uint8_t buffer[IKE_MESSAGE_MAX];
    struct message_builder builder = exchange_answer_start(ike, incoming, buffer, sizeof(buffer));
    message_build_begin(&builder, PAYLOAD_SA);
    suite_write(&builder.writer, &new->suite, bytes_of(new->spi_r, IKE_SPI_SIZE));
    message_build_end(&builder);
    message_build_body(&builder, PAYLOAD_NONCE, bytes_of(new->setup->nonce_r, new->setup->nonce_r_size));
    ikev2_build_ke(&builder, job->ke->id, bytes_of(job->own_public, ke_public_size(job->ke)));
    exchange_answer_finish(engine, ike, &builder);
    new->keys = job->keys;
    rekey_ike_establish(engine, ike, new, 0);
    struct ike_sa *ours =
        ike->current == TASK_REKEY_IKE ? ike_by_serial(engine, ike->current_ike_serial) : NULL;
    if (ours != NULL) { /* our own rekey is in flight: its answer decides (2.8.2) */
        ours->rival_serial = new->serial;
        new->undecided_old_serial = ike->serial;
        return;
    }
    rekey_ike_hand_over(engine, ike, new);
}

static void resume(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming)
{
    struct ike_sa *new = ike_by_serial(engine, ike->responding_ike_serial);
    ike->responding_ike_serial = 0;
    if (new != NULL && incoming->job->ok && ike->state == IKE_STATE_ESTABLISHED) {
        answer(engine, ike, incoming, new);
        return;
    }
    if (new != NULL)
        ike_destroy(engine, new);
    if (incoming->job->ok)
        refuse(engine, ike, incoming, TEMPORARY_FAILURE, "the IKE SA was taken down meanwhile");
    else
        refuse(engine, ike, incoming, INVALID_SYNTAX, "the key exchange value is not acceptable");
    exchange_next(engine, ike);
}

/* Takes the suite of the old IKE SA where it is offered, with the group that the peer has begun with. */
static bool keep_suite(const struct engine *engine, const struct ike_sa *ike,
                       const struct proposal_list *offered, uint16_t group, struct suite *ret_suite,
                       const struct proposal **ret_theirs)
{
    static const uint8_t zero[IKE_SPI_SIZE];
    struct suite_list room;
    struct proposal_offer same = {.list = &room.list, .spi = bytes_of(zero, sizeof(zero))};
    struct error error;
    return rekey_ike_keeps_suite(engine, ike, algorithm_by_id(TRANSFORM_KE, group), &room) &&
           proposals_select(&same, offered, group, ret_suite, ret_theirs, &error);
}

/* Chooses and makes the larval IKE SA; NULL after answering. */
static struct ike_sa *choose(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming)
{
    const struct ikev2_message *message = incoming->message;
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    static const uint8_t zero[IKE_SPI_SIZE];
    struct proposal_offer offer = {.list = connection->spec->ike_proposals,
                                   .spi = bytes_of(zero, sizeof(zero))};
    struct proposal_list *offered;
    const struct proposal *theirs;
    struct suite suite;
    struct error error = {0};
    offered = proposals_read(message->sa, incoming->arena, &error);
    if (offered == NULL || (!keep_suite(engine, ike, offered, message->ke_group, &suite, &theirs) &&
                            !proposals_select(&offer, offered, message->ke_group, &suite, &theirs, &error))) {
        refuse(engine, ike, incoming, NO_PROPOSAL_CHOSEN, error.text);
        return NULL;
    }
    if (theirs->spi_size != IKE_SPI_SIZE || memcmp(theirs->spi, zero, IKE_SPI_SIZE) == 0) {
        refuse(engine, ike, incoming, INVALID_SYNTAX, "the accepted proposal carries no usable SPI");
        return NULL;
    }
    if (message->ke_group == suite.ke->id && message->ke_data.size != ke_public_size(suite.ke)) {
        refuse(engine, ike, incoming, INVALID_SYNTAX, "the key exchange value is not of its group's size");
        return NULL;
    }
    if (message->ke_group != suite.ke->id) {
        uint8_t group[2];
        store_be16(group, suite.ke->id);
        count_invalid_ke(engine, true, message->ke_group, suite.ke->id);
        exchange_answer_notify(engine, ike, incoming, INVALID_KE_PAYLOAD, bytes_of(group, sizeof(group)));
        return NULL;
    }
    struct ike_sa *new = rekey_ike_make_larval(engine, ike, false);
    if (new == NULL) {
        refuse(engine, ike, incoming, NO_ADDITIONAL_SAS, "out of memory");
        return NULL;
    }
    new->suite = suite;
    memcpy(new->spi_i, theirs->spi, IKE_SPI_SIZE);
    new->setup->ke = suite.ke;
    new->setup->nonce_i_size = message->nonce.size;
    memcpy(new->setup->nonce_i, message->nonce.data, message->nonce.size);
    new->setup->nonce_r_size = NONCE_SIZE;
    engine_random(engine, new->setup->nonce_r, NONCE_SIZE);
    return new;
}

static bool is_busy_with_children(const struct ike_sa *ike)
{
    return ike->current == TASK_CREATE_CHILD || ike->current == TASK_REKEY_CHILD ||
           ike->current == TASK_DELETE_CHILD;
}

void rekey_ike_request(struct engine *engine, struct ike_sa *ike, struct incoming *incoming)
{
    const struct ikev2_message *message = incoming->message;
    if (incoming->job != NULL) {
        resume(engine, ike, incoming);
        return;
    }
    if (ike->state != IKE_STATE_ESTABLISHED || is_busy_with_children(ike) ||
        ike->current == TASK_DELETE_IKE) {
        refuse(engine, ike, incoming, TEMPORARY_FAILURE, "an exchange of ours stands in the way");
        return;
    }
    if (!ikev2_has(message, PAYLOAD_SA) || !ikev2_has(message, PAYLOAD_NONCE) ||
        !ikev2_has(message, PAYLOAD_KE)) {
        refuse(engine, ike, incoming, INVALID_SYNTAX, "SA, Nonce or KE is missing, or TSi");
        return;
    }
    struct ike_sa *new = choose(engine, ike, incoming);
    if (new == NULL)
        return;
    struct job *job = rekey_ike_key_job(engine, ike, new, JOB_KE_RESPOND, message->ke_data);
    if (job == NULL) {
        ike_destroy(engine, new);
        refuse(engine, ike, incoming, NO_ADDITIONAL_SAS, "out of memory");
        return;
    }
    ike->responding_ike_serial = new->serial;
    exchange_suspend(engine, ike, 0, incoming, job);
}
