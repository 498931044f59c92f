/* The table of whack's own options: ipsec_whack(8). */
#include "tools/whack_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

#define NO_ACTION .action = WHACK_ACTION_COUNT
#define AT(field) .offset = offsetof(struct whack_arguments, field)
#define GROUP(title)                                                                                         \
    {                                                                                                        \
        NULL, .kind = OPTION_GROUP, NO_ACTION, .help = (title)                                               \
    }
#define ACTION(option, act, text)                                                                            \
    {                                                                                                        \
        option, .kind = OPTION_ACTION, .action = (act), .asks = true, .help = (text)                         \
    }
#define FIELD(option, field, form, text)                                                                     \
    {                                                                                                        \
        option, ARGUMENT_REQUIRED, OPTION_FIELD, NO_ACTION, AT(field), .argument_text = (form),              \
                                                                       .help = (text)                        \
    }
#define SWITCH(option, field, text)                                                                          \
    {                                                                                                        \
        option, .kind = OPTION_SWITCH, NO_ACTION, AT(field), .help = (text)                                  \
    }
#define ASKS(option, act, member_kind, member_name, form, text)                                              \
    {                                                                                                        \
        option, ARGUMENT_REQUIRED, member_kind, .action = (act), .asks = true, .member = (member_name),      \
                                                .argument_text = (form), .help = (text)                      \
    }
#define WITH(option, act, member_kind, member_name, form, text)                                              \
    {                                                                                                        \
        option, ARGUMENT_REQUIRED, member_kind, .action = (act), .member = (member_name),                    \
                                                .argument_text = (form), .help = (text)                      \
    }
#define YES_NO(option, act, member_name, text)                                                               \
    {                                                                                                        \
        option, ARGUMENT_OPTIONAL, OPTION_YES_NO, .action = (act), .member = (member_name),                  \
                                                  .argument_text = "yes|no", .help = (text)                  \
    }
#define DEBUG_SPELLING(option, classes)                                                                      \
    {                                                                                                        \
        option, .kind = OPTION_WORDS, .action = WHACK_DEBUG, .asks = true, .member = "classes",              \
                .fixed = (classes)                                                                           \
    }
#define DDOS_SPELLING(option, mode)                                                                          \
    {                                                                                                        \
        option, .kind = OPTION_FIXED, .action = WHACK_DDOS, .asks = true, .member = "mode", .fixed = (mode), \
                .replaced_by = "ddos-mode " mode                                                             \
    }
#define USER(option)                                                                                         \
    {                                                                                                        \
        option, ARGUMENT_REQUIRED, OPTION_USER, NO_ACTION                                                    \
    }
#define NOT_YET(option, takes, reason)                                                                       \
    {                                                                                                        \
        option, takes, OPTION_NOT_YET, NO_ACTION, .fixed = (reason)                                          \
    }
#define REFUSED(option, takes, advice)                                                                       \
    {                                                                                                        \
        option, takes, OPTION_REFUSED, NO_ACTION, .fixed = (advice)                                          \
    }
#define IGNORED(option, takes)                                                                               \
    {                                                                                                        \
        option, takes, OPTION_IGNORED, NO_ACTION                                                             \
    }

const struct whack_option whack_options[] = {
    SWITCH("help", wants_help, "print this text"),
    SWITCH("version", wants_version, "print the version"),

    GROUP("Where pluto is, and how it answers"),
    FIELD("ctlsocket", location.ctlsocket, "PATH", "the control socket of pluto"),
    FIELD("rundir", location.rundir, "DIRECTORY", "the directory of pluto.ctl"),
    FIELD("ctlbase", location.ctlbase, "PATH", "the control socket without its .ctl"),
    FIELD("label", label, "TEXT", "put TEXT before our own error messages"),
    SWITCH("utc", wants_utc, "print times in UTC"),
    SWITCH("json", wants_json, "status, lists and traffic as a JSON document"),
    {"magic", ARGUMENT_REQUIRED, OPTION_MAGIC, NO_ACTION, .argument_text = "NUMBER",
     .help = "speak that version of the control protocol"},

    GROUP("Connections"),
    FIELD("name", name, "CONNECTION", "the connection that this is about"),
    {"to", .kind = OPTION_TO, NO_ACTION, .help = "ends the left end, begins the right"},
    ACTION("delete", WHACK_DELETE, "delete the connection and its SAs; with --to, before it is added"),
    ACTION("route", WHACK_ROUTE, "bring the connection up when traffic asks for it"),
    ACTION("ondemand", WHACK_ROUTE, NULL),
    ACTION("unroute", WHACK_UNROUTE, "undo --route"),
    ACTION("initiate", WHACK_INITIATE, "bring the connection up and say how it goes"),
    YES_NO("asynchronous", WHACK_INITIATE, "asynchronous", "do not wait for the outcome"),
    YES_NO("async", WHACK_INITIATE, "asynchronous", NULL),
    YES_NO("bg", WHACK_INITIATE, "asynchronous", NULL),
    WITH("remote-host", WHACK_INITIATE, OPTION_TEXT, "remote-host", "ADDRESS",
         "the peer, where the connection leaves it open"),
    {"username", ARGUMENT_REQUIRED, OPTION_USER, NO_ACTION, .argument_text = "NAME",
     .help = "with --initiate: the user name, if asked; else of this end"},
    USER("xauthuser"),
    USER("xauthname"),
    FIELD("xauthpass", password, "PASSWORD", "with --initiate: the password, if asked"),
    ACTION("terminate", WHACK_TERMINATE, "delete the SAs of the connection, keep it down"),
    ACTION("down", WHACK_TERMINATE, NULL),
    ACTION("rekey-ike", WHACK_REKEY_IKE, "rekey the IKE SA of the connection"),
    ACTION("rekey-child", WHACK_REKEY_CHILD, "rekey the Child SA of the connection"),
    ACTION("rekey-ipsec", WHACK_REKEY_CHILD, NULL),
    ACTION("delete-ike", WHACK_DELETE_IKE, "delete the IKE SA of the connection; it may come up again"),
    ACTION("delete-child", WHACK_DELETE_CHILD, "delete the Child SA; it may come up again"),
    ACTION("down-ike", WHACK_DOWN_IKE, "delete the IKE SA of the connection, keep it down"),
    ACTION("down-child", WHACK_DOWN_CHILD, "delete the Child SA of the connection, keep it down"),

    GROUP("Single SAs and peers"),
    ASKS("deletestate", WHACK_DELETE_STATE, OPTION_NUMBER, "serial", "NUMBER",
         "delete the SA of that number"),
    ACTION("deleteuser", WHACK_DELETE_USER, "delete the SAs of the user --name"),
    ACTION("deleteid", WHACK_DELETE_ID, "delete the SAs of the peer with the identity --name"),
    ASKS("crash", WHACK_CRASH, OPTION_TEXT, "address", "ADDRESS",
         "that peer has restarted: bring its connections up anew"),

    GROUP("Opportunistic initiation: both addresses, the rest as wanted"),
    ASKS("oppohere", WHACK_OPPORTUNISTIC, OPTION_TEXT, "here", "ADDRESS", "where the packet comes from"),
    ASKS("oppothere", WHACK_OPPORTUNISTIC, OPTION_TEXT, "there", "ADDRESS", "where it goes"),
    WITH("oppoproto", WHACK_OPPORTUNISTIC, OPTION_TEXT, "protocol", "PROTOCOL",
         "its protocol, ICMP if not said"),
    WITH("opposport", WHACK_OPPORTUNISTIC, OPTION_NUMBER, "source-port", "PORT", "its source port"),
    WITH("oppodport", WHACK_OPPORTUNISTIC, OPTION_NUMBER, "destination-port", "PORT", "its destination port"),
    NOT_YET("oppolabel", ARGUMENT_REQUIRED, "security labels"),
    NOT_YET("opporeqid", ARGUMENT_REQUIRED, NULL),

    GROUP("Public keys"),
    ASKS("keyid", WHACK_KEY, OPTION_TEXT, "id", "IDENTITY", "whose public key it is"),
    WITH("pubkeyrsa", WHACK_KEY, OPTION_TEXT, "key", "KEY",
         "an RSA key as of RFC 3110: 0s base64, 0x hexadecimal"),
    {"addkey", .kind = OPTION_YES_NO, .action = WHACK_KEY, .member = "add",
     .help = "beside the keys that IDENTITY has, not instead of them"},
    ASKS("myid", WHACK_MY_ID, OPTION_TEXT, "id", "IDENTITY", "what %myid stands for"),

    GROUP("The daemon"),
    ACTION("listen", WHACK_LISTEN, "look for interfaces, read the secrets, answer peers"),
    ACTION("unlisten", WHACK_UNLISTEN, "answer no peers"),
    ACTION("rereadsecrets", WHACK_REREAD_SECRETS, "read ipsec.secrets again"),
    ACTION("rereadcerts", WHACK_REREAD_CERTIFICATES, "(certificates are not supported yet)"),
    ACTION("rereadall", WHACK_REREAD_ALL, "read again all that can be read again"),
    ACTION("fetchcrls", WHACK_FETCH_CRLS, "(certificates are not supported yet)"),
    ACTION("purgeocsp", WHACK_PURGE_OCSP, "(certificates are not supported yet)"),
    REFUSED("rereadcrls", ARGUMENT_NONE, "use --fetchcrls"),
    ACTION("ddns", WHACK_DDNS, "look up the host names of connections again"),
    ASKS("ddos-mode", WHACK_DDOS, OPTION_TEXT, "mode", "auto|busy|unlimited",
         "when to ask initiators for cookies"),
    DDOS_SPELLING("ddos-auto", "auto"),
    DDOS_SPELLING("ddos-busy", "busy"),
    DDOS_SPELLING("ddos-unlimited", "unlimited"),
    ASKS("ike-socket-bufsize", WHACK_SOCKET, OPTION_NUMBER, "buffer-size", "BYTES",
         "buffers of the IKE sockets; 0: the system's default"),
    {"ike-socket-errqueue", ARGUMENT_REQUIRED, OPTION_YES_NO, WHACK_SOCKET, .asks = true,
     .member = "error-queue", .argument_text = "yes|no", .help = "whether to read errors of the IKE sockets"},
    {"ike-socket-errqueue-toggle", .kind = OPTION_YES_NO, .action = WHACK_SOCKET, .asks = true,
     .member = "error-queue-toggle", .replaced_by = "ike-socket-errqueue yes|no"},
    ACTION("seccomp-crashtest", WHACK_TEST_SANDBOX, "make pluto do what seccomp= forbids"),
    ACTION("shutdown", WHACK_SHUTDOWN, "end pluto, telling the peers"),
    {"leave-state", .kind = OPTION_YES_NO, .action = WHACK_SHUTDOWN, .member = "leave-state",
     .help = "with --shutdown: tell nobody, leave the SAs"},

    GROUP("Debugging; with --name, of that connection"),
    ASKS("debug", WHACK_DEBUG, OPTION_WORDS, "classes", "CLASSES",
         "log more; --debug help lists the classes"),
    ASKS("no-debug", WHACK_DEBUG, OPTION_WORDS_OFF, "classes", "CLASSES", "log less"),
    ASKS("impair", WHACK_IMPAIR, OPTION_WORDS, "impairments", "BEHAVIOURS",
         "misbehave, to test; help lists the ways, list those in use"),
    ASKS("no-impair", WHACK_IMPAIR, OPTION_WORDS_OFF, "impairments", "BEHAVIOURS", "behave again"),
    DEBUG_SPELLING("debug-all", "all"),
    DEBUG_SPELLING("debug-none", "none"),
    DEBUG_SPELLING("debug-raw", "raw"),
    DEBUG_SPELLING("debug-crypt", "crypt"),
    DEBUG_SPELLING("debug-parsing", "parsing"),
    DEBUG_SPELLING("debug-emitting", "emitting"),
    DEBUG_SPELLING("debug-control", "control"),
    DEBUG_SPELLING("debug-lifecycle", "lifecycle"),
    DEBUG_SPELLING("debug-klips", "klips"),
    DEBUG_SPELLING("debug-kernel", "kernel"),
    DEBUG_SPELLING("debug-dns", "dns"),
    DEBUG_SPELLING("debug-oppo", "oppo"),
    DEBUG_SPELLING("debug-oppoinfo", "oppoinfo"),
    DEBUG_SPELLING("debug-private", "private"),
    DEBUG_SPELLING("debug-controlmore", "controlmore"),
    DEBUG_SPELLING("debug-pfkey", "pfkey"),
    DEBUG_SPELLING("debug-natt", "natt"),
    DEBUG_SPELLING("debug-x509", "x509"),
    DEBUG_SPELLING("debug-dpd", "dpd"),

    GROUP("What there is"),
    ACTION("status", WHACK_STATUS, "all there is to say"),
    ACTION("briefstatus", WHACK_BRIEF_STATUS, "how many SAs there are"),
    ACTION("connectionstatus", WHACK_CONNECTION_STATUS, "the connections, or the one named"),
    ACTION("briefconnectionstatus", WHACK_BRIEF_CONNECTION_STATUS, "a line for each, or the one named"),
    ACTION("trafficstatus", WHACK_TRAFFIC_STATUS, "bytes through each Child SA, or of the one named"),
    ACTION("showstates", WHACK_SHOW_STATES, "every SA and what it waits for"),
    ACTION("statestatus", WHACK_SHOW_STATES, NULL),
    ACTION("shuntstatus", WHACK_SHUNT_STATUS, "shunts without a connection"),
    ACTION("processstatus", WHACK_PROCESS_STATUS, "the programs (updown scripts ...) that run just now"),
    ACTION("addresspoolstatus", WHACK_ADDRESSPOOL_STATUS, "address pools and their leases"),
    ACTION("fipsstatus", WHACK_FIPS_STATUS, "whether FIPS mode is on"),
    ACTION("globalstatus", WHACK_GLOBAL_STATUS, "counters, as NAME=VALUE"),
    ACTION("globalstats", WHACK_GLOBAL_STATUS, NULL),
    ACTION("clearstats", WHACK_CLEAR_STATISTICS, "set the counters to nought"),
    ACTION("listall", WHACK_LIST_ALL, "all keys and certificates"),
    ACTION("listpubkeys", WHACK_LIST_PUBLIC_KEYS, "the public keys"),
    ACTION("checkpubkeys", WHACK_CHECK_PUBLIC_KEYS, "those that have expired or soon will"),
    ACTION("listpsks", WHACK_LIST_PSKS, "whose shared secrets there are, not what they are"),
    ACTION("listcerts", WHACK_LIST_CERTIFICATES, "the certificates"),
    ACTION("listcacerts", WHACK_LIST_CA_CERTIFICATES, "the certificates of authorities"),
    ACTION("listcrls", WHACK_LIST_CRLS, "the revocation lists"),
    ACTION("events", WHACK_EVENTS, "what happens, as it happens: a JSON object a line"),
    ACTION("listevents", WHACK_LIST_EVENTS, "the timers that run"),

    NOT_YET("global-redirect", ARGUMENT_REQUIRED, "redirection (RFC 5685)"),
    NOT_YET("global-redirect-to", ARGUMENT_REQUIRED, "redirection (RFC 5685)"),
    NOT_YET("redirect-to", ARGUMENT_REQUIRED, "redirection (RFC 5685)"),
    NOT_YET("suspend", ARGUMENT_NONE, "session resumption (RFC 5723)"),
    NOT_YET("listgroups", ARGUMENT_NONE, "groups are those of attribute certificates"),
    NOT_YET("rereadgroups", ARGUMENT_NONE, "--listen reads policy groups"),
    {"pfsgroup", ARGUMENT_REQUIRED, OPTION_FIELD, NO_ACTION, AT(pfs_group),
     .replaced_by = "esp ALGORITHMS;GROUP"},
    REFUSED("initiateontraffic", ARGUMENT_NONE, "use --route after the connection is added"),
    IGNORED("certtype", ARGUMENT_REQUIRED),
    IGNORED("disablearrivalcheck", ARGUMENT_NONE),
    IGNORED("groups", ARGUMENT_REQUIRED),
};

const size_t whack_option_count = ARRAY_SIZE(whack_options);

const struct whack_option *whack_option_find(const char *name)
{
    for (size_t i = 0; i < whack_option_count; i++) {
        if (whack_options[i].name != NULL && strcmp(whack_options[i].name, name) == 0)
            return &whack_options[i];
    }
    return NULL;
}

const char *whack_option_of_member(enum whack_action action, const char *member)
{
    for (size_t i = 0; i < whack_option_count; i++) {
        const struct whack_option *option = &whack_options[i];
        if (option->action == action && option->member != NULL && strcmp(option->member, member) == 0)
            return option->name;
    }
    return member;
}

const struct keyword *whack_connection_keyword(const struct keyword_option *option)
{
    for (size_t i = 0; i < conn_keyword_count; i++) {
        if (strcmp(conn_keywords[i].name, option->keyword) == 0)
            return &conn_keywords[i];
    }
    return NULL;
}

/* The names of both tables, for the caller to free. */
static const char **all_names(size_t *ret_count)
{
    const char **names = calloc(whack_option_count + whack_connection_option_count, sizeof(*names));
    size_t count = 0;
    for (size_t i = 0; names != NULL && i < whack_option_count; i++) {
        if (whack_options[i].name != NULL)
            names[count++] = whack_options[i].name;
    }
    for (size_t i = 0; names != NULL && i < whack_connection_option_count; i++)
        names[count++] = whack_connection_options[i].name;
    *ret_count = count;
    return names;
}

const char *whack_option_nearest(const char *name)
{
    size_t count;
    const char **names = all_names(&count);
    const char *nearest = names != NULL ? text_nearest(name, names, count) : NULL;
    free(names);
    return nearest;
}

const char *whack_option_complete(const char *name)
{
    size_t count, length = strlen(name);
    const char **names = all_names(&count), *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(names[i], name, length) != 0)
            continue;
        if (found != NULL) {
            found = NULL;
            break;
        }
        found = names[i];
    }
    free(names);
    return found;
}
