/* IKE SAs without a Child SA: RFC 6023 3 and 4. */
#include "engine/ikev2/childless.h"

/* Whoever is leased an address asks for it together with a Child SA. */
bool childless_is_allowed(const struct connection *connection)
{
    return connection->spec->ike_only || connection->remote_end->pool_count == 0;
}

void childless_announce(const struct connection *connection, struct message_builder *builder)
{
    if (childless_is_allowed(connection))
        ikev2_build_notify(builder, PROTOCOL_NONE, bytes_of(NULL, 0), CHILDLESS_IKEV2_SUPPORTED,
                           bytes_of(NULL, 0));
}

bool childless_is_announced(const struct ikev2_message *message)
{
    return ikev2_find_notify(message, CHILDLESS_IKEV2_SUPPORTED) != NULL;
}

bool childless_is_wanted(const struct ikev2_message *message)
{
    return !ikev2_has(message, PAYLOAD_SA) && !ikev2_has(message, PAYLOAD_TSI) &&
           !ikev2_has(message, PAYLOAD_TSR);
}
