/*
 * whack's command line: the option surface of ipsec_whack(8), FreeS/WAN's and Libreswan's spellings, and what
 * it asks of pluto: a list of requests in the order in which they are to be carried out.
 */
#ifndef STYX_TOOLS_WHACK_ARGUMENTS_H
#define STYX_TOOLS_WHACK_ARGUMENTS_H

#include <jansson.h>

#include "config/keyword.h"
#include "tools/control_client.h"

/* What whack does, in the order in which one command line does it. */
enum whack_action {
    WHACK_DELETE,
    WHACK_DELETE_STATE,
    WHACK_ADD,
    WHACK_DEBUG,
    WHACK_DDOS,
    WHACK_REREAD_SECRETS,
    WHACK_REREAD_ALL,
    WHACK_LISTEN,
    WHACK_UNLISTEN,
    WHACK_ROUTE,
    WHACK_UNROUTE,
    WHACK_INITIATE,
    WHACK_TERMINATE,
    WHACK_REKEY_IKE,
    WHACK_REKEY_CHILD,
    WHACK_GLOBAL_STATUS,
    WHACK_STATUS,
    WHACK_BRIEF_STATUS,
    WHACK_CONNECTION_STATUS,
    WHACK_TRAFFIC_STATUS,
    WHACK_SHOW_STATES,
    WHACK_SHUNT_STATUS,
    WHACK_PROCESS_STATUS,
    WHACK_ADDRESSPOOL_STATUS,
    WHACK_FIPS_STATUS,
    WHACK_LIST_EVENTS,
    WHACK_BRIEF_CONNECTION_STATUS,
    WHACK_LIST_PUBLIC_KEYS,
    WHACK_CHECK_PUBLIC_KEYS,
    WHACK_LIST_PSKS,
    WHACK_LIST_CERTIFICATES,
    WHACK_LIST_CA_CERTIFICATES,
    WHACK_LIST_CRLS,
    WHACK_LIST_ALL,
    WHACK_CLEAR_STATISTICS,
    WHACK_SHUTDOWN,
    WHACK_ACTION_COUNT,
    WHACK_FIRST_LISTING = WHACK_GLOBAL_STATUS, /* what can be told as JSON too */
    WHACK_LAST_LISTING = WHACK_LIST_ALL,
};

struct whack_arguments {
    struct control_location location;
    const char *label;
    const char *name;
    const char *remote_host;
    const char *state_number; /* --deletestate */
    const char *ddos_mode;
    char *debug; /* classes, "base,no-crypt"; malloc'd */
    bool wants_help;
    bool wants_version;
    bool is_asynchronous;
    bool leaves_state;
    bool wants_json;
    bool actions[WHACK_ACTION_COUNT];
    /* The connection form. */
    bool has_to;
    enum keyword_end end; /* which is being described */
    json_t *connection;   /* keyword of ipsec.conf -> value; NULL: none was given */
};

/* Reads argv[1] and on. Strings are borrowed from argv and from files named by --optionsfrom, which live as
 * long as the result. False: the reason, as it is to be printed after "whack: ". */
bool whack_arguments_parse(struct whack_arguments *arguments, int argc, char **argv, struct error *error);
void whack_arguments_free(struct whack_arguments *arguments);

/* The requests of docs/control-protocol.md, a JSON array for the caller to decref; NULL: the reason (a name
 * is missing, nothing to do ...). */
json_t *whack_arguments_requests(const struct whack_arguments *arguments, struct error *error);

/* All options with their help, for --help. */
void whack_print_help(void);

#endif
