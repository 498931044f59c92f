/* A connection held against what a data plane lacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/connection_spec.h"
#include "engine/plane_limits.h"

static bool has_only_cbc_and_sha1(const void *context, const struct algorithm *algorithm,
                                  enum security_protocol protocol)
{
    (void)context;
    (void)protocol;
    return strcmp(algorithm->name, "AES_CBC") == 0 || strcmp(algorithm->name, "HMAC_SHA1_96") == 0;
}

static const struct plane_limits small = {
    .stack = "small", .has_algorithm = has_only_cbc_and_sha1, .lacks_esn = true, .priority_max = 65535};

struct outcome {
    bool is_accepted;
    char offered[512], dropped[256];
    struct error error;
};

static struct connection_spec *make(const char *esp, unsigned esn)
{
    struct connection_spec *spec = connection_spec_new("c");
    spec->protocol = PROTOCOL_ESP;
    spec->esn = (uint8_t)esn;
    spec->pfs = false;
    spec->ike_proposals = proposals_default(PROTOCOL_IKE, 0);
    spec->child_proposals =
        esp != NULL ? proposals_parse(PROTOCOL_ESP, esn, esp, NULL) : proposals_default(PROTOCOL_ESP, esn);
    assert_non_null(spec->child_proposals);
    return spec;
}

static struct outcome apply(struct connection_spec *spec)
{
    struct outcome outcome = {0};
    struct text dropped = text_of(outcome.dropped, sizeof(outcome.dropped));
    struct text offered = text_of(outcome.offered, sizeof(outcome.offered));
    outcome.is_accepted = plane_limits_apply(&small, spec, &dropped, &outcome.error);
    if (outcome.is_accepted)
        proposals_text(&offered, spec->child_proposals);
    return outcome;
}

static void test_what_is_missing_is_taken_out_and_named(void **state)
{
    (void)state;
    struct connection_spec *spec =
        make("aes_gcm128,aes256-sha1+sha2_512", PROPOSAL_ESN_NO | PROPOSAL_ESN_YES);
    struct outcome outcome = apply(spec);
    assert_true(outcome.is_accepted);
    assert_string_equal(outcome.offered, "AES_CBC_256-HMAC_SHA1_96");
    assert_non_null(strstr(outcome.dropped, "AES_GCM_16"));
    assert_non_null(strstr(outcome.dropped, "HMAC_SHA2_512_256"));
    assert_int_equal(spec->child_proposals->proposals[0].number, 1);
    for (size_t i = 0; i < spec->child_proposals->proposals[0].transform_count; i++) {
        const struct transform *transform = &spec->child_proposals->proposals[0].transforms[i];
        assert_false(transform->type == TRANSFORM_ESN && transform->id == ESN_YES);
    }
    assert_int_equal(spec->esn, PROPOSAL_ESN_NO);
    connection_spec_free(spec);
}

static void test_nothing_left_is_a_refusal_that_names_what_is_missing(void **state)
{
    (void)state;
    struct connection_spec *spec = make("aes_gcm128", PROPOSAL_ESN_NO);
    struct outcome outcome = apply(spec);
    assert_false(outcome.is_accepted);
    assert_non_null(strstr(outcome.error.text, "esp="));
    assert_non_null(strstr(outcome.error.text, "AES_GCM_16"));
    connection_spec_free(spec);
}

static void test_keywords_that_cannot_be_obeyed_are_refused(void **state)
{
    (void)state;
    struct connection_spec *spec = make("aes128-sha1", PROPOSAL_ESN_YES);
    struct outcome outcome = apply(spec);
    assert_false(outcome.is_accepted);
    assert_non_null(strstr(outcome.error.text, "esn=yes"));
    connection_spec_free(spec);
    spec = make("aes128-sha1", PROPOSAL_ESN_NO);
    spec->priority = 70000;
    outcome = apply(spec);
    assert_false(outcome.is_accepted);
    assert_non_null(strstr(outcome.error.text, "priority="));
    connection_spec_free(spec);
}

static void test_clones_need_a_data_plane_that_tells_cpus_apart(void **state)
{
    (void)state;
    const struct plane_limits with = {.stack = "xfrm", .cpu_count = 2};
    const struct plane_limits without = {.stack = "userspace", .lacks_clones = true};
    struct connection_spec *spec = make("aes_gcm128", PROPOSAL_ESN_NO);
    char names[16];
    struct text dropped = text_of(names, sizeof(names));
    struct error error = {0};
    assert_true(plane_limits_apply(&without, spec, &dropped, &error));
    spec->clones = 4;
    assert_true(plane_limits_apply(&with, spec, &dropped, &error));
    assert_false(plane_limits_apply(&without, spec, &dropped, &error));
    assert_non_null(strstr(error.text, "clones="));
    assert_non_null(strstr(error.text, "protostack=userspace"));
    connection_spec_free(spec);
}

static void test_without_limits_nothing_changes(void **state)
{
    (void)state;
    struct connection_spec *spec = make("aes_gcm128", PROPOSAL_ESN_YES);
    char names[16];
    struct text dropped = text_of(names, sizeof(names));
    assert_true(plane_limits_apply(NULL, spec, &dropped, NULL));
    assert_int_equal(spec->child_proposals->count, 1);
    connection_spec_free(spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_missing_is_taken_out_and_named),
        cmocka_unit_test(test_nothing_left_is_a_refusal_that_names_what_is_missing),
        cmocka_unit_test(test_keywords_that_cannot_be_obeyed_are_refused),
        cmocka_unit_test(test_clones_need_a_data_plane_that_tells_cpus_apart),
        cmocka_unit_test(test_without_limits_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
