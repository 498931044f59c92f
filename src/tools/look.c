/* ipsec look: SAs, policies and routes at a glance. Keys are taken out. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tools/paths.h"
#include "tools/run_command.h"
#include "tools/secretcensor.h"
#include "tools/tools.h"

static void section(const char *title, const char *const *words)
{
    FILE *output = run_command(words);
    printf("%s\n", title);
    if (output == NULL)
        return;
    censor_text(output, stdout);
    run_command_end(output);
}

int look_main(int argc, char **argv)
{
    char host[256] = "", when[64];
    time_t now = time(NULL);
    struct tm broken;
    if (argc > 1) {
        bool is_help = strcmp(argv[1], "--help") == 0;
        fprintf(is_help ? stdout : stderr, "Usage: ipsec look\n");
        return is_help ? 0 : 1;
    }
    gethostname(host, sizeof(host) - 1);
    strftime(when, sizeof(when), "%a %b %e %H:%M:%S %Z %Y", localtime_r(&now, &broken));
    printf("%s %s\n", host, when);
    section("Tunnels", (const char *[]){paths_ipsec(), "whack", "--trafficstatus", NULL});
    section("IKE and Child SAs", (const char *[]){paths_ipsec(), "whack", "--showstates", NULL});
    section("XFRM state", (const char *[]){"ip", "xfrm", "state", NULL});
    section("XFRM policy", (const char *[]){"ip", "xfrm", "policy", NULL});
    section("IPv4 rules", (const char *[]){"ip", "-4", "rule", NULL});
    section("IPv4 routes", (const char *[]){"ip", "-4", "route", "show", "table", "all", NULL});
    section("IPv6 rules", (const char *[]){"ip", "-6", "rule", NULL});
    section("IPv6 routes", (const char *[]){"ip", "-6", "route", "show", "table", "all", NULL});
    return 0;
}
