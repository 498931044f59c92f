/* Numbers that tie policies to SAs; pfkey_reqid.h says why. */
#include "kernel/pfkey_reqid.h"

#include <stdlib.h>
#include <sys/random.h>

#include "kernel/pfkey_platform.h"

enum {
    TRIES = 1024, /* until all are said to be taken */
    /* A trap for whoever is behind an address names no gateways, so that its number must differ from those of
     * all SAs: such numbers are kept apart. */
    NUMBERS_WITHOUT_PEER = 256,
    NUMBERS = PFKEY_REQIDS - NUMBERS_WITHOUT_PEER,
};

bool pfkey_reqids_init(struct pfkey_reqids *reqids)
{
    (void)!getrandom(reqids->hash_key, sizeof(reqids->hash_key), 0);
    return hash_table_init(&reqids->by_number) && hash_table_init(&reqids->by_wanted);
}

static struct pfkey_reqid_key key_of(const struct ip_address *source, const struct ip_address *destination,
                                     uint16_t number, uint32_t wanted)
{
    struct pfkey_reqid_key key;
    memset(&key, 0, sizeof(key)); /* padding too */
    key.source = *source;
    key.destination = *destination;
    key.number = number;
    key.wanted = wanted;
    return key;
}

static uint64_t hash_of(const struct pfkey_reqids *reqids, const struct pfkey_reqid_key *key)
{
    return hash_bytes(reqids->hash_key, bytes_of(key, sizeof(*key)));
}

static uint64_t hash_of_number(const struct pfkey_reqids *reqids, const struct pfkey_reqid_key *key)
{
    struct pfkey_reqid_key numbered = key_of(&key->source, &key->destination, key->number, 0);
    return hash_of(reqids, &numbered);
}

static uint64_t hash_of_wanted(const struct pfkey_reqids *reqids, const struct pfkey_reqid_key *key)
{
    struct pfkey_reqid_key wanted = key_of(&key->source, &key->destination, 0, key->wanted);
    return hash_of(reqids, &wanted);
}

static bool is_between(const struct pfkey_reqid_key *a, const struct pfkey_reqid_key *b)
{
    return address_equal(&a->source, &b->source) && address_equal(&a->destination, &b->destination);
}

static bool is_taken(const struct pfkey_reqids *reqids, const struct pfkey_reqid_key *key)
{
    struct hash_node *node = hash_table_find(&reqids->by_number, hash_of_number(reqids, key));
    for (; node != NULL; node = hash_node_next(node)) {
        const struct pfkey_reqid *reqid = CONTAINER_OF(node, struct pfkey_reqid, by_number);
        if (reqid->key.number == key->number && is_between(&reqid->key, key))
            return true;
    }
    return false;
}

static bool find_free(struct pfkey_reqids *reqids, struct pfkey_reqid_key *key)
{
    bool has_peer = address_is_set(&key->source) && address_is_set(&key->destination);
    if (key->wanted != 0 && key->wanted <= NUMBERS && has_peer) {
        key->number = (uint16_t)key->wanted;
        if (!is_taken(reqids, key))
            return true;
    }
    for (int i = 0; i < TRIES; i++) {
        reqids->last++;
        key->number = (uint16_t)(has_peer ? 1 + reqids->last % NUMBERS
                                          : 1 + NUMBERS + reqids->last % NUMBERS_WITHOUT_PEER);
        if (!is_taken(reqids, key))
            return true;
    }
    return false;
}

static struct pfkey_reqid *make(struct pfkey_reqids *reqids, struct pfkey_reqid_key key)
{
    if (!find_free(reqids, &key))
        return NULL;
    struct pfkey_reqid *reqid = calloc(1, sizeof(*reqid));
    if (reqid == NULL)
        return NULL;
    reqid->key = key;
    reqid->users = 1;
    if (hash_table_insert(&reqids->by_number, &reqid->by_number, hash_of_number(reqids, &key))) {
        if (key.wanted == 0 ||
            hash_table_insert(&reqids->by_wanted, &reqid->by_wanted, hash_of_wanted(reqids, &key)))
            return reqid;
        hash_table_remove(&reqids->by_number, &reqid->by_number);
    }
    free(reqid);
    return NULL;
}

struct pfkey_reqid *pfkey_reqid_shared(struct pfkey_reqids *reqids, const struct ip_address *source,
                                       const struct ip_address *destination, uint32_t wanted)
{
    struct pfkey_reqid_key key = key_of(source, destination, 0, wanted);
    struct hash_node *node = hash_table_find(&reqids->by_wanted, hash_of_wanted(reqids, &key));
    for (; node != NULL; node = hash_node_next(node)) {
        struct pfkey_reqid *reqid = CONTAINER_OF(node, struct pfkey_reqid, by_wanted);
        if (reqid->key.wanted == wanted && is_between(&reqid->key, &key)) {
            reqid->users++;
            return reqid;
        }
    }
    return make(reqids, key);
}

struct pfkey_reqid *pfkey_reqid_new(struct pfkey_reqids *reqids, const struct ip_address *source,
                                    const struct ip_address *destination)
{
    return make(reqids, key_of(source, destination, 0, 0));
}

struct pfkey_reqid *pfkey_reqid_share(struct pfkey_reqid *reqid)
{
    reqid->users++;
    return reqid;
}

void pfkey_reqid_release(struct pfkey_reqids *reqids, struct pfkey_reqid *reqid)
{
    if (reqid == NULL || --reqid->users > 0)
        return;
    hash_table_remove(&reqids->by_number, &reqid->by_number);
    hash_table_remove(&reqids->by_wanted, &reqid->by_wanted);
    free(reqid);
}

static void free_one(struct hash_node *node, void *context)
{
    (void)context;
    free(CONTAINER_OF(node, struct pfkey_reqid, by_number));
}

void pfkey_reqids_free(struct pfkey_reqids *reqids)
{
    hash_table_each(&reqids->by_number, free_one, NULL);
    hash_table_free(&reqids->by_number);
    hash_table_free(&reqids->by_wanted);
}
