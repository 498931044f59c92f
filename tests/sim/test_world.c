/* The virtual world itself, without engines: order of events, faults of the network, NAT, data plane. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "data_plane.h"
#include "network.h"

struct world {
    struct event_queue queue;
    struct prng prng;
    usec_t now;
    struct network network;
    struct node *east, *west, *road;
    unsigned received;
    usec_t last_received_at;
    struct ip_endpoint last_remote, last_local;
    uint8_t last_bytes[64];
    size_t last_size;
    bool was_reordered;
};

static void receive(void *context, const struct ip_endpoint *local, const struct ip_endpoint *remote,
                    struct bytes datagram)
{
    struct world *world = context;
    assert_true(datagram.size <= sizeof(world->last_bytes));
    if (world->received > 0 && datagram.size > 0 && datagram.data[0] < world->last_bytes[0])
        world->was_reordered = true;
    world->received++;
    world->last_received_at = world->now;
    world->last_local = *local;
    world->last_remote = *remote;
    world->last_size = datagram.size;
    memcpy(world->last_bytes, datagram.data, datagram.size);
}

static struct ip_address address(const char *text)
{
    struct ip_address parsed;
    assert_true(address_parse(text, &parsed, NULL));
    return parsed;
}

static struct node *attach(struct world *world, const char *name, const char *text, struct nat_box *nat)
{
    struct ip_address parsed = address(text);
    struct node *node = network_attach(&world->network, name, &parsed, nat);
    node->receive = receive;
    node->context = world;
    return node;
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    world->prng = prng_of(1);
    world->network = (struct network){.queue = &world->queue,
                                      .prng = &world->prng,
                                      .now = &world->now,
                                      .faults = {.delay_min = 1000, .delay_max = 1000}};
    world->east = attach(world, "east", "192.0.2.1", NULL);
    world->west = attach(world, "west", "192.0.2.2", NULL);
    struct ip_address outside = address("203.0.113.1");
    world->road =
        attach(world, "road", "10.0.0.1", network_add_nat(&world->network, &outside, 60 * USEC_PER_SEC));
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    event_queue_clear(&world->queue);
    network_free(&world->network);
    free(world);
    return 0;
}

static void run(struct world *world)
{
    struct sim_event event;
    while (event_queue_pop(&world->queue, &event)) {
        world->now = event.time;
        event.run(event.context);
    }
}

static void send_byte(struct world *world, struct node *from, const char *to, uint16_t port, uint8_t byte)
{
    struct ip_endpoint source = {from->address, 500}, destination = {address(to), port};
    network_send(&world->network, from, &source, &destination, bytes_of(&byte, 1));
}

static unsigned fired[3], fired_count;

static void fire(void *context)
{
    fired[fired_count++] = *(unsigned *)context;
}

static void events_run_in_order_of_time_and_then_of_adding(void **state)
{
    struct world *world = *state;
    unsigned numbers[] = {0, 1, 2};
    fired_count = 0;
    event_queue_add(&world->queue, 20, fire, fire, &numbers[0]);
    event_queue_add(&world->queue, 10, fire, fire, &numbers[1]);
    event_queue_add(&world->queue, 20, fire, fire, &numbers[2]);
    run(world);
    assert_int_equal(fired[0], 1);
    assert_int_equal(fired[1], 0);
    assert_int_equal(fired[2], 2);
}

static void a_datagram_arrives_after_its_delay(void **state)
{
    struct world *world = *state;
    send_byte(world, world->east, "192.0.2.2", 500, 7);
    run(world);
    assert_int_equal(world->received, 1);
    assert_int_equal(world->last_received_at, 1000);
    assert_int_equal(world->last_bytes[0], 7);
    assert_true(address_equal(&world->last_remote.address, &world->east->address));
}

static void loss_and_duplication_come_at_the_rates_asked_for(void **state)
{
    struct world *world = *state;
    world->network.faults.loss_per_mille = 200;
    world->network.faults.duplication_per_mille = 100;
    for (int i = 0; i < 10000; i++)
        send_byte(world, world->east, "192.0.2.2", 500, 1);
    run(world);
    assert_in_range(world->network.lost, 1800, 2200);
    assert_in_range(world->network.duplicated, 700, 900);
    assert_int_equal(world->received, 10000 - world->network.lost + world->network.duplicated);
}

static void delays_that_differ_reorder(void **state)
{
    struct world *world = *state;
    world->network.faults.delay_max = 9000;
    for (uint8_t i = 0; i < 50; i++)
        send_byte(world, world->east, "192.0.2.2", 500, i);
    run(world);
    assert_int_equal(world->received, 50);
    assert_true(world->was_reordered);
}

static void corruption_flips_bits_of_the_copy_only(void **state)
{
    struct world *world = *state;
    world->network.faults.corruption_per_mille = 1000;
    uint8_t zeros[16] = {0};
    struct ip_endpoint source = {world->east->address, 500}, destination = {world->west->address, 500};
    network_send(&world->network, world->east, &source, &destination, bytes_of(zeros, sizeof(zeros)));
    run(world);
    assert_int_equal(world->network.corrupted, 1);
    uint8_t all = 0, untouched = 0;
    for (size_t i = 0; i < sizeof(zeros); i++) {
        all |= world->last_bytes[i];
        untouched |= zeros[i];
    }
    assert_int_not_equal(all, 0);
    assert_int_equal(untouched, 0);
}

static void a_partition_cuts_one_direction_for_its_time(void **state)
{
    struct world *world = *state;
    network_partition(&world->network, world->east, world->west, 0, 5000);
    send_byte(world, world->east, "192.0.2.2", 500, 1);
    send_byte(world, world->west, "192.0.2.1", 500, 2);
    run(world);
    assert_int_equal(world->received, 1);
    assert_int_equal(world->last_bytes[0], 2);
    world->now = 5000;
    send_byte(world, world->east, "192.0.2.2", 500, 3);
    run(world);
    assert_int_equal(world->received, 2);
}

static void a_nat_box_rewrites_the_source_and_lets_answers_in(void **state)
{
    struct world *world = *state;
    send_byte(world, world->road, "192.0.2.1", 500, 1);
    run(world);
    struct ip_address outside = address("203.0.113.1");
    assert_true(address_equal(&world->last_remote.address, &outside));
    assert_int_not_equal(world->last_remote.port, 500);
    send_byte(world, world->east, "203.0.113.1", world->last_remote.port, 2);
    run(world);
    assert_int_equal(world->received, 2);
    assert_true(address_equal(&world->last_local.address, &world->road->address));
    assert_int_equal(world->last_local.port, 500);
}

static void nothing_reaches_a_host_behind_nat_unasked(void **state)
{
    struct world *world = *state;
    send_byte(world, world->east, "203.0.113.1", 500, 1);
    send_byte(world, world->east, "10.0.0.1", 500, 1);
    run(world);
    assert_int_equal(world->received, 0);
    assert_int_equal(world->network.unroutable, 2);
}

static void an_idle_nat_mapping_expires_and_the_next_has_another_port(void **state)
{
    struct world *world = *state;
    send_byte(world, world->road, "192.0.2.1", 500, 1);
    run(world);
    uint16_t first = world->last_remote.port;
    world->now += 61 * USEC_PER_SEC;
    send_byte(world, world->east, "203.0.113.1", first, 2);
    run(world);
    assert_int_equal(world->received, 1);
    send_byte(world, world->road, "192.0.2.1", 500, 3);
    run(world);
    assert_int_not_equal(world->last_remote.port, first);
}

static struct selector subnet(const char *text)
{
    struct ip_prefix prefix;
    assert_true(prefix_parse(text, &prefix, NULL));
    return selector_of_prefix(&prefix, 0, 0);
}

static bool apply(struct data_plane *plane, const struct kernel_request *request)
{
    struct plane_request *copy = plane_request_copy(request);
    struct kernel_event answer;
    data_plane_apply(plane, copy, &answer);
    plane_request_free(copy);
    return answer.ok;
}

static void the_data_plane_finds_policies_and_counts_to_the_limit(void **state)
{
    (void)state;
    struct data_plane plane = {0};
    struct selector here = subnet("10.1.0.0/24"), there = subnet("10.2.0.0/24");
    struct kernel_sa sa = {.child_serial = 3,
                           .direction = SA_OUTBOUND,
                           .spi = 0x1000,
                           .local_selectors = &here,
                           .local_count = 1,
                           .remote_selectors = &there,
                           .remote_count = 1,
                           .soft_bytes = 150,
                           .hard_bytes = 250,
                           .soft_packets = UINT64_MAX,
                           .hard_packets = UINT64_MAX};
    struct kernel_policy policy = {.policy_id = 1,
                                   .action = POLICY_PROTECT,
                                   .child_serial = 3,
                                   .local_selectors = &here,
                                   .local_count = 1,
                                   .remote_selectors = &there,
                                   .remote_count = 1};
    assert_true(apply(&plane, &(struct kernel_request){.operation = KERNEL_SA_ADD, .sa = &sa}));
    assert_false(apply(&plane, &(struct kernel_request){.operation = KERNEL_SA_ADD, .sa = &sa}));
    assert_true(apply(&plane, &(struct kernel_request){.operation = KERNEL_POLICY_SET, .policy = &policy}));
    struct virtual_packet packet = virtual_packet_of("10.1.0.1", "10.2.0.1", 0, 0, 100);
    struct virtual_packet stray = virtual_packet_of("10.1.0.1", "10.3.0.1", 0, 0, 100);
    assert_null(data_plane_policy(&plane, &stray));
    assert_non_null(data_plane_policy(&plane, &packet));
    struct virtual_sa *found = data_plane_find(&plane, 3, SA_OUTBOUND);
    assert_true(virtual_sa_admits_outbound(found, &packet));
    assert_false(virtual_sa_admits_inbound(found, &packet));
    struct kernel_event event;
    assert_false(virtual_sa_count(found, &packet, 1, &event));
    assert_true(virtual_sa_count(found, &packet, 2, &event));
    assert_false(event.is_hard);
    assert_true(virtual_sa_count(found, &packet, 3, &event));
    assert_true(event.is_hard);
    data_plane_clear(&plane);
    assert_int_equal(plane.sa_count + plane.policy_count, 0);
}

static void keys_that_differ_do_not_understand_each_other(void **state)
{
    (void)state;
    struct virtual_sa out = {.sa = {.spi = 9}}, in = {.sa = {.spi = 9}};
    assert_true(virtual_sa_matches(&out, &in, NULL));
    in.sa.encr_key[31] ^= 1;
    assert_false(virtual_sa_matches(&out, &in, NULL));
}

static void the_same_seed_gives_the_same_world(void **state)
{
    (void)state;
    struct prng a = prng_of(42), b = prng_of(42), c = prng_of(43);
    bool differs = false;
    for (int i = 0; i < 100; i++) {
        uint64_t value = prng_next(&a);
        assert_int_equal(value, prng_next(&b));
        differs |= value != prng_next(&c);
    }
    assert_true(differs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(events_run_in_order_of_time_and_then_of_adding),
        TEST(a_datagram_arrives_after_its_delay),
        TEST(loss_and_duplication_come_at_the_rates_asked_for),
        TEST(delays_that_differ_reorder),
        TEST(corruption_flips_bits_of_the_copy_only),
        TEST(a_partition_cuts_one_direction_for_its_time),
        TEST(a_nat_box_rewrites_the_source_and_lets_answers_in),
        TEST(nothing_reaches_a_host_behind_nat_unasked),
        TEST(an_idle_nat_mapping_expires_and_the_next_has_another_port),
        TEST(the_data_plane_finds_policies_and_counts_to_the_limit),
        TEST(keys_that_differ_do_not_understand_each_other),
        TEST(the_same_seed_gives_the_same_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
