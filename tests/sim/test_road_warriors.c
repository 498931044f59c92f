/* Road warriors: templates (right=%any) and their instances, several behind one NAT, virtual clients. */
#include "scenario.h"

#define EAST "left=192.0.2.1 leftid=@east leftsubnet=10.1.0.0/24 authby=secret" CIPHERS
#define FROM(id) EAST " right=%defaultroute rightid=" id
#define ANYBODY EAST " right=%any"
#define VHOST ANYBODY " rightsubnet=vhost:%no,%priv"

/* East with the template "rw"; ann, bob and cyd on the road. */
static struct sim *road(const char *words)
{
    static const char *const names[] = {"ann", "bob", "cyd"};
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_connection_on(sim, "east", "rw", words);
    for (unsigned i = 0; i < 3; i++) {
        char address[32];
        snprintf(address, sizeof(address), "192.168.7.%u", i + 2);
        sim_add_host_behind_nat(sim, names[i], address, "203.0.113.1");
    }
    return sim;
}

static void assert_is_up(struct sim *sim, const char *host)
{
    assert_int_equal(sim_up(sim, host, "tunnel"), 0);
    assert_settles(sim);
}

static size_t instance_count(struct sim *sim)
{
    struct connection_view view;
    size_t count = 0;
    for (uint64_t at = 0; engine_view_connection(sim_engine(sim, "east"), at, &view); at = view.serial)
        count += view.is_instance;
    return count;
}

static void allow_private(struct sim *sim)
{
    static struct virtual_net nets[3];
    prefix_parse("10.0.0.0/8", &nets[0].prefix, NULL);
    prefix_parse("192.168.0.0/16", &nets[1].prefix, NULL);
    prefix_parse("10.1.0.0/24", &nets[2].prefix, NULL);
    nets[2].is_excluded = true;
    sim_settings(sim, "east")->virtual_private = nets;
    sim_settings(sim, "east")->virtual_private_count = 3;
    sim_restart(sim, "east", 0);
}

static void several_behind_one_nat_are_instances_of_one_template(void **state)
{
    (void)state;
    struct sim *sim = road(VHOST);
    allow_private(sim);
    sim_add_connection_on(sim, "ann", "tunnel", FROM("@ann") " rightsubnet=192.168.7.2/32");
    sim_add_connection_on(sim, "bob", "tunnel", FROM("@bob") " rightsubnet=192.168.7.3/32");
    sim_add_connection_on(sim, "cyd", "tunnel", FROM("@cyd") " rightsubnet=192.168.7.4/32");
    assert_is_up(sim, "ann");
    assert_is_up(sim, "bob");
    assert_is_up(sim, "cyd");
    assert_counts(sim, "east", 3, 3);
    assert_int_equal(instance_count(sim), 3);
    assert_true(sim_log_has(sim, "east", "\"rw\"[1] 203.0.113.1 #"));
    assert_true(sim_log_has(sim, "east", "\"rw\"[3] 203.0.113.1 #"));
    assert_true(sim_ping(sim, "ann", "192.168.7.2", "10.1.0.1"));
    assert_true(sim_ping(sim, "cyd", "192.168.7.4", "10.1.0.1"));
    assert_int_equal(sim_down(sim, "bob", "tunnel"), 0);
    assert_settles(sim);
    assert_int_equal(instance_count(sim), 2);
    assert_true(sim_ping(sim, "ann", "192.168.7.2", "10.1.0.1"));
    assert_ends_well(sim);
}

static void taking_the_template_down_takes_its_instances_down(void **state)
{
    (void)state;
    struct sim *sim = road(VHOST);
    allow_private(sim);
    sim_add_connection_on(sim, "ann", "tunnel", FROM("@ann") " rightsubnet=192.168.7.2/32");
    sim_add_connection_on(sim, "bob", "tunnel", FROM("@bob") " rightsubnet=192.168.7.3/32");
    assert_is_up(sim, "ann");
    assert_is_up(sim, "bob");
    assert_int_equal(sim_down(sim, "east", "rw"), 0);
    sim_run_for(sim, milliseconds(1)); /* the peers want them up and begin again */
    assert_counts(sim, "east", 0, 0);
    sim_down(sim, "ann", "tunnel");
    sim_down(sim, "bob", "tunnel");
    assert_settles(sim);
    assert_int_equal(instance_count(sim), 0);
    assert_ends_well(sim);
}

static void a_template_that_is_replaced_or_deleted_takes_its_instances_along(void **state)
{
    (void)state;
    struct sim *sim = road(VHOST);
    allow_private(sim);
    sim_add_connection_on(sim, "ann", "tunnel", FROM("@ann") " rightsubnet=192.168.7.2/32");
    assert_is_up(sim, "ann");
    sim_reload_connection(sim, "east", "rw");
    assert_int_equal(instance_count(sim), 0);
    sim_run_for(sim, seconds(30));
    assert_settles(sim);
    assert_true(sim_is_up(sim, "ann", "tunnel"));
    assert_int_equal(sim_command(sim, "east", COMMAND_DELETE, "rw"), 0);
    assert_int_equal(instance_count(sim), 0);
    sim_down(sim, "ann", "tunnel");
    assert_ends_well(sim);
}

static void a_virtual_client_outside_what_is_allowed_is_refused_with_the_reason(void **state)
{
    (void)state;
    struct sim *sim = road(VHOST);
    allow_private(sim);
    sim_add_connection_on(sim, "ann", "tunnel", FROM("@ann") " rightsubnet=172.16.0.9/32");
    assert_int_equal(sim_up(sim, "ann", "tunnel"), RC_FATAL);
    assert_true(sim_log_has(sim, "east",
                            "the client 172.16.0.9/32 is not allowed; \"rw\" takes vhost: the "
                            "peer's own address; what virtual-private= allows;"));
    sim_down(sim, "ann", "tunnel");
    /* an excluded network, and a network where only hosts are taken */
    sim_add_connection_on(sim, "bob", "tunnel", FROM("@bob") " rightsubnet=10.1.0.7/32");
    assert_int_equal(sim_up(sim, "bob", "tunnel"), RC_FATAL);
    sim_down(sim, "bob", "tunnel");
    sim_add_connection_on(sim, "cyd", "tunnel", FROM("@cyd") " rightsubnet=10.9.0.0/24");
    assert_int_equal(sim_up(sim, "cyd", "tunnel"), RC_FATAL);
    sim_down(sim, "cyd", "tunnel");
    assert_ends_well(sim);
}

#define IKEV1(words)                                                                                         \
    "left=192.0.2.1 leftid=@east leftsubnet=10.1.0.0/24 authby=secret keyexchange=ikev1 "                    \
    "ike=aes128-sha2;dh31 esp=aes128-sha2 " words

static void a_virtual_client_has_the_protocol_and_port_of_the_connection(void **state)
{
    (void)state;
    static const struct {
        const char *theirs;
        int code;
    } rows[] = {{" rightprotoport=udp/1701", 0}, {" rightprotoport=tcp/1701", RC_FATAL}, {"", RC_FATAL}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char words[512];
        struct sim *sim = road(IKEV1("right=%any rightsubnet=vhost:%no,%priv rightprotoport=udp/%any"));
        allow_private(sim);
        snprintf(words, sizeof(words), "%s%s",
                 IKEV1("right=%defaultroute rightid=@ann rightsubnet=192.168.7.2/32"), rows[i].theirs);
        sim_add_connection_on(sim, "ann", "tunnel", words);
        assert_int_equal(sim_up(sim, "ann", "tunnel") == 0, rows[i].code == 0);
        sim_down(sim, "ann", "tunnel");
        assert_ends_well(sim);
    }
}

/* Names that are equal though they are written otherwise: letters in capitals, other DER. */
static void who_comes_back_with_its_name_written_otherwise_is_the_same_peer(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"@ann", "@ANN"},
        {"@~300e310c300a06035504030c03616e6e", "@~300e310c300a06035504031303616e6e"},
    };
    for (size_t i = 0; i < 2 * ARRAY_SIZE(names); i++) {
        const char *const *pair = names[i / 2];
        bool is_ikev1 = i % 2 == 1;
        char words[512];
        struct sim *sim = road(is_ikev1 ? IKEV1("right=%any rightsubnet=vhost:%no,%priv") : VHOST);
        allow_private(sim);
        for (int who = 0; who < 2; who++) {
            snprintf(words, sizeof(words), "%s rightid=%s rightsubnet=192.168.7.%d/32 initial-contact=yes",
                     is_ikev1 ? IKEV1("right=%defaultroute") : EAST " right=%defaultroute", pair[who],
                     who + 2);
            sim_add_connection_on(sim, who == 0 ? "ann" : "bob", "tunnel", words);
            assert_int_equal(sim_up(sim, who == 0 ? "ann" : "bob", "tunnel"), 0);
            sim_run_for(sim, seconds(1));
            if (who == 0)
                sim_restart(sim, "ann", minutes(1));
        }
        assert_counts(sim, "east", 1, 1);
        sim_down(sim, "bob", "tunnel");
        sim_run_for(sim, minutes(2));
        assert_ends_well(sim);
    }
}

static void ikev1_takes_virtual_clients_too(void **state)
{
    (void)state;
    struct sim *sim = road(IKEV1("right=%any rightsubnet=vhost:%no,%priv"));
    allow_private(sim);
    sim_add_connection_on(sim, "ann", "tunnel",
                          IKEV1("right=%defaultroute rightid=@ann rightsubnet=192.168.7.2/32"));
    sim_add_connection_on(sim, "bob", "tunnel",
                          IKEV1("right=%defaultroute rightid=@bob rightsubnet=192.168.7.3/32"));
    sim_add_connection_on(sim, "cyd", "tunnel",
                          IKEV1("right=%defaultroute rightid=@cyd rightsubnet=172.16.0.9/32"));
    assert_is_up(sim, "ann");
    assert_is_up(sim, "bob");
    assert_int_not_equal(sim_up(sim, "cyd", "tunnel"), 0);
    sim_down(sim, "cyd", "tunnel");
    assert_true(sim_ping(sim, "ann", "192.168.7.2", "10.1.0.1"));
    assert_true(sim_ping(sim, "bob", "192.168.7.3", "10.1.0.1"));
    assert_int_equal(sim_command(sim, "ann", COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_settles(sim);
    assert_int_equal(sim_command(sim, "bob", COMMAND_REKEY_IKE, "tunnel"), 0);
    sim_run_for(sim, minutes(2));
    assert_true(sim_ping(sim, "ann", "192.168.7.2", "10.1.0.1"));
    assert_true(sim_ping(sim, "bob", "192.168.7.3", "10.1.0.1"));
    assert_ends_well(sim);
}

/* Their identity is one, their users are two. */
static void users_of_a_group_keep_their_virtual_clients_to_themselves(void **state)
{
    (void)state;
#define GROUP                                                                                                \
    "right=%defaultroute rightid=@group rightsubnet=192.168.7.2/32 leftxauthserver=yes "                     \
    "rightxauthclient=yes rightusername="
    struct sim *sim = road(IKEV1("right=%any rightsubnet=vhost:%no,%priv leftxauthserver=yes "
                                 "rightxauthclient=yes xauthby=alwaysok"));
    allow_private(sim);
    sim_add_connection_on(sim, "ann", "tunnel", IKEV1(GROUP "alice"));
    sim_add_connection_on(sim, "bob", "tunnel", IKEV1(GROUP "bob"));
    sim_set_xauth_secret(sim, "ann", "alice", "any");
    sim_set_xauth_secret(sim, "bob", "bob", "any");
    assert_is_up(sim, "ann");
    assert_int_not_equal(sim_up(sim, "bob", "tunnel"), 0);
    sim_down(sim, "bob", "tunnel");
    assert_true(sim_ping(sim, "ann", "192.168.7.2", "10.1.0.1"));
    assert_ends_well(sim);
}

static void vnet_takes_a_network_of_its_own_list(void **state)
{
    (void)state;
    struct sim *sim = road(ANYBODY " rightsubnet=vnet:%v4:10.9.0.0/16,%v4:!10.9.9.0/24");
    sim_add_connection_on(sim, "ann", "tunnel", FROM("@ann") " rightsubnet=10.9.1.0/24");
    assert_is_up(sim, "ann");
    assert_true(sim_ping(sim, "ann", "10.9.1.5", "10.1.0.1"));
    sim_add_connection_on(sim, "bob", "tunnel", FROM("@bob") " rightsubnet=10.9.8.0/23");
    assert_int_equal(sim_up(sim, "bob", "tunnel"), RC_FATAL);
    sim_down(sim, "bob", "tunnel");
    assert_ends_well(sim);
}

static void nobody_takes_over_the_virtual_client_of_another(void **state)
{
    (void)state;
    struct sim *sim = road(VHOST);
    allow_private(sim);
    sim_add_connection_on(sim, "ann", "tunnel", FROM("@ann") " rightsubnet=192.168.7.2/32");
    sim_add_connection_on(sim, "bob", "tunnel", FROM("@bob") " rightsubnet=192.168.7.2/32");
    assert_is_up(sim, "ann");
    assert_int_equal(sim_up(sim, "bob", "tunnel"), RC_FATAL);
    assert_true(sim_log_has(sim, "east",
                            "peer Virtual IP 192.168.7.2/32 overlapping \"rw\"[1] 203.0.113.1 is "
                            "forbidden (overlapip=no)"));
    sim_down(sim, "bob", "tunnel");
    assert_settles(sim);
    assert_true(sim_ping(sim, "ann", "192.168.7.2", "10.1.0.1"));
    assert_ends_well(sim);
}

static void overlapip_lets_both_have_it(void **state)
{
    (void)state;
    struct sim *sim = road(VHOST " overlapip=yes");
    allow_private(sim);
    sim_add_connection_on(sim, "ann", "tunnel", FROM("@ann") " rightsubnet=192.168.7.2/32");
    sim_add_connection_on(sim, "bob", "tunnel", FROM("@bob") " rightsubnet=192.168.7.2/32");
    assert_is_up(sim, "ann");
    assert_is_up(sim, "bob");
    assert_counts(sim, "east", 2, 2);
    assert_true(sim_send_packet(sim, "ann", "192.168.7.2", "10.1.0.1", NULL));
    assert_true(sim_ping(sim, "bob", "192.168.7.2", "10.1.0.1"));
    assert_ends_well(sim);
}

static struct sim *east_and_ann(void)
{
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host(sim, "ann", "192.0.2.7");
    return sim;
}

/* Behind no NAT; two templates of east's, an instance of each. */
static struct sim *ann_with_two_children(void)
{
    struct sim *sim = east_and_ann();
    sim_add_connection_on(sim, "east", "rw",
                          "left=192.0.2.1 leftid=@east leftsubnets=10.1.0.0/24,10.3.0.0/24 right=%any "
                          "authby=secret" CIPHERS);
    sim_add_connection_on(sim, "ann", "tunnel",
                          "left=192.0.2.1 leftid=@east leftsubnets=10.1.0.0/24,10.3.0.0/24 "
                          "right=192.0.2.7 rightid=@ann authby=secret" CIPHERS);
    assert_is_up(sim, "ann");
    return sim;
}

static void a_road_warrior_gets_a_child_sa_for_each_of_several_templates(void **state)
{
    (void)state;
    struct sim *sim = ann_with_two_children();
    assert_counts(sim, "east", 1, 2);
    assert_int_equal(instance_count(sim), 2);
    assert_true(sim_ping(sim, "ann", "192.0.2.7", "10.3.0.1"));
    assert_int_equal(sim_down(sim, "ann", "tunnel"), 0);
    assert_settles(sim);
    assert_int_equal(instance_count(sim), 0);
    assert_ends_well(sim);
}

/* The instance stands right behind its template in the list of connections. */
static void an_address_that_goes_takes_the_instances_of_a_template_along(void **state)
{
    (void)state;
    struct sim *sim = road(VHOST);
    allow_private(sim);
    sim_add_connection_on(sim, "ann", "tunnel", FROM("@ann") " rightsubnet=192.168.7.2/32");
    assert_is_up(sim, "ann");
    assert_int_equal(instance_count(sim), 1);
    sim_listen(sim, "east", false);
    assert_int_equal(instance_count(sim), 0);
    sim_listen(sim, "east", true);
    sim_down(sim, "ann", "tunnel");
    assert_ends_well(sim);
}

/* Ending the IKE SA of the first instance ends the second, whose only SA it carries. */
static void a_peer_that_has_crashed_loses_all_its_instances(void **state)
{
    (void)state;
    struct sim *sim = ann_with_two_children();
    assert_int_equal(instance_count(sim), 2);
    sim_crash_peer(sim, "east", "192.0.2.7");
    assert_int_equal(instance_count(sim), 0);
    sim_down(sim, "ann", "tunnel");
    assert_ends_well(sim);
}

static void the_connection_of_the_peers_identity_beats_the_template_of_anybody(void **state)
{
    (void)state;
    struct sim *sim = east_and_ann();
    sim_add_connection_on(sim, "east", "ann", EAST " right=%any rightid=@ann rightsubnet=10.9.0.0/24");
    sim_add_connection_on(sim, "east", "bob", EAST " right=%any rightid=@bob");
    sim_add_connection_on(sim, "east", "any", ANYBODY);
    sim_add_connection_on(sim, "ann", "tunnel", FROM("@ann") " rightsubnet=10.9.0.0/24");
    assert_is_up(sim, "ann");
    assert_true(sim_log_has(sim, "east", "\"ann\"[1] 192.0.2.7 #"));
    assert_ends_well(sim);
}

static void hundred_connections_come_up(const char *ciphers)
{
    char left[1500] = "", right[1500] = "", words[4096];
    for (int i = 0; i < 10; i++) {
        snprintf(left + strlen(left), 64, "%s10.1.%d.0/24", i ? "," : "", i);
        snprintf(right + strlen(right), 64, "%s10.2.%d.0/24", i ? "," : "", i);
    }
    snprintf(words, sizeof(words), HOSTS "%s leftsubnets=%s rightsubnets=%s", ciphers, left, right);
    struct sim *sim = gateways_with(words);
    assert_up(sim, "east");
    assert_settles(sim);
    assert_both_have(sim, 1, 100);
    assert_true(sim_is_up(sim, "west", "tunnel/10x10"));
    assert_ends_well(sim);
}

static void a_hundred_connections_between_two_hosts_are_told_apart(void **state)
{
    (void)state;
    hundred_connections_come_up(CIPHERS);
    hundred_connections_come_up(" keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2");
}

int main(int argument_count, char **arguments)
{
    choose_scenarios(argument_count, arguments);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_behind_one_nat_are_instances_of_one_template),
        cmocka_unit_test(taking_the_template_down_takes_its_instances_down),
        cmocka_unit_test(a_template_that_is_replaced_or_deleted_takes_its_instances_along),
        cmocka_unit_test(a_virtual_client_outside_what_is_allowed_is_refused_with_the_reason),
        cmocka_unit_test(a_virtual_client_has_the_protocol_and_port_of_the_connection),
        cmocka_unit_test(who_comes_back_with_its_name_written_otherwise_is_the_same_peer),
        cmocka_unit_test(ikev1_takes_virtual_clients_too),
        cmocka_unit_test(users_of_a_group_keep_their_virtual_clients_to_themselves),
        cmocka_unit_test(vnet_takes_a_network_of_its_own_list),
        cmocka_unit_test(nobody_takes_over_the_virtual_client_of_another),
        cmocka_unit_test(overlapip_lets_both_have_it),
        cmocka_unit_test(a_road_warrior_gets_a_child_sa_for_each_of_several_templates),
        cmocka_unit_test(an_address_that_goes_takes_the_instances_of_a_template_along),
        cmocka_unit_test(a_peer_that_has_crashed_loses_all_its_instances),
        cmocka_unit_test(the_connection_of_the_peers_identity_beats_the_template_of_anybody),
        cmocka_unit_test(a_hundred_connections_between_two_hosts_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
