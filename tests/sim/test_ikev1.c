/* IKEv1: Main Mode, Aggressive Mode, Quick Mode, Informational exchanges (RFC 2407, 2408, 2409). */
#include "scenario.h"

#define V1 HOSTS SUBNETS " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2"
#define V1_SECOND                                                                                            \
    HOSTS " leftsubnet=10.3.0.0/24 rightsubnet=10.4.0.0/24 keyexchange=ikev1 ike=aes128-sha2;dh31 "          \
          "esp=aes128-sha2"

static void main_mode_and_quick_mode_carry_traffic(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(V1);
    assert_no_ping(sim);
    assert_up(sim, "east");
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void set_up_takes_nine_messages(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(V1);
    size_t count;
    sim_record(sim);
    assert_up(sim, "west");
    assert_settles(sim);
    sim_records(sim, &count);
    assert_int_equal(count, 9);
    assert_ends_well(sim);
}

static void quick_mode_without_perfect_forward_secrecy(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1 " pfs=no");
    assert_ping(sim);
    assert_ends_well(sim);
}

static void aggressive_mode_carries_traffic(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1 " aggressive=yes");
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_second_connection_is_a_second_quick_mode(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(V1);
    sim_add_connection(sim, "second", V1_SECOND);
    assert_up(sim, "east");
    assert_int_equal(sim_up(sim, "west", "second"), 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 2);
    assert_ping(sim);
    assert_true(sim_ping(sim, "east", "10.3.0.1", "10.4.0.1"));
    assert_ends_well(sim);
}

static void transport_mode_protects_the_hosts_themselves(void **state)
{
    (void)state;
    struct sim *sim = established_with(
        HOSTS " type=transport keyexchange=ikev1 ike=aes128-sha1;dh31 esp=aes_gcm128");
    struct child_view child;
    assert_true(sim_newest_child(sim, "west", "tunnel", &child));
    assert_int_equal(child.mode, MODE_TRANSPORT);
    assert_true(sim_ping(sim, "east", "192.0.2.1", "192.0.2.2"));
    assert_ends_well(sim);
}

static void down_takes_both_ends_down(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_no_ping(sim);
    assert_ends_well(sim);
}

static void a_rekeyed_ipsec_sa_replaces_the_old_one(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1);
    struct child_view old, new;
    assert_true(sim_newest_child(sim, "east", "tunnel", &old));
    assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_true(sim_newest_child(sim, "east", "tunnel", &new));
    assert_int_not_equal(old.serial, new.serial);
    assert_ping(sim);
    sim_run_for(sim, seconds(20));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_rekeyed_isakmp_sa_inherits_the_ipsec_sas(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1);
    struct child_view old, new;
    assert_true(sim_newest_child(sim, "east", "tunnel", &old));
    assert_int_equal(sim_command(sim, "west", COMMAND_REKEY_IKE, "tunnel"), 0);
    sim_run_for(sim, seconds(20));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_true(sim_newest_child(sim, "east", "tunnel", &new));
    assert_int_equal(old.serial, new.serial);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void lifetimes_pass_and_the_tunnel_stays(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1 " ikelifetime=30m ipsec-lifetime=20m rekeymargin=2m");
    for (int i = 0; i < 24; i++) {
        sim_run_for(sim, minutes(10));
        assert_ping(sim);
    }
    assert_ends_well(sim);
}

static void different_secrets_are_told(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(V1);
    sim_set_secret(sim, "west", "other");
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_true(sim_log_has(sim, "west", "mismatch of preshared secrets"));
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

static void a_nat_is_found_and_crossed(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_host_behind_nat(sim, "east", "10.9.0.1", "192.0.2.99");
    sim_add_connection_on(sim, "east", "tunnel",
                          "left=10.9.0.1 right=192.0.2.2 leftid=@east rightid=@west authby=secret" SUBNETS
                          " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2");
    sim_add_connection_on(sim, "west", "tunnel",
                          "left=%any right=192.0.2.2 leftid=@east rightid=@west authby=secret" SUBNETS
                          " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2");
    assert_up(sim, "east");
    assert_settles(sim);
    struct child_view child;
    assert_true(sim_newest_child(sim, "east", "tunnel", &child));
    assert_true(child.udp_encapsulation);
    assert_int_equal(child.local.port, 4500);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_lost_message_of_any_kind_is_repeated(void **state)
{
    (void)state;
    for (unsigned skip = 0; skip < 5; skip++)
        for (int side = 0; side < 2; side++) {
            struct sim *sim = gateways_with(V1);
            sim_drop(sim, side ? "west" : "east", MESSAGE_ANY, PART_EITHER, skip, 1);
            assert_up(sim, "east");
            sim_run_for(sim, seconds(10));
            assert_settles(sim);
            assert_both_have(sim, 1, 1);
            assert_ping(sim);
            assert_ends_well(sim);
        }
}

static void a_lost_message_of_aggressive_mode_is_repeated(void **state)
{
    (void)state;
    for (unsigned skip = 0; skip < 4; skip++)
        for (int side = 0; side < 2; side++) {
            struct sim *sim = gateways_with(V1 " aggressive=yes");
            sim_drop(sim, side ? "west" : "east", MESSAGE_ANY, PART_EITHER, skip, 1);
            assert_up(sim, "east");
            sim_run_for(sim, seconds(10));
            assert_settles(sim);
            assert_both_have(sim, 1, 1);
            assert_ping(sim);
            assert_ends_well(sim);
        }
}

static void an_ikev1_peer_is_not_taken_for_an_ikev2_one(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_connection_on(sim, "east", "tunnel", V1);
    sim_add_connection_on(sim, "west", "tunnel", TUNNEL);
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_int_not_equal(sim_up(sim, "west", "tunnel"), 0);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_int_equal(sim_down(sim, "west", "tunnel"), 0);
    assert_ends_well(sim);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest scenarios[] = {
        cmocka_unit_test(main_mode_and_quick_mode_carry_traffic),
        cmocka_unit_test(set_up_takes_nine_messages),
        cmocka_unit_test(quick_mode_without_perfect_forward_secrecy),
        cmocka_unit_test(aggressive_mode_carries_traffic),
        cmocka_unit_test(a_second_connection_is_a_second_quick_mode),
        cmocka_unit_test(transport_mode_protects_the_hosts_themselves),
        cmocka_unit_test(down_takes_both_ends_down),
        cmocka_unit_test(a_rekeyed_ipsec_sa_replaces_the_old_one),
        cmocka_unit_test(a_rekeyed_isakmp_sa_inherits_the_ipsec_sas),
        cmocka_unit_test(lifetimes_pass_and_the_tunnel_stays),
        cmocka_unit_test(different_secrets_are_told),
        cmocka_unit_test(a_nat_is_found_and_crossed),
        cmocka_unit_test(a_lost_message_of_any_kind_is_repeated),
        cmocka_unit_test(a_lost_message_of_aggressive_mode_is_repeated),
        cmocka_unit_test(an_ikev1_peer_is_not_taken_for_an_ikev2_one),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(scenarios, NULL, NULL);
}
