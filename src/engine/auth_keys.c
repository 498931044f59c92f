/* The choice of keys, and the jobs that use them. See auth_keys.h. */
#include "engine/auth_keys.h"

#include <stdlib.h>

/* ---- ours ---- */

static const char *local_side(const struct connection *connection)
{
    return connection->left_is_local ? "left" : "right";
}

static const char *remote_side(const struct connection *connection)
{
    return connection->left_is_local ? "right" : "left";
}

static bool makes(const struct public_key *key, unsigned methods)
{
    return (auth_methods_of_key(key->kind) & methods) != 0;
}

static const struct private_key *by_ckaid(const struct engine *engine, const struct connection *connection,
                                          unsigned methods, struct error *error)
{
    char ckaid[CKAID_HEX_SIZE], words[32];
    const struct end_spec *end = connection->local_end;
    const struct private_key *key = private_keys_find(engine->private_keys, end->ckaid);
    if (key == NULL)
        error_set(
            error, FAILURE_NO_SECRET,
            "no private key with %sckaid=%s among the %zu of the NSS database; ipsec showhostkey --list "
            "tells which there are",
            local_side(connection), ckaid_text(end->ckaid, ckaid), private_keys_count(engine->private_keys));
    else if (!makes(key->public_key, methods))
        error_set(error, FAILURE_NO_SECRET,
                  "the key with %sckaid=%s is a %s key, which authby=%s does not use", local_side(connection),
                  ckaid_text(end->ckaid, ckaid), public_key_describe(key->public_key, words),
                  auth_methods_name(methods));
    else
        return key;
    return NULL;
}

static const struct private_key *by_public_keys(const struct engine *engine,
                                                const struct connection *connection, unsigned methods,
                                                bool *ret_is_named, struct error *error)
{
    char ckaid[CKAID_HEX_SIZE], words[32];
    *ret_is_named = false;
    for (size_t i = 0; i < ARRAY_SIZE(connection->local_end->public_keys); i++) {
        const struct public_key *named = connection->local_end->public_keys[i];
        if (named == NULL || !makes(named, methods))
            continue;
        *ret_is_named = true;
        const struct private_key *key = private_keys_find(engine->private_keys, named->ckaid);
        if (key != NULL)
            return key;
        error_set(
            error, FAILURE_NO_SECRET,
            "no private key for the %s key %s of %s= (CKAID %s) among the %zu of the NSS database; ipsec "
            "showhostkey --list tells which there are",
            public_key_describe(named, words), named->key_id, local_side(connection),
            ckaid_text(named->ckaid, ckaid), private_keys_count(engine->private_keys));
    }
    return NULL;
}

static const struct private_key *by_identity(const struct engine *engine, const struct connection *connection,
                                             unsigned methods, struct error *error)
{
    char id[IDENTITY_TEXT_SIZE];
    const struct known_key *known = NULL;
    while ((known = public_keys_next_of(engine, &connection->local_id, known)) != NULL) {
        const struct private_key *key =
            makes(known->key, methods) ? private_keys_find(engine->private_keys, known->key->ckaid) : NULL;
        if (key != NULL)
            return key;
    }
    const char *side = local_side(connection);
    error_set(error, FAILURE_NO_SECRET,
              "no private key for our identity '%.150s' and authby=%s: neither %srsasigkey= (or %secdsakey=, "
              "%spubkey=, %sckaid=) nor whack --keyid names a key that is among the %zu of the NSS database",
              identity_text(&connection->local_id, id), auth_methods_name(methods), side, side, side, side,
              private_keys_count(engine->private_keys));
    return NULL;
}

const struct private_key *auth_private_key(const struct engine *engine, const struct connection *connection,
                                           unsigned methods, struct error *error)
{
    bool is_named;
    if (connection->local_end->has_ckaid)
        return by_ckaid(engine, connection, methods, error);
    const struct private_key *key = by_public_keys(engine, connection, methods, &is_named, error);
    if (key != NULL || is_named)
        return key;
    if (connection->local_end->key_is_in_certificate) {
        error_set(error, FAILURE_NO_SECRET, "%srsasigkey=%%cert: certificates are not supported yet",
                  local_side(connection));
        return NULL;
    }
    return by_identity(engine, connection, methods, error);
}

/* ---- the peer's ---- */

size_t auth_public_keys(const struct engine *engine, const struct connection *connection,
                        const struct identity *peer, enum key_kind kind,
                        const struct public_key *out[static SIGNATURE_KEYS_MAX], struct error *error)
{
    char id[IDENTITY_TEXT_SIZE];
    const struct end_spec *end = connection->remote_end;
    const char *side = remote_side(connection);
    size_t count = 0;
    if (end->public_keys[kind] != NULL)
        out[count++] = end->public_keys[kind];
    const struct known_key *known = NULL;
    while (count < SIGNATURE_KEYS_MAX && (known = public_keys_next_of(engine, peer, known)) != NULL)
        if (known->key->kind == kind && (count == 0 || !public_key_equal(known->key, out[0])))
            out[count++] = known->key;
    if (count == 0 && end->key_is_in_certificate)
        error_set(error, FAILURE_NO_SECRET,
                  "no %s public key of '%.150s': %srsasigkey=%%cert, and certificates are not supported yet",
                  key_kind_name(kind), identity_text(peer, id), side);
    else if (count == 0)
        error_set(error, FAILURE_NO_SECRET,
                  "no %s public key of '%.150s': neither %s%s= (or %spubkey=) of \"%.60s\" nor whack --keyid "
                  "names one",
                  key_kind_name(kind), identity_text(peer, id), side,
                  kind == KEY_RSA     ? "rsasigkey"
                  : kind == KEY_ECDSA ? "ecdsakey"
                                      : "eddsakey",
                  side, connection->spec->name);
    return count;
}

/* ---- of connections ---- */

typedef void key_handler(struct engine *engine, const struct identity *id, const struct public_key *key);

static void each_key(struct engine *engine, const struct connection_spec *spec, key_handler *handle)
{
    const struct end_spec *ends[] = {&spec->left, &spec->right};
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        struct identity id = identity_copy(&ends[i]->id);
        if (id.kind == ID_NONE && !ends[i]->id_is_any && ends[i]->host_kind == HOST_ADDRESS)
            id = identity_of_address(&ends[i]->host);
        for (size_t kind = 0; id.kind != ID_NONE && kind < ARRAY_SIZE(ends[i]->public_keys); kind++)
            if (ends[i]->public_keys[kind] != NULL)
                handle(engine, &id, ends[i]->public_keys[kind]);
        identity_free(&id);
    }
}

void auth_keys_learn(struct engine *engine, const struct connection_spec *spec)
{
    each_key(engine, spec, public_keys_add_of_connection);
}

void auth_keys_forget(struct engine *engine, const struct connection_spec *spec)
{
    each_key(engine, spec, public_keys_drop_of_connection);
}

/* ---- jobs ---- */

static struct job *make_job(struct engine *engine, const struct ike_sa *ike, enum job_kind kind,
                            const struct signature_algorithm *algorithm, const struct bytes *parts,
                            size_t part_count)
{
    struct job *job = engine_new_job(engine, ike, kind, NULL);
    struct signature_work *work = job != NULL ? calloc(1, sizeof(*work)) : NULL;
    size_t size = 0;
    for (size_t i = 0; i < part_count; i++)
        size += parts[i].size;
    uint8_t *message = work != NULL ? malloc(size) : NULL;
    if (message == NULL) {
        free(work);
        job_free(job);
        return NULL;
    }
    job->signature = work;
    *work = (struct signature_work){.algorithm = algorithm, .message = message, .message_size = size};
    for (size_t i = 0; i < part_count; i++) {
        memcpy(message, parts[i].data, parts[i].size);
        message += parts[i].size;
    }
    return job;
}

struct job *auth_sign_job(struct engine *engine, const struct ike_sa *ike,
                          const struct signature_algorithm *algorithm, const struct private_key *key,
                          const struct bytes *parts, size_t part_count)
{
    struct job *job = make_job(engine, ike, JOB_SIGN, algorithm, parts, part_count);
    if (job != NULL)
        job->signature->private_key = private_key_hold(key);
    return job;
}

struct job *auth_verify_job(struct engine *engine, const struct ike_sa *ike,
                            const struct signature_algorithm *algorithm, const struct public_key *const *keys,
                            size_t key_count, const struct bytes *parts, size_t part_count,
                            struct bytes signature)
{
    if (signature.size > SIGNATURE_SIZE_MAX) /* longer than any key's: it fails, as one that is spoilt does */
        signature.size = 0;
    struct job *job = make_job(engine, ike, JOB_VERIFY, algorithm, parts, part_count);
    if (job == NULL)
        return NULL;
    struct signature_work *work = job->signature;
    for (size_t i = 0; i < key_count; i++)
        work->public_keys[work->key_count++] = public_key_hold(keys[i]);
    memcpy(work->signature, signature.data, signature.size);
    work->signature_size = signature.size;
    return job;
}
