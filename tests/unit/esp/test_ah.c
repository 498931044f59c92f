/* AH against packets of an independent implementation (scapy), and what must be refused. */
#include "sa_for_tests.h"

#include <string.h>

#include "esp/ah.h"
#include "esp/ip_fragment.h"
#include "esp/sad.h"

struct vector {
    const char *name;
    uint16_t integ;
    size_t network_size;
    uint32_t esn_high;
    size_t size;
    const char *packet;
};

static const struct vector vectors[] = {
#include "ah_vectors.inc"
};

static const struct vector *find_vector(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        if (strcmp(vectors[i].name, name) == 0)
            return &vectors[i];
    }
    fail_msg("no vector %s", name);
    return NULL;
}

static struct esp_sa *sa_of_vector(const struct vector *vector, bool is_outbound)
{
    const struct suite_under_test suite = {ENCR_NULL, 0, vector->integ};
    struct esp_sa_spec spec = spec_for_suite(&suite, is_outbound);
    uint8_t key[INTEG_KEY_MAX];
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)(i + 1);
    spec.is_ah = true;
    spec.encr = NULL;
    spec.integ_key = key;
    spec.esn = vector->esn_high != 0;
    struct esp_sa *sa = esp_sa_new(&spec, NULL);
    assert_non_null(sa);
    sa->replay.highest = (uint64_t)vector->esn_high << 32;
    sa->sequence = ((uint64_t)vector->esn_high << 32) + 4;
    return sa;
}

struct bench {
    struct esp_crypto *crypto;
    struct esp_sa *sa;
    uint8_t bytes[2048];
    struct ah_packet packet;
    struct esp_received received;
};

static void set_up(struct bench *bench, const struct vector *vector, bool is_outbound)
{
    bench->crypto = esp_crypto_new(ESP_ALL_PROVIDERS, predictable_random);
    bench->sa = sa_of_vector(vector, is_outbound);
    memcpy(bench->bytes, vector->packet, vector->size);
    bench->packet = (struct ah_packet){.network = bytes_of(bench->bytes, vector->network_size),
                                       .ah = bench->bytes + vector->network_size,
                                       .size = vector->size - vector->network_size};
}

static void tear_down(struct bench *bench)
{
    esp_sa_unref(bench->sa);
    esp_crypto_free(bench->crypto);
}

static enum esp_verdict open_packet(struct bench *bench)
{
    bool is_accepted = ah_open(bench->sa, bench->crypto, &bench->packet, &bench->received);
    assert_int_equal(is_accepted, bench->received.verdict == ESP_ACCEPTED);
    return bench->received.verdict;
}

static void test_packets_of_another_implementation_are_authentic(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct bench bench;
        set_up(&bench, &vectors[i], false);
        if (open_packet(&bench) != ESP_ACCEPTED)
            fail_msg("%s: verdict %d", vectors[i].name, bench.received.verdict);
        assert_int_equal(bench.received.next_header, bench.packet.ah[0]);
        assert_ptr_equal(bench.received.payload + bench.received.payload_size, bench.bytes + vectors[i].size);
        tear_down(&bench);
    }
}

static void test_packets_are_sealed_to_the_same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct bench bench;
        set_up(&bench, &vectors[i], true);
        uint8_t next_header = bench.packet.ah[0];
        bool is_v6 = bench.bytes[0] >> 4 == 6;
        memset(bench.packet.ah, 0xee, ah_header_size(bench.sa, is_v6 ? IP_V6 : IP_V4));
        assert_true(ah_seal(bench.sa, bench.crypto, &bench.packet, next_header));
        if (memcmp(bench.bytes, vectors[i].packet, vectors[i].size) != 0)
            fail_msg("%s: other bytes", vectors[i].name);
        tear_down(&bench);
    }
}

/* Every bit but those that routers change is covered: flip each byte and see. */
static void test_what_the_icv_covers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t mutable_bytes[8], count;
    } table[] = {
        {"IPv4 transport, HMAC-SHA1-96", {1, 6, 7, 8, 10, 11}, 6},
        {"IPv6 transport, HMAC-SHA1-96", {0, 1, 2, 3, 7}, 5},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        const struct vector *vector = find_vector(table[i].name);
        for (size_t at = 0; at < vector->size; at++) {
            struct bench bench;
            bool may_change = false;
            set_up(&bench, vector, false);
            for (size_t m = 0; m < table[i].count; m++)
                may_change |= table[i].mutable_bytes[m] == at;
            bench.bytes[at] ^= 1;
            assert_int_equal(open_packet(&bench) == ESP_ACCEPTED, may_change);
            tear_down(&bench);
        }
    }
}

static void test_changing_options_may_change_and_others_not(void **state)
{
    (void)state;
    struct bench bench;
    set_up(&bench, find_vector("IPv4 with options, HMAC-SHA1-96"), false);
    bench.bytes[20 + 4 + 4] ^= 0xff; /* recorded route */
    assert_int_equal(open_packet(&bench), ESP_ACCEPTED);
    tear_down(&bench);
    set_up(&bench, find_vector("IPv4 with options, HMAC-SHA1-96"), false);
    bench.bytes[20 + 3] ^= 1; /* router alert */
    assert_int_equal(open_packet(&bench), ESP_NOT_AUTHENTIC);
    tear_down(&bench);
    set_up(&bench, find_vector("IPv6 with hop-by-hop options, HMAC-SHA1-96"), false);
    bench.bytes[40 + 4] ^= 1; /* data of an option that may change */
    assert_int_equal(open_packet(&bench), ESP_ACCEPTED);
    tear_down(&bench);
    set_up(&bench, find_vector("IPv6 with hop-by-hop options, HMAC-SHA1-96"), false);
    bench.bytes[40 + 10] ^= 1;
    assert_int_equal(open_packet(&bench), ESP_NOT_AUTHENTIC);
    tear_down(&bench);
}

/* The sender of a routed packet covers the destination that the receiver will see (RFC 4302 3.3.3.1.1.1). */
static void test_a_source_route_is_covered_as_it_ends(void **state)
{
    (void)state;
    const uint8_t end[32] = {
        0x48, 0, 0, 52,  0,   1, 0, 0,  0, IPPROTO_NUMBER_AH, 0, 0, 192, 0, 2, 1, 192, 0, 2, 9, 131, 11, 8,
        192,  0, 2, 100, 192, 0, 2, 99, 1};
    uint8_t start[32], at_end[AH_NETWORK_MAX], at_start[AH_NETWORK_MAX];
    memcpy(start, end, sizeof(end));
    memcpy(start + 27, end + 16, 4); /* the last hop is still in the route */
    memcpy(start + 16, end + 23, 4);
    start[22] = 4;
    uint8_t arrived[32];
    memcpy(arrived, end, sizeof(end));
    arrived[22] = 12;
    assert_int_equal(ah_immutable_headers(at_start, bytes_of(start, 32)), 32);
    assert_int_equal(ah_immutable_headers(at_end, bytes_of(arrived, 32)), 32);
    assert_memory_equal(at_start, at_end, 32);
}

static void test_a_routed_ipv6_packet_is_authentic_where_its_route_ends(void **state)
{
    (void)state;
    struct bench bench;
    set_up(&bench, find_vector("IPv6 at the start of its route, HMAC-SHA1-96"), false);
    uint8_t *destination = bench.bytes + 24, *first = bench.bytes + 48, *second = first + 16, last[16];
    memcpy(last, second, 16);
    memcpy(second, first, 16);
    memcpy(first, destination, 16);
    memcpy(destination, last, 16);
    bench.bytes[43] = 0;
    assert_int_equal(open_packet(&bench), ESP_ACCEPTED);
    tear_down(&bench);
}

static void test_the_same_packet_twice_is_a_replay(void **state)
{
    (void)state;
    struct bench bench;
    set_up(&bench, find_vector("IPv4 tunnel, SHA2-256-128"), false);
    assert_int_equal(open_packet(&bench), ESP_ACCEPTED);
    assert_int_equal(open_packet(&bench), ESP_REPLAYED);
    assert_int_equal(bench.sa->counters.replays, 1);
    tear_down(&bench);
}

static void test_a_forged_packet_does_not_move_the_window(void **state)
{
    (void)state;
    struct bench bench;
    set_up(&bench, find_vector("IPv4 tunnel, SHA2-256-128"), false);
    store_be32(bench.packet.ah + 8, 1000000);
    assert_int_equal(open_packet(&bench), ESP_NOT_AUTHENTIC);
    assert_int_equal(bench.sa->replay.highest, 0);
    assert_int_equal(bench.sa->counters.bad_icv, 1);
    tear_down(&bench);
}

static void test_packets_cut_anywhere_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        for (size_t size = 0; size < vectors[i].size; size++) {
            struct bench bench;
            set_up(&bench, &vectors[i], false);
            if (size < bench.packet.network.size)
                bench.packet.network.size = size;
            else
                bench.packet.size = size - bench.packet.network.size;
            assert_int_not_equal(open_packet(&bench), ESP_ACCEPTED);
            tear_down(&bench);
        }
    }
}

/* Linux pads to eight bytes with IPv4 too. */
static void test_a_header_padded_to_eight_bytes_is_taken(void **state)
{
    (void)state;
    struct bench bench;
    const struct vector *vector = find_vector("IPv4 tunnel, SHA2-256-128");
    set_up(&bench, vector, true);
    uint8_t next_header = bench.packet.ah[0];
    memmove(bench.packet.ah + 32, bench.packet.ah + 28, bench.packet.size - 28);
    memset(bench.packet.ah, 0, 32);
    bench.packet.size += 4;
    bench.packet.ah[0] = next_header;
    bench.packet.ah[1] = 32 / 4 - 2;
    store_be32(bench.packet.ah + 4, 0x1000);
    store_be32(bench.packet.ah + 8, 5);
    uint8_t headers[AH_NETWORK_MAX];
    size_t network = ah_immutable_headers(headers, bench.packet.network);
    struct esp_job job = {.parts = {.aad = bytes_of(headers, network),
                                    .iv = bench.packet.ah,
                                    .data = bench.packet.ah,
                                    .data_size = bench.packet.size}};
    uint8_t icv[CIPHER_ICV_MAX];
    job.parts.icv = icv;
    assert_true(esp_cipher_seal(bench.crypto, &bench.sa->cipher, &bench.sa->keys, &job, 1));
    memcpy(bench.packet.ah + 12, icv, 16);
    esp_sa_unref(bench.sa);
    bench.sa = sa_of_vector(vector, false);
    assert_int_equal(open_packet(&bench), ESP_ACCEPTED);
    tear_down(&bench);
}

static void test_headers_that_cannot_be_have_no_immutable_form(void **state)
{
    (void)state;
    uint8_t out[AH_NETWORK_MAX], packet[600] = {0x46};
    packet[20] = 7;
    packet[21] = 0; /* an option without a length */
    assert_int_equal(ah_immutable_headers(out, bytes_of(packet, 24)), 0);
    packet[21] = 5; /* one that reaches out of the header */
    assert_int_equal(ah_immutable_headers(out, bytes_of(packet, 24)), 0);
    packet[21] = 4;
    assert_int_equal(ah_immutable_headers(out, bytes_of(packet, 24)), 24);
    memset(packet, 0, sizeof(packet));
    packet[0] = 0x60;
    packet[6] = 0;
    packet[40] = IPPROTO_NUMBER_AH;
    packet[41] = 1; /* sixteen bytes of options, of which eight are there */
    assert_int_equal(ah_immutable_headers(out, bytes_of(packet, 48)), 0);
    packet[41] = 0;
    assert_int_equal(ah_immutable_headers(out, bytes_of(packet, 48)), 48);
    packet[6] = 43;
    packet[43] = 1; /* a route with more hops left than addresses */
    assert_int_equal(ah_immutable_headers(out, bytes_of(packet, 48)), 0);
    assert_int_equal(ah_immutable_headers(out, bytes_of(packet, sizeof(packet))), 0);
}

static struct esp_sa *bundle(bool is_outbound)
{
    const struct suite_under_test gcm = {ENCR_AES_GCM_16, 128, 0};
    static const uint8_t key[INTEG_KEY_MAX] = {1, 2, 3};
    struct esp_sa_spec spec = spec_for_suite(&gcm, is_outbound);
    spec.outer_ah_spi = 0x2000;
    spec.ah_integ = algorithm_by_id(TRANSFORM_INTEG, INTEG_HMAC_SHA2_256_128);
    spec.ah_integ_key = key;
    struct esp_sa *sa = esp_sa_new(&spec, NULL);
    assert_non_null(sa);
    return sa;
}

static void test_a_bundle_is_found_by_the_spi_of_its_outer_ah(void **state)
{
    (void)state;
    struct sad sad;
    assert_true(sad_init(&sad));
    struct esp_sa *sa = bundle(false);
    assert_true(sad_add(&sad, sa));
    assert_ptr_equal(sad_find_inbound(&sad, true, 0x2000), sa);
    assert_ptr_equal(sad_find_inbound(&sad, false, 0x1000), sa);
    assert_null(sad_find_inbound(&sad, true, 0x1000));
    assert_null(sad_find_inbound(&sad, false, 0x2000));
    sad_remove(&sad, sa);
    assert_null(sad_find_inbound(&sad, true, 0x2000));
    sad_free(&sad);
}

static void test_the_inner_mtu_counts_every_header(void **state)
{
    (void)state;
    struct esp_sa *sa = bundle(true);
    for (size_t mtu = 600; mtu < 640; mtu++) {
        size_t inner = esp_inner_mtu(sa, mtu, IP_V4, false);
        assert_true(IPV4_HEADER_SIZE + 28 + esp_sealed_size(sa, inner) <= mtu);
        assert_true(IPV4_HEADER_SIZE + 28 + esp_sealed_size(sa, inner + 1) > mtu);
    }
    esp_sa_unref(sa);
    const struct vector *vector = find_vector("IPv6 tunnel, SHA2-256-128");
    sa = sa_of_vector(vector, true);
    assert_int_equal(esp_inner_mtu(sa, 1500, IP_V6, false), 1500 - 40 - 32);
    assert_int_equal(esp_inner_mtu(sa, 1500, IP_V4, false), 1500 - 20 - 28);
    esp_sa_unref(sa);
}

static void test_ah_refuses_what_it_cannot_do(void **state)
{
    (void)state;
    const struct suite_under_test suite = {ENCR_NULL, 0, INTEG_HMAC_SHA1_96};
    struct error error = {0};
    struct esp_sa_spec spec = spec_for_suite(&suite, true);
    spec.is_ah = true;
    spec.udp_encapsulation = true;
    assert_null(esp_sa_new(&spec, &error));
    spec.udp_encapsulation = false;
    spec.integ = NULL;
    assert_null(esp_sa_new(&spec, &error));
}

static void test_esp_does_without_integrity_only_inside_ah(void **state)
{
    (void)state;
    const struct suite_under_test suite = {ENCR_AES_CBC, 128, 0};
    static const uint8_t key[INTEG_KEY_MAX] = {1, 2, 3};
    struct error error = {0};
    struct esp_sa_spec spec = spec_for_suite(&suite, true);
    assert_null(esp_sa_new(&spec, &error));
    spec.outer_ah_spi = 0x2000;
    spec.ah_integ = algorithm_by_id(TRANSFORM_INTEG, INTEG_HMAC_SHA2_256_128);
    spec.ah_integ_key = key;
    struct esp_sa *sa = esp_sa_new(&spec, &error);
    assert_non_null(sa);
    esp_sa_unref(sa);
}

/* Fragments carry every byte once, in both families. */
static void test_fragments_carry_the_packet(void **state)
{
    (void)state;
    for (int family = 4; family <= 6; family += 2) {
        size_t network = family == 4 ? 20 : 40;
        uint8_t packet[3000] = {0}, whole[3000], out[1500];
        packet[0] = family == 4 ? 0x45 : 0x60;
        packet[family == 4 ? 9 : 6] = IPPROTO_NUMBER_AH;
        for (size_t i = network; i < sizeof(packet); i++)
            packet[i] = (uint8_t)rand();
        size_t offset = 0, size, count = 0, at = network;
        while ((size = ip_fragment_write(out, bytes_of(packet, sizeof(packet)), 1281, 77, &offset)) > 0) {
            size_t header = family == 4 ? 20 : 48;
            assert_true(size <= 1281);
            bool has_more = (family == 4 ? out[6] & 0x20 : out[43] & 1) != 0;
            assert_int_equal(has_more, offset < sizeof(packet) - network);
            memcpy(whole + at, out + header, size - header);
            at += size - header;
            count++;
        }
        assert_int_equal(count, 3);
        assert_int_equal(at, sizeof(packet));
        assert_memory_equal(whole + network, packet + network, sizeof(packet) - network);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets_of_another_implementation_are_authentic),
        cmocka_unit_test(test_packets_are_sealed_to_the_same_bytes),
        cmocka_unit_test(test_what_the_icv_covers),
        cmocka_unit_test(test_changing_options_may_change_and_others_not),
        cmocka_unit_test(test_a_source_route_is_covered_as_it_ends),
        cmocka_unit_test(test_a_routed_ipv6_packet_is_authentic_where_its_route_ends),
        cmocka_unit_test(test_the_same_packet_twice_is_a_replay),
        cmocka_unit_test(test_a_forged_packet_does_not_move_the_window),
        cmocka_unit_test(test_packets_cut_anywhere_are_refused),
        cmocka_unit_test(test_a_header_padded_to_eight_bytes_is_taken),
        cmocka_unit_test(test_headers_that_cannot_be_have_no_immutable_form),
        cmocka_unit_test(test_a_bundle_is_found_by_the_spi_of_its_outer_ah),
        cmocka_unit_test(test_the_inner_mtu_counts_every_header),
        cmocka_unit_test(test_ah_refuses_what_it_cannot_do),
        cmocka_unit_test(test_esp_does_without_integrity_only_inside_ah),
        cmocka_unit_test(test_fragments_carry_the_packet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
