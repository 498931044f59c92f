/* Shared secrets and the choice of the best match: ipsec.secrets(5). */
#include "engine/secrets.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash_table.h"
#include "base/list.h"
#include "base/secret.h"

struct secrets *secrets_new(void)
{
    return calloc(1, sizeof(struct secrets));
}

void secret_entry_clear(struct secret_entry *entry)
{
    for (size_t i = 0; i < entry->id_count; i++)
        identity_free(&entry->ids[i]);
    free(entry->ids);
    free(entry->id_forms);
    secret_free(entry->key, entry->key_size);
    free(entry->ppk_id);
    free(entry->origin);
    *entry = (struct secret_entry){0};
}

static void index_drop(struct secrets *secrets);

void secrets_free(struct secrets *secrets)
{
    if (secrets == NULL)
        return;
    index_drop(secrets);
    for (size_t i = 0; i < secrets->count; i++)
        secret_entry_clear(&secrets->entries[i]);
    for (size_t i = 0; i < secrets->name_count; i++)
        identity_free(&secrets->names[i].address);
    free(secrets->names);
    free(secrets->entries);
    free(secrets);
}

/* Capacities of names are powers of two. */
static bool add_names(struct secrets *secrets, struct secret_entry *entry)
{
    entry->first_name = secrets->name_count;
    for (size_t i = 0; i < entry->id_count; i++) {
        size_t count = secrets->name_count;
        if (entry->id_forms[i] != SECRET_ID_NAME)
            continue;
        if ((count & (count - 1)) == 0) {
            struct secret_name *grown =
                realloc(secrets->names, (count ? 2 * count : 1) * sizeof(*secrets->names));
            if (grown == NULL)
                return false;
            secrets->names = grown;
        }
        secrets->names[secrets->name_count++] = (struct secret_name){.entry = secrets->count, .id = i};
    }
    return true;
}

bool secrets_add(struct secrets *secrets, struct secret_entry *entry)
{
    size_t name_count = secrets->name_count;
    index_drop(secrets);
    if (secrets->count == secrets->capacity) {
        size_t capacity = secrets->capacity ? secrets->capacity * 2 : 16;
        struct secret_entry *grown = realloc(secrets->entries, capacity * sizeof(*grown));
        if (grown == NULL)
            return false;
        secrets->entries = grown;
        secrets->capacity = capacity;
    }
    if (entry->kind == SECRET_PSK && !add_names(secrets, entry)) {
        secrets->name_count = name_count;
        return false;
    }
    secrets->entries[secrets->count++] = *entry;
    *entry = (struct secret_entry){0};
    return true;
}

/* How well one end of a connection is named by an entry. */
enum match { MATCH_NONE = 0, MATCH_ANY = 1, MATCH_ADDRESS = 2, MATCH_ID = 3 };

static bool is_address(const struct identity *identity, const struct ip_address *host)
{
    bool is_v4 = identity->kind == ID_IPV4_ADDR && host->family == IP_V4;
    bool is_v6 = identity->kind == ID_IPV6_ADDR && host->family == IP_V6;
    return (is_v4 || is_v6) && memcmp(identity->data, host->bytes, identity->size) == 0;
}

static enum match match_index(const struct identity *index, const struct identity *id,
                              const struct ip_address *host)
{
    if (index->kind != ID_NONE && identity_equal(index, id))
        return MATCH_ID;
    return is_address(index, host) ? MATCH_ADDRESS : MATCH_NONE;
}

static enum match better(enum match a, enum match b)
{
    return a > b ? a : b;
}

static enum match match_end(const struct secrets *secrets, const struct secret_entry *entry,
                            const struct identity *id, const struct ip_address *host)
{
    enum match best = MATCH_NONE;
    size_t next_name = entry->first_name;
    for (size_t i = 0; i < entry->id_count; i++) {
        if (entry->id_forms[i] == SECRET_ID_ANY)
            best = better(best, MATCH_ANY);
        else
            best = better(best, match_index(&entry->ids[i], id, host));
        if (entry->id_forms[i] == SECRET_ID_NAME)
            best = better(best, match_index(&secrets->names[next_name++].address, id, host));
    }
    return best;
}

/* 0: does not apply. One index: our end alone counts. */
static unsigned match_entry(const struct secrets *secrets, const struct secret_entry *entry,
                            const struct identity *ours, const struct identity *theirs,
                            const struct ip_address *our_host, const struct ip_address *their_host)
{
    enum { DEFAULT = 1, SINGLE = 1, SEVERAL = 2 * (MATCH_ID + 1) };
    if (entry->id_count == 0)
        return DEFAULT;
    enum match mine = match_end(secrets, entry, ours, our_host);
    if (entry->id_count == 1)
        return mine != MATCH_NONE ? SINGLE + (unsigned)mine : 0;
    enum match other = match_end(secrets, entry, theirs, their_host);
    if (mine == MATCH_NONE || other == MATCH_NONE)
        return 0;
    return SEVERAL + (unsigned)mine + (unsigned)other;
}

/* ---- the index ----
 * A pre-shared key with several identities serves only if one of them names the peer (or is %any): it is
 * found by the peer's identity or address. One with a single identity is found by ours. The rest are tried
 * for every pair. Passwords are found by their users, PPKs by their ids. */

struct index_node {
    struct hash_node node;
    size_t entry;
};

struct secret_index {
    struct hash_table single, several, users, ppks;
    struct index_node *nodes;
    size_t node_count;
    size_t *general; /* pre-shared keys without index or with %any */
    size_t general_count;
    size_t user_default; /* number of the first password without index; SIZE_MAX: none */
};

static const uint8_t hash_key[16]; /* the file is ours: nobody chooses collisions */

static void index_drop(struct secrets *secrets)
{
    if (secrets->index == NULL)
        return;
    hash_table_free(&secrets->index->single);
    hash_table_free(&secrets->index->several);
    hash_table_free(&secrets->index->users);
    hash_table_free(&secrets->index->ppks);
    free(secrets->index->nodes);
    free(secrets->index->general);
    free(secrets->index);
    secrets->index = NULL;
}

static bool is_general(const struct secret_entry *entry)
{
    for (size_t i = 0; i < entry->id_count; i++)
        if (entry->id_forms[i] == SECRET_ID_ANY)
            return true;
    return entry->id_count == 0;
}

static bool insert(struct secret_index *index, struct hash_table *table, size_t number, uint64_t hash)
{
    struct index_node *node = &index->nodes[index->node_count++];
    node->entry = number;
    return hash_table_insert(table, &node->node, hash);
}

static bool index_by_ids(struct secret_index *index, struct hash_table *table,
                         const struct secret_entry *entry, size_t number)
{
    for (size_t i = 0; i < entry->id_count; i++)
        if (!insert(index, table, number, identity_hash(hash_key, &entry->ids[i])))
            return false;
    return true;
}

static struct hash_table *table_of(struct secret_index *index, const struct secret_entry *entry)
{
    return entry->id_count == 1 ? &index->single : &index->several;
}

static bool index_entry(struct secret_index *index, const struct secret_entry *entry, size_t number)
{
    switch (entry->kind) {
    case SECRET_PSK:
        break;
    case SECRET_XAUTH:
        if (is_general(entry) && index->user_default == SIZE_MAX)
            index->user_default = number;
        return is_general(entry) || index_by_ids(index, &index->users, entry, number);
    case SECRET_PPK:
        return insert(index, &index->ppks, number,
                      hash_bytes(hash_key, bytes_of(entry->ppk_id, entry->ppk_id_size)));
    }
    if (is_general(entry)) {
        index->general[index->general_count++] = number;
        return true;
    }
    return index_by_ids(index, table_of(index, entry), entry, number);
}

static bool index_name(struct secret_index *index, const struct secrets *secrets,
                       const struct secret_name *name)
{
    const struct secret_entry *entry = &secrets->entries[name->entry];
    return name->address.kind == ID_NONE || is_general(entry) ||
           insert(index, table_of(index, entry), name->entry, identity_hash(hash_key, &name->address));
}

static bool index_init(struct secret_index *index, const struct secrets *secrets)
{
    size_t nodes = secrets->count + secrets->name_count;
    for (size_t i = 0; i < secrets->count; i++)
        nodes += secrets->entries[i].id_count;
    index->user_default = SIZE_MAX;
    index->nodes = calloc(nodes + 1, sizeof(*index->nodes));
    index->general = calloc(secrets->count + 1, sizeof(*index->general));
    return index->nodes != NULL && index->general != NULL && hash_table_init(&index->single) &&
           hash_table_init(&index->several) && hash_table_init(&index->users) &&
           hash_table_init(&index->ppks);
}

static bool index_make(struct secrets *secrets)
{
    secrets->index = calloc(1, sizeof(*secrets->index));
    bool ok = secrets->index != NULL && index_init(secrets->index, secrets);
    for (size_t i = 0; i < secrets->count && ok; i++)
        ok = index_entry(secrets->index, &secrets->entries[i], i);
    for (size_t i = 0; i < secrets->name_count && ok; i++)
        ok = index_name(secrets->index, secrets, &secrets->names[i]);
    if (!ok)
        index_drop(secrets);
    return ok;
}

static bool has_index(struct secrets *secrets)
{
    return secrets != NULL && (secrets->index != NULL || index_make(secrets));
}

/* ---- names of hosts ---- */

const struct identity *secrets_name(const struct secrets *secrets, size_t number)
{
    const struct secret_name *name = &secrets->names[number];
    return &secrets->entries[name->entry].ids[name->id];
}

void secrets_name_is_at(struct secrets *secrets, size_t number, const struct ip_address *address)
{
    struct secret_name *name = &secrets->names[number];
    if (name->address.kind != ID_NONE)
        return;
    name->address = identity_of_address(address);
    if (secrets->index != NULL && !index_name(secrets->index, secrets, name))
        index_drop(secrets);
}

/* ---- look-ups ---- */

struct search {
    const struct secrets *secrets;
    const struct identity *ours, *theirs;
    const struct ip_address *our_host, *their_host;
    size_t best; /* entry number */
    unsigned best_score;
};

static void consider(struct search *search, size_t number)
{
    unsigned score = match_entry(search->secrets, &search->secrets->entries[number], search->ours,
                                 search->theirs, search->our_host, search->their_host);
    if (score > search->best_score || (score != 0 && score == search->best_score && number < search->best)) {
        search->best_score = score;
        search->best = number;
    }
}

static void consider_named(struct search *search, const struct hash_table *table, const struct identity *id)
{
    struct hash_node *node = hash_table_find(table, identity_hash(hash_key, id));
    for (; node != NULL; node = hash_node_next(node))
        consider(search, CONTAINER_OF(node, struct index_node, node)->entry);
}

static void consider_end(struct search *search, const struct hash_table *table, const struct identity *id,
                         const struct ip_address *host)
{
    struct identity address = address_is_set(host) ? identity_of_address(host) : (struct identity){0};
    consider_named(search, table, id);
    consider_named(search, table, &address);
    identity_free(&address);
}

const struct secret_entry *secrets_find_psk(struct secrets *secrets, const struct identity *ours,
                                            const struct identity *theirs, const struct ip_address *our_host,
                                            const struct ip_address *their_host, struct error *error)
{
    struct search search = {secrets, ours, theirs, our_host, their_host, 0, 0};
    const struct secret_entry *best = NULL;
    if (has_index(secrets)) {
        const struct secret_index *index = secrets->index;
        consider_end(&search, &index->several, theirs, their_host);
        consider_end(&search, &index->single, ours, our_host);
        for (size_t i = 0; i < index->general_count; i++)
            consider(&search, index->general[i]);
    }
    if (search.best_score > 0)
        best = &secrets->entries[search.best];
    if (best == NULL) {
        char mine[IDENTITY_TEXT_SIZE], other[IDENTITY_TEXT_SIZE];
        error_set(error, 0,
                  "no pre-shared key found for '%.200s' and '%.200s'; ipsec.secrets needs a line \"%.40s "
                  "%.40s : PSK ...\"",
                  identity_text(ours, mine), identity_text(theirs, other), mine, other);
    }
    return best;
}

/* The first in the file of those with this hash that `is_it`. */
static const struct secret_entry *
find_first(const struct secrets *secrets, const struct hash_table *table, uint64_t hash,
           bool (*is_it)(const struct secret_entry *entry, const void *what), const void *what)
{
    size_t best = SIZE_MAX;
    struct hash_node *node = hash_table_find(table, hash);
    for (; node != NULL; node = hash_node_next(node)) {
        size_t number = CONTAINER_OF(node, struct index_node, node)->entry;
        if (number < best && is_it(&secrets->entries[number], what))
            best = number;
    }
    return best != SIZE_MAX ? &secrets->entries[best] : NULL;
}

static bool is_of_user(const struct secret_entry *entry, const void *user)
{
    for (size_t i = 0; i < entry->id_count; i++)
        if (identity_equal(&entry->ids[i], user))
            return true;
    return false;
}

static const struct secret_entry *find_user(struct secrets *secrets, const char *index)
{
    struct identity id = {0};
    if (!identity_parse(index, &id, NULL))
        return NULL;
    const struct secret_entry *found =
        find_first(secrets, &secrets->index->users, identity_hash(hash_key, &id), is_of_user, &id);
    identity_free(&id);
    return found;
}

/* Of a user whose name has an @ in it, the index is that name, or has another @ before it. */
const struct secret_entry *secrets_find_xauth(struct secrets *secrets, const char *user)
{
    char index[IDENTITY_SIZE_MAX + 1];
    int length = snprintf(index, sizeof(index), "@%s", user);
    if (!has_index(secrets) || length < 2 || length >= (int)sizeof(index))
        return NULL;
    const struct secret_entry *found = strchr(user, '@') != NULL ? find_user(secrets, user) : NULL;
    if (found == NULL)
        found = find_user(secrets, index);
    if (found == NULL && secrets->index->user_default != SIZE_MAX)
        found = &secrets->entries[secrets->index->user_default];
    return found;
}

static bool has_ppk_id(const struct secret_entry *entry, const void *what)
{
    const struct bytes *id = what;
    return entry->ppk_id_size == id->size && memcmp(entry->ppk_id, id->data, id->size) == 0;
}

const struct secret_entry *secrets_find_ppk(struct secrets *secrets, struct bytes ppk_id)
{
    if (!has_index(secrets))
        return NULL;
    return find_first(secrets, &secrets->index->ppks, hash_bytes(hash_key, ppk_id), has_ppk_id, &ppk_id);
}
