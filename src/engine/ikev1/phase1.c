/* Phase 1: keys, identities, and what its end means. RFC 2409 5, RFC 2407 4.6.2. */
#include "engine/ikev1/phase1.h"
#include "engine/ike_trace.h"

#include "base/secret.h"
#include "engine/connection.h"
#include "engine/ikev1/informational.h"
#include "engine/ikev1/initial_contact.h"
#include "engine/ikev1/lifetimes.h"
#include "engine/ikev1/phase15.h"
#include "engine/ikev1/phase1_proof.h"
#include "engine/ikev1/quick_mode.h"
#include "engine/ikev1/xauth.h"

struct ikev1_offer phase1_offer(const struct connection *connection, uint16_t auth_method,
                                const struct algorithm *group)
{
    return (struct ikev1_offer){
        .list = connection->spec->ike_proposals,
        .protocol = PROTOCOL_IKE,
        .auth_method = auth_method,
        .group = group,
        .lifetime_seconds = connection->spec->ike_lifetime / USEC_PER_SEC,
    };
}

/* ---- KE and nonce ---- */

bool phase1_take_ke(struct engine *engine, struct ike_sa *ike, const struct ikev1_message *message,
                    struct error *error)
{
    struct ike_setup *setup = ike->setup;
    bool we_are_i = ike->is_initiator;
    uint8_t *nonce = we_are_i ? setup->nonce_r : setup->nonce_i;
    size_t *size = we_are_i ? &setup->nonce_r_size : &setup->nonce_i_size;
    if (message->ke.size != ke_public_size(setup->ke))
        return error_set(error, V1_INVALID_KEY_INFORMATION, "key exchange value of %zu bytes for %s",
                         message->ke.size, setup->ke->name);
    if (!owned_set(engine, &ike->memory_bytes, &setup->peer_public, message->ke))
        return error_set(error, 0, "out of memory");
    memcpy(nonce, message->nonce.data, message->nonce.size);
    *size = message->nonce.size;
    return true;
}

void phase1_make_nonce(struct engine *engine, struct ike_sa *ike)
{
    struct ike_setup *setup = ike->setup;
    impaired_nonce(engine, ike->is_initiator ? IMPAIR_INITIATOR_NONCE : IMPAIR_RESPONDER_NONCE,
                   ike->is_initiator ? setup->nonce_i : setup->nonce_r, NONCE_SIZE);
    *(ike->is_initiator ? &setup->nonce_i_size : &setup->nonce_r_size) = NONCE_SIZE;
}

void phase1_build_ke(const struct ike_sa *ike, struct message_builder *builder)
{
    const struct ike_setup *setup = ike->setup;
    message_build_body(builder, ISAKMP_KE, owned_bytes(&setup->own_public));
    message_build_body(builder, ISAKMP_NONCE,
                       ike->is_initiator ? bytes_of(setup->nonce_i, setup->nonce_i_size)
                                         : bytes_of(setup->nonce_r, setup->nonce_r_size));
}

bool phase1_submit_job(struct engine *engine, struct ike_sa *ike, enum job_kind kind)
{
    struct ike_setup *setup = ike->setup;
    struct job *job = engine_new_job(engine, ike, kind, setup->ke);
    if (job == NULL)
        return false;
    if (kind == JOB_KE_DERIVE)
        job->own = setup->own;
    if (kind != JOB_KE_GENERATE) {
        job->peer_size = (uint16_t)setup->peer_public.size;
        memcpy(job->peer_public, setup->peer_public.data, setup->peer_public.size);
    }
    setup->job_id = job->job_id;
    engine->env->submit_job(engine->env->world, job);
    return true;
}

/* ---- keys ---- */

/* In Main Mode the peer's name is not known yet: its address stands for it (RFC 2409 5.4). */
static const struct secret_entry *find_secret(struct engine *engine, const struct ike_sa *ike,
                                              struct error *error)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    const struct identity *known = ike->remote_id.kind != ID_NONE ? &ike->remote_id : &connection->remote_id;
    struct identity address = identity_of_address(&ike->path.remote.address);
    const struct secret_entry *secret =
        secrets_find_psk(engine->secrets, &connection->local_id, known->kind != ID_NONE ? known : &address,
                         &ike->path.local.address, &ike->path.remote.address, error);
    identity_free(&address);
    return secret;
}

/* shared_secret: of signatures only. */
static bool make_skeyid(struct engine *engine, struct ike_sa *ike, struct bytes shared_secret,
                        struct error *error)
{
    const struct ike_setup *setup = ike->setup;
    struct bytes nonce_i = bytes_of(setup->nonce_i, setup->nonce_i_size);
    struct bytes nonce_r = bytes_of(setup->nonce_r, setup->nonce_r_size);
    if (phase1_is_signed(ike))
        return ikev1_skeyid_signature(ike->suite.prf, shared_secret, nonce_i, nonce_r,
                                      ike->v1->keys.skeyid) ||
               error_set(error, 0, "SKEYID could not be made");
    const struct secret_entry *secret = find_secret(engine, ike, error);
    if (secret == NULL)
        return false;
    return ikev1_skeyid_psk(ike->suite.prf, bytes_of(secret->key, secret->key_size), nonce_i, nonce_r,
                            ike->v1->keys.skeyid) ||
           error_set(error, 0, "SKEYID could not be made");
}

static void trace_keys(struct engine *engine, const struct ike_sa *ike)
{
    const struct ikev1_keys *keys = &ike->v1->keys;
    size_t size = ike->suite.prf->output_size;
    trace_bytes(engine, ike, DEBUG_PRIVATE, "cookie_i", bytes_of(ike->spi_i, IKE_SPI_SIZE));
    trace_bytes(engine, ike, DEBUG_PRIVATE, "cookie_r", bytes_of(ike->spi_r, IKE_SPI_SIZE));
    trace_bytes(engine, ike, DEBUG_PRIVATE, "SKEYID_d", bytes_of(keys->skeyid_d, size));
    trace_bytes(engine, ike, DEBUG_PRIVATE, "SKEYID_a", bytes_of(keys->skeyid_a, size));
    trace_bytes(engine, ike, DEBUG_PRIVATE, "encryption key",
                bytes_of(keys->encr_key, packet_encr_key_size(ike->suite.encr, ike->suite.encr_key_bits)));
}

bool phase1_make_keys(struct engine *engine, struct ike_sa *ike, const struct job *job, struct error *error)
{
    const struct ike_setup *setup = ike->setup;
    struct bytes own = owned_bytes(&setup->own_public), peer = owned_bytes(&setup->peer_public);
    struct ikev1_key_inputs inputs = {
        .prf = ike->suite.prf,
        .encr = ike->suite.encr,
        .encr_key_bits = ike->suite.encr_key_bits,
        .shared_secret = bytes_of(job->secret, job->secret_size),
    };
    memcpy(inputs.cookie_i, ike->spi_i, IKE_SPI_SIZE);
    memcpy(inputs.cookie_r, ike->spi_r, IKE_SPI_SIZE);
    bool ok = make_skeyid(engine, ike, inputs.shared_secret, error) &&
              ((ikev1_derive_keys(&inputs, &ike->v1->keys) &&
                ikev1_first_iv(ike->suite.prf, ike->suite.encr, ike->is_initiator ? own : peer,
                               ike->is_initiator ? peer : own, ike->v1->phase1.iv)) ||
               error_set(error, 0, "key derivation failed"));
    if (ok)
        trace_keys(engine, ike);
    return ok;
}

/* ---- identities ---- */

struct bytes phase1_own_id(const struct connection *connection, uint8_t out[static 4 + IDENTITY_SIZE_MAX])
{
    memset(out, 0, 4);
    out[0] = connection->local_id.kind;
    memcpy(out + 4, connection->local_id.data, connection->local_id.size);
    return bytes_of(out, 4u + connection->local_id.size);
}

/* RFC 2407 4.6.2: protocol and port are 0, or UDP and 500. */
static bool read_id(const struct ikev1_id *id, struct identity *out, struct error *error)
{
    bool is_plain = id->protocol == 0 && id->port == 0;
    bool is_ike = id->protocol == 17 && (id->port == 500 || id->port == 4500 || id->port == 0);
    if (!is_plain && !is_ike)
        return error_set(error, V1_INVALID_ID_INFORMATION,
                         "identity of protocol %u and port %u; 0/0 or 17/500 is wanted", id->protocol,
                         id->port);
    if (identity_of_wire(id->kind, id->data, out, error))
        return true;
    error->code = V1_INVALID_ID_INFORMATION;
    return false;
}

static void say_peer_id(struct engine *engine, const struct ike_sa *ike, uint64_t client)
{
    char text[IDENTITY_TEXT_SIZE];
    say_ike(engine, RC_LOG, ike, client, "Peer ID is %s: '%s'", identity_kind_name(ike->remote_id.kind),
            identity_text(&ike->remote_id, text));
}

bool phase1_initiator_take_id(struct engine *engine, struct ike_sa *ike, const struct ikev1_id *id,
                              struct error *error)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    char got[IDENTITY_TEXT_SIZE], wanted[IDENTITY_TEXT_SIZE];
    struct identity theirs;
    if (!read_id(id, &theirs, error))
        return false;
    if (!identity_matches(&connection->remote_id, &theirs)) {
        error_set(error, V1_INVALID_ID_INFORMATION, "peer is '%.200s'; \"%.60s\" expects '%.200s'",
                  identity_text(&theirs, got), connection->spec->name,
                  identity_text(&connection->remote_id, wanted));
        identity_free(&theirs);
        return false;
    }
    identity_own(engine, &ike->memory_bytes, &ike->remote_id, theirs);
    say_peer_id(engine, ike, ike->setup->client);
    return true;
}

/* The proof was made with the key of the first connection: the better one must have the same (RFC 2409 5.4
 * knows no other way, for the name comes late). */
static bool has_same_secret(struct engine *engine, struct ike_sa *ike, struct error *error)
{
    uint8_t skeyid[PRF_OUTPUT_MAX];
    size_t size = ike->suite.prf->output_size;
    memcpy(skeyid, ike->v1->keys.skeyid, size);
    bool ok = make_skeyid(engine, ike, bytes_of(NULL, 0), error) &&
              (secret_equal(skeyid, ike->v1->keys.skeyid, size) ||
               error_set(error, V1_INVALID_ID_INFORMATION,
                         "peer proved itself with another pre-shared key than that of its identity"));
    memcpy(ike->v1->keys.skeyid, skeyid, size);
    secret_wipe(skeyid, sizeof(skeyid));
    return ok;
}

/* What was agreed on before the name was known must be what the connection of that name allows. */
static bool may_serve(const struct ike_sa *ike, const struct connection *connection, struct error *error)
{
    uint16_t agreed = ike->v1->auth_method, plain = xauth_plain_method(agreed);
    struct ikev1_offer offer = phase1_offer(connection, agreed, NULL);
    if (connection->spec->aggressive != ike->v1->is_aggressive)
        return error_set(error, V1_INVALID_ID_INFORMATION, "\"%.60s\" has aggressive=%s",
                         connection->spec->name, connection->spec->aggressive ? "yes" : "no");
    if (!connection_allows_peer(connection, phase1_auth_methods(ike)) ||
        xauth_method(connection, ike->is_initiator, plain) != agreed)
        return error_set(error, V1_INVALID_ID_INFORMATION,
                         "\"%.60s\" wants authby=%s; authentication method %u was agreed on",
                         connection->spec->name, auth_methods_name(connection->remote_end->auth), agreed);
    return ikev1_offer_has(&offer, &ike->suite) ||
           error_set(error, V1_NO_PROPOSAL_CHOSEN, "ike= of \"%.60s\" does not have what was agreed on",
                     connection->spec->name);
}

bool phase1_responder_take_id(struct engine *engine, struct ike_sa *ike, const struct ikev1_id *id,
                              struct error *error)
{
    const struct connection *current = connection_by_serial(engine, ike->connection_serial);
    static const struct identity unsaid;
    struct identity theirs;
    if (!read_id(id, &theirs, error))
        return false;
    const struct connection *found =
        connection_find_for_peer(engine, current, &ike->path.local.address, &ike->path.remote.address,
                                 &theirs, &unsaid, phase1_auth_methods(ike), error);
    if (found != NULL && found->is_template)
        found = connection_instantiate(engine, found, &ike->path.remote.address, &theirs);
    if (found != NULL && found != current)
        ike_set_connection(engine, ike, found);
    identity_own(engine, &ike->memory_bytes, &ike->remote_id, theirs);
    if (found == NULL) {
        error->code = V1_INVALID_ID_INFORMATION;
        return false;
    }
    if (!may_serve(ike, found, error))
        return false;
    say_peer_id(engine, ike, 0);
    bool has_no_key_yet = ike->v1->is_aggressive || phase1_is_signed(ike);
    return has_no_key_yet || has_same_secret(engine, ike, error);
}

static enum failure_kind kind_of(const struct error *error)
{
    switch (error->code) {
    case V1_INVALID_HASH_INFORMATION:
    case V1_AUTHENTICATION_FAILED:
        return FAILURE_PEER_PROOF;
    case V1_INVALID_ID_INFORMATION:
        return FAILURE_IDENTITY;
    case V1_NO_PROPOSAL_CHOSEN:
        return FAILURE_IKE_PROPOSAL;
    default:
        return FAILURE_NO_SECRET;
    }
}

void phase1_fail_peer(struct engine *engine, struct ike_sa *ike, const struct error *error)
{
    if (ike->v1->state == STATE_MAIN_I3) /* it believes us: it must be told */
        ikev1_send_distrust(engine, ike);
    ike_fail_because(engine, ike, kind_of(error), 0, RC_FATAL, "authentication of the peer failed: %s",
                     error->text);
}

void phase1_keep_refusal(struct engine *engine, const struct ike_sa *ike, const struct error *error)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    if (connection->newest_ike_serial == 0) /* strangers make no history of what works */
        failure_keep(engine, connection, ike, false, kind_of(error), 0, error->text);
}

/* ---- the end ---- */

void phase1_describe(struct text *text, const struct ike_sa *ike)
{
    const struct suite *suite = &ike->suite;
    text_add(text, "{auth=%s cipher=%s", phase1_is_signed(ike) ? "RSA_SIG" : "PRESHARED_KEY",
             suite->encr->name);
    if (suite->encr->has_key_length)
        text_add(text, "_%u", suite->encr_key_bits);
    else if (suite->encr->key_bits[0] != 0)
        text_add(text, "_%u", suite->encr->key_bits[0]);
    text_add(text, " integ=%s group=%s}", suite->prf->name, suite->ke->name);
}

void phase1_say_sent(struct engine *engine, struct ike_sa *ike, enum ikev1_state state)
{
    ike->v1->state = state;
    say_ike(engine, RC_NEW_V1_STATE + (int)state, ike, ike->setup->client, "%s", ikev1_state_story(state));
}

void phase1_established(struct engine *engine, struct ike_sa *ike, enum ikev1_state state,
                        bool says_initial_contact)
{
    char line[256];
    struct text text = text_of(line, sizeof(line));
    struct ikev1_sa *v1 = ike->v1;
    v1->state = state;
    v1->says_initial_contact = says_initial_contact;
    owned_clear(engine, &ike->memory_bytes, &v1->sa_body);
    owned_clear(engine, &ike->memory_bytes, &v1->id_body);
    owned_clear(engine, &ike->memory_bytes, &v1->peer_proof);
    owned_clear(engine, &ike->memory_bytes, &v1->own_proof);
    owned_clear(engine, &ike->memory_bytes, &v1->transform);
    memcpy(v1->last_block, v1->phase1.iv, sizeof(v1->last_block));
    ike_unindex_by_initiator(engine, ike);
    if (ike->counted_halfopen)
        engine->totals.ike_halfopen--;
    ike->counted_halfopen = false;
    engine_timer_cancel(engine, &ike->retransmit_timer);
    ike->peer_auth = phase1_auth_methods(ike);
    if (!ike->is_initiator)
        connection_take_peer(engine, ike);
    phase1_describe(&text, ike);
    say_ike(engine, RC_SUCCESS, ike, ike->setup->client, "IKE SA established %s", line);
    phase15_begin(engine, ike);
}

void phase1_is_usable(struct engine *engine, struct ike_sa *ike)
{
    uint64_t client = ike->setup->client, serial = ike->serial;
    bool wants_child = ike->setup->wants_child;
    char line[256];
    struct text text = text_of(line, sizeof(line));
    ike->setup->client = 0;
    ike->current = TASK_NONE;
    ike_drop_setup(engine, ike);
    ike_index_by_peers(engine, ike);
    lifecycle_ike_is_up(engine, ike);
    lifetimes_arm_ike(engine, ike);
    phase1_describe(&text, ike);
    say_event(engine, EVENT_IKE_UP, connection_by_serial(engine, ike->connection_serial)->spec->name,
              ike->serial, 0, line);
    initial_contact_obey(engine, ike, ike->v1->says_initial_contact);
    lifetimes_replace_older(engine, ike);
    if (wants_child)
        quick_mode_start(engine, ike, connection_by_serial(engine, ike->connection_serial), NULL, client);
    else
        finish_client(engine, client, 0);
    if ((ike = ike_by_serial(engine, serial)) != NULL)
        quick_mode_run_tasks(engine, ike);
}
