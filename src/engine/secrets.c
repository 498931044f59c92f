/* Shared secrets and the choice of the best match: ipsec.secrets(5). */
#include "engine/secrets.h"

#include <stdlib.h>

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

void secrets_free(struct secrets *secrets)
{
    if (secrets == NULL)
        return;
    for (size_t i = 0; i < secrets->count; i++)
        entry_clear(&secrets->entries[i]);
    free(secrets->entries);
    free(secrets);
}

bool secrets_add(struct secrets *secrets, struct secret_entry *entry)
{
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
    if (mine != MATCH_NONE && other != MATCH_NONE)
        return 100 + 10 * (unsigned)(mine < other ? mine : other) + (unsigned)mine + (unsigned)other;
    if (entry->id_count == 1 && (mine != MATCH_NONE || other != MATCH_NONE))
        return 10 + (unsigned)mine + (unsigned)other;
    return 0;
}

const struct secret_entry *secrets_find_psk(const struct secrets *secrets, const struct identity *ours,
                                            const struct identity *theirs, const struct ip_address *our_host,
                                            const struct ip_address *their_host, struct error *error)
{
    const struct secret_entry *best = NULL;
    unsigned best_score = 0;
    for (size_t i = 0; secrets != NULL && i < secrets->count; i++) {
        unsigned score = match_entry(&secrets->entries[i], ours, theirs, our_host, their_host);
        if (score > best_score) {
            best_score = score;
            best = &secrets->entries[i];
        }
    }
    if (best == NULL) {
        char mine[IDENTITY_TEXT_SIZE], other[IDENTITY_TEXT_SIZE];
        error_set(error, 0,
                  "no pre-shared key found for '%.200s' and '%.200s'; ipsec.secrets needs a line \"%.40s "
                  "%.40s : PSK ...\"",
                  identity_text(ours, mine), identity_text(theirs, other), mine, other);
    }
    return best;
}
