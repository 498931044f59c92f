/*
 * The PF_KEY socket (RFC 2367 1.3). The kernel works a message off while it is being sent and tells every
 * socket the outcome, ours too: the answer is known by our process id and its sequence number, and all else
 * that comes is an event. A message that the kernel has no room for waits in a queue; nothing ever blocks.
 */
#ifndef STYX_KERNEL_PFKEY_LINK_H
#define STYX_KERNEL_PFKEY_LINK_H

#include "base/list.h"
#include "kernel/kernel_ticket.h"
#include "kernel/pfkey_message.h"

struct pfkey_link {
    int fd;
    int retry_fd; /* a timer: readable when a waiting message is to be tried again */
    uint32_t pid, sequence;
    struct list_node waiting; /* messages that found no room */
    /* failure: 0 or an errno value; answer is NULL when none came. */
    void (*on_answer)(void *context, const struct kernel_ticket *ticket, int failure,
                      const struct pfkey_message *answer);
    void (*on_event)(void *context, const struct pfkey_message *message);
    void (*on_overrun)(void *context); /* events may be lost: the socket held all that it can */
    void *context;
};

/* False where the kernel has no PF_KEY, with a reason that says so. */
bool pfkey_link_open(struct pfkey_link *link, struct error *error);
/* What still waits is wiped, not sent. */
void pfkey_link_close(struct pfkey_link *link);

/* Sends what was written, and wipes it; sequence: 0, or that of an ACQUIRE that the message answers. */
void pfkey_link_send(struct pfkey_link *link, struct writer *message, uint32_t sequence,
                     const struct kernel_ticket *ticket);
/* Tries what waits once more, and reads what the kernel has told unasked. */
void pfkey_link_dispatch(struct pfkey_link *link);

/* While starting: sends a message and waits, at most two seconds, for its answers (for a dump: all of them).
 * An errno value. */
int pfkey_link_transact(struct pfkey_link *link, struct writer *message,
                        void (*visit)(void *context, const struct pfkey_message *part), void *context);

#endif
