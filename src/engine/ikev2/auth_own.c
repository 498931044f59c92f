/* Our own AUTH payload. See auth_proof.h. */
#include "base/secret.h"
#include "base/writer.h"
#include "engine/connection.h"
#include "engine/ikev2/auth_proof.h"

/* ---- what is signed ---- */

static struct bytes sk_p_of(const struct ike_sa *ike, bool of_initiator)
{
    return bytes_of(of_initiator ? ike->keys.sk_pi : ike->keys.sk_pr, ike->suite.prf->output_size);
}

static struct bytes message_of(const struct ike_setup *setup, bool of_initiator)
{
    return owned_bytes(of_initiator ? &setup->init_request : &setup->init_response);
}

static struct bytes nonce_for(const struct ike_setup *setup, bool of_initiator)
{
    return of_initiator ? bytes_of(setup->nonce_r, setup->nonce_r_size)
                        : bytes_of(setup->nonce_i, setup->nonce_i_size);
}

bool auth_octets(const struct ike_sa *ike, bool of_initiator, struct bytes id_body, uint8_t *maced_id,
                 struct bytes parts[static AUTH_OCTETS_PARTS])
{
    const struct algorithm *prf = ike->suite.prf;
    parts[0] = message_of(ike->setup, of_initiator);
    parts[1] = nonce_for(ike->setup, of_initiator);
    parts[2] = bytes_of(maced_id, prf->output_size);
    return ikev2_auth_maced_id(prf, sk_p_of(ike, of_initiator), id_body, maced_id);
}

bool auth_mac(const struct ike_sa *ike, bool is_null, struct bytes secret, bool of_initiator,
              struct bytes id_body, uint8_t *out)
{
    struct bytes sk_p = sk_p_of(ike, of_initiator);
    return ikev2_psk_auth(ike->suite.prf, is_null ? sk_p : secret, message_of(ike->setup, of_initiator),
                          nonce_for(ike->setup, of_initiator), sk_p, id_body, out);
}

static struct bytes own_id_body(const struct engine *engine, const struct connection *connection,
                                uint8_t body[static 4 + IDENTITY_SIZE_MAX])
{
    const struct identity *id = &connection->local_id;
    memset(body, 0, 4);
    body[0] = id->kind;
    impaired_id(engine, body + 1);
    if (id->size > 0)
        memcpy(body + 4, id->data, id->size);
    return bytes_of(body, 4u + id->size);
}

/* ---- signatures ---- */

static enum signature_hash strongest(unsigned hashes)
{
    for (unsigned hash = SIGNATURE_HASH_SHA2_512; hash >= SIGNATURE_HASH_SHA2_256; hash--)
        if ((hashes & 1u << hash) != 0)
            return (enum signature_hash)hash;
    return SIGNATURE_HASH_NONE;
}

static enum signature_hash hash_of_curve(enum key_curve curve)
{
    return curve == CURVE_P256   ? SIGNATURE_HASH_SHA2_256
           : curve == CURVE_P384 ? SIGNATURE_HASH_SHA2_384
                                 : SIGNATURE_HASH_SHA2_512;
}

static const struct signature_algorithm *choose_rsa(unsigned methods, unsigned common)
{
    if ((methods & AUTH_RSASIG) != 0 && strongest(common) != SIGNATURE_HASH_NONE)
        return signature_algorithm_of(KEY_RSA, SIGNATURE_PSS, strongest(common), CURVE_NONE);
    if ((methods & AUTH_RSASIG_V1_5) != 0)
        return signature_algorithm_of(KEY_RSA, SIGNATURE_PKCS1, SIGNATURE_HASH_SHA1, CURVE_NONE);
    return NULL;
}

/* Curve and hash of like strength where both ends have them. */
static const struct signature_algorithm *choose_ecdsa(enum key_curve curve, unsigned ours, unsigned theirs)
{
    enum signature_hash fitting = hash_of_curve(curve);
    unsigned common = ours & theirs;
    if ((common & 1u << fitting) != 0)
        return signature_algorithm_of(KEY_ECDSA, SIGNATURE_ECDSA, fitting, curve);
    if (strongest(common) != SIGNATURE_HASH_NONE)
        return signature_algorithm_of(KEY_ECDSA, SIGNATURE_ECDSA, strongest(common), curve);
    if (theirs == 0 && (ours & 1u << fitting) != 0)
        return signature_algorithm_of(KEY_ECDSA, SIGNATURE_ECDSA_FIXED, fitting, curve);
    return NULL;
}

static const struct signature_algorithm *choose_algorithm(const struct ike_sa *ike,
                                                          const struct connection *connection,
                                                          const struct public_key *key, struct error *error)
{
    unsigned ours = connection->spec->signature_hashes, theirs = ike->setup->peer_signature_hashes;
    const struct signature_algorithm *algorithm = NULL;
    if (key->kind == KEY_RSA)
        algorithm = choose_rsa(connection->local_end->auth, ours & theirs);
    else if (key->kind == KEY_ECDSA)
        algorithm = choose_ecdsa(key->curve, ours, theirs);
    else if ((ours & theirs & 1u << SIGNATURE_HASH_IDENTITY) != 0)
        algorithm = signature_algorithm_of(KEY_EDDSA, SIGNATURE_EDDSA, SIGNATURE_HASH_IDENTITY, key->curve);
    if (algorithm != NULL)
        return algorithm;
    char words[32], mine[64], peers[64];
    struct text mine_text = text_of(mine, sizeof(mine)), peers_text = text_of(peers, sizeof(peers));
    auth_hashes_add(&mine_text, ours);
    auth_hashes_add(&peers_text, theirs);
    error_set(
        error, FAILURE_OTHER,
        "no signature of our %s key that the peer takes: it names the hashes %s (RFC 7427), authby= has %s",
        public_key_describe(key, words), peers, mine);
    return NULL;
}

static enum auth_step sign(struct engine *engine, const struct ike_sa *ike,
                           const struct connection *connection, const struct private_key *key,
                           struct job **ret_job, struct error *error)
{
    uint8_t body[4 + IDENTITY_SIZE_MAX], maced_id[PRF_OUTPUT_MAX];
    struct bytes parts[AUTH_OCTETS_PARTS];
    const struct signature_algorithm *algorithm = choose_algorithm(ike, connection, key->public_key, error);
    if (algorithm == NULL)
        return AUTH_FAILED;
    error_set(error, FAILURE_OTHER, "out of memory");
    if (!auth_octets(ike, ike->is_initiator, own_id_body(engine, connection, body), maced_id, parts))
        return AUTH_FAILED;
    *ret_job = auth_sign_job(engine, ike, algorithm, key, parts, AUTH_OCTETS_PARTS);
    return *ret_job != NULL ? AUTH_NEEDS_JOB : AUTH_FAILED;
}

static uint8_t method_of(const struct signature_algorithm *algorithm)
{
    if (algorithm->form == SIGNATURE_PKCS1 && algorithm->hash == SIGNATURE_HASH_SHA1)
        return AUTH_METHOD_RSA;
    if (algorithm->form != SIGNATURE_ECDSA_FIXED)
        return AUTH_METHOD_DIGITAL_SIGNATURE;
    return algorithm->curve == CURVE_P256   ? AUTH_METHOD_ECDSA_256
           : algorithm->curve == CURVE_P384 ? AUTH_METHOD_ECDSA_384
                                            : AUTH_METHOD_ECDSA_521;
}

bool auth_own_signed(const struct job *job, struct auth_proof *out, struct error *error)
{
    const struct signature_work *work = job->signature;
    if (!job->ok)
        return error_set(error, FAILURE_OTHER, "%s", job->error.text);
    struct writer writer = writer_of(out->data, sizeof(out->data));
    out->method = method_of(work->algorithm);
    if (out->method == AUTH_METHOD_DIGITAL_SIGNATURE) {
        writer_u8(&writer, (uint8_t)work->algorithm->identifier.size);
        writer_bytes(&writer, work->algorithm->identifier);
    }
    writer_bytes(&writer, bytes_of(work->signature, work->signature_size));
    out->size = writer.size;
    return !writer.overflowed;
}

void auth_own_describe(struct text *text, const struct auth_proof *proof, const struct job *job)
{
    text_add(text, "%s", ikev2_auth_method_name(proof->method));
    if (proof->method == AUTH_METHOD_DIGITAL_SIGNATURE && job != NULL && job->signature != NULL)
        text_add(text, " %s", job->signature->algorithm->name);
}

/* ---- secrets ---- */

static bool make_mac(const struct engine *engine, const struct ike_sa *ike,
                     const struct connection *connection, const struct secret_entry *secret,
                     struct auth_proof *out)
{
    uint8_t body[4 + IDENTITY_SIZE_MAX];
    struct bytes key = secret != NULL ? bytes_of(secret->key, secret->key_size) : bytes_of(NULL, 0);
    out->method = secret != NULL ? AUTH_METHOD_SHARED_KEY : AUTH_METHOD_NULL;
    out->size = ike->suite.prf->output_size;
    return auth_mac(ike, secret == NULL, key, ike->is_initiator, own_id_body(engine, connection, body),
                    out->data);
}

enum auth_step auth_own(struct engine *engine, const struct ike_sa *ike, const struct connection *connection,
                        struct auth_proof *out, struct job **ret_job, struct error *error)
{
    unsigned methods = connection->local_end->auth;
    const struct private_key *key = NULL;
    const struct secret_entry *secret = NULL;
    if ((methods & AUTH_SIGNATURES) != 0)
        key = auth_private_key(engine, connection, methods & AUTH_SIGNATURES, error);
    if (key != NULL)
        return sign(engine, ike, connection, key, ret_job, error);
    if ((methods & AUTH_PSK) != 0)
        secret = secrets_find_psk(engine->secrets, &connection->local_id, &ike->remote_id,
                                  &ike->path.local.address, &ike->path.remote.address, error);
    if (secret == NULL && (methods & AUTH_NULL) == 0) {
        if (error != NULL)
            error->code = FAILURE_NO_SECRET;
        return AUTH_FAILED;
    }
    if (make_mac(engine, ike, connection, secret, out))
        return AUTH_DONE;
    error_set(error, FAILURE_OTHER, "AUTH could not be computed");
    return AUTH_FAILED;
}
