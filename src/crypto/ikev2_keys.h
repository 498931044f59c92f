/* Key derivation of IKEv2: RFC 7296 2.14 (SKEYSEED, SK_*), 2.15 (AUTH), 2.17 (KEYMAT), 2.18 (rekeyed IKE SA).
 */
#ifndef STYX_CRYPTO_IKEV2_KEYS_H
#define STYX_CRYPTO_IKEV2_KEYS_H

#include "crypto/packet_cipher.h"
#include "crypto/prf.h"

/* Keys of one IKE SA as plain data; sizes follow from the algorithms. */
struct ikev2_keys {
    uint8_t sk_d[PRF_OUTPUT_MAX];
    uint8_t sk_pi[PRF_OUTPUT_MAX];
    uint8_t sk_pr[PRF_OUTPUT_MAX];
    uint8_t sk_ai[INTEG_KEY_MAX];
    uint8_t sk_ar[INTEG_KEY_MAX];
    uint8_t sk_ei[CIPHER_KEY_MAX];
    uint8_t sk_er[CIPHER_KEY_MAX];
};

struct ikev2_key_inputs {
    const struct algorithm *prf;
    const struct algorithm *encr;
    uint16_t encr_key_bits;
    const struct algorithm *integ; /* NULL with an AEAD */
    struct bytes shared_secret;    /* g^ir */
    struct bytes nonce_i;
    struct bytes nonce_r;
    uint8_t spi_i[8];
    uint8_t spi_r[8];
    /* Rekeying an IKE SA (2.18): the old SA's PRF and SK_d. NULL for a first IKE SA (2.14). */
    const struct algorithm *old_prf;
    struct bytes old_sk_d;
};

bool ikev2_derive_keys(const struct ikev2_key_inputs *inputs, struct ikev2_keys *out);

/* KEYMAT = prf+(SK_d, [g^ir] | Ni | Nr); shared_secret is empty without a further key exchange. */
bool ikev2_derive_child_keymat(const struct algorithm *prf, struct bytes sk_d, struct bytes shared_secret,
                               struct bytes nonce_i, struct bytes nonce_r, uint8_t *out, size_t out_size);

/* AUTH with a shared key: prf(prf(secret, "Key Pad for IKEv2"), message | nonce | prf(SK_p, ID payload
 * body)). `message` is the sender's first message, `nonce` the other side's. out takes prf->output_size
 * bytes. */
bool ikev2_psk_auth(const struct algorithm *prf, struct bytes secret, struct bytes message,
                    struct bytes nonce, struct bytes sk_p, struct bytes id_body, uint8_t *out);

/* prf(SK_p, ID payload body): what a signature signs after the message and the nonce (RFC 7296 2.15). */
bool ikev2_auth_maced_id(const struct algorithm *prf, struct bytes sk_p, struct bytes id_body, uint8_t *out);

#endif
