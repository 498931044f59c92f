/* What addconn prints instead of loading: command lines of whack, names, `config setup`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tools/addconn.h"
#include "tools/shell_word.h"

/* The option of whack that takes the keyword's value as its argument. */
static const char *whack_option_of(const struct keyword *keyword)
{
    for (size_t i = 0; i < whack_connection_option_count; i++) {
        const struct keyword_option *option = &whack_connection_options[i];
        if (strcmp(option->keyword, keyword->name) == 0 && option->argument != ARGUMENT_NONE &&
            !option->is_obsolete && option->replaced_by == NULL)
            return option->name;
    }
    return keyword->name;
}

static void show_option(const char *option, const char *value)
{
    printf(" --%s=", option);
    shell_word_print(stdout, value);
}

static void show_options(const struct conf_option *options, size_t count, enum keyword_end end)
{
    for (size_t i = 0; i < count; i++)
        if (options[i].end == end)
            show_option(whack_option_of(options[i].keyword), options[i].value);
}

/* What ipsec.conf(5) presumes and whack does not. */
static void show_presumed(const struct conf_option *options, size_t count)
{
    static const char *const presumed[][2] = {{"type", "tunnel"}, {"pfs", "yes"}};
    for (size_t i = 0; i < ARRAY_SIZE(presumed); i++) {
        bool is_said = false;
        for (size_t j = 0; j < count; j++)
            is_said = is_said || strcmp(options[j].keyword->name, presumed[i][0]) == 0;
        if (!is_said)
            show_option(presumed[i][0], presumed[i][1]);
    }
}

void addconn_show_whack(const struct addconn *addconn, const char *name)
{
    printf("ipsec whack");
    if (addconn->location.rundir != NULL)
        show_option("rundir", addconn->location.rundir);
    if (addconn->location.ctlbase != NULL)
        show_option("ctlbase", addconn->location.ctlbase);
    if (addconn->location.ctlsocket != NULL)
        show_option("ctlsocket", addconn->location.ctlsocket);
    if (name == NULL)
        return;
    printf(" --name ");
    shell_word_print(stdout, name);
}

void addconn_show_connection(const struct addconn *addconn, size_t index)
{
    size_t count = 0;
    struct error error;
    struct conf_option *options = conf_conn_options(addconn->conf, index, &count, &error);
    addconn_show_whack(addconn, conf_conn_name(addconn->conf, index));
    printf(" --delete"); /* what has the name is replaced */
    show_options(options, count, END_LEFT);
    printf(" --to");
    show_options(options, count, END_RIGHT);
    show_options(options, count, END_NONE);
    show_presumed(options, count);
    printf("\n");
    free(options);
}

/* ---- names and `config setup` ---- */

/* Those that start are routed as well. */
static bool is_listed(int list, enum connection_auto how)
{
    return list == LIST_ALL || (int)how == list || (list == AUTO_ONDEMAND && how == AUTO_START);
}

/* In one line, as scripts take them apart. */
void addconn_show_names(const struct addconn *addconn)
{
    size_t count = conf_conn_count(addconn->conf);
    for (size_t i = 0; i < count; i++)
        if (is_listed(addconn->list, conf_conn_auto(addconn->conf, i)))
            printf("%s ", conf_conn_name(addconn->conf, i));
    printf("\n");
}

/* The value in force: of the file, or the default. */
static const char *setup_value(const struct addconn *addconn, const struct keyword *keyword)
{
    size_t count;
    const struct conf_option *options = conf_setup_options(addconn->conf, &count);
    for (size_t i = 0; i < count; i++)
        if (options[i].keyword == keyword)
            return options[i].value;
    return keyword->default_text;
}

static void show_assignment(const struct addconn *addconn, const char *name, const char *value)
{
    printf("%s%s", addconn->no_export ? "" : "export ", addconn->variable_prefix);
    for (; *name != '\0'; name++)
        putchar(*name == '-' ? '_' : *name);
    putchar('=');
    shell_word_print_quoted(stdout, value);
    putchar('\n');
}

/* name='value' for the shell, with _ where the keyword has -. */
void addconn_show_setup(const struct addconn *addconn)
{
    show_assignment(addconn, "confreadstatus", "");
    show_assignment(addconn, "configfile", addconn->config_file);
    for (size_t i = 0; i < setup_keyword_count; i++) {
        const struct keyword *keyword = &setup_keywords[i];
        if (keyword->alias_of == NULL && keyword->status != KEYWORD_OBSOLETE)
            show_assignment(addconn, keyword->name, setup_value(addconn, keyword));
    }
}

void addconn_show_stack(const struct addconn *addconn)
{
    printf("%s\n", setup_value(addconn, keyword_find(SECTION_SETUP, "protostack", NULL)));
}
