/* Keys and certificates: the --list family. Of a secret the owners are told, never the key. */
#include "base/text.h"
#include "control/session.h"

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
    return entry->id_is_any[index] ? "%any" : identity_text(&entry->ids[index], out);
}

static void put_secret(struct facts *facts, const struct secret_entry *entry, uint64_t number)
{
    char id[IDENTITY_TEXT_SIZE], owners[OWNERS_SIZE];
    struct text text = text_of(owners, sizeof(owners));
    facts_begin(facts, NULL, &secret_form);
    facts_number(facts, "number", number);
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
        put_secret(facts, &secrets->entries[*told], *told + 1);
    return secrets != NULL && *told < secrets->count;
}

/* There are none of these before certificates and public keys are read. */
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
    .name = "public_keys", .is_array = true, .heading = public_keys, .next = next_nothing};
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
