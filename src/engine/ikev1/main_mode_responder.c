/* Main Mode as responder: RFC 2409 5. Before the peer is proved, nothing is sent but answers to its messages.
 */
#include "base/secret.h"
#include "engine/ikev1/informational.h"
#include "engine/ikev1/nat_traversal.h"
#include "engine/ikev1/phase1.h"
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
        phase1_offer(connection_by_serial(engine, ike->connection_serial), false, NULL);
    struct ikev1_builder builder = ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_MAIN, 0);
    ikev1_build_begin(&builder, ISAKMP_SA);
    ikev1_choice_write(&builder.writer, &offer, &request.choice);
    ikev1_build_end(&builder);
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
void main_mode_responder_job_done(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    uint8_t buffer[IKE_MESSAGE_MAX];
    struct error error;
    if (ike->v1->state != STATE_MAIN_R1)
        return;
    owned_set(engine, &ike->memory_bytes, &ike->setup->own_public,
              bytes_of(job->own_public, ke_public_size(job->ke)));
    if (!phase1_make_keys(engine, ike, job, &error)) {
        say_ike(engine, RC_LOG_SERIOUS, ike, 0, "refusing the peer: %s", error.text);
        ike_destroy(engine, ike);
        return;
    }
    struct ikev1_builder builder = ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_MAIN, 0);
    phase1_build_ke(ike, &builder);
    nat_traversal_build(engine, ike, &builder);
    if (ikev1_send_plain(engine, ike, &ike->v1->phase1, &builder, &ike->memory_bytes))
        say_sent(engine, ike, STATE_MAIN_R2);
}

static void refuse(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming,
                   const struct error *error)
{
    say_ike(engine, RC_LOG_SERIOUS, ike, 0, "refusing the peer with %s: %s",
            ikev1_notify_name((uint16_t)error->code), error->text);
    notify_stranger(engine, incoming, (uint16_t)error->code);
    ike_destroy(engine, ike);
}

/* MI3, encrypted: identity and proof. MR3: ours. */
bool main_mode_request_3(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming)
{
    const struct ikev1_message *message = incoming->message;
    uint8_t buffer[IKE_MESSAGE_MAX], id[4 + IDENTITY_SIZE_MAX], hash[PRF_OUTPUT_MAX];
    struct error error;
    if (!phase1_check_peer(ike, message, &error) ||
        !phase1_responder_take_id(engine, ike, &message->ids[0], &error)) {
        refuse(engine, ike, incoming, &error);
        return true;
    }
    ike->path = *incoming->path; /* an initiator that found a NAT now speaks from and to port 4500 */
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct bytes id_body = phase1_own_id(connection, id);
    struct ikev1_builder builder = ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_MAIN, 0);
    ikev1_build_body(&builder, ISAKMP_ID, id_body);
    bool ok = phase1_hash(ike, false, id_body, hash);
    ikev1_build_body(&builder, ISAKMP_HASH, bytes_of(hash, ike->suite.prf->output_size));
    secret_wipe(hash, sizeof(hash));
    if (!ok || !ikev1_send_encrypted(engine, ike, &ike->v1->phase1, &builder, &ike->memory_bytes)) {
        ike_destroy(engine, ike);
        return true;
    }
    phase1_established(engine, ike, STATE_MAIN_R3, ikev1_find_notify(message, V1_INITIAL_CONTACT) != NULL);
    return true;
}
