/* PF_KEY's numbers for the transforms of our algorithm table, and which of them a kernel has. */
#include "kernel/pfkey.h"

static const struct {
    enum transform_type type;
    const char *name;
    uint8_t number;
} numbers[] = {
    {TRANSFORM_ENCR, "3DES_CBC", SADB_EALG_3DESCBC},
    {TRANSFORM_ENCR, "NULL", SADB_EALG_NULL},
    {TRANSFORM_ENCR, "AES_CBC", SADB_X_EALG_AESCBC},
    {TRANSFORM_ENCR, "AES_CTR", 13},
    {TRANSFORM_ENCR, "AES_CCM_8", 14},
    {TRANSFORM_ENCR, "AES_CCM_12", 15},
    {TRANSFORM_ENCR, "AES_CCM_16", 16},
    {TRANSFORM_ENCR, "AES_GCM_8", 18},
    {TRANSFORM_ENCR, "AES_GCM_12", 19},
    {TRANSFORM_ENCR, "AES_GCM_16", 20},
    {TRANSFORM_ENCR, "CAMELLIA_CBC", 22},
    {TRANSFORM_ENCR, "NULL_AUTH_AES_GMAC", 23},
    {TRANSFORM_INTEG, "HMAC_MD5_96", SADB_AALG_MD5HMAC},
    {TRANSFORM_INTEG, "HMAC_SHA1_96", SADB_AALG_SHA1HMAC},
    {TRANSFORM_INTEG, "HMAC_SHA2_384_192", 6},
    {TRANSFORM_INTEG, "HMAC_SHA2_512_256", 7},
    {TRANSFORM_INTEG, "AES_XCBC_96", 9},
    {TRANSFORM_INTEG, PFKEY_SHA2_256_BITS == 128 ? "HMAC_SHA2_256_128" : "HMAC_SHA2_256_TRUNCBUG", 5},
};

static size_t index_of(const struct algorithm *algorithm)
{
    size_t i = 0;
    while (i < ARRAY_SIZE(numbers) &&
           (numbers[i].type != algorithm->type || strcmp(numbers[i].name, algorithm->name) != 0))
        i++;
    return i;
}

uint8_t pfkey_algorithm_number(const struct algorithm *algorithm)
{
    size_t index = index_of(algorithm);
    return index < ARRAY_SIZE(numbers) ? numbers[index].number : 0;
}

void pfkey_algorithms_note(struct backend *backend, const struct pfkey_message *registered)
{
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        uint16_t list =
            numbers[i].type == TRANSFORM_INTEG ? SADB_EXT_SUPPORTED_AUTH : SADB_EXT_SUPPORTED_ENCRYPT;
        if (pfkey_supports(registered, list, numbers[i].number))
            backend->algorithms |= (uint64_t)1 << i;
    }
}

bool pfkey_has_algorithm(const void *context, const struct algorithm *algorithm,
                         enum security_protocol protocol)
{
    const struct backend *backend = context;
    size_t index = index_of(algorithm);
    if (protocol == PROTOCOL_AH && algorithm->icv_size > PFKEY_AH_ICV_MAX)
        return false;
    return index < ARRAY_SIZE(numbers) && (backend->algorithms & (uint64_t)1 << index) != 0;
}
