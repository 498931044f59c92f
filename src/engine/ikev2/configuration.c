/* Configuration payloads in IKE_AUTH. */
#include "engine/ikev2/configuration.h"

#include "engine/configuration.h"

void ikev2_configuration_build_request(const struct connection *connection, struct message_builder *builder)
{
    if (!configuration_is_client(connection))
        return;
    message_build_begin(builder, PAYLOAD_CP);
    configuration_write_header(&builder->writer, CFG_REQUEST);
    configuration_write_request(connection, false, &builder->writer);
    message_build_end(builder);
}

bool ikev2_configuration_take(struct engine *engine, const struct ike_sa *ike, struct connection *connection,
                              const struct ikev2_message *message, uint64_t client, struct error *error)
{
    const struct configuration *reply = message->configuration;
    if (!configuration_is_client(connection))
        return true;
    if (reply == NULL || reply->kind != CFG_REPLY)
        return error_set(error, 0, "the peer gave us no address; leftmodecfgclient=yes needs a server");
    if (!configuration_take(engine, connection, reply, error))
        return false;
    configuration_say_told(engine, ike, connection, client);
    return true;
}

void ikev2_configuration_build_reply(const struct connection *connection, const struct ikev2_message *message,
                                     struct message_builder *builder)
{
    const struct configuration *request = message->configuration;
    if (request == NULL || request->kind != CFG_REQUEST || !configuration_is_server(connection))
        return;
    message_build_begin(builder, PAYLOAD_CP);
    configuration_write_header(&builder->writer, CFG_REPLY);
    configuration_write_told(connection, request, false, &builder->writer);
    message_build_end(builder);
}
