/* The names of impairments, and what is accepted of them: all or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* clang-format off */
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "engine/state.h"

static struct engine engine;

static bool apply(const char *text, struct error *error)
{
    *error = (struct error){0};
    return impair_apply(&engine, text, 0, error);
}

static void names_are_sorted_and_have_underscores(void **state)
{
    (void)state;
    for (size_t i = 0; i < impair_name_count; i++) {
        assert_null(strpbrk(impair_names[i].name, "-ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
        if (i > 0)
            assert_true(strcmp(impair_names[i - 1].name, impair_names[i].name) < 0);
    }
}

static void flags_and_numbers_are_set_and_cleared(void **state)
{
    struct error error;
    (void)state;
    assert_true(apply("suppress_retransmits, DROP-OUTBOUND:3 revival:yes", &error));
    assert_true(engine.impairments.has_any);
    assert_int_equal(engine.impairments.values[IMPAIR_DROP_OUTBOUND], 3);
    assert_true(is_impaired(&engine, IMPAIR_SUPPRESS_RETRANSMITS));
    assert_true(apply("no-suppress_retransmits,revival:no", &error));
    assert_false(is_impaired(&engine, IMPAIR_SUPPRESS_RETRANSMITS));
    assert_false(is_impaired(&engine, IMPAIR_REVIVAL));
    assert_true(engine.impairments.has_any);
    assert_true(apply("none", &error));
    assert_false(engine.impairments.has_any);
}

static void one_wrong_word_changes_nothing(void **state)
{
    static const char *const wrong[] = {
        "revival,nosuch",
        "revival,drop_inbound",
        "revival,drop_inbound:x",
        "revival,block_inbound:7",
        "revival,force_fips",
        "revival,ke_payload:never",
        "revival,ke_payload:65536",
        "revival,ke_payload",
        "revival,ddos_cookie:omit",
        "revival,omit_v2_notification:NO_SUCH",
        "revival,add_unknown_v2_payload_to:IKE_AUTH",
        "revival,add_unknown_v2_payload_to:35",
        "revival,add_unknown_v2_payload_to_sk:IKE_SA_INIT",
        "revival,add_unknown_v2_payload_to_sk:34",
        "revival,ike_initiator_nonce:256",
        "revival,v2_proposal_integ:drop-none",
        "revival,force_v2_auth_method:256",
        "revival,trigger:rekey",
        "revival,trigger:nothing",
        "revival,no-trigger",
        "revival,drop_inbound:0",
        "revival,no-trigger_revival",
        "",
        "revival,trigger_revival",
    };
    struct error error;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        if (apply(wrong[i], &error) || error.code != RC_WHACK_PROBLEM)
            fail_msg("accepted: %s", wrong[i]);
        assert_false(engine.impairments.has_any);
    }
    assert_false(apply("force_fips", &error));
    assert_non_null(strstr(error.text, "\"force_fips\" is not supported: there is no FIPS mode"));
}

static void values_are_words_numbers_and_names_of_the_protocol(void **state)
{
    static const struct {
        const char *text;
        enum impairment which;
        uint64_t value;
    } rows[] = {
        {"ke_payload:OMIT", IMPAIR_KE_PAYLOAD, IMPAIR_OMIT},
        {"ke-payload:empty", IMPAIR_KE_PAYLOAD, IMPAIR_EMPTY},
        {"ke_payload:duplicate", IMPAIR_KE_PAYLOAD, IMPAIR_DUPLICATE},
        {"ke_payload:0", IMPAIR_KE_PAYLOAD, IMPAIR_CONTENT_FILL},
        {"ke_payload:0x2a", IMPAIR_KE_PAYLOAD, IMPAIR_CONTENT_FILL + 42},
        {"number_of_TSi_selectors:0", IMPAIR_TSI_COUNT, 1},
        {"add_unknown_v2_payload_to:ike_sa_init", IMPAIR_UNKNOWN_PAYLOAD, 1},
        {"add_unknown_v2_payload_to_sk:IKE-AUTH", IMPAIR_UNKNOWN_PAYLOAD_SK, 35},
        {"add_unknown_v2_payload_to_sk:37", IMPAIR_UNKNOWN_PAYLOAD_SK, 37},
        {"omit_v2_notification:REKEY_SA", IMPAIR_OMIT_NOTIFICATION, 16393},
        {"omit_v2_notification:12345", IMPAIR_OMIT_NOTIFICATION, 12345},
        {"omit-v2n-signature-hash-algorithms", IMPAIR_OMIT_NOTIFICATION, 16431},
        {"force_v2_auth_method:NULL", IMPAIR_AUTH_METHOD, 14},
        {"v2_proposal_dh:drop-none", IMPAIR_PROPOSAL_DH, IMPAIR_DROP_NONE},
        {"ddos_cookie:MANGLE", IMPAIR_COOKIE, IMPAIR_COOKIE_MANGLE},
        {"send_bogus_dcookie", IMPAIR_COOKIE, IMPAIR_COOKIE_ADD},
        {"v1_hash_exchange:delete", IMPAIR_V1_HASH_EXCHANGE, IMPAIR_HASH_DELETE},
        {"jacob-two-two", IMPAIR_DUPLICATE_OUTBOUND, 1},
    };
    struct error error;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (!apply(rows[i].text, &error) || impaired_value(&engine, rows[i].which) != rows[i].value)
            fail_msg("%s: %s", rows[i].text, error.text);
        apply("none", &error);
    }
}

/* ---- messages ---- */

static unsigned taken, last_size;

static void take(struct engine *of, const struct path *path, struct bytes datagram)
{
    (void)of;
    (void)path;
    taken++;
    last_size = (unsigned)datagram.size;
}

static unsigned come(size_t size)
{
    static const uint8_t data[64];
    const struct path path = {0};
    taken = 0;
    impair_inbound(&engine, &path, bytes_of(data, size), take);
    return taken;
}

static void the_third_message_is_dropped_and_no_other(void **state)
{
    struct error error;
    (void)state;
    assert_true(apply("drop_inbound:3", &error));
    for (unsigned i = 1; i <= 5; i++)
        assert_int_equal(come(30), i == 3 ? 0 : 1);
    apply("none", &error);
}

static void messages_are_doubled_blocked_and_replayed(void **state)
{
    struct error error;
    (void)state;
    assert_true(apply("duplicate_inbound", &error));
    assert_int_equal(come(30), 2);
    assert_true(apply("none,block_inbound", &error));
    assert_int_equal(come(30), 0);
    assert_true(apply("none,replay_inbound", &error));
    assert_int_equal(come(31), 1);
    assert_int_equal(come(32), 2);
    assert_int_equal(last_size, 31);
    assert_int_equal(come(33), 3);
    assert_int_equal(last_size, 32);
    assert_true(apply("replay_backward", &error));
    come(34);
    assert_int_equal(last_size, 31);
    for (size_t i = 0; i < 2 * IMPAIR_RECORD_SIZE; i++)
        come(40);
    assert_int_equal(come(40), 1 + IMPAIR_RECORD_SIZE);
    apply("none", &error);
}

static void recorded_messages_have_numbers(void **state)
{
    struct error error;
    (void)state;
    assert_true(apply("record_inbound,block_inbound", &error));
    for (size_t i = 1; i <= IMPAIR_RECORD_SIZE + 2; i++)
        assert_int_equal(come(40 + i), 0);
    assert_int_equal(engine.impairments.inbound.total, IMPAIR_RECORD_SIZE + 2);
    assert_false(apply("drip_inbound:2", &error));
    assert_false(apply("drip_inbound:19", &error));
    assert_non_null(strstr(error.text, "message 19 is not among the last 16"));
    assert_true(apply("drip_inbound:3", &error));
    apply("none", &error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_sorted_and_have_underscores),
        cmocka_unit_test(flags_and_numbers_are_set_and_cleared),
        cmocka_unit_test(one_wrong_word_changes_nothing),
        cmocka_unit_test(values_are_words_numbers_and_names_of_the_protocol),
        cmocka_unit_test(recorded_messages_have_numbers),
        cmocka_unit_test(the_third_message_is_dropped_and_no_other),
        cmocka_unit_test(messages_are_doubled_blocked_and_replayed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
