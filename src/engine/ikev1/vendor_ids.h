/* Vendor ids (RFC 2408 3.16): what we say of ourselves, and what the peer's mean. */
#ifndef STYX_ENGINE_IKEV1_VENDOR_IDS_H
#define STYX_ENGINE_IKEV1_VENDOR_IDS_H

#include "engine/ikev1/ikev1.h"

/* Our list, in the first message of either side. */
void vendor_ids_build(const struct engine *engine, const struct ike_sa *ike, struct message_builder *builder);
/* The peer's; chooses among the forms of NAT traversal that it, the connection and the data plane know: RFC
 * 3947 before the drafts 03 and 02, and these before 01 and 00. */
void vendor_ids_read(struct engine *engine, struct ike_sa *ike, const struct ikev1_message *message);

#endif
