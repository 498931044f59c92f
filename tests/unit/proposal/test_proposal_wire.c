/* SA payload bodies: what is written, what is read back, and what is refused (RFC 7296 3.3). */
#include "fixture.h"

static const uint8_t child_spi[] = {0xc0, 0xff, 0xee, 0x01};

static struct proposal_list *read_body(struct bytes body, struct arena *arena, struct error *error)
{
    *arena = arena_make(ARENA_LIMIT);
    return proposals_read(body, arena, error);
}

static void the_body_of_an_ike_proposal_is_as_the_rfc_draws_it(void **state)
{
    (void)state;
    static const uint8_t expected[] = {
        0, 0, 0, 44, 1, 1, 0, 4,                  /* last, length, number 1, IKE, no SPI, 4 transforms */
        3, 0, 0, 12, 1, 0, 0, 12, 0x80, 14, 1, 0, /* ENCR_AES_CBC, 256 bits */
        3, 0, 0, 8,  2, 0, 0, 5,                  /* PRF_HMAC_SHA2_256 */
        3, 0, 0, 8,  3, 0, 0, 12,                 /* AUTH_HMAC_SHA2_256_128 */
        0, 0, 0, 8,  4, 0, 0, 14,                 /* 2048-bit MODP */
    };
    uint8_t buffer[BODY_SIZE];
    struct bytes body = body_of(PROTOCOL_IKE, 0, "aes256-sha2-dh14", bytes_of(NULL, 0), buffer);
    assert_int_equal(body.size, sizeof(expected));
    assert_memory_equal(body.data, expected, sizeof(expected));
}

static void the_body_of_a_child_proposal_carries_the_spi(void **state)
{
    (void)state;
    static const uint8_t expected[] = {
        2, 0, 0, 32, 1, 3, 4, 2,  0xc0, 0xff, 0xee, 1,   /* more follow, ESP, SPI */
        3, 0, 0, 12, 1, 0, 0, 20, 0x80, 14,   0,    128, /* AES-GCM-16, 128 bits */
        0, 0, 0, 8,  5, 0, 0, 0,                         /* no ESN */
        0, 0, 0, 36, 2, 3, 4, 3,  0xc0, 0xff, 0xee, 1,   /* last */
        3, 0, 0, 8,  1, 0, 0, 3,                         /* 3DES has no key length */
        3, 0, 0, 8,  3, 0, 0, 2,                         /* AUTH_HMAC_SHA1_96 */
        0, 0, 0, 8,  5, 0, 0, 0,
    };
    uint8_t buffer[BODY_SIZE];
    struct bytes spi = bytes_of(child_spi, sizeof(child_spi));
    struct bytes body = body_of(PROTOCOL_ESP, PROPOSAL_ESN_NO, "aes_gcm128,3des-sha1", spi, buffer);
    assert_int_equal(body.size, sizeof(expected));
    assert_memory_equal(body.data, expected, sizeof(expected));
}

static void what_is_written_reads_back_the_same(void **state)
{
    (void)state;
    static const enum security_protocol protocols[] = {PROTOCOL_IKE, PROTOCOL_ESP, PROTOCOL_AH};
    for (size_t p = 0; p < ARRAY_SIZE(protocols); p++) {
        struct proposal_list *list = proposals_default(protocols[p], 0);
        uint8_t buffer[BODY_SIZE];
        char ours[LIST_TEXT_SIZE], theirs[LIST_TEXT_SIZE];
        struct bytes spi = bytes_of(child_spi, protocols[p] == PROTOCOL_IKE ? 0 : 4);
        struct writer writer = writer_of(buffer, sizeof(buffer));
        proposals_write(&writer, &(struct proposal_offer){.list = list, .spi = spi});
        struct arena arena;
        struct error error = {0};
        struct proposal_list *read = read_body(writer_bytes_so_far(&writer), &arena, &error);
        assert_non_null(read);
        assert_string_equal(list_text(read, theirs), list_text(list, ours));
        for (size_t i = 0; i < read->count; i++) {
            assert_int_equal(read->proposals[i].number, i + 1);
            assert_int_equal(read->proposals[i].protocol, protocols[p]);
            assert_int_equal(read->proposals[i].spi_size, spi.size);
            assert_memory_equal(read->proposals[i].spi, child_spi, spi.size);
        }
        arena_release(&arena);
        proposals_free(list);
    }
}

static void a_writer_that_is_too_small_overflows_and_no_more(void **state)
{
    (void)state;
    struct proposal_list *list = proposals_default(PROTOCOL_IKE, 0);
    uint8_t buffer[BODY_SIZE];
    struct proposal_offer offer = {.list = list};
    struct writer whole = writer_of(buffer, sizeof(buffer));
    proposals_write(&whole, &offer);
    for (size_t size = 0; size < whole.size; size++) {
        struct writer writer = writer_of(buffer, size);
        proposals_write(&writer, &offer);
        assert_true(writer.overflowed);
        assert_true(writer.size <= size);
    }
    proposals_free(list);
}

static void ke_is_left_out_or_added_as_the_exchange_needs(void **state)
{
    (void)state;
    struct proposal_list *named = list_of(PROTOCOL_ESP, PROPOSAL_PFS, "aes128-sha1;dh14+dh19");
    struct proposal_list *plain = list_of(PROTOCOL_ESP, PROPOSAL_PFS, "aes128-sha1");
    const struct algorithm *x25519 = algorithm_by_id(TRANSFORM_KE, KE_X25519);
    const struct {
        struct proposal_offer offer;
        const char *printed;
    } cases[] = {
        {{.list = named}, "AES_CBC_128-HMAC_SHA1_96-MODP2048+DH19"},
        {{.list = named, .omit_ke = true, .add_ke = x25519}, "AES_CBC_128-HMAC_SHA1_96"},
        {{.list = named, .add_ke = x25519}, "AES_CBC_128-HMAC_SHA1_96-MODP2048+DH19"},
        {{.list = plain, .add_ke = x25519}, "AES_CBC_128-HMAC_SHA1_96-DH31"},
        {{.list = plain}, "AES_CBC_128-HMAC_SHA1_96"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint8_t buffer[BODY_SIZE];
        char printed[LIST_TEXT_SIZE];
        struct proposal_offer offer = cases[i].offer;
        offer.spi = bytes_of(child_spi, sizeof(child_spi));
        struct writer writer = writer_of(buffer, sizeof(buffer));
        proposals_write(&writer, &offer);
        struct arena arena;
        struct error error = {0};
        struct proposal_list *read = read_body(writer_bytes_so_far(&writer), &arena, &error);
        assert_non_null(read);
        assert_string_equal(list_text(read, printed), cases[i].printed);
        arena_release(&arena);
    }
    proposals_free(named);
    proposals_free(plain);
}

/* --- refusals of the whole payload --- */

static void check_refused(struct bytes body, const char *reason)
{
    struct arena arena;
    struct error error = {0};
    struct proposal_list *list = read_body(body, &arena, &error);
    if (list != NULL)
        fail_msg("accepted, not: %s", reason);
    if (strstr(error.text, reason) == NULL)
        fail_msg("%s", error.text);
    arena_release(&arena);
}

static void a_truncated_body_is_refused(void **state)
{
    (void)state;
    uint8_t buffer[BODY_SIZE];
    struct bytes spi = bytes_of(child_spi, sizeof(child_spi));
    struct bytes body = body_of(PROTOCOL_ESP, 0, "aes128-sha1,aes_gcm256", spi, buffer);
    for (size_t size = 0; size < body.size; size++) {
        uint8_t *exact = malloc(size + 1); /* so that a read past the end is seen */
        memcpy(exact + 1, body.data, size);
        check_refused(bytes_of(exact + 1, size), "SA payload");
        free(exact);
    }
}

static void a_changed_byte_of_the_structure_is_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
        const char *reason;
    } changes[] = {
        {0, 2, "not the last"},
        {0, 3, "neither 0 nor 2"},
        {2, 1, "truncated"},
        {3, 7, "truncated"},
        {3, 11, "truncated"},
        {3, 47, "1 bytes follow it"},
        {3, 49, "truncated"},
        {4, 0, "out of order"},
        {6, 9, "SPI of 9 bytes"},
        {6, 255, "truncated"},
        {6, 0, ""},
        {7, 0, "0 transforms"},
        {7, 3, "says"},
        {7, 5, "says"},
        {7, 129, "129 transforms"},
        {7, 255, "255 transforms"},
        {12, 0, "transform says 0"},
        {12, 2, "transform says 2"},
        {40, 3, "transform says 3"},
        {15, 0, "truncated"},
        {15, 7, "truncated"},
        {15, 9, "attributes"},
        {15, 11, "attributes"},
        {14, 255, "attributes"},
        {43, 7, "truncated"},
        {43, 9, "attributes"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        uint8_t buffer[BODY_SIZE];
        struct bytes spi = bytes_of(child_spi, sizeof(child_spi));
        struct bytes body = body_of(PROTOCOL_ESP, 0, "aes128-sha1", spi, buffer);
        assert_int_equal(body.size, 48);
        buffer[changes[i].at] = changes[i].value;
        check_refused(body, changes[i].reason);
    }
}

static void proposals_are_numbered_without_a_gap(void **state)
{
    (void)state;
    uint8_t buffer[BODY_SIZE];
    struct bytes body =
        body_of(PROTOCOL_IKE, 0, "aes_gcm128-sha2-dh14,aes_gcm256-sha2-dh14", bytes_of(NULL, 0), buffer);
    size_t second = load_be16(body.data + 2);
    static const uint8_t wrong[] = {0, 1, 3, 255};
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        buffer[second + 4] = wrong[i];
        check_refused(body, "out of order");
    }
}

/* One proposal: ESP, then `count` copies of one transform. */
static struct bytes body_of_copies(uint8_t *buffer, size_t proposals, size_t count)
{
    struct writer writer = writer_of(buffer, 65536);
    for (size_t p = 0; p < proposals; p++) {
        writer_u16(&writer, p + 1 == proposals ? 0 : 0x0200);
        writer_u16(&writer, (uint16_t)(8 + 8 * count));
        writer_u32(&writer, (uint32_t)((p + 1) << 24 | PROTOCOL_IKE << 16 | count));
        for (size_t i = 0; i < count; i++) {
            writer_u32(&writer, i + 1 == count ? 0x00000008 : 0x03000008);
            writer_u32(&writer, 0x04000000 | KE_MODP2048);
        }
    }
    assert_false(writer.overflowed);
    return writer_bytes_so_far(&writer);
}

static void limits_are_met_and_not_passed(void **state)
{
    (void)state;
    uint8_t *buffer = malloc(65536);
    struct arena arena;
    struct error error = {0};
    struct proposal_list *list = read_body(body_of_copies(buffer, PROPOSAL_LIMIT, 1), &arena, &error);
    assert_non_null(list);
    assert_int_equal(list->count, PROPOSAL_LIMIT);
    arena_release(&arena);
    check_refused(body_of_copies(buffer, PROPOSAL_LIMIT + 1, 1), "more than 64 proposals");
    list = read_body(body_of_copies(buffer, 1, PROPOSAL_TRANSFORM_LIMIT), &arena, &error);
    assert_non_null(list);
    assert_int_equal(list->proposals[0].transform_count, PROPOSAL_TRANSFORM_LIMIT);
    arena_release(&arena);
    check_refused(body_of_copies(buffer, 1, PROPOSAL_TRANSFORM_LIMIT + 1), "129 transforms");
    free(buffer);
}

static void an_arena_that_is_too_small_refuses(void **state)
{
    (void)state;
    uint8_t *buffer = malloc(65536);
    struct arena arena = arena_make(256);
    struct error error = {0};
    assert_null(proposals_read(body_of_copies(buffer, PROPOSAL_LIMIT, 1), &arena, &error));
    assert_non_null(strstr(error.text, "too large"));
    arena_release(&arena);
    free(buffer);
}

/* --- attributes of one transform (3.3.5, 3.3.6) --- */

static void unknown_and_wrong_attributes_make_the_transform_unusable(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t type;
        uint8_t size;
        uint8_t attributes[12];
        bool is_unusable;
        uint16_t key_bits;
    } cases[] = {
        {"key length", TRANSFORM_ENCR, 4, {0x80, 14, 0, 128}, false, 128},
        {"no attribute", TRANSFORM_ENCR, 0, {0}, false, 0},
        {"a length no cipher has", TRANSFORM_ENCR, 4, {0x80, 14, 0, 129}, false, 129},
        {"the largest length", TRANSFORM_ENCR, 4, {0x80, 14, 255, 255}, false, 65535},
        {"length zero", TRANSFORM_ENCR, 4, {0x80, 14, 0, 0}, true, 0},
        {"key length twice", TRANSFORM_ENCR, 8, {0x80, 14, 0, 128, 0x80, 14, 1, 0}, true, 128},
        {"long form", TRANSFORM_ENCR, 6, {0, 14, 0, 2, 0, 128}, true, 0},
        {"unknown attribute", TRANSFORM_ENCR, 4, {0x80, 18, 0, 1}, true, 0},
        {"unknown attribute, long form", TRANSFORM_ENCR, 8, {0, 99, 0, 4, 1, 2, 3, 4}, true, 0},
        {"known and unknown", TRANSFORM_ENCR, 8, {0x80, 14, 0, 128, 0x80, 1, 0, 1}, true, 128},
        {"empty long form", TRANSFORM_ENCR, 4, {0, 99, 0, 0}, true, 0},
        {"key length of a PRF", TRANSFORM_PRF, 4, {0x80, 14, 0, 128}, true, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint8_t buffer[64];
        struct writer writer = writer_of(buffer, sizeof(buffer));
        writer_u32(&writer, 16u + cases[i].size);
        writer_u32(&writer, 0x01010001);
        writer_u32(&writer, 8u + cases[i].size);
        writer_u8(&writer, cases[i].type);
        writer_u8(&writer, 0);
        writer_u16(&writer, ENCR_AES_CBC);
        writer_bytes(&writer, bytes_of(cases[i].attributes, cases[i].size));
        struct arena arena;
        struct error error = {0};
        struct proposal_list *list = read_body(writer_bytes_so_far(&writer), &arena, &error);
        if (list == NULL)
            fail_msg("%s: %s", cases[i].what, error.text);
        const struct transform *transform = &list->proposals[0].transforms[0];
        if (transform->is_unusable != cases[i].is_unusable || transform->key_bits != cases[i].key_bits)
            fail_msg("%s: unusable %d, %u bits", cases[i].what, transform->is_unusable, transform->key_bits);
        arena_release(&arena);
    }
}

static void reserved_fields_are_ignored(void **state)
{
    (void)state;
    uint8_t buffer[BODY_SIZE];
    struct bytes body = body_of(PROTOCOL_IKE, 0, "aes256-sha2-dh14", bytes_of(NULL, 0), buffer);
    buffer[1] = buffer[9] = buffer[13] = 0xff;
    struct arena arena;
    struct error error = {0};
    assert_non_null(read_body(body, &arena, &error));
    arena_release(&arena);
}

/* --- mutations --- */

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Reads, chooses, answers and reads the answer: nothing may crash, and what is chosen must be what was
 * offered. */
static void negotiate(struct bytes body, const struct proposal_offer *ours)
{
    struct arena arena = arena_make(ARENA_LIMIT);
    struct error error = {0};
    struct proposal_list *theirs = proposals_read(body, &arena, &error);
    struct suite suite;
    const struct proposal *chosen = NULL;
    if (theirs != NULL && proposals_select(ours, theirs, KE_ECP256, &suite, &chosen, &error)) {
        uint8_t answer[256];
        struct writer writer = writer_of(answer, sizeof(answer));
        suite_write(&writer, &suite, ours->spi);
        assert_false(writer.overflowed);
        assert_in_range(suite.proposal_number, 1, theirs->count);
        assert_non_null(proposals_read(writer_bytes_so_far(&writer), &arena, &error));
    } else {
        assert_true(error.text[0] != '\0');
    }
    arena_release(&arena);
}

static void mutated_bodies_never_crash(void **state)
{
    (void)state;
    static const struct {
        enum security_protocol protocol;
        const char *text;
    } seeds[] = {
        {PROTOCOL_IKE, "aes256+aes128-sha2+sha1-dh14+dh19,aes_gcm256-sha2_512-dh31"},
        {PROTOCOL_ESP, "aes_gcm256,aes128-sha1+sha2_512;dh14+none"},
        {PROTOCOL_AH, "sha2_256+sha1"},
    };
    uint32_t random = 0x5eed;
    for (size_t s = 0; s < ARRAY_SIZE(seeds); s++) {
        struct proposal_list *list = list_of(seeds[s].protocol, PROPOSAL_PFS, seeds[s].text);
        struct proposal_offer offer = {.list = list,
                                       .spi = bytes_of(child_spi, seeds[s].protocol == PROTOCOL_IKE ? 0 : 4)};
        uint8_t pristine[BODY_SIZE];
        struct writer writer = writer_of(pristine, sizeof(pristine));
        proposals_write(&writer, &offer);
        for (size_t round = 0; round < 5000; round++) {
            size_t size =
                next_random(&random) % 4 == 0 ? next_random(&random) % (writer.size + 1) : writer.size;
            uint8_t *body = malloc(size + 1);
            memcpy(body, pristine, size);
            for (size_t flips = next_random(&random) % 4; size > 0 && flips > 0; flips--)
                body[next_random(&random) % size] ^= (uint8_t)(1u << next_random(&random) % 8);
            negotiate(bytes_of(body, size), &offer);
            free(body);
        }
        proposals_free(list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_body_of_an_ike_proposal_is_as_the_rfc_draws_it),
        cmocka_unit_test(the_body_of_a_child_proposal_carries_the_spi),
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(a_writer_that_is_too_small_overflows_and_no_more),
        cmocka_unit_test(ke_is_left_out_or_added_as_the_exchange_needs),
        cmocka_unit_test(a_truncated_body_is_refused),
        cmocka_unit_test(a_changed_byte_of_the_structure_is_refused),
        cmocka_unit_test(proposals_are_numbered_without_a_gap),
        cmocka_unit_test(limits_are_met_and_not_passed),
        cmocka_unit_test(an_arena_that_is_too_small_refuses),
        cmocka_unit_test(unknown_and_wrong_attributes_make_the_transform_unusable),
        cmocka_unit_test(reserved_fields_are_ignored),
        cmocka_unit_test(mutated_bodies_never_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
