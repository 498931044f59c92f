/* INITIAL_CONTACT: RFC 7296 2.4, RFC 7619 2.3. */
#include "engine/ikev2/initial_contact.h"

#include "engine/version.h"

/* `since`: those of which the peer has shown knowledge after that time are left out. */
static struct ike_sa *older_ike(const struct engine *engine, const struct ike_sa *ike,
                                const struct ip_address *remote, usec_t since, struct ike_sa *other)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    do
        other = ike_next_with_peers(engine, &ike->path.local.address, remote, &connection->local_id,
                                    &ike->remote_id, other);
    while (other != NULL && (other == ike || other->established_at == 0 || other->last_received_at > since));
    return other;
}

void initial_contact_build(const struct engine *engine, const struct ike_sa *ike,
                           struct message_builder *builder)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    if (connection->spec->initial_contact &&
        older_ike(engine, ike, &ike->path.remote.address, USEC_NEVER, NULL) == NULL)
        ikev2_build_notify(builder, PROTOCOL_NONE, bytes_of(NULL, 0), INITIAL_CONTACT, bytes_of(NULL, 0));
}

/* With uniqueids=yes a peer that shows up at another address has left the old one, too (ipsec_pluto(8)). */
static struct ike_sa *abandoned_ike(const struct engine *engine, const struct ike_sa *ike, bool says_initial)
{
    static const struct ip_address anywhere;
    bool leaves_old_places = engine->settings.unique_ids;
    struct ike_sa *older = NULL;
    /* When both begin at once, the peer has not come back: it was never away. */
    while ((says_initial || leaves_old_places) &&
           (older = older_ike(engine, ike, &anywhere, ike->created_at, older)) != NULL)
        if (says_initial || !address_equal(&older->path.remote.address, &ike->path.remote.address))
            return older;
    return NULL;
}

/* Who proves nothing may well be another than he says (RFC 7619 2.3). */
void initial_contact_read(struct engine *engine, struct ike_sa *ike, const struct ikev2_message *message)
{
    bool says_initial = ikev2_find_notify(message, INITIAL_CONTACT) != NULL;
    struct ike_sa *older;
    if (ike->peer_auth == AUTH_NULL)
        return;
    while ((older = abandoned_ike(engine, ike, says_initial)) != NULL) {
        say_ike(engine, RC_LOG, older, 0, "deleting IKE SA: the peer came back with IKE SA #%llu%s",
                (unsigned long long)ike->serial,
                says_initial ? " and INITIAL_CONTACT" : " from another address");
        ike_destroy(engine, older);
    }
}

/* A peer that authenticates itself anew deletes the old one itself, when all has moved (RFC 7296 2.8.3). */
static const usec_t SUPERSEDED_GRACE = 10 * USEC_PER_SEC;

/* Peers may well have several IKE SAs with us, for different connections. */
static bool serves_nothing_else(const struct ike_sa *ike, uint64_t connection_serial)
{
    LIST_EACH(&ike->children, node)
    {
        if (CONTAINER_OF(node, const struct child_sa, siblings)->connection_serial != connection_serial)
            return false;
    }
    return !list_is_empty(&ike->children);
}

void initial_contact_supersede(struct engine *engine, const struct ike_sa *ike, const struct child_sa *child)
{
    struct ike_sa *older = NULL, *next;
    uint64_t connection_serial = child->connection_serial;
    if (!engine->settings.unique_ids)
        return;
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    for (next = ike_next_with_peers(engine, &ike->path.local.address, &ike->path.remote.address,
                                    &connection->local_id, &ike->remote_id, NULL);
         (older = next) != NULL;) {
        next = ike_next_with_peers(engine, &ike->path.local.address, &ike->path.remote.address,
                                   &connection->local_id, &ike->remote_id, older);
        bool is_impostor = ike->peer_auth == AUTH_NULL && older->peer_auth != AUTH_NULL;
        if (older == ike || is_impostor || older->state != IKE_STATE_ESTABLISHED ||
            older->last_received_at > ike->created_at || !serves_nothing_else(older, connection_serial))
            continue;
        say_ike(engine, RC_LOG, older, 0, "superseded: the peer came back with IKE SA #%llu",
                (unsigned long long)ike->serial);
        older->end_reason = "superseded";
        older->rekey_at = USEC_NEVER;
        older->expire_at = engine_now(engine) + SUPERSEDED_GRACE;
        engine_timer_arm(engine, &older->life_timer, older->expire_at);
    }
}
