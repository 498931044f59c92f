/* MOBIKE: RFC 4555. */
#include "engine/ikev2/mobike.h"

#include "base/secret.h"
#include "engine/child_install.h"
#include "engine/connection.h"
#include "engine/ikev2/nat_detection.h"
#include "engine/ikev2/protect.h"
#include "engine/lifecycle.h"
#include "engine/routing.h"
#include "engine/sa.h"
#include "engine/updown.h"

enum { COOKIE2_SIZE_MIN = 8, COOKIE2_SIZE_MAX = 64 }; /* RFC 4555 4.2.5 */

bool mobike_is_wanted(const struct connection *connection)
{
    return connection->spec->mobike && connection->spec->encapsulation != ENCAPSULATION_NO;
}

void mobike_build(const struct engine *engine, const struct ike_sa *ike, struct message_builder *builder)
{
    if (ike->path.is_tcp)
        return;
    bool says = ike->is_initiator ? mobike_is_wanted(connection_by_serial(engine, ike->connection_serial))
                                  : ike->uses_mobike;
    if (says)
        ikev2_build_notify(builder, PROTOCOL_NONE, bytes_of(NULL, 0), MOBIKE_SUPPORTED, bytes_of(NULL, 0));
}

void mobike_read(const struct engine *engine, struct ike_sa *ike, const struct ikev2_message *message)
{
    ike->uses_mobike = !ike->path.is_tcp &&
                       mobike_is_wanted(connection_by_serial(engine, ike->connection_serial)) &&
                       ikev2_find_notify(message, MOBIKE_SUPPORTED) != NULL;
}

/* ---- what follows an address ---- */

static struct connection *connection_of(const struct engine *engine, const struct child_sa *child)
{
    return connection_by_serial(engine, child->connection_serial);
}

/* A peer whose address was configured is looked for there again when all has ended. */
static void take_hosts(struct engine *engine, const struct ike_sa *ike, struct connection *connection)
{
    const struct ip_address *remote =
        connection->is_instance ? &ike->path.remote.address : &connection->remote;
    connection_take_hosts(engine, connection, &ike->path.local.address, remote);
}

/* `ours`: where we are now, when it is we who have moved; else NULL. */
static void move_children(struct engine *engine, struct ike_sa *ike, const struct listen_address *ours)
{
    take_hosts(engine, ike, connection_by_serial(engine, ike->connection_serial));
    LIST_EACH(&ike->children, node)
    {
        struct child_sa *child = CONTAINER_OF(node, struct child_sa, siblings);
        struct connection *connection = connection_of(engine, child);
        child->udp_encapsulation = ike->uses_natt;
        child_follow_path(engine, child);
        take_hosts(engine, ike, connection);
        if (ours != NULL)
            connection_take_interface(connection, ours);
        if (connection->policy_child_serial == child->serial)
            routing_protect(engine, connection, child);
        if (connection->newest_child_serial == child->serial)
            updown_follow(engine, connection, child, child, true);
    }
    lifecycle_arm_keepalive(engine, ike);
}

static void say_moved(struct engine *engine, const struct ike_sa *ike, const char *who,
                      const struct ip_endpoint *from, const struct ip_endpoint *to)
{
    char old[ENDPOINT_TEXT_SIZE], new[ENDPOINT_TEXT_SIZE];
    say_ike(engine, RC_LOG, ike, 0, "MOBIKE: %s moved from %s to %s", who, endpoint_text(from, old),
            endpoint_text(to, new));
}

/* One that waits already will tell, or ask, what is so when its turn comes. */
static bool add_task_once(struct engine *engine, struct ike_sa *ike, enum task_kind kind)
{
    LIST_EACH(&ike->tasks, node)
    if (CONTAINER_OF(node, struct task, node)->kind == kind)
        return true;
    return ike_add_task(engine, ike, kind, 0, 0, 0);
}

/* ---- our address changes ---- */

/* One that is about to take another's place, or that another has replaced, goes along and has nothing to
 * tell.
 */
static bool can_move(const struct ike_sa *ike)
{
    return ike->state == IKE_STATE_ESTABLISHED || ike->state == IKE_STATE_REKEY_LARVAL ||
           ike->state == IKE_STATE_REPLACED || ike->state == IKE_STATE_DELETING;
}

bool mobike_move_local(struct engine *engine, struct ike_sa *ike, const struct listen_address *ours)
{
    struct ip_endpoint before = ike->path.local;
    if (!ike->uses_mobike || !can_move(ike) || ours->address.family != ike->path.remote.address.family)
        return false;
    if (address_equal(&before.address, &ours->address)) /* with another connection that it serves */
        return true;
    ike->path.local.address = ours->address;
    ike->request_path.local.address = ours->address; /* an answer may be in the making */
    if (ike->state != IKE_STATE_ESTABLISHED) {
        take_hosts(engine, ike, connection_by_serial(engine, ike->connection_serial));
        return true;
    }
    say_moved(engine, ike, "this side", &before, &ike->path.local);
    ike_index_by_peers(engine, ike);
    move_children(engine, ike, ours);
    engine_timer_arm(engine, &ike->retry_timer,
                     engine_now(engine)); /* the peer is told when all have moved */
    return add_task_once(engine, ike, TASK_UPDATE_ADDRESSES);
}

/* ---- requests of the peer ---- */

/* From where its message came, and to where it was sent. */
static void follow_peer(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming)
{
    struct path before = ike->path;
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    char text[ENDPOINT_TEXT_SIZE];
    bool used_natt = ike->uses_natt;
    nat_detection_read(engine, ike, incoming->path, ike->spi_r, incoming->message);
    if (ike->uses_natt == used_natt && endpoint_equal(&before.local, &incoming->path->local) &&
        endpoint_equal(&before.remote, &incoming->path->remote))
        return; /* it only wanted to be sure */
    ike->path = *incoming->path;
    ike->address_updates++;
    ike_index_by_peers(engine, ike);
    say_moved(engine, ike, "peer", &before.remote, &ike->path.remote);
    say_event(engine, EVENT_PEER_MOVED, connection->spec->name, ike->serial, 0,
              endpoint_text(&ike->path.remote, text));
    add_task_once(engine, ike, TASK_CHECK_ROUTE);
}

void mobike_request(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                    struct message_builder *builder)
{
    const struct ikev2_message *message = incoming->message;
    const struct ike_notify *cookie = ikev2_find_notify(message, COOKIE2);
    if (!ike->uses_mobike)
        return;
    if (ikev2_find_notify(message, UPDATE_SA_ADDRESSES) != NULL)
        follow_peer(engine, ike, incoming);
    if (ikev2_find_notify(message, NAT_DETECTION_SOURCE_IP) != NULL) /* 3.8 */
        nat_detection_build(engine, ike, incoming->path, ike->spi_r, builder);
    if (cookie != NULL && cookie->data.size >= COOKIE2_SIZE_MIN && cookie->data.size <= COOKIE2_SIZE_MAX)
        ikev2_build_notify(builder, PROTOCOL_NONE, bytes_of(NULL, 0), COOKIE2, cookie->data);
}

/* ---- requests of ours ---- */

static void build_cookie(struct engine *engine, struct ike_sa *ike, struct message_builder *builder)
{
    engine_random(engine, ike->cookie2, sizeof(ike->cookie2));
    ike->checked_update = ike->address_updates;
    ikev2_build_notify(builder, PROTOCOL_NONE, bytes_of(NULL, 0), COOKIE2,
                       bytes_of(ike->cookie2, sizeof(ike->cookie2)));
}

void mobike_begin(struct engine *engine, struct ike_sa *ike, enum task_kind kind)
{
    uint8_t buffer[512];
    struct bytes message;
    struct message_builder builder =
        protect_start(ike, buffer, sizeof(buffer), INFORMATIONAL, false, ike->next_message_id);
    exchange_begin(ike, kind, 0, 0);
    if (kind == TASK_UPDATE_ADDRESSES) {
        ikev2_build_notify(&builder, PROTOCOL_NONE, bytes_of(NULL, 0), UPDATE_SA_ADDRESSES,
                           bytes_of(NULL, 0));
        nat_detection_build(engine, ike, &ike->path, ike->spi_r, &builder);
    } else {
        build_cookie(engine, ike, &builder);
    }
    if (!protect_finish(engine, ike, &builder, &message))
        return;
    ike->next_message_id++;
    exchange_send_request(engine, ike, message);
}

/* ---- NAT mappings, 3.8 ---- */

/* The peer takes no other address for ours than we tell it: behind a NAT we ask how it sees us. */
void mobike_build_probe(const struct engine *engine, const struct ike_sa *ike,
                        struct message_builder *builder)
{
    if (ike->uses_mobike && ike->local_behind_nat)
        nat_detection_build(engine, ike, &ike->path, ike->spi_r, builder);
}

static const struct ike_notify *view_of_us(const struct ike_sa *ike, const struct ikev2_message *message)
{
    const struct ike_notify *view = ikev2_find_notify(message, NAT_DETECTION_DESTINATION_IP);
    return view != NULL && view->data.size == sizeof(ike->seen_by_peer) ? view : NULL;
}

void mobike_probe_answered(struct engine *engine, struct ike_sa *ike, const struct ikev2_message *message)
{
    const struct ike_notify *view = view_of_us(ike, message);
    bool is_asked = ike->uses_mobike && ike->local_behind_nat && view != NULL;
    if (is_asked && memcmp(view->data.data, ike->seen_by_peer, sizeof(ike->seen_by_peer)) != 0)
        add_task_once(engine, ike, TASK_UPDATE_ADDRESSES);
}

/* The peer's view of us: whether there is a NAT on the new way. */
static bool update_was_answered(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming)
{
    const struct ike_notify *refusal = ikev2_find_error(incoming->message);
    bool used_natt = ike->uses_natt;
    if (refusal != NULL) {
        ike_fail(engine, ike, RC_NOTIFICATION + refusal->type, "MOBIKE: peer refuses our new address: %s",
                 ikev2_notify_name(refusal->type));
        return false;
    }
    nat_detection_read(engine, ike, incoming->path, ike->spi_r, incoming->message);
    const struct ike_notify *view = view_of_us(ike, incoming->message);
    if (view != NULL)
        memcpy(ike->seen_by_peer, view->data.data, sizeof(ike->seen_by_peer));
    if (ike->uses_natt != used_natt)
        move_children(engine, ike, NULL);
    lifecycle_arm_keepalive(engine, ike); /* behind a NAT or no longer, whatever encapsulation= says */
    return true;
}

/* Return routability, 3.7: the address that was told is the peer's, or nobody else has our question. */
static bool route_was_checked(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming)
{
    const struct ike_notify *cookie = ikev2_find_notify(incoming->message, COOKIE2);
    if (cookie == NULL || cookie->data.size != sizeof(ike->cookie2) ||
        !secret_equal(cookie->data.data, ike->cookie2, sizeof(ike->cookie2))) {
        ike_fail(engine, ike, RC_FATAL, "MOBIKE: peer answered with another COOKIE2 than was sent");
        return false;
    }
    if (ike->checked_update == ike->address_updates) /* else it has moved on, and is asked again */
        move_children(engine, ike, NULL);
    return true;
}

bool mobike_response(struct engine *engine, struct ike_sa *ike, enum task_kind kind,
                     const struct incoming *incoming)
{
    return kind == TASK_UPDATE_ADDRESSES ? update_was_answered(engine, ike, incoming)
                                         : route_was_checked(engine, ike, incoming);
}
