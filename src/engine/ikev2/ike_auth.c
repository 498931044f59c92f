/* IKE_AUTH: what both roles share. RFC 7296 2.15. */
#include "engine/ikev2/ike_auth.h"

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

void ike_auth_build_id(struct message_builder *builder, uint8_t payload, const struct identity *id)
{
    message_build_begin(builder, payload);
    writer_u32(&builder->writer, (uint32_t)id->kind << 24);
    writer_bytes(&builder->writer, bytes_of(id->data, id->size));
    message_build_end(builder);
}

/* As Libreswan tells it; a raw public key counts as a certificate that was loaded before. */
static void describe_peer(struct text *text, const struct ike_sa *ike, const struct ikev2_message *message,
                          const struct job *job)
{
    char id[IDENTITY_TEXT_SIZE];
    identity_text(&ike->remote_id, id);
    const struct signature_work *work = job != NULL ? job->signature : NULL;
    if (work == NULL) {
        bool is_null = message->auth_method == AUTH_METHOD_NULL;
        text_add(text, "authby=%s and %s '%s'", is_null ? "null" : "secret",
                 identity_kind_name(ike->remote_id.kind), id);
        return;
    }
    const struct public_key *key = work->public_keys[work->verified_by];
    text_add(text, "preloaded certificate '%s' and ", id);
    if (key->kind == KEY_RSA)
        text_add(text, "%u-bit ", key->bits);
    else if (work->algorithm->curve == CURVE_NONE)
        text_add(text, "%s ", key_curve_name(key->curve));
    text_add(text, "%s%s signature", work->algorithm->name,
             message->auth_method == AUTH_METHOD_DIGITAL_SIGNATURE ? " digital" : "");
}

void ike_auth_peer_is_proved(struct engine *engine, struct ike_sa *ike, const struct ikev2_message *message,
                             const struct job *job)
{
    char line[IDENTITY_TEXT_SIZE + 128];
    struct text text = text_of(line, sizeof(line));
    describe_peer(&text, ike, message, job);
    ike->peer_auth = auth_methods_of_payload(message);
    owned_set(engine, &ike->memory_bytes, &ike->setup->peer_proof, bytes_of(line, text.size + 1));
}

void ike_auth_established(struct engine *engine, struct ike_sa *ike, uint64_t client)
{
    char id[IDENTITY_TEXT_SIZE];
    const struct owned *proof = &ike->setup->peer_proof;
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    ike_unindex_by_initiator(engine, ike);
    if (ike->counted_halfopen)
        engine->totals.ike_halfopen--;
    ike->counted_halfopen = false;
    ike_index_by_peers(engine, ike);
    lifecycle_ike_is_up(engine, ike);
    say_ike(engine, RC_LOG_SERIOUS, ike, client, "%s established IKE SA; authenticated peer using %s",
            ike->is_initiator ? "initiator" : "responder",
            proof->data != NULL ? (const char *)proof->data : "");
    identity_text(&ike->remote_id, id);
    say_event(engine, EVENT_IKE_UP, connection->spec->name, ike->serial, 0, id);
}

void ike_auth_give_up(struct engine *engine, struct ike_sa *ike)
{
    ike_retire(engine, ike);
}
