/* Outbound policies: the right one wins, replacing is one step, and a hundred thousand cost no more than ten.
 */
#include <stdio.h>

#include "esp/spd.h"
#include "sa_for_tests.h"

static struct selector one_local, one_remote;

static struct spd_spec spec_of(uint64_t id, const char *local, const char *remote)
{
    one_local = selector_from_text(local);
    one_remote = selector_from_text(remote);
    return (struct spd_spec){.policy_id = id,
                             .child_serial = id * 10,
                             .local_selectors = &one_local,
                             .local_count = 1,
                             .remote_selectors = &one_remote,
                             .remote_count = 1};
}

static void set(struct spd *spd, uint64_t id, const char *local, const char *remote)
{
    struct spd_spec spec = spec_of(id, local, remote);
    assert_true(spd_set(spd, &spec));
}

/* The id of the policy for a packet; 0: none. */
static uint64_t lookup(const struct spd *spd, const char *source, const char *destination, uint16_t port)
{
    uint8_t bytes[64];
    struct ip_packet packet;
    size_t size = make_udp_packet(bytes, source, destination, port, 10);
    assert_true(ip_packet_parse(bytes_of(bytes, size), &packet));
    const struct spd_policy *policy = spd_lookup(spd, &packet);
    return policy != NULL ? policy->policy_id : 0;
}

static void test_a_packet_meets_the_policy_of_its_subnets(void **state)
{
    (void)state;
    struct spd spd;
    assert_true(spd_init(&spd));
    set(&spd, 1, "10.1.0.0/24", "10.2.0.0/24");
    set(&spd, 2, "10.1.0.0/24", "10.3.0.0/16");
    assert_int_equal(lookup(&spd, "10.1.0.5", "10.2.0.9", 80), 1);
    assert_int_equal(lookup(&spd, "10.1.0.5", "10.3.77.9", 80), 2);
    assert_int_equal(lookup(&spd, "10.1.1.5", "10.2.0.9", 80), 0);
    assert_int_equal(lookup(&spd, "10.1.0.5", "10.2.1.9", 80), 0);
    spd_delete(&spd, 1);
    assert_int_equal(lookup(&spd, "10.1.0.5", "10.2.0.9", 80), 0);
    spd_free(&spd);
}

static void test_the_narrower_policy_wins_and_a_given_priority_beats_it(void **state)
{
    (void)state;
    struct spd spd;
    assert_true(spd_init(&spd));
    set(&spd, 1, "0.0.0.0/0", "0.0.0.0/0");
    set(&spd, 2, "10.1.0.0/24", "10.2.0.0/16");
    set(&spd, 3, "10.1.0.0/24", "10.2.0.7/32");
    assert_int_equal(lookup(&spd, "10.1.0.5", "10.2.0.7", 80), 3);
    assert_int_equal(lookup(&spd, "10.1.0.5", "10.2.0.8", 80), 2);
    assert_int_equal(lookup(&spd, "10.9.0.5", "10.2.0.8", 80), 1);
    struct spd_spec spec = spec_of(1, "0.0.0.0/0", "0.0.0.0/0");
    spec.priority = 5;
    assert_true(spd_set(&spd, &spec));
    assert_int_equal(lookup(&spd, "10.1.0.5", "10.2.0.7", 80), 1);
    spd_free(&spd);
}

static void test_ranges_ports_and_protocols_are_exact(void **state)
{
    (void)state;
    struct spd spd;
    assert_true(spd_init(&spd));
    struct spd_spec spec = spec_of(1, "10.1.0.0/24", "10.2.0.0/24");
    one_remote.range.start = address_of_v4(0x0a020005);
    one_remote.range.end = address_of_v4(0x0a020009);
    one_local.protocol = one_remote.protocol = IPPROTO_NUMBER_UDP;
    one_remote.port_start = 1000;
    one_remote.port_end = 1999;
    assert_true(spd_set(&spd, &spec));
    assert_int_equal(lookup(&spd, "10.1.0.1", "10.2.0.5", 1000), 1);
    assert_int_equal(lookup(&spd, "10.1.0.1", "10.2.0.9", 1999), 1);
    assert_int_equal(lookup(&spd, "10.1.0.1", "10.2.0.4", 1000), 0);
    assert_int_equal(lookup(&spd, "10.1.0.1", "10.2.0.10", 1000), 0);
    assert_int_equal(lookup(&spd, "10.1.0.1", "10.2.0.5", 999), 0);
    one_local.protocol = one_remote.protocol = IPPROTO_NUMBER_TCP;
    assert_true(spd_set(&spd, &spec));
    assert_int_equal(lookup(&spd, "10.1.0.1", "10.2.0.5", 1000), 0);
    spd_free(&spd);
}

static void test_what_lies_between_the_members_of_a_selector_says_nothing(void **state)
{
    (void)state;
    struct spd spd;
    assert_true(spd_init(&spd));
    struct spd_spec spec = spec_of(1, "10.1.0.0/24", "10.2.0.0/24");
    assert_true(spd_set(&spd, &spec));
    const struct spd_policy *before = spd_find(&spd, 1);
    ((uint8_t *)&one_local)[offsetof(struct selector, protocol) + 1] ^= 0xff; /* padding */
    spec.child_serial = 99;
    assert_true(spd_set(&spd, &spec));
    assert_ptr_equal(spd_find(&spd, 1), before);
    spd_free(&spd);
}

static void test_a_rekey_changes_where_the_policy_leads_in_place(void **state)
{
    (void)state;
    struct spd spd;
    assert_true(spd_init(&spd));
    set(&spd, 1, "10.1.0.0/24", "10.2.0.0/24");
    const struct spd_policy *before = spd_find(&spd, 1);
    struct spd_spec spec = spec_of(1, "10.1.0.0/24", "10.2.0.0/24");
    spec.child_serial = 99;
    assert_true(spd_set(&spd, &spec));
    assert_ptr_equal(spd_find(&spd, 1), before);
    assert_int_equal(before->child_serial, 99);
    assert_int_equal(spd.by_prefixes.entry_count, 1);
    spd_free(&spd);
}

static void test_changed_selectors_replace_the_old_ones(void **state)
{
    (void)state;
    struct spd spd;
    assert_true(spd_init(&spd));
    set(&spd, 1, "10.1.0.0/24", "10.2.0.0/24");
    set(&spd, 1, "10.1.0.0/24", "10.5.0.0/24");
    assert_int_equal(lookup(&spd, "10.1.0.5", "10.2.0.7", 80), 0);
    assert_int_equal(lookup(&spd, "10.1.0.5", "10.5.0.7", 80), 1);
    assert_int_equal(spd.by_prefixes.entry_count, 1);
    assert_int_equal(spd.shape_count, 1);
    spd_free(&spd);
}

static void test_too_many_selector_pairs_are_refused_and_nothing_changes(void **state)
{
    (void)state;
    struct spd spd;
    static struct selector many[SPD_PAIRS_MAX];
    assert_true(spd_init(&spd));
    set(&spd, 1, "10.1.0.0/24", "10.2.0.0/24");
    struct spd_spec spec = spec_of(1, "10.1.0.0/24", "10.2.0.0/24");
    for (size_t i = 0; i < SPD_PAIRS_MAX; i++)
        many[i] = one_local;
    spec.local_selectors = many;
    spec.local_count = SPD_PAIRS_MAX;
    spec.remote_selectors = many;
    spec.remote_count = 2;
    assert_false(spd_set(&spd, &spec));
    assert_int_equal(lookup(&spd, "10.1.0.5", "10.2.0.7", 80), 1);
    spd_free(&spd);
}

/* Comparisons, not seconds: with one shape of prefixes a look-up must not walk the other policies. */
static void test_a_hundred_thousand_policies_share_few_shapes_and_buckets(void **state)
{
    (void)state;
    enum { POLICIES = 100000 };
    struct spd spd;
    assert_true(spd_init(&spd));
    for (uint32_t i = 0; i < POLICIES; i++) {
        char remote[32];
        uint32_t host = 0x0b000000 + i;
        snprintf(remote, sizeof(remote), "%u.%u.%u.%u/32", host >> 24, host >> 16 & 255, host >> 8 & 255,
                 host & 255);
        set(&spd, i + 1, "10.1.0.0/16", remote);
    }
    assert_int_equal(spd.shape_count, 1);
    assert_int_equal(lookup(&spd, "10.1.0.5", "11.1.134.159", 80), 99999 + 1);
    assert_int_equal(lookup(&spd, "10.1.0.5", "11.0.0.0", 80), 1);
    assert_int_equal(lookup(&spd, "10.1.0.5", "12.0.0.0", 80), 0);
    size_t longest = 0;
    for (size_t i = 0; i < POLICIES; i += 97) {
        size_t chain = 0;
        const struct spd_policy *policy = spd_find(&spd, i + 1);
        const struct hash_node *node = hash_table_find(&spd.by_id, policy->id_node.hash);
        for (; node != NULL; node = hash_node_next(node))
            chain++;
        longest = chain > longest ? chain : longest;
    }
    assert_true(longest <= 2);
    spd_free(&spd);
}

static bool is_not(const struct spd_policy *policy, void *id)
{
    return policy->policy_id != *(uint64_t *)id;
}

static void test_between_equals_the_rank_decides(void **state)
{
    (void)state;
    struct spd spd;
    assert_true(spd_init(&spd));
    for (uint64_t id = 1; id <= 3; id++) {
        struct spd_spec spec = spec_of(id, "10.1.0.0/24", "10.2.0.0/24");
        spec.rank = (uint8_t)(4 - id);
        assert_true(spd_set(&spd, &spec));
    }
    assert_int_equal(lookup(&spd, "10.1.0.5", "10.2.0.7", 80), 3);
    spd_delete(&spd, 3);
    assert_int_equal(lookup(&spd, "10.1.0.5", "10.2.0.7", 80), 2);
    spd_free(&spd);
}

static void test_policies_of_the_same_pair_are_found(void **state)
{
    (void)state;
    struct spd spd;
    assert_true(spd_init(&spd));
    set(&spd, 1, "10.1.0.0/24", "10.2.0.0/24");
    set(&spd, 2, "10.1.0.0/24", "10.2.0.0/25");
    uint64_t one = 1, none = 0;
    struct spd_spec spec = spec_of(1, "10.1.0.0/24", "10.2.0.0/24");
    assert_int_equal(
        spd_find_pair(&spd, spec.local_selectors, spec.remote_selectors, is_not, &none)->policy_id, 1);
    assert_null(spd_find_pair(&spd, spec.local_selectors, spec.remote_selectors, is_not, &one));
    spd_free(&spd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_packet_meets_the_policy_of_its_subnets),
        cmocka_unit_test(test_the_narrower_policy_wins_and_a_given_priority_beats_it),
        cmocka_unit_test(test_ranges_ports_and_protocols_are_exact),
        cmocka_unit_test(test_what_lies_between_the_members_of_a_selector_says_nothing),
        cmocka_unit_test(test_a_rekey_changes_where_the_policy_leads_in_place),
        cmocka_unit_test(test_changed_selectors_replace_the_old_ones),
        cmocka_unit_test(test_too_many_selector_pairs_are_refused_and_nothing_changes),
        cmocka_unit_test(test_between_equals_the_rank_decides),
        cmocka_unit_test(test_policies_of_the_same_pair_are_found),
        cmocka_unit_test(test_a_hundred_thousand_policies_share_few_shapes_and_buckets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
