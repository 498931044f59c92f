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
    WHACK_DELETE_ID,
    WHACK_DELETE_USER,
    WHACK_DELETE_STATE,
    WHACK_CRASH,
    WHACK_DELETE,
    WHACK_ADD,
    WHACK_DEBUG,
    WHACK_IMPAIR,
    WHACK_MY_ID,
    WHACK_DDOS,
    WHACK_SOCKET,
    WHACK_DDNS,
    WHACK_TEST_SANDBOX,
    WHACK_LISTEN,
    WHACK_UNLISTEN,
    WHACK_REREAD_SECRETS,
    WHACK_REREAD_CERTIFICATES,
    WHACK_REREAD_ALL,
    WHACK_FETCH_CRLS,
    WHACK_PURGE_OCSP,
    WHACK_KEY,
    WHACK_ROUTE,
    WHACK_UNROUTE,
    WHACK_INITIATE,
    WHACK_OPPORTUNISTIC,
    WHACK_TERMINATE,
    WHACK_DOWN_IKE,
    WHACK_DOWN_CHILD,
    WHACK_DELETE_IKE,
    WHACK_DELETE_CHILD,
    WHACK_REKEY_IKE,
    WHACK_REKEY_CHILD,
    WHACK_CLEAR_STATISTICS,
    WHACK_LIST_PUBLIC_KEYS,
    WHACK_CHECK_PUBLIC_KEYS,
    WHACK_LIST_PSKS,
    WHACK_LIST_CERTIFICATES,
    WHACK_LIST_CA_CERTIFICATES,
    WHACK_LIST_CRLS,
    WHACK_LIST_ALL,
    WHACK_LIST_EVENTS,
    WHACK_GLOBAL_STATUS,
    WHACK_STATUS,
    WHACK_BRIEF_STATUS,
    WHACK_CONNECTION_STATUS,
    WHACK_BRIEF_CONNECTION_STATUS,
    WHACK_TRAFFIC_STATUS,
    WHACK_SHOW_STATES,
    WHACK_SHUNT_STATUS,
    WHACK_PROCESS_STATUS,
    WHACK_ADDRESSPOOL_STATUS,
    WHACK_FIPS_STATUS,
    WHACK_SHUTDOWN,
    WHACK_EVENTS,
    WHACK_ACTION_COUNT,
    WHACK_FIRST_LISTING = WHACK_LIST_PUBLIC_KEYS, /* what can be told as JSON too, and times in UTC */
    WHACK_LAST_LISTING = WHACK_FIPS_STATUS,
};

/* Options that are noted rather than sent as they come. */
enum whack_names {
    WHACK_NAMES_NONE,
    WHACK_NAMES_DEBUG,  /* the debug classes, for --debug help */
    WHACK_NAMES_IMPAIR, /* the impairments, for --impair help */
};

struct whack_arguments {
    struct control_location location;
    const char *label;
    const char *name;
    const char *user, *password; /* answers to pluto's prompts */
    const char *pfs_group;
    json_int_t version; /* of the control protocol, --magic; 0: ours */
    bool wants_help;
    bool wants_version;
    bool wants_utc;
    bool wants_json;
    enum whack_names names;
    bool actions[WHACK_ACTION_COUNT];
    json_t *members[WHACK_ACTION_COUNT]; /* what the requests say besides the name; NULL: nothing */
    /* The connection form. */
    bool has_to;
    enum keyword_end end;      /* which is being described */
    enum keyword_end user_end; /* where --username stood */
    json_t *connection;        /* keyword of ipsec.conf -> value; NULL: none was given */
};

/* Reads argv[1] and on. Strings are borrowed from argv and from files named by --optionsfrom, which live as
 * long as the result. Warnings (an old spelling) go to standard error. False: the reason, as it is to be
 * printed after "whack: ". */
bool whack_arguments_parse(struct whack_arguments *arguments, int argc, char **argv, struct error *error);
void whack_arguments_free(struct whack_arguments *arguments);

/* The requests of docs/control-protocol.md, a JSON array for the caller to decref; NULL: the reason (a name
 * is missing, nothing to do ...). */
json_t *whack_arguments_requests(const struct whack_arguments *arguments, struct error *error);

/* All options with their help, for --help. */
void whack_print_help(void);
/* What --debug help and --impair help ask for. */
void whack_print_names(enum whack_names names);

#endif
