#include "tools/command_table.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "tools/service.h"
#include "tools/tools.h"

#define KEYS_LATER "certificates are not supported yet"
#define NFLOG_IS_PLUTOS "pluto itself makes the rules of nflog-all= and nflog-group=, and takes them away"

const struct command_row command_rows[] = {
    {"start", "", COMMAND_TOOL, service_start, NULL, "start the service; with NAME: load it and bring it up"},
    {"stop", "", COMMAND_TOOL, service_stop, NULL, "stop the service"},
    {"restart", "", COMMAND_TOOL, service_restart, NULL, "stop, then start"},
    {"setup", "", COMMAND_TOOL, service_setup, NULL, "setup start|stop|restart|status"},
    {"reload", "", COMMAND_TOOL, reload_main, NULL,
     "make pluto's connections those of ipsec.conf; --plan only tells"},
    {"add", "", COMMAND_OF_AUTO, NULL, "add", "NAME: load it from ipsec.conf, replacing what is loaded"},
    {"replace", "", COMMAND_OF_AUTO, NULL, "replace", "NAME: the same"},
    {"ondemand", "", COMMAND_OF_AUTO, NULL, "ondemand", "NAME: load it and let traffic bring it up"},
    {"up", "initiate", COMMAND_OF_AUTO, NULL, "up", "NAME: bring it up"},
    {"down", "terminate", COMMAND_OF_AUTO, NULL, "down", "NAME: take it down"},
    {"delete", "", COMMAND_OF_AUTO, NULL, "delete", "NAME: take it down and forget it"},
    {"route", "", COMMAND_OF_AUTO, NULL, "route", "NAME: let traffic bring it up"},
    {"unroute", "", COMMAND_OF_AUTO, NULL, "unroute", "NAME: no longer"},
    {"explain", "", COMMAND_TOOL, explain_main, NULL, "NAME: why it is not up, or what it is up with"},
    {"check", "", COMMAND_TOOL, check_main, NULL, "find faults of the configuration, without a daemon"},
    {"checkconfig", "", COMMAND_TOOL, checkconfig_main, NULL, "read ipsec.conf and tell what is wrong"},
    {"verify", "", COMMAND_TOOL, verify_main, NULL, "check this machine"},
    {"status", "", COMMAND_OF_AUTO, NULL, "status", "everything that pluto knows"},
    {"briefstatus", "", COMMAND_OF_WHACK, NULL, "--briefstatus", "how many SAs there are"},
    {"trafficstatus", "traffic", COMMAND_OF_WHACK, NULL, "--trafficstatus", "[NAME] bytes carried"},
    {"showstates", "statestatus", COMMAND_OF_WHACK, NULL, "--showstates", "SAs"},
    {"connectionstatus", "", COMMAND_OF_WHACK, NULL, "--connectionstatus", "[NAME] connections"},
    {"briefconnectionstatus", "", COMMAND_OF_WHACK, NULL, "--briefconnectionstatus", NULL},
    {"globalstatus", "", COMMAND_OF_WHACK, NULL, "--globalstatus", "counters"},
    {"shuntstatus", "", COMMAND_OF_WHACK, NULL, "--shuntstatus", "shunts without a connection"},
    {"fipsstatus", "fips", COMMAND_OF_WHACK, NULL, "--fipsstatus", NULL},
    {"processstatus", "", COMMAND_OF_WHACK, NULL, "--processstatus", NULL},
    {"addresspoolstatus", "", COMMAND_OF_WHACK, NULL, "--addresspoolstatus", NULL},
    {"listevents", "", COMMAND_OF_WHACK, NULL, "--listevents", NULL},
    {"listen", "ready rereadgroups", COMMAND_OF_AUTO, NULL, "ready",
     "look for interfaces, read secrets and groups"},
    {"rereadsecrets", "secrets", COMMAND_OF_AUTO, NULL, "rereadsecrets", "read ipsec.secrets again"},
    {"rereadall", "", COMMAND_OF_AUTO, NULL, "rereadall", NULL},
    {"rereadcerts", "", COMMAND_OF_AUTO, NULL, "rereadcerts", NULL},
    {"rereadcrls", "", COMMAND_OF_AUTO, NULL, "rereadcrls", NULL},
    {"fetchcrls", "crls", COMMAND_OF_AUTO, NULL, "fetchcrls", NULL},
    {"purgeocsp", "", COMMAND_OF_AUTO, NULL, "purgeocsp", NULL},
    {"listall", "", COMMAND_OF_AUTO, NULL, "listall", NULL},
    {"listpubkeys", "", COMMAND_OF_AUTO, NULL, "listpubkeys", NULL},
    {"checkpubkeys", "", COMMAND_OF_AUTO, NULL, "checkpubkeys", NULL},
    {"listcerts", "", COMMAND_OF_AUTO, NULL, "listcerts", NULL},
    {"listcacerts", "", COMMAND_OF_AUTO, NULL, "listcacerts", NULL},
    {"listcrls", "", COMMAND_OF_AUTO, NULL, "listcrls", NULL},
    {"listgroups", "", COMMAND_OF_AUTO, NULL, "listgroups", NULL},
    {"redirect", "", COMMAND_NOT_YET, NULL, "redirection of peers (RFC 5685)", NULL},
    {"whack", "", COMMAND_TOOL, whack_main, NULL, "talk to pluto directly: ipsec_whack(8)"},
    {"auto", "", COMMAND_TOOL, auto_main, NULL, "one operation on a connection: ipsec_auto(8)"},
    {"addconn", "", COMMAND_TOOL, addconn_main, NULL, "load connections of ipsec.conf"},
    {"algparse", "", COMMAND_TOOL, algparse_main, NULL, "show what an ike= or esp= string means"},
    {"readwriteconf", "", COMMAND_TOOL, readwriteconf_main, NULL, "print ipsec.conf as it is understood"},
    {"showroute", "", COMMAND_TOOL, showroute_main, NULL, "the way to an address"},
    {"barf", "", COMMAND_TOOL, barf_main, NULL, "all that a report of a fault needs, without secrets"},
    {"look", "show", COMMAND_TOOL, look_main, NULL, "SAs, policies, routes at a glance"},
    {"initnss", "", COMMAND_TOOL, initnss_main, NULL, "make the NSS database of the host's keys"},
    {"checknss", "", COMMAND_TOOL, checknss_main, NULL, "check it, or make it"},
    {"newhostkey", "", COMMAND_TOOL, newhostkey_main, NULL, "make a key pair for this host"},
    {"showhostkey", "", COMMAND_TOOL, showhostkey_main, NULL, "its public keys, for ipsec.conf and DNS"},
    {"rsasigkey", "", COMMAND_TOOL, rsasigkey_main, NULL, "make an RSA key pair"},
    {"ecdsasigkey", "", COMMAND_TOOL, ecdsasigkey_main, NULL, "make an ECDSA key pair"},
    {"eddsasigkey", "", COMMAND_TOOL, eddsasigkey_main, NULL, "make an EdDSA key pair"},
    {"import", "", COMMAND_TOOL, import_main, NULL, "FILE.p12: its key and certificates into that database"},
    {"certutil", "", COMMAND_TOOL, nss_program_main, NULL, "NSS's certutil on that database"},
    {"crlutil", "", COMMAND_TOOL, nss_program_main, NULL, NULL},
    {"pk12util", "", COMMAND_TOOL, nss_program_main, NULL, NULL},
    {"modutil", "", COMMAND_TOOL, nss_program_main, NULL, NULL},
    {"vfychain", "", COMMAND_TOOL, nss_program_main, NULL, NULL},
    {"_secretcensor", "secretcensor", COMMAND_TOOL, secretcensor_main, NULL, NULL},
    {"loadtest", "", COMMAND_TOOL, loadtest_main, NULL, "play thousands of initiators against a responder"},
    {"pluto", "", COMMAND_TOOL, pluto_main, NULL, "the IKE daemon: ipsec_pluto(8)"},
    {"_updown", "_updown.xfrm _updown.netkey", COMMAND_TOOL, updown_main, NULL, NULL},
    {"directory", "", COMMAND_TOOL, directory_main, NULL, "where pluto and its scripts are"},
    {"version", "versioncode", COMMAND_TOOL, version_main, NULL, "the version"},
    {"help", "-h", COMMAND_TOOL, help_main, NULL, "this list"},
    {"_stackmanager", "", COMMAND_NOT_NEEDED, NULL, "there are no kernel modules to load", NULL},
    {"_plutorun", "", COMMAND_NOT_NEEDED, NULL, "pluto is started by `ipsec start`", NULL},
    {"checknflog", "nflog", COMMAND_NOT_NEEDED, NULL, NFLOG_IS_PLUTOS, NULL},
    {"stopnflog", "", COMMAND_NOT_NEEDED, NULL, NFLOG_IS_PLUTOS, NULL},
    {"sniff", "", COMMAND_NOT_YET, NULL, "use tcpdump -i nflog:GROUP with nflog-all= or nflog-group=", NULL},
    {"letsencrypt", "", COMMAND_NOT_YET, NULL, KEYS_LATER, NULL},
    {"unbound", "_unbound-hook", COMMAND_NOT_YET, NULL, "keys out of the DNS are not supported yet", NULL},
    {"_import_crl", "", COMMAND_NOT_YET, NULL, KEYS_LATER, NULL},
    {"cavp", "", COMMAND_NOT_YET, NULL, "the tests of published vectors are part of `make check`", NULL},
    {"portexcludes", "", COMMAND_NOT_YET, NULL, "write a conn with type=passthrough instead", NULL},
    {"_kernel", "", COMMAND_NOT_YET, NULL, "see ipsec look", NULL},
};
const size_t command_row_count = ARRAY_SIZE(command_rows);

static bool is_alias(const struct command_row *row, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = row->aliases; *at != '\0'; at += strspn(at, " ")) {
        size_t size = strcspn(at, " ");
        if (size == length && memcmp(at, name, size) == 0)
            return true;
        at += size;
    }
    return false;
}

const struct command_row *command_find(const char *name)
{
    const char *bare = strncmp(name, "--", 2) == 0 ? name + 2 : name;
    for (size_t i = 0; i < command_row_count; i++)
        if (strcmp(command_rows[i].name, bare) == 0 || is_alias(&command_rows[i], bare))
            return &command_rows[i];
    return NULL;
}

const char *command_suggest(const char *name)
{
    const char *names[ARRAY_SIZE(command_rows)];
    for (size_t i = 0; i < command_row_count; i++)
        names[i] = command_rows[i].name;
    return text_nearest(name, names, command_row_count);
}

void command_table_print(void)
{
    for (size_t i = 0; i < command_row_count; i++)
        if (command_rows[i].help != NULL)
            printf("  %-16s %s\n", command_rows[i].name, command_rows[i].help);
}
