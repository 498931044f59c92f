/* One name for several connections: subnets= and connalias=. */
#include "base/text.h"
#include "engine/state.h"
#include "scenario.h"
#include "wire/ikev1_numbers.h"

#define SUBNETS_OF_BOTH                                                                                      \
    HOSTS CIPHERS " leftsubnets=10.1.0.0/24,10.3.0.0/24 rightsubnets=10.2.0.0/24,10.4.0.0/24"

static size_t connection_count(struct sim *sim, const char *host)
{
    return (size_t)engine_view_totals(sim_engine(sim, host)).connections_loaded;
}

static void the_name_of_a_conn_with_subnets_stands_for_all_of_them(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(SUBNETS_OF_BOTH);
    assert_int_equal(connection_count(sim, "east"), 4);
    assert_up(sim, "east");
    assert_settles(sim);
    assert_both_have(sim, 1, 4);
    assert_true(sim_is_up(sim, "west", "tunnel/2x1"));
    assert_ping(sim);
    assert_true(sim_ping(sim, "east", "10.3.0.1", "10.4.0.1"));
    assert_true(sim_ping(sim, "east", "10.1.0.1", "10.4.0.1"));
    assert_true(sim_log_has(sim, "east", "initiating all conns with alias='tunnel'"));
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_true(sim_log_has(sim, "east", "terminated 4 connections from aliased connection \"tunnel\""));
    assert_ends_well(sim);
}

static bool has_a_child(struct sim *sim, void *context)
{
    (void)context;
    return sim_child_count(sim, "east") > 0;
}

/* The most Quick Modes of a host that waited for their first answer at the same time. */
static size_t most_quick_modes_at_once(struct sim *sim, const char *host)
{
    uint8_t waiting[64][4];
    size_t count, waiting_count = 0, most = 0;
    const struct sim_record *records = sim_records(sim, &count);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *message = records[i].bytes;
        size_t at = 0;
        if (message[18] != ISAKMP_QUICK)
            continue;
        while (at < waiting_count && memcmp(waiting[at], message + 20, 4) != 0)
            at++;
        bool is_ours = strcmp(records[i].from, host) == 0;
        if (!is_ours && at < waiting_count)
            memcpy(waiting[at], waiting[--waiting_count], 4);
        else if (is_ours && records[i].size > 150) /* the first, not the last of the exchange */
            memcpy(waiting[waiting_count++], message + 20, 4);
        most = waiting_count > most ? waiting_count : most;
    }
    return most;
}

/* strongSwan loses track of more than three exchanges under one ISAKMP SA. */
static void quick_modes_of_many_subnets_begin_few_at_a_time(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(
        HOSTS
        " leftsubnets=10.1.0.0/24,10.3.0.0/24,10.5.0.0/24 rightsubnets=10.2.0.0/24,10.4.0.0/24,10.6.0.0/24 "
        "keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2 salifetime=1h rekeymargin=5m rekeyfuzz=0%");
    sim_record(sim);
    assert_up(sim, "east");
    assert_settles(sim);
    assert_both_have(sim, 1, 9);
    assert_int_equal(most_quick_modes_at_once(sim, "east"), 2);
    sim_run_for(sim, minutes(57)); /* all are due at the same time */
    assert_settles(sim);
    assert_both_have(sim, 1, 9);
    assert_int_equal(most_quick_modes_at_once(sim, "east"), 2);
    assert_true(sim_ping(sim, "east", "10.5.0.1", "10.6.0.1"));
    assert_ends_well(sim);
}

/* The tunnels that wait for their turn come up nevertheless. */
static void a_peer_that_drops_the_isakmp_sa_meanwhile_gets_the_rest_under_another(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(
        HOSTS
        " leftsubnets=10.1.0.0/24,10.3.0.0/24,10.5.0.0/24 rightsubnets=10.2.0.0/24,10.4.0.0/24,10.6.0.0/24 "
        "keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2");
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_until(sim, has_a_child, NULL, seconds(5));
    sim_start(sim, "west", COMMAND_TERMINATE, "tunnel");
    sim_run_for(sim, minutes(2));
    assert_settles(sim);
    assert_both_have(sim, 1, 9);
    assert_ends_well(sim);
}

/* Rekeys that wait for their turn, or for an answer, when the peer ends the ISAKMP SA alone. */
static void a_peer_whose_isakmp_sa_expires_during_rekeys_gets_them_under_another(void **state)
{
    (void)state;
#define NINE                                                                                                 \
    HOSTS                                                                                                    \
    " leftsubnets=10.1.0.0/24,10.3.0.0/24,10.5.0.0/24 rightsubnets=10.2.0.0/24,10.4.0.0/24,10.6.0.0/24"      \
    " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2 salifetime=1h "
    struct sim *sim = gateways_that_differ(NINE "ikelifetime=2h rekeymargin=5m rekeyfuzz=0%",
                                           NINE "ikelifetime=3310s rekey=no");
    assert_up(sim, "east");
    assert_settles(sim);
    assert_both_have(sim, 1, 9);
    sim_run_for(sim, minutes(54) + seconds(50));
    sim_partition(sim, "east", "west", seconds(25)); /* the rekeys begin, and none gets through */
    sim_run_for(sim, seconds(40));
    assert_true(sim_log_has(sim, "west", "ISAKMP SA expired"));
    assert_true(sim_log_has(sim, "east", "self-deleting ISAKMP State"));
    sim_run_for(sim, minutes(6)); /* the old IPsec SAs would have expired */
    assert_false(sim_log_has(sim, "east", "IPsec SA expired"));
    assert_settles(sim);
    assert_both_have(sim, 1, 9);
    assert_ends_well(sim);
}

/* More tunnels with one peer than may wait at once; nobody need ask again. */
static void a_connection_that_finds_the_queue_full_is_tried_again_later(void **state)
{
    (void)state;
    enum { LEFT = 64, RIGHT = TASK_LIMIT / LEFT + 1 };
    struct sim *sim = two_hosts();
    char words[4096];
    struct text text = text_of(words, sizeof(words));
    text_add(&text, HOSTS CIPHERS " leftsubnets=10.10.0.0/24");
    for (unsigned i = 1; i < LEFT; i++)
        text_add(&text, ",10.10.%u.0/24", i);
    text_add(&text, " rightsubnets=10.20.0.0/24");
    for (unsigned i = 1; i < RIGHT; i++)
        text_add(&text, ",10.20.%u.0/24", i);
    sim_add_connection_on(sim, "east", "tunnel", words);
    sim_partition(sim, "east", "west", minutes(5));
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, seconds(1));
    assert_true(sim_log_has(sim, "east", "given up: too many wait for the same IKE SA"));
    assert_true(sim_log_has(sim, "east", "supposed to remain up; revival attempt 1 scheduled in"));
    sim_forgive(sim);
    sim_free(sim);
}

static void one_of_them_goes_alone_by_its_own_name(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(SUBNETS_OF_BOTH);
    assert_up(sim, "west");
    assert_int_equal(sim_down(sim, "west", "tunnel/1x1"), 0);
    assert_settles(sim);
    assert_no_ping(sim);
    assert_true(sim_ping(sim, "west", "10.4.0.1", "10.1.0.1"));
    assert_both_have(sim, 1, 3);
    assert_ends_well(sim);
}

static void up_of_an_alias_ends_when_the_last_has_ended_with_the_first_failure(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(SUBNETS_OF_BOTH);
    sim_command(sim, "west", COMMAND_DELETE, "tunnel/2x2");
    assert_int_equal(sim_up(sim, "east", "tunnel"), RC_FATAL);
    assert_settles(sim);
    assert_int_equal(sim_child_count(sim, "west"), 3);
    assert_ends_well(sim);
}

static void deleting_the_name_deletes_all_of_them(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(SUBNETS_OF_BOTH);
    assert_up(sim, "east");
    sim_command(sim, "east", COMMAND_DELETE, "tunnel");
    assert_settles(sim);
    assert_int_equal(connection_count(sim, "east"), 0);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

static void adding_the_conn_again_replaces_all_that_it_was(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(SUBNETS_OF_BOTH);
    sim_reload_connection(sim, "east", "tunnel");
    assert_int_equal(connection_count(sim, "east"), 4);
    sim_add_connection_on(sim, "east", "tunnel", TUNNEL);
    assert_int_equal(connection_count(sim, "east"), 1);
    assert_ends_well(sim);
}

static void an_alias_is_shared_by_connections(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " connalias=both");
    sim_add_connection(sim, "second", SECOND " connalias=other,both");
    assert_int_equal(sim_up(sim, "east", "both"), 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 2);
    assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_CHILD, "both"), 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 2);
    assert_int_equal(sim_down(sim, "west", "other"), 0);
    sim_down(sim, "east", "other");
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_int_equal(sim_up(sim, "east", "neither"), RC_UNKNOWN_NAME);
    assert_ends_well(sim);
}

int main(int argument_count, char **arguments)
{
    choose_scenarios(argument_count, arguments);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_of_a_conn_with_subnets_stands_for_all_of_them),
        cmocka_unit_test(quick_modes_of_many_subnets_begin_few_at_a_time),
        cmocka_unit_test(a_peer_that_drops_the_isakmp_sa_meanwhile_gets_the_rest_under_another),
        cmocka_unit_test(a_peer_whose_isakmp_sa_expires_during_rekeys_gets_them_under_another),
        cmocka_unit_test(a_connection_that_finds_the_queue_full_is_tried_again_later),
        cmocka_unit_test(one_of_them_goes_alone_by_its_own_name),
        cmocka_unit_test(up_of_an_alias_ends_when_the_last_has_ended_with_the_first_failure),
        cmocka_unit_test(deleting_the_name_deletes_all_of_them),
        cmocka_unit_test(adding_the_conn_again_replaces_all_that_it_was),
        cmocka_unit_test(an_alias_is_shared_by_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
