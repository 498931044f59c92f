/* What the engine tells people: log lines, progress of a command, events. One stream; the world routes it. */
#ifndef STYX_ENGINE_REPORT_H
#define STYX_ENGINE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

/* Message numbers of whack, stable: reference rc-codes, Libreswan 4.x numbering ("NNN text"). */
enum rc {
    RC_COMMENT = 0,
    RC_LOG = 2,
    RC_LOG_SERIOUS = 3,
    RC_SUCCESS = 4,
    RC_INFORMATIONAL = 5,
    RC_INFORMATIONAL_TRAFFIC = 6,
    RC_RETRANSMISSION = 10,
    RC_DUPNAME = 20,
    RC_UNKNOWN_NAME = 21,
    RC_ORIENT = 22,
    RC_CLASH = 23,
    RC_DEAF = 24,
    RC_ROUTE = 25,
    RC_RTBUSY = 26,
    RC_BADID = 27,
    RC_NOKEY = 28,
    RC_NOPEERIP = 29,
    RC_INITSHUNT = 30,
    RC_WILDCARD = 31,
    RC_WHACK_PROBLEM = 33,
    RC_ENTERSECRET = 40, /* the text is a question; the waiting client answers by COMMAND_ANSWER */
    RC_USERPROMPT = 41,
    RC_BADWHACKMESSAGE = 30,
    RC_NORETRANSMISSION = 31,
    RC_INTERNAL_ERROR = 32,
    RC_OPPOFAILURE = 33,
    RC_CRYPTOFAILED = 34,
    RC_FATAL = 36,
    RC_NEW_V1_STATE = 100, /* + state number: 102 sent Main Mode request, 115 sent Quick Mode request */
    RC_NEW_V2_STATE = 150, /* + state number: 181 sent IKE_SA_INIT, 182 sent IKE_AUTH */
    RC_NOTIFICATION = 200, /* + notify type below 200 */
};

enum event_kind {
    EVENT_NONE,
    EVENT_IKE_UP,
    EVENT_IKE_DOWN,
    EVENT_IKE_REKEYED,
    EVENT_CHILD_UP,
    EVENT_CHILD_DOWN,
    EVENT_CHILD_REKEYED,
    EVENT_CHILD_TRAFFIC, /* it is gone; counters are its last */
    EVENT_FAILED,
    EVENT_PEER_MOVED,
    EVENT_CONNECTION_ADDED,
    EVENT_CONNECTION_REMOVED,
    EVENT_ROUTING, /* text: the new routing state */
    EVENT_LISTENING,
    EVENT_NOT_LISTENING,
    EVENT_SHUTDOWN,
};

struct traffic {
    uint64_t in_bytes, out_bytes;
};

struct report {
    int code;         /* enum rc */
    uint64_t client;  /* the command that waits for this, 0 none; it goes to the log as well */
    bool is_final;    /* the command `client` has ended; its exit status is `code` */
    bool is_repeated; /* for one more that waits for the same: the log has it already */
    enum event_kind event;
    const char *connection; /* may be NULL */
    uint64_t ike_serial;    /* 0 none */
    uint64_t child_serial;
    /* The whole line as people see it, with its "NAME" #N: prefix; no number. May be empty with is_final.
     * With an event: a detail for the event stream, not a line for the log or whack. */
    const char *text;
    const struct traffic *counters; /* EVENT_CHILD_TRAFFIC; else NULL */
};

#endif
