/* Shared secrets of ipsec.secrets(5) in memory, and the choice of the best match for a pair of identities. */
#ifndef STYX_ENGINE_SECRETS_H
#define STYX_ENGINE_SECRETS_H

#include "engine/identity.h"

struct secret_entry {
    struct identity *ids; /* none: matches every pair, worst */
    bool *id_is_any;      /* %any or %any6 or 0.0.0.0 in that place; parallel to ids */
    size_t id_count;
    uint8_t *key;
    size_t key_size;
    char *origin; /* file:line, for explanations */
};

struct secret_index;

struct secrets {
    struct secret_entry *entries;
    size_t count;
    size_t capacity;
    struct secret_index *index; /* made at the first look-up */
};

struct secrets *secrets_new(void);
/* Wipes every key. NULL is fine. */
void secrets_free(struct secrets *secrets);
/* Takes ownership of everything in *entry and clears it. */
bool secrets_add(struct secrets *secrets, struct secret_entry *entry);

/* Best match rules of ipsec.secrets(5): an index equal to both identities beats one equal to ours or theirs,
 * which beats %any, which beats an entry without index; our and their host addresses count when the identity
 * itself is not named. Among equals the first. NULL: none, and the reason says which pair was looked for. */
const struct secret_entry *secrets_find_psk(struct secrets *secrets, const struct identity *ours,
                                            const struct identity *theirs, const struct ip_address *our_host,
                                            const struct ip_address *their_host, struct error *error);

#endif
