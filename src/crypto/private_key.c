/* Reading and sharing private keys: RFC 5208 (PKCS#8), RFC 7468 (PEM). See private_key.h. */
#include "crypto/private_key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "crypto/public_key_handle.h"

struct private_key *private_key_of_handle(struct evp_pkey_st *handle, struct error *error)
{
    struct public_key *public_key = public_key_of_handle(handle, error);
    struct private_key *key = public_key != NULL ? malloc(sizeof(*key)) : NULL;
    if (key == NULL) {
        if (public_key != NULL)
            error_set(error, 0, "out of memory");
        public_key_free(public_key);
        EVP_PKEY_free(handle);
        return NULL;
    }
    *key = (struct private_key){.users = 1, .handle = handle, .public_key = public_key};
    return key;
}

static struct private_key *of_handle(EVP_PKEY *handle, struct error *error)
{
    ERR_clear_error(); /* libcrypto's own words stay out of later reports in this thread */
    if (handle != NULL)
        return private_key_of_handle(handle, error);
    error_set(error, 0,
              "private key: not understood; expected an RSA, ECDSA, Ed25519 or Ed448 key that is "
              "not encrypted");
    return NULL;
}

struct private_key *private_key_of_pkcs8(struct bytes der, struct error *error)
{
    const uint8_t *at = der.data;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.size);
    EVP_PKEY *handle = info != NULL ? EVP_PKCS82PKEY(info) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info); /* wipes */
    return of_handle(handle, error);
}

/* libcrypto would ask the terminal. */
static int no_password(char *out, int size, int is_writing, void *context)
{
    (void)out;
    (void)size;
    (void)is_writing;
    (void)context;
    return -1;
}

struct private_key *private_key_of_pem(struct bytes text, struct error *error)
{
    BIO *source = BIO_new_mem_buf(text.data, (int)text.size);
    EVP_PKEY *handle = source != NULL ? PEM_read_bio_PrivateKey(source, NULL, no_password, NULL) : NULL;
    BIO_free(source);
    return of_handle(handle, error);
}

struct private_key *private_key_hold(const struct private_key *key)
{
    struct private_key *held = (struct private_key *)key; /* only the count changes */
    if (held != NULL)
        __atomic_add_fetch(&held->users, 1, __ATOMIC_RELAXED);
    return held;
}

void private_key_free(struct private_key *key)
{
    if (key == NULL || __atomic_sub_fetch(&key->users, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    EVP_PKEY_free(key->handle);
    public_key_free(key->public_key);
    free(key);
}
