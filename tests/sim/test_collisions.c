/*
 * Collisions: both ends do something to the same SA at once (RFC 7296 2.8.1, 2.8.2, 2.25). Every order of the
 * four nonces of two rekeys, with each message of them lost in turn.
 */
#include "scenario.h"

enum { ORDERS = 24, NONCES = 4 };

/* first[i]: the first byte of east's Ni, east's Nr, west's Ni, west's Nr. */
static void nonce_order(unsigned index, uint8_t first[static NONCES])
{
    uint8_t left[NONCES] = {0x10, 0x40, 0x90, 0xd0};
    for (unsigned i = 0, choices = NONCES; i < NONCES; i++, choices--) {
        unsigned pick = index % choices;
        index /= choices;
        first[i] = left[pick];
        memmove(left + pick, left + pick + 1, choices - pick - 1);
    }
}

struct loss {
    const char *from; /* NULL: none */
    enum message_kind kind;
    enum message_part part;
};

static const struct loss losses[] = {
    {NULL, MESSAGE_ANY, PART_EITHER},        {"east", MESSAGE_CREATE, PART_REQUEST},
    {"east", MESSAGE_CREATE, PART_RESPONSE}, {"west", MESSAGE_CREATE, PART_REQUEST},
    {"west", MESSAGE_CREATE, PART_RESPONSE}, {"east", MESSAGE_DELETE, PART_REQUEST},
    {"east", MESSAGE_DELETE, PART_RESPONSE}, {"west", MESSAGE_DELETE, PART_REQUEST},
    {"west", MESSAGE_DELETE, PART_RESPONSE},
};

static uint32_t old_spi(struct sim *sim, const char *host)
{
    struct child_view child;
    assert_true(sim_newest_child(sim, host, "tunnel", &child));
    return child.spi_in;
}

static struct sim *rekey_from_both_ends(enum command_kind kind, unsigned order, const struct loss *loss)
{
    struct sim *sim = established();
    uint8_t first[NONCES];
    nonce_order(order, first);
    sim_script_nonces(sim, "east", first, 2);
    sim_script_nonces(sim, "west", first + 2, 2);
    sim_record(sim);
    if (loss->from != NULL)
        sim_drop(sim, loss->from, loss->kind, loss->part, 0, 1);
    sim_start(sim, "east", kind, "tunnel");
    sim_start(sim, "west", kind, "tunnel");
    return sim;
}

/* Who made the exchange with the lowest of the four nonces: exchange of east is Ni of east with Nr of west.
 */
static const char *loser_of(unsigned order)
{
    uint8_t first[NONCES];
    nonce_order(order, first);
    uint8_t east_lowest = first[0] < first[3] ? first[0] : first[3];
    uint8_t west_lowest = first[2] < first[1] ? first[2] : first[1];
    return east_lowest < west_lowest ? "east" : "west";
}

static bool has_deleted(struct sim *sim, const char *host, uint32_t spi)
{
    size_t count;
    const struct sim_record *records = sim_records(sim, &count);
    for (size_t i = 0; i < count; i++)
        if (!records[i].is_response && records[i].deleted_spi == spi && strcmp(records[i].from, host) == 0)
            return true;
    return false;
}

/* An end that waits in vain for the other to delete a redundant SA does so itself after a minute. */
static bool comes_to_rest(struct sim *sim)
{
    sim_run_for(sim, minutes(2));
    return sim_settle(sim, minutes(10));
}

static void both_ends_rekey_a_child_at_once(void **state)
{
    (void)state;
    for (unsigned order = 0; order < ORDERS; order++)
        for (size_t i = 0; i < ARRAY_SIZE(losses); i++) {
            struct sim *sim = rekey_from_both_ends(COMMAND_REKEY_CHILD, order, &losses[i]);
            uint32_t old_of_east = old_spi(sim, "east"), old_of_west = old_spi(sim, "west");
            bool settles = comes_to_rest(sim) && sim_child_count(sim, "east") == 1 &&
                           sim_child_count(sim, "west") == 1 && sim_ike_count(sim, "east") == 1 &&
                           sim_ping(sim, "east", "10.1.0.1", "10.2.0.1");
            /* The winner deletes the replaced SA, the loser its own redundant one. */
            bool east_wins = strcmp(loser_of(order), "west") == 0;
            bool right_winner =
                losses[i].from != NULL || (has_deleted(sim, "east", old_of_east) == east_wins &&
                                           has_deleted(sim, "west", old_of_west) == !east_wins);
            if (!settles || !right_winner || !sim_end(sim))
                fail_msg("nonce order %u, loss %zu: %s", order, i,
                         settles ? "the wrong end deleted the replaced Child SA"
                                 : "no single Child SA is left");
        }
}

static void both_ends_rekey_the_ike_sa_at_once(void **state)
{
    (void)state;
    for (unsigned order = 0; order < ORDERS; order++)
        for (size_t i = 0; i < ARRAY_SIZE(losses); i++) {
            struct sim *sim = rekey_from_both_ends(COMMAND_REKEY_IKE, order, &losses[i]);
            struct ike_view ike = {0};
            bool settles = comes_to_rest(sim) && sim_child_count(sim, "east") == 1 &&
                           sim_child_count(sim, "west") == 1 && sim_ike_count(sim, "east") == 1 &&
                           sim_ping(sim, "east", "10.1.0.1", "10.2.0.1");
            bool right_winner =
                losses[i].from != NULL || (sim_newest_ike(sim, "east", "tunnel", &ike) &&
                                           ike.is_initiator == (strcmp(loser_of(order), "west") == 0));
            if (!settles || !right_winner || !sim_end(sim))
                fail_msg("nonce order %u, loss %zu: %s", order, i,
                         settles ? "the IKE SA of the lowest nonce survived" : "no single IKE SA is left");
        }
}

/* East's requests do not arrive while its old IKE SA expires; west has rekeyed that meanwhile, which serves.
 */
static void an_ike_sa_that_expires_in_a_collision_leaves_its_children_to_the_new_one(void **state)
{
    (void)state;
    for (unsigned order = 0; order < ORDERS; order++) {
        uint8_t first[NONCES];
        nonce_order(order, first);
        struct sim *sim = gateways_that_differ(
            TUNNEL " ikelifetime=100s rekeymargin=2s rekeyfuzz=0% ipsec-lifetime=8h", TUNNEL);
        assert_established(sim);
        uint32_t spi = old_spi(sim, "east");
        sim_run_for(sim, seconds(97));
        sim_script_nonces(sim, "east", first, 2);
        sim_script_nonces(sim, "west", first + 2, 2);
        sim_drop(sim, "east", MESSAGE_CREATE, PART_EITHER, 0, 12);
        sim_start(sim, "east", COMMAND_REKEY_IKE, "tunnel");
        sim_start(sim, "west", COMMAND_REKEY_IKE, "tunnel");
        bool settles = comes_to_rest(sim) && sim_child_count(sim, "west") == 1 &&
                       sim_ike_count(sim, "east") == 1 && old_spi(sim, "east") == spi &&
                       sim_ping(sim, "east", "10.1.0.1", "10.2.0.1");
        if (!settles || !sim_end(sim))
            fail_msg("nonce order %u: the tunnel is not what it was", order);
    }
}

/* Both commands at once on one tunnel, with each message of either end lost in turn. */
static void collide(enum command_kind of_east, enum command_kind of_west, size_t children_left)
{
    for (size_t i = 0; i < ARRAY_SIZE(losses); i++)
        for (unsigned delay_ms = 0; delay_ms <= 20; delay_ms += 4) {
            struct sim *sim = established();
            if (losses[i].from != NULL)
                sim_drop(sim, losses[i].from, losses[i].kind, losses[i].part, 0, 1);
            sim_start(sim, "east", of_east, "tunnel");
            sim_run_for(sim, milliseconds(delay_ms));
            sim_start(sim, "west", of_west, "tunnel");
            bool settles = comes_to_rest(sim);
            size_t east = sim_child_count(sim, "east"), west = sim_child_count(sim, "west");
            if (!settles || !sim_end(sim))
                fail_msg("loss %zu, west is %u ms later: the world does not come to rest", i, delay_ms);
            if (east != children_left || west != children_left)
                fail_msg("loss %zu, west is %u ms later: %zu and %zu Child SAs are left", i, delay_ms, east,
                         west);
        }
}

static void a_child_rekey_meets_an_ike_rekey(void **state)
{
    (void)state;
    collide(COMMAND_REKEY_CHILD, COMMAND_REKEY_IKE, 1);
    collide(COMMAND_REKEY_IKE, COMMAND_REKEY_CHILD, 1);
}

/* East has brought the tunnel up and wants it: what west takes down comes up again. */
static void a_child_rekey_meets_a_delete(void **state)
{
    (void)state;
    collide(COMMAND_REKEY_CHILD, COMMAND_TERMINATE, 1);
    collide(COMMAND_TERMINATE, COMMAND_REKEY_CHILD, 0);
}

static void an_ike_rekey_meets_a_delete(void **state)
{
    (void)state;
    collide(COMMAND_REKEY_IKE, COMMAND_TERMINATE, 1);
    collide(COMMAND_TERMINATE, COMMAND_REKEY_IKE, 0);
}

static void both_ends_delete_at_once(void **state)
{
    (void)state;
    collide(COMMAND_TERMINATE, COMMAND_TERMINATE, 0);
}

static void both_ends_begin_at_once_with_each_loss(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(losses); i++)
        for (int part = PART_REQUEST; part <= PART_RESPONSE; part++) {
            struct sim *sim = gateways();
            if (losses[i].from != NULL)
                sim_drop(sim, losses[i].from, i % 2 ? MESSAGE_INIT : MESSAGE_AUTH, (enum message_part)part, 0,
                         1);
            sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
            sim_start(sim, "west", COMMAND_INITIATE, "tunnel");
            assert_settles(sim);
            assert_ping(sim);
            assert_ends_well(sim);
        }
}

/* Every order of the nonces of the two IKE SAs that both ends begin at once, and either end alone with the
 * option: one of them is left, that with the lowest nonce is not. */
static void reject_simultaneous_ike_auth_leaves_one_ike_sa(void **state)
{
    (void)state;
    static const char with[] = TUNNEL " reject-simultaneous-ike-auth=yes";
    for (unsigned order = 0; order < ORDERS; order++) {
        uint8_t first[NONCES];
        struct ike_view ike;
        nonce_order(order, first);
        struct sim *sim = gateways_that_differ(with, with);
        sim_script_nonces(sim, "east", first, 2);
        sim_script_nonces(sim, "west", first + 2, 2);
        uint64_t of_east = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
        uint64_t of_west = sim_start(sim, "west", COMMAND_INITIATE, "tunnel");
        assert_settles(sim);
        bool east_wins = strcmp(loser_of(order), "west") == 0;
        assert_true(sim_newest_ike(sim, "east", "tunnel", &ike));
        assert_int_equal(ike.is_initiator, east_wins);
        assert_int_equal(sim_result(sim, east_wins ? "east" : "west", east_wins ? of_east : of_west), 0);
        assert_true(sim_log_has(sim, east_wins ? "east" : "west", "with TEMPORARY_FAILURE: both ends began"));
        assert_both_have(sim, 1, 1);
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

/* One exchange after the other is none of its business. */
static void reject_simultaneous_ike_auth_lets_the_peer_begin(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " reject-simultaneous-ike-auth=yes");
    assert_up(sim, "east");
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_up(sim, "west");
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void an_up_meets_an_ike_rekey(void **state)
{
    (void)state;
    for (unsigned delay_ms = 0; delay_ms <= 20; delay_ms += 2) {
        struct sim *sim = established();
        sim_add_connection(sim, "second", SECOND);
        sim_start(sim, "east", COMMAND_REKEY_IKE, "tunnel");
        sim_run_for(sim, milliseconds(delay_ms));
        uint64_t client = sim_start(sim, "west", COMMAND_INITIATE, "second");
        assert_settles(sim);
        assert_int_equal(sim_result(sim, "west", client), 0);
        assert_both_have(sim, 1, 2);
        assert_true(sim_ping(sim, "east", "10.3.0.1", "10.4.0.1"));
        assert_ends_well(sim);
    }
}

static void a_second_up_meets_a_child_rekey(void **state)
{
    (void)state;
    for (unsigned delay_ms = 0; delay_ms <= 20; delay_ms += 2) {
        struct sim *sim = established();
        sim_add_connection(sim, "second", SECOND);
        sim_start(sim, "east", COMMAND_REKEY_CHILD, "tunnel");
        sim_run_for(sim, milliseconds(delay_ms));
        sim_start(sim, "east", COMMAND_INITIATE, "second");
        sim_start(sim, "west", COMMAND_REKEY_CHILD, "tunnel");
        assert_settles(sim);
        assert_both_have(sim, 1, 2);
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

static void rekeys_collide_with_slow_jobs_out_of_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct sim *sim = sim_new(seed);
        sim_add_host(sim, "east", "192.0.2.1");
        sim_add_host(sim, "west", "192.0.2.2");
        sim_add_connection(sim, "tunnel", HOSTS SUBNETS " ike=aes_gcm128-sha2_256;dh31 esp=aes_gcm128;dh31");
        sim_set_delays(sim, "east", milliseconds(200), milliseconds(100), 0);
        sim_set_delays(sim, "west", milliseconds(200), milliseconds(100), 0);
        assert_up(sim, "east");
        sim_start(sim, "east", COMMAND_REKEY_CHILD, "tunnel");
        sim_start(sim, "west", COMMAND_REKEY_IKE, "tunnel");
        sim_start(sim, "west", COMMAND_REKEY_CHILD, "tunnel");
        sim_start(sim, "east", COMMAND_REKEY_IKE, "tunnel");
        assert_settles(sim);
        assert_both_have(sim, 1, 1);
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_rekey_a_child_at_once),
        cmocka_unit_test(both_ends_rekey_the_ike_sa_at_once),
        cmocka_unit_test(an_ike_sa_that_expires_in_a_collision_leaves_its_children_to_the_new_one),
        cmocka_unit_test(a_child_rekey_meets_an_ike_rekey),
        cmocka_unit_test(a_child_rekey_meets_a_delete),
        cmocka_unit_test(an_ike_rekey_meets_a_delete),
        cmocka_unit_test(both_ends_delete_at_once),
        cmocka_unit_test(both_ends_begin_at_once_with_each_loss),
        cmocka_unit_test(reject_simultaneous_ike_auth_leaves_one_ike_sa),
        cmocka_unit_test(reject_simultaneous_ike_auth_lets_the_peer_begin),
        cmocka_unit_test(an_up_meets_an_ike_rekey),
        cmocka_unit_test(a_second_up_meets_a_child_rekey),
        cmocka_unit_test(rekeys_collide_with_slow_jobs_out_of_order),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
