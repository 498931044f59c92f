/* Impairments switched on and off: see impair.h. The names are in impair_names.c. */
#include "engine/impair.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/text.h"
#include "engine/impair_trigger.h"
#include "engine/state.h"

enum { WORD_SIZE_MAX = 80, WORDS_MAX = 32 };

struct change {
    const struct impair_name *row; /* NULL: all off */
    uint64_t value;
    uint64_t event;   /* of IMPAIR_EVENT: its word, from 1 */
    bool is_question; /* "list": changes nothing */
};

bool is_impaired(const struct engine *engine, enum impairment which)
{
    return engine->impairments.values[which] != 0;
}

uint64_t impaired_value(const struct engine *engine, enum impairment which)
{
    return engine->impairments.values[which];
}

void impaired_nonce(struct engine *engine, enum impairment which, uint8_t *nonce, size_t size)
{
    if (is_impaired(engine, which))
        memset(nonce, (int)(impaired_value(engine, which) - 1) & 0xff, size);
    else
        engine_random(engine, nonce, size);
}

void impaired_id(const struct engine *engine, uint8_t *reserved)
{
    if (is_impaired(engine, IMPAIR_NONZERO_RESERVED_ID))
        memset(reserved, 0xff, 3);
}

static int compare_name(const void *name, const void *row)
{
    return strcmp(name, ((const struct impair_name *)row)->name);
}

static const struct impair_name *find(const char *word)
{
    char name[WORD_SIZE_MAX];
    size_t size = 0;
    for (; word[size] != '\0' && size + 1 < sizeof(name); size++)
        name[size] = word[size] == '-'                        ? '_'
                     : word[size] >= 'A' && word[size] <= 'Z' ? (char)(word[size] - 'A' + 'a')
                                                              : word[size];
    name[size] = '\0';
    return bsearch(name, impair_names, impair_name_count, sizeof(impair_names[0]), compare_name);
}

static bool refuse_name(const char *word, struct error *error)
{
    const char *names[256];
    char shown[4 * WORD_SIZE_MAX];
    struct text out = text_of(shown, sizeof(shown));
    text_add_escaped(&out, bytes_of_text(word));
    size_t count = impair_name_count < ARRAY_SIZE(names) ? impair_name_count : ARRAY_SIZE(names);
    for (size_t i = 0; i < count; i++)
        names[i] = impair_names[i].name;
    const char *nearest = text_nearest(word, names, count);
    return error_set(error, RC_WHACK_PROBLEM, "unrecognized impair option \"%s\"%s%s%s", shown,
                     nearest ? "; did you mean \"" : "; --impair help lists them", nearest ? nearest : "",
                     nearest ? "\"?" : "");
}

/* ---- values ---- */

static bool is_one_of(const char *value, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(value, words[i]) == 0)
            return true;
    return false;
}

/* Upper and lower case are one, and so are '-' and '_'. */
static bool is_same_word(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        char pair[2][2] = {{*a == '-' ? '_' : *a, '\0'}, {*b == '-' ? '_' : *b, '\0'}};
        if (strcasecmp(pair[0], pair[1]) != 0)
            return false;
    }
    return *a == *b;
}

static bool parse_number(const char *value, uint64_t min, uint64_t max, uint64_t *out)
{
    char *end;
    if (*value == '#' || *value == '$')
        value++;
    if (*value < '0' || *value > '9')
        return false;
    *out = strtoull(value, &end, 0);
    return *end == '\0' && *out >= min && *out <= max;
}

/* The index of the word + 1; 0: none of them. */
static uint64_t find_word(const char *value, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++)
        if (is_same_word(value, words[i]))
            return i + 1;
    return 0;
}

static bool find_wire_name(enum impair_way way, const char *value, uint64_t *out)
{
    enum { METHOD_MAX = 255, NOTIFICATION_NAMED_MAX = 16500 };
    if (way == IMPAIR_EXCHANGE && parse_number(value, IKE_AUTH, INFORMATIONAL, out))
        return true;
    if (way == IMPAIR_NOTIFICATION && parse_number(value, 1, UINT16_MAX, out))
        return true;
    if (way == IMPAIR_METHOD && parse_number(value, 0, METHOD_MAX, out)) {
        ++*out;
        return true;
    }
    uint16_t first = way == IMPAIR_EXCHANGE ? IKE_AUTH : 1;
    uint16_t last = way == IMPAIR_NOTIFICATION ? NOTIFICATION_NAMED_MAX
                    : way == IMPAIR_EXCHANGE   ? INFORMATIONAL
                                               : METHOD_MAX;
    for (uint16_t i = first; i <= last; i++) {
        const char *name = way == IMPAIR_EXCHANGE       ? ikev2_exchange_name((uint8_t)i)
                           : way == IMPAIR_NOTIFICATION ? ikev2_notify_name(i)
                                                        : ikev2_auth_method_name((uint8_t)i);
        if (name != NULL && is_same_word(value, name) && strcmp(name, "UNASSIGNED") != 0) {
            *out = way == IMPAIR_METHOD ? i + 1u : i;
            return true;
        }
    }
    return false;
}

static const char *value_form(enum impair_way way)
{
    static const char *const forms[] = {
        [IMPAIR_FLAG] = "yes or no",
        [IMPAIR_NUMBER] = "a number from 1",
        [IMPAIR_COUNT] = "a number from 0 to 255",
        [IMPAIR_CONTENT] = "omit, empty, duplicate or a number from 0 to 65535",
        [IMPAIR_EXCHANGE] = "IKE_AUTH, CREATE_CHILD_SA or INFORMATIONAL, or its number",
        [IMPAIR_NOTIFICATION] = "an IKEv2 notification, such as REKEY_SA, or its number",
        [IMPAIR_METHOD] = "an IKEv2 authentication method, such as null, or its number",
        [IMPAIR_TRIGGER] = "a number: #N",
    };
    return forms[way];
}

void impair_describe_value(const struct impair_name *row, struct text *out)
{
    if (row->words == NULL) {
        text_add(out, "%s", value_form(row->way));
        return;
    }
    for (size_t i = 0; row->words[i] != NULL; i++)
        text_add(out, "%s%s", i == 0 ? "" : row->words[i + 1] != NULL ? ", " : " or ", row->words[i]);
}

static bool find_content(const char *value, uint64_t *out)
{
    static const char *const words[] = {"omit", "empty", "duplicate", NULL};
    if ((*out = find_word(value, words)) != 0)
        return true;
    if (!parse_number(value, 0, UINT16_MAX, out))
        return false;
    *out += IMPAIR_CONTENT_FILL;
    return true;
}

static bool find_value(const struct impair_name *row, const char *value, struct change *change)
{
    switch (row->way) {
    case IMPAIR_NUMBER:
    case IMPAIR_TRIGGER:
        return parse_number(value, 1, UINT64_MAX, &change->value);
    case IMPAIR_COUNT:
        return parse_number(value, 0, UINT8_MAX, &change->value) && ++change->value != 0;
    case IMPAIR_CONTENT:
        return find_content(value, &change->value);
    case IMPAIR_WORD:
        change->value = find_word(value, row->words);
        return change->value != 0;
    default:
        return find_wire_name(row->way, value, &change->value);
    }
}

/* WORD, or WORD:#N. */
static bool find_event(const struct impair_name *row, char *value, struct change *change)
{
    char *serial = strpbrk(value, ":=");
    if (serial != NULL)
        *serial++ = '\0';
    change->event = find_word(strncasecmp(value, "event_", 6) == 0 ? value + 6 : value, row->words);
    return change->event != 0 && (serial != NULL ? parse_number(serial, 1, UINT64_MAX, &change->value)
                                                 : !impair_event_needs_serial(change->event));
}

static bool parse_value(const struct impair_name *row, char *value, struct change *change,
                        struct error *error)
{
    static const char *const off[] = {"no", "off", "disable"}, *const on[] = {"yes", "on", "enable"};
    bool is_done_at_once = row->way == IMPAIR_TRIGGER || row->way == IMPAIR_EVENT;
    if (value != NULL && !is_done_at_once && is_one_of(value, off, ARRAY_SIZE(off)))
        return true;
    if (row->way == IMPAIR_FLAG && (value == NULL || is_one_of(value, on, ARRAY_SIZE(on)))) {
        change->value = row->on != 0 ? row->on : 1;
        return true;
    }
    if (value != NULL && row->way == IMPAIR_EVENT && find_event(row, value, change))
        return true;
    if (value != NULL && row->way != IMPAIR_FLAG && row->way != IMPAIR_EVENT &&
        find_value(row, value, change))
        return true;
    char wanted[160], shown[2 * WORD_SIZE_MAX];
    struct text form = text_of(wanted, sizeof(wanted)), got = text_of(shown, sizeof(shown));
    impair_describe_value(row, &form);
    text_add_escaped(&got, bytes_of_text(value != NULL ? value : ""));
    return error_set(error, RC_WHACK_PROBLEM, "impair option \"%s\" needs %s: %s:VALUE, not \"%s\"",
                     row->name, wanted, row->name, shown);
}

/* One word: "name", "name:value", "no-name", "none", "list". */
static bool parse_word(char *word, struct change *change, struct error *error)
{
    *change = (struct change){.is_question = strcasecmp(word, "list") == 0};
    if (change->is_question || strcasecmp(word, "none") == 0)
        return true;
    bool is_off = strncasecmp(word, "no-", 3) == 0 && find(word) == NULL;
    char *name = is_off ? word + 3 : word;
    char *value = strpbrk(name, ":=");
    if (value != NULL)
        *value++ = '\0';
    change->row = find(name);
    if (change->row == NULL)
        return refuse_name(name, error);
    if (change->row->way == IMPAIR_REFUSED)
        return error_set(error, RC_WHACK_PROBLEM, "impair option \"%s\" is not supported: %s", name,
                         change->row->help);
    if (is_off)
        return change->row->which < IMPAIR_KEPT_COUNT ||
               error_set(error, RC_WHACK_PROBLEM,
                         "impair option \"%s\" is done at once: there is nothing to undo", name);
    return parse_value(change->row, value, change, error);
}

static bool parse_words(const char *text, struct change *changes, size_t *ret_count, struct error *error)
{
    static const char blanks[] = ", \t";
    *ret_count = 0;
    for (const char *at = text + strspn(text, blanks); *at != '\0'; at += strspn(at, blanks)) {
        char word[WORD_SIZE_MAX];
        size_t length = strcspn(at, blanks);
        if (length >= sizeof(word) || *ret_count == WORDS_MAX)
            return error_set(error, RC_WHACK_PROBLEM, "too many impair options, or one too long");
        memcpy(word, at, length);
        word[length] = '\0';
        at += length;
        if (!parse_word(word, &changes[(*ret_count)++], error))
            return false;
    }
    return *ret_count > 0 || error_set(error, RC_WHACK_PROBLEM, "no impair option named");
}

static void forget_record(struct message_record *record)
{
    for (size_t i = 0; i < record->count; i++)
        free(record->messages[i].data);
    *record = (struct message_record){0};
}

void impairments_free(struct impairments *impairments)
{
    forget_record(&impairments->inbound);
    forget_record(&impairments->outbound);
    *impairments = (struct impairments){0};
}

static void set_kept(struct impairments *impairments, const struct change *change)
{
    impairments->values[change->row->which] = change->value;
    impairments->has_any = false;
    for (size_t i = 0; i < IMPAIR_KEPT_COUNT; i++)
        impairments->has_any |= impairments->values[i] != 0;
    if (!impairments->has_any)
        impairments_free(impairments);
}

static void add_kept_value(struct text *text, const struct impair_name *row, uint64_t value)
{
    static const char *const contents[] = {"", "omit", "empty", "duplicate"};
    unsigned long long number = value;
    if (row->way == IMPAIR_FLAG)
        text_add(text, "yes");
    else if (row->way == IMPAIR_WORD)
        text_add(text, "%s", row->words[value - 1]);
    else if (row->way == IMPAIR_CONTENT && value < ARRAY_SIZE(contents))
        text_add(text, "%s", contents[value]);
    else if (row->way == IMPAIR_CONTENT)
        text_add(text, "%llu", number - IMPAIR_CONTENT_FILL);
    else if (row->way == IMPAIR_EXCHANGE)
        text_add(text, "%s", ikev2_exchange_name((uint8_t)value));
    else if (row->way == IMPAIR_NOTIFICATION && strcmp(ikev2_notify_name((uint16_t)value), "UNASSIGNED") != 0)
        text_add(text, "%s", ikev2_notify_name((uint16_t)value));
    else
        text_add(text, "%llu", number - (row->way == IMPAIR_COUNT || row->way == IMPAIR_METHOD));
}

/* Every impairment that is on. */
static void list_kept(struct engine *engine, uint64_t client)
{
    for (size_t i = 0; i < impair_name_count; i++) {
        const struct impair_name *row = &impair_names[i];
        if (row->help == NULL || row->which >= IMPAIR_KEPT_COUNT || !is_impaired(engine, row->which))
            continue;
        char value[64];
        struct text text = text_of(value, sizeof(value));
        add_kept_value(&text, row, impaired_value(engine, row->which));
        say_connection(engine, RC_COMMENT, NULL, client, "%s:%s", row->name, value);
    }
}

bool impair_apply(struct engine *engine, const char *text, uint64_t client, struct error *error)
{
    struct change changes[WORDS_MAX];
    size_t count;
    if (!parse_words(text, changes, &count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct change *change = &changes[i];
        if (change->is_question)
            list_kept(engine, client);
        else if (change->row == NULL)
            impairments_free(&engine->impairments);
        else if (change->row->which < IMPAIR_KEPT_COUNT)
            set_kept(&engine->impairments, change);
        else if (!impair_trigger(engine,
                                 change->event != 0 ? impair_event(change->event) : change->row->which,
                                 change->value, error))
            return false;
    }
    return true;
}
