/*
 * Public keys of peers, told by `whack --keyid ID --pubkeyrsa KEY`: RSA keys in the form of RFC 3110 (which
 * RFC 2537 began), kept typed and by identity. Private keys are not here.
 */
#ifndef STYX_ENGINE_PUBLIC_KEYS_H
#define STYX_ENGINE_PUBLIC_KEYS_H

#include "base/hash_table.h"
#include "base/list.h"
#include "engine/identity.h"

struct engine;

enum {
    RSA_BITS_MIN = 1024,
    RSA_BITS_MAX = 8192,
    PUBLIC_KEY_SIZE_MAX = 3 + 2 * (RSA_BITS_MAX / 8), /* bytes of the RFC 3110 form */
    KEY_ID_SIZE = 9 + 1,                              /* the beginning of the base64 form, and NUL */
};

struct public_key {
    struct hash_node by_id, by_serial;
    struct list_node all;
    uint64_t serial; /* in the order in which they came */
    struct identity id;
    uint8_t *data; /* exponent, then modulus; both without leading zeroes */
    size_t exponent_size, modulus_size;
    unsigned bits;            /* of the modulus */
    char key_id[KEY_ID_SIZE]; /* AQO9bJbr3: what people recognise it by */
    int64_t added_at_wall;    /* seconds since the epoch */
};

static inline struct bytes public_key_exponent(const struct public_key *key)
{
    return bytes_of(key->data, key->exponent_size);
}
static inline struct bytes public_key_modulus(const struct public_key *key)
{
    return bytes_of(key->data + key->exponent_size, key->modulus_size);
}

/* "0x..." (hexadecimal), "0s..." (base64) of an RFC 3110 key into a new key without identity, for
 * public_key_free(); NULL: the reason. */
struct public_key *public_key_parse_rsa(const char *text, struct error *error);
void public_key_free(struct public_key *key);

/* Takes ownership; id is copied. Without `add` the key takes the place of those that the identity had. */
void public_keys_set(struct engine *engine, const struct identity *id, struct public_key *key, bool add);
/* The keys of an identity, the newest first; start with NULL. */
const struct public_key *public_keys_next_of(const struct engine *engine, const struct identity *id,
                                             const struct public_key *previous);
/* All of them in order of serial, after the one of serial `after`; NULL: that was all. */
const struct public_key *public_keys_after(const struct engine *engine, uint64_t after);
void public_keys_free(struct engine *engine);

#endif
