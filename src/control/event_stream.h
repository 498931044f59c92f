/*
 * The stream of events: what happens to SAs and connections, as one JSON object a line (docs/json.md), to
 * whoever asked for it. A reader that does not keep up loses events and is told how many; it costs the
 * daemon a bounded amount of memory and never any waiting.
 */
#ifndef STYX_CONTROL_EVENT_STREAM_H
#define STYX_CONTROL_EVENT_STREAM_H

#include "base/list.h"
#include "base/timer_wheel.h"
#include "engine/report.h"

struct control;
struct control_session;

/* Waiting bytes from which a reader is behind, and below which one that missed events is told of it and gets
 * them again. Who is behind for longer than that time, or by more than a burst, loses events: thousands of
 * tunnels may go in one instant, and a reader that keeps up has had no chance yet to take any of it. Many
 * readers share what all bursts may take. */
enum {
    EVENTS_HIGH_WATER = 256 * 1024,
    EVENTS_LOW_WATER = 64 * 1024,
    EVENTS_BURST_MAX = 16 * 1024 * 1024,
    EVENTS_ALL_BURSTS_MAX = 4 * EVENTS_BURST_MAX
};
#define EVENTS_BEHIND_MAX (5 * USEC_PER_SEC)

struct event_subscription {
    struct list_node node; /* of control->subscribers; unlinked: none */
    uint64_t missed;
    bool is_behind;
    usec_t behind_since;
    char name[256]; /* only of this connection; empty: all */
};

/* From now on the session's reply is the stream; it ends with the session or the daemon. */
void events_subscribe(struct control_session *session, const char *name);
void events_unsubscribe(struct control_session *session);
bool events_are_read_by(const struct control_session *session);
/* The reader has taken something: it may have caught up. */
void events_continue(struct control_session *session);
void events_tell(struct control *control, const struct report *report);
/* The daemon ends: so do the streams. */
void events_end(struct control *control);

#endif
