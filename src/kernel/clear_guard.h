/*
 * Packets that come in clear although a tunnel should have brought them (RFC 4301 5.2), for the data plane
 * that does not see them: a table of nf_tables of our own refuses them. It looks at what comes from anywhere
 * but our device, in one hash for each shape of selectors in use, whatever the number of tunnels. It goes
 * with its netlink socket, so nothing outlives a crash.
 */
#ifndef STYX_KERNEL_CLEAR_GUARD_H
#define STYX_KERNEL_CLEAR_GUARD_H

#include "engine/kernel_request.h"
#include "kernel/order_queue.h"

struct clear_guard;

struct clear_guard_settings {
    const char *name;    /* of the table; must live as long */
    int interface_index; /* of the device whose packets may pass */
    void (*log)(void *context, const char *line);
    void *context;
};

/* NULL with the reason: this kernel has no nf_tables, or does not let us. The orders are those that the
 * functions below give; the queue may start later. */
struct clear_guard *clear_guard_open(const struct clear_guard_settings *settings, struct order_queue *orders,
                                     struct error *error);
/* For the queue's thread when no more orders wait: brings the table up to date. NULL is fine. */
void clear_guard_commit(struct clear_guard *guard);
/* Takes the table away, when the queue has stopped. NULL is fine. */
void clear_guard_close(struct clear_guard *guard);

/* All three come into force a little later; with a NULL guard they do nothing. */
/* Packets that the policy's inbound side would want protected or dropped are refused from now on. */
void clear_guard_set(struct clear_guard *guard, const struct kernel_policy *policy);
void clear_guard_delete(struct clear_guard *guard, uint64_t policy_id);
/* A port of ours for IKE and ESP in UDP or TCP: open whatever the policies are, or no longer. */
void clear_guard_set_port(struct clear_guard *guard, bool is_tcp, uint16_t port, bool is_open);

#endif
