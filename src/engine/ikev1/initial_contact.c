/* INITIAL-CONTACT: RFC 2407 4.6.3.3; uniqueids=: ipsec_pluto(8). */
#include "engine/ikev1/initial_contact.h"

#include "engine/login.h"

/* Users behind one name are peers of their own, once they have logged in. */
static struct ike_sa *older_ike(const struct engine *engine, const struct ike_sa *ike,
                                const struct ip_address *remote, usec_t silent_since)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct ike_sa *other = NULL;
    do
        other = ike_next_with_peers(engine, &ike->path.local.address, remote, &connection->local_id,
                                    &ike->remote_id, other);
    while (other != NULL &&
           (other == ike || other->established_at == 0 || other->last_received_at > silent_since ||
            ((ike->user.size != 0 || ike->login_failed) && !login_users_are_equal(other, ike))));
    return other;
}

void initial_contact_say(const struct engine *engine, const struct ike_sa *ike,
                         struct message_builder *builder)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    uint8_t cookies[2 * IKE_SPI_SIZE];
    if (!connection->spec->initial_contact ||
        older_ike(engine, ike, &ike->path.remote.address, USEC_NEVER) != NULL)
        return;
    memcpy(cookies, ike->spi_i, IKE_SPI_SIZE);
    memcpy(cookies + IKE_SPI_SIZE, ike->spi_r, IKE_SPI_SIZE);
    ikev1_build_notify(builder, V1_PROTO_ISAKMP, bytes_of(cookies, sizeof(cookies)), V1_INITIAL_CONTACT,
                       bytes_of(NULL, 0));
}

/* With uniqueids=yes a peer that shows up at another address has left the old one, too. When both sides begin
 * at once the peer has not come back: it was never away. */
static struct ike_sa *abandoned_ike(const struct engine *engine, const struct ike_sa *ike, bool says_initial)
{
    static const struct ip_address anywhere;
    struct ike_sa *older = older_ike(engine, ike, &anywhere, ike->created_at);
    if (older == NULL || says_initial)
        return older;
    bool moved = !address_equal(&older->path.remote.address, &ike->path.remote.address);
    return engine->settings.unique_ids && moved ? older : NULL;
}

void initial_contact_obey(struct engine *engine, struct ike_sa *ike, bool says_initial)
{
    struct ike_sa *older;
    while ((older = abandoned_ike(engine, ike, says_initial)) != NULL) {
        say_ike(engine, RC_LOG, older, 0, "deleting ISAKMP SA: the peer came back with #%llu%s",
                (unsigned long long)ike->serial,
                says_initial ? " and INITIAL-CONTACT" : " from another address");
        ike_destroy(engine, older);
    }
}

/* IPsec SAs that this ISAKMP SA took over, before it was known that the peer has lost them. */
static void drop_inherited(struct engine *engine, struct ike_sa *ike)
{
    LIST_EACH(&ike->children, node)
    {
        struct child_sa *child = CONTAINER_OF(node, struct child_sa, siblings);
        if (child->created_at < ike->created_at)
            child_destroy(engine, child);
    }
}

/* Of this ISAKMP SA, or of none in particular. */
void initial_contact_said(struct engine *engine, struct ike_sa *ike, const struct ike_notify *notify)
{
    uint8_t cookies[2 * IKE_SPI_SIZE];
    memcpy(cookies, ike->spi_i, IKE_SPI_SIZE);
    memcpy(cookies + IKE_SPI_SIZE, ike->spi_r, IKE_SPI_SIZE);
    if (notify == NULL ||
        (notify->spi.size != 0 && !bytes_equal(notify->spi, bytes_of(cookies, sizeof(cookies)))))
        return;
    ike->v1->says_initial_contact = true; /* after the login, should there be one */
    if (ike->state != IKE_STATE_ESTABLISHED)
        return;
    initial_contact_obey(engine, ike, true);
    drop_inherited(engine, ike);
}
