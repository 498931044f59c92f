/* Keys of IKEv1: RFC 2409 5 (SKEYID and its heirs, HASH_I, HASH_R), 5.5 (KEYMAT), Appendix B (IVs, key
 * length), RFC 2408 2.5.3. */
#ifndef STYX_CRYPTO_IKEV1_KEYS_H
#define STYX_CRYPTO_IKEV1_KEYS_H

#include "crypto/packet_cipher.h"
#include "crypto/prf.h"

enum { IKEV1_COOKIE_SIZE = 8 };

/* Keys of one ISAKMP SA as plain data; sizes follow from the algorithms. */
struct ikev1_keys {
    uint8_t skeyid[PRF_OUTPUT_MAX];
    uint8_t skeyid_d[PRF_OUTPUT_MAX];
    uint8_t skeyid_a[PRF_OUTPUT_MAX];
    uint8_t encr_key[CIPHER_KEY_MAX];
};

struct ikev1_key_inputs {
    const struct algorithm *prf;
    const struct algorithm *encr;
    uint16_t encr_key_bits;
    struct bytes shared_secret; /* g^xy */
    struct bytes nonce_i, nonce_r;
    uint8_t cookie_i[IKEV1_COOKIE_SIZE], cookie_r[IKEV1_COOKIE_SIZE];
};

/* SKEYID with a pre-shared key: prf(key, Ni | Nr). out takes prf->output_size bytes. */
bool ikev1_skeyid_psk(const struct algorithm *prf, struct bytes pre_shared_key, struct bytes nonce_i,
                      struct bytes nonce_r, uint8_t *out);
/* SKEYID with signatures: prf(Ni | Nr, g^xy). */
bool ikev1_skeyid_signature(const struct algorithm *prf, struct bytes shared_secret, struct bytes nonce_i,
                            struct bytes nonce_r, uint8_t *out);
/* SKEYID_d, SKEYID_a and the encryption key out of SKEYID_e; out->skeyid is the input. False: the cipher
 * takes no such key, or libcrypto fails. */
bool ikev1_derive_keys(const struct ikev1_key_inputs *inputs, struct ikev1_keys *out);

/* HASH_I and HASH_R: what each side proves in phase 1. `own` and `peer` are the KE values of the side that
 * proves and of the other, and so the cookies; sa_body is the initiator's SA payload, id_body the prover's
 * identity. */
struct ikev1_auth_inputs {
    struct bytes own_public, peer_public;
    const uint8_t *own_cookie, *peer_cookie;
    struct bytes sa_body, id_body;
};
bool ikev1_auth_hash(const struct algorithm *prf, const uint8_t *skeyid,
                     const struct ikev1_auth_inputs *inputs, uint8_t *out);

/* IV of phase 1: hash(g^xi | g^xr), of a phase 2 exchange: hash(last block of phase 1 | message id), cut to a
 * block.
 */
bool ikev1_first_iv(const struct algorithm *prf, const struct algorithm *encr, struct bytes public_i,
                    struct bytes public_r, uint8_t *out);
bool ikev1_exchange_iv(const struct algorithm *prf, const struct algorithm *encr, const uint8_t *last_block,
                       uint32_t message_id, uint8_t *out);

/* KEYMAT of one IPsec SA: prf(SKEYID_d, [g(qm)^xy] | protocol | SPI | Ni | Nr), as long as wanted. */
struct ikev1_keymat_inputs {
    struct bytes shared_secret; /* empty without PFS */
    uint8_t protocol;
    uint32_t spi;
    struct bytes nonce_i, nonce_r;
};
bool ikev1_keymat(const struct algorithm *prf, const uint8_t *skeyid_d,
                  const struct ikev1_keymat_inputs *inputs, uint8_t *out, size_t out_size);

/* CBC in place over whole blocks. On success *iv is the last block of ciphertext, from which the exchange
 * goes on; otherwise it is as it was. */
bool ikev1_encrypt(const struct algorithm *encr, struct bytes key, uint8_t *iv, uint8_t *data,
                   size_t data_size);
bool ikev1_decrypt(const struct algorithm *encr, struct bytes key, uint8_t *iv, uint8_t *data,
                   size_t data_size);

#endif
