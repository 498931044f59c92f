/* ike=, esp= and ah= text: what it is printed as, and where an error points. */
#include "fixture.h"

enum { V2 = PROPOSAL_PFS, V1 = PROPOSAL_PFS | PROPOSAL_IKEV1, NO_PFS = 0 };

#define IKEV2_KE "DH19+DH20+DH21+DH31+MODP4096+MODP3072+MODP2048+MODP8192"

struct example {
    enum security_protocol protocol;
    unsigned flags;
    const char *text;
    const char *printed;
};

static void check_examples(const struct example *examples, size_t count)
{
    char buffer[LIST_TEXT_SIZE];
    for (size_t i = 0; i < count; i++) {
        struct proposal_list *list = list_of(examples[i].protocol, examples[i].flags, examples[i].text);
        assert_string_equal(list_text(list, buffer), examples[i].printed);
        proposals_free(list);
    }
}

static void ike_text_is_printed_as_libreswan_prints_it(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {PROTOCOL_IKE, V2, "aes256-sha2_256;dh14", "AES_CBC_256-HMAC_SHA2_256-MODP2048"},
        {PROTOCOL_IKE, V2, "aes_gcm128-sha2_256-dh31", "AES_GCM_16_128-HMAC_SHA2_256-DH31"},
        {PROTOCOL_IKE, V2, "aes_gcm256-sha2_512-dh21,aes128-sha1;modp2048",
         "AES_GCM_16_256-HMAC_SHA2_512-DH21, AES_CBC_128-HMAC_SHA1-MODP2048"},
        {PROTOCOL_IKE, V2, "aes_gcm256-sha2_512+sha2_256-dh19+dh31",
         "AES_GCM_16_256-HMAC_SHA2_512+HMAC_SHA2_256-DH19+DH31"},
        {PROTOCOL_IKE, V2, "aes256+aes128-sha2-dh14", "AES_CBC_256+AES_CBC_128-HMAC_SHA2_256-MODP2048"},
        {PROTOCOL_IKE, V2, "3des-sha1-modp1536", "3DES_CBC-HMAC_SHA1-MODP1536"},
        {PROTOCOL_IKE, V2, "chacha20_poly1305-sha2_512-dh31", "CHACHA20_POLY1305-HMAC_SHA2_512-DH31"},
        {PROTOCOL_IKE, V2, "AES256-SHA2_256-DH14", "AES_CBC_256-HMAC_SHA2_256-MODP2048"},
        {PROTOCOL_IKE, V2, "aes-sha1-modp2048,3des-md5-modp1536",
         "AES_CBC-HMAC_SHA1-MODP2048, 3DES_CBC-HMAC_MD5-MODP1536"},
        {PROTOCOL_IKE, V2, "aes_gcm-md5-dh31", "AES_GCM_16-HMAC_MD5-DH31"},
    };
    check_examples(examples, ARRAY_SIZE(examples));
}

static void proposals_that_are_said_again_fold(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {PROTOCOL_ESP, V2, "aes-sha1,aes-sha1", "AES_CBC-HMAC_SHA1_96"},
        {PROTOCOL_ESP, V2, "aes-sha1,aes128-sha1,aes-sha1", "AES_CBC-HMAC_SHA1_96, AES_CBC_128-HMAC_SHA1_96"},
        {PROTOCOL_ESP, V1, "aes128-sha1,aes128-sha1;dh14,aes128-sha1",
         "AES_CBC_128-HMAC_SHA1_96, AES_CBC_128-HMAC_SHA1_96-MODP2048"},
        {PROTOCOL_AH, V2, "sha1,sha2+sha1,sha1+sha2",
         "HMAC_SHA1_96, HMAC_SHA2_256_128+HMAC_SHA1_96, "
         "HMAC_SHA1_96+HMAC_SHA2_256_128"},
    };
    check_examples(examples, ARRAY_SIZE(examples));
}

static void more_repetitions_than_a_list_holds_fold(void **state)
{
    (void)state;
    char text[(PROPOSAL_LIMIT + 1) * 9] = "", buffer[LIST_TEXT_SIZE];
    for (size_t i = 0; i <= PROPOSAL_LIMIT; i++)
        strcat(text, i == 0 ? "3des-md5" : ",3des-md5");
    struct proposal_list *list = list_of(PROTOCOL_ESP, V1, text);
    assert_string_equal(list_text(list, buffer), "3DES_CBC-HMAC_MD5_96");
    proposals_free(list);
}

static void child_text_is_printed_as_libreswan_prints_it(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {PROTOCOL_ESP, V2, "aes_gcm128-null", "AES_GCM_16_128-NONE"},
        {PROTOCOL_ESP, V2, "aes_gcm256", "AES_GCM_16_256-NONE"},
        {PROTOCOL_ESP, V2, "aes_gcm256-none-dh31", "AES_GCM_16_256-NONE-DH31"},
        {PROTOCOL_ESP, V2, "aes-sha2_512", "AES_CBC-HMAC_SHA2_512_256"},
        {PROTOCOL_ESP, V2, "aes128-sha1;dh14", "AES_CBC_128-HMAC_SHA1_96-MODP2048"},
        {PROTOCOL_ESP, V2, "aes128-sha1;dh14+none", "AES_CBC_128-HMAC_SHA1_96-MODP2048+NONE"},
        {PROTOCOL_ESP, V2, "aes256", "AES_CBC_256-HMAC_SHA2_512_256+HMAC_SHA2_256_128"},
        {PROTOCOL_ESP, V2, "null-sha1", "NULL-HMAC_SHA1_96"},
        {PROTOCOL_ESP, NO_PFS, "aes_gcm128-null-dh0", "AES_GCM_16_128-NONE"},
        {PROTOCOL_ESP, V2, "aes;none", "AES_CBC-HMAC_SHA2_512_256+HMAC_SHA2_256_128-NONE"},
        {PROTOCOL_ESP, NO_PFS, "aes;null", "AES_CBC-HMAC_SHA2_512_256+HMAC_SHA2_256_128"},
        {PROTOCOL_ESP, V1, "aes-aes_cmac", "AES_CBC-AES_CMAC_96"},
        {PROTOCOL_AH, V1, "aes_cmac", "AES_CMAC_96"},
        {PROTOCOL_AH, V2, "sha2_512+sha2", "HMAC_SHA2_512_256+HMAC_SHA2_256_128"},
        {PROTOCOL_AH, V2, "sha1-dh19", "HMAC_SHA1_96-DH19"},
    };
    check_examples(examples, ARRAY_SIZE(examples));
}

static void a_key_length_may_be_written_in_every_way(void **state)
{
    (void)state;
    static const char *const cbc[] = {"aes128-sha1-dh14", "aes_128-sha1-dh14", "aes-128-sha1-dh14",
                                      "aes_cbc_128-sha1-dh14", "AES_CBC-128-sha1-dh14"};
    static const char *const gcm[] = {"aes_gcm256-sha2-dh14",     "aes_gcm_256-sha2-dh14",
                                      "aes_gcm_c_256-sha2-dh14",  "aes_gcm_c256-sha2-dh14",
                                      "aes_gcm_16_256-sha2-dh14", "aes_gcm-256-sha2-dh14"};
    for (size_t i = 0; i < ARRAY_SIZE(cbc); i++)
        check_examples(&(struct example){PROTOCOL_IKE, V2, cbc[i], "AES_CBC_128-HMAC_SHA1-MODP2048"}, 1);
    for (size_t i = 0; i < ARRAY_SIZE(gcm); i++)
        check_examples(&(struct example){PROTOCOL_IKE, V2, gcm[i], "AES_GCM_16_256-HMAC_SHA2_256-MODP2048"},
                       1);
}

static void separators_and_blanks_are_free(void **state)
{
    (void)state;
    static const char *const texts[] = {"aes256-sha1-dh14", "aes256;sha1;dh14", "aes256-sha1;modp2048",
                                        " aes256 - sha1 ; dh14 "};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        check_examples(&(struct example){PROTOCOL_IKE, V2, texts[i], "AES_CBC_256-HMAC_SHA1-MODP2048"}, 1);
}

static void the_long_form_names_each_type(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {PROTOCOL_IKE, V2, "encrypt=aes256+aes128;prf=sha2_256;integ=sha1;ke=dh19+dh31",
         "AES_CBC_256+AES_CBC_128-HMAC_SHA2_256-HMAC_SHA1_96-DH19+DH31"},
        {PROTOCOL_IKE, V2, "encrypt=aes_gcm256;integ=none;prf=sha2_512;ke=dh31",
         "AES_GCM_16_256-HMAC_SHA2_512-DH31"},
        {PROTOCOL_IKE, V2, "aes256;ke=dh19;prf=sha1", "AES_CBC_256-HMAC_SHA1-DH19"},
        {PROTOCOL_ESP, V2, "encrypt=aes256;integ=sha1;esn=yes", "AES_CBC_256-HMAC_SHA1_96"},
    };
    check_examples(examples, ARRAY_SIZE(examples));
}

static void prf_and_integrity_are_told_apart(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {PROTOCOL_IKE, V2, "aes128-sha1_96-sha2-dh14", "AES_CBC_128-HMAC_SHA2_256-HMAC_SHA1_96-MODP2048"},
        {PROTOCOL_IKE, V2, "aes128-sha2-sha1_96-dh14", "AES_CBC_128-HMAC_SHA2_256-HMAC_SHA1_96-MODP2048"},
        {PROTOCOL_IKE, V2, "aes128-sha1-sha2-dh14", "AES_CBC_128-HMAC_SHA2_256-HMAC_SHA1_96-MODP2048"},
        {PROTOCOL_IKE, V2, "aes128-sha2_256_128-dh14", "AES_CBC_128-HMAC_SHA2_256-MODP2048"},
        {PROTOCOL_IKE, V2, "aes128-sha1-sha1-dh14", "AES_CBC_128-HMAC_SHA1-MODP2048"},
        {PROTOCOL_IKE, V2, "aes_gcm128-null-sha2-dh14", "AES_GCM_16_128-HMAC_SHA2_256-MODP2048"},
        {PROTOCOL_IKE, V2, "aes_gcm128-sha2-null-dh14", "AES_GCM_16_128-HMAC_SHA2_256-MODP2048"},
    };
    check_examples(examples, ARRAY_SIZE(examples));
}

static void what_is_missing_comes_from_the_defaults(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {PROTOCOL_IKE, V2, "aes256", "AES_CBC_256-HMAC_SHA2_512+HMAC_SHA2_256-" IKEV2_KE},
        {PROTOCOL_IKE, V2, "aes_gcm128", "AES_GCM_16_128-HMAC_SHA2_512+HMAC_SHA2_256-" IKEV2_KE},
        {PROTOCOL_IKE, V2, "aes-sha1", "AES_CBC-HMAC_SHA1-" IKEV2_KE},
        {PROTOCOL_IKE, V2, "aes128-dh14", "AES_CBC_128-HMAC_SHA2_512+HMAC_SHA2_256-MODP2048"},
        {PROTOCOL_IKE, V2, "prf=sha1;ke=dh14",
         "AES_GCM_16_256-HMAC_SHA1-MODP2048, AES_GCM_16_128-HMAC_SHA1-MODP2048, "
         "CHACHA20_POLY1305-HMAC_SHA1-MODP2048, "
         "AES_CBC_256-HMAC_SHA1-MODP2048, AES_CBC_128-HMAC_SHA1-MODP2048"},
    };
    check_examples(examples, ARRAY_SIZE(examples));
}

static void check_default(enum security_protocol protocol, unsigned flags, const char *printed)
{
    char buffer[LIST_TEXT_SIZE];
    struct proposal_list *list = proposals_default(protocol, flags);
    assert_non_null(list);
    assert_string_equal(list_text(list, buffer), printed);
    proposals_free(list);
}

static void the_defaults_are_those_of_libreswan_5(void **state)
{
    (void)state;
#define PRF_KE "-HMAC_SHA2_512+HMAC_SHA2_256-" IKEV2_KE
    check_default(PROTOCOL_IKE, 0,
                  "AES_GCM_16_256" PRF_KE ", AES_GCM_16_128" PRF_KE ", CHACHA20_POLY1305" PRF_KE
                  ", AES_CBC_256" PRF_KE ", AES_CBC_128" PRF_KE);
    check_default(
        PROTOCOL_ESP, 0,
        "AES_GCM_16_256-NONE, AES_GCM_16_128-NONE, CHACHA20_POLY1305-NONE, "
        "AES_CBC_256-HMAC_SHA2_512_256+HMAC_SHA2_256_128, AES_CBC_128-HMAC_SHA2_512_256+HMAC_SHA2_256_128");
    check_default(PROTOCOL_AH, 0, "HMAC_SHA2_512_256+HMAC_SHA2_256_128");
}

static void esn_follows_the_flags_and_prefers_yes(void **state)
{
    (void)state;
    static const struct {
        unsigned flags;
        uint16_t ids[2];
        size_t count;
    } cases[] = {
        {0, {ESN_YES, ESN_NO}, 2},
        {PROPOSAL_ESN_NO | PROPOSAL_ESN_YES, {ESN_YES, ESN_NO}, 2},
        {PROPOSAL_ESN_NO, {ESN_NO}, 1},
        {PROPOSAL_ESN_YES, {ESN_YES}, 1},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct proposal_list *list = list_of(PROTOCOL_ESP, cases[i].flags, "aes_gcm128");
        const struct proposal *proposal = &list->proposals[0];
        assert_int_equal(proposal->transform_count, 1 + cases[i].count);
        for (size_t e = 0; e < cases[i].count; e++) {
            assert_int_equal(proposal->transforms[1 + e].type, TRANSFORM_ESN);
            assert_int_equal(proposal->transforms[1 + e].id, cases[i].ids[e]);
        }
        proposals_free(list);
    }
}

static void aes_without_a_length_offers_256_then_128(void **state)
{
    (void)state;
    struct proposal_list *list = list_of(PROTOCOL_IKE, V2, "aes-sha2-dh14");
    const struct transform *transforms = list->proposals[0].transforms;
    assert_int_equal(transforms[0].id, ENCR_AES_CBC);
    assert_int_equal(transforms[0].key_bits, 256);
    assert_int_equal(transforms[1].id, ENCR_AES_CBC);
    assert_int_equal(transforms[1].key_bits, 128);
    assert_int_equal(transforms[2].type, TRANSFORM_PRF);
    proposals_free(list);
}

static void a_repeated_algorithm_is_offered_once(void **state)
{
    (void)state;
    check_examples(&(struct example){PROTOCOL_IKE, V2, "aes128+aes128-sha1+sha-dh14+modp2048",
                                     "AES_CBC_128-HMAC_SHA1-MODP2048"},
                   1);
}

/* IKEv1's algorithms come with IKEv1. */
static bool runs_ikev1(void)
{
    return algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_CBC)->uses & USE_IKEV1_IKE;
}

static void a_printed_list_reads_back(void **state)
{
    (void)state;
    static const enum security_protocol protocols[] = {PROTOCOL_IKE, PROTOCOL_ESP, PROTOCOL_AH};
    for (size_t p = 0; p < ARRAY_SIZE(protocols); p++)
        for (unsigned flags = 0; flags <= PROPOSAL_IKEV1; flags++) {
            if ((flags & PROPOSAL_IKEV1) && !runs_ikev1())
                continue;
            struct proposal_list *first = proposals_default(protocols[p], flags);
            char printed[LIST_TEXT_SIZE], again[LIST_TEXT_SIZE];
            struct proposal_list *second = list_of(protocols[p], flags, list_text(first, printed));
            assert_string_equal(list_text(second, again), printed);
            proposals_free(first);
            proposals_free(second);
        }
}

struct refusal {
    enum security_protocol protocol;
    unsigned flags;
    const char *text;
    int offset;
    const char *reason; /* part of it */
};

static void check_refusals(const struct refusal *refusals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct error error = {0};
        struct proposal_list *list =
            proposals_parse(refusals[i].protocol, refusals[i].flags, refusals[i].text, &error);
        if (list != NULL)
            fail_msg("%s is accepted", refusals[i].text);
        if (error.code != refusals[i].offset || strstr(error.text, refusals[i].reason) == NULL)
            fail_msg("at %d: %s", error.code, error.text);
    }
}

static void an_error_points_at_the_word(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {PROTOCOL_IKE, V2, "aes256-sha9", 7,
         "ike=\"aes256-sha9\": \"sha9\" is not a known PRF/integrity/key exchange"},
        {PROTOCOL_IKE, V2, "aes256-sha1,ase-sha1", 12, "\"ase\" is not a known encryption algorithm"},
        {PROTOCOL_IKE, V2, "aes256-sha1-dh99", 12, "\"dh99\" is not a known integrity/key exchange"},
        {PROTOCOL_ESP, V2, "aes256-sha1+shb1", 12, "esp=\"aes256-sha1+shb1\": \"shb1\""},
        {PROTOCOL_AH, V2, "aes-sha1", 0, "\"aes\" is a known encryption algorithm"},
        {PROTOCOL_ESP, V2, "aes-dh14-sha1", 9, "behind the last algorithm"},
        {PROTOCOL_IKE, V2, "sha1-aes", 0, "here belongs the encryption algorithm"},
        {PROTOCOL_IKE, V2, "aes256 sha1", 7, "separator"},
        {PROTOCOL_IKE, V2, "aes--sha1", 4, "missing"},
        {PROTOCOL_IKE, V2, "aes-sha1,", 9, "missing"},
        {PROTOCOL_IKE, V2, "", 0, "missing"},
        {PROTOCOL_IKE, V2, "aes+", 4, "missing"},
        {PROTOCOL_IKE, V2, "encrypt=", 8, "missing"},
        {PROTOCOL_IKE, V2, "aes;foo=bar", 4, "none of encrypt="},
        {PROTOCOL_IKE, V2, "aes;esn=yes", 4, "not negotiated here"},
        {PROTOCOL_ESP, V2, "aes;esn=maybe", 8, "neither"},
        {PROTOCOL_IKE, V2, "aes;prf=sha1;prf=sha2", 17, "second time"},
        {PROTOCOL_IKE, V2, "aes_gcm;addke1=ml_kem_768", 8, "additional key exchange"},
    };
    check_refusals(refusals, ARRAY_SIZE(refusals));
}

static void a_near_miss_gets_a_suggestion(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {PROTOCOL_IKE, V2, "ase256-sha1", 0, "did you mean \"aes\"?"},
        {PROTOCOL_IKE, V2, "aes256-sha9", 7, "did you mean \"sha1\"?"},
        {PROTOCOL_IKE, V2, "aes256-sha2_265", 7, "did you mean \"sha2_256\"?"},
        {PROTOCOL_IKE, V2, "aes-sha1-mopd2048", 9, "did you mean \"modp2048\"?"},
    };
    check_refusals(refusals, ARRAY_SIZE(refusals));
}

static void key_lengths_that_no_cipher_takes_are_refused(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {PROTOCOL_IKE, V2, "aes257-sha1", 0, "AES_CBC takes a key length of"},
        {PROTOCOL_IKE, V2, "aes0", 0, "AES_CBC takes"},
        {PROTOCOL_IKE, V2, "aes-sha1,aes_gcm-129", 9, "AES_GCM_16 takes"},
        {PROTOCOL_IKE, V2, "aes99999999999999999999999999", 0, "AES_CBC takes"},
        {PROTOCOL_ESP, V2, "3des168-sha1", 0, "3DES_CBC takes no key length"},
    };
    check_refusals(refusals, ARRAY_SIZE(refusals));
}

static void what_cannot_go_together_is_refused(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {PROTOCOL_IKE, V2, "aes_gcm+aes-sha1", 0, "need different integrity algorithms"},
        {PROTOCOL_ESP, V2, "aes_gcm128-sha1", 11, "AES_GCM_16 is an AEAD"},
        {PROTOCOL_ESP, V2, "aes128-null", 7, "cannot go without an integrity algorithm"},
        {PROTOCOL_ESP, V2, "null-null", 5, "cannot go without an integrity algorithm"},
        {PROTOCOL_AH, V2, "none", 0, "AH cannot go without"},
        {PROTOCOL_IKE, V2, "aes128-sha1;dh0", 12, "needs a key exchange"},
    };
    check_refusals(refusals, ARRAY_SIZE(refusals));
}

static void without_pfs_a_key_exchange_of_a_child_is_passed_over(void **state)
{
    (void)state;
    char buffer[128];
    struct text text = text_of(buffer, sizeof(buffer));
    struct proposal_list *list = proposals_parse(PROTOCOL_ESP, 0, "aes128-sha1;dh14+dh19", NULL);
    assert_non_null(list);
    proposals_text(&text, list);
    assert_string_equal(buffer, "AES_CBC_128-HMAC_SHA1_96");
    proposals_free(list);
    assert_string_equal(proposals_ignored_ke(PROTOCOL_ESP, 0, "aes128-sha1;dh14+dh19")->name, "MODP2048");
    assert_null(proposals_ignored_ke(PROTOCOL_ESP, PROPOSAL_PFS, "aes128-sha1;dh14"));
    assert_null(proposals_ignored_ke(PROTOCOL_ESP, 0, "aes128-sha1;none"));
    assert_null(proposals_ignored_ke(PROTOCOL_ESP, 0, "aes128-sha1"));
    assert_null(proposals_ignored_ke(PROTOCOL_IKE, 0, "aes128-sha1;dh14"));
}

static void what_this_build_cannot_run_is_refused_by_name(void **state)
{
    (void)state;
    const struct algorithm *algorithm;
    for (size_t i = 0; (algorithm = algorithm_at(i)) != NULL; i++) {
        if (algorithm->uses != 0 || algorithm->type != TRANSFORM_ENCR)
            continue;
        char reason[128];
        snprintf(reason, sizeof(reason), "%s is not supported by this build", algorithm->name);
        check_refusals(&(struct refusal){PROTOCOL_ESP, V2, algorithm->name, 0, reason}, 1);
    }
    static const struct refusal refusals[] = {
        {PROTOCOL_IKE, V2, "aes_gmac-sha1", 0, "NULL_AUTH_AES_GMAC cannot be used for IKE with IKEv2"},
        {PROTOCOL_IKE, V2, "null-sha1", 0, "NULL cannot be used for IKE with IKEv2"},
    };
    check_refusals(refusals, ARRAY_SIZE(refusals));
}

static void ikev1_text_is_printed_as_libreswan_prints_it(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {PROTOCOL_IKE, V1, "aes128-sha2_256;modp2048", "AES_CBC_128-HMAC_SHA2_256-MODP2048"},
        {PROTOCOL_IKE, V1, "3des-sha1;modp1536", "3DES_CBC-HMAC_SHA1-MODP1536"},
        {PROTOCOL_IKE, V1, "aes128-sha2",
         "AES_CBC_128-HMAC_SHA2_256-MODP2048, AES_CBC_128-HMAC_SHA2_256-MODP1536, "
         "AES_CBC_128-HMAC_SHA2_256-DH19, "
         "AES_CBC_128-HMAC_SHA2_256-DH31"},
        {PROTOCOL_IKE, V1, "3des-sha1",
         "3DES_CBC-HMAC_SHA1-MODP2048, 3DES_CBC-HMAC_SHA1-MODP1536, 3DES_CBC-HMAC_SHA1-DH19, "
         "3DES_CBC-HMAC_SHA1-DH31"},
        {PROTOCOL_ESP, V1, "aes128-sha2_256", "AES_CBC_128-HMAC_SHA2_256_128"},
        {PROTOCOL_ESP, V1, "aes",
         "AES_CBC-HMAC_SHA1_96, AES_CBC-HMAC_SHA2_512_256, AES_CBC-HMAC_SHA2_256_128"},
        {PROTOCOL_ESP, V1, "aes_gcm256", "AES_GCM_16_256-NONE"},
    };
    static const struct refusal refusals[] = {
        {PROTOCOL_IKE, V1, "aes+3des-sha1", 4, "IKEv1 takes one algorithm of each kind"},
        {PROTOCOL_IKE, V1, "aes_gcm256-sha1", 0, "AES_GCM_16 cannot be used for IKE with IKEv1"},
    };
    if (!runs_ikev1())
        skip();
    check_examples(examples, ARRAY_SIZE(examples));
    check_refusals(refusals, ARRAY_SIZE(refusals));
}

static void the_ikev1_child_defaults_are_those_of_libreswan_5(void **state)
{
    (void)state;
    if (!runs_ikev1())
        skip();
    check_default(PROTOCOL_AH, PROPOSAL_IKEV1, "HMAC_SHA1_96, HMAC_SHA2_512_256, HMAC_SHA2_256_128");
    check_default(
        PROTOCOL_ESP, PROPOSAL_IKEV1,
        "AES_CBC-HMAC_SHA1_96, AES_CBC-HMAC_SHA2_512_256, AES_CBC-HMAC_SHA2_256_128, AES_GCM_16_128-NONE, "
        "AES_GCM_16_256-NONE, 3DES_CBC-HMAC_SHA1_96, 3DES_CBC-HMAC_SHA2_512_256, 3DES_CBC-HMAC_SHA2_256_128");
}

static void the_ikev1_default_has_every_combination_groups_slowest(void **state)
{
    (void)state;
    if (!runs_ikev1())
        skip();
    struct proposal_list *list = proposals_default(PROTOCOL_IKE, PROPOSAL_IKEV1);
    char buffer[LIST_TEXT_SIZE];
    assert_int_equal(list->count, 24);
    assert_ptr_equal(
        strstr(list_text(list, buffer),
               "AES_CBC-HMAC_SHA2_256-MODP2048, 3DES_CBC-HMAC_SHA2_256-MODP2048, AES_CBC-HMAC_SHA2_512-"),
        buffer);
    assert_non_null(strstr(buffer, ", 3DES_CBC-HMAC_SHA1-DH31"));
    proposals_free(list);
}

static void ikev1_is_refused_by_name_where_it_cannot_run(void **state)
{
    (void)state;
    if (runs_ikev1())
        skip();
    assert_null(proposals_default(PROTOCOL_IKE, PROPOSAL_IKEV1));
    check_refusals(
        &(struct refusal){PROTOCOL_IKE, V1, "aes-sha1", 0, "AES_CBC cannot be used for IKE with IKEv1"}, 1);
}

/* All different: the bits of the number choose from seven integrity algorithms. */
static void too_many_proposals_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"sha1", "sha2_256", "sha2_384", "sha2_512",
                                        "md5",  "aes_xcbc", "aes_cmac"};
    char text[(PROPOSAL_LIMIT + 1) * 64] = "";
    for (unsigned number = 1; number <= PROPOSAL_LIMIT + 1; number++) {
        if (number == PROPOSAL_LIMIT + 1)
            proposals_free(list_of(PROTOCOL_ESP, V2, text));
        strcat(text, number == 1 ? "aes256" : ",aes256");
        for (size_t i = 0, count = 0; i < ARRAY_SIZE(names); i++)
            if (number >> i & 1)
                strcat(strcat(text, count++ == 0 ? "-" : "+"), names[i]);
    }
    check_refusals(&(struct refusal){PROTOCOL_ESP, V2, text, 0, "more than 64 proposals"}, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ike_text_is_printed_as_libreswan_prints_it),
        cmocka_unit_test(child_text_is_printed_as_libreswan_prints_it),
        cmocka_unit_test(proposals_that_are_said_again_fold),
        cmocka_unit_test(more_repetitions_than_a_list_holds_fold),
        cmocka_unit_test(a_key_length_may_be_written_in_every_way),
        cmocka_unit_test(separators_and_blanks_are_free),
        cmocka_unit_test(the_long_form_names_each_type),
        cmocka_unit_test(prf_and_integrity_are_told_apart),
        cmocka_unit_test(what_is_missing_comes_from_the_defaults),
        cmocka_unit_test(the_defaults_are_those_of_libreswan_5),
        cmocka_unit_test(ikev1_text_is_printed_as_libreswan_prints_it),
        cmocka_unit_test(the_ikev1_child_defaults_are_those_of_libreswan_5),
        cmocka_unit_test(the_ikev1_default_has_every_combination_groups_slowest),
        cmocka_unit_test(ikev1_is_refused_by_name_where_it_cannot_run),
        cmocka_unit_test(esn_follows_the_flags_and_prefers_yes),
        cmocka_unit_test(aes_without_a_length_offers_256_then_128),
        cmocka_unit_test(a_repeated_algorithm_is_offered_once),
        cmocka_unit_test(a_printed_list_reads_back),
        cmocka_unit_test(an_error_points_at_the_word),
        cmocka_unit_test(a_near_miss_gets_a_suggestion),
        cmocka_unit_test(key_lengths_that_no_cipher_takes_are_refused),
        cmocka_unit_test(what_cannot_go_together_is_refused),
        cmocka_unit_test(without_pfs_a_key_exchange_of_a_child_is_passed_over),
        cmocka_unit_test(what_this_build_cannot_run_is_refused_by_name),
        cmocka_unit_test(too_many_proposals_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
