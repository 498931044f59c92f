/* Shared secrets of ipsec.secrets(5) in memory, and the choice of the best match for a pair of identities. */
#ifndef STYX_ENGINE_SECRETS_H
#define STYX_ENGINE_SECRETS_H

#include "engine/identity.h"

enum secret_kind {
    SECRET_PSK,
    SECRET_XAUTH, /* a user's password; the index is the user, as @name */
    SECRET_PPK,   /* post-quantum pre-shared key (RFC 8784) */
};

enum secret_id_form {
    SECRET_ID_PLAIN,
    SECRET_ID_ANY,  /* %any or %any6 or 0.0.0.0 in that place */
    SECRET_ID_NAME, /* a host's name without @: itself, and its address once that is known */
};

struct secret_entry {
    enum secret_kind kind;
    struct identity *ids; /* none: matches every pair, worst */
    uint8_t *id_forms;    /* enum secret_id_form; parallel to ids */
    size_t id_count;
    size_t first_name; /* in struct secrets.names, of those in this form; SECRET_PSK only */
    uint8_t *key;
    size_t key_size;
    uint8_t *ppk_id; /* SECRET_PPK only */
    size_t ppk_id_size;
    char *origin; /* file:line, for explanations */
};

/* A host's name among the indexes. */
struct secret_name {
    size_t entry, id;
    struct identity address; /* ID_NONE: not known */
};

struct secret_index;

struct secrets {
    struct secret_entry *entries;
    size_t count;
    size_t capacity;
    struct secret_name *names; /* in the order of the entries */
    size_t name_count;
    uint64_t first_query;       /* of the look-ups of names: one number for each */
    struct secret_index *index; /* made at the first look-up */
};

struct secrets *secrets_new(void);
/* Wipes every key. NULL is fine. */
void secrets_free(struct secrets *secrets);
/* Frees what it owns, wiped, and clears it. */
void secret_entry_clear(struct secret_entry *entry);
/* Takes ownership of everything in *entry and clears it. */
bool secrets_add(struct secrets *secrets, struct secret_entry *entry);

/* The host's name of names[number]. */
const struct identity *secrets_name(const struct secrets *secrets, size_t number);
/* What it stands for besides itself, from now on. */
void secrets_name_is_at(struct secrets *secrets, size_t number, const struct ip_address *address);

/*
 * Best match rules of ipsec.secrets(5): an entry with several indexes serves when each end is one of them,
 * and comes before one with a single index, which serves when it is our end, whoever the peer is; last comes
 * one without index. An index that equals the identity is better than one that is the end's address, and that
 * than %any. Among equals the first. NULL: none, and the reason says which pair was looked for.
 */
const struct secret_entry *secrets_find_psk(struct secrets *secrets, const struct identity *ours,
                                            const struct identity *theirs, const struct ip_address *our_host,
                                            const struct ip_address *their_host, struct error *error);
/* The password of a user: the entry that has @user for an index, or one without index. NULL: none. */
const struct secret_entry *secrets_find_xauth(struct secrets *secrets, const char *user);
/* By the id that the peer names. NULL: none. */
const struct secret_entry *secrets_find_ppk(struct secrets *secrets, struct bytes ppk_id);

#endif
