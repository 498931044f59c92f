/* The choice of a suite: as responder, as initiator checking the answer, and why there is none (RFC
 * 7296 2.7, 3.3.6). */
#include "fixture.h"

static const uint8_t spi_bytes[] = {0xc0, 0xff, 0xee, 0x01, 2, 3, 4, 5};

static struct bytes spi_of(enum security_protocol protocol)
{
    return bytes_of(spi_bytes, protocol == PROTOCOL_IKE ? 0 : 4);
}

/* One negotiation: what each side says, and what comes of it. */
struct scene {
    enum security_protocol protocol;
    const char *ours;
    const char *theirs;
    uint16_t preferred_ke;
    const char *chosen; /* NULL: none */
    const char *reason; /* part of it, when none */
    uint8_t number;     /* of the chosen proposal, when not 1 */
    bool omit_ke;
    uint16_t add_ke;
    unsigned our_flags;
    unsigned their_flags;
};

static struct proposal_offer our_offer(const struct scene *scene, struct proposal_list *list)
{
    return (struct proposal_offer){
        .list = list,
        .spi = spi_of(scene->protocol),
        .omit_ke = scene->omit_ke,
        .add_ke = scene->add_ke == 0 ? NULL : algorithm_by_id(TRANSFORM_KE, scene->add_ke),
    };
}

static void play(const struct scene *scene)
{
    uint8_t buffer[BODY_SIZE];
    char printed[LIST_TEXT_SIZE];
    struct proposal_list *list = list_of(scene->protocol, PROPOSAL_PFS | scene->our_flags, scene->ours);
    struct proposal_offer offer = our_offer(scene, list);
    struct bytes body = body_of(scene->protocol, PROPOSAL_PFS | scene->their_flags, scene->theirs,
                                spi_of(scene->protocol), buffer);
    struct arena arena = arena_make(ARENA_LIMIT);
    struct error error = {0};
    struct proposal_list *theirs = proposals_read(body, &arena, &error);
    assert_non_null(theirs);
    struct suite suite = {0};
    const struct proposal *taken = NULL;
    bool found = proposals_select(&offer, theirs, scene->preferred_ke, &suite, &taken, &error);
    if (found != (scene->chosen != NULL))
        fail_msg("%s against %s: %s", scene->ours, scene->theirs,
                 found ? one_suite_text(&suite, printed) : error.text);
    if (found) {
        assert_string_equal(one_suite_text(&suite, printed), scene->chosen);
        assert_int_equal(suite.proposal_number, scene->number != 0 ? scene->number : 1);
        assert_ptr_equal(taken, &theirs->proposals[suite.proposal_number - 1]);
    } else if (strstr(error.text, scene->reason) == NULL) {
        fail_msg("%s", error.text);
    }
    arena_release(&arena);
    proposals_free(list);
}

static void play_all(const struct scene *scenes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        play(&scenes[i]);
}

static void our_order_decides_between_proposals(void **state)
{
    (void)state;
    static const struct scene scenes[] = {
        {PROTOCOL_IKE, "aes_gcm256-sha2-dh31,aes128-sha1-dh14", "aes128-sha1-dh14,aes_gcm256-sha2-dh31", 0,
         "AES_GCM_16_256-HMAC_SHA2_256-DH31", .number = 2},
        {PROTOCOL_IKE, "aes128-sha1-dh14,aes_gcm256-sha2-dh31", "aes_gcm256-sha2-dh31,aes128-sha1-dh14", 0,
         "AES_CBC_128-HMAC_SHA1-MODP2048", .number = 2},
        {PROTOCOL_IKE, "aes256+aes128-sha1-dh14", "aes128-sha1-dh14,aes256-sha1-dh14", 0,
         "AES_CBC_256-HMAC_SHA1-MODP2048", .number = 2},
    };
    play_all(scenes, ARRAY_SIZE(scenes));
}

static void our_order_decides_between_transforms(void **state)
{
    (void)state;
    static const struct scene scenes[] = {
        {PROTOCOL_IKE, "aes256+aes128-sha2_512+sha2_256-dh19+dh31",
         "aes128+aes256-sha2_256+sha2_512-dh31+dh19", 0, "AES_CBC_256-HMAC_SHA2_512-DH19"},
        {PROTOCOL_ESP, "aes128-sha1+sha2", "aes128-sha2+sha1", 0, "AES_CBC_128-HMAC_SHA1_96"},
        {PROTOCOL_AH, "sha2_512+sha2", "sha2+sha2_512", 0, "HMAC_SHA2_512_256"},
    };
    play_all(scenes, ARRAY_SIZE(scenes));
}

static void the_group_of_their_ke_payload_is_taken_if_acceptable(void **state)
{
    (void)state;
    static const struct scene scenes[] = {
        {PROTOCOL_IKE, "aes128-sha1-dh19+dh31+dh14", "aes128-sha1-dh14+dh31", KE_MODP2048,
         "AES_CBC_128-HMAC_SHA1-MODP2048"},
        {PROTOCOL_IKE, "aes128-sha1-dh19+dh31+dh14", "aes128-sha1-dh14+dh31", 0,
         "AES_CBC_128-HMAC_SHA1-DH31"},
        {PROTOCOL_IKE, "aes128-sha1-dh31", "aes128-sha1-dh14+dh31", KE_MODP2048,
         "AES_CBC_128-HMAC_SHA1-DH31"},
        {PROTOCOL_IKE, "aes128-sha1-dh31", "aes128-sha1-dh31", KE_MODP2048, "AES_CBC_128-HMAC_SHA1-DH31"},
        {PROTOCOL_IKE, "aes128-sha1-dh19+dh31", "aes128-sha1-dh19,aes128-sha1-dh31", KE_X25519,
         "AES_CBC_128-HMAC_SHA1-DH31", .number = 2},
    };
    play_all(scenes, ARRAY_SIZE(scenes));
}

static void an_aead_matches_with_and_without_integ_none(void **state)
{
    (void)state;
    play(&(struct scene){PROTOCOL_ESP, "aes_gcm256", "aes_gcm256", 0, "AES_GCM_16_256-NONE"});
    /* ESP, SPI, AES-GCM-16 with 256 bits, INTEG NONE, no ESN */
    static const uint8_t body[] = {
        0,    0,  0, 40, 1, 3, 4, 3, 1, 2, 3, 4, 3, 0, 0, 12, 1, 0, 0, 20,
        0x80, 14, 1, 0,  3, 0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 8,  5, 0, 0, 0,
    };
    struct arena arena = arena_make(ARENA_LIMIT);
    struct error error = {0};
    struct proposal_list *theirs = proposals_read(bytes_of(body, sizeof(body)), &arena, &error);
    struct proposal_list *aead = list_of(PROTOCOL_ESP, 0, "aes_gcm256");
    struct proposal_list *cbc = list_of(PROTOCOL_ESP, 0, "aes256-sha1");
    struct suite suite;
    const struct proposal *taken;
    struct proposal_offer offer = {.list = aead, .spi = spi_of(PROTOCOL_ESP)};
    assert_true(proposals_select(&offer, theirs, 0, &suite, &taken, &error));
    assert_null(suite.integ);
    assert_memory_equal(taken->spi, body + 8, 4);
    offer.list = cbc;
    assert_false(proposals_select(&offer, theirs, 0, &suite, &taken, &error));
    arena_release(&arena);
    proposals_free(aead);
    proposals_free(cbc);
}

static void a_child_key_exchange_matches_only_where_both_want_it(void **state)
{
    (void)state;
    static const struct scene scenes[] = {
        {PROTOCOL_ESP, "aes128-sha1;dh14", "aes128-sha1;dh14", 0, "AES_CBC_128-HMAC_SHA1_96-MODP2048"},
        {PROTOCOL_ESP, "aes128-sha1;dh14", "aes128-sha1", 0, NULL, "they offer DH none; we accept MODP2048"},
        {PROTOCOL_ESP, "aes128-sha1;dh14", "aes128-sha1;dh0", 0, NULL,
         "they offer DH NONE; we accept MODP2048"},
        {PROTOCOL_ESP, "aes128-sha1;dh14+none", "aes128-sha1", 0, "AES_CBC_128-HMAC_SHA1_96"},
        {PROTOCOL_ESP, "aes128-sha1;dh14", "aes128-sha1", 0, "AES_CBC_128-HMAC_SHA1_96", .omit_ke = true},
        {PROTOCOL_ESP, "aes128-sha1;dh14", "aes128-sha1;dh0", 0, "AES_CBC_128-HMAC_SHA1_96", .omit_ke = true},
        {PROTOCOL_ESP, "aes128-sha1", "aes128-sha1;dh19", 0, "AES_CBC_128-HMAC_SHA1_96", .omit_ke = true},
        {PROTOCOL_ESP, "aes128-sha1", "aes128-sha1;dh19", 0, NULL, "they offer DH DH19; we accept none"},
        {PROTOCOL_ESP, "aes128-sha1", "aes128-sha1;dh19+none", 0, "AES_CBC_128-HMAC_SHA1_96"},
        {PROTOCOL_ESP, "aes128-sha1", "aes128-sha1;dh19+dh31", 0, "AES_CBC_128-HMAC_SHA1_96-DH31",
         .add_ke = KE_X25519},
        {PROTOCOL_ESP, "aes128-sha1", "aes128-sha1", 0, NULL, "we accept DH31", .add_ke = KE_X25519},
    };
    play_all(scenes, ARRAY_SIZE(scenes));
}

static void extended_sequence_numbers_are_matched(void **state)
{
    (void)state;
    enum { NO = PROPOSAL_ESN_NO, YES = PROPOSAL_ESN_YES };
    static const struct {
        unsigned ours, theirs;
        bool found, esn;
    } cases[] = {
        {NO | YES, NO | YES, true, true}, {NO, NO | YES, true, false}, {NO | YES, NO, true, false},
        {YES, NO | YES, true, true},      {YES, NO, false, false},     {NO, YES, false, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint8_t buffer[BODY_SIZE];
        struct arena arena = arena_make(ARENA_LIMIT);
        struct error error = {0};
        struct proposal_list *ours = list_of(PROTOCOL_ESP, cases[i].ours, "aes_gcm128");
        struct bytes body =
            body_of(PROTOCOL_ESP, cases[i].theirs, "aes_gcm128", spi_of(PROTOCOL_ESP), buffer);
        struct proposal_offer offer = {.list = ours, .spi = spi_of(PROTOCOL_ESP)};
        struct suite suite = {0};
        const struct proposal *taken;
        assert_int_equal(
            proposals_select(&offer, proposals_read(body, &arena, &error), 0, &suite, &taken, &error),
            cases[i].found);
        assert_int_equal(suite.esn, cases[i].esn);
        arena_release(&arena);
        proposals_free(ours);
    }
}

static void the_reason_names_the_first_type_that_does_not_match(void **state)
{
    (void)state;
    static const struct scene scenes[] = {
        {PROTOCOL_IKE, "aes128-sha1-dh19+dh20+dh31", "aes128-sha1-dh14", 0, NULL,
         "they offer DH MODP2048; we accept DH19+DH20+DH31"},
        {PROTOCOL_IKE, "aes256-sha1-dh14", "aes128-sha1-dh14", 0, NULL,
         "they offer encryption AES_CBC_128; we accept AES_CBC_256"},
        {PROTOCOL_IKE, "aes128-sha2-dh14", "aes128-sha1-dh14", 0, NULL,
         "they offer PRF HMAC_SHA1; we accept HMAC_SHA2_256"},
        {PROTOCOL_ESP, "aes128-sha2", "aes128-sha1", 0, NULL,
         "they offer integrity HMAC_SHA1_96; we accept HMAC_SHA2_256_128"},
        {PROTOCOL_ESP, "aes_gcm128", "aes_gcm128", 0, NULL,
         "they offer sequence numbers ESN_NO; we accept ESN_YES", .our_flags = PROPOSAL_ESN_YES,
         .their_flags = PROPOSAL_ESN_NO},
        {PROTOCOL_IKE, "aes128-sha1-dh19,aes128-sha1-dh31", "3des-sha1-dh14,aes128-sha1-dh14", 0, NULL,
         "they offer DH MODP2048; we accept DH19 or DH31"},
        {PROTOCOL_IKE, "aes128-sha1-dh19", "aes256-sha1-dh14,3des-sha1-dh14", 0, NULL,
         "(theirs: 1:AES_CBC_256-HMAC_SHA1-MODP2048, 2:3DES_CBC-HMAC_SHA1-MODP2048; ours: "
         "AES_CBC_128-HMAC_SHA1-DH19)"},
    };
    play_all(scenes, ARRAY_SIZE(scenes));
}

/* --- what a hostile or odd peer offers (one proposal in hand-made bytes) --- */

struct raw_transform {
    uint8_t type;
    uint16_t id;
    uint32_t attribute; /* 0: none */
};

static bool select_raw(enum security_protocol protocol, uint8_t spi_size,
                       const struct raw_transform *transforms, size_t count, const char *ours,
                       struct error *error)
{
    uint8_t buffer[512];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    writer_u32(&writer, 0);
    writer_u32(&writer, (uint32_t)(1u << 24 | (unsigned)protocol << 16 | (unsigned)spi_size << 8 | count));
    writer_bytes(&writer, bytes_of(spi_bytes, spi_size));
    for (size_t i = 0; i < count; i++) {
        writer_u16(&writer, i + 1 == count ? 0 : 0x0300);
        writer_u16(&writer, transforms[i].attribute != 0 ? 12 : 8);
        writer_u16(&writer, (uint16_t)(transforms[i].type << 8));
        writer_u16(&writer, transforms[i].id);
        if (transforms[i].attribute != 0)
            writer_u32(&writer, transforms[i].attribute);
    }
    store_be16(buffer + 2, (uint16_t)writer.size);
    struct arena arena = arena_make(ARENA_LIMIT);
    struct proposal_list *theirs = proposals_read(writer_bytes_so_far(&writer), &arena, error);
    if (theirs == NULL)
        fail_msg("%s", error->text);
    enum security_protocol our_protocol = strstr(ours, "dh") != NULL ? PROTOCOL_IKE : PROTOCOL_ESP;
    struct proposal_list *list = list_of(our_protocol, 0, ours);
    struct proposal_offer offer = {.list = list, .spi = spi_of(our_protocol)};
    struct suite suite;
    const struct proposal *taken;
    bool found = proposals_select(&offer, theirs, 0, &suite, &taken, error);
    arena_release(&arena);
    proposals_free(list);
    return found;
}

#define AES_128                                                                                              \
    {                                                                                                        \
        TRANSFORM_ENCR, ENCR_AES_CBC, 0x800e0080                                                             \
    }
#define SHA1_PRF                                                                                             \
    {                                                                                                        \
        TRANSFORM_PRF, PRF_HMAC_SHA1, 0                                                                      \
    }
#define SHA1_INTEG                                                                                           \
    {                                                                                                        \
        TRANSFORM_INTEG, INTEG_HMAC_SHA1_96, 0                                                               \
    }
#define DH14                                                                                                 \
    {                                                                                                        \
        TRANSFORM_KE, KE_MODP2048, 0                                                                         \
    }

static void incomplete_or_unknown_ike_proposals_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        struct raw_transform transforms[6];
        bool found;
        const char *reason;
    } cases[] = {
        {4, {AES_128, SHA1_PRF, SHA1_INTEG, DH14}, true, ""},
        {4, {DH14, SHA1_INTEG, SHA1_PRF, AES_128}, true, ""},
        {3, {AES_128, SHA1_PRF, SHA1_INTEG}, false, "they offer DH none; we accept MODP2048"},
        {4, {AES_128, SHA1_PRF, SHA1_INTEG, {TRANSFORM_KE, KE_NONE, 0}}, false, "they offer DH NONE"},
        {3, {AES_128, SHA1_INTEG, DH14}, false, "they offer PRF none"},
        {3, {AES_128, SHA1_PRF, DH14}, false, "they offer integrity none"},
        {4, {AES_128, SHA1_PRF, {TRANSFORM_INTEG, INTEG_NONE, 0}, DH14}, false, "they offer integrity NONE"},
        {3, {SHA1_PRF, SHA1_INTEG, DH14}, false, "they offer encryption none"},
        {4,
         {{TRANSFORM_ENCR, ENCR_AES_CBC, 0}, SHA1_PRF, SHA1_INTEG, DH14},
         false,
         "offer encryption AES_CBC;"},
        {4, {{TRANSFORM_ENCR, ENCR_AES_CBC, 0x800e0081}, SHA1_PRF, SHA1_INTEG, DH14}, false, "AES_CBC_129"},
        {4, {{TRANSFORM_ENCR, ENCR_AES_CBC, 0x800e0001}, SHA1_PRF, SHA1_INTEG, DH14}, false, "AES_CBC_1;"},
        {4, {{TRANSFORM_ENCR, ENCR_AES_CBC, 0x800effff}, SHA1_PRF, SHA1_INTEG, DH14}, false, "AES_CBC_65535"},
        {4, {{TRANSFORM_ENCR, ENCR_AES_CBC, 0x800e0000}, SHA1_PRF, SHA1_INTEG, DH14}, false, "bad attribute"},
        {4, {{TRANSFORM_ENCR, ENCR_AES_CBC, 0x80120080}, SHA1_PRF, SHA1_INTEG, DH14}, false, "bad attribute"},
        {4, {{TRANSFORM_ENCR, 1234, 0x800e0080}, SHA1_PRF, SHA1_INTEG, DH14}, false, "[1234]_128"},
        {4, {{TRANSFORM_ENCR, ENCR_AES_CBC + 64, 0x800e0080}, SHA1_PRF, SHA1_INTEG, DH14}, false, "[76]_128"},
        {4,
         {AES_128, {TRANSFORM_PRF, PRF_HMAC_SHA1, 0x800e0080}, SHA1_INTEG, DH14},
         false,
         "PRF HMAC_SHA1(bad attribute)"},
        {4,
         {AES_128, SHA1_PRF, SHA1_INTEG, {TRANSFORM_KE, KE_MODP2048, 0x80010001}},
         false,
         "MODP2048(bad attribute)"},
        {5,
         {AES_128, SHA1_PRF, SHA1_INTEG, DH14, {6, 36, 0}},
         false,
         "transform type 6, which is unknown here"},
        {5, {AES_128, SHA1_PRF, SHA1_INTEG, DH14, {0, 0, 0}}, false, "transform type 255"},
        {5,
         {AES_128, SHA1_PRF, SHA1_INTEG, DH14, {TRANSFORM_ESN, ESN_NO, 0}},
         false,
         "sequence numbers ESN_NO"},
        {5, {AES_128, SHA1_PRF, SHA1_INTEG, DH14, {TRANSFORM_ENCR, 1234, 0x80120080}}, true, ""},
        {5, {AES_128, SHA1_PRF, SHA1_INTEG, DH14, {TRANSFORM_KE, 65535, 0}}, true, ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct error error = {0};
        bool found =
            select_raw(PROTOCOL_IKE, 0, cases[i].transforms, cases[i].count, "aes128-sha1-dh14", &error);
        if (found != cases[i].found || strstr(error.text, cases[i].reason) == NULL)
            fail_msg("case %zu: %d %s", i, found, error.text);
    }
}

static void triple_des_with_a_key_length_is_refused(void **state)
{
    (void)state;
    static const struct raw_transform with[] = {
        {TRANSFORM_ENCR, ENCR_3DES, 0x800e00c0}, SHA1_PRF, SHA1_INTEG, DH14};
    static const struct raw_transform without[] = {
        {TRANSFORM_ENCR, ENCR_3DES, 0}, SHA1_PRF, SHA1_INTEG, DH14};
    struct error error = {0};
    assert_false(select_raw(PROTOCOL_IKE, 0, with, 4, "3des-sha1-dh14", &error));
    assert_true(select_raw(PROTOCOL_IKE, 0, without, 4, "3des-sha1-dh14", &error));
}

static void a_proposal_of_another_protocol_or_spi_size_is_refused(void **state)
{
    (void)state;
    static const struct raw_transform esp[] = {AES_128, SHA1_INTEG, {TRANSFORM_ESN, ESN_NO, 0}};
    struct error error = {0};
    assert_true(select_raw(PROTOCOL_ESP, 4, esp, 3, "aes128-sha1", &error));
    assert_false(select_raw(PROTOCOL_ESP, 8, esp, 3, "aes128-sha1", &error));
    assert_non_null(strstr(error.text, "SPI of 8 bytes; we accept 4"));
    assert_false(select_raw(PROTOCOL_ESP, 0, esp, 3, "aes128-sha1", &error));
    assert_false(select_raw(PROTOCOL_AH, 4, esp, 3, "aes128-sha1", &error));
    assert_non_null(strstr(error.text, "they offer AH; we accept ESP"));
    assert_false(select_raw((enum security_protocol)200, 4, esp, 3, "aes128-sha1", &error));
    assert_non_null(strstr(error.text, "unknown protocol"));
}

static void a_child_proposal_needs_esn_and_takes_no_prf(void **state)
{
    (void)state;
    static const struct raw_transform without_esn[] = {AES_128, SHA1_INTEG};
    static const struct raw_transform with_prf[] = {
        AES_128, SHA1_INTEG, SHA1_PRF, {TRANSFORM_ESN, ESN_NO, 0}};
    struct error error = {0};
    assert_false(select_raw(PROTOCOL_ESP, 4, without_esn, 2, "aes128-sha1", &error));
    assert_non_null(strstr(error.text, "sequence numbers none"));
    assert_false(select_raw(PROTOCOL_ESP, 4, with_prf, 4, "aes128-sha1", &error));
    assert_non_null(strstr(error.text, "they offer PRF HMAC_SHA1; we accept none"));
}

static void an_offer_is_numbered_from_one(void **state)
{
    (void)state;
    uint8_t buffer[BODY_SIZE];
    struct proposal_list *ours = list_of(PROTOCOL_IKE, 0, "aes128-sha1-dh14");
    struct bytes body = body_of(PROTOCOL_IKE, 0, "aes128-sha1-dh14", bytes_of(NULL, 0), buffer);
    buffer[4] = 2;
    struct arena arena = arena_make(ARENA_LIMIT);
    struct error error = {0};
    struct suite suite;
    const struct proposal *taken;
    struct proposal_offer offer = {.list = ours};
    assert_false(proposals_select(&offer, proposals_read(body, &arena, &error), 0, &suite, &taken, &error));
    assert_non_null(strstr(error.text, "not numbered 1"));
    arena_release(&arena);
    proposals_free(ours);
}

static void every_usable_transform_id_fits_the_sets_of_the_choice(void **state)
{
    (void)state;
    const struct algorithm *algorithm;
    for (size_t i = 0; (algorithm = algorithm_at(i)) != NULL; i++)
        if (algorithm->uses & (USE_IKEV2_IKE | USE_IKEV2_ESP | USE_IKEV2_AH))
            assert_in_range(algorithm->id, 0, 63);
}

/* --- the initiator's check of the answer --- */

/* Whether `answer`, numbered `number`, passes as the answer to `offer`. */
static bool accept_answer(const struct scene *scene, const char *answer, uint8_t number, struct suite *suite,
                          struct error *error)
{
    uint8_t buffer[BODY_SIZE];
    struct proposal_list *list = list_of(scene->protocol, PROPOSAL_PFS, scene->ours);
    struct proposal_offer offer = our_offer(scene, list);
    body_of(scene->protocol, PROPOSAL_PFS | PROPOSAL_ESN_NO, answer, spi_of(scene->protocol), buffer);
    struct bytes body =
        body_of(scene->protocol, PROPOSAL_PFS | PROPOSAL_ESN_NO, answer, spi_of(scene->protocol), buffer);
    buffer[4] = number;
    struct arena arena = arena_make(ARENA_LIMIT);
    struct proposal_list *read = proposals_read(body, &arena, error);
    const struct proposal *theirs;
    bool accepted = read != NULL && proposals_accept_answer(&offer, read, suite, &theirs, error);
    arena_release(&arena);
    proposals_free(list);
    return accepted;
}

static void an_answer_must_be_one_choice_out_of_the_offer(void **state)
{
    (void)state;
    static const char *const ours = "aes256+aes128-sha2+sha1-dh14+dh31,aes_gcm256-sha2-dh19";
    static const struct {
        const char *answer;
        uint8_t number;
        const char *reason; /* NULL: accepted */
    } cases[] = {
        {"aes128-sha1-dh31", 1, NULL},
        {"aes_gcm256-sha2-dh19", 2, NULL},
        {"aes_gcm256-sha2-dh19", 1,
         "they offer encryption AES_GCM_16_256; we accept AES_CBC_256+AES_CBC_128"},
        {"aes128-sha1-dh31", 2, "they offer encryption"},
        {"aes128-sha1-dh31", 3, "chooses proposal 3, but we offered 1 to 2"},
        {"aes128-sha1-dh19", 1, "they offer DH DH19; we accept MODP2048+DH31"},
        {"aes256+aes128-sha1-dh31", 1, "several transforms of one type"},
        {"aes128-sha1-dh31+dh14", 1, "several transforms of one type"},
        {"aes128-sha1-dh31,aes128-sha1-dh14", 1, "2 proposals instead of the one"},
        {"3des-sha1-dh14", 1, "they offer encryption 3DES_CBC"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct scene scene = {PROTOCOL_IKE, ours};
        struct suite suite = {0};
        struct error error = {0};
        bool accepted = accept_answer(&scene, cases[i].answer, cases[i].number, &suite, &error);
        if (accepted != (cases[i].reason == NULL) ||
            (!accepted && strstr(error.text, cases[i].reason) == NULL))
            fail_msg("%s: %d %s", cases[i].answer, accepted, error.text);
        if (accepted)
            assert_int_equal(suite.proposal_number, cases[i].number);
    }
}

static void an_answer_about_a_child_follows_the_ke_that_went_out(void **state)
{
    (void)state;
    static const struct {
        bool omit_ke;
        uint16_t add_ke;
        const char *answer;
        bool accepted;
    } cases[] = {
        {true, 0, "aes128-sha1", true},           {true, 0, "aes128-sha1;dh0", true},
        {true, 0, "aes128-sha1;dh31", false},     {false, KE_X25519, "aes128-sha1;dh31", true},
        {false, KE_X25519, "aes128-sha1", false}, {false, 0, "aes128-sha1;dh31", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct scene scene = {PROTOCOL_ESP, "aes128-sha1", .omit_ke = cases[i].omit_ke,
                              .add_ke = cases[i].add_ke};
        struct suite suite = {0};
        struct error error = {0};
        if (accept_answer(&scene, cases[i].answer, 1, &suite, &error) != cases[i].accepted)
            fail_msg("case %zu: %s", i, error.text);
    }
}

static void what_the_responder_chooses_the_initiator_accepts(void **state)
{
    (void)state;
    static const enum security_protocol protocols[] = {PROTOCOL_IKE, PROTOCOL_ESP, PROTOCOL_AH};
    for (size_t p = 0; p < ARRAY_SIZE(protocols); p++) {
        struct proposal_list *list = proposals_default(protocols[p], 0);
        struct proposal_offer offer = {.list = list, .spi = spi_of(protocols[p])};
        uint8_t buffer[BODY_SIZE];
        struct writer request = writer_of(buffer, sizeof(buffer));
        proposals_write(&request, &offer);
        struct arena arena = arena_make(ARENA_LIMIT);
        struct error error = {0};
        struct suite chosen, accepted;
        const struct proposal *theirs;
        assert_true(proposals_select(&offer, proposals_read(writer_bytes_so_far(&request), &arena, &error),
                                     KE_X25519, &chosen, &theirs, &error));
        struct writer answer = writer_of(buffer, sizeof(buffer));
        suite_write(&answer, &chosen, offer.spi);
        assert_true(proposals_accept_answer(&offer,
                                            proposals_read(writer_bytes_so_far(&answer), &arena, &error),
                                            &accepted, &theirs, &error));
        assert_ptr_equal(accepted.encr, chosen.encr);
        assert_int_equal(accepted.encr_key_bits, chosen.encr_key_bits);
        assert_ptr_equal(accepted.prf, chosen.prf);
        assert_ptr_equal(accepted.integ, chosen.integ);
        assert_ptr_equal(accepted.ke, chosen.ke);
        assert_int_equal(accepted.esn, chosen.esn);
        arena_release(&arena);
        proposals_free(list);
    }
}

static void the_key_size_of_a_fixed_length_cipher_is_known(void **state)
{
    (void)state;
    uint8_t buffer[BODY_SIZE];
    struct proposal_list *ours = list_of(PROTOCOL_ESP, 0, "3des-sha1");
    struct arena arena = arena_make(ARENA_LIMIT);
    struct error error = {0};
    struct suite suite;
    const struct proposal *theirs;
    struct bytes body = body_of(PROTOCOL_ESP, 0, "3des-sha1", spi_of(PROTOCOL_ESP), buffer);
    struct proposal_offer offer = {.list = ours, .spi = spi_of(PROTOCOL_ESP)};
    assert_true(proposals_select(&offer, proposals_read(body, &arena, &error), 0, &suite, &theirs, &error));
    assert_int_equal(suite.encr_key_bits, 192);
    arena_release(&arena);
    proposals_free(ours);
}

static void the_first_ke_and_the_offered_ones_are_found(void **state)
{
    (void)state;
    struct proposal_list *ike = list_of(PROTOCOL_IKE, 0, "aes128-sha1-dh19+dh14,aes_gcm128-sha2-dh31");
    struct proposal_list *esp = list_of(PROTOCOL_ESP, 0, "aes128-sha1");
    struct proposal_offer offer = {.list = ike};
    assert_int_equal(proposals_first_ke(&offer)->id, KE_ECP256);
    assert_true(proposals_offer_ke(&offer, KE_X25519));
    assert_false(proposals_offer_ke(&offer, KE_X448));
    assert_false(proposals_offer_ke(&offer, KE_NONE));
    offer = (struct proposal_offer){.list = esp};
    assert_null(proposals_first_ke(&offer));
    offer.add_ke = algorithm_by_id(TRANSFORM_KE, KE_X25519);
    assert_ptr_equal(proposals_first_ke(&offer), offer.add_ke);
    assert_true(proposals_offer_ke(&offer, KE_X25519));
    offer.omit_ke = true;
    assert_null(proposals_first_ke(&offer));
    proposals_free(ike);
    proposals_free(esp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_order_decides_between_proposals),
        cmocka_unit_test(our_order_decides_between_transforms),
        cmocka_unit_test(the_group_of_their_ke_payload_is_taken_if_acceptable),
        cmocka_unit_test(an_aead_matches_with_and_without_integ_none),
        cmocka_unit_test(a_child_key_exchange_matches_only_where_both_want_it),
        cmocka_unit_test(extended_sequence_numbers_are_matched),
        cmocka_unit_test(the_reason_names_the_first_type_that_does_not_match),
        cmocka_unit_test(incomplete_or_unknown_ike_proposals_are_refused),
        cmocka_unit_test(triple_des_with_a_key_length_is_refused),
        cmocka_unit_test(a_proposal_of_another_protocol_or_spi_size_is_refused),
        cmocka_unit_test(a_child_proposal_needs_esn_and_takes_no_prf),
        cmocka_unit_test(an_offer_is_numbered_from_one),
        cmocka_unit_test(every_usable_transform_id_fits_the_sets_of_the_choice),
        cmocka_unit_test(an_answer_must_be_one_choice_out_of_the_offer),
        cmocka_unit_test(an_answer_about_a_child_follows_the_ke_that_went_out),
        cmocka_unit_test(what_the_responder_chooses_the_initiator_accepts),
        cmocka_unit_test(the_key_size_of_a_fixed_length_cipher_is_known),
        cmocka_unit_test(the_first_ke_and_the_offered_ones_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
