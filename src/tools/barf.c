/*
 * ipsec barf: all that a report of a fault needs in one text: versions, configuration, state, logs, network.
 * Secrets and keys are taken out of every line, so that it can be shown to others.
 */
#include <getopt.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/conf_file.h"
#include "tools/paths.h"
#include "tools/run_command.h"
#include "tools/secretcensor.h"
#include "tools/tools.h"

enum { EXIT_USAGE = 1, OPT_CONFIG = 1, OPT_MAXLINES, OPT_HELP };

static const struct option long_options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"maxlines", required_argument, NULL, OPT_MAXLINES},
    {"short", no_argument, NULL, 's'},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

static const char usage[] = "Usage: ipsec barf [--config FILE] [--maxlines LINES] [--short]\n"
                            "Prints what a report of a fault needs. Secrets and keys are removed from it.\n"
                            "  --maxlines LINES   so much of the log at most (2000)\n"
                            "  --short            without the log\n";

static void heading(const char *title)
{
    printf("\n+ _________________________ %s\n+\n", title);
}

static void command(const char *title, const char *const *words)
{
    heading(title);
    FILE *output = run_command(words);
    if (output == NULL)
        return;
    censor_text(output, stdout);
    if (run_command_end(output) == 127)
        printf("(%s is not installed)\n", words[0]);
}

static void file(const char *path, void (*censor)(FILE *in, FILE *out))
{
    heading(path);
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        printf("(cannot be read)\n");
        return;
    }
    censor(in, stdout);
    fclose(in);
}

static void files(const char *pattern, void (*censor)(FILE *in, FILE *out))
{
    glob_t found;
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            file(found.gl_pathv[i], censor);
    globfree(&found);
}

/* The value of one keyword of `config setup`, or its default. */
static const char *setup_value(const struct conf *conf, const char *name)
{
    size_t count = 0;
    const struct conf_option *options = conf != NULL ? conf_setup_options(conf, &count) : NULL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(options[i].keyword->name, name) == 0)
            return options[i].value;
    return keyword_find(SECTION_SETUP, name, NULL)->default_text;
}

static void machine(void)
{
    time_t now = time(NULL);
    heading("date");
    fputs(ctime(&now), stdout);
    command("version", (const char *[]){paths_ipsec(), "--version", NULL});
    command("uname", (const char *[]){"uname", "-a", NULL});
    file("/etc/os-release", censor_text);
    file("/proc/uptime", censor_text);
    file("/proc/meminfo", censor_text);
    command("verify", (const char *[]){paths_ipsec(), "verify", NULL});
}

static void state(void)
{
    command("status", (const char *[]){paths_ipsec(), "whack", "--status", NULL});
    command("globalstatus", (const char *[]){paths_ipsec(), "whack", "--globalstatus", NULL});
    command("processstatus", (const char *[]){paths_ipsec(), "whack", "--processstatus", NULL});
    command("listevents", (const char *[]){paths_ipsec(), "whack", "--listevents", NULL});
}

static void network(void)
{
    command("ip address", (const char *[]){"ip", "-d", "-s", "address", NULL});
    command("ip rule", (const char *[]){"ip", "rule", NULL});
    command("ip route", (const char *[]){"ip", "route", "show", "table", "all", NULL});
    command("ip -6 route", (const char *[]){"ip", "-6", "route", "show", "table", "all", NULL});
    command("ip neighbour", (const char *[]){"ip", "neighbour", NULL});
    command("ip xfrm state", (const char *[]){"ip", "-s", "xfrm", "state", NULL});
    command("ip xfrm policy", (const char *[]){"ip", "-s", "xfrm", "policy", NULL});
    file("/proc/net/xfrm_stat", censor_text);
    command("sockets", (const char *[]){"ss", "-u", "-l", "-n", "-p", NULL});
    command("nft", (const char *[]){"nft", "list", "ruleset", NULL});
    command("iptables", (const char *[]){"iptables-save", "-c", NULL});
    command("sysctl", (const char *[]){"sysctl", "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding",
                                       "net.ipv4.conf", NULL});
}

static void logs(const struct conf *conf, const char *lines)
{
    const char *logfile = setup_value(conf, "logfile");
    if (logfile[0] != '\0')
        command(logfile, (const char *[]){"tail", "-n", lines, logfile, NULL});
    else
        command("journal", (const char *[]){"journalctl", "--no-pager", "-t", "pluto", "-n", lines, NULL});
}

int barf_main(int argc, char **argv)
{
    const char *config = paths_config_file(), *lines = NULL;
    bool is_short = false;
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == OPT_CONFIG) {
            config = optarg;
        } else if (option == OPT_MAXLINES && atoi(optarg) > 0) {
            lines = optarg;
        } else if (option == 's') {
            is_short = true;
        } else {
            if (option == OPT_MAXLINES)
                fprintf(stderr, "ipsec barf: --maxlines wants a number above 0, not \"%s\"\n", optarg);
            fputs(usage, option == OPT_HELP ? stdout : stderr);
            return option == OPT_HELP ? 0 : EXIT_USAGE;
        }
    }
    struct error error;
    struct conf *conf = conf_load(&file_reader_system, config, NULL, &error);
    setenv("IPSEC_CONF", config, 1);
    machine();
    file(config, censor_text);
    files("/etc/ipsec.d/*.conf", censor_text);
    command("readwriteconf", (const char *[]){paths_ipsec(), "readwriteconf", "--config", config, NULL});
    files(setup_value(conf, "secretsfile"), censor_secrets);
    files("/etc/ipsec.d/*.secrets", censor_secrets);
    files("/etc/ipsec.d/policies/*", censor_text);
    command("showhostkey", (const char *[]){paths_ipsec(), "showhostkey", "--dump", NULL});
    state();
    network();
    if (!is_short)
        logs(conf, lines != NULL ? lines : "2000");
    conf_free(conf);
    return 0;
}
