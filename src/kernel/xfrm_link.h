/*
 * The netlink socket to the kernel's XFRM: requests are gathered and sent many at a time; each answer finds
 * the request that it belongs to by its sequence number. The kernel works a request off while it is being
 * sent, so its answer can be read at once and nothing ever waits.
 */
#ifndef STYX_KERNEL_XFRM_LINK_H
#define STYX_KERNEL_XFRM_LINK_H

#include "base/address.h"
#include "kernel/kernel_ticket.h"

struct mnl_socket;
struct nlmsghdr;

/* A batch is sent when it has so many requests; whoever reads an answer may add two more for each. */
enum {
    XFRM_BATCH_REQUESTS = 64,
    XFRM_BATCH_CAPACITY = 3 * XFRM_BATCH_REQUESTS,
    XFRM_REQUEST_SIZE = 2048, /* at most */
    XFRM_BATCH_SIZE = XFRM_BATCH_CAPACITY * XFRM_REQUEST_SIZE,
};

struct xfrm_link {
    struct mnl_socket *requests, *events;
    uint32_t sequence; /* of the last request that was added */
    size_t ticket_count;
    struct kernel_ticket tickets[XFRM_BATCH_CAPACITY]; /* the last one's has that sequence number */
    size_t size;
    uint8_t *batch; /* XFRM_BATCH_SIZE bytes; holds keys until it is sent, then wiped */
    bool is_flushing;

    /* Called for each request when its answer has come: failure 0 or an errno value with the kernel's own
     * words
     * ("" if none); reply is what it sent, NULL for a bare acknowledgement. */
    void (*on_answer)(void *context, const struct kernel_ticket *ticket, int failure, const char *words,
                      const struct nlmsghdr *reply);
    void (*on_event)(void *context, const struct nlmsghdr *message);
    void (*on_overrun)(void *context); /* events were lost: the kernel had more than the socket holds */
    void *context;
};

bool xfrm_link_open(struct xfrm_link *link, struct error *error);
void xfrm_link_close(struct xfrm_link *link);
int xfrm_link_events_fd(const struct xfrm_link *link);

/* Room for one request of the type, with a copy of its fixed header; attributes are then put after it. A full
 * batch is sent first. The request counts when xfrm_link_end() is called. */
struct nlmsghdr *xfrm_link_begin(struct xfrm_link *link, uint16_t type, uint16_t flags, const void *header,
                                 size_t header_size);
void xfrm_link_end(struct xfrm_link *link, struct nlmsghdr *message, const struct kernel_ticket *ticket);

/* Sends what was gathered and hands out the answers. */
void xfrm_link_flush(struct xfrm_link *link);
/* From now on the answer to a request that has deleted an SA is the SA as it was then, in the form of
 * XFRM_MSG_DELSA's notification. */
void xfrm_link_tell_of_sas(struct xfrm_link *link, bool is_wanted);
/* Reads the events that have come. */
void xfrm_link_read_events(struct xfrm_link *link);

/* Waits for the answers: only while starting. 0 or an errno value; visit sees each part of a dump. */
int xfrm_link_transact(struct xfrm_link *link, struct nlmsghdr *message,
                       int (*visit)(const struct nlmsghdr *part, void *context), void *context);

#endif
