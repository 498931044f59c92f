/* Main Mode as responder: RFC 2409 5. Before the peer is proved, nothing is sent but answers to its messages.
 */
#include "engine/ikev1/nat_traversal.h"
#include "engine/ikev1/phase1_proof.h"
#include "engine/ikev1/vendor_ids.h"

static void say_sent(struct engine *engine, struct ike_sa *ike, enum ikev1_state state)
{
    ike->v1->state = state;
    trace_ike(engine, ike, DEBUG_BASE, "#%llu: %s", (unsigned long long)ike->serial,
              ikev1_state_story(state));
}

/* MI1: SA and vendor ids. MR1: the choice. */
void main_mode_request_1(struct engine *engine, const struct ikev1_incoming *incoming)
{
    struct phase1_request request = {.incoming = incoming};
    uint8_t buffer[IKE_MESSAGE_MAX];
    if (!phase1_choose(engine, &request, false))
        return;
    struct ike_sa *ike = phase1_make_responder(engine, &request, STATE_MAIN_R0);
    if (ike == NULL)
        return;
    struct ikev1_offer offer =
        phase1_offer(connection_by_serial(engine, ike->connection_serial), ike->v1->auth_method, NULL);
    struct message_builder builder = ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_MAIN, 0);
    message_build_begin(&builder, ISAKMP_SA);
    ikev1_choice_write(&builder.writer, &offer, &request.choice);
    message_build_end(&builder);
    vendor_ids_build(engine, ike, &builder);
    if (!ikev1_send_plain(engine, ike, &ike->v1->phase1, &builder, &ike->memory_bytes)) {
        ike_destroy(engine, ike);
        return;
    }
    say_ike(engine, RC_LOG, ike, 0, "responding to Main Mode");
    say_sent(engine, ike, STATE_MAIN_R1);
}

/* MI2: KE, nonce, NAT-D. */
bool main_mode_request_2(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming)
{
    struct error error;
    if (!phase1_take_ke(engine, ike, incoming->message, &error)) {
        say_ike(engine, RC_LOG, ike, 0, "ignoring unacceptable Main Mode I2: %s", error.text);
        return false;
    }
    nat_traversal_read(engine, ike, incoming->path, incoming->message);
    if (!phase1_submit_job(engine, ike, JOB_KE_RESPOND))
        ike_destroy(engine, ike);
    return true;
}

/* MR2: KE, nonce, NAT-D. */
static void send_2(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    uint8_t buffer[IKE_MESSAGE_MAX];
    struct error error;
    if (ike->v1->state != STATE_MAIN_R1)
        return;
    owned_set(engine, &ike->memory_bytes, &ike->setup->own_public,
              bytes_of(job->own_public, ke_public_size(job->ke)));
    if (!phase1_make_keys(engine, ike, job, &error)) {
        phase1_keep_refusal(engine, ike, &error);
        say_ike(engine, RC_LOG_SERIOUS, ike, 0, "refusing the peer: %s", error.text);
        ike_destroy(engine, ike);
        return;
    }
    struct message_builder builder = ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_MAIN, 0);
    phase1_build_ke(ike, &builder);
    nat_traversal_build(engine, ike, &builder);
    if (!is_impaired(engine, IMPAIR_SEND_NO_MAIN_R2) &&
        ikev1_send_plain(engine, ike, &ike->v1->phase1, &builder, &ike->memory_bytes))
        say_sent(engine, ike, STATE_MAIN_R2);
}

/* MR3: our identity and proof. */
static void send_3(struct engine *engine, struct ike_sa *ike)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    uint8_t buffer[IKE_MESSAGE_MAX], id[4 + IDENTITY_SIZE_MAX];
    struct message_builder builder = ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_MAIN, 0);
    message_build_body(&builder, ISAKMP_ID, phase1_own_id(connection, id));
    phase1_build_proof(ike, &builder);
    if (ikev1_send_encrypted(engine, ike, &ike->v1->phase1, &builder, &ike->memory_bytes))
        phase1_established(engine, ike, STATE_MAIN_R3, ike->v1->says_initial_contact);
    else
        ike_destroy(engine, ike);
}

static void prove(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming)
{
    struct error error;
    enum proof_step step = phase1_prove(engine, ike, &error);
    if (step == PROOF_FAILED)
        phase1_refuse(engine, ike, incoming, &error);
    else if (step == PROOF_DONE)
        send_3(engine, ike);
}

/* MI3, encrypted: identity and proof. */
bool main_mode_request_3(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming)
{
    const struct ikev1_message *message = incoming->message;
    struct error error;
    ike->v1->says_initial_contact = ikev1_find_notify(message, V1_INITIAL_CONTACT) != NULL;
    enum proof_step step =
        phase1_believe(engine, ike, &message->ids[0], phase1_proof_of(ike, message), &error);
    if (step == PROOF_FAILED) {
        phase1_refuse(engine, ike, incoming, &error);
        return true;
    }
    ike->path = *incoming->path; /* an initiator that found a NAT now speaks from and to port 4500 */
    if (step == PROOF_DONE)
        prove(engine, ike, incoming);
    return true;
}

void main_mode_responder_job_done(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    if (job->kind == JOB_VERIFY)
        prove(engine, ike, NULL);
    else if (job->kind == JOB_SIGN)
        send_3(engine, ike);
    else
        send_2(engine, ike, job);
}
