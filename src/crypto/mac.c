#include "crypto/mac.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/secret.h"
#include "crypto/block_mac.h"
#include "crypto/hmac.h"

struct mac {
    bool is_hmac;
    union {
        struct hmac hmac;
        struct block_mac block;
    };
};

struct thread_macs {
    struct mac *of_kind[MAC_KINDS];
};

static pthread_key_t thread_key;
static bool has_thread_key;
static pthread_once_t thread_key_once = PTHREAD_ONCE_INIT;

struct mac *mac_new(const struct mac_detail *detail)
{
    if (detail == NULL)
        return NULL;
    struct mac *mac = calloc(1, sizeof *mac);
    if (mac == NULL)
        return NULL;
    mac->is_hmac = detail->kind < MAC_AES_XCBC;
    if (mac->is_hmac ? hmac_init(&mac->hmac, detail->kind) : block_mac_init(&mac->block, detail->kind))
        return mac;
    mac_free(mac);
    return NULL;
}

void mac_free(struct mac *mac)
{
    if (mac == NULL)
        return;
    if (mac->is_hmac)
        hmac_clear(&mac->hmac);
    else
        block_mac_clear(&mac->block);
    free(mac);
}

static void free_thread_macs(void *data)
{
    struct thread_macs *macs = data;
    for (size_t i = 0; i < MAC_KINDS; i++)
        mac_free(macs->of_kind[i]);
    free(macs);
}

static void make_thread_key(void)
{
    has_thread_key = pthread_key_create(&thread_key, free_thread_macs) == 0;
}

static struct thread_macs *thread_macs(void)
{
    pthread_once(&thread_key_once, make_thread_key);
    if (!has_thread_key)
        return NULL;
    struct thread_macs *macs = pthread_getspecific(thread_key);
    if (macs != NULL)
        return macs;
    macs = calloc(1, sizeof *macs);
    if (macs == NULL || pthread_setspecific(thread_key, macs) == 0)
        return macs;
    free(macs);
    return NULL;
}

struct mac *mac_of_thread(const struct mac_detail *detail)
{
    struct thread_macs *macs = detail == NULL ? NULL : thread_macs();
    if (macs == NULL)
        return NULL;
    struct mac **mac = &macs->of_kind[detail->kind];
    if (*mac == NULL)
        *mac = mac_new(detail);
    return *mac;
}

bool mac_set_key(struct mac *mac, struct bytes key)
{
    return mac->is_hmac ? hmac_set_key(&mac->hmac, key) : block_mac_set_key(&mac->block, key);
}

void mac_forget_key(struct mac *mac)
{
    if (mac->is_hmac)
        hmac_forget_key(&mac->hmac);
    else
        block_mac_forget_key(&mac->block);
}

bool mac_start(struct mac *mac)
{
    if (mac->is_hmac)
        return hmac_start(&mac->hmac);
    block_mac_start(&mac->block);
    return true;
}

bool mac_add(struct mac *mac, struct bytes bytes)
{
    return mac->is_hmac ? hmac_add(&mac->hmac, bytes) : block_mac_add(&mac->block, bytes);
}

bool mac_finish(struct mac *mac, uint8_t out[static MAC_OUTPUT_MAX])
{
    return mac->is_hmac ? hmac_finish(&mac->hmac, out) : block_mac_finish(&mac->block, out);
}

bool mac_compute(struct mac *mac, const struct bytes *parts, size_t part_count,
                 uint8_t out[static MAC_OUTPUT_MAX])
{
    bool ok = mac_start(mac);
    for (size_t i = 0; ok && i < part_count; i++)
        ok = mac_add(mac, parts[i]);
    return ok && mac_finish(mac, out);
}
