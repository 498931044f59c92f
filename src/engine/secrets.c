/* Shared secrets and the choice of the best match: ipsec.secrets(5). */
#include "engine/secrets.h"

#include <stdlib.h>

#include "base/hash_table.h"
#include "base/list.h"
#include "base/secret.h"

struct secrets *secrets_new(void)
{
    return calloc(1, sizeof(struct secrets));
}

static void entry_clear(struct secret_entry *entry)
{
    for (size_t i = 0; i < entry->id_count; i++)
        identity_free(&entry->ids[i]);
    free(entry->ids);
    free(entry->id_is_any);
    secret_free(entry->key, entry->key_size);
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
        entry_clear(&secrets->entries[i]);
    free(secrets->entries);
    free(secrets);
}

bool secrets_add(struct secrets *secrets, struct secret_entry *entry)
{
    index_drop(secrets);
    if (secrets->count == secrets->capacity) {
        size_t capacity = secrets->capacity ? secrets->capacity * 2 : 16;
        struct secret_entry *grown = realloc(secrets->entries, capacity * sizeof(*grown));
        if (grown == NULL)
            return false;
        secrets->entries = grown;
        secrets->capacity = capacity;
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

static enum match match_end(const struct secret_entry *entry, const struct identity *id,
                            const struct ip_address *host)
{
    enum match best = MATCH_NONE;
    for (size_t i = 0; i < entry->id_count; i++) {
        enum match match = MATCH_NONE;
        if (entry->id_is_any[i])
            match = MATCH_ANY;
        else if (identity_equal(&entry->ids[i], id))
            match = MATCH_ID;
        else if (is_address(&entry->ids[i], host))
            match = MATCH_ADDRESS;
        if (match > best)
            best = match;
    }
    return best;
}

/* 0: does not apply. An entry with one index applies when that names either end. */
static unsigned match_entry(const struct secret_entry *entry, const struct identity *ours,
                            const struct identity *theirs, const struct ip_address *our_host,
                            const struct ip_address *their_host)
{
    if (entry->id_count == 0)
        return 1;
    enum match mine = match_end(entry, ours, our_host);
    enum match other = match_end(entry, theirs, their_host);
    bool names_both = mine != MATCH_NONE && other != MATCH_NONE;
    if (names_both || entry->id_count == 1)
        return (unsigned)mine + (unsigned)other;
    return 0;
}

/* ---- the index ----
 * An entry with several identities applies only if one of them names the peer (or is %any): it is found by
 * the peer's identity or address. An entry with one identity is found by either side's. The rest are tried
 * for every pair. */

struct index_node {
    struct hash_node node;
    size_t entry;
};

struct secret_index {
    struct hash_table single, several;
    struct index_node *nodes;
    size_t node_count;
    size_t *general; /* entries without index or with %any */
    size_t general_count;
};

static uint64_t hash_identity(const struct identity *id)
{
    static const uint8_t key[16]; /* the file is ours: nobody chooses collisions */
    uint8_t folded[1 + IDENTITY_SIZE_MAX] = {id->kind};
    for (size_t i = 0; i < id->size; i++)
        folded[1 + i] =
            (uint8_t)(id->data[i] >= 'A' && id->data[i] <= 'Z' ? id->data[i] | 0x20 : id->data[i]);
    return hash_bytes(key, bytes_of(folded, 1u + id->size));
}

static void index_drop(struct secrets *secrets)
{
    if (secrets->index == NULL)
        return;
    hash_table_free(&secrets->index->single);
    hash_table_free(&secrets->index->several);
    free(secrets->index->nodes);
    free(secrets->index->general);
    free(secrets->index);
    secrets->index = NULL;
}

static bool is_general(const struct secret_entry *entry)
{
    for (size_t i = 0; i < entry->id_count; i++)
        if (entry->id_is_any[i])
            return true;
    return entry->id_count == 0;
}

static void index_entry(struct secret_index *index, const struct secret_entry *entry, size_t number)
{
    if (is_general(entry)) {
        index->general[index->general_count++] = number;
        return;
    }
    struct hash_table *table = entry->id_count == 1 ? &index->single : &index->several;
    for (size_t i = 0; i < entry->id_count; i++) {
        struct index_node *node = &index->nodes[index->node_count++];
        node->entry = number;
        hash_table_insert(table, &node->node, hash_identity(&entry->ids[i]));
    }
}

static bool index_make(struct secrets *secrets)
{
    size_t nodes = 0;
    for (size_t i = 0; i < secrets->count; i++)
        nodes += secrets->entries[i].id_count;
    struct secret_index *index = calloc(1, sizeof(*index));
    if (index == NULL)
        return false;
    secrets->index = index;
    index->nodes = calloc(nodes + 1, sizeof(*index->nodes));
    index->general = calloc(secrets->count + 1, sizeof(*index->general));
    if (index->nodes == NULL || index->general == NULL || !hash_table_init(&index->single) ||
        !hash_table_init(&index->several)) {
        index_drop(secrets);
        return false;
    }
    for (size_t i = 0; i < secrets->count; i++)
        index_entry(index, &secrets->entries[i], i);
    return true;
}

struct search {
    const struct secrets *secrets;
    const struct identity *ours, *theirs;
    const struct ip_address *our_host, *their_host;
    size_t best; /* entry number */
    unsigned best_score;
};

static void consider(struct search *search, size_t number)
{
    unsigned score = match_entry(&search->secrets->entries[number], search->ours, search->theirs,
                                 search->our_host, search->their_host);
    if (score > search->best_score || (score != 0 && score == search->best_score && number < search->best)) {
        search->best_score = score;
        search->best = number;
    }
}

static void consider_named(struct search *search, const struct hash_table *table, const struct identity *id)
{
    struct hash_node *node = hash_table_find(table, hash_identity(id));
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
    if (secrets != NULL && (secrets->index != NULL || index_make(secrets))) {
        const struct secret_index *index = secrets->index;
        consider_end(&search, &index->several, theirs, their_host);
        consider_end(&search, &index->single, theirs, their_host);
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
