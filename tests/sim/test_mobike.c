/* Hosts whose addresses change take their SAs along: MOBIKE (RFC 4555). */
#include "scenario.h"

#define EAST "left=192.0.2.1 right=%any leftid=@east rightid=@road authby=secret"
#define ROAD "left=192.0.2.1 right=%defaultroute leftid=@east rightid=@road authby=secret"
#define MOBILE SUBNETS CIPHERS " mobike=yes"

static struct sim *road_with(const char *east_words, const char *road_words, const char *public_address)
{
    struct sim *sim = sim_new(1);
    char words[512];
    sim_add_host(sim, "east", "192.0.2.1");
    if (public_address != NULL)
        sim_add_host_behind_nat(sim, "road", "10.9.0.5", public_address);
    else
        sim_add_host(sim, "road", "198.51.100.7");
    snprintf(words, sizeof(words), "%s%s", EAST, east_words);
    sim_add_connection_on(sim, "east", "tunnel", words);
    snprintf(words, sizeof(words), "%s%s", ROAD, road_words);
    sim_add_connection_on(sim, "road", "tunnel", words);
    assert_up(sim, "road");
    assert_settles(sim);
    return sim;
}

static struct sim *mobile_road(void)
{
    return road_with(MOBILE, MOBILE, NULL);
}

#define assert_road_ping(sim)                                                                                \
    do {                                                                                                     \
        assert_true(sim_ping(sim, "road", "10.2.0.1", "10.1.0.1"));                                          \
        assert_true(sim_ping(sim, "east", "10.1.0.1", "10.2.0.1"));                                          \
    } while (0)

#define assert_road_counts(sim, ikes, children)                                                              \
    do {                                                                                                     \
        assert_counts(sim, "road", ikes, children);                                                          \
        assert_counts(sim, "east", ikes, children);                                                          \
    } while (0)

static struct ike_view newest_ike(struct sim *sim, const char *host)
{
    struct ike_view view = {0};
    assert_true(sim_newest_ike(sim, host, "tunnel", &view));
    return view;
}

/* Nothing was made anew: the same SAs, at the new address. */
static void assert_moved(struct sim *sim, const struct ike_view *before, const char *address)
{
    char text[ADDRESS_TEXT_SIZE];
    struct child_view child;
    struct ike_view now = newest_ike(sim, "east");
    assert_memory_equal(before->spi_i, now.spi_i, IKE_SPI_SIZE);
    assert_string_equal(address_text(&now.path.remote.address, text), address);
    assert_true(sim_newest_child(sim, "east", "tunnel", &child));
    assert_string_equal(address_text(&child.remote.address, text), address);
    assert_road_counts(sim, 1, 1);
    assert_road_ping(sim);
}

static void the_sas_follow_the_road_warrior(void **state)
{
    (void)state;
    struct sim *sim = mobile_road();
    struct ike_view before = newest_ike(sim, "east");
    sim_move_host(sim, "road", "198.51.100.99", NULL);
    assert_settles(sim);
    assert_moved(sim, &before, "198.51.100.99");
    assert_true(sim_log_has(sim, "road", "MOBIKE: this side moved from 198.51.100.7"));
    assert_true(sim_log_has(sim, "east", "MOBIKE: peer moved from 198.51.100.7"));
    assert_ends_well(sim);
}

static void an_sa_that_is_lost_on_the_way_is_replaced(void **state)
{
    (void)state;
    struct sim *sim = mobile_road();
    sim_fail_kernel(sim, "road", KERNEL_SA_MOVE, 2);
    sim_move_host(sim, "road", "198.51.100.99", NULL);
    assert_settles(sim);
    assert_true(sim_log_has(sim, "road", "the data plane has lost the IPsec SA: it is replaced"));
    assert_road_counts(sim, 1, 1);
    assert_road_ping(sim);
    assert_ends_well(sim);
}

/* Nothing would pass by it until its lifetime ends. */
static void an_sa_that_is_lost_without_rekeying_ends(void **state)
{
    (void)state;
    struct sim *sim = road_with(MOBILE " rekey=no", MOBILE " rekey=no", NULL);
    struct child_view before, now;
    assert_true(sim_newest_child(sim, "road", "tunnel", &before));
    sim_fail_kernel(sim, "road", KERNEL_SA_MOVE, 2);
    sim_move_host(sim, "road", "198.51.100.99", NULL);
    assert_settles(sim);
    assert_true(sim_log_has(sim, "road", "the data plane has lost the IPsec SA: it ends (rekey=no)"));
    assert_false(sim_newest_child(sim, "road", "tunnel", &now) && now.serial == before.serial);
    assert_ends_well(sim);
}

/* RFC 4555 3.3: so that no port need change when a NAT appears later. */
static void without_any_nat_port_4500_is_used(void **state)
{
    (void)state;
    struct sim *sim = mobile_road();
    struct ike_view ike = newest_ike(sim, "road");
    assert_int_equal(ike.path.local.port, 4500);
    assert_int_equal(ike.path.remote.port, 4500);
    assert_false(ike.uses_natt);
    assert_ends_well(sim);
}

static void after_a_move_both_sides_rekey_and_delete(void **state)
{
    (void)state;
    struct sim *sim = mobile_road();
    sim_move_host(sim, "road", "198.51.100.99", NULL);
    assert_settles(sim);
    assert_int_equal(sim_command(sim, "road", COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_int_equal(sim_command(sim, "road", COMMAND_REKEY_IKE, "tunnel"), 0);
    assert_settles(sim);
    assert_road_counts(sim, 1, 1);
    sim_move_host(sim, "road", "198.51.100.100", NULL);
    assert_settles(sim);
    assert_road_ping(sim);
    assert_int_equal(sim_down(sim, "road", "tunnel"), 0);
    assert_settles(sim);
    assert_road_counts(sim, 0, 0);
    assert_ends_well(sim);
}

static void two_moves_at_once_end_at_the_last_address(void **state)
{
    (void)state;
    for (unsigned gap = 0; gap < 60; gap += 5) {
        struct sim *sim = mobile_road();
        struct ike_view before = newest_ike(sim, "east");
        sim_move_host(sim, "road", "198.51.100.98", NULL);
        sim_run_for(sim, milliseconds(gap));
        sim_move_host(sim, "road", "198.51.100.99", NULL);
        assert_settles(sim);
        assert_moved(sim, &before, "198.51.100.99");
        assert_ends_well(sim);
    }
}

static void a_move_on_a_bad_line_succeeds(void **state)
{
    (void)state;
    struct sim *sim = mobile_road();
    struct ike_view before = newest_ike(sim, "east");
    sim_set_faults(sim, (struct faults){.loss_per_mille = 300,
                                        .duplication_per_mille = 200,
                                        .delay_min = milliseconds(1),
                                        .delay_max = milliseconds(300)});
    sim_move_host(sim, "road", "198.51.100.99", NULL);
    assert_settles(sim);
    sim_set_faults(sim, (struct faults){.delay_min = milliseconds(1), .delay_max = milliseconds(2)});
    assert_moved(sim, &before, "198.51.100.99");
    assert_ends_well(sim);
}

static void a_move_in_the_middle_of_a_rekey_succeeds(void **state)
{
    (void)state;
    for (unsigned step = 0; step < 40; step += 2) {
        struct sim *sim = mobile_road();
        sim_start(sim, step % 4 == 0 ? "road" : "east",
                  step % 8 < 4 ? COMMAND_REKEY_IKE : COMMAND_REKEY_CHILD, "tunnel");
        sim_run_for(sim, milliseconds(step));
        sim_move_host(sim, "road", "198.51.100.99", NULL);
        assert_settles(sim);
        assert_road_counts(sim, 1, 1);
        assert_road_ping(sim);
        assert_false(sim_log_has(sim, "road", "un-oriented"));
        assert_ends_well(sim);
    }
}

/* Its question goes on to the new IKE SA, which has the Child SAs. */
static void a_rekey_before_the_new_address_has_answered_loses_nothing(void **state)
{
    (void)state;
    struct sim *sim = mobile_road();
    struct child_view child;
    char text[ADDRESS_TEXT_SIZE];
    sim_drop(sim, "east", MESSAGE_INFORMATIONAL, PART_REQUEST, 0, 1);
    sim_move_host(sim, "road", "198.51.100.99", NULL);
    sim_run_for(sim, milliseconds(50));
    assert_int_equal(sim_command(sim, "road", COMMAND_REKEY_IKE, "tunnel"), 0);
    assert_settles(sim);
    assert_true(sim_newest_child(sim, "east", "tunnel", &child));
    assert_string_equal(address_text(&child.remote.address, text), "198.51.100.99");
    assert_road_ping(sim);
    assert_ends_well(sim);
}

static void the_end_of_a_replaced_ike_sa_does_not_undo_a_move(void **state)
{
    (void)state;
    struct sim *sim = mobile_road();
    sim_drop(sim, "road", MESSAGE_DELETE, PART_REQUEST, 0, 3);
    assert_int_equal(sim_command(sim, "road", COMMAND_REKEY_IKE, "tunnel"), 0);
    struct ike_view before = newest_ike(sim, "east");
    sim_move_host(sim, "road", "198.51.100.99", NULL);
    assert_settles(sim);
    assert_moved(sim, &before, "198.51.100.99");
    assert_ends_well(sim);
}

/* What is being deleted goes along, but what is being begun does not. */
static void a_move_while_it_comes_up_again_begins_at_the_new_address(void **state)
{
    (void)state;
    struct sim *sim = mobile_road();
    sim_drop(sim, "road", MESSAGE_DELETE, PART_REQUEST, 0, 3);
    sim_start(sim, "road", COMMAND_TERMINATE, "tunnel");
    sim_start(sim, "road", COMMAND_INITIATE, "tunnel");
    sim_move_host(sim, "road", "198.51.100.99", NULL);
    sim_run_for(sim, seconds(1));
    assert_settles(sim);
    assert_road_counts(sim, 1, 1);
    assert_road_ping(sim);
    assert_ends_well(sim);
}

static void behind_a_nat_and_out_of_it(void **state)
{
    (void)state;
    struct sim *sim = mobile_road();
    struct ike_view before = newest_ike(sim, "east");
    sim_move_host(sim, "road", "10.9.0.5", "203.0.113.9");
    assert_settles(sim);
    assert_moved(sim, &before, "203.0.113.9");
    struct child_view child;
    assert_true(sim_newest_child(sim, "road", "tunnel", &child));
    assert_true(child.udp_encapsulation);
    sim_move_host(sim, "road", "198.51.100.7", NULL);
    assert_settles(sim);
    assert_moved(sim, &before, "198.51.100.7");
    assert_true(sim_newest_child(sim, "east", "tunnel", &child));
    assert_false(child.udp_encapsulation);
    assert_ends_well(sim);
}

/* 3.8: a NAT box is restarted. */
static void a_nat_mapping_that_changes_is_told(void **state)
{
    (void)state;
    struct sim *sim = road_with(MOBILE, MOBILE " dpddelay=20s retransmit-timeout=20s", "203.0.113.9");
    struct ike_view before = newest_ike(sim, "east");
    sim_forget_nat_mappings(sim, "203.0.113.9");
    sim_run_for(sim, minutes(2));
    assert_true(sim_ping(sim, "east", "10.1.0.1", "10.2.0.1"));
    assert_moved(sim, &before, "203.0.113.9");
    sim_record(sim);
    sim_run_for(sim, minutes(5));
    assert_true(sim_count(sim, "road", MESSAGE_INFORMATIONAL, PART_REQUEST) < 20);
    assert_ends_well(sim);
}

/* 3.7: nothing is sent to an address because somebody has named it. */
static void traffic_follows_when_the_new_address_has_answered(void **state)
{
    (void)state;
    struct sim *sim = mobile_road();
    struct child_view child;
    char text[ADDRESS_TEXT_SIZE];
    sim_record(sim);
    sim_drop(sim, "road", MESSAGE_INFORMATIONAL, PART_RESPONSE, 0, 1);
    sim_move_host(sim, "road", "198.51.100.99", NULL);
    sim_run_for(sim, milliseconds(100));
    assert_false(sim_ping(sim, "east", "10.1.0.1", "10.2.0.1"));
    assert_int_equal(sim_count(sim, "east", MESSAGE_INFORMATIONAL, PART_REQUEST), 1);
    assert_settles(sim);
    assert_true(sim_newest_child(sim, "east", "tunnel", &child));
    assert_string_equal(address_text(&child.remote.address, text), "198.51.100.99");
    assert_true(sim_ping(sim, "east", "10.1.0.1", "10.2.0.1"));
    assert_ends_well(sim);
}

static void begins_anew(const char *east_words, const char *road_words)
{
    struct sim *sim = road_with(east_words, road_words, NULL);
    struct ike_view before = newest_ike(sim, "road");
    sim_move_host(sim, "road", "198.51.100.99", NULL);
    assert_settles(sim);
    assert_false(sim_log_has(sim, "road", "MOBIKE"));
    struct ike_view now = newest_ike(sim, "road");
    assert_memory_not_equal(before.spi_i, now.spi_i, IKE_SPI_SIZE);
    assert_road_ping(sim);
    sim_free(sim);
}

static void unless_both_ends_want_it_the_tunnel_begins_anew(void **state)
{
    (void)state;
    begins_anew(SUBNETS CIPHERS, MOBILE);
    begins_anew(MOBILE, SUBNETS CIPHERS);
    begins_anew(MOBILE " encapsulation=no", MOBILE " encapsulation=no");
}

static void several_tunnels_move_together(void **state)
{
    (void)state;
    struct sim *sim = mobile_road();
    sim_add_connection_on(sim, "east", "second",
                          EAST " leftsubnet=10.3.0.0/24 rightsubnet=10.4.0.0/24" CIPHERS " mobike=yes");
    sim_add_connection_on(sim, "road", "second",
                          ROAD " leftsubnet=10.3.0.0/24 rightsubnet=10.4.0.0/24" CIPHERS " mobike=yes");
    assert_int_equal(sim_up(sim, "road", "second"), 0);
    assert_settles(sim);
    assert_road_counts(sim, 1, 2);
    sim_move_host(sim, "road", "198.51.100.99", NULL);
    assert_settles(sim);
    assert_road_counts(sim, 1, 2);
    assert_road_ping(sim);
    assert_true(sim_ping(sim, "road", "10.4.0.1", "10.3.0.1"));
    assert_true(sim_ping(sim, "east", "10.3.0.1", "10.4.0.1"));
    assert_ends_well(sim);
}

/* What a script has set up is undone as it was told then. */
static void scripts_follow_a_move_at_both_ends(void **state)
{
    (void)state;
    static const char with_script[] = MOBILE " leftupdown=/script rightupdown=/script leftsourceip=10.1.0.1";
    struct sim *sim = road_with(with_script, with_script, NULL);
    sim_move_host(sim, "road", "198.51.100.99", NULL);
    assert_settles(sim);
    static const char *const verbs = "prepare-client route-client up-client down-client unroute-client "
                                     "prepare-client route-client up-client ";
    assert_string_equal(sim_scripts(sim, "road"), verbs);
    assert_string_equal(sim_scripts(sim, "east"), verbs);
    assert_true(sim_log_has(sim, "east",
                            "script: unroute-client PLUTO_ME=192.0.2.1 PLUTO_PEER=198.51.100.7 "
                            "PLUTO_MY_SOURCEIP=10.1.0.1 PLUTO_MOBIKE_EVENT=yes"));
    assert_true(sim_log_has(sim, "east",
                            "script: up-client PLUTO_ME=192.0.2.1 PLUTO_PEER=198.51.100.99 "
                            "PLUTO_MY_SOURCEIP=10.1.0.1 PLUTO_MOBIKE_EVENT=yes"));
    assert_true(sim_log_has(sim, "road", "script: down-client PLUTO_ME=198.51.100.7 PLUTO_PEER=192.0.2.1"));
    assert_true(sim_log_has(sim, "road", "script: up-client PLUTO_ME=198.51.100.99 PLUTO_PEER=192.0.2.1"));
    assert_int_equal(sim_down(sim, "road", "tunnel"), 0);
    assert_settles(sim);
    assert_true(sim_log_has(sim, "east",
                            "script: down-client PLUTO_ME=192.0.2.1 PLUTO_PEER=198.51.100.99 "
                            "PLUTO_MY_SOURCEIP=10.1.0.1 PLUTO_MOBIKE_EVENT=\n"));
    assert_ends_well(sim);
}

/* East knows where road was when it was configured. */
static struct sim *configured_road(const char *more)
{
    struct sim *sim = sim_new(1);
    char words[512];
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host(sim, "road", "198.51.100.7");
    snprintf(words, sizeof(words),
             "left=192.0.2.1 right=198.51.100.7 leftid=@east rightid=@road authby=secret" MOBILE "%s", more);
    sim_add_connection_on(sim, "east", "tunnel", words);
    snprintf(words, sizeof(words), "%s%s%s", ROAD, MOBILE, more);
    sim_add_connection_on(sim, "road", "tunnel", words);
    assert_up(sim, "road");
    assert_settles(sim);
    return sim;
}

/* A peer that moves without end makes no queue of scripts. */
static void moves_while_scripts_run_are_followed_together(void **state)
{
    (void)state;
    static const char with_script[] = MOBILE " leftupdown=/script rightupdown=/script leftsourceip=10.1.0.1";
    static const char *const verbs = "prepare-client route-client up-client down-client unroute-client "
                                     "prepare-client route-client up-client down-client unroute-client "
                                     "prepare-client route-client up-client ";
    struct sim *sim = road_with(with_script, with_script, NULL);
    sim_set_delays(sim, "east", 0, 0, minutes(2));
    char address[ADDRESS_TEXT_SIZE];
    for (unsigned i = 0; i < 40; i++) {
        snprintf(address, sizeof(address), "198.51.100.%u", 60 + i);
        sim_move_host(sim, "road", address, NULL);
        sim_run_for(sim, milliseconds(100));
    }
    assert_settles(sim);
    assert_string_equal(sim_scripts(sim, "east"), verbs);
    assert_true(sim_log_has(sim, "east",
                            "script: up-client PLUTO_ME=192.0.2.1 PLUTO_PEER=198.51.100.99 "
                            "PLUTO_MY_SOURCEIP=10.1.0.1 PLUTO_MOBIKE_EVENT=yes"));
    assert_ends_well(sim);
}

static void a_configured_peer_that_has_moved_is_known_still(void **state)
{
    (void)state;
    static const char second[] = " leftsubnet=10.3.0.0/24 rightsubnet=10.4.0.0/24" CIPHERS " mobike=yes";
    struct sim *sim = configured_road(" leftupdown=/script");
    char words[512];
    snprintf(words, sizeof(words),
             "left=192.0.2.1 right=198.51.100.7 leftid=@east rightid=@road authby=secret%s", second);
    sim_add_connection_on(sim, "east", "second", words);
    snprintf(words, sizeof(words), "%s%s", ROAD, second);
    sim_add_connection_on(sim, "road", "second", words);
    sim_move_host(sim, "road", "198.51.100.99", NULL);
    assert_settles(sim);
    assert_true(sim_log_has(sim, "east", "script: up-client PLUTO_ME=192.0.2.1 PLUTO_PEER=198.51.100.99"));
    assert_int_equal(sim_up(sim, "east", "second"), 0);
    assert_settles(sim);
    assert_road_counts(sim, 1, 2);
    assert_true(sim_ping(sim, "east", "10.3.0.1", "10.4.0.1"));
    assert_ends_well(sim);
}

/* Its beginning is in flight, from an address that is no longer ours. */
static void a_move_while_it_reauthenticates_loses_nothing(void **state)
{
    (void)state;
    static const char lives[] = MOBILE " reauth=yes ikelifetime=20m rekeymargin=5m rekeyfuzz=0%";
    for (unsigned step = 0; step < 60; step += 2) {
        struct sim *sim = road_with(lives, lives, NULL);
        while (!sim_log_has(sim, "road", "reauthenticating: takes the place"))
            sim_run_for(sim, milliseconds(1));
        sim_run_for(sim, milliseconds(step));
        sim_move_host(sim, "road", "198.51.100.99", NULL);
        sim_run_for(sim, seconds(1));
        assert_false(sim_log_has(sim, "road", "un-oriented"));
        assert_road_ping(sim);
        sim_run_for(sim, seconds(30));
        assert_settles(sim);
        assert_road_counts(sim, 1, 1);
        assert_road_ping(sim);
        assert_ends_well(sim);
    }
}

/* RFC 3948 2.3: who has always sent in UDP must keep the mapping too. */
static void behind_a_nat_it_is_kept_open_also_where_encapsulation_is_forced(void **state)
{
    (void)state;
    struct sim *sim = road_with(MOBILE " encapsulation=yes", MOBILE " encapsulation=yes", NULL);
    sim_move_host(sim, "road", "10.9.0.5", "203.0.113.9");
    assert_settles(sim);
    sim_set_nat_timeout(sim, "203.0.113.9", seconds(45));
    sim_run_for(sim, minutes(3));
    assert_road_ping(sim);
    assert_ends_well(sim);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sas_follow_the_road_warrior),
        cmocka_unit_test(an_sa_that_is_lost_on_the_way_is_replaced),
        cmocka_unit_test(an_sa_that_is_lost_without_rekeying_ends),
        cmocka_unit_test(without_any_nat_port_4500_is_used),
        cmocka_unit_test(after_a_move_both_sides_rekey_and_delete),
        cmocka_unit_test(two_moves_at_once_end_at_the_last_address),
        cmocka_unit_test(a_move_on_a_bad_line_succeeds),
        cmocka_unit_test(a_move_in_the_middle_of_a_rekey_succeeds),
        cmocka_unit_test(a_rekey_before_the_new_address_has_answered_loses_nothing),
        cmocka_unit_test(the_end_of_a_replaced_ike_sa_does_not_undo_a_move),
        cmocka_unit_test(a_move_while_it_comes_up_again_begins_at_the_new_address),
        cmocka_unit_test(behind_a_nat_and_out_of_it),
        cmocka_unit_test(a_nat_mapping_that_changes_is_told),
        cmocka_unit_test(traffic_follows_when_the_new_address_has_answered),
        cmocka_unit_test(unless_both_ends_want_it_the_tunnel_begins_anew),
        cmocka_unit_test(several_tunnels_move_together),
        cmocka_unit_test(scripts_follow_a_move_at_both_ends),
        cmocka_unit_test(moves_while_scripts_run_are_followed_together),
        cmocka_unit_test(a_configured_peer_that_has_moved_is_known_still),
        cmocka_unit_test(a_move_while_it_reauthenticates_loses_nothing),
        cmocka_unit_test(behind_a_nat_it_is_kept_open_also_where_encapsulation_is_forced),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
