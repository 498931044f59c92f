/*
 * What must hold in a quiet world, whatever happened before: both ends agree on every SA, each data plane
 * holds exactly what its engine believes, traffic leaves on the newest Child SA, nothing is left of what is
 * gone.
 */
#include <stdio.h>
#include <stdlib.h>

#include "world.h"

/* Far enough ahead that only lifetimes, liveness checks and keepalives of living SAs may be due. */
static const usec_t settle_limit = 1200 * USEC_PER_SEC;

static bool find_ike(const struct sim_host *host, const struct ike_view *like, struct ike_view *out)
{
    for (uint64_t at = 0; engine_view_ike(host->engine, at, out); at = out->serial)
        if (memcmp(out->spi_i, like->spi_i, IKE_SPI_SIZE) == 0 &&
            memcmp(out->spi_r, like->spi_r, IKE_SPI_SIZE) == 0)
            return true;
    return false;
}

static bool find_child(const struct sim_host *host, const struct child_view *like, struct child_view *out)
{
    for (uint64_t at = 0; engine_view_child(host->engine, at, out); at = out->serial)
        if (out->spi_in == like->spi_out && out->spi_out == like->spi_in)
            return true;
    return false;
}

/* The other end: the host whose IKE SA has these SPIs. */
static struct sim_host *find_peer(const struct sim *sim, const struct sim_host *host,
                                  const struct ike_view *ike, struct ike_view *ret_theirs)
{
    for (size_t i = 0; i < sim->host_count; i++)
        if (sim->hosts[i] != host && sim->hosts[i]->engine != NULL &&
            find_ike(sim->hosts[i], ike, ret_theirs))
            return sim->hosts[i];
    return NULL;
}

static bool check_ike(struct sim *sim, const struct sim_host *host, const struct ike_view *ike)
{
    struct ike_view theirs;
    if (!ike->is_established)
        return world_fail(sim, "%s: IKE SA #%llu is not established in a quiet world (%s)", host->name,
                          (unsigned long long)ike->serial, ike->state_name);
    struct sim_host *peer = find_peer(sim, host, ike, &theirs);
    if (peer == NULL)
        return world_fail(sim, "%s: IKE SA #%llu of \"%s\" exists on this end only", host->name,
                          (unsigned long long)ike->serial, ike->connection_name);
    if (theirs.is_initiator == ike->is_initiator || !theirs.is_established)
        return world_fail(sim, "%s and %s disagree on who began IKE SA #%llu, or on its state", host->name,
                          peer->name, (unsigned long long)ike->serial);
    if (ike->version == 1) /* the key ring knows IKEv2's keys only; traffic shows those of IKEv1 */
        return true;
    const struct ike_keys *ours_keys = key_ring_find(&host->keys, ike->spi_i, ike->spi_r);
    const struct ike_keys *their_keys = key_ring_find(&peer->keys, ike->spi_i, ike->spi_r);
    if (ours_keys == NULL || their_keys == NULL || !ike_keys_equal(ours_keys, their_keys))
        return world_fail(sim, "%s and %s have different keys for IKE SA #%llu", host->name, peer->name,
                          (unsigned long long)ike->serial);
    return true;
}

static bool selectors_equal(const struct selector *a, size_t a_count, const struct selector *b,
                            size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (!selector_equal(&a[i], &b[i]))
            return false;
    return true;
}

static bool check_both_planes(struct sim *sim, const struct sim_host *host, const struct sim_host *peer,
                              const struct child_view *ours, const struct child_view *theirs)
{
    const struct virtual_sa *out = data_plane_find(&host->plane, ours->serial, SA_OUTBOUND);
    const struct virtual_sa *in = data_plane_inbound(&peer->plane, ours->spi_out);
    struct error error;
    if (out == NULL || in == NULL || in->sa.child_serial != theirs->serial)
        return world_fail(sim, "Child SA #%llu of %s is not in both data planes",
                          (unsigned long long)ours->serial, host->name);
    if (!virtual_sa_matches(out, in, &error))
        return world_fail(sim, "%s to %s, Child SA #%llu: %s", host->name, peer->name,
                          (unsigned long long)ours->serial, error.text);
    return true;
}

/* IKEv1's IPsec SAs may outlive the ISAKMP SA; the other end has them all the same. */
static bool is_orphan(const struct sim *sim, const struct sim_host *host, const struct child_view *child)
{
    struct ike_view ike;
    struct child_view theirs;
    if (!engine_view_ike_at(host->engine, child->ike_serial, &ike) || ike.version != 1 || ike.is_established)
        return false;
    for (size_t i = 0; i < sim->host_count; i++)
        if (sim->hosts[i] != host && sim->hosts[i]->engine != NULL &&
            find_child(sim->hosts[i], child, &theirs))
            return true;
    return false;
}

static bool check_child(struct sim *sim, const struct sim_host *host, const struct child_view *child)
{
    struct ike_view ike, peer_ike;
    struct child_view theirs;
    if (!child->is_established)
        return world_fail(sim, "%s: Child SA #%llu is not established in a quiet world (%s)", host->name,
                          (unsigned long long)child->serial, child->state_name);
    if (is_orphan(sim, host, child))
        return true;
    if (!engine_view_ike(host->engine, child->ike_serial - 1, &ike) || ike.serial != child->ike_serial)
        return world_fail(sim, "%s: Child SA #%llu has no IKE SA", host->name,
                          (unsigned long long)child->serial);
    struct sim_host *peer = find_peer(sim, host, &ike, &peer_ike);
    if (peer == NULL || !find_child(peer, child, &theirs))
        return world_fail(sim, "%s: Child SA #%llu (%08x in, %08x out) exists on this end only", host->name,
                          (unsigned long long)child->serial, child->spi_in, child->spi_out);
    if (theirs.ike_serial != peer_ike.serial)
        return world_fail(sim, "%s and %s hold Child SA #%llu under different IKE SAs", host->name,
                          peer->name, (unsigned long long)child->serial);
    if (!selectors_equal(child->local_selectors, child->local_count, theirs.remote_selectors,
                         theirs.remote_count) ||
        !selectors_equal(child->remote_selectors, child->remote_count, theirs.local_selectors,
                         theirs.local_count))
        return world_fail(sim, "%s and %s disagree on the selectors of Child SA #%llu", host->name,
                          peer->name, (unsigned long long)child->serial);
    return check_both_planes(sim, host, peer, child, &theirs);
}

static bool check_plane(struct sim *sim, const struct sim_host *host)
{
    for (const struct virtual_sa *sa = host->plane.sas; sa != NULL; sa = sa->next) {
        struct child_view child;
        bool is_known = engine_view_child(host->engine, sa->sa.child_serial - 1, &child) &&
                        child.serial == sa->sa.child_serial &&
                        sa->sa.spi == (sa->sa.direction == SA_INBOUND ? child.spi_in : child.spi_out);
        if (!is_known)
            return world_fail(sim, "%s: the data plane holds SPI %08x of Child SA #%llu, the engine does not",
                              host->name, sa->sa.spi, (unsigned long long)sa->sa.child_serial);
    }
    return true;
}

/* What the data plane does stands for the routing state, and nothing is left of a connection that is gone. */
static bool check_routing(struct sim *sim, const struct sim_host *host, const struct virtual_policy *policy,
                          const struct connection_view *connection)
{
    bool is_shunt = connection_spec_is_shunt(connection->spec);
    enum policy_action action = policy ? policy->policy.action : POLICY_TRAP;
    bool holds = false;
    switch (connection->routing) {
    case ROUTING_UNROUTED:
        holds = policy == NULL;
        break;
    case ROUTING_ONDEMAND:
        holds = policy != NULL &&
                (is_shunt ? action == POLICY_PASS || action == POLICY_DROP : action == POLICY_TRAP);
        break;
    case ROUTING_NEGOTIATING: /* nothing is negotiated in a quiet world */
        break;
    case ROUTING_TUNNEL:
        holds = policy != NULL && action == POLICY_PROTECT;
        break;
    case ROUTING_FAILURE:
        holds = policy != NULL && (action == POLICY_PASS || action == POLICY_DROP);
        break;
    }
    return holds ||
           world_fail(sim, "%s: \"%s\" is in routing state %d, its policy's action is %d", host->name,
                      connection->spec->name, connection->routing, policy ? (int)action : -1);
}

/* A policy leads to the host that its SA leads to, also after that has moved: its route goes there. */
static bool check_policy_hosts(struct sim *sim, const struct sim_host *host,
                               const struct kernel_policy *policy)
{
    const struct virtual_sa *out = data_plane_find(&host->plane, policy->child_serial, SA_OUTBOUND);
    return out == NULL || address_equal(&policy->remote_host, &out->sa.remote.address) ||
           world_fail(sim, "%s: the policy of Child SA #%llu leads to another host than the SA", host->name,
                      (unsigned long long)policy->child_serial);
}

static bool check_policies(struct sim *sim, const struct sim_host *host)
{
    struct connection_view connection;
    size_t known = 0;
    for (uint64_t at = 0; engine_view_connection(host->engine, at, &connection); at = connection.serial) {
        const struct virtual_policy *policy = host->plane.policies;
        while (policy != NULL && policy->policy.policy_id != connection.serial)
            policy = policy->next;
        known += policy != NULL;
        if (!check_routing(sim, host, policy, &connection))
            return false;
        bool protects = policy != NULL && policy->policy.action == POLICY_PROTECT;
        if (protects && policy->policy.child_serial != connection.newest_child_serial)
            return world_fail(sim, "%s: \"%s\" sends on Child SA #%llu, the newest is #%llu", host->name,
                              connection.spec->name, (unsigned long long)policy->policy.child_serial,
                              (unsigned long long)connection.newest_child_serial);
        if (protects && !check_policy_hosts(sim, host, &policy->policy))
            return false;
        if (!protects && connection.newest_child_serial != 0)
            return world_fail(sim, "%s: \"%s\" has Child SA #%llu, but no policy leads to it", host->name,
                              connection.spec->name, (unsigned long long)connection.newest_child_serial);
    }
    return known == host->plane.policy_count ||
           world_fail(sim, "%s: the data plane has %zu policies, %zu of them of a connection", host->name,
                      host->plane.policy_count, known);
}

/* At most one Child SA of a connection calls itself the newest. */
static bool check_newest(struct sim *sim, const struct sim_host *host)
{
    struct child_view a, b;
    for (uint64_t i = 0; engine_view_child(host->engine, i, &a); i = a.serial)
        for (uint64_t j = a.serial; engine_view_child(host->engine, j, &b); j = b.serial)
            if (a.is_newest && b.is_newest && a.connection_serial == b.connection_serial)
                return world_fail(sim, "%s: two Child SAs of \"%s\" are its newest", host->name,
                                  a.connection_name);
    return true;
}

static bool check_totals(struct sim *sim, const struct sim_host *host)
{
    struct engine_totals totals = engine_view_totals(host->engine);
    struct ike_view ike;
    struct child_view child;
    uint64_t sum = 0, ikes = 0, children = 0;
    for (uint64_t at = 0; engine_view_ike(host->engine, at, &ike); at = ike.serial, ikes++)
        sum += ike.memory_bytes;
    for (uint64_t at = 0; engine_view_child(host->engine, at, &child); at = child.serial, children++)
        sum += child.memory_bytes;
    if (sum > totals.bytes_owned)
        return world_fail(sim, "%s: the SAs own %llu bytes, the whole engine %llu", host->name,
                          (unsigned long long)sum, (unsigned long long)totals.bytes_owned);
    if (totals.ike_established != ikes || totals.child_established != children || totals.ike_halfopen != 0)
        return world_fail(
            sim, "%s counts %llu IKE and %llu Child SAs, and %llu half-open; there are %llu, %llu, 0",
            host->name, (unsigned long long)totals.ike_established,
            (unsigned long long)totals.child_established, (unsigned long long)totals.ike_halfopen,
            (unsigned long long)ikes, (unsigned long long)children);
    return true;
}

/* Each lease in use is some connection's, and no connection has an address that is nobody's. */
static bool check_leases(struct sim *sim, const struct sim_host *host)
{
    struct connection_view connection;
    struct lease_view lease;
    struct pool_view pool;
    uint64_t had = 0, used = 0, in_use = 0, leases_in_use = 0;
    for (uint64_t at = 0; engine_view_connection(host->engine, at, &connection); at = connection.serial)
        for (unsigned i = 0; i < 2 && connection.leased != NULL && !connection.is_leased_to_us; i++)
            had += address_is_set(&connection.leased[i].address);
    for (uint64_t at = 0; engine_view_lease(host->engine, at, &lease); at = lease.serial) {
        used += lease.users;
        leases_in_use += lease.users > 0;
    }
    for (uint64_t at = 0; engine_view_pool(host->engine, at, &pool); at = pool.serial)
        in_use += pool.in_use;
    return (had == used && leases_in_use == in_use) ||
           world_fail(sim,
                      "%s: connections have %llu leases, %llu are counted; pools count %llu in use of %llu",
                      host->name, (unsigned long long)had, (unsigned long long)used,
                      (unsigned long long)in_use, (unsigned long long)leases_in_use);
}

static bool check_host(struct sim *sim, const struct sim_host *host)
{
    struct ike_view ike;
    struct child_view child;
    if (host->engine == NULL)
        return true;
    for (uint64_t at = 0; engine_view_ike(host->engine, at, &ike); at = ike.serial)
        if (!check_ike(sim, host, &ike))
            return false;
    for (uint64_t at = 0; engine_view_child(host->engine, at, &child); at = child.serial)
        if (!check_child(sim, host, &child))
            return false;
    return check_plane(sim, host) && check_policies(sim, host) && check_newest(sim, host) &&
           check_totals(sim, host) && check_leases(sim, host);
}

bool sim_check(struct sim *sim)
{
    for (size_t i = 0; i < sim->host_count; i++)
        if (!check_host(sim, sim->hosts[i]))
            return false;
    return sim->failure[0] == '\0';
}

static bool check_is_empty(struct sim *sim, const struct sim_host *host)
{
    struct ike_view ike;
    struct child_view child;
    if (engine_view_ike(host->engine, 0, &ike))
        return world_fail(sim, "%s: IKE SA #%llu (%s) is left after shutdown", host->name,
                          (unsigned long long)ike.serial, ike.state_name);
    if (engine_view_child(host->engine, 0, &child))
        return world_fail(sim, "%s: Child SA #%llu is left after shutdown", host->name,
                          (unsigned long long)child.serial);
    if (host->plane.sa_count > 0 || host->plane.policy_count > 0)
        return world_fail(sim, "%s: %zu SAs and %zu policies are left in the data plane after shutdown",
                          host->name, host->plane.sa_count, host->plane.policy_count);
    usec_t deadline = engine_next_deadline(host->engine);
    if (deadline != USEC_NEVER)
        return world_fail(sim, "%s: a timer is left after shutdown, due in %.3f s", host->name,
                          (double)(deadline - host_clock(host)) / 1e6);
    return true;
}

static bool check_memory(struct sim *sim, struct sim_host *host)
{
    for (size_t i = 0; i < host->connection_count; i++)
        host_command(host, (struct command){.kind = COMMAND_DELETE, .name = host->connections[i].name});
    uint64_t left = engine_view_totals(host->engine).bytes_owned;
    if (left != host->empty_bytes)
        return world_fail(sim, "%s: %llu bytes are owned after everything went, %llu were at the start",
                          host->name, (unsigned long long)left, (unsigned long long)host->empty_bytes);
    return true;
}

bool sim_check_shutdown(struct sim *sim)
{
    for (size_t i = 0; i < sim->host_count; i++)
        if (sim->hosts[i]->engine != NULL)
            host_command(sim->hosts[i], (struct command){.kind = COMMAND_SHUTDOWN});
    if (!sim_settle(sim, settle_limit))
        return sim->failure[0] != '\0' ? false : world_fail(sim, "shutting down never comes to an end");
    for (size_t i = 0; i < sim->host_count; i++) {
        struct sim_host *host = sim->hosts[i];
        if (host->engine != NULL && (!check_is_empty(sim, host) || !check_memory(sim, host)))
            return false;
    }
    return true;
}

static bool check_all(struct sim *sim)
{
    sim_heal(sim);
    if (!sim_settle(sim, settle_limit))
        return sim->failure[0] != '\0'
                   ? false
                   : world_fail(sim, "the world does not come to rest: %s", sim_unrest(sim));
    return sim_check(sim) && sim_check_shutdown(sim);
}

bool sim_end(struct sim *sim)
{
    bool holds = check_all(sim) && sim->failure[0] == '\0';
    if (!holds)
        fprintf(stderr, "seed %llu: %s\n", (unsigned long long)sim->seed, sim->failure);
    sim_free(sim);
    return holds;
}
