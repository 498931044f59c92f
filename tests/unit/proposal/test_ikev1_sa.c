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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
