/*
 * A data-plane back end, behind one small table of functions: xfrm, pfkey, userspace, none. It carries out
 * kernel requests without ever blocking its caller and tells of what happens through `on_event`, called on
 * the caller's thread from the function `dispatch` only.
 */
#ifndef STYX_KERNEL_BACKEND_H
#define STYX_KERNEL_BACKEND_H

#include "engine/kernel_request.h"
#include "engine/plane_limits.h"

struct backend;

struct backend_settings {
    void (*on_event)(void *context, const struct kernel_event *event);
    void *context;
    void (*log)(void *context, const char *line);
    usec_t (*now)(void *context);
    /* A sealed packet for the TCP stream between the two; called from dispatch. */
    void (*send_esp)(void *context, const struct ip_endpoint *local, const struct ip_endpoint *remote,
                     struct bytes packet);
    uint16_t natt_port;
    unsigned
        acquire_lifetime_seconds; /* expire-lifetime=: how long a kernel waits for an SA; 0: its default */
    uint16_t nflog_all; /* nflog-all=: the group of netfilter's log for all protected packets; 0: none */
    bool uses_interfaces_as_they_are; /* ipsec-interface-managed=no: they are the user's to make */
};

struct backend_functions {
    const char *name; /* protostack= */
    /* NULL with a reason: what this platform lacks and how to get it. */
    struct backend *(*open)(const struct backend_settings *settings, struct error *error);
    /* Undoes everything it made on the host (interfaces, routes, rules) unless leave_state. */
    void (*close)(struct backend *backend, bool leave_state);
    void (*request)(struct backend *backend, const struct kernel_request *request);
    /* Requests so far reach the data plane now: before a message leaves that a peer will answer with packets.
     * 0, or a number: what they need is still under way, and the message has to wait until settled() says
     * that number or a greater one; the event descriptor becomes readable then. NULL: they always do at once.
     */
    uint64_t (*flush)(struct backend *backend);
    uint64_t (*settled)(const struct backend *backend);
    /* A descriptor that becomes readable when backend dispatch is due; -1: none. */
    int (*event_fd)(const struct backend *backend);
    void (*dispatch)(struct backend *backend);
    /*
     * ESP in UDP arrives on the IKE NAT-T sockets. The daemon hands over each bound NAT-T socket (it stays
     * owner of the descriptor); the back end's threads read it, take the ESP packets, and pass every datagram
     * that begins with the non-ESP marker to on_ike, marker removed, from backend dispatch. Not is_natt: port
     * 500, where IKE has no marker and ESP stands behind eight zero bytes; handed over only when an SA asks
     * for it (has_non_ike_marker). NULL: the back end leaves the socket alone.
     */
    bool (*attach_natt_socket)(struct backend *backend, int fd, const struct ip_endpoint *local, bool is_natt,
                               void (*on_ike)(void *context, const struct ip_endpoint *local,
                                              const struct ip_endpoint *remote, struct bytes datagram),
                               void *context);
    void (*detach_natt_socket)(struct backend *backend, int fd);
    /* What a new IKE socket needs so that policies leave it alone, and a NAT-T one so that the kernel takes
     * its ESP packets. NULL: nothing. */
    void (*prepare_socket)(struct backend *backend, int fd, enum ip_family family, bool is_natt);
    /* One with a port of its own is about to be closed, whose preparation would outlive it. NULL: none does.
     */
    void (*forget_socket)(struct backend *backend, int fd);
    /* ESP in TCP (RFC 9329). The kernel takes the ESP packets out of this connected socket from now on, and
     * puts its own in: what is left are IKE messages with their marker, one a call of recv() or send().
     * False, and a word in the log, if it does not. NULL: the daemon does the framing. */
    bool (*give_stream)(struct backend *backend, int fd);
    /* An ESP packet that the daemon found in a stream. NULL: it is dropped. */
    void (*receive_esp)(struct backend *backend, const struct ip_endpoint *local,
                        const struct ip_endpoint *remote, struct bytes packet);
    /* What it cannot do, known before anything is offered to a peer. NULL: it can do everything. */
    const struct plane_limits *(*limits)(const struct backend *backend);
};

extern const struct backend_functions backend_userspace;
extern const struct backend_functions backend_xfrm;
extern const struct backend_functions backend_pfkey;
extern const struct backend_functions backend_none;

/* Whether this host's kernel does ESP and lets us; the reason if not. */
bool xfrm_is_available(struct error *error);

/*
 * The fwmark (SO_MARK) that every IKE socket of the daemon carries: the userspace back end's routing rule
 * skips it, so that IKE and ESP reach a gateway whose address lies inside the selectors it protects. Attached
 * NAT-T sockets get it from the back end.
 */
enum { BACKEND_SOCKET_MARK = 0x53747978 };

/* By protostack name or alias, but for those that leave the choice to us; NULL when unknown or not in this
 * version. */
const struct backend_functions *backend_by_name(const char *name);

/* The same with the reason of a refusal; NULL, "" or "auto" chooses for the user and says so in one log line.
 */
const struct backend_functions *backend_choose(const char *protostack,
                                               const struct backend_settings *settings, struct error *error);

#endif
