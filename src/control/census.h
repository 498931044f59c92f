/* How many SAs and connections there are, in which states: counted in pieces, for a hundred thousand take
 * their time. */
#ifndef STYX_CONTROL_CENSUS_H
#define STYX_CONTROL_CENSUS_H

#include <stdbool.h>
#include <stdint.h>

struct control_session;

enum { CENSUS_STATES = 64 };

struct census {
    bool is_complete;
    uint64_t after_ike, after_child, after_connection; /* how far it has come */
    uint64_t connections, active_connections, shunts;
    uint64_t open_ikes, established_ikes, established_children;
    uint64_t states[CENSUS_STATES]; /* in the order of census_state_name() */
    unsigned last_state;            /* the same as the one before, most often */
};

/* Counts on, for session->listing. False: all have been counted. */
bool census_continue(struct control_session *session);
/* The states that Libreswan 4.x counts, in its order; NULL past the end. */
const char *census_state_name(unsigned index);

#endif
