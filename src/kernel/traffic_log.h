/*
 * nflog-all= and nflog-group=: packets before they are protected and after, for whoever listens to a group of
 * netfilter's log (tcpdump -i nflog:GROUP). A table of nf_tables of our own that decides nothing; it is made
 * when the first connection wants it. A packet costs a look-up for each shape of selectors in use, whatever
 * the number of tunnels. The table goes with its netlink socket, so nothing outlives a crash.
 */
#ifndef STYX_KERNEL_TRAFFIC_LOG_H
#define STYX_KERNEL_TRAFFIC_LOG_H

#include "engine/kernel_request.h"
#include "kernel/order_queue.h"

struct traffic_log;

struct traffic_log_settings {
    const char *name;    /* of the table; must live as long */
    int interface_index; /* of the device that protected packets come and go by; 0: the kernel's own IPsec */
    uint16_t group_of_all; /* nflog-all=; 0: none */
    void (*log)(void *context, const char *line);
    void *context;
};

/* NULL: out of memory. Before the queue of the orders starts. */
struct traffic_log *traffic_log_open(const struct traffic_log_settings *settings, struct order_queue *orders);
/* For the queue's thread when no more orders wait. NULL is fine. */
void traffic_log_commit(struct traffic_log *log);
/* When the queue has stopped. NULL is fine. */
void traffic_log_close(struct traffic_log *log);

/* Both come into force a little later; with NULL they do nothing. A policy without a group, or without an
 * SA, is not logged. */
void traffic_log_set(struct traffic_log *log, const struct kernel_policy *policy);
void traffic_log_delete(struct traffic_log *log, uint64_t policy_id);

#endif
