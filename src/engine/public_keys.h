/*
 * Public keys by the identity that they prove: told by `whack --keyid ID --pubkeyrsa KEY`, or by the
 * connections that name a key for an end. Private keys: private_keys.h.
 */
#ifndef STYX_ENGINE_PUBLIC_KEYS_H
#define STYX_ENGINE_PUBLIC_KEYS_H

#include "base/hash_table.h"
#include "base/list.h"
#include "crypto/public_key.h"
#include "engine/identity.h"

struct engine;

struct known_key {
    struct hash_node by_id, by_serial;
    struct list_node all;
    uint64_t serial;         /* in the order in which they came */
    bool is_told;            /* by whack */
    size_t connection_count; /* that name it for an end of this identity */
    struct identity id;
    struct public_key *key;
    int64_t added_at_wall; /* seconds since the epoch */
};

/* Takes ownership; id is copied. Without `add` the key takes the place of those that whack told of the
 * identity. */
void public_keys_set(struct engine *engine, const struct identity *id, struct public_key *key, bool add);
/* A connection names this key for an end of that identity, and does so no more. */
void public_keys_add_of_connection(struct engine *engine, const struct identity *id,
                                   const struct public_key *key);
void public_keys_drop_of_connection(struct engine *engine, const struct identity *id,
                                    const struct public_key *key);
/* The keys of an identity, the newest first; start with NULL. */
const struct known_key *public_keys_next_of(const struct engine *engine, const struct identity *id,
                                            const struct known_key *previous);
/* All of them in order of serial, after the one of serial `after`; NULL: that was all. */
const struct known_key *public_keys_after(const struct engine *engine, uint64_t after);
void public_keys_free(struct engine *engine);

#endif
