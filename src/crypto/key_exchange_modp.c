/* Diffie-Hellman over the MODP groups of RFC 3526 and, for IKEv1, of RFC 2409 6, generator 2, with the check
 * of RFC 6989 2.1. */
#include <openssl/bn.h>
#include <pthread.h>

#include "crypto/key_exchange_method.h"

/*
 * Exponents are short, as RFC 3526 8 allows: at least twice the strength of the group, in whole 64-bit words
 * (libcrypto's constant-time exponentiation takes as many steps as the exponent has words' bits).
 */
struct modp_group {
    int bits;
    size_t exponent_size;
    BIGNUM *(*get_prime)(BIGNUM *);
    BIGNUM *prime;
    BIGNUM *prime_minus_one;
    BN_MONT_CTX *montgomery; /* NULL until first used; constant after that */
};

static struct modp_group groups[] = {
    {768, 24, BN_get_rfc2409_prime_768},   {1024, 24, BN_get_rfc2409_prime_1024},
    {1536, 32, BN_get_rfc3526_prime_1536}, {2048, 32, BN_get_rfc3526_prime_2048},
    {3072, 40, BN_get_rfc3526_prime_3072}, {4096, 40, BN_get_rfc3526_prime_4096},
    {6144, 48, BN_get_rfc3526_prime_6144}, {8192, 56, BN_get_rfc3526_prime_8192},
};

static pthread_mutex_t groups_lock = PTHREAD_MUTEX_INITIALIZER;

static bool prepare_group(struct modp_group *group)
{
    BN_CTX *context = BN_CTX_new();
    BN_MONT_CTX *montgomery = BN_MONT_CTX_new();
    BIGNUM *prime = group->get_prime(NULL);
    BIGNUM *prime_minus_one = prime == NULL ? NULL : BN_dup(prime);
    bool ok = context != NULL && montgomery != NULL && prime_minus_one != NULL &&
              BN_sub_word(prime_minus_one, 1) == 1 && BN_MONT_CTX_set(montgomery, prime, context) == 1;
    BN_CTX_free(context);
    if (ok) {
        group->prime = prime;
        group->prime_minus_one = prime_minus_one;
        group->montgomery = montgomery;
        return true;
    }
    BN_MONT_CTX_free(montgomery);
    BN_free(prime);
    BN_free(prime_minus_one);
    return false;
}

static const struct modp_group *find_group(const struct ke_detail *detail)
{
    struct modp_group *group = groups;
    while (group->bits != detail->group)
        group++;
    pthread_mutex_lock(&groups_lock);
    bool ok = group->montgomery != NULL || prepare_group(group);
    pthread_mutex_unlock(&groups_lock);
    return ok ? group : NULL;
}

/* base ^ scalar mod p, padded to the size of p. */
static bool raise(const struct modp_group *group, const BIGNUM *base, const struct ke_private *own,
                  uint8_t *out)
{
    BN_CTX *context = BN_CTX_new();
    BIGNUM *exponent = BN_bin2bn(own->scalar, sizeof own->scalar, NULL);
    BIGNUM *result = BN_new();
    bool ok = context != NULL && exponent != NULL && result != NULL;
    if (ok) {
        BN_set_flags(exponent, BN_FLG_CONSTTIME);
        ok = BN_mod_exp_mont_consttime(result, base, exponent, group->prime, context, group->montgomery) ==
                 1 &&
             BN_bn2binpad(result, out, group->bits / 8) == group->bits / 8;
    }
    BN_clear_free(exponent);
    BN_clear_free(result);
    BN_CTX_free(context);
    return ok;
}

static bool modp_generate(const struct ke_detail *detail, const uint8_t seed[static KE_SEED_SIZE],
                          struct ke_private *ret_private, uint8_t *public_out)
{
    const struct modp_group *group = find_group(detail);
    BIGNUM *generator = BN_new();
    bool ok = group != NULL && generator != NULL && BN_set_word(generator, 2) == 1;
    if (ok) {
        uint8_t *exponent = ret_private->scalar + KE_SEED_SIZE - group->exponent_size;
        memcpy(exponent, seed, group->exponent_size);
        exponent[0] |= 0x80; /* never zero, and always of the same length */
        ok = raise(group, generator, ret_private, public_out);
    }
    BN_free(generator);
    return ok;
}

static enum ke_result modp_derive(const struct ke_detail *detail, const struct ke_private *own,
                                  const uint8_t *peer, uint8_t *secret_out)
{
    const struct modp_group *group = find_group(detail);
    BIGNUM *y = BN_bin2bn(peer, detail->public_size, NULL);
    enum ke_result result = KE_LIBRARY_FAILED;
    if (group != NULL && y != NULL) {
        bool is_in_range = BN_cmp(y, BN_value_one()) > 0 && BN_cmp(y, group->prime_minus_one) < 0;
        if (!is_in_range)
            result = KE_INVALID_PEER;
        else if (raise(group, y, own, secret_out))
            result = KE_OK;
    }
    BN_free(y);
    return result;
}

const struct ke_method ke_method_modp = {
    .generate = modp_generate,
    .derive = modp_derive,
    .peer_requirement = "it must lie between 1 and p - 1 (RFC 6989 2.1)",
};
