#include "engine/ikev2/vendor_id.h"

#include "engine/connection.h"
#include "engine/strongswan_vendor_id.h"

void vendor_id_build(const struct engine *engine, const struct ike_sa *ike, struct message_builder *builder)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    const char *id = engine->vendor_id ? engine->vendor_id : "Styx-" STYX_VERSION;
    if (connection == NULL)
        return;
    if (connection->spec->fake_strongswan)
        message_build_body(builder, PAYLOAD_VENDOR_ID,
                           bytes_of(strongswan_vendor_id, STRONGSWAN_VENDOR_ID_SIZE));
    if (connection->spec->send_vendorid)
        message_build_body(builder, PAYLOAD_VENDOR_ID, bytes_of_text(id));
}

static struct bytes opportunistic(void)
{
    return bytes_of_text("Opportunistic IPsec");
}

void vendor_id_build_opportunistic(const struct engine *engine, const struct ike_sa *ike,
                                   struct message_builder *builder)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    if (connection != NULL && ((connection->local_end->auth | connection->remote_end->auth) & AUTH_NULL) != 0)
        message_build_body(builder, PAYLOAD_VENDOR_ID, opportunistic());
}

bool vendor_id_is_opportunistic(const struct ikev2_message *message)
{
    for (size_t i = 0; i < message->vendor_id_count; i++)
        if (bytes_equal(message->vendor_ids[i], opportunistic()))
            return true;
    return false;
}
