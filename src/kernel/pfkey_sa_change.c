/* SAs that are there: other ports (SADB_UPDATE), counters (SADB_GET). RFC 2367 3.1.2, 3.1.5. */
#include "kernel/pfkey.h"

void pfkey_sa_ask(struct backend *backend, const struct pfkey_sa *sa, const struct kernel_ticket *ticket)
{
    uint8_t buffer[PFKEY_MESSAGE_MAX];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    pfkey_begin(&writer, SADB_GET, pfkey_satype_of(sa->common.protocol));
    pfkey_put_sa(&writer, &(struct pfkey_sa_fields){.spi = sa->common.spi});
    pfkey_sa_put_addresses(&writer, sa);
    pfkey_link_send(&backend->link, &writer, 0, ticket);
}

/* ---- other ports ---- */

static bool has_same_addresses(const struct pfkey_sa *sa, const struct kernel_sa *wanted)
{
    return address_equal(&sa->common.local.address, &wanted->local.address) &&
           address_equal(&sa->common.remote.address, &wanted->remote.address) &&
           sa->common.udp_encapsulation == wanted->udp_encapsulation;
}

/* PF_KEY can give an SA other ports, not other addresses: it would begin anew with its sequence numbers. The
 * engine replaces such an SA as if it had reached a limit; the new one has the new addresses. */
static void ask_for_another(struct backend *backend, const struct kernel_request *request)
{
    event_queue_push_done(&backend->plane.events, request->request_id, NULL);
    if (request->sa->direction != SA_OUTBOUND)
        return;
    kernel_plane_log(&backend->plane, "PF_KEY cannot move an IPsec SA to other addresses: it is replaced");
    event_queue_push(
        &backend->plane.events,
        &(struct kernel_event){.kind = KERNEL_EXPIRE, .child_serial = request->sa->child_serial});
}

void pfkey_sa_move(struct backend *backend, const struct kernel_request *request)
{
    struct pfkey_sa *sa = pfkey_sa_of_child(backend, request->sa->child_serial, request->sa->direction);
    if (sa == NULL) {
        event_queue_push_done(&backend->plane.events, request->request_id, "no such SA");
    } else if (!has_same_addresses(sa, request->sa)) {
        ask_for_another(backend, request);
    } else if (!sa->common.udp_encapsulation) {
        event_queue_push_done(&backend->plane.events, request->request_id, NULL);
    } else {
        plane_sa_move(&sa->common, &request->sa->local, &request->sa->remote);
        pfkey_sa_ask(backend, sa,
                     &(struct kernel_ticket){
                         .request_id = request->request_id,
                         .child_serial = sa->common.child_serial,
                         .direction = (uint8_t)sa->common.direction,
                         .purpose = PFKEY_PURPOSE_MOVE,
                     });
    }
}

/* The kernel takes an update for whole: all that the SA has is said again, with the new ports. */
void pfkey_sa_give_ports(struct backend *backend, const struct kernel_ticket *ticket,
                         const struct pfkey_message *answer)
{
    static const uint16_t kept[] = {SADB_EXT_SA,          SADB_EXT_LIFETIME_HARD, SADB_EXT_LIFETIME_SOFT,
                                    SADB_EXT_ADDRESS_SRC, SADB_EXT_ADDRESS_DST,   SADB_EXT_KEY_AUTH,
                                    SADB_EXT_KEY_ENCRYPT, SADB_X_EXT_SA2};
    uint8_t buffer[PFKEY_MESSAGE_MAX];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    const struct pfkey_sa *sa =
        pfkey_sa_of_child(backend, ticket->child_serial, (enum sa_direction)ticket->direction);
    if (sa == NULL)
        return;
    pfkey_begin(&writer, SADB_UPDATE, answer->satype);
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
        writer_bytes(&writer, answer->extensions[kept[i]]);
    pfkey_sa_put_ports(&writer, sa);
    struct kernel_ticket done = *ticket;
    done.purpose = PFKEY_PURPOSE_SAY_DONE;
    pfkey_link_send(&backend->link, &writer, 0, &done);
}

/* ---- counters ---- */

void pfkey_sa_query(struct backend *backend, const struct kernel_request *request)
{
    static const enum sa_direction directions[] = {SA_INBOUND, SA_OUTBOUND};
    for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
        const struct pfkey_sa *sa = pfkey_sa_of_child(backend, request->child_serial, directions[i]);
        struct kernel_ticket ticket = plane_counters_ticket(request, directions[i], PFKEY_PURPOSE_COUNTERS);
        if (sa != NULL)
            pfkey_sa_ask(backend, sa, &ticket);
        else
            pfkey_sa_counters_came(backend, &ticket, NULL);
    }
}

/* PF_KEY does not tell when an SA was used last: it was since its counters were read, if they have grown. */
static struct sa_counters counters_of(struct backend *backend, const struct kernel_ticket *ticket,
                                      const struct pfkey_message *answer)
{
    struct pfkey_lifetime current = {0};
    struct pfkey_sa *sa =
        pfkey_sa_of_child(backend, ticket->child_serial, (enum sa_direction)ticket->direction);
    (void)pfkey_get_lifetime(answer, SADB_EXT_LIFETIME_CURRENT, &current);
    struct sa_counters counters = {.bytes = current.bytes, .packets = current.allocations};
    if (sa != NULL && sa->bytes_seen != current.bytes) {
        sa->bytes_seen = current.bytes;
        sa->last_use = backend->plane.settings.now(backend->plane.settings.context);
    }
    counters.last_use = sa != NULL ? sa->last_use : 0;
    return counters;
}

void pfkey_sa_counters_came(struct backend *backend, const struct kernel_ticket *ticket,
                            const struct pfkey_message *answer)
{
    bool has_come = answer != NULL && answer->error == 0;
    if (has_come)
        *plane_counters_of(&backend->plane, ticket) = counters_of(backend, ticket, answer);
    plane_counters_came(&backend->plane, ticket, has_come);
}
