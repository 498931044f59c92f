/* The table of whack's own options: ipsec_whack(8). */
#include "tools/whack_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

#define FIELD(member) offsetof(struct whack_arguments, member)
#define NONE WHACK_ACTION_COUNT
#define ACTION(option, act, text)                                                                            \
    {                                                                                                        \
        option, ARGUMENT_NONE, OPTION_ACTION, act, 0, NULL, NULL, text                                       \
    }
#define TEXT(option, act, member, argument, text)                                                            \
    {                                                                                                        \
        option, ARGUMENT_REQUIRED, OPTION_TEXT, act, FIELD(member), NULL, argument, text                     \
    }
#define FLAG(option, member, text)                                                                           \
    {                                                                                                        \
        option, ARGUMENT_OPTIONAL, OPTION_FLAG, NONE, FIELD(member), NULL, "yes|no", text                    \
    }
#define SWITCH(option, member, text)                                                                         \
    {                                                                                                        \
        option, ARGUMENT_NONE, OPTION_FLAG, NONE, FIELD(member), NULL, NULL, text                            \
    }
#define DEBUG_SPELLING(option, classes)                                                                      \
    {                                                                                                        \
        option, ARGUMENT_NONE, OPTION_DEBUG, WHACK_DEBUG, 0, classes, NULL, NULL                             \
    }
#define DDOS_SPELLING(option, mode)                                                                          \
    {                                                                                                        \
        option, ARGUMENT_NONE, OPTION_DDOS, WHACK_DDOS, 0, mode, NULL, NULL                                  \
    }
#define NOT_YET(option, argument)                                                                            \
    {                                                                                                        \
        option, argument, OPTION_NOT_YET, NONE, 0, NULL, NULL, NULL                                          \
    }

const struct whack_option whack_options[] = {
    SWITCH("help", wants_help, "print this text"),
    SWITCH("version", wants_version, "print the version"),

    TEXT("ctlsocket", NONE, location.ctlsocket, "PATH", "the control socket of pluto"),
    TEXT("rundir", NONE, location.rundir, "DIRECTORY", "the directory of pluto.ctl"),
    TEXT("ctlbase", NONE, location.ctlbase, "PATH", "the control socket without its .ctl"),
    TEXT("label", NONE, label, "TEXT", "put TEXT before our own error messages"),

    TEXT("name", NONE, name, "CONNECTION", "the connection that this is about"),
    {"to", ARGUMENT_NONE, OPTION_TO, NONE, 0, NULL, NULL, "ends the left end, begins the right"},

    ACTION("delete", WHACK_DELETE, "delete the connection and its SAs"),
    TEXT("deletestate", WHACK_DELETE_STATE, state_number, "NUMBER", "delete the SA of that number"),

    ACTION("initiate", WHACK_INITIATE, "bring the connection up and say how it goes"),
    FLAG("asynchronous", is_asynchronous, "do not wait for the outcome"),
    FLAG("async", is_asynchronous, NULL),
    FLAG("bg", is_asynchronous, NULL),
    TEXT("remote-host", NONE, remote_host, "ADDRESS", "the peer, where the connection leaves it open"),
    ACTION("terminate", WHACK_TERMINATE, "delete the SAs of the connection"),
    ACTION("down", WHACK_TERMINATE, NULL),
    ACTION("rekey-ike", WHACK_REKEY_IKE, "rekey the IKE SA of the connection"),
    ACTION("rekey-child", WHACK_REKEY_CHILD, "rekey the Child SA of the connection"),
    ACTION("rekey-ipsec", WHACK_REKEY_CHILD, NULL),
    ACTION("route", WHACK_ROUTE, "bring the connection up when traffic asks for it"),
    ACTION("ondemand", WHACK_ROUTE, NULL),
    ACTION("unroute", WHACK_UNROUTE, "undo --route"),

    ACTION("listen", WHACK_LISTEN, "look for interfaces, read the secrets, answer peers"),
    ACTION("unlisten", WHACK_UNLISTEN, "answer no peers"),
    ACTION("rereadsecrets", WHACK_REREAD_SECRETS, "read ipsec.secrets again"),
    ACTION("rereadall", WHACK_REREAD_ALL, "read again all that can be read again"),

    SWITCH("json", wants_json, "status, lists and traffic as a JSON document"),
    ACTION("status", WHACK_STATUS, "all there is to say"),
    ACTION("briefstatus", WHACK_BRIEF_STATUS, "how many SAs there are"),
    ACTION("globalstatus", WHACK_GLOBAL_STATUS, "counters, as NAME=VALUE"),
    ACTION("globalstats", WHACK_GLOBAL_STATUS, NULL),
    ACTION("connectionstatus", WHACK_CONNECTION_STATUS, "the connections, or the one named"),
    ACTION("trafficstatus", WHACK_TRAFFIC_STATUS, "bytes through each Child SA"),
    ACTION("showstates", WHACK_SHOW_STATES, "every SA and what it waits for"),
    ACTION("statestatus", WHACK_SHOW_STATES, NULL),
    ACTION("shuntstatus", WHACK_SHUNT_STATUS, "shunts without a connection"),
    ACTION("processstatus", WHACK_PROCESS_STATUS, "helper threads and child processes"),
    ACTION("addresspoolstatus", WHACK_ADDRESSPOOL_STATUS, "address pools and their leases"),
    ACTION("fipsstatus", WHACK_FIPS_STATUS, "whether FIPS mode is on"),
    ACTION("listevents", WHACK_LIST_EVENTS, "the timers that run"),
    ACTION("briefconnectionstatus", WHACK_BRIEF_CONNECTION_STATUS,
           "a line for each connection, or the one named"),
    ACTION("listpubkeys", WHACK_LIST_PUBLIC_KEYS, "the public keys"),
    ACTION("checkpubkeys", WHACK_CHECK_PUBLIC_KEYS, "the public keys that are expired or will be soon"),
    ACTION("listpsks", WHACK_LIST_PSKS, "whose pre-shared secrets there are"),
    ACTION("listcerts", WHACK_LIST_CERTIFICATES, "the end certificates"),
    ACTION("listcacerts", WHACK_LIST_CA_CERTIFICATES, "the CA certificates"),
    ACTION("listcrls", WHACK_LIST_CRLS, "the certificate revocation lists"),
    ACTION("listall", WHACK_LIST_ALL, "all of the lists"),
    ACTION("clearstats", WHACK_CLEAR_STATISTICS, "set the counters of --globalstatus to 0"),

    {"debug", ARGUMENT_REQUIRED, OPTION_DEBUG, WHACK_DEBUG, 0, NULL, "CLASSES",
     "log more; --debug help lists the classes"},
    {"no-debug", ARGUMENT_REQUIRED, OPTION_DEBUG_CLEAR, WHACK_DEBUG, 0, NULL, "CLASSES", "log less"},
    DEBUG_SPELLING("debug-all", "all"),
    DEBUG_SPELLING("debug-none", "none"),
    DEBUG_SPELLING("debug-raw", "raw"),
    DEBUG_SPELLING("debug-crypt", "crypt"),
    DEBUG_SPELLING("debug-parsing", "parsing"),
    DEBUG_SPELLING("debug-emitting", "emitting"),
    DEBUG_SPELLING("debug-control", "control"),
    DEBUG_SPELLING("debug-lifecycle", "lifecycle"),
    DEBUG_SPELLING("debug-klips", "klips"),
    DEBUG_SPELLING("debug-dns", "dns"),
    DEBUG_SPELLING("debug-oppo", "oppo"),
    DEBUG_SPELLING("debug-private", "private"),

    {"ddos-mode", ARGUMENT_REQUIRED, OPTION_DDOS, WHACK_DDOS, 0, NULL, "auto|busy|unlimited",
     "when to ask initiators for cookies"},
    DDOS_SPELLING("ddos-auto", "auto"),
    DDOS_SPELLING("ddos-busy", "busy"),
    DDOS_SPELLING("ddos-unlimited", "unlimited"),

    ACTION("shutdown", WHACK_SHUTDOWN, "end pluto, telling the peers"),
    SWITCH("leave-state", leaves_state, "with --shutdown: tell nobody, leave the SAs"),

    NOT_YET("addkey", ARGUMENT_NONE),
    NOT_YET("certtype", ARGUMENT_REQUIRED),
    NOT_YET("crash", ARGUMENT_REQUIRED),
    NOT_YET("ddns", ARGUMENT_NONE),
    NOT_YET("delete-child", ARGUMENT_NONE),
    NOT_YET("delete-ike", ARGUMENT_NONE),
    NOT_YET("deleteid", ARGUMENT_NONE),
    NOT_YET("deleteuser", ARGUMENT_NONE),
    NOT_YET("down-child", ARGUMENT_NONE),
    NOT_YET("down-ike", ARGUMENT_NONE),
    NOT_YET("disablearrivalcheck", ARGUMENT_NONE),
    NOT_YET("fetchcrls", ARGUMENT_NONE),
    NOT_YET("global-redirect", ARGUMENT_REQUIRED),
    NOT_YET("global-redirect-to", ARGUMENT_REQUIRED),
    NOT_YET("groups", ARGUMENT_REQUIRED),
    NOT_YET("ike-socket-bufsize", ARGUMENT_REQUIRED),
    NOT_YET("ike-socket-errqueue", ARGUMENT_REQUIRED),
    NOT_YET("ike-socket-errqueue-toggle", ARGUMENT_NONE),
    NOT_YET("impair", ARGUMENT_REQUIRED),
    NOT_YET("initiateontraffic", ARGUMENT_NONE),
    NOT_YET("keyid", ARGUMENT_REQUIRED),
    NOT_YET("listgroups", ARGUMENT_NONE),
    NOT_YET("magic", ARGUMENT_REQUIRED),
    NOT_YET("myid", ARGUMENT_REQUIRED),
    NOT_YET("no-impair", ARGUMENT_REQUIRED),
    NOT_YET("no-keep-alive", ARGUMENT_NONE),
    NOT_YET("oppodport", ARGUMENT_REQUIRED),
    NOT_YET("oppohere", ARGUMENT_REQUIRED),
    NOT_YET("oppolabel", ARGUMENT_REQUIRED),
    NOT_YET("oppoproto", ARGUMENT_REQUIRED),
    NOT_YET("opporeqid", ARGUMENT_REQUIRED),
    NOT_YET("opposport", ARGUMENT_REQUIRED),
    NOT_YET("oppothere", ARGUMENT_REQUIRED),
    NOT_YET("pfsgroup", ARGUMENT_REQUIRED),
    NOT_YET("pubkeyrsa", ARGUMENT_REQUIRED),
    NOT_YET("purgeocsp", ARGUMENT_NONE),
    NOT_YET("redirect-to", ARGUMENT_REQUIRED),
    NOT_YET("rereadcerts", ARGUMENT_NONE),
    NOT_YET("rereadcrls", ARGUMENT_NONE),
    NOT_YET("rereadgroups", ARGUMENT_NONE),
    NOT_YET("seccomp-crashtest", ARGUMENT_NONE),
    NOT_YET("suspend", ARGUMENT_NONE),
    NOT_YET("username", ARGUMENT_REQUIRED),
    NOT_YET("utc", ARGUMENT_NONE),
    NOT_YET("xauthname", ARGUMENT_REQUIRED),
    NOT_YET("xauthpass", ARGUMENT_REQUIRED),
    NOT_YET("xauthuser", ARGUMENT_REQUIRED),
};

const size_t whack_option_count = ARRAY_SIZE(whack_options);

const struct whack_option *whack_option_find(const char *name)
{
    for (size_t i = 0; i < whack_option_count; i++) {
        if (strcmp(whack_options[i].name, name) == 0)
            return &whack_options[i];
    }
    return NULL;
}

const struct keyword *whack_connection_keyword(const struct keyword_option *option)
{
    for (size_t i = 0; i < conn_keyword_count; i++) {
        if (strcmp(conn_keywords[i].name, option->keyword) == 0)
            return &conn_keywords[i];
    }
    return NULL;
}

const char *whack_option_nearest(const char *name)
{
    size_t count = whack_option_count + whack_connection_option_count;
    const char **names = calloc(count, sizeof(*names));
    if (names == NULL)
        return NULL;
    for (size_t i = 0; i < whack_option_count; i++)
        names[i] = whack_options[i].name;
    for (size_t i = 0; i < whack_connection_option_count; i++)
        names[whack_option_count + i] = whack_connection_options[i].name;
    const char *nearest = text_nearest(name, names, count);
    free(names);
    return nearest;
}

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
        if (option->help != NULL)
            print_option(option->name, option->argument, option->argument_text, option->help);
    }
    print_option("optionsfrom", ARGUMENT_REQUIRED, "FILE", "read options from FILE here");
    puts("\nA connection: --name CONNECTION, the left end, --to, the right end, and how it is to be; each "
         "option\n"
         "sets the keyword of ipsec.conf(5) that stands beside it:");
    for (size_t i = 0; i < whack_connection_option_count; i++)
        print_connection_option(&whack_connection_options[i]);
}
