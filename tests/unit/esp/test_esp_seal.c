/* ESP framing, the checks after decryption, limits, traffic classes and ICMP for packets that are too big. */
#include "esp/encapsulation.h"
#include "esp/icmp_too_big.h"
#include "esp/sad.h"
#include "sa_for_tests.h"

#include "esp/checksum.h"

static const struct suite_under_test gcm = {ENCR_AES_GCM_16, 128, 0};
static const struct suite_under_test cbc = {ENCR_AES_CBC, 128, INTEG_HMAC_SHA2_256_128};

struct pair {
    struct esp_crypto *crypto;
    struct esp_sa *out, *in;
    uint8_t frame[4096];
    size_t size;
    struct esp_job job;
    struct esp_received received;
};

static void make_pair(struct pair *pair, const struct suite_under_test *suite)
{
    pair->crypto = esp_crypto_new(ESP_ALL_PROVIDERS, predictable_random);
    pair->out = sa_for_suite(suite, true, false);
    pair->in = sa_for_suite(suite, false, false);
}

static void free_pair(struct pair *pair)
{
    esp_sa_unref(pair->out);
    esp_sa_unref(pair->in);
    esp_crypto_free(pair->crypto);
}

/* Seals a payload; `trailer_edit` may spoil the trailer before it is encrypted. */
static void seal(struct pair *pair, size_t payload, uint8_t next_header,
                 void (*trailer_edit)(struct esp_job *job))
{
    memset(pair->frame + esp_payload_offset(pair->out), 0x45, payload);
    assert_true(esp_frame_payload(pair->out, pair->crypto, pair->frame, payload, next_header, &pair->job));
    if (trailer_edit != NULL)
        trailer_edit(&pair->job);
    assert_true(esp_cipher_seal(pair->crypto, &pair->out->cipher, &pair->out->keys, &pair->job, 1));
    pair->size = esp_sealed_size(pair->out, payload);
}

static enum esp_verdict open_frame(struct pair *pair)
{
    if (!esp_open_begin(pair->in, pair->frame, pair->size, &pair->job, &pair->received))
        return pair->received.verdict;
    esp_cipher_open(pair->crypto, &pair->in->cipher, &pair->in->keys, &pair->job, 1);
    (void)esp_open_finish(pair->in, &pair->received);
    return pair->received.verdict;
}

static void test_every_payload_size_comes_back_whole(void **state)
{
    (void)state;
    const struct suite_under_test *suites[] = {&gcm, &cbc};
    for (size_t s = 0; s < 2; s++) {
        struct pair pair;
        make_pair(&pair, suites[s]);
        for (size_t payload = 0; payload < 100; payload++) {
            seal(&pair, payload, IPPROTO_NUMBER_IPV4, NULL);
            assert_int_equal(open_frame(&pair), ESP_ACCEPTED);
            assert_int_equal(pair.received.payload_size, payload);
            assert_int_equal(pair.received.next_header, IPPROTO_NUMBER_IPV4);
            assert_int_equal((pair.size - esp_payload_offset(pair.out) - pair.out->icv_size) % 4, 0);
        }
        free_pair(&pair);
    }
}

static void test_the_same_packet_twice_is_a_replay(void **state)
{
    (void)state;
    struct pair pair;
    uint8_t copy[4096];
    make_pair(&pair, &gcm);
    seal(&pair, 100, IPPROTO_NUMBER_IPV4, NULL);
    memcpy(copy, pair.frame, sizeof(copy));
    assert_int_equal(open_frame(&pair), ESP_ACCEPTED);
    memcpy(pair.frame, copy, sizeof(copy));
    assert_int_equal(open_frame(&pair), ESP_REPLAYED);
    assert_int_equal(pair.in->counters.replays, 1);
    free_pair(&pair);
}

static void test_a_forged_packet_does_not_move_the_window(void **state)
{
    (void)state;
    struct pair pair;
    make_pair(&pair, &gcm);
    seal(&pair, 100, IPPROTO_NUMBER_IPV4, NULL);
    store_be32(pair.frame + 4, 1000000);
    assert_int_equal(open_frame(&pair), ESP_NOT_AUTHENTIC);
    assert_int_equal(pair.in->replay.highest, 0);
    free_pair(&pair);
}

static void test_dummy_packets_are_dropped_in_silence(void **state)
{
    (void)state;
    struct pair pair;
    make_pair(&pair, &gcm);
    seal(&pair, 100, IPPROTO_NUMBER_NONE, NULL);
    assert_int_equal(open_frame(&pair), ESP_DUMMY);
    assert_int_equal(pair.in->counters.other_drops, 0);
    free_pair(&pair);
}

static void spoil_padding(struct esp_job *job)
{
    job->parts.data[job->parts.data_size - 3] ^= 1;
}

static void claim_too_much_padding(struct esp_job *job)
{
    job->parts.data[job->parts.data_size - 2] = 255;
}

static void test_wrong_padding_behind_a_right_icv_is_malformed(void **state)
{
    (void)state;
    struct pair pair;
    make_pair(&pair, &cbc);
    seal(&pair, 20, IPPROTO_NUMBER_IPV4, spoil_padding);
    assert_int_equal(open_frame(&pair), ESP_MALFORMED);
    seal(&pair, 20, IPPROTO_NUMBER_IPV4, claim_too_much_padding);
    assert_int_equal(open_frame(&pair), ESP_MALFORMED);
    assert_int_equal(pair.in->counters.other_drops, 2);
    free_pair(&pair);
}

static void test_frames_cut_anywhere_are_refused(void **state)
{
    (void)state;
    struct pair pair;
    make_pair(&pair, &cbc);
    seal(&pair, 100, IPPROTO_NUMBER_IPV4, NULL);
    size_t whole = pair.size;
    uint8_t copy[4096];
    memcpy(copy, pair.frame, sizeof(copy));
    for (pair.size = 0; pair.size < whole; pair.size++) {
        uint32_t spi;
        memcpy(pair.frame, copy, sizeof(copy));
        if (esp_frame_spi(bytes_of(pair.frame, pair.size), &spi))
            assert_int_not_equal(open_frame(&pair), ESP_ACCEPTED);
    }
    free_pair(&pair);
}

static void test_a_32_bit_sequence_number_never_cycles(void **state)
{
    (void)state;
    struct pair pair;
    make_pair(&pair, &gcm);
    pair.out->sequence = UINT32_MAX - 1;
    seal(&pair, 10, IPPROTO_NUMBER_IPV4, NULL);
    assert_int_equal(esp_sa_count(pair.out, 10, 1), ESP_LIMIT_HARD);
    assert_false(esp_frame_payload(pair.out, pair.crypto, pair.frame, 10, IPPROTO_NUMBER_IPV4, &pair.job));
    free_pair(&pair);
}

static void test_limits_are_told_once_each_and_the_hard_one_stops_the_sa(void **state)
{
    (void)state;
    struct esp_sa_spec spec = spec_for_suite(&gcm, true);
    spec.soft_bytes = 1000;
    spec.hard_packets = 3;
    struct esp_sa *sa = esp_sa_new(&spec, NULL);
    assert_int_equal(esp_sa_count(sa, 999, 1), ESP_LIMIT_NONE);
    assert_int_equal(esp_sa_count(sa, 1, 1), ESP_LIMIT_SOFT);
    assert_true(esp_sa_is_usable(sa));
    assert_int_equal(esp_sa_count(sa, 1, 1), ESP_LIMIT_HARD);
    assert_false(esp_sa_is_usable(sa));
    assert_int_equal(esp_sa_count(sa, 1, 1), ESP_LIMIT_NONE);
    esp_sa_unref(sa);
}

static bool allows(const struct esp_sa *sa, const char *source, const char *destination)
{
    uint8_t bytes[128];
    struct ip_packet ip;
    size_t size = make_udp_packet(bytes, source, destination, 80, 20);
    assert_true(ip_packet_parse(bytes_of(bytes, size), &ip));
    return esp_sa_allows_inbound(sa, &ip);
}

static void test_a_decrypted_packet_must_fall_under_the_selectors(void **state)
{
    (void)state;
    struct esp_sa *sa = sa_for_suite(&gcm, false, false);
    assert_true(allows(sa, "10.1.2.3", "10.2.3.4"));
    assert_false(allows(sa, "10.9.2.3", "10.2.3.4"));
    assert_false(allows(sa, "10.1.2.3", "10.9.3.4"));
    assert_false(allows(sa, "10.2.3.4", "10.1.2.3")); /* our own packet, reflected */
    esp_sa_unref(sa);
}

static void test_a_later_fragment_meets_no_selector_with_ports(void **state)
{
    (void)state;
    uint8_t bytes[128];
    struct ip_packet ip;
    struct selector source = selector_from_text("10.1.0.0/16"),
                    destination = selector_from_text("10.2.0.0/16");
    size_t size = make_udp_packet(bytes, "10.1.0.1", "10.2.0.1", 80, 20);
    store_be16(bytes + 6, 0x0010);
    assert_true(ip_packet_parse(bytes_of(bytes, size), &ip));
    assert_true(ip.is_fragment);
    assert_true(ip_packet_matches(&ip, &source, &destination));
    destination.protocol = IPPROTO_NUMBER_UDP;
    destination.port_start = destination.port_end = 80;
    assert_false(ip_packet_matches(&ip, &source, &destination));
    destination.port_start = UINT16_MAX; /* OPAQUE */
    destination.port_end = 0;
    assert_true(ip_packet_matches(&ip, &source, &destination));
}

/* RFC 6040 figure 4: inner, outer, what comes out; -1: dropped. */
static void test_ecn_is_decapsulated_as_rfc6040_says(void **state)
{
    (void)state;
    const int table[4][4] = {
        {ECN_NOT_ECT, ECN_NOT_ECT, ECN_NOT_ECT, -1},
        {ECN_ECT1, ECN_ECT1, ECN_ECT1, ECN_CE},
        {ECN_ECT0, ECN_ECT1, ECN_ECT0, ECN_CE},
        {ECN_CE, ECN_CE, ECN_CE, ECN_CE},
    };
    for (uint8_t inner = 0; inner < 4; inner++) {
        for (uint8_t outer = 0; outer < 4; outer++) {
            uint8_t packet[128];
            make_udp_packet(packet, "10.1.0.1", "10.2.0.1", 80, 20);
            packet[1] = (uint8_t)(0xb8 | inner);
            checksum_ipv4_header(packet, 20);
            bool is_kept = decapsulate_traffic_class(packet, outer, false);
            assert_int_equal(is_kept, table[inner][outer] >= 0);
            if (!is_kept)
                continue;
            assert_int_equal(packet[1], 0xb8 | table[inner][outer]);
            assert_int_equal(checksum_fold(checksum_add(0, packet, 20)), 0xffff);
        }
    }
}

static void test_dscp_is_copied_only_when_asked(void **state)
{
    (void)state;
    uint8_t packet[128];
    assert_int_equal(outer_traffic_class(0xb9, false), 1);
    assert_int_equal(outer_traffic_class(0xb9, true), 0xb9);
    make_udp_packet(packet, "10.1.0.1", "10.2.0.1", 80, 20);
    assert_true(decapsulate_traffic_class(packet, 0x48, true));
    assert_int_equal(packet[1], 0x48);
    memset(packet, 0, sizeof(packet));
    packet[0] = 0x6b; /* IPv6, class 0xb9, flow label 0x12345 */
    packet[1] = 0x91;
    packet[2] = 0x23;
    packet[3] = 0x45;
    assert_true(decapsulate_traffic_class(packet, 0x48, true));
    assert_int_equal(load_be32(packet), 0x64912345);
}

/* For every suite and MTU: what is said to fit does, and one byte more does not. */
static void test_the_inner_mtu_is_the_largest_that_fits(void **state)
{
    (void)state;
    for (size_t i = 0; i < all_suites_count; i++) {
        struct esp_sa *sa = sa_for_suite(&all_suites[i], true, false);
        for (int udp = 0; udp < 2; udp++) {
            for (size_t mtu = 576; mtu < 640; mtu++) {
                size_t inner = esp_inner_mtu(sa, mtu, IP_V4, udp);
                size_t outer = IPV4_HEADER_SIZE + (udp ? UDP_HEADER_SIZE : 0);
                assert_true(outer + esp_sealed_size(sa, inner) <= mtu);
                assert_true(outer + esp_sealed_size(sa, inner + 1) > mtu);
            }
        }
        sa->has_non_ike_marker = true;
        assert_int_equal(esp_inner_mtu(sa, 640, IP_V4, true),
                         esp_inner_mtu(sa, 640 - UDP_HEADER_SIZE - NON_IKE_MARKER_SIZE, IP_V4, false));
        assert_int_equal(esp_inner_mtu(sa, 20, IP_V4, false), 0);
        esp_sa_unref(sa);
    }
}

static void test_too_big_is_answered_to_the_sender(void **state)
{
    (void)state;
    uint8_t packet[1600], answer[ICMP_TOO_BIG_MAX];
    size_t size = make_udp_packet(packet, "10.1.0.1", "10.2.0.1", 80, 1500);
    size_t got = icmp_too_big_write(answer, bytes_of(packet, size), 1400);
    struct ip_packet ip;
    assert_true(ip_packet_parse(bytes_of(answer, got), &ip));
    assert_int_equal(ip.total_size, got);
    assert_int_equal(ip.protocol, IPPROTO_NUMBER_ICMP);
    assert_int_equal(ip.source_port, 3 << 8 | 4);
    assert_memory_equal(answer + 16, packet + 12, 4);
    assert_int_equal(load_be16(answer + 26), 1400);
    assert_int_equal(checksum_fold(checksum_add(0, answer + 20, got - 20)), 0xffff);
    assert_true(got <= 576);
    assert_memory_equal(answer + 28, packet, got - 28);
}

static void test_too_big_is_answered_over_ipv6(void **state)
{
    (void)state;
    uint8_t packet[1600] = {0x60}, answer[ICMP_TOO_BIG_MAX];
    store_be16(packet + 4, 1500 - 40);
    packet[6] = IPPROTO_NUMBER_UDP;
    packet[8] = packet[24] = 0xfd;
    packet[23] = 1;
    packet[39] = 2;
    size_t got = icmp_too_big_write(answer, bytes_of(packet, 1500), 1400);
    assert_int_equal(got, 1280);
    assert_int_equal(load_be16(answer + 40), 2 << 8);
    assert_int_equal(load_be32(answer + 44), 1400);
    assert_memory_equal(answer + 24, packet + 8, 16);
    checksum_t sum = checksum_pseudo_header(answer + 8, answer + 24, 16, IPPROTO_NUMBER_ICMPV6, got - 40);
    assert_int_equal(checksum_fold(checksum_add(sum, answer + 40, got - 40)), 0xffff);
}

static void test_an_icmp_error_is_not_answered(void **state)
{
    (void)state;
    uint8_t packet[1600], answer[ICMP_TOO_BIG_MAX];
    size_t size = make_udp_packet(packet, "10.1.0.1", "10.2.0.1", 80, 1500);
    packet[9] = IPPROTO_NUMBER_ICMP;
    packet[20] = 3;
    assert_int_equal(icmp_too_big_write(answer, bytes_of(packet, size), 1400), 0);
    packet[20] = 8; /* an echo request is */
    assert_int_not_equal(icmp_too_big_write(answer, bytes_of(packet, size), 1400), 0);
}

static void test_a_transport_mode_packet_gets_its_header_back(void **state)
{
    (void)state;
    uint8_t original[128], rebuilt[128];
    size_t size = make_udp_packet(original, "10.1.0.1", "10.2.0.1", 80, 20);
    struct ip_address source = address_of_v4(0xc0000201), destination = address_of_v4(0xc0000202);
    size_t header =
        rebuild_transport_header(rebuilt, &source, &destination, IPPROTO_NUMBER_UDP, 0, size - 20);
    memcpy(rebuilt + header, original + 20, size - 20);
    repair_transport_checksum(rebuilt, size); /* as behind a NAT */
    checksum_t sum = checksum_pseudo_header(rebuilt + 12, rebuilt + 16, 4, IPPROTO_NUMBER_UDP, size - 20);
    assert_int_equal(checksum_fold(checksum_add(sum, rebuilt + 20, size - 20)), 0xffff);
    assert_int_equal(checksum_fold(checksum_add(0, rebuilt, 20)), 0xffff);
}

static void test_the_sad_finds_replaces_and_removes(void **state)
{
    (void)state;
    struct sad sad;
    assert_true(sad_init(&sad));
    struct esp_sa *in = sa_for_suite(&gcm, false, false), *out = sa_for_suite(&gcm, true, false);
    assert_true(sad_add(&sad, in) && sad_add(&sad, out));
    assert_ptr_equal(sad_find_inbound(&sad, false, 0x1000), in);
    assert_ptr_equal(sad_find_child(&sad, 1, true), out);
    assert_null(sad_find_inbound(&sad, false, 0x1001));
    struct esp_sa *again = sa_for_suite(&gcm, false, false);
    assert_true(sad_add(&sad, again));
    assert_ptr_equal(sad_find_inbound(&sad, false, 0x1000), again);
    sad_remove(&sad, again);
    assert_null(sad_find_inbound(&sad, false, 0x1000));
    sad_free(&sad);
}

static void test_an_idle_sa_is_small_and_has_no_keyed_context(void **state)
{
    (void)state;
    struct esp_sa *sa = sa_for_suite(&gcm, false, false);
    assert_true(sizeof(*sa) <= 512);
    for (size_t i = 0; i < PROVIDER_COUNT; i++)
        assert_null(sa->cipher.contexts[i]);
    esp_sa_unref(sa);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_payload_size_comes_back_whole),
        cmocka_unit_test(test_the_same_packet_twice_is_a_replay),
        cmocka_unit_test(test_a_forged_packet_does_not_move_the_window),
        cmocka_unit_test(test_dummy_packets_are_dropped_in_silence),
        cmocka_unit_test(test_wrong_padding_behind_a_right_icv_is_malformed),
        cmocka_unit_test(test_frames_cut_anywhere_are_refused),
        cmocka_unit_test(test_a_32_bit_sequence_number_never_cycles),
        cmocka_unit_test(test_limits_are_told_once_each_and_the_hard_one_stops_the_sa),
        cmocka_unit_test(test_a_decrypted_packet_must_fall_under_the_selectors),
        cmocka_unit_test(test_a_later_fragment_meets_no_selector_with_ports),
        cmocka_unit_test(test_ecn_is_decapsulated_as_rfc6040_says),
        cmocka_unit_test(test_dscp_is_copied_only_when_asked),
        cmocka_unit_test(test_the_inner_mtu_is_the_largest_that_fits),
        cmocka_unit_test(test_too_big_is_answered_to_the_sender),
        cmocka_unit_test(test_too_big_is_answered_over_ipv6),
        cmocka_unit_test(test_an_icmp_error_is_not_answered),
        cmocka_unit_test(test_a_transport_mode_packet_gets_its_header_back),
        cmocka_unit_test(test_the_sad_finds_replaces_and_removes),
        cmocka_unit_test(test_an_idle_sa_is_small_and_has_no_keyed_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
