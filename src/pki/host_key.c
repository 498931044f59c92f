#include "pki/host_key.h"

#include <stdlib.h>

#include <openssl/evp.h>

enum { ID_BYTES = 9 };

size_t host_key_raw(const struct public_key *key, uint8_t *out)
{
    size_t skipped =
        key->kind == KEY_ECDSA ? 1 : 0; /* the octet that says that the point is not compressed */
    if (key->kind == KEY_RSA)
        return public_key_write_rfc3110(key, out);
    memcpy(out, key->data + skipped, key->size - skipped);
    return key->size - skipped;
}

const char *host_key_id(const struct public_key *key, char out[static KEY_ID_SIZE])
{
    unsigned char base64[2 * ID_BYTES];
    memcpy(out, key->key_id, KEY_ID_SIZE);
    if (key->kind == KEY_RSA)
        return out;
    EVP_EncodeBlock(base64, key->ckaid, ID_BYTES);
    memcpy(out, base64, KEY_ID_SIZE - 1);
    return out;
}

void host_keys_free(struct host_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        private_key_free(keys->list[i]);
    free(keys->list);
    *keys = (struct host_keys){0};
}
