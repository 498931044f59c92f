/* Policies of the back ends on the kernel's own IPsec: what is the same however the kernel is told. */
#ifndef STYX_KERNEL_PLANE_POLICY_H
#define STYX_KERNEL_PLANE_POLICY_H

#include "kernel/policy_slots.h"

struct kernel_plane;

/* How a back end tells the kernel of policies. Directions are the kernel's numbers, below 8. */
struct plane_policies {
    const uint8_t *directions; /* in which order they are installed */
    size_t direction_count;
    uint8_t inbound, outbound; /* of these; others are for what is passed on */
    void (*send)(struct kernel_plane *plane, const struct policy_slot *slot, struct claimed_policy *policy,
                 uint8_t direction);
    void (*send_delete)(struct kernel_plane *plane, const struct policy_slot *slot, uint8_t direction);
    /* Such packets pass in clear from now on, in either direction, or no more. */
    void (*put_bypass)(struct kernel_plane *plane, const struct packet_selector *selector, bool is_there);
};

/* In the id of the second policy that a connection may have, of which nothing comes in. */
#define PLANE_POLICY_TRANSLATED ((uint64_t)1 << 63)

/* IPPROTO_ESP, IPPROTO_AH of PROTOCOL_ESP, PROTOCOL_AH. */
uint8_t plane_policy_ip_protocol(uint8_t protocol);
/* What a connection's policy says by itself; its SA may have more to say. */
struct claimed_policy plane_policy_claim(const struct kernel_policy *wanted);
/* Makes the kernel have what the slot's best claim wants; NULL: nothing. The inbound side comes first, so
 * that no packet leaves whose answer would be refused. */
void plane_policy_install(struct kernel_plane *plane, struct policy_slot *slot, struct claimed_policy *best);
/* At the end. */
void plane_policies_delete_all(struct kernel_plane *plane);
/* Somebody has taken away all that the kernel had: it is made anew. */
void plane_policies_restore(struct kernel_plane *plane);
/* Sets the policy by the back end's function, which tells the reason when it cannot be had, and a second one
 * for packets that are yet to be translated (cat=). Its routes follow, or the reason goes to the log and who
 * waits. */
void plane_policy_set(struct kernel_plane *plane, const struct kernel_request *request,
                      const char *(*set)(struct kernel_plane *plane, const struct kernel_policy *wanted));
void plane_policy_delete(struct kernel_plane *plane, const struct kernel_request *request);

#endif
