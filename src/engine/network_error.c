/* What the network says of our datagrams (ICMP). Anybody can forge it: nothing follows from it, but it is
 * remembered for whoever asks why nobody answers. */
#include "engine/connection.h"

static void remember(const struct connection *connection, const struct path *path, int number)
{
    for (const struct list_node *node = connection->ikes.next; node != &connection->ikes; node = node->next) {
        struct ike_sa *ike = CONTAINER_OF(node, struct ike_sa, of_connection);
        if (address_equal(&ike->path.remote.address, &path->remote.address) &&
            ike->path.remote.port == path->remote.port && (ike->request.size != 0 || ike->setup != NULL))
            ike->network_errno = number;
    }
}

void engine_network_error(struct engine *engine, const struct path *path, int number)
{
    const struct connection *connection = NULL;
    for (unsigned tried = 0; tried < CONNECTION_CANDIDATES_LIMIT; tried++) {
        connection =
            connection_next_for_hosts(engine, &path->local.address, &path->remote.address, connection);
        if (connection == NULL)
            return;
        remember(connection, path, number);
    }
}
