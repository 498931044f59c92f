/* X25519 where libcrypto's configuration prefers a provider whose keys never come from outside, as a token's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/core_dispatch.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <string.h>

#include "crypto/key_exchange.h"

static void *no_context(void *provider)
{
    (void)provider;
    return NULL;
}

static int no_key(void *context, void *key, const OSSL_PARAM parameters[])
{
    (void)context, (void)key, (void)parameters;
    return 0;
}

static int no_secret(void *context, unsigned char *secret, size_t *size, size_t room)
{
    (void)context, (void)secret, (void)size, (void)room;
    return 0;
}

static void free_nothing(void *context)
{
    (void)context;
}

static const OSSL_DISPATCH exchange[] = {{OSSL_FUNC_KEYEXCH_NEWCTX, (void (*)(void))no_context},
                                         {OSSL_FUNC_KEYEXCH_INIT, (void (*)(void))no_key},
                                         {OSSL_FUNC_KEYEXCH_DERIVE, (void (*)(void))no_secret},
                                         {OSSL_FUNC_KEYEXCH_FREECTX, (void (*)(void))free_nothing},
                                         {0, NULL}};
static const OSSL_ALGORITHM exchanges[] = {{"1.3.101.110:x25519", "provider=token", exchange, NULL},
                                           {NULL, NULL, NULL, NULL}};

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
    (void)provider;
    *no_cache = 0;
    return operation == OSSL_OP_KEYEXCH ? exchanges : NULL;
}

static const OSSL_DISPATCH functions[] = {{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
                                          {0, NULL}};

static int token_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
                      void **provider)
{
    *out = functions;
    *provider = (void *)(uintptr_t)handle;
    (void)in;
    return 1;
}

static void another_provider_does_it(void **state)
{
    (void)state;
    const struct algorithm *group = algorithm_by_id(TRANSFORM_KE, KE_X25519);
    uint8_t public[2][KE_PUBLIC_MAX], secret[2][KE_SECRET_MAX], seeds[2][KE_SEED_SIZE] = {{1}, {2}};
    struct ke_private private;
    OSSL_PROVIDER *token = NULL, *usual = OSSL_PROVIDER_load(NULL, "default");
    assert_int_equal(OSSL_PROVIDER_add_builtin(NULL, "token", token_init), 1);
    token = OSSL_PROVIDER_load(NULL, "token");
    assert_true(token != NULL && usual != NULL);
    assert_int_equal(EVP_set_default_properties(NULL, "?provider=token"), 1);
    EVP_KEYEXCH *preferred = EVP_KEYEXCH_fetch(NULL, "X25519", NULL);
    assert_ptr_equal(EVP_KEYEXCH_get0_provider(preferred), token);
    EVP_KEYEXCH_free(preferred);
    assert_true(ke_generate(group, seeds[0], &private, public[0]));
    assert_true(
        ke_respond(group, seeds[1], bytes_of(public[0], ke_public_size(group)), public[1], secret[1], NULL));
    assert_true(ke_derive(group, &private, bytes_of(public[1], ke_public_size(group)), secret[0], NULL));
    assert_memory_equal(secret[0], secret[1], ke_secret_size(group));
    OSSL_PROVIDER_unload(token);
    OSSL_PROVIDER_unload(usual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(another_provider_does_it)};
    return cmocka_run_group_tests_name("token_provider", tests, NULL, NULL);
}
