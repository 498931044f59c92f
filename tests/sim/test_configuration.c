/* Addresses for road warriors: pools, leases, Configuration payloads, what the client makes of them. */
#include "scenario.h"

#define SERVER                                                                                               \
    "left=192.0.2.1 leftid=@east leftsubnet=10.1.0.0/24 right=%any rightaddresspool=10.9.0.1-10.9.0.2 "      \
    "authby=secret" CIPHERS
/* The identity comes behind it. */
#define CLIENT                                                                                               \
    "left=192.0.2.1 leftid=@east leftsubnet=10.1.0.0/24 right=%defaultroute rightmodecfgclient=yes "         \
    "authby=secret" CIPHERS " rightid=@"

static const char *const names[] = {"ann", "bob", "cyd"};

/* East leases addresses; ann, bob and cyd ask for one. */
static struct sim *road(const char *server)
{
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_connection_on(sim, "east", "rw", server);
    for (unsigned i = 0; i < 3; i++) {
        char address[32], words[512];
        snprintf(address, sizeof(address), "192.168.7.%u", i + 2);
        sim_add_host_behind_nat(sim, names[i], address, "203.0.113.1");
        snprintf(words, sizeof(words), "%s%s", CLIENT, names[i]);
        sim_add_connection_on(sim, names[i], "tunnel", words);
    }
    return sim;
}

static void assert_is_up(struct sim *sim, const char *host)
{
    assert_int_equal(sim_up(sim, host, "tunnel"), 0);
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
}

static void each_road_warrior_is_leased_an_address_of_its_own(void **state)
{
    (void)state;
    struct sim *sim = road(SERVER);
    assert_is_up(sim, "ann");
    assert_is_up(sim, "bob");
    assert_address(sim, "ann", "10.9.0.1");
    assert_address(sim, "bob", "10.9.0.2");
    assert_true(sim_log_has(sim, "ann", "received IPv4 lease 10.9.0.1, updating source IP address"));
    assert_true(sim_ping(sim, "ann", "10.9.0.1", "10.1.0.1"));
    assert_true(sim_ping(sim, "bob", "10.9.0.2", "10.1.0.1"));
    assert_false(sim_ping(sim, "bob", "10.9.0.1", "10.1.0.1"));
    assert_ends_well(sim);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_road_warrior_is_leased_an_address_of_its_own),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
