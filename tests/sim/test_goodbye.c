/* Connections that are deleted, and a pluto that ends, while an exchange is under way: the peer is told, and
 * only when the window is free (RFC 7296 2.3); the world itself watches the window. */
#include "scenario.h"

enum { ONE_WAY = 5 }; /* milliseconds, about */

/* For each moment of an exchange that the command begins. */
static void tells_the_peer_during(enum command_kind begun, enum command_kind goodbye)
{
    for (unsigned delay_ms = 1; delay_ms <= 5 * ONE_WAY; delay_ms += 2) {
        struct sim *sim = established();
        sim_set_delays(sim, "east", milliseconds(2), 0, 0);
        sim_start(sim, "east", begun, "tunnel");
        sim_run_for(sim, milliseconds(delay_ms));
        sim_start(sim, "east", goodbye, goodbye == COMMAND_DELETE ? "tunnel" : NULL);
        sim_run_for(sim, seconds(2));
        assert_both_have(sim, 0, 0);
        assert_false(sim_log_has(sim, "east", "supposed to remain up"));
        if (goodbye == COMMAND_DELETE)
            assert_ends_well(sim);
        else
            sim_free(sim);
    }
}

static void a_deleted_connection_tells_the_peer_during_a_rekey_of_its_ike_sa(void **state)
{
    (void)state;
    tells_the_peer_during(COMMAND_REKEY_IKE, COMMAND_DELETE);
}

static void a_deleted_connection_tells_the_peer_during_a_rekey_of_its_child_sa(void **state)
{
    (void)state;
    tells_the_peer_during(COMMAND_REKEY_CHILD, COMMAND_DELETE);
}

static void a_deleted_connection_tells_the_peer_while_it_is_taken_down(void **state)
{
    (void)state;
    tells_the_peer_during(COMMAND_TERMINATE, COMMAND_DELETE);
}

static void pluto_ends_with_a_word_during_rekeys(void **state)
{
    (void)state;
    tells_the_peer_during(COMMAND_REKEY_IKE, COMMAND_SHUTDOWN);
    tells_the_peer_during(COMMAND_REKEY_CHILD, COMMAND_SHUTDOWN);
}

static void a_connection_deleted_during_ike_auth_tells_the_peer(void **state)
{
    (void)state;
    for (unsigned delay_ms = 11; delay_ms <= 23; delay_ms += 3) {
        struct sim *sim = gateways_with(TUNNEL);
        uint64_t up = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
        sim_run_for(sim, milliseconds(delay_ms));
        sim_start(sim, "east", COMMAND_DELETE, "tunnel");
        sim_run_for(sim, milliseconds(1));
        assert_int_not_equal(sim_result(sim, "east", up), -1); /* at once, not when the peer has answered */
        sim_run_for(sim, seconds(2));
        assert_both_have(sim, 0, 0);
        assert_ends_well(sim);
    }
}

static void the_name_is_free_while_its_last_ike_sa_takes_its_leave(void **state)
{
    (void)state;
    struct sim *sim = established();
    sim_start(sim, "east", COMMAND_REKEY_IKE, "tunnel");
    sim_run_for(sim, milliseconds(ONE_WAY / 2));
    sim_start(sim, "east", COMMAND_DELETE, "tunnel");
    sim_add_connection_on(sim, "east", "tunnel", TUNNEL);
    assert_up(sim, "east");
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void an_instance_is_not_seen_while_it_takes_its_leave(void **state)
{
    (void)state;
    struct connection_view view;
    struct sim *sim = gateways_that_differ(TUNNEL, "left=%any right=192.0.2.2 leftid=@east rightid=@west "
                                                   "authby=secret dpddelay=10s" SUBNETS CIPHERS);
    assert_up(sim, "east");
    sim_partition(sim, NULL, NULL, seconds(30));
    sim_run_for(sim, seconds(15)); /* the liveness check has no answer */
    sim_start(sim, "west", COMMAND_DELETE, "tunnel");
    sim_run_for(sim, milliseconds(1));
    assert_counts(sim, "west", 1, 0);
    assert_false(engine_view_connection(sim_engine(sim, "west"), 0, &view));
    sim_run_for(sim, minutes(2));
    assert_counts(sim, "west", 0, 0);
    sim_free(sim);
}

/* A listing pauses behind a connection that is deleted meanwhile; others have come since. */
static void a_listing_goes_on_behind_a_connection_that_takes_its_leave(void **state)
{
    (void)state;
    struct connection_view last, next;
    struct sim *sim = established();
    sim_start(sim, "east", COMMAND_REKEY_IKE, "tunnel");
    sim_run_for(sim, milliseconds(ONE_WAY / 2));
    assert_true(engine_view_connection(sim_engine(sim, "east"), 0, &last));
    uint64_t after = last.serial;
    sim_start(sim, "east", COMMAND_DELETE, "tunnel");
    assert_false(engine_view_connection(sim_engine(sim, "east"), after, &next));
    sim_add_connection_on(sim, "east", "second", SECOND);
    assert_true(engine_view_connection(sim_engine(sim, "east"), after, &next));
    assert_string_equal(next.spec->name, "second");
    assert_false(engine_view_connection(sim_engine(sim, "east"), next.serial, &next));
    sim_run_for(sim, seconds(2));
    assert_ends_well(sim);
}

static void nobody_answers_the_last_request_and_it_ends_in_silence(void **state)
{
    (void)state;
    struct sim *sim = established_with(TUNNEL " retransmit-timeout=20s");
    sim_partition(sim, NULL, NULL, minutes(10));
    sim_start(sim, "east", COMMAND_REKEY_CHILD, "tunnel");
    sim_run_for(sim, seconds(1));
    sim_start(sim, "east", COMMAND_DELETE, "tunnel");
    sim_run_for(sim, seconds(1));
    assert_counts(sim, "east", 1, 0);
    assert_int_equal(sim_plane_sa_count(sim, "east"), 0);
    sim_run_for(sim, seconds(30));
    assert_counts(sim, "east", 0, 0);
    assert_false(sim_log_has(sim, "east", "timeout exceeded"));
    sim_free(sim);
}

static void deleting_the_owner_of_an_ike_sa_during_its_rekey_leaves_the_tunnels_of_others(void **state)
{
    (void)state;
    for (unsigned delay_ms = 1; delay_ms <= 5 * ONE_WAY; delay_ms += 2) {
        struct sim *sim = gateways();
        sim_add_connection(sim, "second", SECOND);
        assert_up(sim, "east");
        assert_int_equal(sim_up(sim, "east", "second"), 0);
        assert_settles(sim);
        sim_start(sim, delay_ms % 4 == 1 ? "east" : "west", COMMAND_REKEY_IKE, "tunnel");
        sim_run_for(sim, milliseconds(delay_ms));
        sim_start(sim, "east", COMMAND_DELETE, "tunnel");
        sim_run_for(sim, seconds(10));
        assert_settles(sim);
        assert_both_have(sim, 1, 1);
        assert_true(sim_ping(sim, "east", "10.3.0.1", "10.4.0.1"));
        assert_false(sim_log_has(sim, "east", "supposed to remain up")); /* it has never been down */
        assert_ends_well(sim);
    }
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deleted_connection_tells_the_peer_during_a_rekey_of_its_ike_sa),
        cmocka_unit_test(a_deleted_connection_tells_the_peer_during_a_rekey_of_its_child_sa),
        cmocka_unit_test(a_deleted_connection_tells_the_peer_while_it_is_taken_down),
        cmocka_unit_test(pluto_ends_with_a_word_during_rekeys),
        cmocka_unit_test(a_connection_deleted_during_ike_auth_tells_the_peer),
        cmocka_unit_test(the_name_is_free_while_its_last_ike_sa_takes_its_leave),
        cmocka_unit_test(an_instance_is_not_seen_while_it_takes_its_leave),
        cmocka_unit_test(a_listing_goes_on_behind_a_connection_that_takes_its_leave),
        cmocka_unit_test(nobody_answers_the_last_request_and_it_ends_in_silence),
        cmocka_unit_test(deleting_the_owner_of_an_ike_sa_during_its_rekey_leaves_the_tunnels_of_others),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
