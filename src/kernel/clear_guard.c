/*
 * What is refused in clear: see clear_guard.h. Policies claim selectors as they do in a kernel's own IPsec
 * (policy_slots.h); the table is brought up to date when no more orders wait.
 */
#include "kernel/clear_guard.h"

#include <netinet/in.h> /* before the kernel's own headers, which give way to it */

#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "kernel/clear_maps.h"
#include "kernel/clear_table.h"
#include "kernel/policy_order.h"
#include "kernel/policy_slots.h"

enum { CHANGES_AT_ONCE = 256, PORTS = 65536, REMAKING_PAUSE_SECONDS = 10 };

struct clear_guard {
    struct clear_guard_settings settings;
    struct policy_orders orders;
    struct nft_link link;
    struct clear_maps maps;
    struct policy_slots slots;
    uint8_t open_ports[2][PORTS / 8]; /* of UDP, of TCP */
    time_t remade_at;
    bool has_complained;
};

struct port_order {
    struct order order;
    struct clear_guard *guard;
    uint16_t port;
    bool is_tcp, is_open;
};

static void complain(struct clear_guard *guard, const char *reason)
{
    char line[160];
    if (guard->has_complained)
        return;
    guard->has_complained = true;
    snprintf(line, sizeof(line), "packets in clear that a tunnel should bring cannot be refused: %s", reason);
    guard->settings.log(guard->settings.context, line);
}

/* ---- policies ---- */

/* A trap refuses nothing that comes in: there is no tunnel yet that it should have come by. */
static int verdict_of(const struct claimed_policy *policy)
{
    if (policy == NULL || policy->action == POLICY_TRAP)
        return CLEAR_NOTHING;
    return policy->action == POLICY_PASS ? NF_ACCEPT : NF_DROP;
}

static void install(void *context, struct policy_slot *slot, struct claimed_policy *best)
{
    struct clear_guard *guard = context;
    struct packet_selector inbound = packet_selector_reversed(&slot->key.selector);
    uint32_t priority = best != NULL ? policy_slots_priority(best, &slot->key.selector) : 0;
    const char *failure = clear_shape_can_tell(&inbound)
                              ? clear_maps_set(&guard->maps, &inbound, priority, verdict_of(best))
                              : NULL;
    if (failure != NULL)
        complain(guard, failure);
}

static void free_policy(void *context, struct claimed_policy *policy)
{
    (void)context;
    free(policy);
}

/* What waits together is one transaction, unless it gets too large. */
static void commit_if_many(struct clear_guard *guard)
{
    if (guard->maps.changed_count >= CHANGES_AT_ONCE)
        clear_guard_commit(guard);
}

static void set_policy(void *context, const struct kernel_policy *wanted)
{
    struct clear_guard *guard = context;
    struct claimed_policy *policy = calloc(1, sizeof(*policy));
    if (policy == NULL) {
        complain(guard, "out of memory");
        return;
    }
    policy->policy_id = wanted->policy_id;
    policy->action = wanted->action;
    policy->priority = wanted->priority;
    const char *failure = policy_slots_set(&guard->slots, policy, wanted);
    if (failure != NULL)
        complain(guard, failure);
    commit_if_many(guard);
}

static void delete_policy(void *context, uint64_t policy_id)
{
    struct clear_guard *guard = context;
    policy_slots_delete(&guard->slots, policy_id);
    commit_if_many(guard);
}

static void put_open_ports(struct clear_guard *guard)
{
    for (unsigned number = 0; number < 2 * PORTS; number++) {
        unsigned is_tcp = number / PORTS, port = number % PORTS;
        if ((guard->open_ports[is_tcp][port / 8] & 1u << port % 8) != 0)
            clear_table_put_port(&guard->link, is_tcp != 0, (uint16_t)port, true);
    }
}

/* The kernel's table is not what we think: somebody has flushed it (before Linux 5.12 anybody can), or the
 * answer to a change was lost. It is made from nothing; not again and again, if that is of no use. */
static int make_anew(struct clear_guard *guard, int failure)
{
    struct error error = {0};
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (guard->remade_at != 0 && now.tv_sec - guard->remade_at < REMAKING_PAUSE_SECONDS)
        return failure;
    guard->remade_at = now.tv_sec;
    if (!clear_table_make(&guard->link, guard->maps.device, &guard->maps.knows_way_back, &error))
        return failure;
    put_open_ports(guard);
    failure = nft_link_commit(&guard->link);
    clear_maps_are_lost(&guard->maps);
    int of_maps = clear_maps_commit(&guard->maps);
    return failure != 0 ? failure : of_maps;
}

void clear_guard_commit(struct clear_guard *guard)
{
    if (guard == NULL)
        return;
    int failure = clear_maps_commit(&guard->maps);
    if (failure != 0)
        failure = make_anew(guard, failure);
    if (failure != 0)
        complain(guard, strerror(failure));
    else
        guard->has_complained = false;
}

/* ---- orders ---- */

void clear_guard_set(struct clear_guard *guard, const struct kernel_policy *policy)
{
    if (guard != NULL)
        policy_orders_set(&guard->orders, policy);
}

void clear_guard_delete(struct clear_guard *guard, uint64_t policy_id)
{
    if (guard != NULL)
        policy_orders_forget(&guard->orders, policy_id);
}

static void free_port_order(struct order *order)
{
    free(CONTAINER_OF(order, struct port_order, order));
}

static bool carry_out_port(struct order *order, struct error *error)
{
    struct port_order *wish = CONTAINER_OF(order, struct port_order, order);
    struct clear_guard *guard = wish->guard;
    uint8_t *place = &guard->open_ports[wish->is_tcp][wish->port / 8], bit = (uint8_t)(1u << wish->port % 8);
    *place = (uint8_t)(wish->is_open ? *place | bit : *place & ~bit);
    (void)error;
    clear_table_put_port(&guard->link, wish->is_tcp, wish->port, wish->is_open);
    int failure = nft_link_commit(&guard->link);
    if (failure != 0 && wish->is_open)
        failure = make_anew(guard, failure);
    if (failure != 0 && wish->is_open)
        complain(guard, strerror(failure));
    free_port_order(order);
    return true;
}

void clear_guard_set_port(struct clear_guard *guard, bool is_tcp, uint16_t port, bool is_open)
{
    struct port_order *wish = guard != NULL ? calloc(1, sizeof(*wish)) : NULL;
    if (wish == NULL)
        return;
    *wish = (struct port_order){.order = {.carry_out = carry_out_port, .drop = free_port_order},
                                .guard = guard,
                                .port = port,
                                .is_tcp = is_tcp,
                                .is_open = is_open};
    order_queue_give(guard->orders.queue, &wish->order, false);
}

/* ---- birth and death ---- */

static void free_guard(struct clear_guard *guard)
{
    policy_slots_free(&guard->slots);
    clear_maps_free(&guard->maps);
    nft_link_close(&guard->link);
    free(guard);
}

static bool prepare(struct clear_guard *guard, struct error *error)
{
    if (!policy_slots_init(&guard->slots) || !clear_maps_init(&guard->maps))
        return error_set(error, 0, "out of memory");
    return nft_link_open(&guard->link, guard->settings.name, error) &&
           clear_table_make(&guard->link, guard->maps.device, &guard->maps.knows_way_back, error);
}

struct clear_guard *clear_guard_open(const struct clear_guard_settings *settings, struct order_queue *orders,
                                     struct error *error)
{
    struct clear_guard *guard = calloc(1, sizeof(*guard));
    if (guard == NULL) {
        error_set(error, 0, "out of memory");
        return NULL;
    }
    guard->settings = *settings;
    guard->orders =
        (struct policy_orders){.queue = orders, .set = set_policy, .forget = delete_policy, .context = guard};
    guard->maps.link = &guard->link;
    guard->maps.device = settings->interface_index;
    guard->slots.install = install;
    guard->slots.free_policy = free_policy;
    guard->slots.context = guard;
    (void)!getrandom(guard->slots.hash_key, sizeof(guard->slots.hash_key), 0);
    (void)!getrandom(guard->maps.hash_key, sizeof(guard->maps.hash_key), 0);
    list_init(&guard->maps.shapes);
    if (prepare(guard, error))
        return guard;
    free_guard(guard);
    return NULL;
}

void clear_guard_close(struct clear_guard *guard)
{
    if (guard == NULL)
        return;
    clear_table_remove(&guard->link);
    free_guard(guard);
}
