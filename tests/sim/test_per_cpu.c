/* Child SAs of single CPUs: clones= (RFC 9611). */
#include "scenario.h"

#define CLONES TUNNEL " clones=2"

/* A packet of a CPU of the host's; it must arrive. Returns the SPI of the SA that it left on. */
static uint32_t send_from(struct sim *sim, const char *host, uint32_t cpu)
{
    bool is_east = strcmp(host, "east") == 0;
    uint32_t spi = 0;
    assert_true(sim_send_from_cpu(sim, host, cpu, is_east ? "10.1.0.1" : "10.2.0.1",
                                  is_east ? "10.2.0.1" : "10.1.0.1", &spi));
    return spi;
}

/* Until a responder sends on what it has made, too. */
static void settle(struct sim *sim)
{
    assert_settles(sim);
    sim_run_for(sim, seconds(6));
    assert_settles(sim);
}

/* Both CPUs of east's have sent something: 3 Child SAs on either side. */
static struct sim *with_clones(void)
{
    struct sim *sim = established_with(CLONES);
    send_from(sim, "east", 0);
    send_from(sim, "east", 1);
    settle(sim);
    assert_both_have(sim, 1, 3);
    return sim;
}

static void each_cpu_gets_a_child_sa_when_it_sends(void **state)
{
    (void)state;
    struct sim *sim = established_with(CLONES);
    uint32_t first = send_from(sim, "east", 1);
    settle(sim);
    assert_both_have(sim, 1, 2);
    uint32_t of_one = send_from(sim, "east", 1);
    assert_int_not_equal(of_one, first);
    assert_int_equal(send_from(sim, "east", 0), first);
    settle(sim);
    assert_both_have(sim, 1, 3);
    assert_int_not_equal(send_from(sim, "east", 0), first);
    assert_int_equal(send_from(sim, "east", 1), of_one);
    assert_ends_well(sim);
}

static void the_responder_binds_what_the_peer_makes_to_its_own_cpus(void **state)
{
    (void)state;
    struct sim *sim = with_clones();
    uint32_t spis[] = {send_from(sim, "west", 0), send_from(sim, "west", 1), send_from(sim, "west", 2)};
    assert_int_not_equal(spis[0], spis[1]);
    assert_int_not_equal(spis[0], spis[2]);
    assert_int_not_equal(spis[1], spis[2]);
    settle(sim);
    assert_both_have(sim, 1, 3); /* a third one is more than both sides allow */
    assert_ends_well(sim);
}

static void either_side_makes_them(void **state)
{
    (void)state;
    struct sim *sim = established_with(CLONES);
    send_from(sim, "west", 1);
    settle(sim);
    send_from(sim, "east", 1);
    settle(sim);
    assert_both_have(sim, 1, 3);
    assert_ends_well(sim);
}

/* Until its answer is known to have come, packets leave on what the peer knows. */
static void nothing_is_lost_while_the_answer_is(void **state)
{
    (void)state;
    struct sim *sim = established_with(CLONES);
    sim_drop(sim, "west", MESSAGE_CREATE, PART_RESPONSE, 0, 2);
    send_from(sim, "east", 0);
    for (unsigned i = 0; i < 100; i++) {
        sim_run_for(sim, milliseconds(20));
        send_from(sim, "west", 0);
        send_from(sim, "east", 0);
    }
    settle(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void without_clones_there_nobody_asks(void **state)
{
    (void)state;
    struct sim *sim = gateways_that_differ(CLONES, TUNNEL);
    assert_established(sim);
    uint32_t first = send_from(sim, "east", 1);
    settle(sim);
    assert_both_have(sim, 1, 1);
    assert_int_equal(send_from(sim, "east", 1), first);
    assert_ends_well(sim);
}

static void a_peer_that_wants_fewer_is_not_asked_again_and_the_tunnel_stays(void **state)
{
    (void)state;
    struct sim *sim = gateways_that_differ(CLONES, TUNNEL " clones=1");
    assert_established(sim);
    send_from(sim, "east", 0);
    send_from(sim, "east", 1);
    settle(sim);
    assert_both_have(sim, 1, 2);
    assert_true(sim_log_has(sim, "east", "peer answered TS_MAX_QUEUE (48)"));
    sim_record(sim);
    send_from(sim, "east", 1);
    settle(sim);
    assert_int_equal(sim_count(sim, "east", MESSAGE_CREATE, PART_REQUEST), 0);
    assert_ends_well(sim);
}

/* Both are at it at once: the rekey of the IKE SA and the Child SA of a CPU refuse each other. */
static void what_a_busy_peer_puts_off_is_made_later(void **state)
{
    (void)state;
    struct sim *sim = established_with(CLONES);
    sim_start(sim, "west", COMMAND_REKEY_IKE, "tunnel");
    send_from(sim, "east", 0);
    settle(sim);
    assert_false(sim_log_has(sim, "east", "packets of CPU 0 stay on"));
    assert_both_have(sim, 1, 2);
    assert_ends_well(sim);
}

/* One for a CPU that waits for its turn does not bring the tunnel up. */
static void a_packet_brings_the_tunnel_up_again_while_one_for_a_cpu_waits(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(CLONES);
    sim_add_connection(sim, "second", SECOND);
    assert_int_equal(sim_command(sim, "east", COMMAND_ROUTE, "tunnel"), 0);
    assert_up(sim, "east");
    assert_settles(sim);
    sim_drop(sim, "west", MESSAGE_CREATE, PART_RESPONSE, 0, 3);
    sim_start(sim, "east", COMMAND_INITIATE, "second");
    sim_run_for(sim, milliseconds(20));
    send_from(sim, "east", 0);
    sim_run_for(sim, milliseconds(20));
    sim_start(sim, "east", COMMAND_DOWN_CHILD, "tunnel");
    sim_run_for(sim, milliseconds(20));
    sim_ping(sim, "east", "10.1.0.1", "10.2.0.1");
    sim_run_for(sim, seconds(30));
    assert_both_have(sim, 1, 2);
    send_from(sim, "east", 1);
    settle(sim);
    assert_ends_well(sim);
}

/* The one that the data plane will not have is not asked for again and again. */
static void a_refusal_of_the_data_plane_leaves_the_first(void **state)
{
    (void)state;
    struct sim *sim = established_with(CLONES);
    sim_fail_kernel(sim, "east", KERNEL_SA_ADD, 2);
    uint32_t first = send_from(sim, "east", 0);
    settle(sim);
    assert_both_have(sim, 1, 1);
    sim_record(sim);
    assert_int_equal(send_from(sim, "east", 0), first);
    settle(sim);
    assert_int_equal(sim_count(sim, "east", MESSAGE_CREATE, PART_REQUEST), 0);
    assert_ends_well(sim);
}

/* All are rekeyed in their time, and packets of each CPU go on leaving on that CPU's. */
static void each_is_rekeyed_for_itself(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(CLONES " ipsec-lifetime=1h rekeymargin=5m rekeyfuzz=0%");
    assert_established(sim);
    for (unsigned minute = 0; minute < 240; minute++) {
        for (uint32_t cpu = 0; cpu < 3; cpu++) {
            send_from(sim, "east", cpu);
            send_from(sim, "west", cpu);
        }
        sim_run_for(sim, minutes(1));
    }
    settle(sim);
    assert_both_have(sim, 1, 3);
    assert_int_not_equal(send_from(sim, "east", 0), send_from(sim, "east", 1));
    assert_ends_well(sim);
}

static void a_rekey_loses_no_packet(void **state)
{
    (void)state;
    static const char *const hosts[] = {"east", "west"};
    for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
        struct sim *sim = with_clones();
        sim_drop(sim, hosts[1 - i], MESSAGE_CREATE, PART_RESPONSE, 0, 2);
        sim_start(sim, hosts[i], COMMAND_REKEY_CHILD, "tunnel");
        for (unsigned j = 0; j < 200; j++) {
            send_from(sim, "west", j % 3);
            send_from(sim, "east", j % 3);
            sim_run_for(sim, milliseconds(20));
        }
        settle(sim);
        assert_both_have(sim, 1, 3);
        assert_ends_well(sim);
    }
}

static void they_move_with_a_rekey_of_the_ike_sa(void **state)
{
    (void)state;
    struct sim *sim = with_clones();
    assert_int_equal(sim_command(sim, "west", COMMAND_REKEY_IKE, "tunnel"), 0);
    settle(sim);
    assert_both_have(sim, 1, 3);
    assert_ends_well(sim);
}

/* Those of another connection on the IKE SA are made anew there; its CPUs ask for theirs when they send. */
static void a_reauthentication_makes_the_first_anew_and_they_follow(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " ikelifetime=1h rekeymargin=5m rekeyfuzz=0% reauth=yes");
    uint32_t spis[2];
    sim_add_connection(sim, "second", SECOND " clones=2");
    assert_up(sim, "east");
    assert_int_equal(sim_up(sim, "east", "second"), 0);
    settle(sim);
    for (unsigned i = 0; i < 2; i++) {
        for (uint32_t cpu = 0; cpu < 2; cpu++) {
            assert_true(sim_send_from_cpu(sim, "east", cpu, "10.3.0.1", "10.4.0.1", &spis[cpu]));
            settle(sim);
        }
        assert_both_have(sim, 1, 4);
        sim_run_for(sim, i == 0 ? minutes(57) : 0);
        assert_both_have(sim, 1, i == 0 ? 2 : 4);
    }
    assert_true(sim_log_has(sim, "east", "reauthenticating"));
    assert_false(sim_log_has(sim, "east", "CREATE_CHILD_SA failed")); /* none is asked for in vain */
    assert_ends_well(sim);
}

static void they_end_with_the_first(void **state)
{
    (void)state;
    struct sim *sim = with_clones();
    assert_int_equal(sim_command(sim, "east", COMMAND_DOWN_CHILD, "tunnel"), 0);
    settle(sim);
    assert_both_have(sim, 1, 0);
    assert_ends_well(sim);
}

static void down_takes_all_down(void **state)
{
    (void)state;
    struct sim *sim = with_clones();
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    settle(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

static void loss_delays_them_only(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        struct sim *sim = established_with(CLONES);
        sim_set_faults(sim, (struct faults){.loss_per_mille = 300, .delay_max = milliseconds(50)});
        for (unsigned i = 0; i < 60; i++) {
            send_from(sim, i % 2 ? "east" : "west", (i + seed) % 3);
            sim_run_for(sim, milliseconds(500));
            if (i % 20 == seed % 20)
                sim_start(sim, i % 2 ? "east" : "west", COMMAND_REKEY_CHILD, "tunnel");
        }
        sim_heal(sim);
        settle(sim);
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cpu_gets_a_child_sa_when_it_sends),
        cmocka_unit_test(the_responder_binds_what_the_peer_makes_to_its_own_cpus),
        cmocka_unit_test(either_side_makes_them),
        cmocka_unit_test(nothing_is_lost_while_the_answer_is),
        cmocka_unit_test(without_clones_there_nobody_asks),
        cmocka_unit_test(a_peer_that_wants_fewer_is_not_asked_again_and_the_tunnel_stays),
        cmocka_unit_test(what_a_busy_peer_puts_off_is_made_later),
        cmocka_unit_test(a_packet_brings_the_tunnel_up_again_while_one_for_a_cpu_waits),
        cmocka_unit_test(a_refusal_of_the_data_plane_leaves_the_first),
        cmocka_unit_test(each_is_rekeyed_for_itself),
        cmocka_unit_test(a_rekey_loses_no_packet),
        cmocka_unit_test(they_move_with_a_rekey_of_the_ike_sa),
        cmocka_unit_test(a_reauthentication_makes_the_first_anew_and_they_follow),
        cmocka_unit_test(they_end_with_the_first),
        cmocka_unit_test(down_takes_all_down),
        cmocka_unit_test(loss_delays_them_only),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
