/* Names of debug classes: today's, and those of FreeS/WAN and Openswan, which stand for the nearest. */
#include "config/setup.h"
#include "config/value.h"

#include "base/text.h"

#include <strings.h>

enum { CLASS_NAME_MAX = 32 };

#define BASE_BITS (DEBUG_BASE | DEBUG_ROUTING)
#define ALL_BITS (BASE_BITS | DEBUG_CPU_USAGE | DEBUG_REFCNT)
#define EVERY_BIT UINT64_MAX

static const struct debug_name {
    const char *name;
    uint64_t bits;
} names[] = {
    {"base", BASE_BITS},
    {"all", ALL_BITS},
    {"tmi", ALL_BITS | DEBUG_TMI},
    {"routing", DEBUG_ROUTING},
    {"cpu-usage", DEBUG_CPU_USAGE},
    {"crypt", DEBUG_CRYPT},
    {"private", DEBUG_PRIVATE},
    {"refcnt", DEBUG_REFCNT},
    {"updown", DEBUG_UPDOWN},
    /* older names */
    {"control", DEBUG_BASE},
    {"controlmore", BASE_BITS},
    {"dns", DEBUG_BASE},
    {"dpd", DEBUG_BASE},
    {"emitting", DEBUG_TMI},
    {"kernel", DEBUG_ROUTING},
    {"klips", DEBUG_ROUTING},
    {"lifecycle", DEBUG_BASE},
    {"natt", DEBUG_BASE},
    {"oppo", DEBUG_BASE},
    {"oppoinfo", DEBUG_BASE},
    {"parsing", DEBUG_TMI},
    {"pfkey", DEBUG_ROUTING},
    {"raw", DEBUG_TMI},
    {"x509", DEBUG_BASE},
};

const struct debug_class_row debug_class_rows[] = {
    {"none", "nothing"},
    {"base", "what is decided and why, and which messages come and go; routing with it"},
    {"routing", "the routing of connections"},
    {"cpu-usage", "the time that each message and each computation takes"},
    {"refcnt", "what is made and freed, and holds what"},
    {"all", "base, cpu-usage and refcnt"},
    {"tmi", "all, and every datagram byte by byte"},
    {"updown", "what the updown scripts do"},
    {"crypt", "the plaintext of messages, but for those that may have a password in them: DANGEROUS"},
    {"private", "the keys of IKE and IPsec SAs, by which a capture can be read: DANGEROUS"},
};
const size_t debug_class_row_count = ARRAY_SIZE(debug_class_rows);

static const struct debug_name *find(const char *name)
{
    if (strncasecmp(name, "debug-", 6) == 0)
        name += 6;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcasecmp(names[i].name, name) == 0)
            return &names[i];
    return NULL;
}

static bool refuse(const char *word, size_t at, struct error *error)
{
    const char *candidates[ARRAY_SIZE(names)];
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        candidates[i] = names[i].name;
    const char *nearest = text_nearest(word, candidates, ARRAY_SIZE(names));
    char shown[4 * CLASS_NAME_MAX];
    struct text out = text_of(shown, sizeof(shown));
    text_add_escaped(&out, bytes_of_text(word));
    return error_set(error, (int)at,
                     "found debug class \"%s\"; expected none, all, base, cpu-usage, crypt, private, "
                     "refcnt, routing, tmi or updown%s%s%s",
                     shown, nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static bool apply_word(const char *word, size_t at, uint64_t *set, uint64_t *clear, struct error *error)
{
    if (strcasecmp(word, "none") == 0 || strcasecmp(word, "debug-none") == 0) {
        *set = 0;
        *clear = EVERY_BIT;
        return true;
    }
    bool removes = strncasecmp(word, "no-", 3) == 0;
    const struct debug_name *row = find(removes ? word + 3 : word);
    if (row == NULL)
        return refuse(word, at, error);
    if (removes) {
        *set &= ~row->bits;
        *clear |= row->bits;
    } else {
        *set |= row->bits;
        *clear &= ~row->bits;
    }
    return true;
}

bool debug_classes_parse(const char *text, uint64_t *ret_set, uint64_t *ret_clear, struct error *error)
{
    uint64_t set = 0, clear = 0;
    char word[CLASS_NAME_MAX];
    const char *cursor = text;
    while (value_next_word(&cursor, word, sizeof(word))) {
        size_t at = (size_t)(cursor - text) - strlen(word);
        if (!apply_word(word, at, &set, &clear, error))
            return false;
    }
    *ret_set = set;
    *ret_clear = clear;
    return true;
}
