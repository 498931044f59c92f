/* Virtual ESP: one packet from the policy look-up of the sender to the policy check of the receiver. */
#include <stdlib.h>

#include "streams.h"
#include "world.h"

static void deliver_event(struct sim_host *host, void *context)
{
    engine_kernel_event(host->engine, context);
    free(context);
}

static void tell_engine(struct sim_host *host, const struct kernel_event *event)
{
    struct kernel_event *copy = sim_alloc(sizeof(*copy));
    *copy = *event;
    host_later(host, 0, deliver_event, free, copy);
}

static void count_packet(struct sim_host *host, struct virtual_sa *sa, const struct virtual_packet *packet)
{
    struct kernel_event event;
    if (virtual_sa_count(sa, packet, host_clock(host), &event))
        tell_engine(host, &event);
}

static bool acquire(struct sim_host *host, const struct virtual_policy *policy,
                    const struct virtual_packet *packet, struct error *error)
{
    data_plane_hold(&host->plane, policy->policy.policy_id, packet);
    tell_engine(host, &(struct kernel_event){.kind = KERNEL_ACQUIRE,
                                             .ok = true,
                                             .policy_id = policy->policy.policy_id,
                                             .packet_local = packet->source,
                                             .packet_remote = packet->destination});
    return error_set(error, 0, "%s: the packet met a trap", host->name);
}

/* The outbound SA for the packet; NULL with the reason. */
static struct virtual_sa *choose_sa(struct sim_host *host, const struct virtual_packet *packet,
                                    struct error *error)
{
    const struct virtual_policy *policy = data_plane_policy(&host->plane, packet);
    if (policy == NULL) {
        error_set(error, 0, "%s has no policy for the packet", host->name);
        return NULL;
    }
    if (policy->policy.action == POLICY_TRAP) {
        acquire(host, policy, packet, error);
        return NULL;
    }
    if (policy->policy.action != POLICY_PROTECT) {
        host->passed_clear += policy->policy.action == POLICY_PASS;
        error_set(error, 0, "%s: the policy %s the packet", host->name,
                  policy->policy.action == POLICY_PASS ? "passes" : "drops");
        return NULL;
    }
    struct virtual_sa *sa = data_plane_find(&host->plane, policy->policy.child_serial, SA_OUTBOUND);
    if (policy->policy.is_per_cpu)
        sa = data_plane_of_cpu(&host->plane, policy->policy.reqid, packet->cpu);
    bool is_asked = (host->plane.asked_cpus >> packet->cpu & 1) != 0;
    if (policy->policy.asks_for_cpus && sa != NULL && !sa->sa.has_cpu && is_asked) {
        error_set(error, 0, "%s: the packet waits for an SA of its CPU", host->name);
        return NULL;
    }
    if (policy->policy.asks_for_cpus && sa != NULL && !sa->sa.has_cpu) {
        host->plane.asked_cpus |= 1U << packet->cpu;
        tell_engine(host, &(struct kernel_event){.kind = KERNEL_ACQUIRE,
                                                 .policy_id = policy->policy.policy_id,
                                                 .packet_local = packet->source,
                                                 .packet_remote = packet->destination,
                                                 .has_cpu = true,
                                                 .cpu = packet->cpu});
    }
    if (sa == NULL) {
        error_set(error, 0, "%s: the policy leads to #%llu, which has no outbound SA", host->name,
                  (unsigned long long)policy->policy.child_serial);
        return NULL;
    }
    if (sa->is_hard_expired || !virtual_sa_admits_outbound(sa, packet)) {
        error_set(error, 0, "%s: the outbound SA has expired or does not admit the packet", host->name);
        return NULL;
    }
    return sa;
}

static bool receive_packet(struct sim_host *host, const struct virtual_sa *outbound,
                           const struct ip_endpoint *source, const struct virtual_packet *packet,
                           struct error *error)
{
    if (host->engine == NULL)
        return error_set(error, 0, "%s is down", host->name);
    struct virtual_sa *inbound = data_plane_inbound(&host->plane, outbound->sa.spi);
    if (inbound == NULL)
        return error_set(error, 0, "%s has no inbound SA with SPI %08x", host->name, outbound->sa.spi);
    if (!virtual_sa_matches(outbound, inbound, error))
        return false;
    if (inbound->is_hard_expired || !virtual_sa_admits_inbound(inbound, packet)) {
        inbound->counters.policy_violations++;
        return error_set(error, 0, "%s: the inbound SA has expired or does not admit the packet", host->name);
    }
    count_packet(host, inbound, packet);
    if (inbound->sa.udp_encapsulation && !endpoint_equal(source, &inbound->sa.remote))
        tell_engine(host, &(struct kernel_event){.kind = KERNEL_MAPPING,
                                                 .ok = true,
                                                 .child_serial = inbound->sa.child_serial,
                                                 .remote = *source});
    return true;
}

static bool carry_in_stream(const struct sim_host *from, const struct virtual_sa *outbound,
                            const struct virtual_packet *packet, struct sim_host **ret_receiver,
                            struct error *error)
{
    const struct path path = {outbound->sa.local, outbound->sa.remote, true};
    if (!streams_has(from, &path, ret_receiver))
        return error_set(error, 0, "%s has lost the TCP connection of the SA", from->name);
    return receive_packet(*ret_receiver, outbound, &path.local, packet, error);
}

/* Returns the receiver in *ret_receiver (may be NULL). */
static bool carry(struct sim *sim, struct sim_host *from, const struct virtual_packet *packet,
                  struct sim_host **ret_receiver, struct error *error)
{
    if (from->engine == NULL)
        return error_set(error, 0, "%s is down", from->name);
    struct virtual_sa *outbound = choose_sa(from, packet, error);
    if (outbound == NULL)
        return false;
    count_packet(from, outbound, packet);
    struct ip_endpoint source = outbound->sa.local, destination = outbound->sa.remote;
    if (outbound->sa.tcp_encapsulation)
        return carry_in_stream(from, outbound, packet, ret_receiver, error);
    if (!outbound->sa.udp_encapsulation) {
        source.port = destination.port = 0;
        if (from->node->nat != NULL)
            return error_set(error, 0, "ESP without UDP does not pass the NAT box of %s", from->name);
    }
    struct node *node;
    if (!network_route(&sim->network, from->node, &source, &destination, &node))
        return error_set(error, 0, "nothing gets from %s to where its SA points", from->name);
    *ret_receiver = node->context;
    return receive_packet(node->context, outbound, &source, packet, error);
}

void host_release_held(struct sim_host *host)
{
    struct virtual_packet packet;
    struct sim_host *receiver;
    struct error error = {0};
    while (data_plane_take_released(&host->plane, &packet)) {
        bool arrived = carry(host->sim, host, &packet, &receiver, &error);
        world_trace(host->sim, host, "held packet: %s", arrived ? "arrived" : error.text);
        host->held_arrived += arrived;
    }
}

size_t sim_held_arrived(const struct sim *sim, const char *host)
{
    return world_host(sim, host)->held_arrived;
}

size_t sim_passed_clear(const struct sim *sim, const char *host)
{
    return world_host(sim, host)->passed_clear;
}

enum routing_state sim_routing(const struct sim *sim, const char *host, const char *connection)
{
    struct connection_view view;
    if (!engine_view_connection_named(world_host(sim, host)->engine, connection, &view))
        abort();
    return view.routing;
}

bool sim_send_bytes(struct sim *sim, const char *host, const char *source, const char *destination,
                    size_t size_bytes, struct error *error)
{
    struct virtual_packet packet = virtual_packet_of(source, destination, 0, 0, size_bytes);
    struct sim_host *receiver;
    struct error reason = {0};
    bool arrived = carry(sim, world_host(sim, host), &packet, &receiver, &reason);
    world_trace(sim, world_host(sim, host), "packet %s to %s: %s", source, destination,
                arrived ? "arrived" : reason.text);
    if (!arrived && error != NULL)
        *error = reason;
    return arrived;
}

bool sim_send_from_cpu(struct sim *sim, const char *host, uint32_t cpu, const char *source,
                       const char *destination, uint32_t *ret_spi)
{
    struct virtual_packet packet = virtual_packet_of(source, destination, 0, 0, 84);
    packet.cpu = cpu;
    struct sim_host *sender = world_host(sim, host), *receiver;
    struct error error = {0};
    bool arrived = carry(sim, sender, &packet, &receiver, &error);
    world_trace(sim, sender, "packet of CPU %u: %s", cpu, arrived ? "arrived" : error.text);
    const struct virtual_policy *policy = data_plane_policy(&sender->plane, &packet);
    const struct virtual_sa *sa =
        arrived && policy->policy.is_per_cpu ? data_plane_of_cpu(&sender->plane, policy->policy.reqid, cpu)
        : arrived ? data_plane_find(&sender->plane, policy->policy.child_serial, SA_OUTBOUND)
                  : NULL;
    *ret_spi = sa != NULL ? sa->sa.spi : 0;
    return arrived;
}

bool sim_send_packet(struct sim *sim, const char *host, const char *source, const char *destination,
                     struct error *error)
{
    return sim_send_bytes(sim, host, source, destination, 84, error);
}

bool sim_ping(struct sim *sim, const char *host, const char *source, const char *destination)
{
    struct virtual_packet packet = virtual_packet_of(source, destination, 0, 0, 84);
    struct virtual_packet reply = {packet.destination, packet.source, packet.size_bytes};
    struct sim_host *receiver, *back;
    struct error error = {0};
    bool works = carry(sim, world_host(sim, host), &packet, &receiver, &error) &&
                 carry(sim, receiver, &reply, &back, &error);
    world_trace(sim, world_host(sim, host), "ping %s to %s: %s", source, destination,
                works ? "works" : error.text);
    return works;
}
