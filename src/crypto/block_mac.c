#include "crypto/block_mac.h"

#include "base/secret.h"
#include "crypto/fetched.h"

bool block_mac_init(struct block_mac *mac, enum mac_kind kind)
{
    *mac = (struct block_mac){.kind = kind, .cipher = EVP_CIPHER_CTX_new()};
    return mac->cipher != NULL;
}

void block_mac_clear(struct block_mac *mac)
{
    EVP_CIPHER_CTX_free(mac->cipher);
    secret_wipe(mac, sizeof *mac);
}

void block_mac_forget_key(struct block_mac *mac)
{
    EVP_CIPHER_CTX *cipher = mac->cipher;
    enum mac_kind kind = mac->kind;
    EVP_CIPHER_CTX_reset(cipher);
    secret_wipe(mac, sizeof *mac);
    mac->cipher = cipher;
    mac->kind = kind;
}

static bool load_cipher(struct block_mac *mac, const uint8_t key[static BLOCK_MAC_SIZE])
{
    return EVP_EncryptInit_ex2(mac->cipher, fetched_aes128_ecb(), key, NULL, NULL) == 1 &&
           EVP_CIPHER_CTX_set_padding(mac->cipher, 0) == 1;
}

static bool encrypt_block(struct block_mac *mac, const uint8_t *in, uint8_t *out)
{
    int written = 0;
    return EVP_EncryptUpdate(mac->cipher, out, &written, in, BLOCK_MAC_SIZE) == 1;
}

/* RFC 3566 4: K1, K2, K3 are the encryptions of 0x01..., 0x02..., 0x03... */
static bool make_xcbc_keys(struct block_mac *mac)
{
    uint8_t chaining_key[BLOCK_MAC_SIZE];
    uint8_t constant[BLOCK_MAC_SIZE];
    memset(constant, 1, sizeof constant);
    bool ok = encrypt_block(mac, constant, chaining_key);
    memset(constant, 2, sizeof constant);
    ok = ok && encrypt_block(mac, constant, mac->complete_key);
    memset(constant, 3, sizeof constant);
    ok = ok && encrypt_block(mac, constant, mac->padded_key) && load_cipher(mac, chaining_key);
    secret_wipe(chaining_key, sizeof chaining_key);
    return ok;
}

/* Multiplication by x in GF(2^128) (RFC 4493 2.3), without a branch on the secret. */
static void double_block(const uint8_t *in, uint8_t *out)
{
    uint8_t carry = in[0] >> 7;
    for (size_t i = 0; i + 1 < BLOCK_MAC_SIZE; i++)
        out[i] = (uint8_t)(in[i] << 1 | in[i + 1] >> 7);
    out[BLOCK_MAC_SIZE - 1] = (uint8_t)(in[BLOCK_MAC_SIZE - 1] << 1 ^ (0x87 & -carry));
}

static bool make_cmac_keys(struct block_mac *mac)
{
    uint8_t zero[BLOCK_MAC_SIZE] = {0};
    uint8_t l[BLOCK_MAC_SIZE];
    bool ok = encrypt_block(mac, zero, l);
    double_block(l, mac->complete_key);
    double_block(mac->complete_key, mac->padded_key);
    secret_wipe(l, sizeof l);
    return ok;
}

static bool set_block_key(struct block_mac *mac, const uint8_t key[static BLOCK_MAC_SIZE])
{
    return load_cipher(mac, key) && (mac->kind == MAC_AES_XCBC ? make_xcbc_keys(mac) : make_cmac_keys(mac));
}

bool block_mac_set_key(struct block_mac *mac, struct bytes key)
{
    uint8_t block[BLOCK_MAC_SIZE] = {0};
    bool ok = true;
    if (key.size == BLOCK_MAC_SIZE || (key.size < BLOCK_MAC_SIZE && mac->kind == MAC_AES_XCBC)) {
        if (key.size > 0)
            memcpy(block, key.data, key.size);
    } else {
        ok = set_block_key(mac, block);
        block_mac_start(mac);
        ok = ok && block_mac_add(mac, key) && block_mac_finish(mac, block);
    }
    ok = ok && set_block_key(mac, block);
    secret_wipe(block, sizeof block);
    return ok;
}

void block_mac_start(struct block_mac *mac)
{
    memset(mac->chain, 0, sizeof mac->chain);
    mac->pending_size = 0;
}

static bool chain_block(struct block_mac *mac, const uint8_t *block)
{
    for (size_t i = 0; i < BLOCK_MAC_SIZE; i++)
        mac->chain[i] ^= block[i];
    return encrypt_block(mac, mac->chain, mac->chain);
}

bool block_mac_add(struct block_mac *mac, struct bytes bytes)
{
    while (bytes.size > 0) {
        if (mac->pending_size == BLOCK_MAC_SIZE) {
            if (!chain_block(mac, mac->pending))
                return false;
            mac->pending_size = 0;
        }
        size_t room = BLOCK_MAC_SIZE - mac->pending_size;
        size_t taken = bytes.size < room ? bytes.size : room;
        memcpy(mac->pending + mac->pending_size, bytes.data, taken);
        mac->pending_size += taken;
        bytes = bytes_of(bytes.data + taken, bytes.size - taken);
    }
    return true;
}

bool block_mac_finish(struct block_mac *mac, uint8_t out[static BLOCK_MAC_SIZE])
{
    const uint8_t *key = mac->complete_key;
    if (mac->pending_size < BLOCK_MAC_SIZE) {
        mac->pending[mac->pending_size] = 0x80;
        memset(mac->pending + mac->pending_size + 1, 0, BLOCK_MAC_SIZE - mac->pending_size - 1);
        key = mac->padded_key;
    }
    for (size_t i = 0; i < BLOCK_MAC_SIZE; i++)
        mac->pending[i] ^= key[i];
    bool ok = chain_block(mac, mac->pending);
    if (ok)
        memcpy(out, mac->chain, BLOCK_MAC_SIZE);
    return ok;
}
