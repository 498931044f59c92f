/* Where a peer can be reached: a NAT mapping that changes is followed (RFC 7296 2.23, RFC 3947 4), our own is
 * kept open (RFC 3948 2.3). */
#include "engine/peer_path.h"

#include "engine/child_install.h"
#include "engine/count.h"
#include "engine/routing.h"
#include "engine/sa.h"

/* Behind another address the policy leads elsewhere, and its route with it. */
static void move_child(struct engine *engine, struct child_sa *child, bool has_other_address)
{
    struct connection *connection = connection_by_serial(engine, child->connection_serial);
    child_follow_path(engine, child);
    if (has_other_address && connection->policy_child_serial == child->serial)
        routing_protect(engine, connection, child);
}

void peer_path_moved(struct engine *engine, struct ike_sa *ike, const struct ip_endpoint *remote)
{
    if (ike == NULL || ike->path.is_tcp || !ike->remote_behind_nat ||
        endpoint_equal(&ike->path.remote, remote))
        return;
    char old[ENDPOINT_TEXT_SIZE], new[ENDPOINT_TEXT_SIZE];
    say_ike(engine, RC_LOG, ike, 0, "peer's NAT mapping changed from %s to %s",
            endpoint_text(&ike->path.remote, old), endpoint_text(remote, new));
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    say_event(engine, EVENT_PEER_MOVED, connection->spec->name, ike->serial, 0, new);
    bool has_other_address = !address_equal(&ike->path.remote.address, &remote->address);
    ike->path.remote = *remote;
    LIST_EACH(&ike->children, node)
    move_child(engine, CONTAINER_OF(node, struct child_sa, siblings), has_other_address);
}

/* One byte 0xff. */
void peer_path_keep_alive(struct engine *engine, struct ike_sa *ike)
{
    static const uint8_t keepalive = 0xff;
    engine_send(engine, &ike->path, bytes_of(&keepalive, 1));
    engine_timer_arm(engine, &ike->keepalive_timer,
                     engine_now(engine) + engine->settings.nat_keepalive_interval);
}
