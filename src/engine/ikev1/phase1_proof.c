/* HASH and SIG payloads of phase 1. See phase1_proof.h. */
#include "engine/ikev1/phase1_proof.h"

#include "base/secret.h"
#include "engine/auth_keys.h"
#include "engine/connection.h"
#include "engine/ikev1/informational.h"
#include "engine/ikev1/xauth.h"

/* ---- the method ---- */

size_t phase1_methods(const struct connection *connection, uint16_t out[static PHASE1_METHODS_MAX])
{
    size_t count = 0;
    if ((connection->local_end->auth & AUTH_RSASIG) != 0)
        out[count++] = OAKLEY_RSA_SIGNATURE;
    if ((connection->local_end->auth & AUTH_PSK) != 0)
        out[count++] = OAKLEY_PRESHARED_KEY;
    return count;
}

uint16_t phase1_own_method(const struct engine *engine, const struct connection *connection)
{
    uint16_t methods[PHASE1_METHODS_MAX];
    size_t count = phase1_methods(connection, methods);
    bool has_key = count < 2 || auth_private_key(engine, connection, AUTH_RSASIG, NULL) != NULL;
    return count == 0 ? OAKLEY_PRESHARED_KEY : methods[has_key ? 0 : count - 1];
}

bool phase1_is_signed(const struct ike_sa *ike)
{
    return xauth_plain_method(ike->v1->auth_method) == OAKLEY_RSA_SIGNATURE;
}

unsigned phase1_auth_methods(const struct ike_sa *ike)
{
    return phase1_is_signed(ike) ? AUTH_RSASIG : AUTH_PSK;
}

static const struct signature_algorithm *bare_rsa(void)
{
    return signature_algorithm_of(KEY_RSA, SIGNATURE_PKCS1_BARE, SIGNATURE_HASH_NONE, CURVE_NONE);
}

/* ---- hashes ---- */

/* HASH_I or HASH_R over this ID payload's body. */
static bool make_hash(const struct ike_sa *ike, bool of_initiator, struct bytes id_body, uint8_t *out)
{
    const struct ike_setup *setup = ike->setup;
    bool is_ours = of_initiator == ike->is_initiator;
    struct bytes own = owned_bytes(&setup->own_public), peer = owned_bytes(&setup->peer_public);
    struct ikev1_auth_inputs inputs = {
        .own_public = is_ours ? own : peer,
        .peer_public = is_ours ? peer : own,
        .own_cookie = of_initiator ? ike->spi_i : ike->spi_r,
        .peer_cookie = of_initiator ? ike->spi_r : ike->spi_i,
        .sa_body = owned_bytes(&ike->v1->sa_body),
        .id_body = id_body,
    };
    return ikev1_auth_hash(ike->suite.prf, ike->v1->keys.skeyid, &inputs, out);
}

static enum proof_step submit(struct engine *engine, struct ike_sa *ike, struct job *job, struct error *error)
{
    if (job == NULL) {
        error_set(error, V1_AUTHENTICATION_FAILED, "out of memory");
        return PROOF_FAILED;
    }
    ike->setup->job_id = job->job_id;
    engine->env->submit_job(engine->env->world, job);
    return PROOF_WAITS;
}

/* ---- ours ---- */

static enum proof_step sign(struct engine *engine, struct ike_sa *ike, struct bytes hash, struct error *error)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    const struct private_key *key = auth_private_key(engine, connection, AUTH_RSASIG, error);
    if (key != NULL)
        return submit(engine, ike, auth_sign_job(engine, ike, bare_rsa(), key, &hash, 1), error);
    error->code = V1_AUTHENTICATION_FAILED;
    return PROOF_FAILED;
}

enum proof_step phase1_prove(struct engine *engine, struct ike_sa *ike, struct error *error)
{
    uint8_t id[4 + IDENTITY_SIZE_MAX], hash[PRF_OUTPUT_MAX];
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct bytes made = bytes_of(hash, ike->suite.prf->output_size);
    error_set(error, V1_AUTHENTICATION_FAILED, "our proof could not be made");
    if (!make_hash(ike, ike->is_initiator, phase1_own_id(connection, id), hash))
        return PROOF_FAILED;
    if (phase1_is_signed(ike))
        return sign(engine, ike, made, error);
    bool is_kept = owned_set(engine, &ike->memory_bytes, &ike->v1->own_proof, made);
    secret_wipe(hash, sizeof(hash));
    return is_kept ? PROOF_DONE : PROOF_FAILED;
}

void phase1_build_proof(const struct ike_sa *ike, struct message_builder *builder)
{
    message_build_body(builder, phase1_is_signed(ike) ? ISAKMP_SIGNATURE : ISAKMP_HASH,
                       owned_bytes(&ike->v1->own_proof));
}

/* ---- the peer's ---- */

struct bytes phase1_proof_of(const struct ike_sa *ike, const struct ikev1_message *message)
{
    return phase1_is_signed(ike) ? message->signature : message->hash;
}

static enum proof_step verify(struct engine *engine, struct ike_sa *ike, struct bytes id_body,
                              struct bytes signature, struct error *error)
{
    uint8_t hash[PRF_OUTPUT_MAX];
    const struct public_key *keys[SIGNATURE_KEYS_MAX];
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct bytes parts[] = {bytes_of(hash, ike->suite.prf->output_size)};
    size_t count = auth_public_keys(engine, connection, &ike->remote_id, KEY_RSA, keys, error);
    error->code = V1_AUTHENTICATION_FAILED;
    if (count == 0 || !make_hash(ike, !ike->is_initiator, id_body, hash))
        return PROOF_FAILED;
    return submit(engine, ike, auth_verify_job(engine, ike, bare_rsa(), keys, count, parts, 1, signature),
                  error);
}

static enum proof_step check_hash(const struct ike_sa *ike, struct bytes id_body, struct bytes proof,
                                  struct error *error)
{
    uint8_t expected[PRF_OUTPUT_MAX];
    size_t size = ike->suite.prf->output_size;
    bool ok = make_hash(ike, !ike->is_initiator, id_body, expected) && proof.size == size &&
              secret_equal(proof.data, expected, size);
    secret_wipe(expected, sizeof(expected));
    if (ok)
        return PROOF_DONE;
    error_set(error, V1_INVALID_HASH_INFORMATION,
              "received Hash Payload does not match computed value: the pre-shared keys differ");
    return PROOF_FAILED;
}

static bool take_id(struct engine *engine, struct ike_sa *ike, const struct ikev1_id *id, struct error *error)
{
    return ike->is_initiator ? phase1_initiator_take_id(engine, ike, id, error)
                             : phase1_responder_take_id(engine, ike, id, error);
}

/* A signature is by a key of the identity, which comes first; a pre-shared key is there already, and what it
 * does not prove is not worth reading. */
enum proof_step phase1_believe(struct engine *engine, struct ike_sa *ike, const struct ikev1_id *id,
                               struct bytes proof, struct error *error)
{
    struct bytes id_body = id != NULL ? id->body : owned_bytes(&ike->v1->id_body);
    if (phase1_is_signed(ike)) {
        bool is_known = id == NULL || take_id(engine, ike, id, error);
        return is_known ? verify(engine, ike, id_body, proof, error) : PROOF_FAILED;
    }
    if (check_hash(ike, id_body, proof, error) == PROOF_FAILED)
        return PROOF_FAILED;
    return id == NULL || take_id(engine, ike, id, error) ? PROOF_DONE : PROOF_FAILED;
}

/* ---- jobs ---- */

static void say_authenticated(struct engine *engine, const struct ike_sa *ike, const struct job *job)
{
    char id[IDENTITY_TEXT_SIZE];
    const struct signature_work *work = job->signature;
    say_ike(engine, RC_LOG, ike, ike->setup->client,
            "authenticated peer using preloaded certificate '%s' and %u-bit %s signature",
            identity_text(&ike->remote_id, id), work->public_keys[work->verified_by]->bits,
            work->algorithm->name);
}

static void give_up(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    struct error error;
    error_set(&error, V1_AUTHENTICATION_FAILED, "%s", job->error.text);
    if (!ike->is_initiator)
        phase1_refuse(engine, ike, NULL, &error);
    else if (job->kind == JOB_VERIFY)
        phase1_fail_peer(engine, ike, &error);
    else
        ike_fail(engine, ike, RC_FATAL, "authentication failed: %s", error.text);
}

bool phase1_signature_done(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    const struct signature_work *work = job->signature;
    bool ok = job->ok;
    if (ok && job->kind == JOB_SIGN)
        ok = owned_set(engine, &ike->memory_bytes, &ike->v1->own_proof,
                       bytes_of(work->signature, work->signature_size));
    if (!ok)
        give_up(engine, ike, job);
    else if (job->kind == JOB_VERIFY)
        say_authenticated(engine, ike, job);
    return ok;
}

void phase1_refuse(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming,
                   const struct error *error)
{
    struct ikev2_header header = {0};
    uint8_t nothing[IKE_HEADER_SIZE * 4] = {0};
    struct ikev1_incoming gone = {
        .path = &ike->path, .header = &header, .datagram = bytes_of(nothing, sizeof(nothing))};
    memcpy(header.spi_i, ike->spi_i, IKE_SPI_SIZE);
    memcpy(header.spi_r, ike->spi_r, IKE_SPI_SIZE);
    phase1_keep_refusal(engine, ike, error);
    say_ike(engine, RC_LOG_SERIOUS, ike, 0, "refusing the peer with %s: %s",
            ikev1_notify_name((uint16_t)error->code), error->text);
    notify_stranger(engine, incoming != NULL ? incoming : &gone, (uint16_t)error->code);
    ike_destroy(engine, ike);
}
