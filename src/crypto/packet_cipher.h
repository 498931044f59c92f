/*
 * Protection of one packet in place, for the SK payload of IKE and for ESP alike: an AEAD, or a cipher with
 * encrypt-then-MAC. The portable path, on libcrypto.
 *   AEAD: nonce = salt || iv, `aad` authenticated, tag in `icv` (RFC 4106, 5282, 7634). An ESN belongs in
 * `aad`, a trailer is refused. CTR:  counter block = salt || iv || 1 (RFC 3686).   CBC: iv of one block.
 * NULL: no iv. MAC over aad || iv || data || trailer (trailer: the high half of an ESN, authenticated but not
 * sent).
 */
#ifndef STYX_CRYPTO_PACKET_CIPHER_H
#define STYX_CRYPTO_PACKET_CIPHER_H

#include "crypto/algorithm.h"

enum { CIPHER_KEY_MAX = 32 + 4, INTEG_KEY_MAX = 64, CIPHER_ICV_MAX = 32, CIPHER_IV_MAX = 16 };

struct packet_parts {
    struct bytes aad;
    uint8_t *iv;   /* encr->iv_size bytes */
    uint8_t *data; /* encrypted or decrypted in place; a multiple of the block size */
    size_t data_size;
    uint8_t *icv; /* icv size bytes */
    struct bytes trailer;
};

struct packet_cipher;

/* An unkeyed context for the pair; integ is NULL (or NONE) with an AEAD. NULL: out of memory, or the pair
 * cannot be run or would not authenticate exactly once. Not thread-safe: one context belongs to one thread at
 * a time. */
struct packet_cipher *packet_cipher_new(const struct algorithm *encr, const struct algorithm *integ);
/* Without a MAC, for what is authenticated by another: ESP inside AH. NULL also with an AEAD. */
struct packet_cipher *packet_cipher_new_bare(const struct algorithm *encr);
void packet_cipher_free(struct packet_cipher *cipher); /* wipes; NULL is fine */

/* (Re)keys: encr_key is key || salt as KEYMAT delivers it. False: sizes that do not fit; nothing is then
 * keyed. */
bool packet_cipher_set_keys(struct packet_cipher *cipher, struct bytes encr_key, struct bytes integ_key);

bool packet_cipher_seal(struct packet_cipher *cipher, const struct packet_parts *parts);
/* False when authentication fails, and then the data is not decrypted (AEAD: wiped). Constant-time
 * comparison. */
bool packet_cipher_open(struct packet_cipher *cipher, const struct packet_parts *parts);

/* Bytes of key || salt for this key length, of the integrity key, and of the ICV on the wire. */
size_t packet_encr_key_size(const struct algorithm *encr, uint16_t key_bits);
size_t packet_integ_key_size(const struct algorithm *integ);
size_t packet_icv_size(const struct algorithm *encr, const struct algorithm *integ);

#endif
