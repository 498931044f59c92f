/*
 * The signature algorithms and their AlgorithmIdentifiers: RFC 7427 A, RFC 8420 A, RFC 4055 3 (RSASSA-PSS),
 * RFC 5758 3.2 (ECDSA).
 */
#include "crypto/der.h"
#include "crypto/signature.h"

#define DER(...)                                                                                             \
    {                                                                                                        \
        (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})                               \
    }

#define PKCS1_IDENTIFIER(number)                                                                             \
    DER(0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, number, 0x05, 0x00)
#define ECDSA_SHA2_IDENTIFIER(number)                                                                        \
    DER(0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, number)
#define PSS_HASH(number)                                                                                     \
    0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, number, 0x05, 0x00
#define PSS_IDENTIFIER(number, salt)                                                                         \
    DER(0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x34, 0xa0,      \
        0x0f, PSS_HASH(number), 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,      \
        0x01, 0x01, 0x08, PSS_HASH(number), 0xa2, 0x03, 0x02, 0x01, salt)

static const struct signature_algorithm algorithms[] = {
    {"raw RSA", KEY_RSA, SIGNATURE_PKCS1_BARE, SIGNATURE_HASH_NONE, CURVE_NONE, {NULL, 0}},
    {"RSA with SHA1", KEY_RSA, SIGNATURE_PKCS1, SIGNATURE_HASH_SHA1, CURVE_NONE, PKCS1_IDENTIFIER(0x05)},
    {"RSA with SHA2_256", KEY_RSA, SIGNATURE_PKCS1, SIGNATURE_HASH_SHA2_256, CURVE_NONE,
     PKCS1_IDENTIFIER(0x0b)},
    {"RSA with SHA2_384", KEY_RSA, SIGNATURE_PKCS1, SIGNATURE_HASH_SHA2_384, CURVE_NONE,
     PKCS1_IDENTIFIER(0x0c)},
    {"RSA with SHA2_512", KEY_RSA, SIGNATURE_PKCS1, SIGNATURE_HASH_SHA2_512, CURVE_NONE,
     PKCS1_IDENTIFIER(0x0d)},
    {"RSASSA-PSS with SHA2_256", KEY_RSA, SIGNATURE_PSS, SIGNATURE_HASH_SHA2_256, CURVE_NONE,
     PSS_IDENTIFIER(0x01, 32)},
    {"RSASSA-PSS with SHA2_384", KEY_RSA, SIGNATURE_PSS, SIGNATURE_HASH_SHA2_384, CURVE_NONE,
     PSS_IDENTIFIER(0x02, 48)},
    {"RSASSA-PSS with SHA2_512", KEY_RSA, SIGNATURE_PSS, SIGNATURE_HASH_SHA2_512, CURVE_NONE,
     PSS_IDENTIFIER(0x03, 64)},
    {"ECDSA with SHA2_256 on P-256",
     KEY_ECDSA,
     SIGNATURE_ECDSA_FIXED,
     SIGNATURE_HASH_SHA2_256,
     CURVE_P256,
     {NULL, 0}},
    {"ECDSA with SHA2_384 on P-384",
     KEY_ECDSA,
     SIGNATURE_ECDSA_FIXED,
     SIGNATURE_HASH_SHA2_384,
     CURVE_P384,
     {NULL, 0}},
    {"ECDSA with SHA2_512 on P-521",
     KEY_ECDSA,
     SIGNATURE_ECDSA_FIXED,
     SIGNATURE_HASH_SHA2_512,
     CURVE_P521,
     {NULL, 0}},
    {"ECDSA with SHA1", KEY_ECDSA, SIGNATURE_ECDSA, SIGNATURE_HASH_SHA1, CURVE_NONE,
     DER(0x30, 0x09, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01)},
    {"ECDSA with SHA2_256", KEY_ECDSA, SIGNATURE_ECDSA, SIGNATURE_HASH_SHA2_256, CURVE_NONE,
     ECDSA_SHA2_IDENTIFIER(0x02)},
    {"ECDSA with SHA2_384", KEY_ECDSA, SIGNATURE_ECDSA, SIGNATURE_HASH_SHA2_384, CURVE_NONE,
     ECDSA_SHA2_IDENTIFIER(0x03)},
    {"ECDSA with SHA2_512", KEY_ECDSA, SIGNATURE_ECDSA, SIGNATURE_HASH_SHA2_512, CURVE_NONE,
     ECDSA_SHA2_IDENTIFIER(0x04)},
    {"Ed25519", KEY_EDDSA, SIGNATURE_EDDSA, SIGNATURE_HASH_IDENTITY, CURVE_ED25519,
     DER(0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70)},
    {"Ed448", KEY_EDDSA, SIGNATURE_EDDSA, SIGNATURE_HASH_IDENTITY, CURVE_ED448,
     DER(0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x71)},
};

const struct signature_algorithm *signature_algorithm_of(enum key_kind key, enum signature_form form,
                                                         enum signature_hash hash, enum key_curve curve)
{
    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
        const struct signature_algorithm *algorithm = &algorithms[i];
        if (algorithm->key == key && algorithm->form == form && algorithm->hash == hash &&
            (algorithm->curve == CURVE_NONE || algorithm->curve == curve))
            return algorithm;
    }
    return NULL;
}

/* ---- the peer's ---- */

static const uint8_t oid_pss[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a};
static const uint8_t oid_mgf1[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08};
static const uint8_t oid_sha2[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02}; /* and a number */

struct identifier {
    struct bytes oid;
    struct bytes parameters;
};

static bool read_identifier(struct bytes der, struct identifier *out)
{
    struct reader whole = reader_of(der);
    struct reader reader = reader_of(der_take(&whole, DER_SEQUENCE));
    out->oid = der_take(&reader, DER_OID);
    out->parameters = reader_rest(&reader);
    return der_is_done(&whole) && der_is_done(&reader) && out->oid.size > 0;
}

static bool is_absent_or_null(struct bytes parameters)
{
    return parameters.size == 0 || bytes_equal(parameters, bytes_of("\x05\x00", 2));
}

/* SHA-2 of the NIST arc, with parameters absent or NULL (RFC 4055 2.1). */
static enum signature_hash read_hash(struct bytes der)
{
    static const enum signature_hash hashes[] = {SIGNATURE_HASH_NONE, SIGNATURE_HASH_SHA2_256,
                                                 SIGNATURE_HASH_SHA2_384, SIGNATURE_HASH_SHA2_512};
    struct identifier identifier;
    size_t arc = sizeof(oid_sha2);
    if (!read_identifier(der, &identifier) || identifier.oid.size != arc + 1 ||
        memcmp(identifier.oid.data, oid_sha2, arc) != 0 || !is_absent_or_null(identifier.parameters))
        return SIGNATURE_HASH_NONE;
    uint8_t number = identifier.oid.data[arc];
    return number < ARRAY_SIZE(hashes) ? hashes[number] : SIGNATURE_HASH_NONE;
}

static enum signature_hash read_mask(struct bytes der)
{
    struct identifier identifier;
    bool is_mgf1 = read_identifier(der, &identifier) &&
                   bytes_equal(identifier.oid, bytes_of(oid_mgf1, sizeof(oid_mgf1)));
    return is_mgf1 ? read_hash(identifier.parameters) : SIGNATURE_HASH_NONE;
}

/* RSASSA-PSS-params (RFC 4055 3.1). Their defaults mean SHA-1, which RFC 8247 3.2 forbids. */
static enum signature_hash read_pss(struct bytes parameters)
{
    static const uint64_t salts[] = {
        [SIGNATURE_HASH_SHA2_256] = 32, [SIGNATURE_HASH_SHA2_384] = 48, [SIGNATURE_HASH_SHA2_512] = 64};
    struct reader whole = reader_of(parameters);
    struct reader reader = reader_of(der_take(&whole, DER_SEQUENCE));
    enum signature_hash hash = read_hash(der_take(&reader, DER_CONTEXT_0));
    enum signature_hash mask = read_mask(der_take(&reader, DER_CONTEXT_0 + 1));
    struct reader salt = reader_of(der_take(&reader, DER_CONTEXT_0 + 2));
    struct bytes size = der_take_positive(&salt);
    bool is_read = der_is_done(&whole) && der_is_done(&reader) && der_is_done(&salt);
    bool is_usual = is_read && hash != SIGNATURE_HASH_NONE && mask == hash && size.size == 1 &&
                    size.data[0] == salts[hash];
    return is_usual ? hash : SIGNATURE_HASH_NONE;
}

static bool is_same(const struct identifier *theirs, struct bytes der)
{
    struct identifier ours;
    if (der.size == 0 || !read_identifier(der, &ours) || !bytes_equal(ours.oid, theirs->oid))
        return false;
    /* Some leave out the NULL of an RSA signature. */
    return ours.parameters.size == 0 ? theirs->parameters.size == 0 : is_absent_or_null(theirs->parameters);
}

const struct signature_algorithm *signature_algorithm_parse(struct bytes der, struct error *error)
{
    struct identifier theirs;
    if (!read_identifier(der, &theirs)) {
        error_set(error, 0, "the AlgorithmIdentifier of the digital signature is malformed");
        return NULL;
    }
    if (bytes_equal(theirs.oid, bytes_of(oid_pss, sizeof(oid_pss)))) {
        enum signature_hash hash = read_pss(theirs.parameters);
        if (hash != SIGNATURE_HASH_NONE)
            return signature_algorithm_of(KEY_RSA, SIGNATURE_PSS, hash, CURVE_NONE);
        error_set(error, 0,
                  "RSASSA-PSS with parameters that are not used here; expected SHA2_256, SHA2_384 or "
                  "SHA2_512, MGF1 with the same and a salt of its size");
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
        if (algorithms[i].form != SIGNATURE_PSS && is_same(&theirs, algorithms[i].identifier))
            return &algorithms[i];
    error_set(error, 0, "a digital signature of an algorithm that is not known here");
    return NULL;
}

const char *signature_hash_name(enum signature_hash hash)
{
    static const char *const names[] = {
        [SIGNATURE_HASH_NONE] = "NONE",         [SIGNATURE_HASH_SHA1] = "SHA1",
        [SIGNATURE_HASH_SHA2_256] = "SHA2_256", [SIGNATURE_HASH_SHA2_384] = "SHA2_384",
        [SIGNATURE_HASH_SHA2_512] = "SHA2_512", [SIGNATURE_HASH_IDENTITY] = "IDENTITY"};
    return names[hash];
}
