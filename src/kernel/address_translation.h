/*
 * leftcat=: packets get the leased address as their source before they are protected, and what comes back
 * goes to whoever sent them, by nf_tables and the kernel's connection tracking: rules in a table of our own
 * that is made when the first connection wants it. Only the first packet of a flow is asked about, at the
 * cost of a look-up for each shape of selectors in use. The table goes with its netlink socket, so nothing
 * outlives a crash.
 */
#ifndef STYX_KERNEL_ADDRESS_TRANSLATION_H
#define STYX_KERNEL_ADDRESS_TRANSLATION_H

#include "engine/kernel_request.h"
#include "kernel/event_queue.h"
#include "kernel/order_queue.h"

struct address_translation;

struct address_translation_settings {
    const char *name;    /* of the table; must live as long */
    int interface_index; /* of the device that protected packets come and go by; 0: the kernel's own IPsec */
    struct event_queue *events; /* hears of policies that cannot have what they want */
};

/* NULL: out of memory. Before the queue of the orders starts. */
struct address_translation *address_translation_open(const struct address_translation_settings *settings,
                                                     struct order_queue *orders);
/* For the queue's thread when no more orders wait. NULL is fine. */
void address_translation_commit(struct address_translation *translation);
/* When the queue has stopped. NULL is fine. */
void address_translation_close(struct address_translation *translation);

/* Both come into force a little later, the first one before what is ordered after it. A policy without
 * translated selectors wants nothing, no longer. */
void address_translation_set(struct address_translation *translation, const struct kernel_policy *policy);
void address_translation_delete(struct address_translation *translation, uint64_t policy_id);

#endif
