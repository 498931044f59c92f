/* Taking down, and noticing that the peer is gone: INFORMATIONAL exchanges (RFC 7296 1.4, 2.4),
 * INITIAL_CONTACT. */
#include "scenario.h"

static void the_initiator_takes_the_tunnel_down(void **state)
{
    (void)state;
    struct sim *sim = established();
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_no_ping(sim);
    assert_ends_well(sim);
}

/* Each time it comes up the peer takes it down, so that east waits longer and longer. */
static struct sim *ended_early_again_and_again(const char *words)
{
    struct sim *sim = established_with(words);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(sim_down(sim, "west", "tunnel"), 0);
        for (unsigned waited = 0; sim_child_count(sim, "east") == 0 && waited < 60; waited++)
            sim_run_for(sim, seconds(1));
        assert_settles(sim);
    }
    assert_int_equal(sim_down(sim, "west", "tunnel"), 0);
    sim_run_for(sim, seconds(10));
    assert_both_have(sim, 0, 0);
    sim_run_for(sim, seconds(60));
    assert_both_have(sim, 1, 1);
    return sim;
}

static void assert_comes_back_at_once(struct sim *sim)
{
    assert_int_equal(sim_down(sim, "west", "tunnel"), 0);
    sim_run_for(sim, seconds(2));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
}

static void what_somebody_takes_in_hand_has_no_past(void **state)
{
    (void)state;
    struct sim *sim = ended_early_again_and_again(TUNNEL);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_up(sim, "east");
    assert_comes_back_at_once(sim);
    assert_ends_well(sim);
}

/* One that was rekeyed a moment ago has lived long all the same. */
static void a_long_life_with_rekeys_makes_up_for_early_ends(void **state)
{
    (void)state;
    struct sim *sim = ended_early_again_and_again(TUNNEL);
    sim_run_for(sim, minutes(10));
    assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_CHILD, "tunnel"), 0);
    sim_run_for(sim, seconds(10));
    assert_comes_back_at_once(sim);
    assert_ends_well(sim);
}

static void what_the_peer_takes_down_comes_up_again_where_it_is_wanted(void **state)
{
    (void)state;
    struct sim *sim = established();
    struct child_view old, new;
    assert_true(sim_newest_child(sim, "west", "tunnel", &old));
    assert_int_equal(sim_down(sim, "west", "tunnel"), 0);
    sim_run_for(sim, seconds(30));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_true(sim_newest_child(sim, "west", "tunnel", &new));
    assert_int_not_equal(old.spi_in, new.spi_in);
    assert_true(sim_log_has(sim, "east", "supposed to remain up"));
    assert_ping(sim);
    assert_ends_well(sim);
}

static void up_and_down_again_and_again_leaves_nothing(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    uint64_t base = engine_view_totals(sim_engine(sim, "west")).bytes_owned;
    for (int i = 0; i < 50; i++) {
        const char *host = i % 2 ? "east" : "west";
        assert_up(sim, host);
        assert_int_equal(sim_down(sim, host, "tunnel"), 0);
        assert_settles(sim);
    }
    sim_run_for(sim, minutes(5)); /* deleted IKE SAs answer repeated Deletes for a while */
    assert_int_equal(engine_view_totals(sim_engine(sim, "west")).bytes_owned, base);
    assert_ends_well(sim);
}

static void taking_one_connection_down_leaves_its_neighbour(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_add_connection(sim, "second", SECOND);
    assert_up(sim, "east");
    assert_int_equal(sim_up(sim, "east", "second"), 0);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_no_ping(sim);
    assert_true(sim_ping(sim, "east", "10.3.0.1", "10.4.0.1"));
    assert_int_equal(sim_child_count(sim, "west"), 1);
    assert_ends_well(sim);
}

static void deleting_the_connection_takes_its_sas_along(void **state)
{
    (void)state;
    struct sim *sim = established();
    sim_command(sim, "east", COMMAND_DELETE, "tunnel");
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

static void down_while_coming_up_leaves_nothing(void **state)
{
    (void)state;
    for (unsigned delay_ms = 0; delay_ms <= 30; delay_ms += 3) {
        /* The responder of a half-finished IKE_AUTH finds out by asking. */
        struct sim *sim = gateways_with(TUNNEL " dpddelay=10s");
        sim_set_delays(sim, "west", milliseconds(5), 0, 0);
        uint64_t up = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
        sim_run_for(sim, milliseconds(delay_ms));
        sim_start(sim, "east", COMMAND_TERMINATE, "tunnel");
        assert_settles(sim);
        assert_int_not_equal(sim_result(sim, "east", up), -1);
        sim_run_for(sim, minutes(3));
        assert_both_have(sim, 0, 0);
        assert_ends_well(sim);
    }
}

static void down_during_ike_auth_tells_the_peer(void **state)
{
    (void)state;
    for (unsigned delay_ms = 11; delay_ms <= 23; delay_ms += 3) {
        struct sim *sim = gateways_with(TUNNEL);
        uint64_t up = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
        sim_run_for(sim, milliseconds(delay_ms));
        assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
        assert_int_not_equal(sim_result(sim, "east", up), -1);
        assert_settles(sim);
        assert_both_have(sim, 0, 0);
        assert_ends_well(sim);
    }
}

static void up_after_down_during_ike_auth_works(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(12));
    sim_start(sim, "east", COMMAND_TERMINATE, "tunnel");
    assert_up(sim, "east");
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_killed_peer_that_comes_back_replaces_its_old_ike_sa(void **state)
{
    (void)state;
    struct sim *sim = established();
    sim_restart(sim, "east", seconds(1));
    sim_run_for(sim, seconds(2));
    assert_up(sim, "east");
    sim_run_for(sim, seconds(1));
    assert_ping(sim);
    sim_run_for(sim, seconds(15));
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_dead_peer_is_noticed_by_liveness_checks(void **state)
{
    (void)state;
    struct sim *sim = established_with(TUNNEL " dpddelay=10s retransmit-timeout=20s");
    sim_partition(sim, NULL, NULL, minutes(5));
    sim_run_for(sim, seconds(120));
    assert_int_equal(sim_ike_count(sim, "east"), 0);
    assert_int_equal(sim_ike_count(sim, "west"), 0);
    assert_int_equal(sim_plane_sa_count(sim, "east"), 0);
    sim_heal(sim);
    sim_down(sim, "east", "tunnel");
    assert_ends_well(sim);
}

static void liveness_checks_of_a_living_peer_change_nothing(void **state)
{
    (void)state;
    struct sim *sim = established_with(TUNNEL " dpddelay=10s");
    sim_record(sim);
    sim_run_for(sim, minutes(10));
    size_t checks = sim_count(sim, "east", MESSAGE_INFORMATIONAL, PART_REQUEST);
    assert_in_range(checks, 20, 70);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void without_dpddelay_nobody_asks(void **state)
{
    (void)state;
    struct sim *sim = established();
    sim_record(sim);
    sim_run_for(sim, minutes(60));
    assert_int_equal(sim_count(sim, "east", MESSAGE_INFORMATIONAL, PART_EITHER), 0);
    assert_ends_well(sim);
}

static void a_restarted_peer_with_initial_contact_replaces_its_old_sas(void **state)
{
    (void)state;
    struct sim *sim = established_with(TUNNEL " initial-contact=yes");
    sim_restart(sim, "east", seconds(1));
    sim_run_for(sim, seconds(2));
    assert_up(sim, "east");
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_restarted_peer_is_found_out_by_liveness(void **state)
{
    (void)state;
    struct sim *sim = established_with(TUNNEL " dpddelay=10s retransmit-timeout=20s");
    sim_restart(sim, "west", seconds(1));
    sim_run_for(sim, minutes(2));
    /* East was the initiator and is meant to stay up: it has come back. */
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_message_for_an_unknown_sa_does_not_kill_one(void **state)
{
    (void)state;
    struct sim *sim = established();
    struct ike_view ike;
    assert_true(sim_newest_ike(sim, "east", "tunnel", &ike));
    /* An unprotected INVALID_IKE_SPI, as anybody can forge it. */
    uint8_t lie[IKE_HEADER_SIZE + 8] = {0};
    memcpy(lie, ike.spi_i, IKE_SPI_SIZE);
    memcpy(lie + 8, ike.spi_r, IKE_SPI_SIZE);
    lie[16] = PAYLOAD_NOTIFY;
    lie[17] = IKEV2_VERSION;
    lie[18] = INFORMATIONAL;
    lie[19] = IKEV2_FLAG_RESPONSE;
    store_be32(lie + 24, sizeof(lie));
    store_be16(lie + 30, 8);
    store_be16(lie + 34, INVALID_IKE_SPI);
    for (int i = 0; i < 100; i++)
        sim_inject(sim, "west", "east", 500, bytes_of(lie, sizeof(lie)));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_delete_that_is_lost_is_sent_again(void **state)
{
    (void)state;
    struct sim *sim = established();
    sim_drop(sim, "east", MESSAGE_DELETE, PART_REQUEST, 0, 2);
    sim_drop(sim, "west", MESSAGE_DELETE, PART_RESPONSE, 0, 1);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

static void a_delete_that_nobody_answers_ends_all_the_same(void **state)
{
    (void)state;
    struct sim *sim = established();
    sim_partition(sim, NULL, NULL, minutes(10));
    int code = sim_down(sim, "east", "tunnel");
    assert_int_not_equal(code, -1);
    sim_run_for(sim, minutes(3));
    assert_counts(sim, "east", 0, 0);
    sim_free(sim);
}

static void shutting_down_says_goodbye(void **state)
{
    (void)state;
    struct sim *sim = established();
    sim_start(sim, "east", COMMAND_SHUTDOWN, NULL);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    sim_free(sim);
}

static struct sim *two_tunnels_by_one_ike_sa_of(const char *east, const char *west)
{
    struct sim *sim = gateways_that_differ(east, west);
    const char *const hosts[] = {"east", "west"}, *const words[] = {east, west};
    for (size_t i = 0; i < 2; i++) {
        char second[512];
        snprintf(second, sizeof(second), "%s leftsubnet=10.3.0.0/24 rightsubnet=10.4.0.0/24", words[i]);
        sim_add_connection_on(sim, hosts[i], "second", second);
    }
    assert_up(sim, "east");
    assert_int_equal(sim_up(sim, "east", "second"), 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 2);
    return sim;
}

/* What `ipsec reload` and `auto --delete` lean on. */
static struct sim *two_tunnels_by_one_ike_sa(const char *more)
{
    const char *words = more != NULL ? more : TUNNEL;
    return two_tunnels_by_one_ike_sa_of(words, words);
}

static const char *const one_ike_sa_of[] = {NULL, HOSTS SUBNETS
                                            " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2"};

static void deleting_the_connection_of_an_ike_sa_leaves_the_tunnels_of_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct sim *sim = two_tunnels_by_one_ike_sa(one_ike_sa_of[i]);
        struct child_view before, after;
        assert_true(sim_newest_child(sim, "east", "second", &before));
        sim_command(sim, "east", COMMAND_DELETE, "tunnel");
        assert_true(sim_ping(sim, "east", "10.3.0.1", "10.4.0.1"));
        assert_settles(sim);
        assert_both_have(sim, 1, 1);
        assert_true(sim_newest_child(sim, "east", "second", &after));
        assert_int_equal(before.serial, after.serial);
        assert_int_equal(sim_down(sim, "east", "second"), 0);
        assert_settles(sim);
        assert_both_have(sim, 0, 0);
        assert_ends_well(sim);
    }
}

static void an_ike_sa_whose_connection_is_deleted_while_it_is_replaced_is_replaced_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *words = one_ike_sa_of[i] != NULL ? one_ike_sa_of[i] : TUNNEL;
        char east[512], west[512];
        snprintf(east, sizeof(east), "%s ikelifetime=1h rekeymargin=5m rekeyfuzz=0%% reauth=yes", words);
        snprintf(west, sizeof(west), "%s rekey=no", words);
        struct sim *sim = two_tunnels_by_one_ike_sa_of(east, west);
        sim_run_for(sim, minutes(54));
        sim_set_delays(sim, "east", minutes(30), 0, 0); /* the new one takes its time to begin */
        sim_run_for(sim, seconds(65));
        assert_true(sim_log_has(sim, "east", i == 0 ? "reauthenticating" : "Main Mode to replace"));
        sim_command(sim, "east", COMMAND_DELETE, "tunnel");
        sim_set_delays(sim, "east", 0, 0, 0);
        sim_run_for(sim, minutes(10));
        assert_settles(sim);
        assert_both_have(sim, 1, 1);
        assert_false(sim_log_has(sim, "east", "supposed to remain up")); /* it has never been down */
        assert_true(sim_ping(sim, "east", "10.3.0.1", "10.4.0.1"));
        assert_ends_well(sim);
    }
}

static void deleting_all_connections_of_an_ike_sa_tells_the_peer(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct sim *sim = two_tunnels_by_one_ike_sa(one_ike_sa_of[i]);
        sim_start(sim, "east", COMMAND_DELETE, "tunnel");
        sim_start(sim, "east", COMMAND_DELETE, "second");
        sim_run_for(sim, seconds(2));
        assert_both_have(sim, 0, 0);
        assert_ends_well(sim);
    }
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_initiator_takes_the_tunnel_down),
        cmocka_unit_test(what_somebody_takes_in_hand_has_no_past),
        cmocka_unit_test(a_long_life_with_rekeys_makes_up_for_early_ends),
        cmocka_unit_test(what_the_peer_takes_down_comes_up_again_where_it_is_wanted),
        cmocka_unit_test(up_and_down_again_and_again_leaves_nothing),
        cmocka_unit_test(taking_one_connection_down_leaves_its_neighbour),
        cmocka_unit_test(deleting_the_connection_takes_its_sas_along),
        cmocka_unit_test(down_while_coming_up_leaves_nothing),
        cmocka_unit_test(down_during_ike_auth_tells_the_peer),
        cmocka_unit_test(up_after_down_during_ike_auth_works),
        cmocka_unit_test(a_killed_peer_that_comes_back_replaces_its_old_ike_sa),
        cmocka_unit_test(a_dead_peer_is_noticed_by_liveness_checks),
        cmocka_unit_test(liveness_checks_of_a_living_peer_change_nothing),
        cmocka_unit_test(without_dpddelay_nobody_asks),
        cmocka_unit_test(a_restarted_peer_with_initial_contact_replaces_its_old_sas),
        cmocka_unit_test(a_restarted_peer_is_found_out_by_liveness),
        cmocka_unit_test(a_message_for_an_unknown_sa_does_not_kill_one),
        cmocka_unit_test(a_delete_that_is_lost_is_sent_again),
        cmocka_unit_test(a_delete_that_nobody_answers_ends_all_the_same),
        cmocka_unit_test(shutting_down_says_goodbye),
        cmocka_unit_test(deleting_the_connection_of_an_ike_sa_leaves_the_tunnels_of_others),
        cmocka_unit_test(an_ike_sa_whose_connection_is_deleted_while_it_is_replaced_is_replaced_again),
        cmocka_unit_test(deleting_all_connections_of_an_ike_sa_tells_the_peer),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
