/* NAT detection and the float to port 4500: RFC 7296 2.23. */
#ifndef STYX_ENGINE_IKEV2_NAT_DETECTION_H
#define STYX_ENGINE_IKEV2_NAT_DETECTION_H

#include "engine/state.h"

/* Both notifications, for a message of this IKE SA sent along the path; spi_r as in that message's header. */
void nat_detection_build(const struct engine *engine, const struct ike_sa *ike, const struct path *path,
                         const uint8_t *spi_r, struct message_builder *builder);
/* Learns from the peer's notifications which side is behind a NAT. */
void nat_detection_read(const struct engine *engine, struct ike_sa *ike, const struct path *path,
                        const uint8_t *spi_r, const struct ikev2_message *message);
/* Initiator, after IKE_SA_INIT: from now on port 4500, if a NAT is there. */
void nat_detection_float(const struct engine *engine, struct ike_sa *ike);
/* Responder, with the first IKE_AUTH request: a peer that has not left port 500 takes no ESP in UDP. */
void nat_detection_follow_float(const struct engine *engine, struct ike_sa *ike);

#endif
