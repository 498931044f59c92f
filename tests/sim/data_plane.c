/* The virtual data plane. */
#include "data_plane.h"

#include <stdio.h>
#include <stdlib.h>

#include "event_queue.h"

static struct selector *copy_selectors(const struct selector *list, size_t count)
{
    struct selector *copy = sim_alloc((count ? count : 1) * sizeof(*copy));
    if (count > 0)
        memcpy(copy, list, count * sizeof(*copy));
    return copy;
}

static struct kernel_sa copy_sa(const struct kernel_sa *sa)
{
    struct kernel_sa copy = *sa;
    copy.local_selectors = copy_selectors(sa->local_selectors, sa->local_count);
    copy.remote_selectors = copy_selectors(sa->remote_selectors, sa->remote_count);
    return copy;
}

static void free_sa(struct kernel_sa *sa)
{
    free((void *)sa->local_selectors);
    free((void *)sa->remote_selectors);
}

static struct kernel_policy copy_policy(const struct kernel_policy *policy)
{
    struct kernel_policy copy = *policy;
    copy.local_selectors = copy_selectors(policy->local_selectors, policy->local_count);
    copy.remote_selectors = copy_selectors(policy->remote_selectors, policy->remote_count);
    return copy;
}

static void free_policy(struct kernel_policy *policy)
{
    free((void *)policy->local_selectors);
    free((void *)policy->remote_selectors);
}

static bool has_sa(enum kernel_operation operation)
{
    return operation == KERNEL_SA_ADD || operation == KERNEL_SA_DELETE || operation == KERNEL_SA_MOVE;
}

struct plane_request *plane_request_copy(const struct kernel_request *request)
{
    struct plane_request *copy = sim_alloc(sizeof(*copy));
    copy->request = *request;
    if (has_sa(request->operation)) {
        copy->sa = copy_sa(request->sa);
        copy->request.sa = &copy->sa;
    } else if (request->operation == KERNEL_POLICY_SET) {
        copy->policy = copy_policy(request->policy);
        copy->request.policy = &copy->policy;
    }
    return copy;
}

void plane_request_free(struct plane_request *request)
{
    if (has_sa(request->request.operation))
        free_sa(&request->sa);
    else if (request->request.operation == KERNEL_POLICY_SET)
        free_policy(&request->policy);
    free(request);
}

static struct virtual_sa **find_link(struct data_plane *plane, const struct kernel_sa *sa)
{
    struct virtual_sa **link = &plane->sas;
    while (*link != NULL && ((*link)->sa.child_serial != sa->child_serial ||
                             (*link)->sa.direction != sa->direction || (*link)->sa.spi != sa->spi))
        link = &(*link)->next;
    return link;
}

static bool refuse(struct kernel_event *answer, const char *text)
{
    answer->ok = false;
    snprintf(answer->text, sizeof(answer->text), "%s", text);
    return true;
}

static void add_sa(struct data_plane *plane, const struct kernel_sa *sa, struct kernel_event *answer)
{
    if (*find_link(plane, sa) != NULL ||
        (sa->direction == SA_INBOUND && data_plane_inbound(plane, sa->spi))) {
        refuse(answer, "this SA is there already");
        return;
    }
    struct virtual_sa *added = sim_alloc(sizeof(*added));
    *added = (struct virtual_sa){.next = plane->sas, .sa = copy_sa(sa)};
    plane->sas = added;
    if (sa->has_cpu)
        plane->asked_cpus &= ~(1U << sa->cpu);
    plane->sa_count++;
}

static void delete_sa(struct data_plane *plane, const struct kernel_sa *sa, struct kernel_event *answer)
{
    struct virtual_sa **link = find_link(plane, sa);
    if (*link == NULL) {
        refuse(answer, "no such SA");
        return;
    }
    struct virtual_sa *gone = *link;
    *link = gone->next;
    free_sa(&gone->sa);
    free(gone);
    plane->sa_count--;
}

static void move_sa(struct data_plane *plane, const struct kernel_sa *sa, struct kernel_event *answer)
{
    struct virtual_sa *moved = *find_link(plane, sa);
    if (moved == NULL) {
        refuse(answer, "no such SA");
        return;
    }
    moved->sa.local = sa->local;
    moved->sa.remote = sa->remote;
    moved->sa.udp_encapsulation = sa->udp_encapsulation;
    moved->sa.tcp_encapsulation = sa->tcp_encapsulation;
}

static struct virtual_policy **policy_link(struct data_plane *plane, uint64_t policy_id)
{
    struct virtual_policy **link = &plane->policies;
    while (*link != NULL && (*link)->policy.policy_id != policy_id)
        link = &(*link)->next;
    return link;
}

/* ---- packets held ---- */

void data_plane_hold(struct data_plane *plane, uint64_t policy_id, const struct virtual_packet *packet)
{
    struct held_virtual_packet *held = sim_alloc(sizeof(*held));
    *held = (struct held_virtual_packet){plane->held, policy_id, *packet};
    plane->held = held;
}

static void drop_held(struct data_plane *plane, uint64_t policy_id)
{
    struct held_virtual_packet **link = &plane->held;
    while (*link != NULL) {
        struct held_virtual_packet *each = *link;
        if (each->policy_id != policy_id) {
            link = &each->next;
            continue;
        }
        *link = each->next;
        free(each);
    }
}

bool data_plane_take_released(struct data_plane *plane, struct virtual_packet *ret_packet)
{
    struct held_virtual_packet **found = NULL;
    for (struct held_virtual_packet **link = &plane->held; *link != NULL; link = &(*link)->next) {
        const struct virtual_policy *policy = *policy_link(plane, (*link)->policy_id);
        if (policy != NULL && policy->policy.action != POLICY_TRAP)
            found = link;
    }
    if (found == NULL)
        return false;
    struct held_virtual_packet *taken = *found;
    *found = taken->next;
    *ret_packet = taken->packet;
    free(taken);
    return true;
}

/* ---- policies ---- */

static void set_policy(struct data_plane *plane, const struct kernel_policy *policy)
{
    if (policy->action == POLICY_TRAP)
        drop_held(plane, policy->policy_id);
    struct virtual_policy **link = policy_link(plane, policy->policy_id);
    if (*link == NULL) {
        *link = sim_alloc(sizeof(**link));
        plane->policy_count++;
    } else {
        free_policy(&(*link)->policy);
    }
    (*link)->policy = copy_policy(policy);
    (*link)->age = plane->next_age++;
}

static void delete_policy(struct data_plane *plane, uint64_t policy_id, struct kernel_event *answer)
{
    struct virtual_policy **link = policy_link(plane, policy_id);
    if (*link == NULL) {
        refuse(answer, "no such policy");
        return;
    }
    struct virtual_policy *gone = *link;
    drop_held(plane, policy_id);
    *link = gone->next;
    free_policy(&gone->policy);
    free(gone);
    plane->policy_count--;
}

static void query_sa(const struct data_plane *plane, uint64_t child_serial, struct kernel_event *answer)
{
    const struct virtual_sa *in = data_plane_find(plane, child_serial, SA_INBOUND);
    const struct virtual_sa *out = data_plane_find(plane, child_serial, SA_OUTBOUND);
    answer->kind = KERNEL_COUNTERS;
    answer->child_serial = child_serial;
    answer->ok = in != NULL || out != NULL;
    if (in != NULL)
        answer->in = in->counters;
    if (out != NULL)
        answer->out = out->counters;
}

bool data_plane_apply(struct data_plane *plane, const struct plane_request *request,
                      struct kernel_event *ret_answer)
{
    const struct kernel_request *wanted = &request->request;
    *ret_answer = (struct kernel_event){.kind = KERNEL_DONE, .request_id = wanted->request_id, .ok = true};
    switch (wanted->operation) {
    case KERNEL_SA_ADD:
        add_sa(plane, wanted->sa, ret_answer);
        break;
    case KERNEL_SA_DELETE:
        delete_sa(plane, wanted->sa, ret_answer);
        break;
    case KERNEL_SA_MOVE:
        move_sa(plane, wanted->sa, ret_answer);
        break;
    case KERNEL_SA_QUERY:
        query_sa(plane, wanted->child_serial, ret_answer);
        return true;
    case KERNEL_POLICY_SET:
        set_policy(plane, wanted->policy);
        break;
    case KERNEL_POLICY_DELETE:
        delete_policy(plane, wanted->policy_id, ret_answer);
        break;
    }
    return wanted->request_id != 0;
}

void data_plane_clear(struct data_plane *plane)
{
    struct kernel_event ignored;
    while (plane->sas != NULL)
        delete_sa(plane, &plane->sas->sa, &ignored);
    while (plane->policies != NULL)
        delete_policy(plane, plane->policies->policy.policy_id, &ignored);
}

static struct selector single_host(const char *text, uint8_t protocol, uint16_t port)
{
    struct ip_address address = {0};
    if (!address_parse(text, &address, NULL))
        abort();
    struct ip_prefix prefix = prefix_of_address(&address);
    struct selector selector = selector_of_prefix(&prefix, protocol, port);
    if (protocol != 0)
        selector.port_start = selector.port_end = port;
    return selector;
}

struct virtual_packet virtual_packet_of(const char *source, const char *destination, uint8_t protocol,
                                        uint16_t destination_port, size_t size_bytes)
{
    return (struct virtual_packet){single_host(source, protocol, destination_port),
                                   single_host(destination, protocol, destination_port), size_bytes};
}

static bool any_contains(const struct selector *list, size_t count, const struct selector *packet)
{
    for (size_t i = 0; i < count; i++)
        if (selector_contains(&list[i], packet))
            return true;
    return false;
}

/* The smaller priority, a given one before a computed one; then the narrower; then the better rank. */
static bool is_better(const struct virtual_policy *a, const struct virtual_policy *b)
{
    uint32_t a_priority = a->policy.priority - 1, b_priority = b->policy.priority - 1; /* 0 goes last */
    const struct selector *a_remote = a->policy.remote_selectors, *b_remote = b->policy.remote_selectors;
    if (a_priority != b_priority)
        return a_priority < b_priority;
    if (!selector_equal(a_remote, b_remote))
        return selector_contains(b_remote, a_remote);
    if (policy_rank(a->policy.action) != policy_rank(b->policy.action))
        return policy_rank(a->policy.action) < policy_rank(b->policy.action);
    return a->age > b->age;
}

struct virtual_policy *data_plane_policy(const struct data_plane *plane, const struct virtual_packet *packet)
{
    struct virtual_policy *best = NULL;
    for (struct virtual_policy *each = plane->policies; each != NULL; each = each->next) {
        const struct kernel_policy *policy = &each->policy;
        if (!any_contains(policy->local_selectors, policy->local_count, &packet->source) ||
            !any_contains(policy->remote_selectors, policy->remote_count, &packet->destination))
            continue;
        if (best == NULL || is_better(each, best))
            best = each;
    }
    return best;
}

struct virtual_sa *data_plane_find(const struct data_plane *plane, uint64_t child_serial,
                                   enum sa_direction direction)
{
    for (struct virtual_sa *sa = plane->sas; sa != NULL; sa = sa->next)
        if (sa->sa.child_serial == child_serial && sa->sa.direction == direction)
            return sa;
    return NULL;
}

struct virtual_sa *data_plane_of_cpu(const struct data_plane *plane, uint32_t reqid, uint32_t cpu)
{
    struct virtual_sa *of_all = NULL;
    for (struct virtual_sa *sa = plane->sas; sa != NULL; sa = sa->next) { /* newest first */
        if (sa->sa.direction != SA_OUTBOUND || sa->sa.reqid != reqid)
            continue;
        if (sa->sa.has_cpu && sa->sa.cpu == cpu)
            return sa;
        if (!sa->sa.has_cpu && of_all == NULL)
            of_all = sa;
    }
    return of_all;
}

struct virtual_sa *data_plane_inbound(const struct data_plane *plane, uint32_t spi)
{
    for (struct virtual_sa *sa = plane->sas; sa != NULL; sa = sa->next)
        if (sa->sa.direction == SA_INBOUND && sa->sa.spi == spi)
            return sa;
    return NULL;
}

bool virtual_sa_matches(const struct virtual_sa *outbound, const struct virtual_sa *inbound,
                        struct error *error)
{
    const struct kernel_sa *out = &outbound->sa, *in = &inbound->sa;
    if (out->spi != in->spi)
        return error_set(error, 0, "SPI %08x out, %08x in", out->spi, in->spi);
    if (out->protocol != in->protocol || out->mode != in->mode)
        return error_set(error, 0, "SPI %08x: protocol or mode differ", out->spi);
    if (out->encr != in->encr || out->encr_key_bits != in->encr_key_bits || out->integ != in->integ ||
        out->esn != in->esn)
        return error_set(error, 0, "SPI %08x: algorithms differ", out->spi);
    if (memcmp(out->encr_key, in->encr_key, sizeof(out->encr_key)) != 0 ||
        memcmp(out->integ_key, in->integ_key, sizeof(out->integ_key)) != 0)
        return error_set(error, 0, "SPI %08x: keys differ", out->spi);
    if (out->outer_ah_spi != in->outer_ah_spi || out->ah_integ != in->ah_integ ||
        memcmp(out->ah_integ_key, in->ah_integ_key, sizeof(out->ah_integ_key)) != 0)
        return error_set(error, 0, "SPI %08x: the AH around it differs", out->spi);
    if (out->compression_cpi != in->compression_cpi)
        return error_set(error, 0, "SPI %08x: CPI %u out, %u in", out->spi, out->compression_cpi,
                         in->compression_cpi);
    if (out->has_non_ike_marker != in->has_non_ike_marker)
        return error_set(error, 0, "SPI %08x: one end has a non-IKE marker, the other has not", out->spi);
    if (out->udp_encapsulation != in->udp_encapsulation)
        return error_set(error, 0, "SPI %08x: one end encapsulates in UDP, the other does not", out->spi);
    if (out->tcp_encapsulation != in->tcp_encapsulation)
        return error_set(error, 0, "SPI %08x: one end is in TCP, the other is not", out->spi);
    return true;
}

bool virtual_sa_admits_outbound(const struct virtual_sa *sa, const struct virtual_packet *packet)
{
    return any_contains(sa->sa.local_selectors, sa->sa.local_count, &packet->source) &&
           any_contains(sa->sa.remote_selectors, sa->sa.remote_count, &packet->destination);
}

bool virtual_sa_admits_inbound(const struct virtual_sa *sa, const struct virtual_packet *packet)
{
    return any_contains(sa->sa.local_selectors, sa->sa.local_count, &packet->destination) &&
           any_contains(sa->sa.remote_selectors, sa->sa.remote_count, &packet->source);
}

bool virtual_sa_count(struct virtual_sa *sa, const struct virtual_packet *packet, usec_t now,
                      struct kernel_event *ret_event)
{
    sa->counters.bytes += packet->size_bytes;
    sa->counters.packets++;
    sa->counters.last_use = now;
    bool is_hard = sa->counters.bytes >= sa->sa.hard_bytes || sa->counters.packets >= sa->sa.hard_packets;
    bool is_soft = sa->counters.bytes >= sa->sa.soft_bytes || sa->counters.packets >= sa->sa.soft_packets;
    bool is_news = (is_hard && !sa->is_hard_expired) || (!is_hard && is_soft && !sa->is_soft_expired);
    sa->is_hard_expired = is_hard;
    sa->is_soft_expired = is_soft;
    *ret_event = (struct kernel_event){
        .kind = KERNEL_EXPIRE, .child_serial = sa->sa.child_serial, .ok = true, .is_hard = is_hard};
    return is_news;
}
