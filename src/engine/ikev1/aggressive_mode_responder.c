/* Aggressive Mode as responder: RFC 2409 5. The connection and its secret are chosen by the peer's identity.
 */
#include "engine/ikev1/informational.h"
#include "engine/ikev1/nat_traversal.h"
#include "engine/ikev1/phase1_proof.h"
#include "engine/ikev1/vendor_ids.h"

/* AI1: SA, KE, Ni, IDii. */
void aggressive_mode_request(struct engine *engine, const struct ikev1_incoming *incoming)
{
    const struct ikev1_message *message = incoming->message;
    struct phase1_request request = {.incoming = incoming};
    struct error error;
    if (!phase1_choose(engine, &request, true))
        return;
    struct ike_sa *ike = phase1_make_responder(engine, &request, STATE_AGGR_R0);
    if (ike == NULL)
        return;
    bool ok = owned_set(engine, &ike->memory_bytes, &ike->v1->id_body, message->ids[0].body) &&
              owned_set(engine, &ike->memory_bytes, &ike->v1->transform,
                        request.choice.transforms[IKEV1_MEMBER_MAIN]);
    if (ok && (!phase1_responder_take_id(engine, ike, &message->ids[0], &error) ||
               !phase1_take_ke(engine, ike, message, &error))) {
        say_ike(engine, RC_LOG, ike, 0, "refusing Aggressive Mode with %s: %s",
                ikev1_notify_name((uint16_t)error.code), error.text);
        notify_stranger(engine, incoming, (uint16_t)error.code);
        ok = false;
    }
    if (!ok || !phase1_submit_job(engine, ike, JOB_KE_RESPOND)) {
        ike_destroy(engine, ike);
        return;
    }
    say_ike(engine, RC_LOG, ike, 0, "responding to Aggressive Mode");
}

/* AR1: SA, KE, Nr, IDir, proof, NAT-D and vendor ids. */
static void answer(struct engine *engine, struct ike_sa *ike)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct ikev1_offer offer = phase1_offer(connection, ike->v1->auth_method, NULL);
    struct ikev1_choice choice = {.suite = ike->suite};
    choice.transforms[IKEV1_MEMBER_MAIN] = owned_bytes(&ike->v1->transform);
    uint8_t buffer[IKE_MESSAGE_MAX], id[4 + IDENTITY_SIZE_MAX];
    struct message_builder builder = ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_AGGRESSIVE, 0);
    message_build_begin(&builder, ISAKMP_SA);
    ikev1_choice_write(&builder.writer, &offer, &choice);
    message_build_end(&builder);
    phase1_build_ke(ike, &builder);
    message_build_body(&builder, ISAKMP_ID, phase1_own_id(connection, id));
    phase1_build_proof(ike, &builder);
    nat_traversal_build(engine, ike, &builder);
    vendor_ids_build(engine, ike, &builder);
    if (ikev1_send_plain(engine, ike, &ike->v1->phase1, &builder, &ike->memory_bytes))
        ike->v1->state = STATE_AGGR_R1;
    else
        ike_destroy(engine, ike);
}

static void take_keys(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    struct error error;
    enum proof_step step = PROOF_FAILED;
    owned_set(engine, &ike->memory_bytes, &ike->setup->own_public,
              bytes_of(job->own_public, ke_public_size(job->ke)));
    if (phase1_make_keys(engine, ike, job, &error))
        step = phase1_prove(engine, ike, &error);
    if (step == PROOF_FAILED) {
        phase1_keep_refusal(engine, ike, &error);
        say_ike(engine, RC_LOG_SERIOUS, ike, 0, "refusing the peer: %s", error.text);
        ike_destroy(engine, ike);
    } else if (step == PROOF_DONE) {
        answer(engine, ike);
    }
}

static void finish(struct engine *engine, struct ike_sa *ike)
{
    owned_clear(engine, &ike->memory_bytes, &ike->v1->phase1.last_sent);
    phase1_established(engine, ike, STATE_AGGR_R2, ike->v1->says_initial_contact);
}

void aggressive_mode_responder_job_done(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    if (job->kind == JOB_VERIFY)
        finish(engine, ike);
    else if (job->kind == JOB_SIGN)
        answer(engine, ike);
    else
        take_keys(engine, ike, job);
}

/* AI2: proof, NAT-D; encrypted or not. */
bool aggressive_mode_confirmation(struct engine *engine, struct ike_sa *ike,
                                  const struct ikev1_incoming *incoming)
{
    const struct ikev1_message *message = incoming->message;
    struct error error;
    enum proof_step step = phase1_believe(engine, ike, NULL, phase1_proof_of(ike, message), &error);
    if (step == PROOF_FAILED) {
        phase1_refuse(engine, ike, incoming, &error);
        return true;
    }
    nat_traversal_read(engine, ike, incoming->path, message);
    ike->path = *incoming->path;
    ike->v1->says_initial_contact =
        incoming->was_encrypted && ikev1_find_notify(message, V1_INITIAL_CONTACT) != NULL;
    if (step == PROOF_DONE)
        finish(engine, ike);
    return true;
}
