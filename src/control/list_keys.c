/* Keys and certificates: the --list family. Of a secret the owners are told, never the key. */
#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "control/session.h"
#include "engine/public_keys.h"

enum { SECRETS_A_PIECE = 64, OWNERS_SIZE = 8192 };

static const char *const secret_lines[] = {"    {number}: {kind}{owners}"};
static const struct text_form secret_form = TEXT_FORM(RC_COMMENT, secret_lines);
static const char *const file_lines[] = {" ", "List of Pre-shared secrets (from {secretsfile})", " "};
static const struct text_form file_form = TEXT_FORM(RC_COMMENT, file_lines);

static bool next_secrets_file(struct control_session *session, struct facts *facts)
{
    const struct control_facts *daemon = session->control->host.facts(session->control->host.context);
    facts_begin(facts, "secrets", &file_form);
    facts_text(facts, "secretsfile", daemon->secrets_file);
    facts_end(facts);
    return false;
}

static const char *owner_text(const struct secret_entry *entry, size_t index,
                              char out[static IDENTITY_TEXT_SIZE])
{
    return entry->id_forms[index] == SECRET_ID_ANY ? "%any" : identity_text(&entry->ids[index], out);
}

/* Libreswan numbers them by their lines. */
static uint64_t line_of(const struct secret_entry *entry)
{
    const char *colon = entry->origin != NULL ? strrchr(entry->origin, ':') : NULL;
    return colon != NULL ? strtoul(colon + 1, NULL, 10) : 0;
}

static void put_secret(struct facts *facts, const struct secret_entry *entry)
{
    char id[IDENTITY_TEXT_SIZE], owners[OWNERS_SIZE];
    struct text text = text_of(owners, sizeof(owners));
    facts_begin(facts, NULL, &secret_form);
    facts_number(facts, "number", line_of(entry));
    static const char *const kinds[] = {
        [SECRET_PSK] = "PSK", [SECRET_XAUTH] = "XAUTH", [SECRET_PPK] = "PPKS"};
    facts_text(facts, "kind", kinds[entry->kind]);
    if (facts->is_json) {
        facts_list_begin(facts, "ids", ' ');
        for (size_t i = 0; i < entry->id_count; i++)
            facts_list_add(facts, owner_text(entry, i, id));
        facts_list_end(facts);
    }
    /* The last first, as Libreswan has them. */
    for (size_t i = entry->id_count; i-- > 0;)
        text_add(&text, " %s", owner_text(entry, i, id));
    facts_shown(facts, "owners", entry->id_count > 0 ? owners : " (none) (none)");
    facts_text(facts, "origin", entry->origin);
    facts_end(facts);
}

/* listing.after: how many have been told. */
static bool next_psks(struct control_session *session, struct facts *facts)
{
    const struct secrets *secrets = engine_view_secrets(session->control->engine);
    uint64_t *told = &session->listing.after;
    for (int i = 0; i < SECRETS_A_PIECE && secrets != NULL && *told < secrets->count; i++, ++*told)
        put_secret(facts, &secrets->entries[*told]);
    return secrets != NULL && *told < secrets->count;
}

/* ---- public keys ---- */

static const char *const public_key_lines[] = {
    "{added}, {bits} {type} Key {key_id} ({private_key}), until --- -- --:--:-- ---- ok (expires never)",
    "       {id_type} '{id}'",
};
static const struct text_form public_key_form = TEXT_FORM(RC_COMMENT, public_key_lines);

static const char *time_text(int64_t wall, bool is_utc, char *out, size_t size)
{
    time_t seconds = (time_t)wall;
    struct tm broken;
    if (is_utc)
        strftime(out, size, "%b %d %H:%M:%S UTC %Y", gmtime_r(&seconds, &broken));
    else
        strftime(out, size, "%b %d %H:%M:%S %Y", localtime_r(&seconds, &broken));
    return out;
}

static void put_public_key(struct control_session *session, struct facts *facts,
                           const struct known_key *known)
{
    const struct public_key *key = known->key;
    char when[64], id[IDENTITY_TEXT_SIZE], hex[2 * PUBLIC_KEY_SIZE_MAX + 1], ckaid[CKAID_HEX_SIZE];
    struct text text = text_of(hex, sizeof(hex));
    bool is_ours = private_keys_find(engine_view_private_keys(session->control->engine), key->ckaid) != NULL;
    facts_begin(facts, NULL, &public_key_form);
    facts_shown(facts, "added", time_text(known->added_at_wall, session->wants_utc, when, sizeof(when)));
    facts_number(facts, "added_at", (uint64_t)known->added_at_wall);
    facts_text(facts, "type", key_kind_name(key->kind));
    facts_number(facts, "bits", key->bits);
    facts_text(facts, "key_id", key->key_id);
    facts_text(facts, "id_type", identity_kind_name(known->id.kind));
    facts_text(facts, "id", identity_text(&known->id, id));
    facts_text(facts, "ckaid", ckaid_text(key->ckaid, ckaid));
    facts_shown(facts, "private_key", is_ours ? "has private key" : "no private key");
    facts_bool(facts, "has_private_key", is_ours);
    if (key->kind == KEY_RSA) {
        text_add_hex(&text, public_key_exponent(key));
        facts_text(facts, "exponent", hex);
        text = text_of(hex, sizeof(hex));
        text_add_hex(&text, public_key_modulus(key));
        facts_text(facts, "modulus", hex);
    } else {
        text_add_hex(&text, bytes_of(key->data, key->size));
        facts_text(facts, "curve", key_curve_name(key->curve));
        facts_text(facts, "key", hex);
    }
    facts_end(facts);
}

static bool next_public_keys(struct control_session *session, struct facts *facts)
{
    const struct known_key *key = NULL;
    for (int i = 0; i < SECRETS_A_PIECE; i++) {
        key = engine_view_public_key(session->control->engine, session->listing.after);
        if (key == NULL)
            return false;
        session->listing.after = key->serial;
        put_public_key(session, facts, key);
    }
    return true;
}

/* There are none of these before certificates are read. */
static bool next_nothing(struct control_session *session, struct facts *facts)
{
    (void)session;
    (void)facts;
    return false;
}

static const char *const public_keys[] = {" ", "List of Public Keys:", " ", NULL};
static const char *const end_certificates[] = {" ", "List of X.509 End Certificates:", " ", NULL};
static const char *const ca_certificates[] = {" ", "List of X.509 CA Certificates:", " ", NULL};
static const char *const crls[] = {" ", "List of CRLs:", " ", NULL};

const struct list_section section_public_keys = {
    .name = "public_keys", .is_array = true, .heading = public_keys, .next = next_public_keys};
const struct list_section section_doubtful_public_keys = {
    .name = "public_keys", .is_array = true, .next = next_nothing};
const struct list_section section_secrets_file = {.name = "secrets", .next = next_secrets_file};
const struct list_section section_psks = {.name = "psks", .is_array = true, .next = next_psks};
const struct list_section section_end_certificates = {
    .name = "end_certificates", .is_array = true, .heading = end_certificates, .next = next_nothing};
const struct list_section section_ca_certificates = {
    .name = "ca_certificates", .is_array = true, .heading = ca_certificates, .next = next_nothing};
const struct list_section section_crls = {
    .name = "crls", .is_array = true, .heading = crls, .next = next_nothing};
