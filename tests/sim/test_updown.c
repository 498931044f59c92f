/* The updown script: which verbs are run when, and what their failure means. */
#include <string.h>

#include "scenario.h"

#define SCRIPT TUNNEL " leftupdown=/script rightupdown=/script"
#define BRINGS_UP "prepare-client route-client up-client "
#define TAKES_DOWN "down-client unroute-client "

static void assert_scripts(struct sim *sim, const char *host, const char *verbs)
{
    assert_string_equal(sim_scripts(sim, host), verbs);
}

static void verbs_are_run_in_order_on_both_ends(void **state)
{
    (void)state;
    struct sim *sim = established_with(SCRIPT);
    assert_scripts(sim, "east", BRINGS_UP);
    assert_scripts(sim, "west", BRINGS_UP);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_scripts(sim, "east", BRINGS_UP TAKES_DOWN);
    assert_scripts(sim, "west", BRINGS_UP TAKES_DOWN);
    assert_ends_well(sim);
}

static void a_rekey_runs_no_script(void **state)
{
    (void)state;
    struct sim *sim = established_with(SCRIPT);
    assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_settles(sim);
    assert_scripts(sim, "east", BRINGS_UP);
    assert_ends_well(sim);
}

static void hosts_without_clients_get_the_host_verbs(void **state)
{
    (void)state;
    struct sim *sim = established_with(HOSTS CIPHERS " leftupdown=/script");
    assert_scripts(sim, "east", "prepare-host route-host up-host ");
    assert_scripts(sim, "west", "");
    assert_ends_well(sim);
}

static void every_pair_of_clients_gets_every_verb(void **state)
{
    (void)state;
    struct sim *sim =
        established_with(HOSTS CIPHERS " leftsubnet=10.1.0.0/24,10.3.0.0/24 rightsubnet=10.2.0.0/24"
                                       " leftupdown=/script");
    assert_scripts(sim, "east",
                   "prepare-client prepare-client route-client route-client up-client up-client ");
    assert_ends_well(sim);
}

static void empty_and_disabled_run_nothing(void **state)
{
    (void)state;
    struct sim *sim = established_with(TUNNEL " leftupdown=%disabled");
    assert_scripts(sim, "east", "");
    assert_ping(sim);
    assert_ends_well(sim);
}

static void up_waits_for_the_scripts(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(SCRIPT);
    sim_set_delays(sim, "east", 0, 0, seconds(20));
    usec_t begun = sim_now(sim);
    assert_up(sim, "east");
    assert_true(sim_now(sim) - begun > seconds(1));
    assert_ends_well(sim);
}

static void async_does_not_wait_for_the_scripts(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(SCRIPT " leftupdown-config=async");
    sim_set_delays(sim, "east", 0, 0, seconds(20));
    usec_t begun = sim_now(sim);
    assert_up(sim, "east");
    assert_true(sim_now(sim) - begun < seconds(1));
    assert_settles(sim);
    assert_ends_well(sim);
}

static void assert_failing_script_fails_the_up(const char *verb, const char *verbs_run)
{
    struct sim *sim = gateways_with(TUNNEL " leftupdown=/script");
    sim_fail_script(sim, "east", verb);
    assert_int_equal(sim_up(sim, "east", "tunnel"), RC_ROUTE);
    assert_true(sim_log_has(sim, "east", "the connection is taken down: its "));
    assert_memory_equal(sim_scripts(sim, "east"), verbs_run, strlen(verbs_run));
    sim_fail_script(sim, "east", NULL);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

static void a_script_that_fails_fails_the_up_and_takes_the_sa_down(void **state)
{
    (void)state;
    assert_failing_script_fails_the_up("prepare", "prepare-client unroute-client ");
    assert_failing_script_fails_the_up("route", "prepare-client route-client unroute-client ");
    assert_failing_script_fails_the_up("up", BRINGS_UP "down-client ");
}

static uint64_t asks_again_while_the_script_runs(struct sim *sim, uint64_t *ret_first)
{
    sim_set_delays(sim, "east", 0, 0, seconds(30));
    *ret_first = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(500));
    uint64_t second = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(500));
    assert_int_equal(sim_result(sim, "east", *ret_first), -1);
    assert_int_equal(sim_result(sim, "east", second), -1);
    return second;
}

static void whoever_asks_again_waits_for_the_same_script(void **state)
{
    (void)state;
    for (unsigned fails = 0; fails < 2; fails++) {
        struct sim *sim = gateways_with(TUNNEL " leftupdown=/script");
        uint64_t first;
        sim_fail_script(sim, "east", fails ? "prepare" : NULL);
        uint64_t second = asks_again_while_the_script_runs(sim, &first);
        sim_run_for(sim, seconds(31));
        assert_int_equal(sim_result(sim, "east", first), fails ? RC_ROUTE : 0);
        assert_int_equal(sim_result(sim, "east", second), fails ? RC_ROUTE : 0);
        assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
        assert_ends_well(sim);
    }
}

static void whoever_routes_again_waits_for_the_same_script(void **state)
{
    (void)state;
    for (unsigned fails = 0; fails < 2; fails++) {
        struct sim *sim = gateways_with(TUNNEL " leftupdown=/script");
        uint64_t clients[3];
        sim_fail_script(sim, "east", fails ? "route" : NULL);
        sim_set_delays(sim, "east", 0, 0, seconds(30));
        for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
            clients[i] = sim_start(sim, "east", COMMAND_ROUTE, "tunnel");
        sim_run_for(sim, seconds(1));
        for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
            assert_int_equal(sim_result(sim, "east", clients[i]), -1);
        sim_run_for(sim, seconds(61));
        for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
            assert_int_equal(sim_result(sim, "east", clients[i]), fails ? RC_ROUTE : 0);
        assert_ends_well(sim);
    }
}

static void a_route_that_is_taken_away_while_its_script_runs_has_failed(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " leftupdown=/script");
    sim_set_delays(sim, "east", 0, 0, seconds(30));
    uint64_t route = sim_start(sim, "east", COMMAND_ROUTE, "tunnel");
    sim_run_for(sim, seconds(1));
    uint64_t unroute = sim_start(sim, "east", COMMAND_UNROUTE, "tunnel");
    sim_run_for(sim, seconds(61));
    assert_int_equal(sim_result(sim, "east", route), RC_FATAL);
    assert_int_equal(sim_result(sim, "east", unroute), 0);
    assert_ends_well(sim);
}

/* --up twice, while the script of the first is still at it. */
static void a_script_that_fails_takes_every_sa_of_the_connection_down(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " leftupdown=/script");
    sim_set_delays(sim, "east", 0, 0, seconds(30));
    sim_fail_script(sim, "east", "prepare");
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(500));
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(500));
    assert_int_equal(sim_child_count(sim, "west"), 2);
    sim_run_for(sim, seconds(31));
    assert_true(sim_log_has(sim, "west", "\"tunnel\" #2: peer deletes the Child SA"));
    assert_true(sim_log_has(sim, "west", "\"tunnel\" #3: peer deletes the Child SA"));
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_ends_well(sim);
}

static void ikev1_runs_them_too(void **state)
{
    (void)state;
    struct sim *sim = established_with(HOSTS SUBNETS " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2"
                                                     " leftupdown=/script");
    assert_scripts(sim, "east", BRINGS_UP);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_scripts(sim, "east", BRINGS_UP TAKES_DOWN);
    sim_fail_script(sim, "east", "up");
    assert_int_equal(sim_up(sim, "east", "tunnel"), RC_ROUTE);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

static void a_route_on_demand_runs_the_verbs_that_come_before_up(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " leftupdown=/script");
    assert_int_equal(sim_command(sim, "east", COMMAND_ROUTE, "tunnel"), 0);
    assert_settles(sim);
    assert_scripts(sim, "east", "prepare-client route-client ");
    assert_up(sim, "east");
    assert_scripts(sim, "east", BRINGS_UP);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_scripts(sim, "east", BRINGS_UP "down-client ");
    assert_int_equal(sim_command(sim, "east", COMMAND_UNROUTE, "tunnel"), 0);
    assert_settles(sim);
    assert_scripts(sim, "east", BRINGS_UP TAKES_DOWN);
    assert_ends_well(sim);
}

static void a_failing_script_is_tried_again_ever_more_rarely(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " leftupdown=/script");
    sim_fail_script(sim, "east", "prepare");
    assert_int_equal(sim_up(sim, "east", "tunnel"), RC_ROUTE);
    sim_run_for(sim, minutes(1));
    unsigned calls = 0;
    for (const char *at = sim_scripts(sim, "east"); (at = strstr(at, "prepare")) != NULL; at++)
        calls++;
    assert_in_range(calls, 2, 14);
    sim_fail_script(sim, "east", NULL);
    sim_run_for(sim, minutes(5));
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_script_that_fails_fails_the_route(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " leftupdown=/script");
    sim_fail_script(sim, "east", "route");
    assert_int_equal(sim_command(sim, "east", COMMAND_ROUTE, "tunnel"), RC_ROUTE);
    assert_settles(sim);
    assert_scripts(sim, "east", "prepare-client route-client unroute-client ");
    sim_fail_script(sim, "east", NULL);
    assert_int_equal(sim_command(sim, "east", COMMAND_ROUTE, "tunnel"), 0);
    assert_ends_well(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verbs_are_run_in_order_on_both_ends),
        cmocka_unit_test(a_rekey_runs_no_script),
        cmocka_unit_test(hosts_without_clients_get_the_host_verbs),
        cmocka_unit_test(every_pair_of_clients_gets_every_verb),
        cmocka_unit_test(empty_and_disabled_run_nothing),
        cmocka_unit_test(up_waits_for_the_scripts),
        cmocka_unit_test(async_does_not_wait_for_the_scripts),
        cmocka_unit_test(a_script_that_fails_fails_the_up_and_takes_the_sa_down),
        cmocka_unit_test(whoever_asks_again_waits_for_the_same_script),
        cmocka_unit_test(whoever_routes_again_waits_for_the_same_script),
        cmocka_unit_test(a_route_that_is_taken_away_while_its_script_runs_has_failed),
        cmocka_unit_test(a_script_that_fails_takes_every_sa_of_the_connection_down),
        cmocka_unit_test(ikev1_runs_them_too),
        cmocka_unit_test(a_route_on_demand_runs_the_verbs_that_come_before_up),
        cmocka_unit_test(a_script_that_fails_fails_the_route),
        cmocka_unit_test(a_failing_script_is_tried_again_ever_more_rarely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
