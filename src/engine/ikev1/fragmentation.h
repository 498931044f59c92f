/*
 * ISAKMP fragments as Cisco and Microsoft send them: a message cut into payloads of type 132, each in an
 * unencrypted message of its own with the header of the whole: fragment id (2 bytes), number (from 1), flags
 * (1: last), data.
 */
#ifndef STYX_ENGINE_IKEV1_FRAGMENTATION_H
#define STYX_ENGINE_IKEV1_FRAGMENTATION_H

#include "engine/ikev1/ikev1.h"

/* Sends a whole message, in fragments if it is long, the peer knows them and fragmentation= allows. */
void ikev1_transmit(struct engine *engine, const struct ike_sa *ike, struct bytes message);

/* A fragment came. What others than the peer send does not mix with what it sends. True when the message is
 * whole: then *ret_message, good until fragments_drop(). */
bool fragments_take(struct engine *engine, struct ike_sa *ike, const struct ip_endpoint *sender,
                    struct bytes datagram, struct bytes *ret_message);
void fragments_drop(struct engine *engine, struct ike_sa *ike);

#endif
