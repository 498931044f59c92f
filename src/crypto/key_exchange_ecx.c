/*
 * X25519 and X448 (RFC 7748, RFC 8031): an all-zero shared secret is refused. The public value is computed as
 * RFC 7748 6 defines it, by the same ladder on the base point, which libcrypto runs faster than its own way
 * to a public key; for X25519 in less than half of the time by libsodium, if it was there when this was
 * built.
 */
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <strings.h>
#ifdef STYX_WITH_SODIUM
#include <sodium.h>
#endif

#include "base/secret.h"
#include "crypto/key_exchange_method.h"

enum { ECX_SIZE_MAX = 56 };

static const uint8_t x25519_base[ECX_SIZE_MAX] = {9};
static const uint8_t x448_base[ECX_SIZE_MAX] = {5};

/*
 * A group as libcrypto's provider has it (provider-keymgmt(7), provider-keyexch(7)): what EVP makes around
 * each key and each multiplication takes an eighth of the multiplication's time.
 */
struct ladder {
    EVP_KEYEXCH *fetched; /* keeps the provider loaded for good */
    void *provider;
    OSSL_FUNC_keymgmt_new_fn *key_new;
    OSSL_FUNC_keymgmt_import_fn *key_import;
    OSSL_FUNC_keymgmt_free_fn *key_free;
    OSSL_FUNC_keyexch_newctx_fn *exchange_new;
    OSSL_FUNC_keyexch_init_fn *exchange_init;
    OSSL_FUNC_keyexch_set_peer_fn *exchange_set_peer;
    OSSL_FUNC_keyexch_derive_fn *exchange_derive;
    OSSL_FUNC_keyexch_freectx_fn *exchange_free;
};

static struct ladder x25519, x448;
static pthread_once_t find_once = PTHREAD_ONCE_INIT;

/* A provider has several names for an algorithm, without regard to case: "X25519:1.3.101.110". */
static bool is_named(const OSSL_ALGORITHM *algorithm, const char *name)
{
    size_t size = strlen(name);
    const char *at = algorithm->algorithm_names;
    while (strncasecmp(at, name, size) != 0 || (at[size] != '\0' && at[size] != ':')) {
        at = strchr(at, ':');
        if (at == NULL)
            return false;
        at++;
    }
    return true;
}

/* Ends with function_id 0, as does what a provider without the algorithm gets. */
static const OSSL_DISPATCH *find_functions(const OSSL_PROVIDER *provider, int operation, const char *name)
{
    static const OSSL_DISPATCH none[] = {{0, NULL}};
    int no_cache;
    const OSSL_ALGORITHM *at = OSSL_PROVIDER_query_operation(provider, operation, &no_cache);
    while (at != NULL && at->algorithm_names != NULL && !is_named(at, name))
        at++;
    return at != NULL && at->algorithm_names != NULL ? at->implementation : none;
}

static void find_key_functions(struct ladder *ladder, const OSSL_DISPATCH *at)
{
    for (; at->function_id != 0; at++) {
        if (at->function_id == OSSL_FUNC_KEYMGMT_NEW)
            ladder->key_new = OSSL_FUNC_keymgmt_new(at);
        else if (at->function_id == OSSL_FUNC_KEYMGMT_IMPORT)
            ladder->key_import = OSSL_FUNC_keymgmt_import(at);
        else if (at->function_id == OSSL_FUNC_KEYMGMT_FREE)
            ladder->key_free = OSSL_FUNC_keymgmt_free(at);
    }
}

static void find_exchange_functions(struct ladder *ladder, const OSSL_DISPATCH *at)
{
    for (; at->function_id != 0; at++) {
        if (at->function_id == OSSL_FUNC_KEYEXCH_NEWCTX)
            ladder->exchange_new = OSSL_FUNC_keyexch_newctx(at);
        else if (at->function_id == OSSL_FUNC_KEYEXCH_INIT)
            ladder->exchange_init = OSSL_FUNC_keyexch_init(at);
        else if (at->function_id == OSSL_FUNC_KEYEXCH_SET_PEER)
            ladder->exchange_set_peer = OSSL_FUNC_keyexch_set_peer(at);
        else if (at->function_id == OSSL_FUNC_KEYEXCH_DERIVE)
            ladder->exchange_derive = OSSL_FUNC_keyexch_derive(at);
        else if (at->function_id == OSSL_FUNC_KEYEXCH_FREECTX)
            ladder->exchange_free = OSSL_FUNC_keyexch_freectx(at);
    }
}

static bool is_whole(const struct ladder *ladder)
{
    return ladder->key_new != NULL && ladder->key_import != NULL && ladder->key_free != NULL &&
           ladder->exchange_new != NULL && ladder->exchange_init != NULL &&
           ladder->exchange_set_peer != NULL && ladder->exchange_derive != NULL &&
           ladder->exchange_free != NULL;
}

static bool find_ladder(struct ladder *ladder, const char *name, const char *properties)
{
    EVP_KEYEXCH *exchange = EVP_KEYEXCH_fetch(NULL, name, properties);
    if (exchange == NULL)
        return false;
    const OSSL_PROVIDER *provider = EVP_KEYEXCH_get0_provider(exchange);
    struct ladder found = {.fetched = exchange, .provider = OSSL_PROVIDER_get0_provider_ctx(provider)};
    find_key_functions(&found, find_functions(provider, OSSL_OP_KEYMGMT, name));
    find_exchange_functions(&found, find_functions(provider, OSSL_OP_KEYEXCH, name));
    if (is_whole(&found))
        *ladder = found;
    else
        EVP_KEYEXCH_free(exchange);
    return is_whole(&found);
}

/* Of the provider that libcrypto's configuration chooses; one that takes no keys from outside (a token's) is
 * passed over. */
static void find_any_ladder(struct ladder *ladder, const char *name)
{
    if (!find_ladder(ladder, name, NULL))
        (void)find_ladder(ladder, name, "provider=default");
}

static void find_ladders(void)
{
    find_any_ladder(&x25519, "X25519");
    find_any_ladder(&x448, "X448");
    ERR_clear_error();
}

/* NULL: this libcrypto does not have it. */
static const struct ladder *ladder_of(const struct ke_detail *detail)
{
    pthread_once(&find_once, find_ladders);
    const struct ladder *ladder = detail->group == EVP_PKEY_X448 ? &x448 : &x25519;
    return ladder->key_new != NULL ? ladder : NULL;
}

static const uint8_t *base_point(const struct ke_detail *detail)
{
    return detail->group == EVP_PKEY_X448 ? x448_base : x25519_base;
}

/* A scalar loaded alone would have its public half computed, half of the whole work: it gets one that is
 * never used. */
static void *make_key(const struct ladder *ladder, const uint8_t *public, const uint8_t *scalar, size_t size)
{
    OSSL_PARAM parameters[3] = {OSSL_PARAM_END, OSSL_PARAM_END, OSSL_PARAM_END};
    parameters[0] =
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t) public, size);
    if (scalar != NULL)
        parameters[1] =
            OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, (void *)(uintptr_t)scalar, size);
    int selection = scalar != NULL ? OSSL_KEYMGMT_SELECT_KEYPAIR : OSSL_KEYMGMT_SELECT_PUBLIC_KEY;
    void *key = ladder->key_new(ladder->provider);
    if (key == NULL || ladder->key_import(key, selection, parameters) == 1)
        return key;
    ladder->key_free(key);
    return NULL;
}

static enum ke_result derive(const struct ladder *ladder, void *exchange, size_t size, uint8_t *out)
{
    static const uint8_t zero[ECX_SIZE_MAX];
    uint8_t product[ECX_SIZE_MAX];
    size_t product_size = size;
    /* libcrypto itself fails when the product is zero, and has no other reason to. */
    bool ok = ladder->exchange_derive(exchange, product, &product_size, size) == 1 && product_size == size &&
              !secret_equal(product, zero, size);
    if (ok)
        memcpy(out, product, size);
    secret_wipe(product, sizeof product);
    return ok ? KE_OK : KE_INVALID_PEER;
}

static enum ke_result ladder_multiply(const struct ke_detail *detail, const struct ke_private *own,
                                      const uint8_t *point, uint8_t *out)
{
    size_t size = detail->secret_size;
    const struct ladder *ladder = ladder_of(detail);
    if (ladder == NULL)
        return KE_LIBRARY_FAILED;
    void *scalar_key = make_key(ladder, base_point(detail), own->scalar, size);
    void *point_key = make_key(ladder, point, NULL, size);
    void *exchange = ladder->exchange_new(ladder->provider);
    enum ke_result result = KE_LIBRARY_FAILED;
    if (scalar_key != NULL && point_key != NULL && exchange != NULL &&
        ladder->exchange_init(exchange, scalar_key, NULL) == 1 &&
        ladder->exchange_set_peer(exchange, point_key) == 1)
        result = derive(ladder, exchange, size, out);
    if (exchange != NULL)
        ladder->exchange_free(exchange);
    if (point_key != NULL)
        ladder->key_free(point_key);
    if (scalar_key != NULL)
        ladder->key_free(scalar_key);
    return result;
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

static bool ecx_generate(const struct ke_detail *detail, const uint8_t seed[static KE_SEED_SIZE],
                         struct ke_private *ret_private, uint8_t *public_out)
{
    memcpy(ret_private->scalar, seed, detail->public_size);
#ifdef STYX_WITH_SODIUM
    if (detail->group == EVP_PKEY_X25519)
        return x25519_multiply_base(ret_private->scalar, public_out);
#endif
    return ladder_multiply(detail, ret_private, base_point(detail), public_out) == KE_OK;
}

const struct ke_method ke_method_ecx = {
    .generate = ecx_generate,
    .derive = ladder_multiply,
    .peer_requirement = "it gives an all-zero shared secret (RFC 8031 3)",
};
