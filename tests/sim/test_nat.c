/* NAT between the hosts: detection, UDP encapsulation on port 4500, mappings that change (RFC 7296 2.23, RFC
 * 3948). */
#include "scenario.h"

#define ROAD_HOSTS "left=192.0.2.1 right=%any leftid=@east rightid=@road authby=secret"
#define EAST_HOSTS "left=192.0.2.1 right=10.9.0.5 leftid=@east rightid=@road authby=secret"

static struct sim *road_behind_nat(const char *more)
{
    struct sim *sim = sim_new(1);
    char words[512];
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host_behind_nat(sim, "road", "10.9.0.5", "203.0.113.9");
    snprintf(words, sizeof(words), "%s%s", ROAD_HOSTS SUBNETS CIPHERS, more);
    sim_add_connection_on(sim, "east", "tunnel", words);
    snprintf(words, sizeof(words), "%s%s", EAST_HOSTS SUBNETS CIPHERS, more);
    sim_add_connection_on(sim, "road", "tunnel", words);
    return sim;
}

static struct sim *road_is_up(const char *more)
{
    struct sim *sim = road_behind_nat(more);
    assert_up(sim, "road");
    assert_settles(sim);
    assert_counts(sim, "road", 1, 1);
    assert_counts(sim, "east", 1, 1);
    return sim;
}

#define assert_road_ping(sim)                                                                                \
    do {                                                                                                     \
        assert_true(sim_ping(sim, "road", "10.2.0.1", "10.1.0.1"));                                          \
        assert_true(sim_ping(sim, "east", "10.1.0.1", "10.2.0.1"));                                          \
    } while (0)

static void behind_nat_everything_moves_to_port_4500(void **state)
{
    (void)state;
    struct sim *sim = road_behind_nat("");
    size_t count;
    sim_record(sim);
    assert_up(sim, "road");
    assert_settles(sim);
    const struct sim_record *records = sim_records(sim, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(records[i].from, "road") == 0)
            assert_int_equal(records[i].destination.port, records[i].kind == MESSAGE_INIT ? 500 : 4500);
    struct ike_view ike;
    assert_true(sim_newest_ike(sim, "road", "tunnel", &ike));
    assert_true(ike.uses_natt);
    assert_true(ike.local_behind_nat);
    assert_true(sim_newest_ike(sim, "east", "tunnel", &ike));
    assert_true(ike.remote_behind_nat);
    struct child_view child;
    assert_true(sim_newest_child(sim, "east", "tunnel", &child));
    assert_true(child.udp_encapsulation);
    assert_road_ping(sim);
    assert_ends_well(sim);
}

static void a_repeated_request_is_answered_to_where_it_came_from(void **state)
{
    (void)state;
    struct sim *sim = road_is_up("");
    sim_drop(sim, "east", MESSAGE_CREATE, PART_RESPONSE, 0, 1);
    uint64_t rekey = sim_start(sim, "road", COMMAND_REKEY_CHILD, "tunnel");
    sim_run_for(sim, milliseconds(20));
    sim_forget_nat_mappings(sim, "203.0.113.9");
    assert_settles(sim);
    assert_int_equal(sim_result(sim, "road", rekey), 0);
    assert_counts(sim, "road", 1, 1);
    assert_road_ping(sim);
    assert_ends_well(sim);
}

static void without_nat_nothing_is_encapsulated(void **state)
{
    (void)state;
    struct sim *sim = established();
    struct child_view child;
    assert_true(sim_newest_child(sim, "east", "tunnel", &child));
    assert_false(child.udp_encapsulation);
    assert_ends_well(sim);
}

static void encapsulation_yes_forces_udp_without_nat(void **state)
{
    (void)state;
    struct sim *sim = established_with(TUNNEL " encapsulation=yes");
    struct child_view child;
    assert_true(sim_newest_child(sim, "west", "tunnel", &child));
    assert_true(child.udp_encapsulation);
    assert_ping(sim);
    assert_ends_well(sim);
}

/* Our initiators float when they are told of a NAT. So it is east that takes the ports the other way round:
 * what the peer does is the same to it as that of one that stays on the port where only IKE is spoken. */
static void a_peer_that_stays_on_the_port_of_ike_gets_esp_without_udp(void **state)
{
    (void)state;
    struct sim *sim = two_hosts();
    struct child_view child;
    sim_settings(sim, "east")->ike_port = 4500;
    sim_settings(sim, "east")->natt_port = 500;
    sim_restart(sim, "east", 0);
    sim_run_for(sim, seconds(1));
    sim_add_connection(sim, "tunnel", TUNNEL " encapsulation=yes mobike=no");
    assert_up(sim, "west");
    assert_true(sim_newest_child(sim, "east", "tunnel", &child));
    assert_false(child.udp_encapsulation);
    sim_free(sim);
}

static void either_end_rekeys_through_nat(void **state)
{
    (void)state;
    struct sim *sim = road_is_up("");
    assert_int_equal(sim_command(sim, "road", COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_int_equal(sim_command(sim, "road", COMMAND_REKEY_IKE, "tunnel"), 0);
    assert_settles(sim);
    assert_road_ping(sim);
    assert_ends_well(sim);
}

static void keepalives_keep_the_mapping(void **state)
{
    (void)state;
    struct sim *sim = road_behind_nat("");
    sim_set_nat_timeout(sim, "203.0.113.9", seconds(30));
    assert_up(sim, "road");
    sim_run_for(sim, minutes(30));
    /* East can still reach road first. */
    assert_true(sim_ping(sim, "east", "10.1.0.1", "10.2.0.1"));
    assert_ends_well(sim);
}

static void a_changed_mapping_is_followed_by_ike(void **state)
{
    (void)state;
    struct sim *sim = road_is_up(" dpddelay=10s");
    sim_forget_nat_mappings(sim, "203.0.113.9");
    sim_run_for(sim, minutes(2));
    assert_settles(sim);
    assert_road_ping(sim);
    assert_ends_well(sim);
}

static void a_changed_mapping_is_followed_by_esp(void **state)
{
    (void)state;
    struct sim *sim = road_is_up(" nat-keepalive=no");
    sim_forget_nat_mappings(sim, "203.0.113.9");
    assert_false(sim_send_packet(sim, "east", "10.1.0.1", "10.2.0.1", NULL));
    assert_true(sim_send_packet(sim, "road", "10.2.0.1", "10.1.0.1", NULL));
    sim_run_for(sim, seconds(1));
    assert_true(sim_send_packet(sim, "east", "10.1.0.1", "10.2.0.1", NULL));
    assert_settles(sim);
    assert_ends_well(sim);
}

static void a_nat_box_with_another_address_is_followed_by_ike_and_esp(void **state)
{
    (void)state;
    struct sim *sim = road_is_up(" mobike=no dpddelay=10s");
    sim_move_host(sim, "road", "10.9.0.5", "203.0.113.99");
    sim_run_for(sim, minutes(2));
    assert_settles(sim);
    assert_counts(sim, "east", 1, 1);
    assert_road_ping(sim);
    assert_ends_well(sim);
}

static void two_clients_behind_one_nat_box(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host_behind_nat(sim, "road", "10.9.0.5", "203.0.113.9");
    sim_add_host_behind_nat(sim, "rail", "10.9.0.6", "203.0.113.9");
    sim_add_connection_on(sim, "east", "to-road", ROAD_HOSTS SUBNETS CIPHERS);
    sim_add_connection_on(sim, "east", "to-rail",
                          "left=192.0.2.1 right=%any leftid=@east rightid=@rail authby=secret "
                          "leftsubnet=10.1.0.0/24 rightsubnet=10.5.0.0/24" CIPHERS);
    sim_add_connection_on(sim, "road", "tunnel", EAST_HOSTS SUBNETS CIPHERS);
    sim_add_connection_on(sim, "rail", "tunnel",
                          "left=192.0.2.1 right=10.9.0.6 leftid=@east rightid=@rail authby=secret "
                          "leftsubnet=10.1.0.0/24 rightsubnet=10.5.0.0/24" CIPHERS);
    assert_up(sim, "road");
    assert_up(sim, "rail");
    assert_settles(sim);
    assert_counts(sim, "east", 2, 2);
    assert_true(sim_ping(sim, "east", "10.1.0.1", "10.2.0.1"));
    assert_true(sim_ping(sim, "east", "10.1.0.1", "10.5.0.1"));
    assert_ends_well(sim);
}

static void a_nat_box_that_reboots_during_set_up(void **state)
{
    (void)state;
    for (unsigned delay_ms = 0; delay_ms <= 30; delay_ms += 3) {
        struct sim *sim = road_behind_nat(" dpddelay=10s auto=add");
        uint64_t client = sim_start(sim, "road", COMMAND_INITIATE, "tunnel");
        sim_run_for(sim, milliseconds(delay_ms));
        sim_forget_nat_mappings(sim, "203.0.113.9");
        sim_run_for(sim, minutes(4));
        assert_settles(sim);
        assert_int_not_equal(sim_result(sim, "road", client), -1);
        assert_road_ping(sim);
        assert_ends_well(sim);
    }
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behind_nat_everything_moves_to_port_4500),
        cmocka_unit_test(a_repeated_request_is_answered_to_where_it_came_from),
        cmocka_unit_test(without_nat_nothing_is_encapsulated),
        cmocka_unit_test(encapsulation_yes_forces_udp_without_nat),
        cmocka_unit_test(a_peer_that_stays_on_the_port_of_ike_gets_esp_without_udp),
        cmocka_unit_test(either_end_rekeys_through_nat),
        cmocka_unit_test(keepalives_keep_the_mapping),
        cmocka_unit_test(a_changed_mapping_is_followed_by_ike),
        cmocka_unit_test(a_changed_mapping_is_followed_by_esp),
        cmocka_unit_test(a_nat_box_with_another_address_is_followed_by_ike_and_esp),
        cmocka_unit_test(two_clients_behind_one_nat_box),
        cmocka_unit_test(a_nat_box_that_reboots_during_set_up),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
