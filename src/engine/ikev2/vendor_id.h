/* Our vendor id payload: RFC 7296 3.12. Sent when send-vendorid= says so; a peer's are not acted on. */
#ifndef STYX_ENGINE_IKEV2_VENDOR_ID_H
#define STYX_ENGINE_IKEV2_VENDOR_ID_H

#include "engine/state.h"

void vendor_id_build(const struct engine *engine, const struct ike_sa *ike, struct ikev2_builder *builder);

#endif
