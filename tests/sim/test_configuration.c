/* Addresses for road warriors: pools, leases, Configuration payloads and Mode Config, what the client makes
 * of them. */
#include "ikev1_inject.h"
#include "scenario.h"
#include "wire/ikev1_build.h"

#define IKEV1 " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2"
#define SERVER "left=192.0.2.1 leftid=@east leftsubnet=10.1.0.0/24 right=%any authby=secret"
#define POOL SERVER " rightaddresspool=10.9.0.1-10.9.0.2"
#define CLIENT                                                                                               \
    "left=192.0.2.1 leftid=@east leftsubnet=10.1.0.0/24 right=%defaultroute rightmodecfgclient=yes "         \
    "authby=secret"

static const char *const names[] = {"ann", "bob", "cyd"};

/* East leases addresses; ann, bob and cyd, each of its own name, ask for one. */
static struct sim *road_with(const char *server, const char *client)
{
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_connection_on(sim, "east", "rw", server);
    for (unsigned i = 0; i < 3; i++) {
        char address[32], words[512];
        snprintf(address, sizeof(address), "192.168.7.%u", i + 2);
        sim_add_host_behind_nat(sim, names[i], address, "203.0.113.1");
        snprintf(words, sizeof(words), "%s rightid=@%s", client, names[i]);
        sim_add_connection_on(sim, names[i], "tunnel", words);
    }
    return sim;
}

static struct sim *road(void)
{
    return road_with(POOL CIPHERS, CLIENT CIPHERS);
}

static void assert_is_up(struct sim *sim, const char *host)
{
    assert_int_equal(sim_up(sim, host, "tunnel"), 0);
    assert_settles(sim);
}

static void assert_is_down(struct sim *sim, const char *host)
{
    assert_int_equal(sim_down(sim, host, "tunnel"), 0);
    assert_settles(sim);
}

static void assert_address(struct sim *sim, const char *host, const char *address)
{
    struct child_view child;
    char text[ADDRESS_TEXT_SIZE];
    assert_true(sim_newest_child(sim, host, "tunnel", &child));
    assert_int_equal(child.local_count, 1);
    assert_string_equal(address_text(&child.local_selectors[0].range.start, text), address);
    assert_true(address_equal(&child.local_selectors[0].range.start, &child.local_selectors[0].range.end));
    assert_true(sim_ping(sim, host, address, "10.1.0.1"));
}

static void assert_in_use(struct sim *sim, unsigned count)
{
    struct pool_view pool;
    assert_true(engine_view_pool(sim_engine(sim, "east"), 0, &pool));
    assert_int_equal(pool.in_use, count);
}

/* ---- IKEv2 ---- */

static void each_road_warrior_is_leased_an_address_of_its_own(void **state)
{
    (void)state;
    struct sim *sim = road();
    assert_is_up(sim, "ann");
    assert_is_up(sim, "bob");
    assert_address(sim, "ann", "10.9.0.1");
    assert_address(sim, "bob", "10.9.0.2");
    assert_true(sim_log_has(sim, "ann", "received INTERNAL_IP4_ADDRESS 10.9.0.1"));
    assert_false(sim_ping(sim, "bob", "10.9.0.1", "10.1.0.1"));
    assert_in_use(sim, 2);
    assert_ends_well(sim);
}

static void who_returns_gets_its_address_again(void **state)
{
    (void)state;
    struct sim *sim = road();
    assert_is_up(sim, "ann");
    assert_is_down(sim, "ann");
    assert_in_use(sim, 0);
    assert_is_up(sim, "bob");
    assert_is_up(sim, "ann");
    assert_address(sim, "bob", "10.9.0.2");
    assert_address(sim, "ann", "10.9.0.1");
    assert_ends_well(sim);
}

static void an_address_that_was_given_back_serves_others_when_no_new_one_is_left(void **state)
{
    (void)state;
    struct sim *sim = road();
    assert_is_up(sim, "ann");
    assert_is_up(sim, "bob");
    assert_is_down(sim, "bob");
    assert_is_up(sim, "cyd");
    assert_address(sim, "cyd", "10.9.0.2");
    assert_int_equal(sim_up(sim, "bob", "tunnel"), RC_FATAL);
    assert_true(sim_log_has(sim, "bob", "INTERNAL_ADDRESS_FAILURE"));
    assert_true(sim_log_has(sim, "east", "no address of the pool 10.9.0.1-10.9.0.2 is free for the peer"));
    assert_is_down(sim, "cyd");
    sim_run_for(sim, minutes(10));
    assert_address(sim, "bob", "10.9.0.2");
    assert_ends_well(sim);
}

static void rekeying_keeps_the_address(void **state)
{
    (void)state;
    struct sim *sim = road();
    assert_is_up(sim, "ann");
    assert_int_equal(sim_command(sim, "ann", COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_settles(sim);
    assert_address(sim, "ann", "10.9.0.1");
    assert_int_equal(sim_command(sim, "ann", COMMAND_REKEY_IKE, "tunnel"), 0);
    assert_settles(sim);
    assert_address(sim, "ann", "10.9.0.1");
    assert_in_use(sim, 1);
    assert_ends_well(sim);
}

static void who_lost_its_memory_gets_its_address_again(void **state)
{
    (void)state;
    struct sim *sim = road();
    assert_is_up(sim, "ann");
    assert_is_up(sim, "bob");
    sim_restart(sim, "bob", seconds(1));
    sim_run_for(sim, seconds(5));
    assert_is_up(sim, "bob");
    assert_address(sim, "bob", "10.9.0.2");
    assert_in_use(sim, 2);
    assert_ends_well(sim);
}

static void an_answer_that_is_lost_costs_no_second_address(void **state)
{
    (void)state;
    struct sim *sim = road();
    sim_drop(sim, "east", MESSAGE_AUTH, PART_RESPONSE, 0, 2);
    assert_is_up(sim, "ann");
    assert_address(sim, "ann", "10.9.0.1");
    assert_in_use(sim, 1);
    assert_ends_well(sim);
}

static void who_does_not_ask_gets_no_child_sa(void **state)
{
    (void)state;
    struct sim *sim = road_with(POOL CIPHERS, SERVER " right=%defaultroute" CIPHERS);
    assert_int_equal(sim_up(sim, "ann", "tunnel"), RC_FATAL);
    assert_true(sim_log_has(sim, "east", "the peer does not ask for an address; \"rw\" leases one"));
    assert_true(sim_log_has(sim, "ann", "FAILED_CP_REQUIRED"));
    assert_is_down(sim, "ann");
    assert_ends_well(sim);
}

static void a_client_whose_peer_gives_no_address_does_not_come_up(void **state)
{
    (void)state;
    struct sim *sim = road_with(SERVER CIPHERS " narrowing=yes", CLIENT CIPHERS);
    assert_int_equal(sim_up(sim, "ann", "tunnel"), RC_FATAL);
    assert_true(sim_log_has(sim, "ann", "the peer gave us no address"));
    assert_is_down(sim, "ann");
    assert_ends_well(sim);
}

static void without_unique_ids_each_of_one_name_has_an_address(void **state)
{
    (void)state;
    struct sim *sim = road();
    sim_settings(sim, "east")->unique_ids = false;
    sim_restart(sim, "east", 0);
    sim_add_connection_on(sim, "bob", "tunnel", CLIENT CIPHERS " rightid=@ann");
    assert_is_up(sim, "ann");
    assert_is_up(sim, "bob");
    assert_address(sim, "ann", "10.9.0.1");
    assert_address(sim, "bob", "10.9.0.2");
    assert_ends_well(sim);
}

static void both_families_are_leased_to_who_asks_for_both(void **state)
{
    (void)state;
    struct sim *sim = road_with(
        "left=192.0.2.1 leftid=@east leftsubnet=10.1.0.0/24,2001:db8:1::/64 right=%any authby=secret "
        "rightaddresspool=10.9.0.0/30,2001:db8:9::1-2001:db8:9::f modecfgdns=10.1.0.53,2001:db8:1::53 "
        "modecfgdomains=example.com,corp.example" CIPHERS,
        "left=192.0.2.1 leftid=@east leftsubnet=10.1.0.0/24,2001:db8:1::/64 right=%defaultroute "
        "rightmodecfgclient=yes authby=secret" CIPHERS);
    assert_is_up(sim, "ann");
    assert_true(sim_ping(sim, "ann", "10.9.0.0", "10.1.0.1"));
    assert_true(sim_ping(sim, "ann", "2001:db8:9::1", "2001:db8:1::1"));
    assert_false(sim_ping(sim, "ann", "2001:db8:9::2", "2001:db8:1::1"));
    assert_true(sim_log_has(sim, "ann", "received INTERNAL_IP4_DNS 10.1.0.53"));
    assert_true(sim_log_has(sim, "ann", "received INTERNAL_IP6_DNS 2001:db8:1::53"));
    assert_true(sim_log_has(sim, "ann", "received INTERNAL_DNS_DOMAIN 'example.com corp.example'"));
    assert_ends_well(sim);
}

/* ignore-peer-dns=, and without it. */
static void servers_of_the_dns_are_taken_unless_they_are_to_be_ignored(void **state)
{
    (void)state;
    for (int version = 1; version <= 2; version++)
        for (int ignores = 0; ignores <= 1; ignores++) {
            char client[512];
            snprintf(client, sizeof(client), "%s%s%s", CLIENT,
                     version == 1 ? IKEV1 " modecfgpull=yes" : CIPHERS,
                     ignores ? " ignore-peer-dns=yes" : "");
            struct sim *sim = road_with(version == 1 ? POOL IKEV1 " modecfgpull=yes modecfgdns=10.1.0.53"
                                                     : POOL CIPHERS " modecfgdns=10.1.0.53",
                                        client);
            assert_is_up(sim, "ann");
            struct connection_view view;
            assert_true(engine_view_connection_named(sim_engine(sim, "ann"), "tunnel", &view));
            assert_int_equal(sim_log_has(sim, "ann", "DNS 10.1.0.53"), !ignores);
            assert_ends_well(sim);
        }
}

/* share-lease=: what a peer's second connection is leased. */
static void connections_of_one_peer_share_a_lease_if_they_may(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        unsigned in_use;
    } rows[] = {{"", 1}, {" share-lease=yes", 1}, {" share-lease=no", 2}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char server[512], other[600];
        snprintf(server, sizeof(server), "%s%s", POOL CIPHERS, rows[i].words);
        snprintf(other, sizeof(other), "%s leftsubnet=10.3.0.0/24", server);
        struct sim *sim = road_with(server, CLIENT CIPHERS);
        sim_add_connection_on(sim, "east", "other", other);
        sim_add_connection_on(sim, "ann", "other", CLIENT CIPHERS " rightid=@ann leftsubnet=10.3.0.0/24");
        assert_is_up(sim, "ann");
        assert_int_equal(sim_up(sim, "ann", "other"), 0);
        assert_settles(sim);
        assert_in_use(sim, rows[i].in_use);
        assert_ends_well(sim);
    }
}

static void what_the_client_asks_for_again_it_gets(void **state)
{
    (void)state;
    struct sim *sim = road_with(POOL CIPHERS, CLIENT CIPHERS " dpddelay=5s retransmit-timeout=5s");
    assert_is_up(sim, "ann");
    assert_is_up(sim, "bob");
    sim_restart(sim, "east", seconds(1)); /* which forgets who had what */
    sim_run_for(sim, minutes(5));
    assert_settles(sim);
    assert_in_use(sim, 2);
    assert_true(sim_is_up(sim, "ann", "tunnel"));
    assert_true(sim_is_up(sim, "bob", "tunnel"));
    assert_ends_well(sim);
}

static void pools_that_overlap_are_refused_and_equal_ones_are_shared(void **state)
{
    (void)state;
    struct sim *sim = road();
    struct pool_view pool;
    sim_add_connection_on(sim, "east", "same", POOL CIPHERS " keyexchange=ikev2");
    assert_true(engine_view_pool(sim_engine(sim, "east"), 0, &pool));
    assert_int_equal(pool.connections, 2);
    assert_int_equal(pool.size, 2);
    assert_false(engine_view_pool(sim_engine(sim, "east"), pool.serial, &pool));
    assert_ends_well(sim);
}

/* ---- IKEv1 ---- */

static void assert_ikev1(const char *server, const char *client)
{
    struct sim *sim = road_with(server, client);
    assert_is_up(sim, "ann");
    assert_is_up(sim, "bob");
    assert_address(sim, "ann", "10.9.0.1");
    assert_address(sim, "bob", "10.9.0.2");
    assert_true(sim_log_has(sim, "ann", "received IPv4 lease 10.9.0.1, updating source IP address"));
    assert_in_use(sim, 2);
    assert_is_down(sim, "ann");
    assert_in_use(sim, 1);
    assert_ends_well(sim);
}

static void ikev1_the_client_pulls(void **state)
{
    (void)state;
    assert_ikev1(POOL IKEV1 " modecfgpull=yes", CLIENT IKEV1 " modecfgpull=yes");
}

static void ikev1_the_server_pushes(void **state)
{
    (void)state;
    assert_ikev1(POOL IKEV1, CLIENT IKEV1);
}

static void ikev1_a_server_that_pushes_answers_who_pulls(void **state)
{
    (void)state;
    assert_ikev1(POOL IKEV1, CLIENT IKEV1 " modecfgpull=yes");
}

static void ikev1_aggressive_mode(void **state)
{
    (void)state;
    assert_ikev1(POOL IKEV1 " aggressive=yes modecfgpull=yes",
                 CLIENT IKEV1 " aggressive=yes modecfgpull=yes");
}

static void ikev1_what_is_lost_is_said_again(void **state)
{
    (void)state;
    for (unsigned lost = 0; lost < 12; lost++) {
        struct sim *sim = road_with(POOL IKEV1 " modecfgpull=yes", CLIENT IKEV1 " modecfgpull=yes");
        sim_drop(sim, lost % 2 == 0 ? "ann" : "east", MESSAGE_ANY, PART_EITHER, lost / 2, 1);
        assert_is_up(sim, "ann");
        assert_address(sim, "ann", "10.9.0.1");
        assert_ends_well(sim);
    }
}

static void ikev1_rekeying_keeps_the_address(void **state)
{
    (void)state;
    struct sim *sim = road_with(POOL IKEV1 " modecfgpull=yes", CLIENT IKEV1 " modecfgpull=yes");
    assert_is_up(sim, "ann");
    assert_int_equal(sim_command(sim, "ann", COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_settles(sim);
    assert_address(sim, "ann", "10.9.0.1");
    assert_int_equal(sim_command(sim, "ann", COMMAND_REKEY_IKE, "tunnel"), 0);
    sim_run_for(sim, minutes(2));
    assert_settles(sim);
    assert_address(sim, "ann", "10.9.0.1");
    assert_in_use(sim, 1);
    assert_ends_well(sim);
}

static void ikev1_who_finds_the_pool_empty_is_told(void **state)
{
    (void)state;
    struct sim *sim = road_with(POOL IKEV1, CLIENT IKEV1);
    assert_is_up(sim, "ann");
    assert_is_up(sim, "bob");
    assert_int_not_equal(sim_up(sim, "cyd", "tunnel"), 0);
    assert_true(sim_log_has(sim, "east", "Mode Config: no address of the pool 10.9.0.1-10.9.0.2 is free"));
    sim_down(sim, "cyd", "tunnel");
    assert_ends_well(sim);
}

static void ikev1_split_tunnels_limit_what_goes_through(void **state)
{
    (void)state;
#define ALL                                                                                                  \
    "left=192.0.2.1 leftid=@east leftsubnet=0.0.0.0/0 right=%defaultroute rightmodecfgclient=yes "           \
    "authby=secret cisco-split=yes modecfgpull=yes"
    struct sim *sim = road_with("left=192.0.2.1 leftid=@east leftsubnet=0.0.0.0/0 right=%any authby=secret "
                                "rightaddresspool=10.9.0.1-10.9.0.2 modecfgpull=yes" IKEV1,
                                ALL IKEV1);
    struct child_view child;
    assert_is_up(sim, "ann");
    assert_true(sim_newest_child(sim, "ann", "tunnel", &child));
    assert_int_equal(child.remote_count, 1);
    assert_true(address_is_any(&child.remote_selectors[0].range.start));
    assert_ends_well(sim);
}

static void leases_go_by_the_user_who_logged_in(void **state)
{
    (void)state;
#define LOGIN IKEV1 " modecfgpull=yes"
    struct sim *sim = road_with(POOL LOGIN " leftxauthserver=yes rightxauthclient=yes",
                                CLIENT LOGIN " leftxauthserver=yes rightxauthclient=yes rightusername=alice");
    struct lease_view lease;
    sim_set_password(sim, "east", "alice", "secret");
    sim_set_xauth_secret(sim, "ann", "alice", "secret");
    sim_set_xauth_secret(sim, "bob", "alice", "secret");
    assert_is_up(sim, "ann");
    assert_address(sim, "ann", "10.9.0.1");
    assert_true(engine_view_lease(sim_engine(sim, "east"), 0, &lease));
    assert_int_equal(lease.holder.size, 6);
    assert_memory_equal(lease.holder.data, "\0alice", 6);
    assert_is_down(sim, "ann");
    assert_is_up(sim, "bob"); /* of another name, but the same user */
    assert_address(sim, "bob", "10.9.0.1");
    assert_ends_well(sim);
}

#define WITH_LOGIN LOGIN " leftxauthserver=yes rightxauthclient=yes"

static struct sim *road_of_alice(const char *server)
{
    struct sim *sim = road_with(server, CLIENT WITH_LOGIN " rightusername=alice");
    sim_set_password(sim, "east", "alice", "secret");
    sim_set_xauth_secret(sim, "ann", "alice", "secret");
    return sim;
}

static void what_is_lost_around_the_login_is_said_again(void **state)
{
    (void)state;
    for (unsigned lost = 0; lost < 18; lost++) {
        struct sim *sim = road_of_alice(POOL WITH_LOGIN);
        sim_drop(sim, lost % 2 == 0 ? "ann" : "east", MESSAGE_ANY, PART_EITHER, lost / 2, 1);
        assert_is_up(sim, "ann");
        assert_address(sim, "ann", "10.9.0.1");
        assert_ends_well(sim);
    }
}

/* The pre-shared key alone gets no address, and hears of none. */
static void nothing_is_leased_before_the_login(void **state)
{
    (void)state;
    static const uint8_t request[] = {0, 0, 0, 12, ISAKMP_CFG_REQUEST, 0, 0, 1, 0, 1, 0, 0};
    struct sim *sim = road_of_alice(POOL WITH_LOGIN);
    sim_drop(sim, "east", MESSAGE_ANY, PART_EITHER, 3, 1000); /* its questions are not heard */
    sim_start(sim, "ann", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, seconds(2));
    sim_record(sim);
    assert_true(sim_inject_ikev1(sim, "ann", "east",
                                 &(struct ikev1_injection){.exchange = ISAKMP_TRANSACTION,
                                                           .message_id = 42,
                                                           .first = ISAKMP_ATTRIBUTES,
                                                           .chain = bytes_of(request, sizeof(request)),
                                                           .is_encrypted = true,
                                                           .hash = IKEV1_HASH_1}));
    sim_run_for(sim, milliseconds(100));
    assert_in_use(sim, 0);
    sim_heal(sim);
    sim_run_for(sim, minutes(3));
    sim_down(sim, "ann", "tunnel");
    assert_ends_well(sim);
}

/* Bob has no password, only the name. */
static void who_is_let_in_without_the_password_gets_nobodys_address(void **state)
{
    (void)state;
    struct sim *sim = road_of_alice(POOL WITH_LOGIN " xauthfail=soft");
    sim_set_xauth_secret(sim, "bob", "alice", "wrong");
    assert_is_up(sim, "ann");
    assert_is_up(sim, "bob");
    assert_true(sim_log_has(sim, "east", "XAUTH_FAILED=1"));
    assert_address(sim, "ann", "10.9.0.1");
    assert_address(sim, "bob", "10.9.0.2");
    assert_ends_well(sim);
}

/* The server has forgotten it, and has other addresses now. */
static void a_reauthentication_that_brings_another_address_runs_the_scripts(void **state)
{
    (void)state;
    static const char lives[] = " reauth=yes ikelifetime=20m rekeymargin=5m";
    struct sim *sim = sim_new(1);
    char words[512];
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host(sim, "ann", "192.0.2.7");
    snprintf(words, sizeof(words), "%s%s", POOL CIPHERS, lives);
    sim_add_connection_on(sim, "east", "rw", words);
    snprintf(words, sizeof(words), "%s rightid=@ann rightupdown=/script%s", CLIENT CIPHERS, lives);
    sim_add_connection_on(sim, "ann", "tunnel", words);
    assert_is_up(sim, "ann");
    sim_partition(sim, "east", NULL, seconds(2));
    assert_int_equal(sim_command(sim, "east", COMMAND_DELETE, "rw"), 0);
    snprintf(words, sizeof(words), "%s%s", SERVER " rightaddresspool=10.9.0.5-10.9.0.6" CIPHERS, lives);
    sim_add_connection_on(sim, "east", "rw", words);
    sim_run_for(sim, minutes(18));
    assert_settles(sim);
    assert_address(sim, "ann", "10.9.0.5");
    assert_true(sim_log_has(sim, "ann",
                            "script: unroute-client PLUTO_ME=192.0.2.7 PLUTO_PEER=192.0.2.1 "
                            "PLUTO_MY_SOURCEIP=10.9.0.1"));
    assert_true(sim_log_has(sim, "ann",
                            "script: up-client PLUTO_ME=192.0.2.7 PLUTO_PEER=192.0.2.1 "
                            "PLUTO_MY_SOURCEIP=10.9.0.5"));
    sim_free(sim);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_road_warrior_is_leased_an_address_of_its_own),
        cmocka_unit_test(who_returns_gets_its_address_again),
        cmocka_unit_test(an_address_that_was_given_back_serves_others_when_no_new_one_is_left),
        cmocka_unit_test(rekeying_keeps_the_address),
        cmocka_unit_test(who_lost_its_memory_gets_its_address_again),
        cmocka_unit_test(an_answer_that_is_lost_costs_no_second_address),
        cmocka_unit_test(who_does_not_ask_gets_no_child_sa),
        cmocka_unit_test(a_client_whose_peer_gives_no_address_does_not_come_up),
        cmocka_unit_test(servers_of_the_dns_are_taken_unless_they_are_to_be_ignored),
        cmocka_unit_test(connections_of_one_peer_share_a_lease_if_they_may),
        cmocka_unit_test(without_unique_ids_each_of_one_name_has_an_address),
        cmocka_unit_test(both_families_are_leased_to_who_asks_for_both),
        cmocka_unit_test(what_the_client_asks_for_again_it_gets),
        cmocka_unit_test(a_reauthentication_that_brings_another_address_runs_the_scripts),
        cmocka_unit_test(pools_that_overlap_are_refused_and_equal_ones_are_shared),
        cmocka_unit_test(ikev1_the_client_pulls),
        cmocka_unit_test(ikev1_the_server_pushes),
        cmocka_unit_test(ikev1_a_server_that_pushes_answers_who_pulls),
        cmocka_unit_test(ikev1_aggressive_mode),
        cmocka_unit_test(ikev1_what_is_lost_is_said_again),
        cmocka_unit_test(ikev1_rekeying_keeps_the_address),
        cmocka_unit_test(ikev1_who_finds_the_pool_empty_is_told),
        cmocka_unit_test(leases_go_by_the_user_who_logged_in),
        cmocka_unit_test(what_is_lost_around_the_login_is_said_again),
        cmocka_unit_test(nothing_is_leased_before_the_login),
        cmocka_unit_test(who_is_let_in_without_the_password_gets_nobodys_address),
        cmocka_unit_test(ikev1_split_tunnels_limit_what_goes_through),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
