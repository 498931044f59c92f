/*
 * Lifetimes and replacement: ISAKMP and IPsec SAs expire by the shorter of both sides' wishes (RFC
 * 2407 4.5.4, 4.6.3.1); either side may replace them before. IPsec SAs outlive the ISAKMP SA under which they
 * were made.
 */
#ifndef STYX_ENGINE_IKEV1_LIFETIMES_H
#define STYX_ENGINE_IKEV1_LIFETIMES_H

#include "engine/ikev1/ikev1.h"

void lifetimes_arm_ike(struct engine *engine, struct ike_sa *ike);
/* negotiated_seconds: 0 none. */
void lifetimes_arm_child(struct engine *engine, struct child_sa *child, uint32_t negotiated_seconds);

/* The peer may shorten lifetimes by RESPONDER-LIFETIME. */
void lifetimes_read_notify(const struct ikev1_message *message, struct quick_mode *quick);
/* Responder: tells the initiator that ours are shorter than what it asks for. */
void lifetimes_build_notify(const struct engine *engine, const struct quick_mode *quick,
                            struct message_builder *builder);

/* The new one is up: older ones of the same peer are out of use. */
void lifetimes_replace_older(struct engine *engine, struct ike_sa *ike);
void lifetimes_child_replaces(struct engine *engine, struct child_sa *child);
/*
 * The ISAKMP SA ends: its IPsec SAs go to another of the same peer's. Without another they live on under what
 * is left of this one, and true is returned: it may not be destroyed.
 */
bool lifetimes_bequeath(struct engine *engine, struct ike_sa *ike);

void lifetimes_rekey_ike(struct engine *engine, struct ike_sa *ike, uint64_t client);
void lifetimes_rekey_child(struct engine *engine, struct child_sa *child, uint64_t client);
void lifetimes_ike_is_due(struct engine *engine, struct ike_sa *ike);
void lifetimes_child_is_due(struct engine *engine, struct child_sa *child);

#endif
