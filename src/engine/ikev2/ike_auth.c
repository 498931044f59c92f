/* IKE_AUTH: what both roles share. RFC 7296 2.15. */
#include "engine/ikev2/ike_auth.h"

#include "base/secret.h"
#include "engine/ikev2/ike_auth_parts.h"
#include "engine/ikev2/initial_contact.h"
#include "engine/lifecycle.h"
#include "engine/sa.h"

void ike_auth_describe(struct text *text, const struct suite *suite)
{
    text_add(text, "{cipher=%s", suite->encr->name);
    if (suite->encr->has_key_length)
        text_add(text, "_%u", suite->encr_key_bits);
    text_add(text, " integ=%s prf=%s group=%s}", suite->integ ? suite->integ->name : "n/a", suite->prf->name,
             suite->ke->name);
}

void ike_auth_build_id(struct ikev2_builder *builder, uint8_t payload, const struct identity *id)
{
    ikev2_build_begin(builder, payload);
    writer_u32(&builder->writer, (uint32_t)id->kind << 24);
    writer_bytes(&builder->writer, bytes_of(id->data, id->size));
    ikev2_build_end(builder);
}

bool ike_auth_compute(const struct ike_sa *ike, struct bytes secret, bool of_initiator, struct bytes id_body,
                      uint8_t *out)
{
    const struct ike_setup *setup = ike->setup;
    const struct algorithm *prf = ike->suite.prf;
    struct bytes message = owned_bytes(of_initiator ? &setup->init_request : &setup->init_response);
    struct bytes nonce = of_initiator ? bytes_of(setup->nonce_r, setup->nonce_r_size)
                                      : bytes_of(setup->nonce_i, setup->nonce_i_size);
    struct bytes sk_p = bytes_of(of_initiator ? ike->keys.sk_pi : ike->keys.sk_pr, prf->output_size);
    return ikev2_psk_auth(prf, secret, message, nonce, sk_p, id_body, out);
}

bool ike_auth_own(struct engine *engine, const struct ike_sa *ike, const struct connection *connection,
                  uint8_t *out, struct error *error)
{
    uint8_t body[4 + IDENTITY_SIZE_MAX] = {connection->local_id.kind};
    const struct secret_entry *secret =
        secrets_find_psk(engine->secrets, &connection->local_id, &ike->remote_id, &ike->path.local.address,
                         &ike->path.remote.address, error);
    if (secret == NULL) {
        if (error != NULL)
            error->code = FAILURE_NO_SECRET;
        return false;
    }
    memcpy(body + 4, connection->local_id.data, connection->local_id.size);
    return ike_auth_compute(ike, bytes_of(secret->key, secret->key_size), ike->is_initiator,
                            bytes_of(body, 4u + connection->local_id.size), out);
}

bool ike_auth_check(struct engine *engine, const struct ike_sa *ike, const struct connection *connection,
                    const struct ikev2_message *message, const struct ikev2_id *id, struct error *error)
{
    uint8_t expected[PRF_OUTPUT_MAX];
    size_t size = ike->suite.prf->output_size;
    const struct secret_entry *secret =
        secrets_find_psk(engine->secrets, &connection->local_id, &ike->remote_id, &ike->path.local.address,
                         &ike->path.remote.address, error);
    if (secret == NULL) {
        if (error != NULL)
            error->code = FAILURE_NO_SECRET;
        return false;
    }
    if (message->auth_method != AUTH_METHOD_SHARED_KEY)
        return error_set(error, 0, "peer authenticates by method %u; authby=secret (method 2) is wanted",
                         message->auth_method);
    bool ok = ike_auth_compute(ike, bytes_of(secret->key, secret->key_size), !ike->is_initiator, id->body,
                               expected) &&
              message->auth_data.size == size && secret_equal(message->auth_data.data, expected, size);
    secret_wipe(expected, sizeof(expected));
    return ok || error_set(error, FAILURE_PEER_PROOF, "peer's AUTH does not match the secret of %s",
                           secret->origin ? secret->origin : "ipsec.secrets");
}

void ike_auth_established(struct engine *engine, struct ike_sa *ike, uint64_t client)
{
    char id[IDENTITY_TEXT_SIZE];
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    ike_unindex_by_initiator(engine, ike);
    if (ike->counted_halfopen)
        engine->totals.ike_halfopen--;
    ike->counted_halfopen = false;
    ike_index_by_peers(engine, ike);
    lifecycle_ike_is_up(engine, ike);
    say_ike(engine, RC_LOG_SERIOUS, ike, client,
            "%s established IKE SA; authenticated peer using authby=secret and %s '%s'",
            ike->is_initiator ? "initiator" : "responder", identity_kind_name(ike->remote_id.kind),
            identity_text(&ike->remote_id, id));
    say_event(engine, EVENT_IKE_UP, connection->spec->name, ike->serial, 0, id);
}

void ike_auth_give_up(struct engine *engine, struct ike_sa *ike)
{
    ike_retire(engine, ike);
}
