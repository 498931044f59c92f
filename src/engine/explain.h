/* What stands between a connection and its being up, for `ipsec explain`: the state it is in, what would be
 * used, and the last failure. */
#ifndef STYX_ENGINE_EXPLAIN_H
#define STYX_ENGINE_EXPLAIN_H

#include "engine/failure.h"
#include "engine/view.h"

enum explain_verdict {
    EXPLAIN_UP,
    EXPLAIN_UNDER_WAY,   /* being negotiated now */
    EXPLAIN_NOT_HEARING, /* pluto does not listen */
    EXPLAIN_NOT_OURS,    /* neither end is an address of this host, or both are */
    EXPLAIN_FAILED,      /* the last try did not come to an end that was wished for */
    EXPLAIN_NO_SECRET,
    EXPLAIN_WAITS,     /* for peers: it is a template */
    EXPLAIN_NOT_TRIED, /* nothing is known to be wrong */
};

enum { EXPLAIN_TEXT_SIZE = 1024 };

struct explanation {
    enum explain_verdict verdict;
    struct connection_view connection;
    const struct failure *failure; /* NULL: none so far */
    bool needs_secret, has_secret;
    char secret[EXPLAIN_TEXT_SIZE]; /* FILE:LINE, or why there is none */
    char ike_proposals[EXPLAIN_TEXT_SIZE], child_proposals[EXPLAIN_TEXT_SIZE];
    char local_selectors[EXPLAIN_TEXT_SIZE], remote_selectors[EXPLAIN_TEXT_SIZE]; /* "" when not ours */
    bool has_ike, has_child;
    struct ike_view ike;
    struct child_view child;
};

/* The number-th (from 0) of those that the name means: one, or those of an alias. False: there are no more.
 * Borrowed like a view. */
bool engine_explain(struct engine *engine, const char *name, size_t number, struct explanation *out);
/* "up", "failed" ...: for programs. */
const char *explain_verdict_name(enum explain_verdict verdict);

#endif
