/*
 * The forms in which ipsec showhostkey shows a key of this host: RFC 3110 2 (RSA), RFC 8005 5.2 (ECDSA), RFC
 * 8080 3 (EdDSA).
 */
#ifndef STYX_PKI_HOST_KEY_H
#define STYX_PKI_HOST_KEY_H

#include "crypto/private_key.h"

struct host_keys {
    struct private_key **list;
    size_t count;
};

/* What leftrsasigkey=, leftecdsakey=, lefteddsakey= and IPSECKEY records have; out takes PUBLIC_KEY_SIZE_MAX
 * bytes. Returns the size. */
size_t host_key_raw(const struct public_key *key, uint8_t *out);
/* What people recognise it by; RSA: the beginning of the raw form in base64; else of the CKAID. */
const char *host_key_id(const struct public_key *key, char out[static KEY_ID_SIZE]);

void host_keys_free(struct host_keys *keys);

#endif
