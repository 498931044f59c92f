/*
 * AES-GCM (RFC 4106, 5282), ChaCha20-Poly1305 (RFC 7634), AES-CBC (RFC 3602), AES-CTR (RFC 3686, 5930),
 * 3DES-CBC and DES-CBC (RFC 2451, 2405) and NULL (RFC 2410) with the keys set once and one libcrypto context
 * for the life of the SA.
 */
#include "crypto/packet_cipher.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <stdlib.h>

#include "base/secret.h"
#include "crypto/fetched.h"
#include "crypto/mac.h"

enum direction { DIRECTION_NONE, DIRECTION_SEAL, DIRECTION_OPEN };

struct packet_cipher {
    const struct algorithm *encr;
    const struct algorithm *integ; /* NULL with an AEAD */
    enum cipher_mode mode;
    enum direction keyed_for; /* CBC has another key schedule each way: loaded at the first packet */
    EVP_CIPHER_CTX *context;
    const EVP_CIPHER *loaded;
    const EVP_CIPHER *evp;
    struct mac *mac;
    bool has_keys;
    uint8_t key[CIPHER_KEY_MAX]; /* without the salt */
    /* The salt, room for a packet's IV, and CTR's block counter, which starts at one. */
    uint8_t nonce[CIPHER_IV_MAX];
};

size_t packet_encr_key_size(const struct algorithm *encr, uint16_t key_bits)
{
    return (size_t)key_bits / 8 + encr->salt_size;
}

size_t packet_integ_key_size(const struct algorithm *integ)
{
    return integ == NULL ? 0 : integ->key_size;
}

size_t packet_icv_size(const struct algorithm *encr, const struct algorithm *integ)
{
    if (encr->is_aead)
        return encr->icv_size;
    return integ == NULL ? 0 : integ->icv_size;
}

/* An AEAD stands alone; anything else needs a MAC. */
static bool is_pair(const struct algorithm *encr, const struct algorithm *integ)
{
    return encr->detail != NULL && encr->is_aead == (integ == NULL);
}

static struct packet_cipher *make(const struct algorithm *encr, const struct algorithm *integ)
{
    struct packet_cipher *cipher = calloc(1, sizeof *cipher);
    if (cipher == NULL)
        return NULL;
    const struct cipher_detail *detail = encr->detail;
    cipher->encr = encr;
    cipher->integ = integ;
    cipher->mode = detail->mode;
    cipher->mac = integ == NULL ? NULL : mac_new(integ->detail);
    cipher->context = detail->mode == MODE_NULL ? NULL : EVP_CIPHER_CTX_new();
    if ((integ == NULL || cipher->mac != NULL) && (detail->mode == MODE_NULL || cipher->context != NULL))
        return cipher;
    packet_cipher_free(cipher);
    return NULL;
}

struct packet_cipher *packet_cipher_new(const struct algorithm *encr, const struct algorithm *integ)
{
    if (integ != NULL && integ->id == INTEG_NONE)
        integ = NULL;
    return is_pair(encr, integ) ? make(encr, integ) : NULL;
}

struct packet_cipher *packet_cipher_new_bare(const struct algorithm *encr)
{
    return encr->detail != NULL && !encr->is_aead ? make(encr, NULL) : NULL;
}

void packet_cipher_free(struct packet_cipher *cipher)
{
    if (cipher == NULL)
        return;
    EVP_CIPHER_CTX_free(cipher->context);
    mac_free(cipher->mac);
    secret_free(cipher, sizeof *cipher);
}

static bool load_encr_key(struct packet_cipher *cipher, struct bytes key)
{
    size_t salt_size = cipher->encr->salt_size;
    const struct cipher_detail *detail = cipher->encr->detail;
    if (cipher->mode == MODE_NULL)
        return key.size == 0;
    if (key.size < salt_size)
        return false;
    size_t key_size = key.size - salt_size;
    cipher->evp = fetched_cipher(detail->family, key_size);
    if (cipher->evp == NULL)
        return false;
    memcpy(cipher->nonce, key.data + key_size, salt_size);
    uint8_t triple_key[24];
    key = fetched_cipher_key(detail->family, bytes_of(key.data, key_size), triple_key);
    memcpy(cipher->key, key.data, key.size);
    secret_wipe(triple_key, sizeof(triple_key));
    cipher->nonce[CIPHER_IV_MAX - 1] = cipher->mode == MODE_CTR;
    return true;
}

bool packet_cipher_set_keys(struct packet_cipher *cipher, struct bytes encr_key, struct bytes integ_key)
{
    cipher->keyed_for = DIRECTION_NONE;
    cipher->has_keys = integ_key.size == packet_integ_key_size(cipher->integ) &&
                       load_encr_key(cipher, encr_key) &&
                       (cipher->mac == NULL || mac_set_key(cipher->mac, integ_key));
    return cipher->has_keys;
}

static int aead_nonce_size(const struct packet_cipher *cipher)
{
    return cipher->encr->salt_size + cipher->encr->iv_size;
}

/* CCM's key schedule depends on the sizes of nonce and tag. */
static bool set_ccm_sizes(struct packet_cipher *cipher, const EVP_CIPHER *evp, int encrypts)
{
    return EVP_CipherInit_ex2(cipher->context, evp, NULL, NULL, encrypts, NULL) == 1 &&
           EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_SET_IVLEN, aead_nonce_size(cipher), NULL) ==
               1 &&
           EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_SET_TAG, cipher->encr->icv_size, NULL) == 1;
}

/* ESP and IKE pad themselves. EVP_CIPHER_CTX_set_padding() would be repeated by libcrypto at every packet. */
static bool switch_padding_off(struct packet_cipher *cipher)
{
    unsigned int padding = 0;
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_uint(OSSL_CIPHER_PARAM_PADDING, &padding),
                                     OSSL_PARAM_construct_end()};
    return cipher->mode != MODE_CBC || EVP_CIPHER_CTX_set_params(cipher->context, parameters) == 1;
}

/* Ready for one packet: the key is loaded only when the direction or the key has changed. */
static bool start(struct packet_cipher *cipher, enum direction direction, const uint8_t *iv)
{
    uint8_t *nonce = cipher->nonce;
    int encrypts = direction == DIRECTION_SEAL;
    memcpy(nonce + cipher->encr->salt_size, iv, cipher->encr->iv_size);
    if (cipher->keyed_for == direction)
        return EVP_CipherInit_ex2(cipher->context, NULL, NULL, nonce, encrypts, NULL) == 1;

    /* Naming the cipher again would free and allocate libcrypto's state. */
    const EVP_CIPHER *evp = cipher->evp == cipher->loaded ? NULL : cipher->evp;
    cipher->keyed_for = DIRECTION_NONE;
    cipher->loaded = NULL;
    if (cipher->mode == MODE_CCM && !set_ccm_sizes(cipher, evp, encrypts))
        return false;
    if (EVP_CipherInit_ex2(cipher->context, cipher->mode == MODE_CCM ? NULL : evp, cipher->key, nonce,
                           encrypts, NULL) != 1 ||
        !switch_padding_off(cipher))
        return false;
    cipher->loaded = cipher->evp;
    cipher->keyed_for = direction;
    return true;
}

static bool feed(struct packet_cipher *cipher, uint8_t *out, const uint8_t *in, size_t size)
{
    int written = 0;
    return size == 0 || EVP_CipherUpdate(cipher->context, out, &written, in, (int)size) == 1;
}

static bool fits(const struct packet_cipher *cipher, const struct packet_parts *parts)
{
    return cipher->has_keys && parts->data_size <= INT_MAX && parts->aad.size <= INT_MAX &&
           parts->data_size % cipher->encr->block_size == 0;
}

/* CCM wants the data's size first, and a call for the data even if there is none. */
static bool feed_ccm(struct packet_cipher *cipher, const struct packet_parts *parts)
{
    uint8_t none = 0;
    uint8_t *data = parts->data_size > 0 ? parts->data : &none;
    int size = (int)parts->data_size;
    int written = 0;
    return EVP_CipherUpdate(cipher->context, NULL, &written, NULL, size) == 1 &&
           feed(cipher, NULL, parts->aad.data, parts->aad.size) &&
           EVP_CipherUpdate(cipher->context, data, &written, data, size) == 1;
}

static bool feed_parts(struct packet_cipher *cipher, const struct packet_parts *parts)
{
    if (cipher->mode == MODE_CCM)
        return feed_ccm(cipher, parts);
    if (!feed(cipher, NULL, parts->aad.data, parts->aad.size))
        return false;
    /* GMAC encrypts nothing. RFC 4543 7 leaves the IV out, 3.5 and every kernel count it in: so do we. */
    if (cipher->mode == MODE_GMAC)
        return feed(cipher, NULL, parts->iv, cipher->encr->iv_size) &&
               feed(cipher, NULL, parts->data, parts->data_size);
    return feed(cipher, parts->data, parts->data, parts->data_size);
}

static bool seal_aead(struct packet_cipher *cipher, const struct packet_parts *parts)
{
    uint8_t rest[CIPHER_IV_MAX];
    int written = 0;
    return start(cipher, DIRECTION_SEAL, parts->iv) && feed_parts(cipher, parts) &&
           EVP_CipherFinal_ex(cipher->context, rest, &written) == 1 &&
           EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_GET_TAG, cipher->encr->icv_size, parts->icv) ==
               1;
}

static bool open_aead(struct packet_cipher *cipher, const struct packet_parts *parts)
{
    uint8_t rest[CIPHER_IV_MAX];
    int written = 0;
    bool ok = start(cipher, DIRECTION_OPEN, parts->iv) &&
              EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_SET_TAG, cipher->encr->icv_size,
                                  parts->icv) == 1 &&
              feed_parts(cipher, parts) && EVP_CipherFinal_ex(cipher->context, rest, &written) == 1;
    if (!ok) {
        secret_wipe(parts->data, parts->data_size);
        ERR_clear_error();
    }
    return ok;
}

static bool crypt_data(struct packet_cipher *cipher, enum direction direction,
                       const struct packet_parts *parts)
{
    return cipher->mode == MODE_NULL ||
           (start(cipher, direction, parts->iv) && feed(cipher, parts->data, parts->data, parts->data_size));
}

static bool compute_icv(struct packet_cipher *cipher, const struct packet_parts *parts,
                        uint8_t icv[static MAC_OUTPUT_MAX])
{
    const struct bytes covered[] = {parts->aad, bytes_of(parts->iv, cipher->encr->iv_size),
                                    bytes_of(parts->data, parts->data_size), parts->trailer};
    return mac_compute(cipher->mac, covered, ARRAY_SIZE(covered), icv);
}

bool packet_cipher_seal(struct packet_cipher *cipher, const struct packet_parts *parts)
{
    uint8_t icv[MAC_OUTPUT_MAX];
    if (!fits(cipher, parts))
        return false;
    if (cipher->encr->is_aead)
        return parts->trailer.size == 0 && seal_aead(cipher, parts);
    if (!crypt_data(cipher, DIRECTION_SEAL, parts))
        return false;
    if (cipher->integ == NULL)
        return true;
    if (!compute_icv(cipher, parts, icv))
        return false;
    memcpy(parts->icv, icv, cipher->integ->icv_size);
    return true;
}

bool packet_cipher_open(struct packet_cipher *cipher, const struct packet_parts *parts)
{
    uint8_t icv[MAC_OUTPUT_MAX];
    if (!fits(cipher, parts))
        return false;
    if (cipher->encr->is_aead)
        return parts->trailer.size == 0 && open_aead(cipher, parts);
    if (cipher->integ == NULL)
        return crypt_data(cipher, DIRECTION_OPEN, parts);
    return compute_icv(cipher, parts, icv) && secret_equal(icv, parts->icv, cipher->integ->icv_size) &&
           crypt_data(cipher, DIRECTION_OPEN, parts);
}
