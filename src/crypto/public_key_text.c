/* Public keys and CKAIDs as text; see public_key_text.h. */
#include "crypto/public_key_text.h"

#include <strings.h>

#include "base/text.h"
#include "crypto/der.h"

static const char *const form_names[] = {
    [PUBLIC_KEY_RSA] = "RSA public key",
    [PUBLIC_KEY_ECDSA] = "ECDSA public key",
    [PUBLIC_KEY_EDDSA] = "EdDSA public key",
    [PUBLIC_KEY_ANY] = "public key",
};

static bool decode(const char *text, enum public_key_form form, uint8_t *out, size_t capacity,
                   size_t *ret_size, struct error *error)
{
    bool is_hex = strncasecmp(text, "0x", 2) == 0, is_base64 = strncasecmp(text, "0s", 2) == 0;
    if (!is_base64 && !is_hex && form != PUBLIC_KEY_ANY)
        return error_set(error, 0, "a public key is written 0s... (base64) or 0x... (hexadecimal)");
    const char *digits = is_hex || is_base64 ? text + 2 : text;
    long size = is_hex ? hex_decode(digits, strlen(digits), out, capacity)
                       : base64_decode(digits, strlen(digits), out, capacity);
    if (size <= 0)
        return error_set(error, 0, "%s: not %s, or more than %d bits", form_names[form],
                         is_hex ? "hexadecimal" : "base64", RSA_BITS_MAX);
    *ret_size = (size_t)size;
    return true;
}

/* A SEQUENCE that is as long as the whole: no point or octets begin so and have that size too, and of RSA
 * keys none whose exponent is as short as it must be. */
static bool looks_like_spki(struct bytes blob)
{
    struct reader reader = reader_of(blob);
    der_take(&reader, DER_SEQUENCE);
    return der_is_done(&reader);
}

static bool is_promised(const struct public_key *key, enum public_key_form form, struct error *error)
{
    static const enum key_kind kinds[] = {
        [PUBLIC_KEY_RSA] = KEY_RSA, [PUBLIC_KEY_ECDSA] = KEY_ECDSA, [PUBLIC_KEY_EDDSA] = KEY_EDDSA};
    if (form == PUBLIC_KEY_ANY || key->kind == kinds[form])
        return true;
    return error_set(error, 0, "%s: this is an %s key", form_names[form], key_kind_name(key->kind));
}

struct public_key *public_key_parse(const char *text, enum public_key_form form, struct error *error)
{
    uint8_t blob[PUBLIC_KEY_DER_MAX];
    size_t size = 0;
    if (!decode(text, form, blob, sizeof(blob), &size, error))
        return NULL;
    struct bytes bytes = bytes_of(blob, size);
    if (form == PUBLIC_KEY_ANY || looks_like_spki(bytes)) {
        struct public_key *key = public_key_of_spki(bytes, error);
        if (key == NULL || is_promised(key, form, error))
            return key;
        public_key_free(key);
        return NULL;
    }
    if (form == PUBLIC_KEY_RSA)
        return public_key_of_rfc3110(bytes, error);
    return form == PUBLIC_KEY_ECDSA ? public_key_of_point(bytes, error) : public_key_of_edwards(bytes, error);
}

bool ckaid_parse(const char *text, uint8_t out[static CKAID_SIZE], struct error *error)
{
    char digits[2 * CKAID_SIZE + 1];
    size_t count = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == ':' || *at == ' ' || *at == '_')
            continue;
        if (count == 2 * CKAID_SIZE)
            return error_set(error, 0, "a CKAID has 40 hexadecimal digits; this has more");
        digits[count++] = *at;
    }
    digits[count] = '\0';
    if (count != 2 * CKAID_SIZE || hex_decode(digits, count, out, CKAID_SIZE) != CKAID_SIZE)
        return error_set(error, 0, "found '%.60s'; expected a CKAID of 40 hexadecimal digits", text);
    return true;
}
