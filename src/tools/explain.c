/* ipsec explain: why a connection is not up, or what it is up with. Asks pluto. */
#include <getopt.h>
#include <stdio.h>

#include "tools/control_client.h"
#include "tools/tools.h"

enum { EXIT_USAGE = 1, OPT_JSON = 1, OPT_CTLSOCKET, OPT_CTLBASE, OPT_RUNDIR, OPT_HELP };

static const struct option long_options[] = {
    {"json", no_argument, NULL, OPT_JSON},
    {"ctlsocket", required_argument, NULL, OPT_CTLSOCKET},
    {"ctlbase", required_argument, NULL, OPT_CTLBASE},
    {"rundir", required_argument, NULL, OPT_RUNDIR},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

static const char usage[] = "Usage: ipsec explain [--json] [--rundir DIR] [--ctlsocket PATH] NAME ...\n"
                            "Tells why a connection is not up, or what it is up with.\n";

static void print_text(void *user, const struct control_line *line)
{
    (void)user;
    puts(line->text);
}

static int explain(struct control_client *client, const char *name, bool as_json)
{
    struct error error;
    json_t *request = json_pack("{s:s, s:s, s:b}", "command", "explain", "name", name, "json", as_json);
    int status = control_client_call(client, request, print_text, NULL, &error);
    json_decref(request);
    if (error.text[0] != '\0')
        fprintf(stderr, "ipsec explain: %s\n", error.text);
    return status;
}

int explain_main(int argc, char **argv)
{
    struct control_location location = {0};
    struct error error;
    bool as_json = false;
    int option, status = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == OPT_JSON)
            as_json = true;
        else if (option == OPT_CTLSOCKET)
            location.ctlsocket = optarg;
        else if (option == OPT_CTLBASE)
            location.ctlbase = optarg;
        else if (option == OPT_RUNDIR)
            location.rundir = optarg;
        else {
            fputs(usage, option == OPT_HELP ? stdout : stderr);
            return option == OPT_HELP ? 0 : EXIT_USAGE;
        }
    }
    if (optind >= argc) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    struct control_client *client = control_client_open(&location, &error);
    if (client == NULL) {
        fprintf(stderr, "ipsec explain: %s\n", error.text);
        return CONTROL_EXIT_WHACK_PROBLEM;
    }
    for (; optind < argc; optind++) {
        int one = explain(client, argv[optind], as_json);
        status = one != 0 ? one : status;
    }
    control_client_close(client);
    return status;
}
