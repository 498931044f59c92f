#include "pki/nss_pkcs8.h"

#include <openssl/evp.h>

#include "crypto/der.h"

enum { SEED_SIZE = 32 };

#define OID_EC_PUBLIC_KEY "\x2a\x86\x48\xce\x3d\x02\x01"
#define OID_ED25519 "\x2b\x65\x70"

static bool takes(struct reader *reader, uint8_t tag, const char *contents, size_t size)
{
    return bytes_equal(der_take(reader, tag), bytes_of(contents, size));
}

/* NSS has Ed25519 (RFC 8032) as a curve like others: id-ecPublicKey with the OID of RFC 8410 for the curve,
 * and an ECPrivateKey (RFC 5915) with the seed. Empty: it is not that. */
static struct bytes find_seed(struct bytes der)
{
    struct reader reader = reader_of(der);
    struct reader info = reader_of(der_take(&reader, DER_SEQUENCE));
    bool is_it = takes(&info, DER_INTEGER, "\0", 1);
    struct reader algorithm = reader_of(der_take(&info, DER_SEQUENCE));
    is_it = is_it && takes(&algorithm, DER_OID, OID_EC_PUBLIC_KEY, sizeof(OID_EC_PUBLIC_KEY) - 1) &&
            takes(&algorithm, DER_OID, OID_ED25519, sizeof(OID_ED25519) - 1) && der_is_done(&algorithm);
    struct reader outer = reader_of(der_take(&info, DER_OCTET_STRING));
    struct reader key = reader_of(der_take(&outer, DER_SEQUENCE));
    is_it = is_it && takes(&key, DER_INTEGER, "\1", 1);
    struct bytes seed = der_take(&key, DER_OCTET_STRING);
    bool is_read = !reader.failed && !info.failed && !outer.failed && !key.failed;
    return is_it && is_read && seed.size == SEED_SIZE ? seed : bytes_of(NULL, 0);
}

struct private_key *nss_private_key(struct bytes der, struct error *error)
{
    struct bytes seed = find_seed(der);
    if (seed.size == 0)
        return private_key_of_pkcs8(der, error);
    EVP_PKEY *handle = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed.data, seed.size);
    if (handle != NULL)
        return private_key_of_handle(handle, error);
    error_set(error, 0, "out of memory");
    return NULL;
}
