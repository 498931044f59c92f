/* Routing states: what becomes of packets while there is no IPsec SA. ipsec_pluto(8), "Routing"; RFC 4301
 * 4.4.1. */
#include "scenario.h"

#define assert_routing(sim, host, state) assert_int_equal(sim_routing(sim, host, "tunnel"), state)
#define FIRST_PACKET "east", "10.1.0.1", "10.2.0.1"

static void offer(struct sim *sim)
{
    sim_send_packet(sim, FIRST_PACKET, NULL);
}

static void offer_and_settle(struct sim *sim)
{
    offer(sim);
    assert_settles(sim);
}

static struct sim *routed_with(const char *words)
{
    struct sim *sim = gateways_with(words);
    assert_int_equal(sim_command(sim, "east", COMMAND_ROUTE, "tunnel"), 0);
    assert_settles(sim);
    assert_routing(sim, "east", ROUTING_ONDEMAND);
    return sim;
}

/* ---- on demand ---- */

static void the_first_packet_brings_the_tunnel_up_and_arrives(void **state)
{
    (void)state;
    struct sim *sim = routed_with(TUNNEL);
    offer(sim);
    sim_run_for(sim, milliseconds(7));
    assert_routing(sim, "east", ROUTING_NEGOTIATING);
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_int_equal(sim_held_arrived(sim, "east"), 1);
    assert_routing(sim, "east", ROUTING_TUNNEL);
    assert_true(
        sim_log_has(sim, "east", "\"tunnel\": initiate on-demand for packet 10.1.0.1:0-0->10.2.0.1:0"));
    assert_ping(sim);
    assert_ends_well(sim);
}

static void the_first_packet_arrives_though_messages_are_lost(void **state)
{
    (void)state;
    for (unsigned lost = 0; lost < 8; lost++) {
        struct sim *sim = routed_with(TUNNEL);
        sim_drop(sim, lost & 1 ? "east" : "west", lost & 2 ? MESSAGE_INIT : MESSAGE_AUTH,
                 lost & 1 ? PART_REQUEST : PART_RESPONSE, 0, 1 + lost / 4);
        offer_and_settle(sim);
        assert_both_have(sim, 1, 1);
        assert_int_equal(sim_held_arrived(sim, "east"), 1);
        assert_ends_well(sim);
    }
}

static void many_packets_begin_one_negotiation(void **state)
{
    (void)state;
    struct sim *sim = routed_with(TUNNEL);
    sim_record(sim);
    for (int i = 0; i < 50; i++)
        offer(sim);
    sim_run_for(sim, milliseconds(4));
    for (int i = 0; i < 50; i++)
        offer(sim);
    assert_settles(sim);
    assert_int_equal(sim_count(sim, "east", MESSAGE_INIT, PART_REQUEST), 1);
    assert_int_equal(sim_held_arrived(sim, "east"), 100);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void a_connection_with_auto_ondemand_waits_for_packets(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " auto=ondemand");
    assert_settles(sim);
    assert_routing(sim, "east", ROUTING_ONDEMAND);
    assert_both_have(sim, 0, 0);
    offer_and_settle(sim);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void both_ends_may_trap_and_begin_at_once(void **state)
{
    (void)state;
    struct sim *sim = routed_with(TUNNEL);
    assert_int_equal(sim_command(sim, "west", COMMAND_ROUTE, "tunnel"), 0);
    assert_settles(sim);
    offer(sim);
    sim_send_packet(sim, "west", "10.2.0.1", "10.1.0.1", NULL);
    assert_settles(sim);
    assert_int_equal(sim_held_arrived(sim, "east"), 1);
    assert_int_equal(sim_held_arrived(sim, "west"), 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_tunnel_that_the_peer_began_replaces_the_trap(void **state)
{
    (void)state;
    struct sim *sim = routed_with(TUNNEL);
    assert_up(sim, "west");
    assert_settles(sim);
    assert_routing(sim, "east", ROUTING_TUNNEL);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void down_returns_to_the_trap_and_the_next_packet_brings_it_up_again(void **state)
{
    (void)state;
    struct sim *sim = routed_with(TUNNEL);
    offer_and_settle(sim);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_routing(sim, "east", ROUTING_ONDEMAND);
    assert_both_have(sim, 0, 0);
    offer_and_settle(sim);
    assert_both_have(sim, 1, 1);
    assert_int_equal(sim_held_arrived(sim, "east"), 2);
    assert_ends_well(sim);
}

static void down_while_negotiating_returns_to_the_trap(void **state)
{
    (void)state;
    for (unsigned delay_ms = 1; delay_ms < 30; delay_ms += 4) {
        struct sim *sim = routed_with(TUNNEL " dpddelay=10s failureshunt=drop");
        offer(sim);
        sim_run_for(sim, milliseconds(delay_ms));
        assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
        assert_settles(sim);
        sim_run_for(sim, minutes(3));
        assert_both_have(sim, 0, 0);
        assert_routing(sim, "east", ROUTING_ONDEMAND);
        assert_ends_well(sim);
    }
}

static void what_the_peer_takes_down_returns_to_the_trap(void **state)
{
    (void)state;
    struct sim *sim = routed_with(TUNNEL);
    offer_and_settle(sim);
    assert_int_equal(sim_down(sim, "west", "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_routing(sim, "east", ROUTING_ONDEMAND);
    assert_routing(sim, "west", ROUTING_UNROUTED);
    assert_ends_well(sim);
}

static void unroute_removes_the_trap(void **state)
{
    (void)state;
    struct sim *sim = routed_with(TUNNEL);
    assert_int_equal(sim_command(sim, "east", COMMAND_UNROUTE, "tunnel"), 0);
    assert_settles(sim);
    assert_routing(sim, "east", ROUTING_UNROUTED);
    offer_and_settle(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

static void unroute_is_refused_while_an_sa_is_up(void **state)
{
    (void)state;
    struct sim *sim = routed_with(TUNNEL);
    offer_and_settle(sim);
    assert_int_equal(sim_command(sim, "east", COMMAND_UNROUTE, "tunnel"), RC_RTBUSY);
    assert_true(sim_log_has(sim, "east", "\"tunnel\": cannot unroute: route busy"));
    assert_ping(sim);
    assert_ends_well(sim);
}

static void unroute_gives_up_what_a_packet_began(void **state)
{
    (void)state;
    struct sim *sim = routed_with(TUNNEL);
    offer(sim);
    sim_run_for(sim, milliseconds(3));
    assert_int_equal(sim_command(sim, "east", COMMAND_UNROUTE, "tunnel"), 0);
    sim_run_for(sim, minutes(2));
    assert_routing(sim, "east", ROUTING_UNROUTED);
    assert_counts(sim, "east", 0, 0);
    sim_restart(sim, "west", 0); /* whose half-open IKE SA has no liveness check here */
    assert_ends_well(sim);
}

static void delete_removes_everything(void **state)
{
    (void)state;
    struct sim *sim = routed_with(TUNNEL);
    offer_and_settle(sim);
    assert_int_equal(sim_command(sim, "east", COMMAND_DELETE, "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    offer_and_settle(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

static void a_route_asked_for_twice_is_one(void **state)
{
    (void)state;
    struct sim *sim = routed_with(TUNNEL);
    assert_int_equal(sim_command(sim, "east", COMMAND_ROUTE, "tunnel"), 0);
    assert_int_equal(sim_command(sim, "east", COMMAND_UNROUTE, "tunnel"), 0);
    assert_int_equal(sim_command(sim, "east", COMMAND_UNROUTE, "tunnel"), 0);
    assert_settles(sim);
    assert_routing(sim, "east", ROUTING_UNROUTED);
    assert_ends_well(sim);
}

static void a_restarted_gateway_has_its_trap_again(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " auto=ondemand dpddelay=5s");
    offer_and_settle(sim);
    sim_restart(sim, "east", seconds(1));
    sim_run_for(sim, seconds(2));
    assert_routing(sim, "east", ROUTING_ONDEMAND);
    offer_and_settle(sim);
    sim_run_for(sim, minutes(3));
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_rekey_never_lets_a_packet_meet_the_trap(void **state)
{
    (void)state;
    struct sim *sim = routed_with(TUNNEL " salifetime=60s rekeymargin=10s ikelifetime=150s");
    offer_and_settle(sim);
    for (int i = 0; i < 6000; i++) {
        sim_run_for(sim, milliseconds(50));
        assert_ping(sim);
        assert_routing(sim, "east", ROUTING_TUNNEL);
    }
    assert_ends_well(sim);
}

static void with_narrowing_the_packet_goes_first(void **state)
{
    (void)state;
    /* West allows less than east asks for; the packet is in it. */
    struct sim *sim = sim_new(1);
    struct child_view child;
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_connection_on(sim, "east", "tunnel", TUNNEL " narrowing=yes auto=ondemand");
    sim_add_connection_on(sim, "west", "tunnel",
                          HOSTS CIPHERS " leftsubnet=10.1.0.0/25 rightsubnet=10.2.0.0/25 narrowing=yes");
    assert_settles(sim);
    offer_and_settle(sim);
    assert_int_equal(sim_held_arrived(sim, "east"), 1);
    assert_true(sim_newest_child(sim, "east", "tunnel", &child));
    assert_int_equal(child.local_count, 1);
    assert_int_equal(child.remote_count, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

/* ---- failures ---- */

static void an_absent_peer_leaves_the_trap(void **state)
{
    (void)state;
    struct sim *sim = routed_with(TUNNEL);
    sim_partition(sim, NULL, NULL, minutes(2));
    offer(sim);
    sim_run_for(sim, seconds(29));
    assert_routing(sim, "east", ROUTING_NEGOTIATING);
    sim_run_for(sim, seconds(10));
    assert_routing(sim, "east", ROUTING_ONDEMAND);
    sim_heal(sim);
    offer_and_settle(sim);
    assert_both_have(sim, 1, 1);
    assert_int_equal(sim_held_arrived(sim, "east"), 1); /* the first packet was too old to be sent */
    assert_ends_well(sim);
}

static void a_refusing_peer_is_not_asked_for_every_packet(void **state)
{
    (void)state;
    struct sim *sim = routed_with(TUNNEL);
    assert_int_equal(sim_command(sim, "west", COMMAND_DELETE, "tunnel"), 0);
    sim_record(sim);
    for (int i = 0; i < 600; i++) {
        offer(sim);
        sim_run_for(sim, milliseconds(100));
    }
    /* Each attempt sends it thrice while it waits for a better answer. */
    assert_in_range(sim_count(sim, "east", MESSAGE_INIT, PART_REQUEST), 3, 20);
    assert_ends_well(sim);
}

static void failureshunt_stands_for_its_time_and_then_the_trap_again(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        size_t passed;
    } rows[] = {{" failureshunt=drop", 0}, {" failureshunt=reject", 0}, {" failureshunt=passthrough", 1}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char words[512];
        snprintf(words, sizeof(words), TUNNEL "%s", rows[i].word);
        struct sim *sim = routed_with(words);
        sim_partition(sim, NULL, NULL, minutes(30));
        offer(sim);
        sim_run_for(sim, seconds(60));
        assert_routing(sim, "east", ROUTING_FAILURE);
        size_t before = sim_passed_clear(sim, "east");
        offer(sim);
        assert_int_equal(sim_passed_clear(sim, "east") - before, rows[i].passed);
        assert_routing(sim, "east", ROUTING_FAILURE);
        sim_run_for(sim, seconds(900));
        assert_routing(sim, "east", ROUTING_ONDEMAND);
        sim_heal(sim);
        offer_and_settle(sim);
        assert_both_have(sim, 1, 1);
        assert_ends_well(sim);
    }
}

static unsigned seconds_until(struct sim *sim, const char *connection, bool is_failure)
{
    unsigned waited = 0;
    while ((sim_routing(sim, "east", connection) == ROUTING_FAILURE) != is_failure && waited < 10000) {
        sim_run_for(sim, seconds(1));
        waited++;
    }
    return waited;
}

/* They end at the sweep that comes after their lifetime; without sweeps each by itself. */
static void failure_shunts_end_at_sweeps(void **state)
{
    (void)state;
    for (unsigned interval = 0; interval <= 600; interval += 600) {
        struct sim *sim = two_hosts();
        sim_settings(sim, "east")->expire_shunt_interval = seconds(interval);
        sim_add_connection(sim, "tunnel", TUNNEL " failureshunt=drop");
        sim_add_connection(sim, "second", SECOND " failureshunt=drop");
        sim_restart(sim, "east", 0);
        sim_run_for(sim, seconds(1));
        assert_int_equal(sim_command(sim, "east", COMMAND_ROUTE, "tunnel"), 0);
        assert_int_equal(sim_command(sim, "east", COMMAND_ROUTE, "second"), 0);
        assert_settles(sim);
        sim_partition(sim, NULL, NULL, minutes(120));
        offer(sim);
        assert_in_range(seconds_until(sim, "tunnel", true), 1, 100);
        sim_send_packet(sim, "east", "10.3.0.1", "10.4.0.1", NULL);
        unsigned later = seconds_until(sim, "second", true);
        assert_in_range(later, 1, 100);
        unsigned first = later + seconds_until(sim, "tunnel", false);
        unsigned second = seconds_until(sim, "second", false);
        assert_in_range(first, 899, 901 + interval);
        if (interval == 0)
            assert_in_range(second, later - 1, later + 1);
        else
            assert_int_equal(second % interval, 0);
        sim_heal(sim);
        assert_ends_well(sim);
    }
}

static void up_ends_the_failure_shunt(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " failureshunt=drop");
    sim_partition(sim, NULL, NULL, minutes(1));
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_true(sim_routing(sim, "east", "tunnel") != ROUTING_UNROUTED);
    sim_heal(sim);
    assert_up(sim, "east");
    assert_settles(sim);
    assert_ping(sim);
    sim_run_for(sim, minutes(20));
    assert_ping(sim);
    assert_ends_well(sim);
}

static void negotiationshunt_pass_lets_packets_go_meanwhile(void **state)
{
    (void)state;
    struct sim *sim = routed_with(TUNNEL " negotiationshunt=passthrough");
    sim_partition(sim, NULL, NULL, seconds(5));
    offer(sim);
    sim_run_for(sim, seconds(1));
    assert_int_equal(sim_passed_clear(sim, "east"), 1); /* the one that was held */
    offer(sim);
    assert_int_equal(sim_passed_clear(sim, "east"), 2);
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_lost_tunnel_that_is_to_stay_up_leaks_nothing_meanwhile(void **state)
{
    (void)state;
    struct sim *sim = established_with(TUNNEL " dpddelay=5s retransmit-timeout=10s");
    sim_partition(sim, NULL, NULL, minutes(3));
    sim_run_for(sim, seconds(60));
    assert_int_equal(sim_child_count(sim, "east"), 0);
    assert_true(sim_routing(sim, "east", "tunnel") != ROUTING_UNROUTED);
    sim_heal(sim);
    offer(sim);
    sim_run_for(sim, minutes(2));
    assert_ping(sim);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_routing(sim, "east", ROUTING_UNROUTED);
    assert_ends_well(sim);
}

static void auto_keep_revives_what_the_peer_began(void **state)
{
    (void)state;
    struct sim *sim = gateways_that_differ(TUNNEL " auto=keep", TUNNEL);
    assert_both_have(sim, 0, 0);
    assert_up(sim, "west");
    assert_int_equal(sim_down(sim, "west", "tunnel"), 0);
    sim_run_for(sim, seconds(30));
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

/* ---- shunt-only connections ---- */

static void a_shunt_connection_is_routed_and_never_initiated(void **state)
{
    (void)state;
    struct sim *sim = two_hosts();
    sim_add_connection_on(sim, "east", "tunnel", HOSTS SUBNETS " authby=never type=passthrough");
    assert_int_equal(sim_up(sim, "east", "tunnel"), RC_INITSHUNT);
    offer(sim);
    assert_int_equal(sim_passed_clear(sim, "east"), 0);
    assert_int_equal(sim_command(sim, "east", COMMAND_ROUTE, "tunnel"), 0);
    assert_settles(sim);
    offer(sim);
    assert_int_equal(sim_passed_clear(sim, "east"), 1);
    assert_int_equal(sim_command(sim, "east", COMMAND_UNROUTE, "tunnel"), 0);
    assert_settles(sim);
    assert_routing(sim, "east", ROUTING_UNROUTED);
    assert_ends_well(sim);
}

static void the_narrower_of_shunt_and_tunnel_wins(void **state)
{
    (void)state;
    struct sim *sim = established();
    sim_add_connection_on(sim, "east", "hole",
                          "left=192.0.2.1 right=192.0.2.2 leftsubnet=10.1.0.0/24 rightsubnet=10.2.0.128/25 "
                          "type=drop");
    assert_int_equal(sim_command(sim, "east", COMMAND_ROUTE, "hole"), 0);
    assert_settles(sim);
    assert_ping(sim);
    assert_false(sim_ping(sim, "east", "10.1.0.1", "10.2.0.200"));
    assert_int_equal(sim_command(sim, "east", COMMAND_UNROUTE, "hole"), 0);
    assert_settles(sim);
    assert_true(sim_ping(sim, "east", "10.1.0.1", "10.2.0.200"));
    assert_ends_well(sim);
}

static void a_peer_cannot_come_in_by_a_shunt_connection(void **state)
{
    (void)state;
    struct sim *sim = gateways_that_differ(HOSTS SUBNETS " authby=never type=passthrough", TUNNEL);
    assert_int_not_equal(sim_up(sim, "west", "tunnel"), 0);
    assert_int_equal(sim_command(sim, "west", COMMAND_TERMINATE, "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

/* ---- conflicts ---- */

static void a_route_without_an_sa_gives_way_to_another_with_the_same_clients(void **state)
{
    (void)state;
    struct sim *sim = routed_with(TUNNEL);
    sim_add_connection_on(sim, "east", "other", TUNNEL);
    assert_int_equal(sim_command(sim, "east", COMMAND_ROUTE, "other"), 0);
    assert_settles(sim);
    assert_routing(sim, "east", ROUTING_UNROUTED);
    assert_int_equal(sim_routing(sim, "east", "other"), ROUTING_ONDEMAND);
    assert_ends_well(sim);
}

static void a_route_in_use_is_not_given_to_another(void **state)
{
    (void)state;
    struct sim *sim = established();
    sim_add_connection_on(sim, "east", "other", TUNNEL);
    assert_int_equal(sim_command(sim, "east", COMMAND_ROUTE, "other"), RC_ROUTE);
    assert_true(sim_log_has(sim, "east", "cannot route -- route already in use for \"tunnel\""));
    assert_int_equal(sim_up(sim, "east", "other"), RC_ROUTE);
    assert_true(sim_log_has(sim, "east", "cannot install eroute -- it is in use for \"tunnel\""));
    sim_command(sim, "east", COMMAND_TERMINATE, "other");
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void the_newer_of_two_road_warriors_with_one_network_wins(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "gateway", "192.0.2.1");
    sim_add_host(sim, "first", "192.0.2.11");
    sim_add_host(sim, "second", "192.0.2.12");
    sim_add_connection_on(sim, "gateway", "tunnel",
                          "left=192.0.2.1 leftid=@gateway right=%any rightsubnet=10.2.0.0/24 "
                          "leftsubnet=10.1.0.0/24 authby=secret" CIPHERS);
    static const char *const names[] = {"first", "second"};
    for (int i = 0; i < 2; i++) {
        char words[512];
        snprintf(words, sizeof(words),
                 "left=192.0.2.1%d leftid=@%s right=192.0.2.1 rightid=@gateway leftsubnet=10.2.0.0/24 "
                 "rightsubnet=10.1.0.0/24 authby=secret" CIPHERS,
                 i + 1, names[i]);
        sim_add_connection_on(sim, names[i], "tunnel", words);
    }
    assert_int_equal(sim_command(sim, "first", COMMAND_ROUTE, "tunnel"), 0);
    assert_settles(sim);
    sim_send_packet(sim, "first", "10.2.0.1", "10.1.0.1", NULL);
    assert_settles(sim);
    assert_true(sim_ping(sim, "first", "10.2.0.1", "10.1.0.1"));
    assert_up(sim, "second");
    assert_settles(sim);
    assert_true(sim_ping(sim, "second", "10.2.0.1", "10.1.0.1"));
    assert_true(sim_log_has(sim, "gateway", "to make room"));
    assert_settles(sim);
    assert_routing(sim, "first", ROUTING_ONDEMAND);
    assert_true(sim_ping(sim, "second", "10.2.0.1", "10.1.0.1"));
    assert_int_equal(sim_child_count(sim, "gateway"), 1);
    assert_ends_well(sim);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_packet_brings_the_tunnel_up_and_arrives),
        cmocka_unit_test(the_first_packet_arrives_though_messages_are_lost),
        cmocka_unit_test(many_packets_begin_one_negotiation),
        cmocka_unit_test(a_connection_with_auto_ondemand_waits_for_packets),
        cmocka_unit_test(both_ends_may_trap_and_begin_at_once),
        cmocka_unit_test(a_tunnel_that_the_peer_began_replaces_the_trap),
        cmocka_unit_test(down_returns_to_the_trap_and_the_next_packet_brings_it_up_again),
        cmocka_unit_test(down_while_negotiating_returns_to_the_trap),
        cmocka_unit_test(what_the_peer_takes_down_returns_to_the_trap),
        cmocka_unit_test(unroute_removes_the_trap),
        cmocka_unit_test(unroute_is_refused_while_an_sa_is_up),
        cmocka_unit_test(unroute_gives_up_what_a_packet_began),
        cmocka_unit_test(delete_removes_everything),
        cmocka_unit_test(a_route_asked_for_twice_is_one),
        cmocka_unit_test(a_restarted_gateway_has_its_trap_again),
        cmocka_unit_test(a_rekey_never_lets_a_packet_meet_the_trap),
        cmocka_unit_test(with_narrowing_the_packet_goes_first),
        cmocka_unit_test(an_absent_peer_leaves_the_trap),
        cmocka_unit_test(a_refusing_peer_is_not_asked_for_every_packet),
        cmocka_unit_test(failureshunt_stands_for_its_time_and_then_the_trap_again),
        cmocka_unit_test(failure_shunts_end_at_sweeps),
        cmocka_unit_test(up_ends_the_failure_shunt),
        cmocka_unit_test(negotiationshunt_pass_lets_packets_go_meanwhile),
        cmocka_unit_test(a_lost_tunnel_that_is_to_stay_up_leaks_nothing_meanwhile),
        cmocka_unit_test(auto_keep_revives_what_the_peer_began),
        cmocka_unit_test(a_shunt_connection_is_routed_and_never_initiated),
        cmocka_unit_test(the_narrower_of_shunt_and_tunnel_wins),
        cmocka_unit_test(a_peer_cannot_come_in_by_a_shunt_connection),
        cmocka_unit_test(a_route_without_an_sa_gives_way_to_another_with_the_same_clients),
        cmocka_unit_test(a_route_in_use_is_not_given_to_another),
        cmocka_unit_test(the_newer_of_two_road_warriors_with_one_network_wins),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests_name("routing", tests, NULL, NULL);
}
