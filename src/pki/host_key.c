#include "pki/host_key.h"

#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "base/writer.h"

enum { ID_BYTES = 9, UNCOMPRESSED_POINT = 4 };

const char *host_key_kind_name(enum host_key_kind kind)
{
    static const char *const names[] = {
        [HOST_KEY_RSA] = "RSA", [HOST_KEY_ECDSA] = "ECDSA", [HOST_KEY_EDDSA] = "EDDSA"};
    return names[kind];
}

bool host_key_kind_of(const EVP_PKEY *key, enum host_key_kind *ret_kind)
{
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        *ret_kind = HOST_KEY_RSA;
        return true;
    case EVP_PKEY_EC:
        *ret_kind = HOST_KEY_ECDSA;
        return true;
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448:
        *ret_kind = HOST_KEY_EDDSA;
        return true;
    default:
        return false;
    }
}

const char *host_key_ckaid_text(const struct host_key *key, char out[static CKAID_TEXT_SIZE])
{
    struct text text = text_of(out, CKAID_TEXT_SIZE);
    text_add_hex(&text, bytes_of(key->ckaid, key->ckaid_size));
    return out;
}

/* ---- public forms ---- */

static bool write_number(struct writer *writer, const EVP_PKEY *key, const char *name, bool with_size)
{
    BIGNUM *number = NULL;
    if (!EVP_PKEY_get_bn_param(key, name, &number))
        return false;
    int size = BN_num_bytes(number);
    if (with_size && size > 255) {
        writer_u8(writer, 0);
        writer_u16(writer, (uint16_t)size);
    } else if (with_size) {
        writer_u8(writer, (uint8_t)size);
    }
    uint8_t *room = writer_reserve(writer, (size_t)size);
    if (room != NULL)
        BN_bn2bin(number, room);
    BN_free(number);
    return room != NULL;
}

/* A curve's point without the octet that says that it is not compressed; EdDSA's as it is. */
static bool write_point(struct writer *writer, EVP_PKEY *key)
{
    unsigned char *point = NULL;
    size_t size = EVP_PKEY_get1_encoded_public_key(key, &point);
    size_t skipped = size > 1 && size % 2 == 1 && point[0] == UNCOMPRESSED_POINT ? 1 : 0;
    if (size > 0)
        writer_bytes(writer, bytes_of(point + skipped, size - skipped));
    OPENSSL_free(point);
    return size > 0;
}

size_t host_key_raw(const struct host_key *key, uint8_t out[static HOST_KEY_BLOB_SIZE_MAX])
{
    struct writer writer = writer_of(out, HOST_KEY_BLOB_SIZE_MAX);
    bool is_written = key->kind == HOST_KEY_RSA
                          ? write_number(&writer, key->key, OSSL_PKEY_PARAM_RSA_E, true) &&
                                write_number(&writer, key->key, OSSL_PKEY_PARAM_RSA_N, false)
                          : write_point(&writer, key->key);
    return is_written && !writer.overflowed ? writer.size : 0;
}

size_t host_key_spki(const struct host_key *key, uint8_t out[static HOST_KEY_BLOB_SIZE_MAX])
{
    int size = i2d_PUBKEY(key->key, NULL);
    if (size <= 0 || size > HOST_KEY_BLOB_SIZE_MAX)
        return 0;
    unsigned char *at = out;
    return (size_t)i2d_PUBKEY(key->key, &at);
}

const char *host_key_id(const struct host_key *key, char out[static HOST_KEY_ID_SIZE])
{
    uint8_t raw[HOST_KEY_BLOB_SIZE_MAX] = {0};
    unsigned char base64[2 * ID_BYTES];
    if (key->kind == HOST_KEY_RSA)
        host_key_raw(key, raw);
    else
        memcpy(raw, key->ckaid, key->ckaid_size);
    EVP_EncodeBlock(base64, raw, ID_BYTES);
    memcpy(out, base64, HOST_KEY_ID_SIZE - 1);
    out[HOST_KEY_ID_SIZE - 1] = '\0';
    return out;
}

void host_keys_free(struct host_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        EVP_PKEY_free(keys->list[i].key);
    free(keys->list);
    *keys = (struct host_keys){0};
}
