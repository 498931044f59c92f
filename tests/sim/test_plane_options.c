/* What connections ask of the data plane beyond what is negotiated: sha2-truncbug=, tfc=, nic-offload= and
 * what is handed on as it is; and a data plane that takes none. */
#include "scenario.h"
#include "world.h"

#define BASE HOSTS SUBNETS " ike=aes_gcm128-sha2_256;dh31"

static const struct kernel_sa *plane_sa(struct sim *sim, const char *host, enum sa_direction direction)
{
    struct child_view child;
    assert_true(sim_newest_child(sim, host, "tunnel", &child));
    const struct virtual_sa *sa = data_plane_find(&world_host(sim, host)->plane, child.serial, direction);
    assert_non_null(sa);
    return &sa->sa;
}

static struct sim *up_with(const char *words)
{
    struct sim *sim = gateways_with(words);
    assert_up(sim, "east");
    assert_settles(sim);
    return sim;
}

static void sha2_truncbug_cuts_the_hash_to_96_bits(void **state)
{
    struct sim *sim = up_with(BASE " esp=aes128-sha2 sha2-truncbug=yes");
    (void)state;
    assert_int_equal(plane_sa(sim, "east", SA_INBOUND)->integ->icv_size, 12);
    assert_int_equal(plane_sa(sim, "west", SA_OUTBOUND)->integ->icv_size, 12);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void sha2_truncbug_leaves_other_algorithms_alone(void **state)
{
    struct sim *sim = up_with(BASE " esp=aes128-sha2_512 sha2-truncbug=yes");
    (void)state;
    assert_int_equal(plane_sa(sim, "east", SA_INBOUND)->integ->icv_size, 32);
    assert_ends_well(sim);
}

static void tfc_pads_what_is_sent(void **state)
{
    struct sim *sim = up_with(BASE " esp=aes_gcm128 tfc=900");
    (void)state;
    assert_int_equal(plane_sa(sim, "east", SA_OUTBOUND)->tfc_pad, 900);
    assert_int_equal(plane_sa(sim, "east", SA_INBOUND)->tfc_pad, 0);
    assert_ends_well(sim);
}

/* RFC 7296 1.3.1, in either role and again after a rekey. */
static void tfc_is_not_done_to_a_peer_that_refuses_it(void **state)
{
    struct sim *sim = up_with(BASE " esp=aes_gcm128 tfc=900 send-esp-tfc-padding-not-supported=yes");
    (void)state;
    assert_int_equal(plane_sa(sim, "east", SA_OUTBOUND)->tfc_pad, 0);
    assert_int_equal(plane_sa(sim, "west", SA_OUTBOUND)->tfc_pad, 0);
    assert_int_equal(sim_command(sim, "west", COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_settles(sim);
    assert_int_equal(plane_sa(sim, "east", SA_OUTBOUND)->tfc_pad, 0);
    assert_ends_well(sim);
}

static void nic_offload_goes_with_both_sas(void **state)
{
    struct sim *sim = up_with(BASE " nic-offload=packet");
    (void)state;
    assert_int_equal(plane_sa(sim, "east", SA_INBOUND)->nic_offload, NIC_OFFLOAD_PACKET);
    assert_int_equal(plane_sa(sim, "east", SA_OUTBOUND)->nic_offload, NIC_OFFLOAD_PACKET);
    assert_ends_well(sim);
}

static bool is_v1(const char *words)
{
    return strstr(words, "ikev1") != NULL;
}

/* In both versions of IKE, for both SAs. */
static void what_is_said_of_the_sas_is_handed_on(void **state)
{
    (void)state;
    static const char *const versions[] = {BASE " esp=aes128-sha2_256 encapsulation=auto", HOSTS SUBNETS
                                           " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2"};
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
        for (int direction = SA_INBOUND; direction <= SA_OUTBOUND; direction++) {
            char words[512];
            struct sim *sim = up_with(versions[i]);
            const struct kernel_sa *sa = plane_sa(sim, "east", (enum sa_direction)direction);
            assert_true(!sa->decap_dscp && sa->encap_dscp && !sa->nopmtudisc && sa->replay_window == 128);
            assert_true(sa->hard_bytes >= UINT64_C(1) << 63);
            assert_true(sa->reqid >= 16384 && sa->esn == !is_v1(versions[i]));
            assert_ends_well(sim);
            snprintf(words, sizeof(words),
                     "%s decap-dscp=yes encap-dscp=no nopmtudisc=yes replay-window=64 reqid=77 esn=no "
                     "ipsec-max-bytes=1Mi ipsec-max-packets=10Ki",
                     versions[i]);
            sim = up_with(words);
            sa = plane_sa(sim, "east", (enum sa_direction)direction);
            assert_true(sa->decap_dscp && !sa->encap_dscp && sa->nopmtudisc && sa->replay_window == 64);
            assert_int_equal(sa->hard_bytes, 1 << 20);
            assert_int_equal(sa->hard_packets, 10240);
            assert_true(sa->reqid == 77 && !sa->esn);
            assert_ends_well(sim);
        }
}

static void what_is_said_of_the_policy_is_handed_on(void **state)
{
    (void)state;
    static const char *const versions[] = {BASE " esp=aes_gcm128", HOSTS SUBNETS
                                           " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2"};
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        char words[512];
        snprintf(
            words, sizeof(words),
            "%s priority=1234 mtu=1300 metric=7 mark-in=0x10/0xff mark-out=0x20/0xff leftnexthop=192.0.2.9 "
            "leftsourceip=10.1.0.1 ipsec-interface=5",
            versions[i]);
        struct sim *sim = up_with(words);
        const struct data_plane *plane = &world_host(sim, "east")->plane;
        assert_int_equal(plane->policy_count, 1);
        const struct kernel_policy *policy = &plane->policies->policy;
        char text[ADDRESS_TEXT_SIZE];
        assert_int_equal(policy->priority, 1234);
        assert_int_equal(policy->mtu, 1300);
        assert_int_equal(policy->metric, 7);
        assert_true(policy->mark_in.value == 0x10 && policy->mark_in.mask == 0xff);
        assert_true(policy->mark_out.value == 0x20 && policy->mark_out.mask == 0xff);
        assert_string_equal(address_text(&policy->nexthop, text), "192.0.2.9");
        assert_string_equal(address_text(&policy->sourceip[0], text), "10.1.0.1");
        assert_true(policy->interface.is_wanted && policy->interface.number == 5);
        assert_ends_well(sim);
    }
}

/* Established and gone at once, again and again: the peer need not suffer for it. */
static void a_data_plane_that_refuses_every_sa_is_not_asked_without_rest(void **state)
{
    struct sim *sim = gateways_with(BASE);
    (void)state;
    sim_record(sim);
    sim_fail_kernel(sim, "west", KERNEL_SA_ADD, 1000);
    sim_start(sim, "west", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, seconds(100));
    assert_true(sim_log_has(sim, "west", "data plane refused the IPsec SA"));
    size_t attempts = sim_count(sim, "west", MESSAGE_CREATE, PART_REQUEST) +
                      sim_count(sim, "west", MESSAGE_INIT, PART_REQUEST);
    assert_in_range(attempts, 2, 12);
    sim_fail_kernel(sim, "west", KERNEL_SA_ADD, 0);
    sim_run_for(sim, seconds(300));
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha2_truncbug_cuts_the_hash_to_96_bits),
        cmocka_unit_test(sha2_truncbug_leaves_other_algorithms_alone),
        cmocka_unit_test(tfc_pads_what_is_sent),
        cmocka_unit_test(tfc_is_not_done_to_a_peer_that_refuses_it),
        cmocka_unit_test(nic_offload_goes_with_both_sas),
        cmocka_unit_test(what_is_said_of_the_sas_is_handed_on),
        cmocka_unit_test(what_is_said_of_the_policy_is_handed_on),
        cmocka_unit_test(a_data_plane_that_refuses_every_sa_is_not_asked_without_rest),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
