/*
 * X25519 and X448 (RFC 7748, RFC 8031): an all-zero shared secret is refused. The public value is computed as
 * RFC 7748 6 defines it, by the same ladder on the base point, which libcrypto runs faster than its own way
 * to a public key; for X25519 in less than half of the time by libsodium, if it was there when this was
 * built.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#ifdef STYX_WITH_SODIUM
#include <sodium.h>
#endif

#include "base/secret.h"
#include "crypto/key_exchange_method.h"

enum { ECX_SIZE_MAX = 56 };

static const uint8_t x25519_base[ECX_SIZE_MAX] = {9};
static const uint8_t x448_base[ECX_SIZE_MAX] = {5};

/* What libcrypto takes long to make, for one group in one thread; nothing of it is secret. */
struct ladder_parts {
    EVP_PKEY_CTX *maker;
    EVP_PKEY *point; /* takes each point to be multiplied in turn */
};

struct thread_ladders {
    struct ladder_parts x25519;
    struct ladder_parts x448;
};

/* One scalar, ready to be multiplied with any number of points. */
struct ladder {
    EVP_PKEY *point; /* the thread's */
    EVP_PKEY *scalar;
    EVP_PKEY_CTX *derivation;
};

static pthread_key_t thread_key;
static bool has_thread_key;
static pthread_once_t thread_key_once = PTHREAD_ONCE_INIT;

static const uint8_t *base_point(const struct ke_detail *detail)
{
    return detail->group == EVP_PKEY_X448 ? x448_base : x25519_base;
}

static EVP_PKEY *make_key(EVP_PKEY_CTX *maker, const struct ke_detail *detail, const uint8_t *public,
                          const uint8_t *scalar)
{
    OSSL_PARAM parameters[3] = {OSSL_PARAM_END, OSSL_PARAM_END, OSSL_PARAM_END};
    parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t) public,
                                                      detail->public_size);
    if (scalar != NULL)
        parameters[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, (void *)(uintptr_t)scalar,
                                                          detail->public_size);
    EVP_PKEY *key = NULL;
    int selection = scalar != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    return EVP_PKEY_fromdata(maker, &key, selection, parameters) == 1 ? key : NULL;
}

static void free_parts(struct ladder_parts *parts)
{
    EVP_PKEY_free(parts->point);
    EVP_PKEY_CTX_free(parts->maker);
    *parts = (struct ladder_parts){0};
}

static void free_thread_ladders(void *data)
{
    struct thread_ladders *ladders = data;
    free_parts(&ladders->x25519);
    free_parts(&ladders->x448);
    free(ladders);
}

static void make_thread_key(void)
{
    has_thread_key = pthread_key_create(&thread_key, free_thread_ladders) == 0;
}

static struct thread_ladders *thread_ladders(void)
{
    pthread_once(&thread_key_once, make_thread_key);
    if (!has_thread_key)
        return NULL;
    struct thread_ladders *ladders = pthread_getspecific(thread_key);
    if (ladders != NULL)
        return ladders;
    ladders = calloc(1, sizeof *ladders);
    if (ladders == NULL || pthread_setspecific(thread_key, ladders) == 0)
        return ladders;
    free(ladders);
    return NULL;
}

static struct ladder_parts *parts_of_thread(const struct ke_detail *detail)
{
    struct thread_ladders *ladders = thread_ladders();
    if (ladders == NULL)
        return NULL;
    struct ladder_parts *parts = detail->group == EVP_PKEY_X448 ? &ladders->x448 : &ladders->x25519;
    if (parts->point != NULL)
        return parts;
    parts->maker = EVP_PKEY_CTX_new_id(detail->group, NULL);
    if (parts->maker != NULL && EVP_PKEY_fromdata_init(parts->maker) == 1)
        parts->point = make_key(parts->maker, detail, base_point(detail), NULL);
    if (parts->point != NULL)
        return parts;
    free_parts(parts);
    return NULL;
}

/* A private key loaded alone would have its public half computed, half of the whole work: it gets one that is
 * never used. */
static bool ladder_open(struct ladder *ladder, const struct ke_detail *detail, const struct ke_private *own)
{
    const struct ladder_parts *parts = parts_of_thread(detail);
    *ladder = (struct ladder){0};
    if (parts == NULL)
        return false;
    ladder->point = parts->point;
    ladder->scalar = make_key(parts->maker, detail, base_point(detail), own->scalar);
    if (ladder->scalar != NULL)
        ladder->derivation = EVP_PKEY_CTX_new_from_pkey(NULL, ladder->scalar, NULL);
    return ladder->derivation != NULL && EVP_PKEY_derive_init(ladder->derivation) == 1;
}

static void ladder_close(struct ladder *ladder)
{
    EVP_PKEY_CTX_free(ladder->derivation);
    EVP_PKEY_free(ladder->scalar);
}

static enum ke_result ladder_multiply(struct ladder *ladder, const struct ke_detail *detail,
                                      const uint8_t *point, uint8_t *out)
{
    static const uint8_t zero[ECX_SIZE_MAX];
    uint8_t product[ECX_SIZE_MAX];
    size_t size = detail->secret_size;
    if (EVP_PKEY_set1_encoded_public_key(ladder->point, point, size) != 1 ||
        EVP_PKEY_derive_set_peer_ex(ladder->derivation, ladder->point, 0) != 1)
        return KE_LIBRARY_FAILED;
    /* libcrypto itself fails when the product is zero, and has no other reason to. */
    bool ok = EVP_PKEY_derive(ladder->derivation, product, &size) == 1 && !secret_equal(product, zero, size);
    if (ok)
        memcpy(out, product, size);
    secret_wipe(product, sizeof product);
    return ok ? KE_OK : KE_INVALID_PEER;
}

#ifdef STYX_WITH_SODIUM
/*
 * From a table of multiples of the base point. sodium_init() is not called on purpose: it would exchange this
 * for a ladder that takes as long as libcrypto's, and nothing here needs it.
 */
static bool x25519_multiply_base(const uint8_t *scalar, uint8_t *out)
{
    enum { DIRTY_STACK_SIZE = 4096 };
    bool ok = crypto_scalarmult_curve25519_base(out, scalar) == 0;
    sodium_stackzero(DIRTY_STACK_SIZE);
    return ok;
}
#endif

static bool ladder_multiply_base(const struct ke_detail *detail, const struct ke_private *own, uint8_t *out)
{
    struct ladder ladder;
    bool ok = ladder_open(&ladder, detail, own) &&
              ladder_multiply(&ladder, detail, base_point(detail), out) == KE_OK;
    ladder_close(&ladder);
    return ok;
}

static bool ecx_generate(const struct ke_detail *detail, const uint8_t seed[static KE_SEED_SIZE],
                         struct ke_private *ret_private, uint8_t *public_out)
{
    memcpy(ret_private->scalar, seed, detail->public_size);
#ifdef STYX_WITH_SODIUM
    if (detail->group == EVP_PKEY_X25519)
        return x25519_multiply_base(ret_private->scalar, public_out);
#endif
    return ladder_multiply_base(detail, ret_private, public_out);
}

static enum ke_result ecx_derive(const struct ke_detail *detail, const struct ke_private *own,
                                 const uint8_t *peer, uint8_t *secret_out)
{
    struct ladder ladder;
    enum ke_result result = KE_LIBRARY_FAILED;
    if (ladder_open(&ladder, detail, own))
        result = ladder_multiply(&ladder, detail, peer, secret_out);
    ladder_close(&ladder);
    return result;
}

const struct ke_method ke_method_ecx = {
    .generate = ecx_generate,
    .derive = ecx_derive,
    .peer_requirement = "it gives an all-zero shared secret (RFC 8031 3)",
};
