/* Main Mode as initiator: RFC 2409 5, RFC 2408 4.5. */
#include "engine/ikev1/initial_contact.h"
#include "engine/ikev1/nat_traversal.h"
#include "engine/ikev1/phase1_proof.h"
#include "engine/ikev1/vendor_ids.h"

static void send(struct engine *engine, struct ike_sa *ike, struct message_builder *builder,
                 bool is_encrypted, enum ikev1_state state)
{
    struct ikev1_exchange *exchange = &ike->v1->phase1;
    bool ok = is_encrypted ? ikev1_send_encrypted(engine, ike, exchange, builder, &ike->memory_bytes)
                           : ikev1_send_plain(engine, ike, exchange, builder, &ike->memory_bytes);
    if (!ok) {
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "Main Mode message could not be built");
        return;
    }
    phase1_say_sent(engine, ike, state);
    ikev1_arm_retransmit(engine, ike, exchange, &ike->retransmit_timer);
}

/* MI1: SA and vendor ids. */
void main_mode_begin(struct engine *engine, struct ike_sa *ike)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct ikev1_offer offer = phase1_offer(connection, ike->v1->auth_method, NULL);
    uint8_t buffer[IKE_MESSAGE_MAX], body[IKE_MESSAGE_MAX];
    struct writer writer = writer_of(body, sizeof(body));
    ikev1_offer_write(&writer, &offer);
    say_ike(engine, RC_LOG, ike, ike->setup->client, "initiating IKEv1 Main Mode connection");
    if (writer.overflowed ||
        !owned_set(engine, &ike->memory_bytes, &ike->v1->sa_body, writer_bytes_so_far(&writer))) {
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "Main Mode request could not be built");
        return;
    }
    struct message_builder builder = ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_MAIN, 0);
    message_build_body(&builder, ISAKMP_SA, owned_bytes(&ike->v1->sa_body));
    vendor_ids_build(engine, ike, &builder);
    send(engine, ike, &builder, false, STATE_MAIN_I1);
}

/* MR1: the responder's choice. */
bool main_mode_response_1(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct ikev1_offer offer = phase1_offer(connection, ike->v1->auth_method, NULL);
    struct ikev1_choice choice;
    struct error error;
    if (!ikev1_accept_answer(&offer, incoming->message->sa, &choice, &error)) {
        say_ike(engine, RC_LOG_SERIOUS, ike, ike->setup->client, "ignoring unacceptable Main Mode R1: %s",
                error.text);
        return false;
    }
    memcpy(ike->spi_r, incoming->header->spi_r, IKE_SPI_SIZE);
    ike->suite = choice.suite;
    ike->setup->ke = choice.suite.ke;
    ike->v1->lifetime_seconds = choice.lifetime_seconds;
    vendor_ids_read(engine, ike, incoming->message);
    engine_timer_cancel(engine, &ike->retransmit_timer);
    if (!phase1_submit_job(engine, ike, JOB_KE_GENERATE))
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "out of memory");
    return true;
}

/* MI2: KE, nonce, NAT-D. */
static void send_2(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    uint8_t buffer[IKE_MESSAGE_MAX];
    ike->setup->own = job->own;
    owned_set(engine, &ike->memory_bytes, &ike->setup->own_public,
              bytes_of(job->own_public, ke_public_size(job->ke)));
    struct message_builder builder = ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_MAIN, 0);
    phase1_build_ke(ike, &builder);
    nat_traversal_build(engine, ike, &builder);
    send(engine, ike, &builder, false, STATE_MAIN_I2);
}

bool main_mode_response_2(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming)
{
    struct error error;
    if (!phase1_take_ke(engine, ike, incoming->message, &error)) {
        say_ike(engine, RC_LOG_SERIOUS, ike, ike->setup->client, "ignoring unacceptable Main Mode R2: %s",
                error.text);
        return false;
    }
    nat_traversal_read(engine, ike, incoming->path, incoming->message);
    engine_timer_cancel(engine, &ike->retransmit_timer);
    if (!phase1_submit_job(engine, ike, JOB_KE_DERIVE))
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "out of memory");
    return true;
}

/* MI3, encrypted: identity and proof. */
static void send_3(struct engine *engine, struct ike_sa *ike)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    uint8_t buffer[IKE_MESSAGE_MAX], id[4 + IDENTITY_SIZE_MAX];
    nat_traversal_float(engine, ike);
    ike->state = IKE_STATE_AUTH_SENT;
    struct message_builder builder = ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_MAIN, 0);
    message_build_body(&builder, ISAKMP_ID, phase1_own_id(connection, id));
    phase1_build_proof(ike, &builder);
    initial_contact_say(engine, ike, &builder);
    send(engine, ike, &builder, true, STATE_MAIN_I3);
}

static void take_keys(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    struct error error;
    enum proof_step step = PROOF_FAILED;
    if (phase1_make_keys(engine, ike, job, &error))
        step = phase1_prove(engine, ike, &error);
    if (step == PROOF_FAILED)
        ike_fail_because(engine, ike, FAILURE_NO_SECRET, 0, RC_FATAL, "authentication failed: %s",
                         error.text);
    else if (step == PROOF_DONE)
        send_3(engine, ike);
}

static void finish(struct engine *engine, struct ike_sa *ike)
{
    owned_clear(engine, &ike->memory_bytes, &ike->v1->phase1.last_sent); /* MR3 wants no answer */
    phase1_established(engine, ike, STATE_MAIN_I4, false);
}

/* MR3, encrypted: the responder's identity and proof. */
bool main_mode_response_3(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming)
{
    const struct ikev1_message *message = incoming->message;
    struct error error;
    engine_timer_cancel(engine, &ike->retransmit_timer);
    switch (phase1_believe(engine, ike, &message->ids[0], phase1_proof_of(ike, message), &error)) {
    case PROOF_FAILED:
        phase1_fail_peer(engine, ike, &error);
        break;
    case PROOF_DONE:
        finish(engine, ike);
        break;
    case PROOF_WAITS:
        break;
    }
    return true;
}

void main_mode_initiator_job_done(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    if (job->kind == JOB_VERIFY)
        finish(engine, ike);
    else if (job->kind == JOB_SIGN)
        send_3(engine, ike);
    else if (ike->v1->state == STATE_MAIN_I1)
        send_2(engine, ike, job);
    else if (ike->v1->state == STATE_MAIN_I2)
        take_keys(engine, ike, job);
}
