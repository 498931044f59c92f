/* The peer's AUTH payload. See auth_proof.h. */
#include "base/secret.h"
#include "engine/connection.h"
#include "engine/ikev2/auth_proof.h"

/* ---- what it claims to be ---- */

/* RFC 7427 3: length of the AlgorithmIdentifier, AlgorithmIdentifier, signature. */
static const struct signature_algorithm *read_digital(struct bytes data, struct bytes *ret_signature,
                                                      struct error *error)
{
    struct reader reader = reader_of(data);
    size_t size = reader_u8(&reader);
    struct bytes identifier = reader_bytes(&reader, size);
    *ret_signature = reader_rest(&reader);
    if (!reader.failed && size > 0 && ret_signature->size > 0)
        return signature_algorithm_parse(identifier, error);
    error_set(error, FAILURE_PEER_PROOF, "peer's digital signature is cut short");
    return NULL;
}

static const struct signature_algorithm *read_signature(const struct ikev2_message *message,
                                                        struct bytes *ret_signature, struct error *error)
{
    *ret_signature = message->auth_data;
    switch (message->auth_method) {
    case AUTH_METHOD_RSA:
        return signature_algorithm_of(KEY_RSA, SIGNATURE_PKCS1, SIGNATURE_HASH_SHA1, CURVE_NONE);
    case AUTH_METHOD_ECDSA_256:
        return signature_algorithm_of(KEY_ECDSA, SIGNATURE_ECDSA_FIXED, SIGNATURE_HASH_SHA2_256, CURVE_P256);
    case AUTH_METHOD_ECDSA_384:
        return signature_algorithm_of(KEY_ECDSA, SIGNATURE_ECDSA_FIXED, SIGNATURE_HASH_SHA2_384, CURVE_P384);
    case AUTH_METHOD_ECDSA_521:
        return signature_algorithm_of(KEY_ECDSA, SIGNATURE_ECDSA_FIXED, SIGNATURE_HASH_SHA2_512, CURVE_P521);
    default:
        return read_digital(message->auth_data, ret_signature, error);
    }
}

/* RSASSA-PKCS1-v1_5 with SHA-2 is what many peers make of an RSA key: authby=rsa-sha2 means that, too. */
static unsigned methods_of(const struct signature_algorithm *algorithm)
{
    if (algorithm->key != KEY_RSA)
        return auth_methods_of_key(algorithm->key);
    return algorithm->hash == SIGNATURE_HASH_SHA1 ? AUTH_RSASIG_V1_5 : AUTH_RSASIG;
}

unsigned auth_methods_of_payload(const struct ikev2_message *message)
{
    struct bytes signature;
    if (message->auth_method == AUTH_METHOD_SHARED_KEY)
        return AUTH_PSK;
    if (message->auth_method == AUTH_METHOD_NULL)
        return AUTH_NULL;
    if (ikev2_auth_method_name(message->auth_method) == NULL)
        return 0;
    const struct signature_algorithm *algorithm = read_signature(message, &signature, NULL);
    return algorithm != NULL ? methods_of(algorithm) : 0;
}

/* ---- signatures ---- */

/* Only hashes that we have said we take (RFC 7427 4); method 1 has no other than SHA-1. */
static bool is_allowed(const struct connection *connection, const struct ikev2_message *message,
                       const struct signature_algorithm *algorithm, struct error *error)
{
    char hashes[64];
    struct text text = text_of(hashes, sizeof(hashes));
    bool is_hash_allowed = message->auth_method == AUTH_METHOD_RSA ||
                           (connection->spec->signature_hashes & 1u << algorithm->hash) != 0;
    auth_hashes_add(&text, connection->spec->signature_hashes);
    if ((connection->remote_end->auth & methods_of(algorithm)) == 0)
        return error_set(error, FAILURE_PEER_PROOF,
                         "peer authenticates by %s (%s); \"%.60s\" wants authby=%s of it",
                         ikev2_auth_method_name(message->auth_method), algorithm->name,
                         connection->spec->name, auth_methods_name(connection->remote_end->auth));
    return is_hash_allowed ||
           error_set(error, FAILURE_PEER_PROOF, "peer signs by %s; \"%.60s\" takes the hashes %s",
                     algorithm->name, connection->spec->name, hashes);
}

static enum auth_step verify(struct engine *engine, const struct ike_sa *ike,
                             const struct connection *connection, const struct ikev2_message *message,
                             const struct ikev2_id *id, struct job **ret_job, struct error *error)
{
    const struct public_key *keys[SIGNATURE_KEYS_MAX];
    uint8_t maced_id[PRF_OUTPUT_MAX];
    struct bytes signature, parts[AUTH_OCTETS_PARTS];
    const struct signature_algorithm *algorithm = read_signature(message, &signature, error);
    if (algorithm == NULL || !is_allowed(connection, message, algorithm, error))
        return AUTH_FAILED;
    size_t count = auth_public_keys(engine, connection, &ike->remote_id, algorithm->key, keys, error);
    if (count == 0)
        return AUTH_FAILED;
    error_set(error, FAILURE_OTHER, "out of memory");
    if (!auth_octets(ike, !ike->is_initiator, id->body, maced_id, parts))
        return AUTH_FAILED;
    *ret_job = auth_verify_job(engine, ike, algorithm, keys, count, parts, AUTH_OCTETS_PARTS, signature);
    return *ret_job != NULL ? AUTH_NEEDS_JOB : AUTH_FAILED;
}

bool auth_peer_verified(const struct job *job, struct error *error)
{
    return job->ok || error_set(error, FAILURE_PEER_PROOF, "%s", job->error.text);
}

/* ---- MACs ---- */

static enum auth_step check_mac(const struct ike_sa *ike, const struct ikev2_message *message,
                                const struct ikev2_id *id, const struct secret_entry *secret,
                                struct error *error)
{
    uint8_t expected[PRF_OUTPUT_MAX];
    size_t size = ike->suite.prf->output_size;
    struct bytes key = secret != NULL ? bytes_of(secret->key, secret->key_size) : bytes_of(NULL, 0);
    bool ok = auth_mac(ike, secret == NULL, key, !ike->is_initiator, id->body, expected) &&
              message->auth_data.size == size && secret_equal(message->auth_data.data, expected, size);
    secret_wipe(expected, sizeof(expected));
    if (ok)
        return AUTH_DONE;
    if (secret == NULL)
        error_set(error, FAILURE_PEER_PROOF, "peer's AUTH by NULL is not of this IKE SA");
    else
        error_set(error, FAILURE_PEER_PROOF, "peer's AUTH does not match the secret of %s",
                  secret->origin ? secret->origin : "ipsec.secrets");
    return AUTH_FAILED;
}

static enum auth_step check_secret(struct engine *engine, const struct ike_sa *ike,
                                   const struct connection *connection, const struct ikev2_message *message,
                                   const struct ikev2_id *id, struct error *error)
{
    const struct secret_entry *secret =
        secrets_find_psk(engine->secrets, &connection->local_id, &ike->remote_id, &ike->path.local.address,
                         &ike->path.remote.address, error);
    if (secret != NULL)
        return check_mac(ike, message, id, secret, error);
    if (error != NULL)
        error->code = FAILURE_NO_SECRET;
    return AUTH_FAILED;
}

enum auth_step auth_peer(struct engine *engine, const struct ike_sa *ike, const struct connection *connection,
                         const struct ikev2_message *message, const struct ikev2_id *id, struct job **ret_job,
                         struct error *error)
{
    unsigned allowed = connection->remote_end->auth;
    const char *name = ikev2_auth_method_name(message->auth_method);
    bool is_secret = message->auth_method == AUTH_METHOD_SHARED_KEY;
    bool is_null = message->auth_method == AUTH_METHOD_NULL;
    if (is_secret && (allowed & AUTH_PSK) != 0)
        return check_secret(engine, ike, connection, message, id, error);
    if (is_null && (allowed & AUTH_NULL) != 0)
        return check_mac(ike, message, id, NULL, error);
    if (name != NULL && !is_secret && !is_null)
        return verify(engine, ike, connection, message, id, ret_job, error);
    error_set(error, FAILURE_PEER_PROOF,
              "peer authenticates by method %u (%s); \"%.60s\" wants authby=%s of it", message->auth_method,
              name != NULL ? name : "not known", connection->spec->name, auth_methods_name(allowed));
    return AUTH_FAILED;
}
