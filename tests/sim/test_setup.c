/* Setting up: IKE_SA_INIT, IKE_AUTH, the first Child SA, and every way in which they are refused (RFC
 * 7296 1.2). */
#include "scenario.h"

static void a_tunnel_comes_up_and_carries_traffic(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    assert_no_ping(sim);
    assert_established(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void either_side_can_begin(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    assert_up(sim, "west");
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void set_up_takes_four_messages(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    size_t count;
    sim_record(sim);
    assert_up(sim, "east");
    assert_settles(sim);
    sim_records(sim, &count);
    assert_int_equal(count, 4);
    assert_ends_well(sim);
}

static void up_when_it_is_up_already_ends_well_and_makes_nothing_new(void **state)
{
    (void)state;
    struct sim *sim = established();
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), -1);
    assert_settles(sim);
    assert_counts(sim, "east", 1, sim_child_count(sim, "west"));
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_connection_nobody_knows_is_refused(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    assert_int_equal(sim_up(sim, "east", "nowhere"), RC_UNKNOWN_NAME);
    assert_ends_well(sim);
}

static void a_second_connection_shares_the_ike_sa(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_add_connection(sim, "second", SECOND);
    assert_up(sim, "east");
    assert_int_equal(sim_up(sim, "east", "second"), 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 2);
    assert_ping(sim);
    assert_true(sim_ping(sim, "east", "10.3.0.1", "10.4.0.1"));
    assert_false(sim_ping(sim, "east", "10.1.0.1", "10.4.0.1"));
    assert_ends_well(sim);
}

static void the_responder_of_the_ike_sa_can_add_a_child(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_add_connection(sim, "second", SECOND);
    assert_up(sim, "east");
    assert_int_equal(sim_up(sim, "west", "second"), 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 2);
    assert_true(sim_ping(sim, "west", "10.4.0.1", "10.3.0.1"));
    assert_ends_well(sim);
}

static void many_children_under_one_ike_sa(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    assert_up(sim, "east");
    for (int i = 0; i < 10; i++) {
        char name[16], words[512];
        snprintf(name, sizeof(name), "more%d", i);
        snprintf(words, sizeof(words), "%s leftsubnet=10.3.%d.0/24 rightsubnet=10.4.%d.0/24 %s", HOSTS, i, i,
                 CIPHERS);
        sim_add_connection(sim, name, words);
        sim_start(sim, i % 2 ? "east" : "west", COMMAND_INITIATE, name);
    }
    assert_settles(sim);
    assert_both_have(sim, 1, 11);
    assert_ends_well(sim);
}

static void transport_mode_protects_the_hosts_themselves(void **state)
{
    (void)state;
    struct sim *sim = established_with(HOSTS " type=transport" CIPHERS);
    struct child_view child;
    assert_true(sim_newest_child(sim, "west", "tunnel", &child));
    assert_int_equal(child.mode, MODE_TRANSPORT);
    assert_true(sim_ping(sim, "east", "192.0.2.1", "192.0.2.2"));
    assert_false(sim_ping(sim, "east", "192.0.2.1", "192.0.2.3"));
    assert_ends_well(sim);
}

static void perfect_forward_secrecy_of_a_further_child(void **state)
{
    (void)state;
    struct sim *sim =
        gateways_with(HOSTS SUBNETS " ike=aes_gcm128-sha2_256;dh31 esp=aes_gcm128;dh31 pfs=yes");
    sim_add_connection(sim, "second", SECOND " pfs=no");
    assert_up(sim, "east");
    assert_int_equal(sim_up(sim, "east", "second"), 0);
    assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 2);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void an_ipv6_tunnel_over_ipv4(void **state)
{
    (void)state;
    struct sim *sim =
        established_with(HOSTS " leftsubnet=2001:db8:1::/64 rightsubnet=2001:db8:2::/64" CIPHERS);
    assert_true(sim_ping(sim, "east", "2001:db8:1::1", "2001:db8:2::1"));
    assert_ends_well(sim);
}

static void ipv6_gateways(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "east", "2001:db8::1");
    sim_add_host(sim, "west", "2001:db8::2");
    sim_add_connection(
        sim, "tunnel",
        "left=2001:db8::1 right=2001:db8::2 leftid=@east rightid=@west authby=secret" SUBNETS CIPHERS);
    assert_up(sim, "west");
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_wide_initiator_is_narrowed_to_what_the_responder_has(void **state)
{
    (void)state;
    struct sim *sim =
        gateways_that_differ(HOSTS " leftsubnet=10.1.0.0/16 rightsubnet=10.2.0.0/16 narrowing=yes" CIPHERS,
                             TUNNEL " narrowing=yes");
    assert_established(sim);
    assert_ping(sim);
    assert_false(sim_ping(sim, "east", "10.1.5.1", "10.2.0.1"));
    assert_ends_well(sim);
}

static void without_narrowing_the_initiator_does_not_take_less_than_it_asked_for(void **state)
{
    (void)state;
    struct sim *sim =
        gateways_that_differ(HOSTS " leftsubnet=10.1.0.0/16 rightsubnet=10.2.0.0/16" CIPHERS, TUNNEL);
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_true(sim_log_has(sim, "east", "narrowing=yes"));
    sim_down(sim, "east", "tunnel");
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

static void disjoint_selectors_are_refused_as_unacceptable(void **state)
{
    (void)state;
    struct sim *sim = gateways_that_differ(TUNNEL " narrowing=yes", SECOND " narrowing=yes");
    sim_record(sim);
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_int_not_equal(sim_count_errors(sim, "west", TS_UNACCEPTABLE), 0);
    assert_true(sim_log_has(sim, "east", "TS_UNACCEPTABLE"));
    assert_int_equal(sim_child_count(sim, "east"), 0);
    sim_down(sim, "east", "tunnel");
    assert_ends_well(sim);
}

static void algorithms_of_old_peers_protect_where_they_are_named(void **state)
{
    (void)state;
    static const char *const suites[] = {" ike=3des-md5-modp1536 esp=3des-md5",
                                         " ike=aes_gcm128-md5-dh31 esp=aes128-md5",
                                         " ike=aes128-md5-modp2048 esp=aes;none"};
    for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
        char words[512];
        snprintf(words, sizeof(words), "%s%s", HOSTS SUBNETS, suites[i]);
        struct sim *sim = established_with(words);
        assert_ping(sim);
        assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_IKE, "tunnel"), 0);
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

static void a_wrong_secret_is_refused_by_name(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_set_secret(sim, "west", "another");
    sim_record(sim);
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_int_not_equal(sim_count_errors(sim, "west", AUTHENTICATION_FAILED), 0);
    assert_true(sim_log_has(sim, "east", "AUTHENTICATION_FAILED"));
    assert_true(sim_log_has(sim, "east", "encountered fatal error in state STATE_V2_PARENT_I2"));
    assert_true(sim_log_has(sim, "east", "deleting state (STATE_V2_PARENT_I2) aged "));
    assert_int_equal(sim_ike_count(sim, "west"), 0);
    sim_down(sim, "east", "tunnel");
    assert_ends_well(sim);
}

static void an_initiator_does_not_believe_a_responder_with_another_name(void **state)
{
    (void)state;
    struct sim *sim = gateways_that_differ(
        TUNNEL,
        "left=192.0.2.1 right=192.0.2.2 leftid=@east rightid=@impostor authby=secret" SUBNETS CIPHERS);
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_int_equal(sim_ike_count(sim, "east"), 0);
    sim_down(sim, "east", "tunnel");
    assert_ends_well(sim);
}

static void different_ike_algorithms_give_no_proposal_chosen(void **state)
{
    (void)state;
    struct sim *sim = gateways_that_differ(HOSTS SUBNETS " ike=aes_gcm128-sha2_256;dh31 esp=aes_gcm128",
                                           HOSTS SUBNETS " ike=aes_gcm256-sha2_512;dh31 esp=aes_gcm128");
    sim_record(sim);
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_int_not_equal(sim_count_errors(sim, "west", NO_PROPOSAL_CHOSEN), 0);
    assert_true(sim_log_has(sim, "east", "NO_PROPOSAL_CHOSEN"));
    sim_down(sim, "east", "tunnel");
    assert_ends_well(sim);
}

static void different_esp_algorithms_refuse_the_child_only(void **state)
{
    (void)state;
    struct sim *sim =
        gateways_that_differ(TUNNEL, HOSTS SUBNETS " ike=aes_gcm128-sha2_256;dh31 esp=aes_gcm256");
    sim_record(sim);
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_int_not_equal(sim_count_errors(sim, "west", NO_PROPOSAL_CHOSEN), 0);
    assert_int_equal(sim_child_count(sim, "east"), 0);
    assert_int_equal(sim_child_count(sim, "west"), 0);
    sim_down(sim, "east", "tunnel");
    assert_ends_well(sim);
}

static void the_initiator_retries_with_the_group_that_invalid_ke_names(void **state)
{
    (void)state;
    struct sim *sim =
        gateways_that_differ(HOSTS SUBNETS " ike=aes_gcm128-sha2_256;dh19+dh31 esp=aes_gcm128", TUNNEL);
    sim_record(sim);
    assert_up(sim, "east");
    assert_settles(sim);
    assert_int_equal(sim_count_errors(sim, "west", INVALID_KE_PAYLOAD), 1);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

/* Somebody on the path answers east's first request sooner than west; group 0: without data. */
static void lie_to_east(struct sim *sim, uint16_t type, uint16_t group)
{
    size_t count;
    const struct sim_record *first = sim_records(sim, &count);
    assert_int_equal(count, 1);
    uint8_t lie[IKE_HEADER_SIZE + 10] = {0};
    size_t size = group ? sizeof(lie) : sizeof(lie) - 2;
    memcpy(lie, first->bytes, IKE_SPI_SIZE);
    lie[16] = PAYLOAD_NOTIFY;
    lie[17] = IKEV2_VERSION;
    lie[18] = IKE_SA_INIT;
    lie[19] = IKEV2_FLAG_RESPONSE;
    store_be32(lie + 24, (uint32_t)size);
    store_be16(lie + 30, (uint16_t)(size - IKE_HEADER_SIZE));
    store_be16(lie + 34, type);
    store_be16(lie + 36, group);
    sim_inject(sim, "west", "east", 500, bytes_of(lie, size));
}

static void the_initiator_does_not_obey_an_invalid_ke_for_a_group_it_never_offered(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_record(sim);
    sim_drop(sim, "east", MESSAGE_INIT, PART_REQUEST, 0, 1);
    uint64_t client = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(100));
    lie_to_east(sim, INVALID_KE_PAYLOAD, 5);
    assert_settles(sim);
    assert_int_equal(sim_result(sim, "east", client), 0);
    assert_ping(sim);
    assert_ends_well(sim);
}

/* RFC 7296 2.21.1: the refusal is unauthenticated, so the initiator waits for another answer. */
static void a_forged_refusal_does_not_keep_the_initiator_from_the_true_answer(void **state)
{
    static const uint16_t lies[] = {NO_PROPOSAL_CHOSEN, INVALID_SYNTAX, AUTHENTICATION_FAILED, 8192};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
        struct sim *sim = gateways();
        sim_record(sim);
        sim_drop(sim, "east", MESSAGE_INIT, PART_REQUEST, 0, 1);
        uint64_t client = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
        sim_run_for(sim, milliseconds(100));
        lie_to_east(sim, lies[i], 0);
        assert_settles(sim);
        assert_int_equal(sim_result(sim, "east", client), 0);
        assert_both_have(sim, 1, 1);
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

static void a_refusal_is_believed_when_nothing_else_comes(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_record(sim);
    sim_partition(sim, "east", "west", seconds(3));
    uint64_t client = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(100));
    lie_to_east(sim, NO_PROPOSAL_CHOSEN, 0);
    sim_run_for(sim, milliseconds(900));
    assert_int_equal(sim_result(sim, "east", client), -1);
    sim_run_for(sim, milliseconds(300));
    assert_int_equal(sim_result(sim, "east", client), RC_FATAL);
    sim_down(sim, "east", "tunnel");
    assert_ends_well(sim);
}

static void a_busy_responder_asks_for_a_cookie_and_gets_it(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_settings(sim, "west")->ddos_mode = DDOS_BUSY;
    sim_restart(sim, "west", 0);
    sim_record(sim);
    assert_up(sim, "east");
    assert_settles(sim);
    assert_int_equal(sim_count(sim, "east", MESSAGE_INIT, PART_REQUEST), 2);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_cookie_and_then_another_group(void **state)
{
    (void)state;
    struct sim *sim = two_hosts();
    sim_settings(sim, "west")->ddos_mode = DDOS_BUSY;
    sim_restart(sim, "west", 0);
    sim_add_connection_on(sim, "east", "tunnel",
                          HOSTS SUBNETS " ike=aes_gcm128-sha2_256;dh19+dh31 esp=aes_gcm128");
    sim_add_connection_on(sim, "west", "tunnel", TUNNEL);
    sim_record(sim);
    assert_up(sim, "east");
    assert_settles(sim);
    assert_in_range(sim_count(sim, "east", MESSAGE_INIT, PART_REQUEST), 3, 4);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void both_ends_begin_at_once_and_the_world_comes_to_rest(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    uint64_t east = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    uint64_t west = sim_start(sim, "west", COMMAND_INITIATE, "tunnel");
    assert_settles(sim);
    assert_int_equal(sim_result(sim, "east", east), 0);
    assert_int_equal(sim_result(sim, "west", west), 0);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void auto_start_comes_up_by_itself_and_again_after_a_restart(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " auto=start dpddelay=10s");
    sim_run_for(sim, seconds(30));
    assert_true(sim_is_up(sim, "east", "tunnel"));
    assert_ping(sim);
    sim_restart(sim, "west", seconds(5));
    sim_run_for(sim, minutes(3));
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void auto_start_keeps_trying_until_the_peer_is_there(void **state)
{
    (void)state;
    struct sim *sim = two_hosts();
    sim_partition(sim, NULL, NULL, minutes(30));
    sim_add_connection_on(sim, "east", "tunnel", TUNNEL " auto=start");
    sim_add_connection_on(sim, "west", "tunnel", TUNNEL " auto=add");
    sim_run_for(sim, minutes(30));
    assert_false(sim_is_up(sim, "east", "tunnel"));
    sim_run_for(sim, minutes(10));
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_roadwarrior_meets_a_template(void **state)
{
    (void)state;
    struct sim *sim = gateways_that_differ(
        TUNNEL, "left=%any right=192.0.2.2 leftid=@east rightid=@west authby=secret" SUBNETS CIPHERS);
    assert_established(sim);
    assert_ping(sim);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

static void slow_jobs_kernel_and_scripts_change_nothing(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_set_delays(sim, "east", seconds(2), milliseconds(300), seconds(3));
    sim_set_delays(sim, "west", seconds(2), milliseconds(300), seconds(3));
    assert_established(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_data_plane_that_refuses_the_sa_fails_the_command(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_fail_kernel(sim, "east", KERNEL_SA_ADD, 1);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, seconds(20));
    sim_down(sim, "east", "tunnel");
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_up(sim, "east");
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void the_log_names_the_cause_on_both_ends_when_algorithms_differ(void **state)
{
    (void)state;
    struct sim *sim = gateways_that_differ(HOSTS SUBNETS " ike=aes_gcm128-sha2_256;dh31 esp=aes_gcm128",
                                           HOSTS SUBNETS " ike=aes_gcm256-sha2_512;dh31 esp=aes_gcm128");
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_true(sim_log_has(sim, "west", "AES_GCM_16_256"));
    assert_true(sim_log_has(sim, "west", "AES_GCM_16_128"));
    sim_down(sim, "east", "tunnel");
    assert_ends_well(sim);
}

/* For the same connection, and for another that waits for its IKE SA. */
static void who_asks_again_meanwhile_learns_why_it_failed(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_add_connection(sim, "second", SECOND);
    sim_partition(sim, "east", "west", seconds(300));
    uint64_t clients[] = {
        sim_start(sim, "east", COMMAND_INITIATE, "tunnel"),
        sim_start(sim, "east", COMMAND_INITIATE, "tunnel"),
        sim_start(sim, "east", COMMAND_INITIATE, "second"),
    };
    sim_run_for(sim, seconds(60));
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
        assert_int_equal(sim_result(sim, "east", clients[i]), RC_NORETRANSMISSION);
    assert_true(sim_log_has(sim, "east", "\"tunnel\" #1: no answer from 192.0.2.2"));
    assert_true(sim_log_has(sim, "east", "\"second\": no answer from 192.0.2.2"));
    sim_down(sim, "east", "tunnel");
    sim_down(sim, "east", "second");
    sim_heal(sim);
    assert_ends_well(sim);
}

/* And whether the first is still there does not matter. */
static void who_asks_again_meanwhile_sees_the_same_lines_and_one_tunnel_comes(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_set_delays(sim, "west", milliseconds(200), 0, 0);
    uint64_t first = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    uint64_t second = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    uint64_t third = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    unsigned told_before = sim_line_count(sim, "east", second);
    assert_settles(sim);
    assert_int_equal(sim_result(sim, "east", first), 0);
    assert_int_equal(sim_result(sim, "east", second), 0);
    assert_int_equal(sim_result(sim, "east", third), 0);
    assert_true(sim_line_count(sim, "east", second) >= told_before + 3);
    assert_int_equal(sim_line_count(sim, "east", second), sim_line_count(sim, "east", third));
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

/* RFC 6023, as a peer does that makes all its Child SAs by CREATE_CHILD_SA. */
static void an_ike_sa_may_begin_without_a_child(void **state)
{
    (void)state;
    struct sim *sim = two_hosts();
    sim_add_connection_on(sim, "east", "bare", HOSTS CIPHERS " ike-only=yes");
    sim_add_connection(sim, "tunnel", TUNNEL);
    assert_int_equal(sim_up(sim, "east", "bare"), 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 0);
    assert_up(sim, "east");
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void who_is_to_be_leased_an_address_begins_with_a_child(void **state)
{
    (void)state;
    struct sim *sim = two_hosts();
    sim_add_connection_on(sim, "east", "bare", HOSTS CIPHERS " ike-only=yes");
    sim_add_connection_on(sim, "west", "tunnel", HOSTS CIPHERS " leftaddresspool=10.8.0.1-10.8.0.9");
    assert_int_not_equal(sim_up(sim, "east", "bare"), 0);
    sim_free(sim);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tunnel_comes_up_and_carries_traffic),
        cmocka_unit_test(either_side_can_begin),
        cmocka_unit_test(set_up_takes_four_messages),
        cmocka_unit_test(up_when_it_is_up_already_ends_well_and_makes_nothing_new),
        cmocka_unit_test(a_connection_nobody_knows_is_refused),
        cmocka_unit_test(a_second_connection_shares_the_ike_sa),
        cmocka_unit_test(the_responder_of_the_ike_sa_can_add_a_child),
        cmocka_unit_test(many_children_under_one_ike_sa),
        cmocka_unit_test(transport_mode_protects_the_hosts_themselves),
        cmocka_unit_test(perfect_forward_secrecy_of_a_further_child),
        cmocka_unit_test(an_ipv6_tunnel_over_ipv4),
        cmocka_unit_test(ipv6_gateways),
        cmocka_unit_test(a_wide_initiator_is_narrowed_to_what_the_responder_has),
        cmocka_unit_test(without_narrowing_the_initiator_does_not_take_less_than_it_asked_for),
        cmocka_unit_test(disjoint_selectors_are_refused_as_unacceptable),
        cmocka_unit_test(algorithms_of_old_peers_protect_where_they_are_named),
        cmocka_unit_test(a_wrong_secret_is_refused_by_name),
        cmocka_unit_test(an_initiator_does_not_believe_a_responder_with_another_name),
        cmocka_unit_test(different_ike_algorithms_give_no_proposal_chosen),
        cmocka_unit_test(different_esp_algorithms_refuse_the_child_only),
        cmocka_unit_test(the_initiator_retries_with_the_group_that_invalid_ke_names),
        cmocka_unit_test(the_initiator_does_not_obey_an_invalid_ke_for_a_group_it_never_offered),
        cmocka_unit_test(a_forged_refusal_does_not_keep_the_initiator_from_the_true_answer),
        cmocka_unit_test(a_refusal_is_believed_when_nothing_else_comes),
        cmocka_unit_test(a_busy_responder_asks_for_a_cookie_and_gets_it),
        cmocka_unit_test(a_cookie_and_then_another_group),
        cmocka_unit_test(both_ends_begin_at_once_and_the_world_comes_to_rest),
        cmocka_unit_test(auto_start_comes_up_by_itself_and_again_after_a_restart),
        cmocka_unit_test(auto_start_keeps_trying_until_the_peer_is_there),
        cmocka_unit_test(a_roadwarrior_meets_a_template),
        cmocka_unit_test(slow_jobs_kernel_and_scripts_change_nothing),
        cmocka_unit_test(a_data_plane_that_refuses_the_sa_fails_the_command),
        cmocka_unit_test(the_log_names_the_cause_on_both_ends_when_algorithms_differ),
        cmocka_unit_test(who_asks_again_meanwhile_learns_why_it_failed),
        cmocka_unit_test(who_asks_again_meanwhile_sees_the_same_lines_and_one_tunnel_comes),
        cmocka_unit_test(an_ike_sa_may_begin_without_a_child),
        cmocka_unit_test(who_is_to_be_leased_an_address_begins_with_a_child),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
