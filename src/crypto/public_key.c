/* Making, sharing and freeing public keys; see public_key.h. Their SubjectPublicKeyInfo: public_key_spki.c.
 */
#include "crypto/public_key.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/reader.h"
#include "base/text.h"
#include "base/writer.h"
#include "crypto/prf.h"
#include "crypto/public_key_handle.h"

enum { POINT_UNCOMPRESSED = 4 };

static const struct {
    const char *name;
    enum key_kind kind;
    unsigned bits;
    size_t data_size;
} curves[] = {
    [CURVE_P256] = {"P-256", KEY_ECDSA, 256, 65},  [CURVE_P384] = {"P-384", KEY_ECDSA, 384, 97},
    [CURVE_P521] = {"P-521", KEY_ECDSA, 521, 133}, [CURVE_ED25519] = {"Ed25519", KEY_EDDSA, 256, 32},
    [CURVE_ED448] = {"Ed448", KEY_EDDSA, 456, 57},
};

static void write_key_id(struct bytes blob, char out[static KEY_ID_SIZE])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < KEY_ID_SIZE - 1; i++) {
        size_t bit = 6 * i;
        unsigned two = (unsigned)blob.data[bit / 8] << 8 | blob.data[bit / 8 + 1];
        out[i] = digits[two >> (10 - bit % 8) & 63];
    }
    out[KEY_ID_SIZE - 1] = '\0';
}

/* Two runs, joined. NSS makes its ids of the one that `named` is (PK11_MakeIDFromPubKey). */
static struct public_key *make(struct public_key form, struct bytes first, struct bytes second,
                               struct bytes named, struct error *error)
{
    uint8_t blob[PUBLIC_KEY_SIZE_MAX];
    struct public_key *key = malloc(sizeof(*key));
    uint8_t *data = malloc(first.size + second.size);
    if (key == NULL || data == NULL || !hash_compute(HASH_SHA1, &named, 1, form.ckaid)) {
        free(key);
        free(data);
        error_set(error, 0, "out of memory");
        return NULL;
    }
    if (first.size > 0)
        memcpy(data, first.data, first.size);
    memcpy(data + first.size, second.data, second.size);
    form.users = 1;
    form.data = data;
    form.exponent_size = form.kind == KEY_RSA ? first.size : 0;
    form.size = first.size + second.size;
    *key = form;
    size_t size = public_key_write_rfc3110(key, blob);
    write_key_id(size > 0 ? bytes_of(blob, size) : bytes_of(data, form.size), key->key_id);
    return key;
}

/* ---- RSA ---- */

static unsigned bits_of(struct bytes number)
{
    unsigned bits = (unsigned)number.size * 8;
    for (uint8_t top = number.data[0]; top < 0x80; top = (uint8_t)(top << 1))
        bits--;
    return bits;
}

struct public_key *public_key_of_rsa(struct bytes exponent, struct bytes modulus, struct error *error)
{
    const char *fault = NULL;
    if (exponent.size == 0 || modulus.size == 0)
        fault = "cut short";
    else if (exponent.data[0] == 0 || modulus.data[0] == 0)
        fault = "leading zeroes (RFC 3110 2)";
    else if (!(exponent.data[exponent.size - 1] & 1) || !(modulus.data[modulus.size - 1] & 1) ||
             (exponent.size == 1 && exponent.data[0] == 1))
        fault = "exponent or modulus are impossible";
    else if (exponent.size > RSA_EXPONENT_MAX)
        fault = "its exponent has more than 64 bits";
    if (fault != NULL) {
        error_set(error, 0, "RSA public key: %s", fault);
        return NULL;
    }
    unsigned bits = bits_of(modulus);
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX) {
        error_set(error, 0, "RSA public key: %u bits; %d to %d are accepted", bits, RSA_BITS_MIN,
                  RSA_BITS_MAX);
        return NULL;
    }
    return make((struct public_key){.kind = KEY_RSA, .bits = bits}, exponent, modulus, modulus, error);
}

/* The length of the exponent is one octet, or a zero octet and two. */
struct public_key *public_key_of_rfc3110(struct bytes blob, struct error *error)
{
    struct reader reader = reader_of(blob);
    size_t size = reader_u8(&reader);
    if (size == 0)
        size = reader_u16(&reader);
    struct bytes exponent = reader_bytes(&reader, size);
    struct bytes modulus = reader_rest(&reader);
    if (!reader.failed && size > 0 && modulus.size > 0)
        return public_key_of_rsa(exponent, modulus, error);
    error_set(error, 0, "RSA public key: cut short, or the length of its exponent is wrong");
    return NULL;
}

size_t public_key_write_rfc3110(const struct public_key *key, uint8_t *out)
{
    if (key->kind != KEY_RSA)
        return 0;
    struct writer writer = writer_of(out, PUBLIC_KEY_SIZE_MAX);
    writer_u8(&writer, (uint8_t)key->exponent_size); /* at most RSA_EXPONENT_MAX */
    writer_bytes(&writer, bytes_of(key->data, key->size));
    return writer.size;
}

/* ---- curves ---- */

static enum key_curve curve_of_size(enum key_kind kind, size_t size)
{
    for (enum key_curve curve = CURVE_P256; curve <= CURVE_ED448; curve++)
        if (curves[curve].kind == kind && curves[curve].data_size == size)
            return curve;
    return CURVE_NONE;
}

static struct public_key *check_point(struct public_key *key, struct error *error)
{
    if (key == NULL || public_key_is_on_curve(key))
        return key;
    error_set(error, 0, "%s public key: no point of %s", key_kind_name(key->kind),
              key_curve_name(key->curve));
    public_key_free(key);
    return NULL;
}

struct public_key *public_key_of_point(struct bytes point, struct error *error)
{
    uint8_t data[1 + 2 * 66] = {POINT_UNCOMPRESSED};
    bool has_form = point.size % 2 == 1;
    if (has_form && point.data[0] == POINT_UNCOMPRESSED)
        point = bytes_of(point.data + 1, point.size - 1);
    enum key_curve curve = point.size % 2 == 0 ? curve_of_size(KEY_ECDSA, 1 + point.size) : CURVE_NONE;
    if (curve == CURVE_NONE) {
        error_set(error, 0, "ECDSA public key: %zu bytes are no uncompressed point of P-256, P-384 or P-521",
                  point.size);
        return NULL;
    }
    memcpy(data + 1, point.data, point.size);
    struct bytes whole = bytes_of(data, 1 + point.size);
    struct public_key form = {.kind = KEY_ECDSA, .curve = curve, .bits = curves[curve].bits};
    return check_point(make(form, bytes_of(NULL, 0), whole, whole, error), error);
}

struct public_key *public_key_of_edwards(struct bytes octets, struct error *error)
{
    enum key_curve curve = curve_of_size(KEY_EDDSA, octets.size);
    if (curve == CURVE_NONE) {
        error_set(error, 0, "EdDSA public key: %zu bytes; Ed25519 has 32, Ed448 57", octets.size);
        return NULL;
    }
    struct public_key form = {.kind = KEY_EDDSA, .curve = curve, .bits = curves[curve].bits};
    return make(form, bytes_of(NULL, 0), octets, octets, error);
}

/* ---- sharing ---- */

struct public_key *public_key_hold(const struct public_key *key)
{
    struct public_key *held = (struct public_key *)key; /* only the count changes */
    if (held != NULL)
        __atomic_add_fetch(&held->users, 1, __ATOMIC_RELAXED);
    return held;
}

void public_key_free(struct public_key *key)
{
    if (key == NULL || __atomic_sub_fetch(&key->users, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    free(key->data);
    free(key);
}

bool public_key_equal(const struct public_key *a, const struct public_key *b)
{
    return a->kind == b->kind && a->curve == b->curve && a->exponent_size == b->exponent_size &&
           bytes_equal(bytes_of(a->data, a->size), bytes_of(b->data, b->size));
}

/* ---- words ---- */

const char *key_kind_name(enum key_kind kind)
{
    static const char *const names[] = {[KEY_RSA] = "RSA", [KEY_ECDSA] = "ECDSA", [KEY_EDDSA] = "EdDSA"};
    return names[kind];
}

const char *key_curve_name(enum key_curve curve)
{
    return curve == CURVE_NONE ? "" : curves[curve].name;
}

const char *public_key_describe(const struct public_key *key, char out[static 32])
{
    if (key->kind == KEY_RSA)
        snprintf(out, 32, "%u-bit RSA", key->bits);
    else
        snprintf(out, 32, "%s%s", key_curve_name(key->curve), key->kind == KEY_ECDSA ? " ECDSA" : "");
    return out;
}

const char *ckaid_text(const uint8_t ckaid[static CKAID_SIZE], char out[static CKAID_HEX_SIZE])
{
    struct text text = text_of(out, CKAID_HEX_SIZE);
    text_add_hex(&text, bytes_of(ckaid, CKAID_SIZE));
    return out;
}
