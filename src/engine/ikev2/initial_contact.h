/* INITIAL_CONTACT: RFC 7296 2.4. */
#ifndef STYX_ENGINE_IKEV2_INITIAL_CONTACT_H
#define STYX_ENGINE_IKEV2_INITIAL_CONTACT_H

#include "engine/state.h"

/* Initiator: says so when we hold no other IKE SA with this peer and initial-contact= is set. */
void initial_contact_build(const struct engine *engine, const struct ike_sa *ike,
                           struct message_builder *builder);
/* Responder, after authentication: the peer has forgotten its older IKE SAs, or with uniqueids=yes moved; so
 * do we. */
void initial_contact_read(struct engine *engine, struct ike_sa *ike, const struct ikev2_message *message);

/* Responder, once the Child SA is up: with uniqueids=yes an older IKE SA of the same peer that does nothing
 * but what this one does now is what a peer has left behind that was killed and came back. */
void initial_contact_supersede(struct engine *engine, const struct ike_sa *ike, const struct child_sa *child);

#endif
