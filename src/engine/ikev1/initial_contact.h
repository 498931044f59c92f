/* INITIAL-CONTACT (RFC 2407 4.6.3.3) and uniqueids=. */
#ifndef STYX_ENGINE_IKEV1_INITIAL_CONTACT_H
#define STYX_ENGINE_IKEV1_INITIAL_CONTACT_H

#include "engine/ikev1/ikev1.h"

/* Initiator: says it if initial-contact= wants it and no other ISAKMP SA with this peer is known. */
void initial_contact_say(const struct engine *engine, const struct ike_sa *ike,
                         struct message_builder *builder);
/* The peer says it after phase 1, in a notification that HASH has proved; NULL: it does not. */
void initial_contact_said(struct engine *engine, struct ike_sa *ike, const struct ike_notify *notify);
/* What a peer that came back left behind goes. */
void initial_contact_obey(struct engine *engine, struct ike_sa *ike, bool says_initial);

#endif
