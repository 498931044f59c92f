/* The numbers that tie PF_KEY's policies to SAs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/pfkey_platform.h"
#include "kernel/pfkey_reqid.h"

static const struct ip_address here = {IP_V4, {192, 0, 2, 1}}, there = {IP_V4, {192, 0, 2, 2}};
static const struct ip_address nobody = {0};

static void test_sas_between_two_gateways_never_share_a_number(void **state)
{
    (void)state;
    enum { MANY = 10000 };
    static struct pfkey_reqid *reqids[MANY];
    static bool is_seen[PFKEY_REQIDS + 1];
    struct pfkey_reqids table = {0};
    assert_true(pfkey_reqids_init(&table));
    for (size_t i = 0; i < MANY; i++) {
        reqids[i] = pfkey_reqid_new(&table, &here, &there);
        assert_non_null(reqids[i]);
        assert_in_range(reqids[i]->key.number, 1, PFKEY_REQIDS);
        assert_false(is_seen[reqids[i]->key.number]);
        is_seen[reqids[i]->key.number] = true;
    }
    for (size_t i = 0; i < MANY; i++)
        pfkey_reqid_release(&table, reqids[i]);
    assert_int_equal(table.by_number.entry_count, 0);
    pfkey_reqids_free(&table);
}

static void test_when_all_are_taken_that_is_said(void **state)
{
    (void)state;
    struct pfkey_reqids table = {0};
    size_t count = 0;
    assert_true(pfkey_reqids_init(&table));
    while (pfkey_reqid_new(&table, &here, &there) != NULL)
        count++;
    assert_in_range(count, PFKEY_REQIDS / 2, PFKEY_REQIDS);
    assert_non_null(pfkey_reqid_new(&table, &there, &here)); /* between others there is room */
    pfkey_reqids_free(&table);
}

static void test_one_connection_has_one_number_for_what_comes_in(void **state)
{
    (void)state;
    struct pfkey_reqids table = {0};
    assert_true(pfkey_reqids_init(&table));
    struct pfkey_reqid *old = pfkey_reqid_shared(&table, &here, &there, 16389);
    struct pfkey_reqid *new = pfkey_reqid_shared(&table, &here, &there, 16389);
    struct pfkey_reqid *other = pfkey_reqid_shared(&table, &here, &there, 16393);
    assert_ptr_equal(old, new);
    assert_int_not_equal(old->key.number, other->key.number);
    pfkey_reqid_release(&table, old);
    assert_ptr_equal(pfkey_reqid_shared(&table, &here, &there, 16389), new);
    pfkey_reqids_free(&table);
}

static void test_a_number_that_the_user_gave_is_used_if_a_policy_can_name_it(void **state)
{
    (void)state;
    struct pfkey_reqids table = {0};
    assert_true(pfkey_reqids_init(&table));
    assert_int_equal(pfkey_reqid_shared(&table, &here, &there, 42)->key.number, 42);
    assert_int_not_equal(pfkey_reqid_shared(&table, &here, &there, 0x10000 + 42)->key.number, 42);
    pfkey_reqids_free(&table);
}

/* The policy of a trap without a peer would otherwise lead to an SA of somebody else's. */
static void test_a_trap_without_a_peer_has_a_number_that_no_sa_has(void **state)
{
    (void)state;
    struct pfkey_reqids table = {0};
    assert_true(pfkey_reqids_init(&table));
    struct pfkey_reqid *trap = pfkey_reqid_new(&table, &here, &nobody);
    struct pfkey_reqid *sa;
    while ((sa = pfkey_reqid_new(&table, &here, &there)) != NULL)
        assert_int_not_equal(sa->key.number, trap->key.number);
    pfkey_reqids_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sas_between_two_gateways_never_share_a_number),
        cmocka_unit_test(test_when_all_are_taken_that_is_said),
        cmocka_unit_test(test_one_connection_has_one_number_for_what_comes_in),
        cmocka_unit_test(test_a_number_that_the_user_gave_is_used_if_a_policy_can_name_it),
        cmocka_unit_test(test_a_trap_without_a_peer_has_a_number_that_no_sa_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
