/* Reading whack's command line: see whack_arguments.h. */
#include "tools/whack_arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/whack_options.h"

/* One option as it stands on the command line. */
struct word {
    char name[64];
    const char *attached; /* after "=", NULL: none */
};

static bool split_word(const char *text, struct word *word, struct error *error)
{
    const char *name = text + 2;
    const char *equals = strchr(name, '=');
    size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    if (length == 0 || length >= sizeof(word->name))
        return error_set(error, 0, "unknown option \"%s\"; --help lists them", text);
    memcpy(word->name, name, length);
    word->name[length] = '\0';
    word->attached = equals != NULL ? equals + 1 : NULL;
    return true;
}

/* The option's argument: attached, or the next word when one is required. */
static bool take_argument(const struct word *word, enum option_argument argument, char **argv, int *index,
                          const char **ret_value, struct error *error)
{
    *ret_value = word->attached;
    if (argument == ARGUMENT_NONE && word->attached != NULL)
        return error_set(error, 0, "--%s takes no argument, \"%s\" was given", word->name, word->attached);
    if (argument != ARGUMENT_REQUIRED || word->attached != NULL)
        return true;
    if (argv[*index + 1] == NULL)
        return error_set(error, 0, "--%s needs an argument", word->name);
    *ret_value = argv[++*index];
    return true;
}

static bool add_debug(struct whack_arguments *arguments, const char *prefix, const char *classes,
                      struct error *error)
{
    const char *before = arguments->debug != NULL ? arguments->debug : "";
    char *joined;
    if (asprintf(&joined, "%s%s%s%s", before, before[0] != '\0' ? "," : "", prefix, classes) < 0)
        return error_set(error, 0, "out of memory");
    free(arguments->debug);
    arguments->debug = joined;
    return true;
}

static bool set_flag(bool *flag, const struct whack_option *option, const char *value, struct error *error)
{
    if (value != NULL && strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return error_set(error, 0, "--%s=%s: expected yes or no", option->name, value);
    *flag = value == NULL || strcmp(value, "yes") == 0;
    return true;
}

static bool apply_own_option(struct whack_arguments *arguments, const struct whack_option *option,
                             const char *value, struct error *error)
{
    void *field = (char *)arguments + option->offset;
    if (option->action != WHACK_ACTION_COUNT)
        arguments->actions[option->action] = true;
    switch (option->kind) {
    case OPTION_ACTION:
        return true;
    case OPTION_TEXT:
        *(const char **)field = value;
        return true;
    case OPTION_FLAG:
        return set_flag(field, option, value, error);
    case OPTION_TO:
        if (arguments->has_to)
            return error_set(error, 0, "--to stands twice");
        arguments->has_to = true;
        arguments->end = END_RIGHT;
        return true;
    case OPTION_DEBUG:
        return add_debug(arguments, "", option->fixed != NULL ? option->fixed : value, error);
    case OPTION_DEBUG_CLEAR:
        return add_debug(arguments, "no-", value, error);
    case OPTION_DDOS:
        arguments->ddos_mode = option->fixed != NULL ? option->fixed : value;
        return true;
    case OPTION_NOT_YET:
        break;
    }
    return error_set(error, 0, "--%s is not supported yet", option->name);
}

/* An option of the connection form sets the keyword that the table names, at the end being described. */
static bool apply_connection_option(struct whack_arguments *arguments, const struct keyword_option *option,
                                    const char *value, struct error *error)
{
    const struct keyword *keyword = whack_connection_keyword(option);
    if (keyword == NULL)
        return error_set(error, 0, "--%s is not supported yet", option->name);
    if (arguments->connection == NULL && (arguments->connection = json_object()) == NULL)
        return error_set(error, 0, "out of memory");
    char spelling[64];
    keyword_spelling(keyword, keyword->is_per_end ? arguments->end : END_NONE, spelling, sizeof(spelling));
    if (value == NULL)
        value = option->value;
    const char *before = json_string_value(json_object_get(arguments->connection, spelling));
    json_t *text =
        option->appends && before != NULL ? json_sprintf("%s,%s", before, value) : json_string(value);
    if (text == NULL)
        return error_set(error, 0, "--%s: \"%s\" is not UTF-8 text", option->name, value);
    json_object_set_new(arguments->connection, spelling, text);
    return true;
}

static bool unknown_option(const struct word *word, struct error *error)
{
    const char *nearest = whack_option_nearest(word->name);
    if (nearest != NULL)
        return error_set(error, 0, "unknown option \"--%s\"; did you mean --%s?", word->name, nearest);
    return error_set(error, 0, "unknown option \"--%s\"; --help lists them", word->name);
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
    if (option != NULL)
        return take_argument(&word, option->argument, argv, index, &value, error) &&
               apply_connection_option(arguments, option, value, error);
    return unknown_option(&word, error);
}

/* The name may also stand alone, as in `whack --route NAME`. */
static bool take_bare_word(struct whack_arguments *arguments, const char *word, struct error *error)
{
    if (word[0] == '-' || arguments->name != NULL)
        return error_set(error, 0, "unexpected argument \"%s\"; --help lists the options", word);
    arguments->name = word;
    return true;
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
    if (arguments->has_to || arguments->connection != NULL)
        arguments->actions[WHACK_ADD] = true;
    return true;
}

void whack_arguments_free(struct whack_arguments *arguments)
{
    free(arguments->debug);
    json_decref(arguments->connection);
    *arguments = (struct whack_arguments){0};
}
