/* The algorithms of this build in status output. */
#include "control/session.h"

#include "crypto/key_exchange.h"

enum { AEAD_BLOCK = 16 }; /* what users of old are shown for modes that pad to one byte */

static const char *const lines[] = {
    "{is_esp_encr?algorithm ESP encrypt: name={name}, keysizemin={key_bits_min}, keysizemax={key_bits_max}}",
    "{is_esp_integ?algorithm AH/ESP auth: name={name}, key-length={key_bits_max}}",
    ("{is_ike_encr?algorithm IKE encrypt: v1id={v1id}, v1name={v1name}, v2id={v2id}, v2name={v2name}, "
     "blocksize={block_bytes}, keydeflen={key_bits_default}}"),
    "{is_ike_prf?algorithm IKE PRF: name={name}, hashlen={output_bytes}}",
    "{is_ike_ke?algorithm IKE DH Key Exchange: name={name}, bits={public_bits}}",
};
static const struct text_form form = TEXT_FORM(RC_COMMENT, lines);

static void put_key_bits(struct facts *facts, const struct algorithm *algorithm)
{
    unsigned least = algorithm->key_bits[0], most = least;
    for (size_t i = 1; i < ARRAY_SIZE(algorithm->key_bits) && algorithm->key_bits[i] != 0; i++) {
        least = algorithm->key_bits[i] < least ? algorithm->key_bits[i] : least;
        most = algorithm->key_bits[i] > most ? algorithm->key_bits[i] : most;
    }
    if (algorithm->type == TRANSFORM_INTEG)
        least = most = algorithm->key_size * 8u;
    facts_number(facts, "key_bits_min", least);
    facts_number(facts, "key_bits_max", most);
    facts_number(facts, "key_bits_default", algorithm->key_bits[0]);
}

/* The names that IANA's registry of IKEv1 has. */
static void put_numbers(struct facts *facts, const struct algorithm *algorithm)
{
    char ikev1_name[64];
    struct text text = text_of(ikev1_name, sizeof(ikev1_name));
    bool is_of_ikev1 = algorithm->ikev1_ike_id != 0;
    text_add(&text, is_of_ikev1 ? "OAKLEY_%s" : "n/a", algorithm->name);
    facts_limit(facts, "v1id", is_of_ikev1 ? algorithm->ikev1_ike_id : UINT64_MAX, "-1");
    facts_text_or(facts, "v1name", is_of_ikev1 ? ikev1_name : NULL, "n/a");
    facts_number(facts, "v2id", algorithm->id);
    facts_shown(facts, "v2name", algorithm->id == ENCR_3DES ? "3DES" : algorithm->name);
}

static const char *type_name(enum transform_type type)
{
    static const char *const names[] = {[TRANSFORM_ENCR] = "encryption",
                                        [TRANSFORM_PRF] = "prf",
                                        [TRANSFORM_INTEG] = "integrity",
                                        [TRANSFORM_KE] = "key-exchange"};
    return names[type];
}

static void put_algorithm(struct facts *facts, const struct algorithm *algorithm, bool is_ike)
{
    facts_begin(facts, NULL, &form);
    facts_text(facts, "name", algorithm->name);
    facts_text(facts, "type", type_name(algorithm->type));
    put_numbers(facts, algorithm);
    put_key_bits(facts, algorithm);
    facts_number(facts, "block_bytes", algorithm->block_size > 1 ? algorithm->block_size : AEAD_BLOCK);
    facts_number(facts, "output_bytes", algorithm->output_size);
    facts_number(facts, "public_bits", algorithm->type == TRANSFORM_KE ? ke_public_size(algorithm) * 8 : 0);
    if (!facts->is_json) {
        facts_bool(facts, "is_esp_encr", !is_ike && algorithm->type == TRANSFORM_ENCR);
        facts_bool(facts, "is_esp_integ", !is_ike && algorithm->type == TRANSFORM_INTEG);
        facts_bool(facts, "is_ike_encr", is_ike && algorithm->type == TRANSFORM_ENCR);
        facts_bool(facts, "is_ike_prf", is_ike && algorithm->type == TRANSFORM_PRF);
        facts_bool(facts, "is_ike_ke", is_ike && algorithm->type == TRANSFORM_KE);
    }
    facts_end(facts);
}

static void put_used(struct facts *facts, bool is_ike, enum transform_type type)
{
    const struct algorithm *algorithm;
    unsigned use = is_ike ? USE_IKEV2_IKE | USE_IKEV1_IKE : USE_IKEV2_ESP | USE_IKEV1_ESP;
    for (size_t i = 0; (algorithm = algorithm_at(i)) != NULL; i++) {
        bool is_no_key_exchange = type == TRANSFORM_KE && algorithm->id == KE_NONE;
        if (algorithm->type == type && (algorithm->uses & use) != 0 && !is_no_key_exchange)
            put_algorithm(facts, algorithm, is_ike);
    }
}

static bool next_esp(struct control_session *session, struct facts *facts)
{
    (void)session;
    put_used(facts, false, TRANSFORM_ENCR);
    put_used(facts, false, TRANSFORM_INTEG);
    return false;
}

static bool next_ike(struct control_session *session, struct facts *facts)
{
    (void)session;
    put_used(facts, true, TRANSFORM_ENCR);
    put_used(facts, true, TRANSFORM_PRF);
    put_used(facts, true, TRANSFORM_KE);
    return false;
}

static const char *const esp_heading[] = {"Kernel algorithms supported:", " ", NULL};
static const char *const ike_heading[] = {"IKE algorithms supported:", " ", NULL};
static const char *const blank[] = {" ", NULL};

const struct list_section section_esp_algorithms = {
    .name = "esp_algorithms", .is_array = true, .heading = esp_heading, .ending = blank, .next = next_esp};
const struct list_section section_ike_algorithms = {
    .name = "ike_algorithms", .is_array = true, .heading = ike_heading, .ending = blank, .next = next_ike};
