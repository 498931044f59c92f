/*
 * NAT traversal of IKEv1: RFC 3947 and its drafts 00 to 03. With the drafts 00 and 01 everything stays on
 * port 500: IKE as it is, ESP behind eight zero bytes where IKE has the initiator's cookie
 * (draft-ietf-ipsec-udp-encaps-00). Not every data plane takes that (lacks_non_ike_marker).
 */
#ifndef STYX_ENGINE_IKEV1_NAT_TRAVERSAL_H
#define STYX_ENGINE_IKEV1_NAT_TRAVERSAL_H

#include "engine/ikev1/ikev1.h"

/* NAT-D payloads, if both sides know them: the other end's address first, then ours (3.2). */
void nat_traversal_build(const struct engine *engine, const struct ike_sa *ike,
                         struct message_builder *builder);
/* The peer's NAT-D payloads, in a message that came by this path. */
void nat_traversal_read(struct engine *engine, struct ike_sa *ike, const struct path *path,
                        const struct ikev1_message *message);
/* Initiator: from now on we speak from and to port 4500 if there is a NAT (4). */
void nat_traversal_float(const struct engine *engine, struct ike_sa *ike);
/* A NAT is crossed as the drafts 00 and 01 have it. */
bool nat_traversal_stays_on_port(const struct engine *engine, const struct ike_sa *ike);
/* The encapsulation mode that Quick Mode offers (5.1). */
uint16_t nat_traversal_mode(const struct ike_sa *ike, const struct connection *connection);
/* NAT-OA payloads of Quick Mode in transport mode (5.2): our address and the peer's as we know them. */
void nat_traversal_build_original(const struct ike_sa *ike, uint16_t mode, bool we_initiated,
                                  struct message_builder *builder);

#endif
