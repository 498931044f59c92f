/* readwriteconf: ipsec.conf(5) as it is understood, with also=, %default and include worked in. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/conf_file.h"
#include "tools/paths.h"
#include "tools/tools.h"

enum { EXIT_USAGE = 1, EXIT_PARSE = 3, EXIT_UNKNOWN = 21, SPELLING_SIZE = 64 };

enum { OPT_CONFIG = 1, OPT_CONN, OPT_NOSETUP, OPT_NO_EFFECT, OPT_HELP };

static const struct option long_options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"conn", required_argument, NULL, OPT_CONN},
    {"nosetup", no_argument, NULL, OPT_NOSETUP},
    /* they made other releases more talkative */
    {"verbose", no_argument, NULL, OPT_NO_EFFECT},
    {"debug", no_argument, NULL, OPT_NO_EFFECT},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

static const char usage[] = "Usage: ipsec readwriteconf [--config FILE] [--conn NAME] [--nosetup]\n"
                            "Prints ipsec.conf as it is understood: also=, %default and include worked in.\n";

static void warn(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "%s\n", text);
}

/* Behind which a closing quote would count as written. */
static bool ends_with_backslash(const char *value)
{
    return *value != '\0' && value[strlen(value) - 1] == '\\';
}

/* A value that reads back as itself: a list in braces, in quotes what the plain form would not keep. */
static void print_value(const struct conf_option *option)
{
    const char *value = option->value;
    bool is_list = option->keyword->appends && strcmp(option->keyword->name, "subnets") == 0;
    if ((is_list && strpbrk(value, "\"{}") == NULL) ||
        (ends_with_backslash(value) && strpbrk(value, " \t\"#{") != NULL && strchr(value, '}') == NULL)) {
        printf("{%s}\n", value);
        return;
    }
    if (*value != '\0' && strpbrk(value, " \t\"#{}") == NULL) {
        printf("%s\n", value);
        return;
    }
    putchar('"');
    for (; *value != '\0'; value++) {
        if (*value == '"')
            putchar('\\');
        putchar(*value);
    }
    printf("\"\n");
}

static void print_option(const struct conf_option *option)
{
    char spelling[SPELLING_SIZE];
    if (strcmp(option->keyword->name, "x-comment") == 0) {
        printf("\t%s\n", option->value);
        return;
    }
    printf("\t%s=", keyword_spelling(option->keyword, option->end, spelling, sizeof(spelling)));
    print_value(option);
}

static void print_options(const struct conf_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++)
        print_option(&options[i]);
}

/* left, right, what is of both; auto= is said apart. */
static void print_of_end(const struct conf_option *options, size_t count, enum keyword_end end)
{
    for (size_t i = 0; i < count; i++)
        if (options[i].end == end && strcmp(options[i].keyword->name, "auto") != 0)
            print_option(&options[i]);
}

static void print_auto(const struct conf_option *options, size_t count)
{
    const char *value = "ignore";
    for (size_t i = 0; i < count; i++)
        if (strcmp(options[i].keyword->name, "auto") == 0)
            value = options[i].value;
    printf("\tauto=%s\n", value);
}

static int print_conn(const struct conf *conf, size_t index)
{
    size_t count;
    struct error error;
    struct conf_option *options = conf_conn_options(conf, index, &count, &error);
    if (options == NULL) {
        fprintf(stderr, "%s\n", error.text);
        return EXIT_PARSE;
    }
    const char *name = conf_conn_name(conf, index);
    const char *quote = strpbrk(name, " \t") != NULL ? "\"" : "";
    printf("\nconn %s%s%s\n", quote, name, quote);
    print_of_end(options, count, END_LEFT);
    print_of_end(options, count, END_RIGHT);
    print_of_end(options, count, END_NONE);
    print_auto(options, count);
    free(options);
    return 0;
}

static int print_conf(const struct conf *conf, const char *only_conn, bool with_setup)
{
    size_t index, count;
    int status = 0;
    if (with_setup) {
        const struct conf_option *options = conf_setup_options(conf, &count);
        printf("config setup\n");
        print_options(options, count);
    }
    if (only_conn != NULL) {
        if (conf_conn_find(conf, only_conn, &index))
            return print_conn(conf, index);
        fprintf(stderr, "conn '%s': not found\n", only_conn);
        return EXIT_UNKNOWN;
    }
    for (index = 0; index < conf_conn_count(conf); index++)
        if (print_conn(conf, index) != 0)
            status = EXIT_PARSE;
    return status;
}

int readwriteconf_main(int argc, char **argv)
{
    const char *path = paths_config_file(), *only_conn = NULL;
    const struct warning_sink sink = {warn, NULL};
    bool with_setup = true;
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == OPT_CONFIG)
            path = optarg;
        else if (option == OPT_CONN)
            only_conn = optarg;
        else if (option == OPT_NOSETUP)
            with_setup = false;
        else if (option != OPT_NO_EFFECT) {
            fputs(usage, option == OPT_HELP ? stdout : stderr);
            return option == OPT_HELP ? 0 : EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "ipsec readwriteconf: \"%s\" is one word too many\n%s", argv[optind], usage);
        return EXIT_USAGE;
    }
    struct error error;
    struct conf *conf = conf_load(&file_reader_system, path, &sink, &error);
    if (conf == NULL) {
        fprintf(stderr, "%s\n", error.text);
        return EXIT_PARSE;
    }
    int status = print_conf(conf, only_conn, with_setup);
    conf_free(conf);
    return status;
}
