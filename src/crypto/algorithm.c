/*
 * The algorithm table. Names and aliases are those that ipsec.conf's ike=, esp= and ah= take; numbers are
 * IANA's. An entry without uses is known so that it can be refused, or reported from a peer, by its name.
 */
#include "crypto/algorithm.h"

#include <ctype.h>
#include <openssl/obj_mac.h>
#include <string.h>

#include "crypto/detail.h"
#include "crypto/key_exchange_method.h"

enum {
    V1_ESP = USE_IKEV1_ESP,
    V1_ESP_AH = USE_IKEV1_ESP | USE_IKEV1_AH,
    V1_IKE_ESP = USE_IKEV1_IKE | USE_IKEV1_ESP,
    V1_IKE_ESP_AH = USE_IKEV1_IKE | USE_IKEV1_ESP | USE_IKEV1_AH,
    IKE_ESP = USE_IKEV2_IKE | USE_IKEV2_ESP,
    ESP_AH = USE_IKEV2_ESP | USE_IKEV2_AH,
    IKE_ESP_AH = USE_IKEV2_IKE | USE_IKEV2_ESP | USE_IKEV2_AH,
};

static const struct cipher_detail aes_gcm = {MODE_AEAD, FAMILY_AES_GCM};
static const struct cipher_detail aes_ccm = {MODE_CCM, FAMILY_AES_CCM};
static const struct cipher_detail aes_gmac = {MODE_GMAC, FAMILY_AES_GCM};
static const struct cipher_detail camellia_cbc = {MODE_CBC, FAMILY_CAMELLIA_CBC};
static const struct cipher_detail camellia_ctr = {MODE_CTR, FAMILY_CAMELLIA_CTR};
static const struct cipher_detail aes_cbc = {MODE_CBC, FAMILY_AES_CBC};
static const struct cipher_detail aes_ctr = {MODE_CTR, FAMILY_AES_CTR};
static const struct cipher_detail chacha20_poly1305 = {MODE_AEAD, FAMILY_CHACHA20};
static const struct cipher_detail des = {MODE_CBC, FAMILY_DES};
static const struct cipher_detail triple_des = {MODE_CBC, FAMILY_3DES};
static const struct cipher_detail null_cipher = {MODE_NULL, FAMILY_NONE};

static const struct mac_detail hmac_md5 = {MAC_HMAC_MD5};
static const struct mac_detail hmac_sha1 = {MAC_HMAC_SHA1};
static const struct mac_detail hmac_sha2_256 = {MAC_HMAC_SHA2_256};
static const struct mac_detail hmac_sha2_384 = {MAC_HMAC_SHA2_384};
static const struct mac_detail hmac_sha2_512 = {MAC_HMAC_SHA2_512};
static const struct mac_detail aes_xcbc = {MAC_AES_XCBC};
static const struct mac_detail aes_cmac = {MAC_AES_CMAC};

/* clang-format off */
#define ENCR(number, ike1, esp1, label, ...) \
    {.type = TRANSFORM_ENCR, .id = (number), .ikev1_ike_id = (ike1), .ikev1_esp_id = (esp1), .name = (label), __VA_ARGS__}
#define AES_KEYS .has_key_length = true, .key_bits = {128, 256, 192}
#define AEAD(salt, icv) .is_aead = true, .salt_size = (salt), .iv_size = 8, .block_size = 1, .icv_size = (icv)
#define PRF(number, ike1, label, mac, size, ...) \
    {.type = TRANSFORM_PRF, .id = (number), .ikev1_ike_id = (ike1), .name = (label), .detail = (mac), \
     .key_size = (size), .output_size = (size), __VA_ARGS__}
#define INTEG(number, ike1, esp1, label, mac, key, icv, ...) \
    {.type = TRANSFORM_INTEG, .id = (number), .ikev1_ike_id = (ike1), .ikev1_esp_id = (esp1), .name = (label), \
     .detail = (mac), .key_size = (key), .icv_size = (icv), __VA_ARGS__}
#define KE(number, label, ...) \
    {.type = TRANSFORM_KE, .id = (number), .ikev1_ike_id = (number), .ikev1_esp_id = (number), .name = (label), __VA_ARGS__}
#define MODP(number, bits, alias) \
    KE(number, "MODP" #bits, .aliases = {alias}, .uses = IKE_ESP_AH | V1_IKE_ESP_AH, \
       .detail = &(const struct ke_detail){&ke_method_modp, (bits), (bits) / 8, (bits) / 8})
/* For old peers only: whoever wants these names them. */
#define WEAK_MODP(number, bits, alias) \
    KE(number, "MODP" #bits, .aliases = {alias}, .uses = V1_IKE_ESP_AH, .is_weak = true, \
       .detail = &(const struct ke_detail){&ke_method_modp, (bits), (bits) / 8, (bits) / 8})
#define CURVE(the_method, curve, public, secret) \
    .uses = IKE_ESP_AH | V1_IKE_ESP_AH, .detail = &(const struct ke_detail){(the_method), (curve), (public), (secret)}
#define KEM(number, label, ...) \
    {.type = TRANSFORM_KE, .id = (number), .name = (label), .aliases = {__VA_ARGS__}}

static const struct algorithm algorithms[] = {
    ENCR(16, 0, 16, "AES_CCM_16", .aliases = {"aes_ccm", "aes_ccm_c"}, .uses = IKE_ESP | V1_ESP, AES_KEYS,
         AEAD(3, 16), .detail = &aes_ccm),
    ENCR(15, 0, 15, "AES_CCM_12", .aliases = {"aes_ccm_b"}, .uses = IKE_ESP | V1_ESP, AES_KEYS,
         AEAD(3, 12), .detail = &aes_ccm),
    ENCR(14, 0, 14, "AES_CCM_8", .aliases = {"aes_ccm_a"}, .uses = IKE_ESP | V1_ESP, AES_KEYS,
         AEAD(3, 8), .detail = &aes_ccm),
    ENCR(ENCR_3DES, 5, 3, "3DES_CBC", .aliases = {"3des"}, .uses = IKE_ESP | V1_IKE_ESP, .key_bits = {192}, .iv_size = 8,
         .block_size = 8, .detail = &triple_des),
    ENCR(24, 0, 0, "CAMELLIA_CTR", .uses = USE_IKEV2_ESP, AES_KEYS, .salt_size = 4, .iv_size = 8,
         .block_size = 1, .detail = &camellia_ctr),
    ENCR(23, 8, 22, "CAMELLIA_CBC", .aliases = {"camellia"}, .uses = IKE_ESP | V1_IKE_ESP, AES_KEYS, .iv_size = 16,
         .block_size = 16, .detail = &camellia_cbc),
    ENCR(ENCR_AES_GCM_16, 0, 20, "AES_GCM_16", .aliases = {"aes_gcm", "aes_gcm_c"}, .uses = IKE_ESP | V1_ESP, AES_KEYS,
         AEAD(4, 16), .detail = &aes_gcm),
    ENCR(ENCR_AES_GCM_12, 0, 19, "AES_GCM_12", .aliases = {"aes_gcm_b"}, .uses = IKE_ESP | V1_ESP, AES_KEYS, AEAD(4, 12),
         .detail = &aes_gcm),
    ENCR(ENCR_AES_GCM_8, 0, 18, "AES_GCM_8", .aliases = {"aes_gcm_a"}, .uses = IKE_ESP | V1_ESP, AES_KEYS, AEAD(4, 8),
         .detail = &aes_gcm),
    ENCR(ENCR_AES_CTR, 13, 13, "AES_CTR", .aliases = {"aesctr"}, .uses = IKE_ESP | V1_ESP, AES_KEYS, .salt_size = 4,
         .iv_size = 8, .block_size = 1, .detail = &aes_ctr),
    ENCR(ENCR_AES_CBC, 7, 12, "AES_CBC", .aliases = {"aes"}, .uses = IKE_ESP | V1_IKE_ESP, AES_KEYS, .iv_size = 16,
         .block_size = 16, .detail = &aes_cbc),
    ENCR(ENCR_NULL_AUTH_AES_GMAC, 0, 23, "NULL_AUTH_AES_GMAC", .aliases = {"aes_gmac"}, .uses = USE_IKEV2_ESP | V1_ESP,
         AES_KEYS, AEAD(4, 16), .detail = &aes_gmac),
    ENCR(ENCR_NULL, 0, 11, "NULL", .uses = USE_IKEV2_ESP | V1_ESP, .block_size = 1, .detail = &null_cipher),
    ENCR(ENCR_CHACHA20_POLY1305, 0, 0, "CHACHA20_POLY1305", .aliases = {"chacha20poly1305"}, .uses = IKE_ESP,
         .key_bits = {256}, AEAD(4, 16), .detail = &chacha20_poly1305),
    ENCR(25, 0, 0, "CAMELLIA_CCM_8", .aliases = {"camellia_ccm_a"}, AES_KEYS, AEAD(3, 8)),
    ENCR(26, 0, 0, "CAMELLIA_CCM_12", .aliases = {"camellia_ccm_b"}, AES_KEYS, AEAD(3, 12)),
    ENCR(27, 0, 0, "CAMELLIA_CCM_16", .aliases = {"camellia_ccm", "camellia_ccm_c"}, AES_KEYS, AEAD(3, 16)),
    ENCR(ENCR_DES, 1, 2, "DES_CBC", .aliases = {"des"}, .uses = V1_IKE_ESP, .is_weak = true, .key_bits = {64}, .iv_size = 8,
         .block_size = 8, .detail = &des),
    ENCR(5, 2, 5, "IDEA_CBC", .aliases = {"idea"}, .key_bits = {128}, .iv_size = 8, .block_size = 8),
    ENCR(7, 3, 7, "BLOWFISH_CBC", .aliases = {"blowfish"}, .has_key_length = true, .key_bits = {128}, .iv_size = 8,
         .block_size = 8),
    ENCR(4, 4, 4, "RC5_CBC", .aliases = {"rc5"}, .has_key_length = true, .key_bits = {128}, .iv_size = 8,
         .block_size = 8),
    ENCR(6, 6, 6, "CAST_CBC", .aliases = {"cast"}, .has_key_length = true, .key_bits = {128}, .iv_size = 8,
         .block_size = 8),
    ENCR(65004, 65004, 252, "SERPENT_CBC", .aliases = {"serpent"}, AES_KEYS, .iv_size = 16, .block_size = 16),
    ENCR(65005, 65005, 253, "TWOFISH_CBC", .aliases = {"twofish"}, AES_KEYS, .iv_size = 16, .block_size = 16),

    PRF(1, 1, "HMAC_MD5", &hmac_md5, 16, .aliases = {"md5"}, .uses = USE_IKEV2_IKE | USE_IKEV1_IKE, .is_weak = true),
    PRF(PRF_HMAC_SHA1, 2, "HMAC_SHA1", &hmac_sha1, 20, .aliases = {"sha", "sha1"}, .uses = USE_IKEV2_IKE | USE_IKEV1_IKE),
    PRF(PRF_HMAC_SHA2_256, 4, "HMAC_SHA2_256", &hmac_sha2_256, 32, .aliases = {"sha2", "sha256", "sha2_256"},
        .uses = USE_IKEV2_IKE | USE_IKEV1_IKE),
    PRF(PRF_HMAC_SHA2_384, 5, "HMAC_SHA2_384", &hmac_sha2_384, 48, .aliases = {"sha384", "sha2_384"},
        .uses = USE_IKEV2_IKE | USE_IKEV1_IKE),
    PRF(PRF_HMAC_SHA2_512, 6, "HMAC_SHA2_512", &hmac_sha2_512, 64, .aliases = {"sha512", "sha2_512"},
        .uses = USE_IKEV2_IKE | USE_IKEV1_IKE),
    PRF(PRF_AES128_XCBC, 0, "AES_XCBC", &aes_xcbc, 16, .aliases = {"aes128_xcbc"}, .uses = USE_IKEV2_IKE),
    PRF(PRF_AES128_CMAC, 0, "AES_CMAC", &aes_cmac, 16, .aliases = {"aes128_cmac"}, .uses = USE_IKEV2_IKE),

    INTEG(1, 1, 1, "HMAC_MD5_96", &hmac_md5, 16, 12, .aliases = {"md5", "hmac_md5"}, .uses = IKE_ESP_AH | V1_IKE_ESP_AH,
          .is_weak = true),
    INTEG(INTEG_HMAC_SHA1_96, 2, 2, "HMAC_SHA1_96", &hmac_sha1, 20, 12,
          .aliases = {"sha", "sha1", "sha1_96", "hmac_sha1"}, .uses = IKE_ESP_AH | V1_IKE_ESP_AH),
    INTEG(INTEG_HMAC_SHA2_512_256, 6, 7, "HMAC_SHA2_512_256", &hmac_sha2_512, 64, 32,
          .aliases = {"sha512", "sha2_512", "sha2_512_256", "hmac_sha2_512"}, .uses = IKE_ESP_AH | V1_IKE_ESP_AH),
    INTEG(INTEG_HMAC_SHA2_384_192, 5, 6, "HMAC_SHA2_384_192", &hmac_sha2_384, 48, 24,
          .aliases = {"sha384", "sha2_384", "sha2_384_192", "hmac_sha2_384"}, .uses = IKE_ESP_AH | V1_IKE_ESP_AH),
    INTEG(INTEG_HMAC_SHA2_256_128, 4, 5, "HMAC_SHA2_256_128", &hmac_sha2_256, 32, 16,
          .aliases = {"sha2", "sha256", "sha2_256", "sha2_256_128", "hmac_sha2_256"}, .uses = IKE_ESP_AH | V1_IKE_ESP_AH),
    INTEG(INTEG_HMAC_SHA2_256_TRUNCBUG, 0, 0, "HMAC_SHA2_256_TRUNCBUG", &hmac_sha2_256, 32, 12),
    INTEG(INTEG_AES_XCBC_96, 0, 9, "AES_XCBC_96", &aes_xcbc, 16, 12,
          .aliases = {"aes_xcbc", "aes128_xcbc", "aes128_xcbc_96"}, .uses = IKE_ESP_AH | V1_ESP_AH),
    /* 250 in IKEv1: nothing is assigned there, old peers take this of the numbers for private use. */
    INTEG(INTEG_AES_CMAC_96, 0, 250, "AES_CMAC_96", &aes_cmac, 16, 12, .aliases = {"aes_cmac"}, .uses = IKE_ESP_AH | V1_ESP_AH),
    INTEG(INTEG_NONE, 0, 0, "NONE", NULL, 0, 0, .aliases = {"null"}, .uses = IKE_ESP | V1_ESP),

    {.type = TRANSFORM_KE, .id = KE_NONE, .name = "NONE", .aliases = {"null", "dh0"}, .uses = IKE_ESP_AH},
    MODP(5, 1536, "dh5"),
    MODP(KE_MODP2048, 2048, "dh14"),
    MODP(15, 3072, "dh15"),
    MODP(16, 4096, "dh16"),
    MODP(17, 6144, "dh17"),
    MODP(18, 8192, "dh18"),
    KE(KE_ECP256, "DH19", .aliases = {"ecp_256", "ecp256"}, CURVE(&ke_method_ecp, NID_X9_62_prime256v1, 64, 32)),
    KE(20, "DH20", .aliases = {"ecp_384", "ecp384"}, CURVE(&ke_method_ecp, NID_secp384r1, 96, 48)),
    KE(21, "DH21", .aliases = {"ecp_521", "ecp521"}, CURVE(&ke_method_ecp, NID_secp521r1, 132, 66)),
    KE(KE_X25519, "DH31", .aliases = {"curve25519", "x25519"}, CURVE(&ke_method_ecx, NID_X25519, 32, 32)),
    KE(KE_X448, "DH32", .aliases = {"curve448", "x448"}, CURVE(&ke_method_ecx, NID_X448, 56, 56)),
    KEM(35, "ML_KEM_512", "mlkem512"),
    KEM(36, "ML_KEM_768", "mlkem768"),
    KEM(37, "ML_KEM_1024", "mlkem1024"),
    WEAK_MODP(1, 768, "dh1"),
    WEAK_MODP(2, 1024, "dh2"),
    KE(22, "DH22"),
    KE(23, "DH23"),
    KE(24, "DH24"),
    KE(25, "DH25", .aliases = {"ecp_192", "ecp192"}),
    KE(26, "DH26", .aliases = {"ecp_224", "ecp224"}),
    KE(27, "DH27", .aliases = {"ecp_224_bp", "ecp224bp"}),
    KE(28, "DH28", .aliases = {"ecp_256_bp", "ecp256bp"}),
    KE(29, "DH29", .aliases = {"ecp_384_bp", "ecp384bp"}),
    KE(30, "DH30", .aliases = {"ecp_512_bp", "ecp512bp"}),

    {.type = TRANSFORM_ESN, .id = ESN_NO, .name = "32_BIT_SEQUENTIAL", .aliases = {"no"}, .uses = ESP_AH},
    {.type = TRANSFORM_ESN, .id = ESN_YES, .name = "PARTIAL_64_BIT_SEQUENTIAL", .aliases = {"yes"}, .uses = ESP_AH},
};
/* clang-format on */

const struct algorithm *algorithm_at(size_t index)
{
    return index < ARRAY_SIZE(algorithms) ? &algorithms[index] : NULL;
}

const struct algorithm *algorithm_by_id(enum transform_type type, uint16_t id)
{
    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
        if (algorithms[i].id == id && algorithms[i].type == type)
            return &algorithms[i];
    return NULL;
}

static int fold(char c)
{
    return c == '-' ? '_' : tolower((unsigned char)c);
}

static bool is_called(const char *name, const char *word, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (name[i] == '\0' || fold(name[i]) != fold(word[i]))
            return false;
    return name[length] == '\0';
}

static bool has_name(const struct algorithm *algorithm, const char *word, size_t length)
{
    if (is_called(algorithm->name, word, length))
        return true;
    for (size_t i = 0; i < ALGORITHM_ALIASES && algorithm->aliases[i] != NULL; i++)
        if (is_called(algorithm->aliases[i], word, length))
            return true;
    return false;
}

const struct algorithm *algorithm_by_name(enum transform_type type, const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
        if (algorithms[i].type == type && has_name(&algorithms[i], name, length))
            return &algorithms[i];
    return NULL;
}

static const struct algorithm *same_function(enum transform_type type, const struct algorithm *algorithm)
{
    if (algorithm == NULL || algorithm->detail == NULL)
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
        if (algorithms[i].type == type && algorithms[i].detail == algorithm->detail)
            return &algorithms[i];
    return NULL;
}

const struct algorithm *algorithm_integ_of_prf(const struct algorithm *prf)
{
    return same_function(TRANSFORM_INTEG, prf);
}

const struct algorithm *algorithm_prf_of_integ(const struct algorithm *integ)
{
    return same_function(TRANSFORM_PRF, integ);
}

bool algorithm_takes_key_bits(const struct algorithm *encr, uint16_t key_bits)
{
    for (size_t i = 0; i < ALGORITHM_KEY_LENGTHS && encr->key_bits[i] != 0; i++)
        if (encr->key_bits[i] == key_bits)
            return true;
    return false;
}
