/*
 * The two MACs made of AES-128 in CBC: AES-XCBC-MAC (RFC 3566, as a PRF RFC 4434) and AES-CMAC (RFC 4493, as
 * a PRF RFC 4615). They differ only in how the three keys come about.
 */
#ifndef STYX_CRYPTO_BLOCK_MAC_H
#define STYX_CRYPTO_BLOCK_MAC_H

#include <openssl/evp.h>

#include "crypto/detail.h"

enum { BLOCK_MAC_SIZE = 16 };

struct block_mac {
    enum mac_kind kind;
    EVP_CIPHER_CTX *cipher;               /* keyed with the chaining key */
    uint8_t complete_key[BLOCK_MAC_SIZE]; /* xored into a last block that is full */
    uint8_t padded_key[BLOCK_MAC_SIZE];   /* xored into a last block that was padded */
    uint8_t chain[BLOCK_MAC_SIZE];
    uint8_t pending[BLOCK_MAC_SIZE]; /* not yet chained: it may be the last block */
    size_t pending_size;
};

/* False: out of memory; block_mac_clear() is then still due. */
bool block_mac_init(struct block_mac *mac, enum mac_kind kind);
void block_mac_clear(struct block_mac *mac); /* wipes */
/* Keys of other sizes than 16 are brought to it as the PRF's RFC says. */
bool block_mac_set_key(struct block_mac *mac, struct bytes key);
void block_mac_forget_key(struct block_mac *mac);

void block_mac_start(struct block_mac *mac);
bool block_mac_add(struct block_mac *mac, struct bytes bytes);
bool block_mac_finish(struct block_mac *mac, uint8_t out[static BLOCK_MAC_SIZE]);

#endif
