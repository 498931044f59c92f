#include "engine/ikev2/vendor_id.h"

#include "engine/connection.h"
#include "engine/strongswan_vendor_id.h"

void vendor_id_build(const struct engine *engine, const struct ike_sa *ike, struct ikev2_builder *builder)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    const char *id = engine->vendor_id ? engine->vendor_id : "Styx-" STYX_VERSION;
    if (connection == NULL)
        return;
    if (connection->spec->fake_strongswan)
        ikev2_build_body(builder, PAYLOAD_VENDOR_ID,
                         bytes_of(strongswan_vendor_id, STRONGSWAN_VENDOR_ID_SIZE));
    if (connection->spec->send_vendorid)
        ikev2_build_body(builder, PAYLOAD_VENDOR_ID, bytes_of_text(id));
}
