/* How the ends prove their identities: authby=, leftauth=, and the keywords that name public keys. */
#include "config/spec_detail.h"
#include "config/value.h"

#include "base/text.h"
#include "crypto/public_key_text.h"

#include <stdio.h>
#include <strings.h>

enum { AUTH_WORD_MAX = 32, SHOWN_MAX = 80 };

#define HASH(size) 1u << SIGNATURE_HASH_SHA2_##size

/* Each adds its methods and the hashes that their signatures may use. */
static const struct auth_word {
    const char *word;
    unsigned methods; /* AUTH_UNSET: not supported yet */
    unsigned hashes;
} auth_words[] = {
    {"secret", AUTH_PSK, 0},
    {"psk", AUTH_PSK, 0},
    {"never", AUTH_NEVER, 0},
    {"null", AUTH_NULL, 0},
    {"rsasig", AUTH_RSASIG | AUTH_RSASIG_V1_5, HASHES_SHA2},
    {"rsa", AUTH_RSASIG | AUTH_RSASIG_V1_5, HASHES_SHA2},
    {"rsa-sha1", AUTH_RSASIG_V1_5, 0},
    {"rsa-sha2", AUTH_RSASIG, HASHES_SHA2},
    {"rsa-sha2_256", AUTH_RSASIG, HASH(256)},
    {"rsa-sha2_384", AUTH_RSASIG, HASH(384)},
    {"rsa-sha2_512", AUTH_RSASIG, HASH(512)},
    {"ecdsa", AUTH_ECDSA, HASHES_SHA2},
    {"ecdsa-sha2", AUTH_ECDSA, HASHES_SHA2},
    {"ecdsa-sha2_256", AUTH_ECDSA, HASH(256)},
    {"ecdsa-sha2_384", AUTH_ECDSA, HASH(384)},
    {"ecdsa-sha2_512", AUTH_ECDSA, HASH(512)},
    {"eddsa", AUTH_EDDSA, 1u << SIGNATURE_HASH_IDENTITY},
    {"eaponly", AUTH_UNSET, 0},
    {"ecdsa-sha1", AUTH_UNSET, 0},
};

static bool refuse_word(const char *word, struct error *error)
{
    const char *candidates[ARRAY_SIZE(auth_words)];
    char shown[SHOWN_MAX];
    struct text out = text_of(shown, sizeof(shown));
    for (size_t i = 0; i < ARRAY_SIZE(auth_words); i++)
        candidates[i] = auth_words[i].word;
    const char *nearest = text_nearest(word, candidates, ARRAY_SIZE(auth_words));
    text_add_escaped(&out, bytes_of_text(word));
    if (nearest != NULL)
        return error_set(error, 0, "found \"%s\"; did you mean \"%s\"?", shown, nearest);
    return error_set(error, 0, "found \"%s\"; expected secret, rsasig, ecdsa, eddsa, null or never", shown);
}

static bool add_word(const char *word, unsigned *methods, unsigned *hashes, struct error *error)
{
    for (size_t i = 0; i < ARRAY_SIZE(auth_words); i++) {
        const struct auth_word *row = &auth_words[i];
        if (strcasecmp(row->word, word) != 0)
            continue;
        if (row->methods == AUTH_UNSET)
            return error_set(error, 0, "\"%s\" is not supported yet", row->word);
        *methods |= row->methods;
        *hashes |= row->hashes;
        return true;
    }
    return refuse_word(word, error);
}

/* A list; FreeS/WAN wrote secret|rsasig. */
static bool add_words(const char *value, unsigned *methods, unsigned *hashes, struct error *error)
{
    char word[AUTH_WORD_MAX];
    for (const char *at = value; *at != '\0';) {
        size_t size = strcspn(at, ",| \t");
        size_t shown = size < sizeof(word) ? size : sizeof(word) - 1;
        memcpy(word, at, shown);
        word[shown] = '\0';
        if (size > 0 && !add_word(word, methods, hashes, error)) {
            if (error != NULL)
                error->code = (int)(at - value);
            return false;
        }
        at += size;
        at += strspn(at, ",| \t");
    }
    if (*methods == AUTH_UNSET)
        return error_set(error, 0, "found nothing; expected secret, rsasig, ecdsa, eddsa, null or never");
    return true;
}

bool spec_set_authby(struct spec_builder *builder, const char *value, struct error *error)
{
    unsigned methods = 0, hashes = 0;
    if (!add_words(value, &methods, &hashes, error))
        return false;
    builder->authby = methods;
    builder->authby_hashes = hashes;
    return true;
}

bool spec_end_set_auth(struct spec_builder *builder, struct end_spec *end, const char *value,
                       struct error *error)
{
    unsigned methods = 0, hashes = 0;
    if (!add_words(value, &methods, &hashes, error))
        return false;
    end->auth = methods;
    builder->auth_hashes[end == &builder->spec->left ? 0 : 1] = hashes;
    return true;
}

/* ---- keys ---- */

/* %cert says that the key comes with the peer's certificate: what that means is told when it is looked for.
 */
static bool set_key_word(struct end_spec *end, const char *value, struct error *error)
{
    bool is_certificate = strcasecmp(value, "%cert") == 0;
    if (strncasecmp(value, "%dns", 4) == 0)
        return error_set(error, 0, "keys from the DNS are not supported yet");
    if (!is_certificate && strcasecmp(value, "%none") != 0)
        return error_set(error, 0, "found \"%.40s\"; expected a key (0s... or 0x...), %%cert or %%none",
                         value);
    end->key_is_in_certificate = is_certificate;
    return true;
}

static bool set_key(struct spec_builder *builder, struct end_spec *end, enum public_key_form form,
                    const char *value, struct error *error)
{
    struct error reason;
    builder->has_public_keys = true;
    if (value[0] == '%')
        return set_key_word(end, value, error);
    struct public_key *key = public_key_parse(value, form, &reason);
    if (key == NULL)
        return error_set(error, 0, "%s", reason.text);
    public_key_free(end->public_keys[key->kind]);
    end->public_keys[key->kind] = key;
    return true;
}

bool spec_end_set_rsasigkey(struct spec_builder *builder, struct end_spec *end, const char *value,
                            struct error *error)
{
    return set_key(builder, end, PUBLIC_KEY_RSA, value, error);
}

bool spec_end_set_ecdsakey(struct spec_builder *builder, struct end_spec *end, const char *value,
                           struct error *error)
{
    return set_key(builder, end, PUBLIC_KEY_ECDSA, value, error);
}

bool spec_end_set_eddsakey(struct spec_builder *builder, struct end_spec *end, const char *value,
                           struct error *error)
{
    return set_key(builder, end, PUBLIC_KEY_EDDSA, value, error);
}

bool spec_end_set_pubkey(struct spec_builder *builder, struct end_spec *end, const char *value,
                         struct error *error)
{
    return set_key(builder, end, PUBLIC_KEY_ANY, value, error);
}

bool spec_end_set_ckaid(struct spec_builder *builder, struct end_spec *end, const char *value,
                        struct error *error)
{
    builder->has_public_keys = true;
    end->has_ckaid = ckaid_parse(value, end->ckaid, error);
    if (!end->has_ckaid && error != NULL)
        error->code = 0;
    return end->has_ckaid;
}

/* ---- the whole ---- */

static void finish_end(struct spec_builder *builder, struct end_spec *end, unsigned which)
{
    struct connection_spec *spec = builder->spec;
    unsigned hashes = builder->auth_hashes[which];
    if (end->auth == AUTH_UNSET && builder->authby != AUTH_UNSET) {
        end->auth = builder->authby;
        hashes = builder->authby_hashes;
    } else if (end->auth == AUTH_UNSET && !connection_spec_is_shunt(spec)) {
        end->auth = spec->ike_version == 1 ? AUTH_DEFAULT_IKEV1 : AUTH_DEFAULT;
        hashes = HASHES_SHA2;
    }
    if (spec->ike_version == 1) { /* it knows RSA signatures of one kind, with the hash that was negotiated */
        if ((end->auth & AUTH_RSASIG_V1_5) != 0)
            end->auth = (end->auth & ~(unsigned)AUTH_RSASIG_V1_5) | AUTH_RSASIG;
        hashes = 0;
    }
    spec->signature_hashes |= (uint8_t)hashes;
}

bool spec_finish_auth(struct spec_builder *builder, struct error *error)
{
    struct connection_spec *spec = builder->spec;
    if ((spec->left.auth == AUTH_UNSET) != (spec->right.auth == AUTH_UNSET))
        return error_set(error, -1, "leftauth= and rightauth= must both be set or both be unset");
    finish_end(builder, &spec->left, 0);
    finish_end(builder, &spec->right, 1);
    bool uses_keys = ((spec->left.auth | spec->right.auth) & AUTH_SIGNATURES) != 0;
    if (builder->has_public_keys && !uses_keys)
        warning_send(builder->warnings, "conn \"%s\": the public keys have no effect with authby=%s",
                     spec->name, auth_methods_name(spec->left.auth));
    return true;
}
