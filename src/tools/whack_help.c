/* whack --help, and the lists of words that --debug help and --impair help print. */
#include <stdio.h>

#include "config/name_lists.h"
#include "config/setup.h"
#include "tools/whack_options.h"

static const char *argument_text(enum option_argument argument, const char *text, char *out, size_t size)
{
    if (argument == ARGUMENT_NONE)
        return "";
    snprintf(out, size, argument == ARGUMENT_OPTIONAL ? "[=%s]" : " %s", text != NULL ? text : "VALUE");
    return out;
}

static void print_option(const char *name, enum option_argument argument, const char *text, const char *help)
{
    char form[64], line[112];
    snprintf(line, sizeof(line), "--%s%s", name, argument_text(argument, text, form, sizeof(form)));
    printf("  %-34s %s\n", line, help);
}

static void print_connection_option(const struct keyword_option *option)
{
    const struct keyword *keyword = whack_connection_keyword(option);
    if (option->is_obsolete || keyword == NULL || keyword->status == KEYWORD_NOT_YET)
        return;
    char help[160];
    snprintf(help, sizeof(help), "%s%s%s%s", keyword->name[0] != '\0' ? keyword->name : "left, right",
             option->argument == ARGUMENT_NONE ? "=" : "",
             option->argument == ARGUMENT_NONE && option->value != NULL ? option->value : "",
             keyword->is_per_end ? " of the end being described" : "");
    print_option(option->name, option->argument, keyword->type == KEYWORD_BOOL ? "yes|no" : "VALUE", help);
}

void whack_print_help(void)
{
    puts("usage: ipsec whack OPTION...\n"
         "Tells a running pluto what to do: ipsec_whack(8).\n");
    for (size_t i = 0; i < whack_option_count; i++) {
        const struct whack_option *option = &whack_options[i];
        if (option->kind == OPTION_GROUP)
            printf("\n%s:\n", option->help);
        else if (option->help != NULL)
            print_option(option->name, option->argument, option->argument_text, option->help);
    }
    puts("\nOptions from a file:");
    print_option("optionsfrom", ARGUMENT_REQUIRED, "FILE", "read options from FILE here");
    puts("\nA connection: --name CONNECTION, the left end, --to, the right end, and how it is to be; each "
         "option\n"
         "sets the keyword of ipsec.conf(5) that stands beside it:");
    for (size_t i = 0; i < whack_connection_option_count; i++)
        print_connection_option(&whack_connection_options[i]);
    puts("\nExamples:\n"
         "  ipsec whack --name net --host 10.0.0.1 --client 10.1.0.0/16 \\\n"
         "              --to --host 10.0.0.2 --client 10.2.0.0/16 --psk --encrypt --pfs\n"
         "  ipsec whack --listen\n"
         "  ipsec whack --name net --initiate\n"
         "  ipsec whack --trafficstatus");
}

void whack_print_names(enum whack_names names)
{
    if (names == WHACK_NAMES_DEBUG)
        print_debug_names();
    else
        print_impair_names();
}
