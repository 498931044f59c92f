/* The hosts of a connection: which end is ours, names that resolve, addresses that come and go. */
#include "scenario.h"

#define REST SUBNETS CIPHERS " leftid=@east rightid=@west authby=secret"
#define BY_NAME "left=192.0.2.1 right=west.example" REST
#define FROM_WEST "left=192.0.2.1 right=%defaultroute" REST

static struct sim *east_knows_west_by(const char *words)
{
    struct sim *sim = gateways_that_differ(words, FROM_WEST);
    return sim;
}

static void the_default_route_tells_which_end_is_ours(void **state)
{
    (void)state;
    struct sim *sim = east_knows_west_by("left=192.0.2.1 right=192.0.2.2" REST);
    assert_up(sim, "west");
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void an_interface_tells_which_end_is_ours(void **state)
{
    (void)state;
    struct sim *sim = east_knows_west_by("left=%eth0 right=192.0.2.2" REST);
    assert_up(sim, "east");
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_connection_of_strangers_is_added_unoriented_and_refused(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_add_connection_on(sim, "east", "far", "left=192.0.2.8 right=west.example authby=secret");
    assert_true(sim_log_has(sim, "east",
                            "\"far\": added unoriented IKEv2 connection (neither left=192.0.2.8 nor "
                            "right=west.example match an interface)"));
    assert_int_equal(sim_up(sim, "east", "far"), RC_ORIENT);
    assert_true(sim_log_has(sim, "east",
                            "we cannot identify ourselves with either end of this connection.  192.0.2.8 or "
                            "west.example are not usable"));
    assert_ends_well(sim);
}

static void both_ends_ours_is_refused(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_add_connection_on(sim, "east", "self", "left=%eth0 right=192.0.2.1 authby=secret");
    assert_true(sim_log_has(sim, "east", "both sides of \"self\" are our interface eth0!"));
    assert_int_equal(sim_up(sim, "east", "self"), RC_ORIENT);
    assert_ends_well(sim);
}

static void a_name_that_resolves_leads_to_the_peer(void **state)
{
    (void)state;
    struct sim *sim = east_knows_west_by(BY_NAME);
    sim_set_name(sim, "west.example", "192.0.2.2");
    sim_run_for(sim, seconds(70));
    assert_up(sim, "east");
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_name_that_resolves_later_brings_the_connection_up_then(void **state)
{
    (void)state;
    struct sim *sim = east_knows_west_by(BY_NAME);
    sim_run_for(sim, seconds(1));
    assert_int_equal(sim_up(sim, "east", "tunnel"), RC_NOPEERIP);
    assert_true(sim_log_has(sim, "east", "without resolved dynamic peer IP address, will keep retrying"));
    assert_true(sim_log_has(sim, "east", "Name or service not known"));
    sim_run_for(sim, seconds(90));
    assert_false(sim_is_up(sim, "east", "tunnel"));
    sim_set_name(sim, "west.example", "192.0.2.2");
    sim_run_for(sim, seconds(70));
    assert_true(sim_is_up(sim, "east", "tunnel"));
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void ddns_looks_names_up_at_once(void **state)
{
    (void)state;
    struct sim *sim = east_knows_west_by(BY_NAME);
    sim_run_for(sim, seconds(1));
    sim_up(sim, "east", "tunnel");
    sim_run_for(sim, seconds(1));
    sim_set_name(sim, "west.example", "192.0.2.2");
    assert_int_equal(sim_command(sim, "east", COMMAND_DDNS, NULL), 0);
    sim_run_for(sim, seconds(3));
    assert_true(sim_is_up(sim, "east", "tunnel"));
    assert_ends_well(sim);
}

static void a_stranger_is_not_taken_for_a_name_without_address(void **state)
{
    (void)state;
    struct sim *sim = east_knows_west_by(BY_NAME);
    assert_int_equal(sim_up(sim, "west", "tunnel"), RC_FATAL);
    assert_true(sim_log_has(sim, "east", "no connection between 192.0.2.1 and 192.0.2.2"));
    sim_down(sim, "west", "tunnel");
    assert_ends_well(sim);
}

/* West dies; its name leads to another machine then. */
static void a_dead_peer_is_found_at_the_new_address_of_its_name(void **state)
{
    (void)state;
    struct sim *sim = east_knows_west_by(BY_NAME " dpddelay=10s retransmit-timeout=10s");
    sim_add_host(sim, "heir", "192.0.2.3");
    sim_add_connection_on(sim, "heir", "tunnel", FROM_WEST);
    sim_set_name(sim, "west.example", "192.0.2.2");
    sim_run_for(sim, seconds(70));
    assert_up(sim, "east");
    assert_settles(sim);
    assert_ping(sim);
    sim_set_name(sim, "west.example", "192.0.2.3");
    sim_run_for(sim, minutes(5));
    assert_ping(sim); /* what works is not disturbed */
    sim_command(sim, "west", COMMAND_DELETE, "tunnel");
    sim_run_for(sim, minutes(2));
    assert_true(sim_is_up(sim, "heir", "tunnel"));
    assert_true(sim_log_has(sim, "east", "west.example has moved to 192.0.2.3"));
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_port_of_its_own_is_used_in_both_directions(void **state)
{
    (void)state;
    static const char *const hosts[] = {"east", "west"};
    for (unsigned i = 0; i < 2; i++) {
        struct sim *sim = gateways_with(TUNNEL " leftikeport=6500");
        sim_record(sim);
        assert_up(sim, hosts[i]);
        assert_settles(sim);
        size_t count;
        const struct sim_record *records = sim_records(sim, &count);
        uint16_t east = i == 0 ? records[0].source.port : records[0].destination.port;
        uint16_t west = i == 0 ? records[0].destination.port : records[0].source.port;
        assert_int_equal(east, 6500);
        assert_int_equal(west, 4500);
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

static void an_address_that_goes_takes_its_sas_and_brings_them_back_when_it_returns(void **state)
{
    (void)state;
    struct sim *sim = established_with(TUNNEL " dpddelay=10s retransmit-timeout=10s");
    sim_listen(sim, "east", false);
    sim_run_for(sim, seconds(1));
    assert_counts(sim, "east", 0, 0);
    assert_true(sim_log_has(sim, "east", "connection interface un-oriented"));
    assert_int_equal(sim_up(sim, "east", "tunnel"), RC_ORIENT);
    sim_run_for(sim, minutes(1));
    sim_listen(sim, "east", true);
    sim_run_for(sim, seconds(30));
    assert_true(sim_is_up(sim, "east", "tunnel"));
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

int main(int argument_count, char **arguments)
{
    choose_scenarios(argument_count, arguments);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_route_tells_which_end_is_ours),
        cmocka_unit_test(an_interface_tells_which_end_is_ours),
        cmocka_unit_test(a_connection_of_strangers_is_added_unoriented_and_refused),
        cmocka_unit_test(both_ends_ours_is_refused),
        cmocka_unit_test(a_name_that_resolves_leads_to_the_peer),
        cmocka_unit_test(a_name_that_resolves_later_brings_the_connection_up_then),
        cmocka_unit_test(ddns_looks_names_up_at_once),
        cmocka_unit_test(a_stranger_is_not_taken_for_a_name_without_address),
        cmocka_unit_test(a_dead_peer_is_found_at_the_new_address_of_its_name),
        cmocka_unit_test(a_port_of_its_own_is_used_in_both_directions),
        cmocka_unit_test(an_address_that_goes_takes_its_sas_and_brings_them_back_when_it_returns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
