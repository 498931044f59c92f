/* Policy groups: right=%group and %opportunisticgroup. */
#include "scenario.h"

#define CLEAR "left=192.0.2.1 right=%group authby=never type=passthrough"
#define PRIVATE "left=%defaultroute right=%opportunisticgroup authby=secret" CIPHERS

static struct connection_view view_of(struct sim *sim, const char *name)
{
    struct connection_view view = {0};
    assert_true(engine_view_connection_named(sim_engine(sim, "east"), name, &view));
    return view;
}

static bool exists(struct sim *sim, const char *name)
{
    struct connection_view view;
    return engine_view_connection_named(sim_engine(sim, "east"), name, &view);
}

static struct sim *world(void)
{
    struct sim *sim = two_hosts();
    return sim;
}

static void each_network_of_the_file_is_a_connection_that_is_routed_with_the_group(void **state)
{
    (void)state;
    struct sim *sim = world();
    sim_set_group(sim, "east", "clear", "192.0.2.2/32,10.7.0.0/16");
    sim_add_connection_on(sim, "east", "clear", CLEAR);
    assert_int_equal(view_of(sim, "clear#10.7.0.0/16").routing, ROUTING_UNROUTED);
    assert_int_equal(sim_command(sim, "east", COMMAND_ROUTE, "clear"), 0);
    assert_int_equal(view_of(sim, "clear#10.7.0.0/16").routing, ROUTING_ONDEMAND);
    assert_int_equal(view_of(sim, "clear#192.0.2.2/32").routing, ROUTING_ONDEMAND);
    assert_int_equal(sim_command(sim, "east", COMMAND_UNROUTE, "clear"), 0);
    assert_int_equal(view_of(sim, "clear#10.7.0.0/16").routing, ROUTING_UNROUTED);
    assert_ends_well(sim);
}

static void members_come_and_go_as_the_file_says(void **state)
{
    (void)state;
    struct sim *sim = world();
    sim_add_connection_on(sim, "east", "clear", CLEAR);
    sim_command(sim, "east", COMMAND_ROUTE, "clear");
    sim_set_group(sim, "east", "clear", "10.7.0.0/16,10.8.0.0/16");
    uint64_t kept = view_of(sim, "clear#10.8.0.0/16").serial;
    sim_set_group(sim, "east", "clear", "10.8.0.0/16,10.9.0.0/16,fd00::/8");
    assert_false(exists(sim, "clear#10.7.0.0/16"));
    assert_false(exists(sim, "clear#fd00::/8")); /* our host speaks IPv4 */
    assert_int_equal(view_of(sim, "clear#10.8.0.0/16").serial, kept);
    assert_int_equal(view_of(sim, "clear#10.9.0.0/16").routing, ROUTING_ONDEMAND);
    sim_set_group(sim, "east", "clear", NULL);
    assert_false(exists(sim, "clear#10.8.0.0/16"));
    assert_true(sim_log_has(sim, "east", "\"clear\": no group file \"policies/clear\""));
    assert_true(exists(sim, "clear"));
    assert_ends_well(sim);
}

static void deleting_the_group_deletes_its_members(void **state)
{
    (void)state;
    struct sim *sim = world();
    sim_set_group(sim, "east", "clear", "10.7.0.0/16");
    sim_add_connection_on(sim, "east", "clear", CLEAR);
    sim_reload_connection(sim, "east", "clear");
    assert_true(exists(sim, "clear#10.7.0.0/16"));
    assert_int_equal(sim_command(sim, "east", COMMAND_DELETE, "clear"), 0);
    assert_false(exists(sim, "clear#10.7.0.0/16"));
    assert_int_equal(sim_up(sim, "east", "clear"), RC_UNKNOWN_NAME);
    assert_ends_well(sim);
}

static void a_group_itself_cannot_be_initiated(void **state)
{
    (void)state;
    struct sim *sim = world();
    sim_set_group(sim, "east", "private", "192.0.2.0/24");
    sim_add_connection_on(sim, "east", "private", PRIVATE);
    assert_int_equal(sim_up(sim, "east", "private"), RC_NOPEERIP);
    assert_ends_well(sim);
}

static void an_opportunistic_group_talks_to_whoever_a_packet_is_for(void **state)
{
    (void)state;
    struct sim *sim = world();
    sim_set_group(sim, "east", "private", "192.0.2.0/24");
    sim_set_group(sim, "west", "private", "192.0.2.0/24");
    sim_add_connection(sim, "private", PRIVATE);
    assert_int_equal(sim_command(sim, "east", COMMAND_ROUTE, "private"), 0);
    assert_int_equal(sim_command(sim, "west", COMMAND_ROUTE, "private"), 0);
    assert_settles(sim);
    sim_send_packet(sim, "east", "192.0.2.1", "192.0.2.2", NULL);
    sim_run_for(sim, seconds(5));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_true(sim_log_has(sim, "east", "\"private#192.0.2.0/24\"[1] 192.0.2.2 #1: initiating"));
    assert_true(sim_ping(sim, "east", "192.0.2.1", "192.0.2.2"));
    assert_int_equal(sim_down(sim, "east", "private"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

/* Hosts behind us choose the destinations: a scan must not begin a negotiation for each address. */
static void a_scan_of_an_opportunistic_group_begins_a_bounded_number_of_negotiations(void **state)
{
    (void)state;
    struct sim *sim = world();
    struct ike_view view;
    size_t count = 0;
    sim_set_group(sim, "east", "private", "10.7.0.0/16");
    sim_add_connection_on(sim, "east", "private", PRIVATE);
    sim_reload_connection(sim, "east", "private");
    assert_int_equal(sim_command(sim, "east", COMMAND_ROUTE, "private"), 0);
    assert_settles(sim);
    for (unsigned i = 0; i < 1200; i++) {
        char address[32];
        snprintf(address, sizeof(address), "10.7.%u.%u", i / 250, i % 250 + 1);
        sim_send_packet(sim, "east", "192.0.2.1", address, NULL);
    }
    sim_run_for(sim, seconds(1));
    for (uint64_t at = 0; engine_view_ike(sim_engine(sim, "east"), at, &view); at = view.serial)
        count++;
    assert_int_equal(count, 1000);
    sim_run_for(sim, minutes(5)); /* nobody is there */
    sim_send_packet(sim, "east", "192.0.2.1", "10.7.9.9", NULL);
    sim_run_for(sim, seconds(1));
    assert_true(engine_view_ike(sim_engine(sim, "east"), 0, &view));
    sim_run_for(sim, minutes(5));
    assert_ends_well(sim);
}

int main(int argument_count, char **arguments)
{
    choose_scenarios(argument_count, arguments);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_network_of_the_file_is_a_connection_that_is_routed_with_the_group),
        cmocka_unit_test(members_come_and_go_as_the_file_says),
        cmocka_unit_test(deleting_the_group_deletes_its_members),
        cmocka_unit_test(a_group_itself_cannot_be_initiated),
        cmocka_unit_test(an_opportunistic_group_talks_to_whoever_a_packet_is_for),
        cmocka_unit_test(a_scan_of_an_opportunistic_group_begins_a_bounded_number_of_negotiations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
