#include "crypto/ikev2_keys.h"

#include "base/secret.h"

enum { KEYMAT_MAX = 3 * PRF_OUTPUT_MAX + 2 * INTEG_KEY_MAX + 2 * CIPHER_KEY_MAX, FIXED_KEY_NONCE_SIZE = 8 };

/* These PRFs take a key of 128 bits: half of it from each nonce (RFC 7296 2.14). */
static bool has_fixed_key(const struct algorithm *prf)
{
    return prf->id == PRF_AES128_XCBC || prf->id == PRF_AES128_CMAC;
}

/* SKEYSEED = prf(Ni | Nr, g^ir) */
static bool first_skeyseed(const struct ikev2_key_inputs *inputs, uint8_t *skeyseed)
{
    uint8_t key[2 * 256];
    struct bytes ni = inputs->nonce_i;
    struct bytes nr = inputs->nonce_r;
    if (has_fixed_key(inputs->prf)) {
        ni.size = ni.size < FIXED_KEY_NONCE_SIZE ? ni.size : FIXED_KEY_NONCE_SIZE;
        nr.size = nr.size < FIXED_KEY_NONCE_SIZE ? nr.size : FIXED_KEY_NONCE_SIZE;
    }
    if (ni.size + nr.size > sizeof key)
        return false;
    memcpy(key, ni.data, ni.size);
    memcpy(key + ni.size, nr.data, nr.size);
    return prf_compute(inputs->prf, bytes_of(key, ni.size + nr.size), &inputs->shared_secret, 1, skeyseed);
}

/* SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), with the old SA's prf (RFC 7296 2.18) */
static bool rekeyed_skeyseed(const struct ikev2_key_inputs *inputs, uint8_t *skeyseed)
{
    const struct bytes parts[] = {inputs->shared_secret, inputs->nonce_i, inputs->nonce_r};
    return prf_compute(inputs->old_prf, inputs->old_sk_d, parts, ARRAY_SIZE(parts), skeyseed);
}

static void take(const uint8_t **at, uint8_t *key, size_t size)
{
    memcpy(key, *at, size);
    *at += size;
}

bool ikev2_derive_keys(const struct ikev2_key_inputs *inputs, struct ikev2_keys *out)
{
    size_t prf_size = inputs->prf->output_size;
    size_t integ_size = packet_integ_key_size(inputs->integ);
    size_t encr_size = packet_encr_key_size(inputs->encr, inputs->encr_key_bits);
    size_t total = 3 * prf_size + 2 * integ_size + 2 * encr_size;
    uint8_t skeyseed[PRF_OUTPUT_MAX];
    uint8_t keymat[KEYMAT_MAX];
    if (total > sizeof keymat)
        return false;

    const struct algorithm *seed_prf = inputs->old_prf != NULL ? inputs->old_prf : inputs->prf;
    const struct bytes parts[] = {inputs->nonce_i, inputs->nonce_r,
                                  bytes_of(inputs->spi_i, sizeof inputs->spi_i),
                                  bytes_of(inputs->spi_r, sizeof inputs->spi_r)};
    bool ok =
        (inputs->old_prf != NULL ? rekeyed_skeyseed(inputs, skeyseed) : first_skeyseed(inputs, skeyseed)) &&
        prf_plus(inputs->prf, bytes_of(skeyseed, seed_prf->output_size), parts, ARRAY_SIZE(parts), keymat,
                 total);
    if (ok) {
        const uint8_t *at = keymat;
        memset(out, 0, sizeof *out);
        take(&at, out->sk_d, prf_size);
        take(&at, out->sk_ai, integ_size);
        take(&at, out->sk_ar, integ_size);
        take(&at, out->sk_ei, encr_size);
        take(&at, out->sk_er, encr_size);
        take(&at, out->sk_pi, prf_size);
        take(&at, out->sk_pr, prf_size);
    }
    secret_wipe(skeyseed, sizeof skeyseed);
    secret_wipe(keymat, sizeof keymat);
    return ok;
}

bool ikev2_derive_child_keymat(const struct algorithm *prf, struct bytes sk_d, struct bytes shared_secret,
                               struct bytes nonce_i, struct bytes nonce_r, uint8_t *out, size_t out_size)
{
    const struct bytes parts[] = {shared_secret, nonce_i, nonce_r};
    return prf_plus(prf, sk_d, parts, ARRAY_SIZE(parts), out, out_size);
}

bool ikev2_auth_maced_id(const struct algorithm *prf, struct bytes sk_p, struct bytes id_body, uint8_t *out)
{
    return prf_compute(prf, sk_p, &id_body, 1, out);
}

bool ikev2_psk_auth(const struct algorithm *prf, struct bytes secret, struct bytes message,
                    struct bytes nonce, struct bytes sk_p, struct bytes id_body, uint8_t *out)
{
    static const char key_pad[] = "Key Pad for IKEv2"; /* without the terminator (RFC 7296 2.15) */
    const struct bytes pad = bytes_of(key_pad, sizeof key_pad - 1);
    uint8_t padded_secret[PRF_OUTPUT_MAX];
    uint8_t maced_id[PRF_OUTPUT_MAX];
    bool ok =
        prf_compute(prf, secret, &pad, 1, padded_secret) && prf_compute(prf, sk_p, &id_body, 1, maced_id);
    if (ok) {
        const struct bytes signed_octets[] = {message, nonce, bytes_of(maced_id, prf->output_size)};
        ok = prf_compute(prf, bytes_of(padded_secret, prf->output_size), signed_octets,
                         ARRAY_SIZE(signed_octets), out);
    }
    secret_wipe(padded_secret, sizeof padded_secret);
    secret_wipe(maced_id, sizeof maced_id);
    return ok;
}
