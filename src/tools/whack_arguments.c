/* Reading whack's command line: see whack_arguments.h. */
#include "tools/whack_arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "config/value.h"
#include "tools/whack_options.h"

enum { WORD_SIZE_MAX = 80 };

/* One option as it stands on the command line. */
struct word {
    char name[64];
    const char *attached; /* after "=", NULL: none */
};

static bool unknown_option(const char *name, struct error *error)
{
    const char *nearest = whack_option_nearest(name);
    if (nearest != NULL)
        return error_set(error, 0, "unrecognized option '--%s'; did you mean --%s?", name, nearest);
    return error_set(error, 0, "unrecognized option '--%s'; --help lists them", name);
}

/* As getopt does it: the beginning of a name is enough where there is only one such. */
static bool split_word(const char *text, struct word *word, struct error *error)
{
    const char *name = text + 2;
    const char *equals = strchr(name, '=');
    size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    if (length == 0 || length >= sizeof(word->name))
        return error_set(error, 0, "unrecognized option '%.80s'; --help lists them", text);
    memcpy(word->name, name, length);
    word->name[length] = '\0';
    word->attached = equals != NULL ? equals + 1 : NULL;
    if (whack_option_find(word->name) != NULL || whack_connection_option_find(word->name) != NULL ||
        whack_keyword_option_find(word->name) != NULL)
        return true;
    const char *whole = whack_option_complete(word->name);
    if (whole == NULL)
        return unknown_option(word->name, error);
    snprintf(word->name, sizeof(word->name), "%s", whole);
    return true;
}

/* The option's argument: attached, or the next word when one is required. */
static bool take_argument(const struct word *word, enum option_argument argument, char **argv, int *index,
                          const char **ret_value, struct error *error)
{
    *ret_value = word->attached;
    if (argument == ARGUMENT_NONE && word->attached != NULL)
        return error_set(error, 0, "option '--%s' doesn't allow an argument, \"%s\" was given", word->name,
                         word->attached);
    if (argument != ARGUMENT_REQUIRED || word->attached != NULL)
        return true;
    if (argv[*index + 1] == NULL)
        return error_set(error, 0, "option '--%s' requires an argument", word->name);
    *ret_value = argv[++*index];
    return true;
}

static void warn_of_old_spelling(const char *name, const char *replaced_by)
{
    if (replaced_by != NULL)
        fprintf(stderr, "whack: warning: --%s is an old spelling; use --%s\n", name, replaced_by);
}

static bool set_member(struct whack_arguments *arguments, const struct whack_option *option, json_t *value,
                       struct error *error)
{
    json_t **members = &arguments->members[option->action];
    if (value == NULL)
        return error_set(error, 0, "--%s: not UTF-8 text", option->name);
    if (*members == NULL)
        *members = json_object();
    if (json_object_set_new(*members, option->member, value) != 0)
        return error_set(error, 0, "out of memory");
    return true;
}

static bool set_number(struct whack_arguments *arguments, const struct whack_option *option, const char *text,
                       struct error *error)
{
    const char *digits = text + (text[0] == '#');
    char *end;
    unsigned long long number = strtoull(digits, &end, 10);
    if (digits[0] < '0' || digits[0] > '9' || *end != '\0' || number > INT64_MAX)
        return error_set(error, 0, "--%s %s: expected a number", option->name, text);
    return set_member(arguments, option, json_integer((json_int_t)number), error);
}

static bool set_yes_no(struct whack_arguments *arguments, const struct whack_option *option,
                       const char *value, struct error *error)
{
    bool is_no = value != NULL && strcasecmp(value, "no") == 0;
    if (value != NULL && !is_no && strcasecmp(value, "yes") != 0)
        return error_set(error, 0, "--%s=%s: expected yes or no", option->name, value);
    return set_member(arguments, option, json_boolean(!is_no), error);
}

/* Adds each word of a list to the ones that are there, with `prefix` before it. */
static bool add_words(struct whack_arguments *arguments, const struct whack_option *option, const char *value,
                      const char *prefix, struct error *error)
{
    char word[WORD_SIZE_MAX];
    bool is_impair = option->action == WHACK_IMPAIR;
    if (value[strspn(value, ", \t")] == '\0')
        return error_set(error, 0, "--%s names nothing; --%s help lists what there is", option->name,
                         is_impair ? "impair" : "debug");
    for (const char *at = value; value_next_word(&at, word, sizeof(word));) {
        if (strcmp(word, "help") == 0 || (!is_impair && strcmp(word, "list") == 0)) {
            arguments->names = is_impair ? WHACK_NAMES_IMPAIR : WHACK_NAMES_DEBUG;
            return true;
        }
        const char *before =
            json_string_value(json_object_get(arguments->members[option->action], option->member));
        json_t *joined = before != NULL ? json_sprintf("%s,%s%s", before, prefix, word)
                                        : json_sprintf("%s%s", prefix, word);
        if (!set_member(arguments, option, joined, error))
            return false;
    }
    return true;
}

static bool set_magic(struct whack_arguments *arguments, const char *value, struct error *error)
{
    char *end;
    arguments->version = (json_int_t)strtoll(value, &end, 0);
    if (*value == '\0' || *end != '\0' || arguments->version == 0)
        return error_set(error, 0, "--magic %s: expected a number", value);
    return true;
}

static bool apply_own_option(struct whack_arguments *arguments, const struct whack_option *option,
                             const char *value, struct error *error)
{
    void *field = (char *)arguments + option->offset;
    warn_of_old_spelling(option->name, option->replaced_by);
    if (option->asks)
        arguments->actions[option->action] = true;
    switch (option->kind) {
    case OPTION_GROUP:
    case OPTION_ACTION:
        return true;
    case OPTION_FIELD:
        *(const char **)field = value;
        return true;
    case OPTION_SWITCH:
        *(bool *)field = true;
        return true;
    case OPTION_USER:
        arguments->user = value;
        arguments->user_end = arguments->end;
        return true;
    case OPTION_MAGIC:
        return set_magic(arguments, value, error);
    case OPTION_TO:
        if (arguments->has_to)
            return error_set(error, 0, "only one --to allowed");
        arguments->has_to = true;
        arguments->end = END_RIGHT;
        return true;
    case OPTION_TEXT:
        return set_member(arguments, option, json_string(value), error);
    case OPTION_FIXED:
        return set_member(arguments, option, json_string(option->fixed), error);
    case OPTION_NUMBER:
        return set_number(arguments, option, value, error);
    case OPTION_YES_NO:
        return set_yes_no(arguments, option, value, error);
    case OPTION_WORDS:
        return add_words(arguments, option, option->fixed != NULL ? option->fixed : value, "", error);
    case OPTION_WORDS_OFF:
        return add_words(arguments, option, value, "no-", error);
    case OPTION_NOT_YET:
        return error_set(error, 0, "--%s is not supported yet%s%s", option->name,
                         option->fixed != NULL ? ": " : "", option->fixed != NULL ? option->fixed : "");
    case OPTION_REFUSED:
        return error_set(error, 0, "--%s was removed; %s", option->name, option->fixed);
    case OPTION_IGNORED:
        fprintf(stderr, "whack: warning: obsolete option --%s ignored\n", option->name);
        return true;
    }
    return true;
}

/* An option of the connection form sets the keyword that the table names, at the end being described. */
static bool apply_connection_option(struct whack_arguments *arguments, const struct keyword_option *option,
                                    const char *value, struct error *error)
{
    const struct keyword *keyword = whack_connection_keyword(option);
    struct error reason;
    if (keyword == NULL)
        return error_set(error, 0, "--%s is not supported yet", option->name);
    warn_of_old_spelling(option->name, option->replaced_by);
    if (arguments->connection == NULL && (arguments->connection = json_object()) == NULL)
        return error_set(error, 0, "out of memory");
    if (value == NULL)
        value = option->value;
    else if (!value_check(keyword, value, &reason))
        return error_set(error, 0, "--%s: %s", option->name, reason.text);
    char spelling[64];
    keyword_spelling(keyword, keyword->is_per_end ? arguments->end : END_NONE, spelling, sizeof(spelling));
    const char *before = json_string_value(json_object_get(arguments->connection, spelling));
    json_t *text =
        option->appends && before != NULL ? json_sprintf("%s,%s", before, value) : json_string(value);
    if (text == NULL)
        return error_set(error, 0, "--%s: not UTF-8 text", option->name);
    json_object_set_new(arguments->connection, spelling, text);
    return true;
}

static bool parse_option(struct whack_arguments *arguments, char **argv, int *index, struct error *error)
{
    struct word word;
    const char *value;
    if (!split_word(argv[*index], &word, error))
        return false;
    const struct whack_option *own = whack_option_find(word.name);
    if (own != NULL)
        return take_argument(&word, own->argument, argv, index, &value, error) &&
               apply_own_option(arguments, own, value, error);
    const struct keyword_option *option = whack_connection_option_find(word.name);
    if (option == NULL)
        option = whack_keyword_option_find(word.name);
    return take_argument(&word, option->argument, argv, index, &value, error) &&
           apply_connection_option(arguments, option, value, error);
}

/* The name may also stand alone, as in `whack --route NAME`. */
static bool take_bare_word(struct whack_arguments *arguments, const char *word, struct error *error)
{
    if (word[0] == '-' || arguments->name != NULL)
        return error_set(error, 0, "unexpected argument \"%s\"; --help lists the options", word);
    arguments->name = word;
    return true;
}

/* --oppohere ... --tunnelipv4 */
static bool is_opportunistic(const struct whack_arguments *arguments)
{
    return arguments->actions[WHACK_OPPORTUNISTIC] && json_object_size(arguments->connection) == 1 &&
           json_object_get(arguments->connection, "clientaddrfamily") != NULL;
}

bool whack_arguments_parse(struct whack_arguments *arguments, int argc, char **argv, struct error *error)
{
    *arguments = (struct whack_arguments){.end = END_LEFT};
    for (int i = 1; i < argc; i++) {
        bool is_option = strncmp(argv[i], "--", 2) == 0;
        if (is_option ? !parse_option(arguments, argv, &i, error)
                      : !take_bare_word(arguments, argv[i], error))
            return false;
    }
    if (arguments->has_to || (arguments->connection != NULL && !is_opportunistic(arguments)))
        arguments->actions[WHACK_ADD] = true;
    return true;
}

void whack_arguments_free(struct whack_arguments *arguments)
{
    for (size_t i = 0; i < ARRAY_SIZE(arguments->members); i++)
        json_decref(arguments->members[i]);
    json_decref(arguments->connection);
    *arguments = (struct whack_arguments){0};
}
