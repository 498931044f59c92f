/* pluto --help, from the tables of options; and the option that somebody may have meant. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "daemon/options_own.h"

static void print_option(const char *name, enum option_argument argument, const char *form, const char *help)
{
    char line[96];
    const char *before = argument == ARGUMENT_NONE ? "" : argument == ARGUMENT_OPTIONAL ? "[=" : " ";
    const char *after = argument == ARGUMENT_OPTIONAL ? "]" : "";
    snprintf(line, sizeof(line), "--%s%s%s%s", name, before, argument == ARGUMENT_NONE ? "" : form, after);
    printf("  %-36s %s\n", line, help);
}

static const char *form_of(const struct keyword *keyword)
{
    switch (keyword->type) {
    case KEYWORD_BOOL:
        return "yes|no";
    case KEYWORD_UINT:
    case KEYWORD_INT:
    case KEYWORD_SIZE:
        return "NUMBER";
    case KEYWORD_TIME:
        return "TIME";
    default:
        return "VALUE";
    }
}

static void print_keyword_option(const struct keyword_option *option)
{
    const struct keyword *keyword = keyword_find(SECTION_SETUP, option->keyword, NULL);
    char help[160];
    if (option->is_obsolete || own_option_find(option->name) != NULL || keyword == NULL ||
        keyword->status == KEYWORD_NOT_YET)
        return;
    if (option->argument == ARGUMENT_NONE)
        snprintf(help, sizeof(help), "%s=%s", keyword->name, option->value);
    else
        snprintf(help, sizeof(help), "%s= %s", keyword->name, keyword->help);
    print_option(option->name, option->argument, form_of(keyword), help);
}

void options_print_help(void)
{
    puts("usage: ipsec pluto [OPTION...]\n"
         "The IKE daemon: ipsec_pluto(8).\n");
    for (size_t i = 0; i < own_option_count; i++)
        if (own_options[i].help != NULL)
            print_option(own_options[i].name, own_options[i].argument,
                         own_options[i].form != NULL ? own_options[i].form : "yes|no", own_options[i].help);
    print_option("optionsfrom", ARGUMENT_REQUIRED, "FILE", "read options from FILE here");
    print_option("help", ARGUMENT_NONE, NULL, "print this text");
    print_option("version", ARGUMENT_NONE, NULL, "print the version");
    puts("\nOptions that stand for a keyword of `config setup` in ipsec.conf(5), and win over it:");
    for (size_t i = 0; i < pluto_setup_option_count; i++)
        print_keyword_option(&pluto_setup_options[i]);
}

const char *options_nearest(const char *name)
{
    size_t count = 0;
    const char **names = calloc(own_option_count + pluto_setup_option_count, sizeof(*names));
    if (names == NULL)
        return NULL;
    for (size_t i = 0; i < own_option_count; i++)
        names[count++] = own_options[i].name;
    for (size_t i = 0; i < pluto_setup_option_count; i++)
        names[count++] = pluto_setup_options[i].name;
    const char *nearest = text_nearest(name, names, count);
    free(names);
    return nearest;
}
