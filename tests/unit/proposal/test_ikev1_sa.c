/* IKEv1 SA payloads: offers, choices, answers, and what is malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proposal/ikev1_sa.h"
#include "wire/ikev1_build.h"

enum { BODY_MAX = 8192 };

static struct proposal_list *list_of(enum security_protocol protocol, const char *text)
{
    struct error error;
    struct proposal_list *list = proposals_parse(protocol, PROPOSAL_IKEV1 | PROPOSAL_PFS, text, &error);
    assert_non_null(list);
    return list;
}

static struct ikev1_offer phase1(const struct proposal_list *list)
{
    return (struct ikev1_offer){
        .list = list,
        .protocol = PROTOCOL_IKE,
        .auth_method = OAKLEY_PRESHARED_KEY,
        .lifetime_seconds = 28800,
    };
}

static struct ikev1_offer phase2(const struct proposal_list *list, uint32_t spi)
{
    return (struct ikev1_offer){
        .list = list,
        .protocol = PROTOCOL_ESP,
        .encapsulation_mode = V1_MODE_TUNNEL,
        .lifetime_seconds = 3600,
        .spi = spi,
    };
}

static struct bytes write_offer(const struct ikev1_offer *offer, uint8_t *buffer)
{
    struct writer writer = writer_of(buffer, BODY_MAX);
    ikev1_offer_write(&writer, offer);
    assert_false(writer.overflowed);
    return writer_bytes_so_far(&writer);
}

static void the_responder_takes_what_it_likes_best(void **state)
{
    (void)state;
    struct proposal_list *ours = list_of(PROTOCOL_IKE, "aes256-sha2;modp2048,aes128-sha1;modp2048");
    struct proposal_list *theirs =
        list_of(PROTOCOL_IKE, "3des-sha1;modp1536,aes128-sha1;modp2048,aes256-sha2;modp2048");
    uint8_t buffer[BODY_MAX];
    struct ikev1_offer their_offer = phase1(theirs), our_offer = phase1(ours);
    struct ikev1_choice choice;
    struct error error;
    assert_true(ikev1_choose(&our_offer, write_offer(&their_offer, buffer), &choice, &error));
    assert_int_equal(choice.suite.encr->id, ENCR_AES_CBC);
    assert_int_equal(choice.suite.encr_key_bits, 256);
    assert_int_equal(choice.suite.prf->id, PRF_HMAC_SHA2_256);
    assert_int_equal(choice.suite.ke->id, KE_MODP2048);
    assert_int_equal(choice.lifetime_seconds, 28800);
    proposals_free(ours);
    proposals_free(theirs);
}

static void the_answer_repeats_the_transform_and_is_accepted(void **state)
{
    (void)state;
    struct proposal_list *list = list_of(PROTOCOL_ESP, "aes128-sha1,aes_gcm256");
    uint8_t offered[BODY_MAX], answered[BODY_MAX];
    struct ikev1_offer initiator = phase2(list, 0x11112222), responder = phase2(list, 0x33334444);
    struct ikev1_choice choice, accepted;
    struct error error;
    assert_true(ikev1_choose(&responder, write_offer(&initiator, offered), &choice, &error));
    assert_int_equal(choice.spi, 0x11112222);
    struct writer writer = writer_of(answered, sizeof(answered));
    ikev1_choice_write(&writer, &responder, &choice);
    assert_true(ikev1_accept_answer(&initiator, writer_bytes_so_far(&writer), &accepted, &error));
    assert_int_equal(accepted.spi, 0x33334444);
    assert_ptr_equal(accepted.suite.encr, choice.suite.encr);
    assert_ptr_equal(accepted.suite.integ, choice.suite.integ);
    proposals_free(list);
}

static void an_answer_that_was_not_offered_is_refused(void **state)
{
    (void)state;
    struct proposal_list *strong = list_of(PROTOCOL_IKE, "aes256-sha2;modp2048");
    struct proposal_list *weak = list_of(PROTOCOL_IKE, "3des-sha1;modp1536");
    uint8_t buffer[BODY_MAX];
    struct ikev1_offer ours = phase1(strong), theirs = phase1(weak);
    struct ikev1_choice choice;
    struct error error;
    assert_false(ikev1_accept_answer(&ours, write_offer(&theirs, buffer), &choice, &error));
    assert_int_equal(error.code, V1_NO_PROPOSAL_CHOSEN);
    assert_non_null(strstr(error.text, "3DES_CBC"));
    proposals_free(strong);
    proposals_free(weak);
}

static void an_answer_of_several_transforms_is_refused(void **state)
{
    (void)state;
    struct proposal_list *list = list_of(PROTOCOL_IKE, "aes256-sha2;modp2048,aes128-sha1;modp2048");
    uint8_t buffer[BODY_MAX];
    struct ikev1_offer ours = phase1(list);
    struct ikev1_choice choice;
    struct error error;
    assert_false(ikev1_accept_answer(&ours, write_offer(&ours, buffer), &choice, &error));
    assert_int_equal(error.code, V1_BAD_PROPOSAL_SYNTAX);
    proposals_free(list);
}

static void a_longer_lifetime_in_the_answer_was_not_offered(void **state)
{
    (void)state;
    struct proposal_list *list = list_of(PROTOCOL_IKE, "aes256-sha2;modp2048");
    uint8_t buffer[BODY_MAX];
    struct ikev1_offer ours = phase1(list), theirs = phase1(list);
    struct ikev1_choice choice;
    struct error error;
    theirs.lifetime_seconds = 86400;
    assert_false(ikev1_accept_answer(&ours, write_offer(&theirs, buffer), &choice, &error));
    theirs.lifetime_seconds = 3600;
    assert_true(ikev1_accept_answer(&ours, write_offer(&theirs, buffer), &choice, &error));
    proposals_free(list);
}

static void a_lifetime_above_sixteen_bits_is_a_variable_attribute(void **state)
{
    (void)state;
    struct proposal_list *list = list_of(PROTOCOL_IKE, "aes256-sha2;modp2048");
    uint8_t buffer[BODY_MAX];
    struct ikev1_offer theirs = phase1(list), ours = phase1(list);
    struct ikev1_choice choice;
    struct error error;
    theirs.lifetime_seconds = 86400;
    assert_true(ikev1_choose(&ours, write_offer(&theirs, buffer), &choice, &error));
    assert_int_equal(choice.lifetime_seconds, 86400);
    proposals_free(list);
}

static void perfect_forward_secrecy_must_be_of_the_same_group(void **state)
{
    (void)state;
    struct proposal_list *list = list_of(PROTOCOL_ESP, "aes128-sha1");
    uint8_t buffer[BODY_MAX];
    struct ikev1_offer theirs = phase2(list, 0x1111), ours = phase2(list, 0x2222);
    struct ikev1_choice choice;
    struct error error;
    theirs.group = algorithm_by_id(TRANSFORM_KE, KE_MODP2048);
    assert_false(ikev1_choose(&ours, write_offer(&theirs, buffer), &choice, &error));
    ours.group = algorithm_by_id(TRANSFORM_KE, KE_ECP256);
    assert_false(ikev1_choose(&ours, write_offer(&theirs, buffer), &choice, &error));
    ours.takes_any_group = true;
    assert_true(ikev1_choose(&ours, write_offer(&theirs, buffer), &choice, &error));
    assert_int_equal(choice.suite.ke->id, KE_MODP2048);
    theirs.group = NULL;
    assert_false(ikev1_choose(&ours, write_offer(&theirs, buffer), &choice, &error));
    proposals_free(list);
}

static void the_drafts_encapsulation_modes_are_those_of_the_rfc(void **state)
{
    (void)state;
    struct proposal_list *list = list_of(PROTOCOL_ESP, "aes128-sha1");
    uint8_t buffer[BODY_MAX];
    struct ikev1_offer theirs = phase2(list, 0x1111), ours = phase2(list, 0x2222);
    struct ikev1_choice choice;
    struct error error;
    theirs.encapsulation_mode = V1_MODE_UDP_TUNNEL_DRAFT;
    ours.encapsulation_mode = V1_MODE_UDP_TUNNEL;
    assert_true(ikev1_choose(&ours, write_offer(&theirs, buffer), &choice, &error));
    ours.encapsulation_mode = V1_MODE_TUNNEL;
    assert_false(ikev1_choose(&ours, write_offer(&theirs, buffer), &choice, &error));
    proposals_free(list);
}

/* Every prefix, and every byte changed: it must not crash, and what is cut must be refused. */
static void mutated_payloads_are_refused_or_understood(void **state)
{
    (void)state;
    struct proposal_list *list = list_of(PROTOCOL_IKE, "aes256-sha2;modp2048,3des-sha1;modp1536");
    uint8_t buffer[BODY_MAX], copy[BODY_MAX];
    struct ikev1_offer offer = phase1(list);
    struct ikev1_choice choice;
    struct error error;
    struct bytes body = write_offer(&offer, buffer);
    for (size_t size = 0; size < body.size; size++)
        assert_false(ikev1_choose(&offer, bytes_of(body.data, size), &choice, &error));
    for (size_t at = 0; at < body.size; at++) {
        memcpy(copy, body.data, body.size);
        for (unsigned flip = 1; flip < 256; flip <<= 1) {
            copy[at] = (uint8_t)(body.data[at] ^ flip);
            (void)ikev1_choose(&offer, bytes_of(copy, body.size), &choice, &error);
        }
    }
    proposals_free(list);
}

static void a_bundle_of_protocols_is_passed_over(void **state)
{
    (void)state;
    struct proposal_list *list = list_of(PROTOCOL_ESP, "aes128-sha1");
    uint8_t buffer[BODY_MAX];
    struct ikev1_offer theirs = phase2(list, 0x1111), ours = phase2(list, 0x2222);
    struct writer writer = writer_of(buffer, sizeof(buffer));
    struct ikev1_choice choice;
    struct error error;
    ikev1_offer_write(&writer, &theirs);
    /* An IPComp proposal of the same number: together they are one. */
    buffer[8] = ISAKMP_PROPOSAL;
    static const uint8_t ipcomp[] = {0, 0, 0, 22, 1, 4, 2, 1, 0, 2, 0, 0, 0, 12, 1, 2, 0, 0, 0x80, 4, 0, 1};
    writer_bytes(&writer, bytes_of(ipcomp, sizeof(ipcomp)));
    assert_false(ikev1_choose(&ours, writer_bytes_so_far(&writer), &choice, &error));
    assert_int_equal(error.code, V1_NO_PROPOSAL_CHOSEN);
    proposals_free(list);
}

/* ---- bundles ---- */

struct bundle_case {
    struct proposal_list *esp, *ah;
    struct ikev1_offer initiator, responder;
    uint8_t offered[BODY_MAX], answered[BODY_MAX];
    struct bytes offer;
    struct ikev1_choice choice, accepted;
    struct error error;
};

static void bundle_begin(struct bundle_case *test, bool has_ah, uint16_t cpi)
{
    memset(test, 0, sizeof(*test));
    test->esp = list_of(PROTOCOL_ESP, "aes128-sha1,aes256-sha2");
    test->ah = list_of(PROTOCOL_AH, "sha2,sha1");
    test->initiator = phase2(test->esp, 0x11112222);
    test->responder = phase2(test->esp, 0x33334444);
    test->initiator.ah_list = test->responder.ah_list = has_ah ? test->ah : NULL;
    test->initiator.cpi = cpi;
    test->initiator.compresses = test->responder.compresses = cpi != 0;
    test->offer = write_offer(&test->initiator, test->offered);
}

static bool bundle_choose(struct bundle_case *test)
{
    return ikev1_choose(&test->responder, test->offer, &test->choice, &test->error);
}

static bool bundle_answer(struct bundle_case *test, uint16_t cpi)
{
    struct writer writer = writer_of(test->answered, sizeof(test->answered));
    test->responder.cpi = cpi;
    ikev1_choice_write(&writer, &test->responder, &test->choice);
    return ikev1_accept_answer(&test->initiator, writer_bytes_so_far(&writer), &test->accepted, &test->error);
}

static void bundle_end(struct bundle_case *test)
{
    proposals_free(test->esp);
    proposals_free(test->ah);
}

static void a_bundle_is_chosen_and_accepted_with_every_spi(void **state)
{
    (void)state;
    struct bundle_case test;
    bundle_begin(&test, true, 0x1234);
    assert_true(bundle_choose(&test));
    assert_int_equal(test.choice.spi, 0x11112222);
    assert_int_equal(test.choice.ah_spi, 0x11112222);
    assert_int_equal(test.choice.cpi, 0x1234);
    assert_int_equal(test.choice.suite.ah_integ->id, INTEG_HMAC_SHA2_256_128);
    assert_true(bundle_answer(&test, 0x4321));
    assert_int_equal(test.accepted.ah_spi, 0x33334444);
    assert_int_equal(test.accepted.cpi, 0x4321);
    assert_ptr_equal(test.accepted.suite.ah_integ, test.choice.suite.ah_integ);
    bundle_end(&test);
}

static void who_does_not_compress_takes_the_alternative(void **state)
{
    (void)state;
    struct bundle_case test;
    bundle_begin(&test, false, 0x1234);
    test.responder.compresses = false;
    assert_true(bundle_choose(&test));
    assert_int_equal(test.choice.cpi, 0);
    assert_int_equal(test.choice.suite.proposal_number, 2);
    assert_true(bundle_answer(&test, 0));
    assert_int_equal(test.accepted.cpi, 0);
    bundle_end(&test);
}

static void compression_that_was_not_offered_is_refused_in_an_answer(void **state)
{
    (void)state;
    struct bundle_case test;
    bundle_begin(&test, false, 0x1234);
    assert_true(bundle_choose(&test));
    test.initiator.compresses = false;
    test.initiator.cpi = 0;
    assert_false(bundle_answer(&test, 0x4321));
    assert_int_equal(test.error.code, V1_NO_PROPOSAL_CHOSEN);
    bundle_end(&test);
}

/* As strongSwan writes it. */
static void an_answer_may_repeat_itself_without_compression(void **state)
{
    (void)state;
    struct bundle_case test;
    struct proposal_list *one = list_of(PROTOCOL_ESP, "aes128-sha1"),
                         *other = list_of(PROTOCOL_ESP, "3des-sha1");
    bundle_begin(&test, false, 0x1234);
    struct ikev1_offer answer = test.responder;
    answer.list = one;
    answer.cpi = 0x4321;
    struct bytes body = write_offer(&answer, test.answered);
    assert_true(ikev1_accept_answer(&test.initiator, body, &test.accepted, &test.error));
    assert_int_equal(test.accepted.cpi, 0x4321);
    /* The SPI of the last proposal: another SA is no repetition. */
    uint8_t *spi = test.answered + body.size - 4;
    while (load_be32(spi) != 0x33334444)
        spi--;
    spi[0] ^= 1;
    assert_false(ikev1_accept_answer(&test.initiator, body, &test.accepted, &test.error));
    answer.list = other;
    assert_false(ikev1_accept_answer(&test.initiator, write_offer(&answer, test.answered), &test.accepted,
                                     &test.error));
    proposals_free(one);
    proposals_free(other);
    bundle_end(&test);
}

/* IPComp's proposal is the only one with an SPI of two bytes: protocol 4, size 2. */
static uint8_t *find_cpi(struct bundle_case *test)
{
    for (size_t i = 8; i + 6 < test->offer.size; i++)
        if (test->offered[i] == V1_PROTO_IPCOMP && test->offered[i + 1] == 2 && test->offered[i + 2] == 1 &&
            test->offered[i + 3] == 0x12 && test->offered[i + 4] == 0x34)
            return test->offered + i + 3;
    fail_msg("no IPComp");
    return NULL;
}

static void cpis_of_other_algorithms_and_private_ones_do_not_compress(void **state)
{
    (void)state;
    static const struct {
        uint16_t cpi;
        bool is_usable;
    } rows[] = {{0, false},   {1, false},  {IPCOMP_DEFLATE, true}, {3, false},     {61, false},
                {255, false}, {256, true}, {61439, true},          {61440, false}, {65535, false}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct bundle_case test;
        bundle_begin(&test, false, 0x1234);
        store_be16(find_cpi(&test), rows[i].cpi);
        assert_true(bundle_choose(&test)); /* the alternative without it */
        assert_int_equal(test.choice.cpi, rows[i].is_usable ? rows[i].cpi : 0);
        bundle_end(&test);
    }
}

static void a_cpi_may_take_four_bytes(void **state)
{
    (void)state;
    struct bundle_case test;
    bundle_begin(&test, false, 0x1234);
    uint8_t *cpi = find_cpi(&test), wide[BODY_MAX];
    size_t at = (size_t)(cpi - test.offered);
    memcpy(wide, test.offered, at);
    memset(wide + at, 0xee, 2); /* what stands there does not count */
    memcpy(wide + at + 2, cpi, test.offer.size - at);
    wide[at - 2] = 4;
    store_be16(wide + at - 6, (uint16_t)(load_be16(wide + at - 6) + 2));
    test.offer = bytes_of(wide, test.offer.size + 2);
    assert_true(bundle_choose(&test));
    assert_int_equal(test.choice.cpi, 0x1234);
    assert_int_equal(test.choice.cpi_size, 4);
    assert_true(bundle_answer(&test, 0x4321));
    assert_int_equal(test.accepted.cpi, 0x4321);
    bundle_end(&test);
}

static void protocols_that_were_not_wanted_are_told(void **state)
{
    (void)state;
    struct bundle_case test;
    bundle_begin(&test, true, 0);
    test.responder.ah_list = NULL;
    assert_false(bundle_choose(&test));
    assert_non_null(strstr(test.error.text, "with AH; we accept AES_CBC_128"));
    bundle_end(&test);
    bundle_begin(&test, false, 0);
    test.responder.ah_list = test.ah;
    assert_false(bundle_choose(&test));
    assert_non_null(strstr(test.error.text, "and AH with HMAC_SHA2_256_128"));
    bundle_end(&test);
}

static void every_group_of_a_bundle_is_the_same(void **state)
{
    (void)state;
    struct bundle_case test;
    bundle_begin(&test, true, 0x1234);
    test.initiator.group = algorithm_by_id(TRANSFORM_KE, KE_MODP2048);
    test.responder.takes_any_group = true;
    test.offer = write_offer(&test.initiator, test.offered);
    assert_true(bundle_choose(&test));
    assert_int_equal(test.choice.suite.ke->id, KE_MODP2048);
    /* AH's first: its group differs from that of ESP. */
    uint8_t *group = test.offered + 8 + 8 + 4 + 8;
    assert_int_equal(load_be16(group), 0x8000 | IPSEC_GROUP);
    store_be16(group + 2, 15);
    assert_true(bundle_choose(&test));
    assert_int_equal(test.choice.suite.ah_integ->id, INTEG_HMAC_SHA1_96);
    bundle_end(&test);
}

static void kilobytes_of_lifetime_are_offered_and_only_shortened(void **state)
{
    (void)state;
    struct bundle_case test;
    bundle_begin(&test, false, 0);
    test.initiator.lifetime_kilobytes = 100000;
    test.offer = write_offer(&test.initiator, test.offered);
    assert_true(bundle_choose(&test));
    assert_int_equal(test.choice.lifetime_kilobytes, 100000);
    assert_int_equal(test.choice.lifetime_seconds, 3600);
    assert_true(bundle_answer(&test, 0));
    test.initiator.lifetime_kilobytes = 50000;
    assert_false(bundle_answer(&test, 0));
    bundle_end(&test);
}

static void proposals_cut_short_anywhere_are_refused(void **state)
{
    (void)state;
    struct bundle_case test;
    bundle_begin(&test, true, 0x1234);
    struct bytes whole = test.offer;
    for (size_t size = 0; size < whole.size; size++) {
        test.offer = bytes_of(whole.data, size);
        assert_false(bundle_choose(&test));
    }
    bundle_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_responder_takes_what_it_likes_best),
        cmocka_unit_test(the_answer_repeats_the_transform_and_is_accepted),
        cmocka_unit_test(an_answer_that_was_not_offered_is_refused),
        cmocka_unit_test(an_answer_of_several_transforms_is_refused),
        cmocka_unit_test(a_longer_lifetime_in_the_answer_was_not_offered),
        cmocka_unit_test(a_lifetime_above_sixteen_bits_is_a_variable_attribute),
        cmocka_unit_test(perfect_forward_secrecy_must_be_of_the_same_group),
        cmocka_unit_test(the_drafts_encapsulation_modes_are_those_of_the_rfc),
        cmocka_unit_test(mutated_payloads_are_refused_or_understood),
        cmocka_unit_test(a_bundle_of_protocols_is_passed_over),
        cmocka_unit_test(a_bundle_is_chosen_and_accepted_with_every_spi),
        cmocka_unit_test(who_does_not_compress_takes_the_alternative),
        cmocka_unit_test(compression_that_was_not_offered_is_refused_in_an_answer),
        cmocka_unit_test(an_answer_may_repeat_itself_without_compression),
        cmocka_unit_test(cpis_of_other_algorithms_and_private_ones_do_not_compress),
        cmocka_unit_test(a_cpi_may_take_four_bytes),
        cmocka_unit_test(protocols_that_were_not_wanted_are_told),
        cmocka_unit_test(every_group_of_a_bundle_is_the_same),
        cmocka_unit_test(kilobytes_of_lifetime_are_offered_and_only_shortened),
        cmocka_unit_test(proposals_cut_short_anywhere_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
