/* Aggressive Mode as initiator: RFC 2409 5. Only a connection with aggressive=yes uses it. */
#include "engine/ikev1/initial_contact.h"
#include "engine/ikev1/nat_traversal.h"
#include "engine/ikev1/phase1_proof.h"
#include "engine/ikev1/vendor_ids.h"

/* The KE value goes with the offer: all suites offered must be of its group. */
static struct ikev1_offer offer_of(const struct ike_sa *ike, const struct connection *connection)
{
    return phase1_offer(connection, ike->v1->auth_method, ike->setup->ke);
}

void aggressive_mode_begin(struct engine *engine, struct ike_sa *ike)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    uint64_t client = ike->setup->client;
    ike->setup->ke = ikev1_first_group(connection->spec->ike_proposals);
    if (!phase1_is_signed(ike))
        say_ike(engine, RC_LOG_SERIOUS, ike, client,
                "IKEv1 Aggressive Mode with PSK is vulnerable to dictionary attacks and is cracked on large "
                "scale by "
                "TLA's");
    say_ike(engine, RC_LOG, ike, client, "initiating IKEv1 Aggressive Mode connection");
    if (ike->setup->ke == NULL || !phase1_submit_job(engine, ike, JOB_KE_GENERATE))
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "no key exchange method to begin with");
}

/* AI1: SA, KE, Ni, IDii and vendor ids. */
static void send_1(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct ikev1_offer offer = offer_of(ike, connection);
    uint8_t buffer[IKE_MESSAGE_MAX], body[IKE_MESSAGE_MAX], id[4 + IDENTITY_SIZE_MAX];
    struct writer writer = writer_of(body, sizeof(body));
    ikev1_offer_write(&writer, &offer);
    ike->setup->own = job->own;
    bool ok = !writer.overflowed &&
              owned_set(engine, &ike->memory_bytes, &ike->v1->sa_body, writer_bytes_so_far(&writer)) &&
              owned_set(engine, &ike->memory_bytes, &ike->setup->own_public,
                        bytes_of(job->own_public, ke_public_size(job->ke)));
    struct message_builder builder = ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_AGGRESSIVE, 0);
    message_build_body(&builder, ISAKMP_SA, owned_bytes(&ike->v1->sa_body));
    phase1_build_ke(ike, &builder);
    message_build_body(&builder, ISAKMP_ID, phase1_own_id(connection, id));
    vendor_ids_build(engine, ike, &builder);
    if (!ok || !ikev1_send_plain(engine, ike, &ike->v1->phase1, &builder, &ike->memory_bytes)) {
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "Aggressive Mode request could not be built");
        return;
    }
    phase1_say_sent(engine, ike, STATE_AGGR_I1);
    ikev1_arm_retransmit(engine, ike, &ike->v1->phase1, &ike->retransmit_timer);
}

/* AR1: SA, KE, Nr, IDir, HASH_R. The proof can only be checked when the shared secret is there. */
bool aggressive_mode_response(struct engine *engine, struct ike_sa *ike,
                              const struct ikev1_incoming *incoming)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    const struct ikev1_message *message = incoming->message;
    struct ikev1_offer offer = offer_of(ike, connection);
    struct ikev1_choice choice;
    struct error error;
    if (!ikev1_accept_answer(&offer, message->sa, &choice, &error) ||
        !phase1_take_ke(engine, ike, message, &error)) {
        say_ike(engine, RC_LOG_SERIOUS, ike, ike->setup->client,
                "ignoring unacceptable Aggressive Mode response: %s", error.text);
        return false;
    }
    memcpy(ike->spi_r, incoming->header->spi_r, IKE_SPI_SIZE);
    ike->suite = choice.suite;
    ike->v1->lifetime_seconds = choice.lifetime_seconds;
    vendor_ids_read(engine, ike, message);
    nat_traversal_read(engine, ike, incoming->path, message);
    engine_timer_cancel(engine, &ike->retransmit_timer);
    if (!owned_set(engine, &ike->memory_bytes, &ike->v1->id_body, message->ids[0].body) ||
        !owned_set(engine, &ike->memory_bytes, &ike->v1->peer_proof, phase1_proof_of(ike, message)) ||
        !phase1_submit_job(engine, ike, JOB_KE_DERIVE))
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "out of memory");
    return true;
}

static enum proof_step believe(struct engine *engine, struct ike_sa *ike, struct error *error)
{
    struct bytes body = owned_bytes(&ike->v1->id_body);
    struct ikev1_id id = {.kind = body.data[0],
                          .protocol = body.data[1],
                          .port = load_be16(body.data + 2),
                          .data = bytes_of(body.data + 4, body.size - 4),
                          .body = body};
    return phase1_believe(engine, ike, &id, owned_bytes(&ike->v1->peer_proof), error);
}

/* AI2, encrypted: proof, NAT-D. The responder does not answer it: nothing shows yet that it came. */
static void send_2(struct engine *engine, struct ike_sa *ike)
{
    uint8_t buffer[IKE_MESSAGE_MAX];
    struct message_builder builder = ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_AGGRESSIVE, 0);
    phase1_build_proof(ike, &builder);
    nat_traversal_build(engine, ike, &builder);
    initial_contact_say(engine, ike, &builder);
    nat_traversal_float(engine, ike);
    if (!ikev1_send_encrypted(engine, ike, &ike->v1->phase1, &builder, &ike->memory_bytes)) {
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "Aggressive Mode message could not be built");
        return;
    }
    ike->v1->is_unconfirmed = true;
    phase1_established(engine, ike, STATE_AGGR_I2, false);
}

static void prove(struct engine *engine, struct ike_sa *ike)
{
    struct error error;
    enum proof_step step = phase1_prove(engine, ike, &error);
    if (step == PROOF_FAILED)
        ike_fail_because(engine, ike, FAILURE_NO_SECRET, 0, RC_FATAL, "authentication failed: %s",
                         error.text);
    else if (step == PROOF_DONE)
        send_2(engine, ike);
}

static void take_keys(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    struct error error;
    enum proof_step step = PROOF_FAILED;
    if (phase1_make_keys(engine, ike, job, &error))
        step = believe(engine, ike, &error);
    if (step == PROOF_FAILED)
        phase1_fail_peer(engine, ike, &error);
    else if (step == PROOF_DONE)
        prove(engine, ike);
}

void aggressive_mode_initiator_job_done(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    if (job->kind == JOB_KE_GENERATE)
        send_1(engine, ike, job);
    else if (job->kind == JOB_VERIFY)
        prove(engine, ike);
    else if (job->kind == JOB_SIGN)
        send_2(engine, ike);
    else
        take_keys(engine, ike, job);
}
