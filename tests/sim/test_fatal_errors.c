/* Errors that end an IKE SA without a Delete, and those that must not: RFC 7296 2.21.2, 2.21.3, RFC 6989 2.5.
 */
#include "scenario.h"

#define PFS_TUNNEL HOSTS SUBNETS " ike=aes_gcm128-sha2_256;dh31 esp=aes_gcm128;dh31 pfs=yes auto=add"

enum { NOTIFY_SIZE = 8 };

static struct bytes notify(uint8_t out[static NOTIFY_SIZE], uint16_t type)
{
    memset(out, 0, NOTIFY_SIZE);
    store_be16(out + 2, NOTIFY_SIZE);
    store_be16(out + 6, type);
    return bytes_of(out, NOTIFY_SIZE);
}

static void east_says(struct sim *sim, uint8_t exchange, uint32_t id, uint8_t first, struct bytes chain)
{
    assert_true(sim_inject_protected(sim, "east", "west", exchange, false, id, first, chain));
    sim_run_for(sim, milliseconds(300));
}

static void a_malformed_request_ends_the_ike_sa_when_it_is_answered(void **state)
{
    (void)state;
    static const uint8_t exchanges[] = {CREATE_CHILD_SA, INFORMATIONAL};
    for (size_t i = 0; i < ARRAY_SIZE(exchanges); i++) {
        struct sim *sim = established();
        uint8_t chain[] = {PAYLOAD_NONE, 0, 0, 200, 1, 2, 3, 4};
        sim_record(sim);
        east_says(sim, exchanges[i], 2, PAYLOAD_SA, bytes_of(chain, sizeof(chain)));
        assert_int_equal(sim_count_errors(sim, "west", INVALID_SYNTAX), 1);
        assert_counts(sim, "west", 0, 0);
        /* Nor is anything else answered: east finds out when it asks. */
        assert_int_not_equal(sim_command(sim, "east", COMMAND_REKEY_CHILD, "tunnel"), 0);
        sim_free(sim);
    }
}

static void who_is_told_that_a_request_was_malformed_ends_the_ike_sa(void **state)
{
    (void)state;
    struct sim *sim = established();
    uint8_t chain[NOTIFY_SIZE];
    sim_partition(sim, "west", NULL, minutes(10));
    uint64_t client = sim_start(sim, "east", COMMAND_REKEY_CHILD, "tunnel");
    sim_run_for(sim, milliseconds(100));
    sim_heal(sim);
    assert_true(sim_inject_protected(sim, "west", "east", CREATE_CHILD_SA, true, 2, PAYLOAD_NOTIFY,
                                     notify(chain, INVALID_SYNTAX)));
    sim_run_for(sim, milliseconds(100));
    assert_true(sim_log_has(sim, "east", "which ends the IKE SA"));
    assert_true(sim_result(sim, "east", client) > 0);
    sim_run_for(sim, minutes(2)); /* it is to be up: it comes again */
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

/* As peers do that check our proof after we have believed theirs. */
static void an_initiator_that_does_not_believe_the_answer_may_say_just_that(void **state)
{
    (void)state;
    static const uint16_t types[] = {AUTHENTICATION_FAILED, INVALID_SYNTAX, UNSUPPORTED_CRITICAL_PAYLOAD};
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct sim *sim = established();
        uint8_t chain[NOTIFY_SIZE];
        sim_record(sim);
        east_says(sim, INFORMATIONAL, 2, PAYLOAD_NOTIFY, notify(chain, types[i]));
        assert_int_equal(sim_count(sim, "west", MESSAGE_INFORMATIONAL, PART_RESPONSE), 1);
        assert_counts(sim, "west", 0, 0);
        assert_true(sim_log_has(sim, "west", "does not accept our authentication"));
        sim_free(sim);
    }
}

static void the_same_later_or_another_error_changes_nothing(void **state)
{
    (void)state;
    static const uint16_t types[] = {INVALID_SPI, INVALID_IKE_SPI, NO_PROPOSAL_CHOSEN, INVALID_SELECTORS, 40};
    struct sim *sim = established();
    uint8_t chain[NOTIFY_SIZE];
    uint32_t id = 2;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        east_says(sim, INFORMATIONAL, id++, PAYLOAD_NOTIFY, notify(chain, types[i]));
    east_says(sim, INFORMATIONAL, id++, PAYLOAD_NOTIFY, notify(chain, AUTHENTICATION_FAILED));
    assert_counts(sim, "west", 1, 1);
    sim_free(sim);
}

static void a_critical_payload_that_is_unknown_ends_ike_auth(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    uint8_t chain[] = {PAYLOAD_NONE, 0x80, 0, 8, 1, 2, 3, 4};
    sim_record(sim);
    sim_drop(sim, "east", MESSAGE_AUTH, PART_REQUEST, 0, 1);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(100));
    assert_int_equal(engine_view_pressure(sim_engine(sim, "west")).ike_halfopen, 1);
    east_says(sim, IKE_AUTH, 1, 200, bytes_of(chain, sizeof(chain)));
    assert_int_equal(sim_count_errors(sim, "west", UNSUPPORTED_CRITICAL_PAYLOAD), 1);
    assert_int_equal(engine_view_pressure(sim_engine(sim, "west")).ike_halfopen, 0);
    sim_free(sim);
}

/* A value of X25519 whose shared secret would be zero. */
static void a_bad_key_exchange_value_in_a_request_ends_the_ike_sa(void **state)
{
    (void)state;
    static const enum command_kind kinds[] = {COMMAND_REKEY_CHILD, COMMAND_REKEY_IKE};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        struct sim *sim = established_with(PFS_TUNNEL);
        sim_record(sim);
        sim_impair(sim, "east", "ke_payload:0");
        sim_start(sim, "east", kinds[i], "tunnel");
        sim_run_for(sim, milliseconds(300));
        assert_int_equal(sim_count_errors(sim, "west", INVALID_SYNTAX), 1);
        assert_both_have(sim, 0, 0);
        sim_impair(sim, "east", "none");
        sim_down(sim, "east", "tunnel"); /* what it has begun meanwhile */
        assert_up(sim, "east");
        assert_settles(sim);
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

/* whack --deletestate while the keys of the new one are made: nothing is wrong with the peer's request. */
static void a_rekey_that_is_taken_down_here_leaves_the_ike_sa(void **state)
{
    (void)state;
    struct sim *sim = established();
    struct ike_view ike;
    sim_set_delays(sim, "west", seconds(4), 0, 0);
    sim_start(sim, "east", COMMAND_REKEY_IKE, "tunnel");
    uint64_t larval = 0;
    for (unsigned waited = 0; larval == 0 && waited < 5000; waited++) {
        sim_run_for(sim, milliseconds(1));
        for (uint64_t at = 0; engine_view_ike(sim_engine(sim, "west"), at, &ike); at = ike.serial)
            if (strstr(ike.state_name, "REKEY_IKE") != NULL)
                larval = ike.serial;
    }
    assert_int_not_equal(larval, 0);
    engine_command(sim_engine(sim, "west"),
                   &(struct command){.kind = COMMAND_DELETE_STATE, .serial = larval});
    sim_record(sim);
    sim_run_for(sim, seconds(5));
    assert_int_equal(sim_count_errors(sim, "west", INVALID_SYNTAX), 0);
    assert_true(sim_count_errors(sim, "west", TEMPORARY_FAILURE) > 0);
    assert_settles(sim); /* and it is tried again */
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_bad_key_exchange_value_in_an_answer_ends_the_ike_sa(void **state)
{
    (void)state;
    static const enum command_kind kinds[] = {COMMAND_REKEY_CHILD, COMMAND_REKEY_IKE};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        struct sim *sim = established_with(PFS_TUNNEL);
        sim_record(sim);
        sim_impair(sim, "west", "ke_payload:0");
        sim_start(sim, "east", kinds[i], "tunnel");
        sim_run_for(sim, milliseconds(300));
        assert_true(sim_count(sim, "east", MESSAGE_DELETE, PART_REQUEST) >= 1);
        sim_impair(sim, "west", "none");
        sim_run_for(sim, minutes(1)); /* what the peer has made of it is deleted, or expires as replaced */
        assert_up(sim, "east");
        assert_settles(sim);
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_malformed_request_ends_the_ike_sa_when_it_is_answered),
        cmocka_unit_test(who_is_told_that_a_request_was_malformed_ends_the_ike_sa),
        cmocka_unit_test(an_initiator_that_does_not_believe_the_answer_may_say_just_that),
        cmocka_unit_test(the_same_later_or_another_error_changes_nothing),
        cmocka_unit_test(a_critical_payload_that_is_unknown_ends_ike_auth),
        cmocka_unit_test(a_bad_key_exchange_value_in_a_request_ends_the_ike_sa),
        cmocka_unit_test(a_rekey_that_is_taken_down_here_leaves_the_ike_sa),
        cmocka_unit_test(a_bad_key_exchange_value_in_an_answer_ends_the_ike_sa),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
