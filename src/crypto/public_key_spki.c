/* SubjectPublicKeyInfo: RFC 5280 4.1.2.7, RFC 3279 2.3.1 (RSA), RFC 5480 2 (ECDSA), RFC 8410 4 (EdDSA). */
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "crypto/der.h"
#include "crypto/public_key_handle.h"

#define OID(...) bytes_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define OID_RSA OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01)
#define OID_EC OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01)
#define OID_P256 OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07)
#define OID_P384 OID(0x2b, 0x81, 0x04, 0x00, 0x22)
#define OID_P521 OID(0x2b, 0x81, 0x04, 0x00, 0x23)
#define OID_ED25519 OID(0x2b, 0x65, 0x70)
#define OID_ED448 OID(0x2b, 0x65, 0x71)

static struct public_key *refuse(struct error *error, const char *what)
{
    error_set(error, 0, "SubjectPublicKeyInfo: %s", what);
    return NULL;
}

static struct public_key *read_rsa(struct bytes parameters, struct bytes bits, struct error *error)
{
    struct reader outer = reader_of(bits);
    struct reader reader = reader_of(der_take(&outer, DER_SEQUENCE));
    struct bytes modulus = der_take_positive(&reader), exponent = der_take_positive(&reader);
    bool is_null = bytes_equal(parameters, bytes_of("\x05\x00", 2));
    if (!is_null || !der_is_done(&outer) || !der_is_done(&reader))
        return refuse(error, "an RSA key that is not as RFC 3279 has it");
    return public_key_of_rsa(exponent, modulus, error);
}

static struct public_key *keep_if(struct public_key *key, enum key_curve curve, struct error *error)
{
    if (key == NULL || key->curve == curve)
        return key;
    public_key_free(key);
    return refuse(error, "the key is not of the curve that it names");
}

static struct public_key *read_ec(struct bytes parameters, struct bytes bits, struct error *error)
{
    const struct bytes names[] = {[CURVE_P256] = OID_P256, [CURVE_P384] = OID_P384, [CURVE_P521] = OID_P521};
    struct reader reader = reader_of(parameters);
    struct bytes name = der_take(&reader, DER_OID);
    for (enum key_curve curve = CURVE_P256; der_is_done(&reader) && curve <= CURVE_P521; curve++)
        if (bytes_equal(name, names[curve]))
            return keep_if(public_key_of_point(bits, error), curve, error);
    return refuse(error, "an elliptic curve other than P-256, P-384 and P-521");
}

static struct public_key *read_key(struct bytes oid, struct bytes parameters, struct bytes bits,
                                   struct error *error)
{
    if (bytes_equal(oid, OID_RSA))
        return read_rsa(parameters, bits, error);
    if (bytes_equal(oid, OID_EC))
        return read_ec(parameters, bits, error);
    if (bytes_equal(oid, OID_ED25519) && parameters.size == 0)
        return keep_if(public_key_of_edwards(bits, error), CURVE_ED25519, error);
    if (bytes_equal(oid, OID_ED448) && parameters.size == 0)
        return keep_if(public_key_of_edwards(bits, error), CURVE_ED448, error);
    return refuse(error, "a kind of key other than RSA, ECDSA, Ed25519 and Ed448");
}

struct public_key *public_key_of_spki(struct bytes der, struct error *error)
{
    struct reader whole = reader_of(der);
    struct reader outer = reader_of(der_take(&whole, DER_SEQUENCE));
    struct reader algorithm = reader_of(der_take(&outer, DER_SEQUENCE));
    struct reader bits = reader_of(der_take(&outer, DER_BIT_STRING));
    struct bytes oid = der_take(&algorithm, DER_OID), parameters = reader_rest(&algorithm);
    bool has_unused_bits = reader_u8(&bits) != 0;
    if (!der_is_done(&whole) || !der_is_done(&outer) || algorithm.failed || bits.failed || has_unused_bits)
        return refuse(error, "not DER, or cut short");
    return read_key(oid, parameters, reader_rest(&bits), error);
}

size_t public_key_write_spki(const struct public_key *key, uint8_t *out)
{
    EVP_PKEY *handle = public_key_handle(key);
    uint8_t *at = out;
    int size = handle != NULL ? i2d_PUBKEY(handle, NULL) : 0;
    if (size > 0 && size <= PUBLIC_KEY_DER_MAX)
        size = i2d_PUBKEY(handle, &at);
    EVP_PKEY_free(handle);
    return size > 0 && size <= PUBLIC_KEY_DER_MAX ? (size_t)size : 0;
}
