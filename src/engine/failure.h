/*
 * Why a connection could not be brought up: the last failure of each, as a small typed record. It is told as
 * the last line of a failed --up, and again by `ipsec explain` (explain.h).
 */
#ifndef STYX_ENGINE_FAILURE_H
#define STYX_ENGINE_FAILURE_H

#include "engine/engine.h"

struct connection;
struct ike_sa;

/* error->code of what IKE_AUTH checks is one of these, too. */
enum failure_kind {
    FAILURE_NONE,
    FAILURE_NO_ANSWER,      /* nothing (acceptable) came back, however often it was sent */
    FAILURE_IKE_PROPOSAL,   /* no proposal for the IKE SA in common */
    FAILURE_CHILD_PROPOSAL, /* none for the Child SA */
    FAILURE_SELECTORS,      /* the networks of both sides do not fit */
    FAILURE_AUTHENTICATION, /* the peer does not accept our identity or proof */
    FAILURE_PEER_PROOF,     /* the peer's AUTH is not what our secret makes */
    FAILURE_IDENTITY,       /* the peer is somebody else */
    FAILURE_NO_SECRET,      /* nothing in ipsec.secrets for this pair */
    FAILURE_LOGIN,          /* XAUTH: the peer does not accept our user name and password */
    FAILURE_REFUSED,        /* another error notification of the peer's */
    FAILURE_OTHER,          /* the text tells */
    FAILURE_KIND_COUNT,
};

enum { FAILURE_TEXT_SIZE = 640, FAILURE_CAUSE_SIZE = 900 };

struct failure {
    enum failure_kind kind;
    bool we_initiated;
    uint16_t notify; /* of the peer, or ours to it; 0 none */
    uint16_t count;  /* failures since the connection was last up */
    uint64_t serial; /* of the SA that failed; 0 none */
    int64_t wall;    /* seconds since the epoch */
    struct path path;
    unsigned sends; /* of the last request */
    unsigned waited_seconds;
    int network_errno;              /* what ICMP said meanwhile; 0 nothing */
    bool was_answered;              /* an earlier request of the same negotiation */
    uint16_t unproven_notify;       /* IKEv1: what came in clear meanwhile; 0 nothing */
    const char *step;               /* "IKE_SA_INIT" ...; static */
    char text[FAILURE_TEXT_SIZE];   /* what was logged */
    char cause[FAILURE_CAUSE_SIZE]; /* the same for who has to mend it: what was offered, looked for, where */
};

/* "no-answer", "ike-proposal" ...: for programs. */
const char *failure_kind_name(enum failure_kind kind);

/*
 * Keeps a failure of the connection (for an instance: of its template, which stays). `ike` may be NULL. A
 * FAILURE_OTHER does not replace what is known of the same SA: that is the cause. Returns the cause, for
 * people, borrowed; NULL when there is nothing to add to `text`.
 */
const char *failure_keep(struct engine *engine, const struct connection *connection, const struct ike_sa *ike,
                         bool we_initiated, enum failure_kind kind, uint16_t notify, const char *text);
/* What a refusal of a request for a Child SA means. */
enum failure_kind failure_of_child_notify(uint16_t notify);
/* It is up: the count begins again. */
void failure_is_over(struct connection *connection);
void failure_forget(struct engine *engine, struct connection *connection);

#endif
