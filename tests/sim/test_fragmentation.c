/* IKE fragmentation (RFC 7383): large messages over a bad line, agreement, and fragments that make no sense.
 */
#include "scenario.h"

/* Sixty networks on each side: their selectors alone take 2 kB of IKE_AUTH. */
enum { NETWORKS = 60, SIZE_OF_A_PACKET = 1280 - 20 - 8 - 4, SIZE_OF_A_SMALL_ONE = 576 - 20 - 8 - 4 };

static const char *many_networks(const char *more)
{
    static char words[4096];
    size_t size = (size_t)snprintf(words, sizeof(words), "%s%s %s leftsubnet=", HOSTS, CIPHERS, more);
    for (unsigned side = 1; side <= 2; side++) {
        for (unsigned i = 0; i < NETWORKS; i++)
            size += (size_t)snprintf(words + size, sizeof(words) - size, "%s10.%u.%u.0/24", i ? "," : "",
                                     side, 2 * i);
        if (side == 1)
            size += (size_t)snprintf(words + size, sizeof(words) - size, " rightsubnet=");
    }
    return words;
}

/* How many datagrams of IKE_AUTH a host has sent, and the largest of them. */
static size_t auth_datagrams(struct sim *sim, const char *host, size_t *ret_largest)
{
    size_t count, found = 0;
    const struct sim_record *records = sim_records(sim, &count);
    *ret_largest = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(records[i].from, host) != 0 || records[i].kind != MESSAGE_AUTH)
            continue;
        found++;
        *ret_largest = records[i].size > *ret_largest ? records[i].size : *ret_largest;
    }
    return found;
}

static struct sim *recorded_gateways(const char *words)
{
    struct sim *sim = gateways_with(words);
    sim_record(sim);
    return sim;
}

static void large_messages_go_in_datagrams_that_pass_everywhere(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        size_t limit, fewest;
    } cases[] = {{"fragmentation=yes", SIZE_OF_A_PACKET, 2}, {"fragmentation=force", SIZE_OF_A_SMALL_ONE, 4}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct sim *sim = recorded_gateways(many_networks(cases[i].words));
        size_t largest;
        assert_up(sim, "east");
        assert_true(auth_datagrams(sim, "east", &largest) >= cases[i].fewest);
        assert_in_range(largest, cases[i].limit / 2, cases[i].limit);
        assert_true(auth_datagrams(sim, "west", &largest) >= cases[i].fewest);
        assert_in_range(largest, cases[i].limit / 2, cases[i].limit);
        assert_settles(sim);
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

static void small_messages_stay_whole(void **state)
{
    (void)state;
    struct sim *sim = recorded_gateways(TUNNEL);
    size_t largest;
    assert_up(sim, "east");
    assert_int_equal(auth_datagrams(sim, "east", &largest), 1);
    assert_ends_well(sim);
}

static void nobody_fragments_unless_both_know_how(void **state)
{
    (void)state;
    static const char *const hosts[] = {"east", "west"};
    for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
        struct sim *sim = recorded_gateways(many_networks("fragmentation=yes"));
        size_t largest;
        sim_add_connection_on(sim, hosts[i], "tunnel", many_networks("fragmentation=no"));
        assert_up(sim, "east");
        assert_int_equal(auth_datagrams(sim, "east", &largest), 1);
        assert_true(largest > SIZE_OF_A_PACKET);
        assert_ends_well(sim);
    }
}

static void lost_doubled_and_reordered_fragments_come_together(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct sim *sim = sim_new(seed);
        sim_add_host(sim, "east", "192.0.2.1");
        sim_add_host(sim, "west", "192.0.2.2");
        sim_add_connection(sim, "tunnel", many_networks("fragmentation=force"));
        sim_set_faults(sim, (struct faults){.loss_per_mille = 100,
                                            .duplication_per_mille = 200,
                                            .replay_per_mille = 50,
                                            .delay_max = milliseconds(50)});
        assert_int_equal(sim_up(sim, "east", "tunnel"), 0);
        sim_heal(sim);
        assert_settles(sim);
        assert_both_have(sim, 1, 1);
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

static void a_rekeyed_ike_sa_goes_on_fragmenting(void **state)
{
    (void)state;
    struct sim *sim = recorded_gateways(many_networks("fragmentation=yes"));
    assert_up(sim, "east");
    assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_IKE, "tunnel"), 0);
    assert_settles(sim);
    assert_int_equal(sim_command(sim, "west", COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

/* A stranger repeats fragments of a message and mixes its own in: none of it is kept. */
static void forged_fragments_change_nothing(void **state)
{
    (void)state;
    struct sim *sim = recorded_gateways(many_networks("fragmentation=force"));
    assert_up(sim, "east");
    size_t count, before = engine_view_totals(sim_engine(sim, "west")).bytes_owned;
    const struct sim_record *records = sim_records(sim, &count);
    uint8_t forged[2048];
    for (size_t i = 0; i < count; i++) {
        if (strcmp(records[i].from, "east") != 0 || records[i].kind != MESSAGE_AUTH ||
            records[i].size > sizeof(forged))
            continue;
        memcpy(forged, records[i].bytes, records[i].size);
        store_be32(forged + 20, 2);                         /* the next message id */
        store_be16(forged + 28 + 4 + 2, (uint16_t)(i + 9)); /* another total */
        sim_inject(sim, "east", "west", 500, bytes_of(forged, records[i].size));
    }
    sim_run_for(sim, seconds(1));
    assert_int_equal(engine_view_totals(sim_engine(sim, "west")).bytes_owned, before);
    assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_messages_go_in_datagrams_that_pass_everywhere),
        cmocka_unit_test(small_messages_stay_whole),
        cmocka_unit_test(nobody_fragments_unless_both_know_how),
        cmocka_unit_test(lost_doubled_and_reordered_fragments_come_together),
        cmocka_unit_test(a_rekeyed_ike_sa_goes_on_fragmenting),
        cmocka_unit_test(forged_fragments_change_nothing),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
