/* Fragments in order become the packet again, and nothing else does. */
#include "sa_for_tests.h"

#include <string.h>

#include "esp/checksum.h"
#include "esp/ip_fragment.h"
#include "esp/reassembly.h"

enum { SIZE = 5000, MTU = 1404, PIECES_MAX = 8 };

struct bench {
    struct reassembly reassembly;
    uint8_t packet[SIZE];
    uint8_t bytes[PIECES_MAX][MTU];
    struct bytes pieces[PIECES_MAX];
    size_t count;
};

static struct bench *set_up(bool is_v6, uint16_t identification)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    assert_non_null(bench);
    size_t network = is_v6 ? IPV6_HEADER_SIZE : IPV4_HEADER_SIZE;
    for (size_t i = network; i < SIZE; i++)
        bench->packet[i] = (uint8_t)(i * 31 + i / 256);
    bench->packet[0] = is_v6 ? 0x60 : 0x45;
    bench->packet[is_v6 ? 6 : 9] = IPPROTO_NUMBER_UDP;
    bench->packet[is_v6 ? 23 : 15] = 1;
    bench->packet[is_v6 ? 39 : 19] = 2;
    store_be16(bench->packet + (is_v6 ? 4 : 2), (uint16_t)(is_v6 ? SIZE - IPV6_HEADER_SIZE : SIZE));
    if (!is_v6) {
        store_be16(bench->packet + 4, identification);
        checksum_ipv4_header(bench->packet, IPV4_HEADER_SIZE);
    }
    size_t offset = 0, size;
    while ((size = ip_fragment_write(bench->bytes[bench->count], bytes_of(bench->packet, SIZE), MTU,
                                     identification, &offset)) > 0) {
        bench->pieces[bench->count] = bytes_of(bench->bytes[bench->count], size);
        bench->count++;
    }
    assert_int_equal(bench->count, 4);
    return bench;
}

static void tear_down(struct bench *bench)
{
    reassembly_free(&bench->reassembly);
    free(bench);
}

static void test_fragments_in_order_become_the_packet(void **state)
{
    (void)state;
    for (int is_v6 = 0; is_v6 < 2; is_v6++) {
        struct bench *bench = set_up(is_v6, 7);
        struct bytes whole;
        assert_true(reassembly_start(&bench->reassembly, bench->pieces[0]));
        for (size_t i = 1; i < bench->count; i++) {
            assert_true(reassembly_continue(&bench->reassembly, bench->pieces[i], &whole));
            assert_int_equal(whole.size, i + 1 == bench->count ? SIZE : 0);
        }
        assert_memory_equal(whole.data, bench->packet, SIZE);
        assert_false(reassembly_continue(&bench->reassembly, bench->pieces[1], &whole));
        tear_down(bench);
    }
}

static void test_a_gap_ends_the_packet(void **state)
{
    (void)state;
    struct bench *bench = set_up(false, 7);
    struct bytes whole;
    assert_true(reassembly_start(&bench->reassembly, bench->pieces[0]));
    assert_true(reassembly_continue(&bench->reassembly, bench->pieces[2], &whole));
    assert_int_equal(whole.size, 0);
    assert_false(reassembly_continue(&bench->reassembly, bench->pieces[1], &whole));
    tear_down(bench);
}

static void test_packets_side_by_side_are_kept_apart(void **state)
{
    (void)state;
    struct bench *first = set_up(false, 7), *second = set_up(false, 8);
    struct reassembly *reassembly = &first->reassembly;
    struct bytes whole;
    memset(second->bytes[1] + 20, 0xee, 100);
    assert_true(reassembly_start(reassembly, first->pieces[0]));
    assert_true(reassembly_start(reassembly, second->pieces[0]));
    for (size_t i = 1; i < 4; i++) {
        assert_true(reassembly_continue(reassembly, second->pieces[i], &whole));
        assert_true(reassembly_continue(reassembly, first->pieces[i], &whole));
    }
    assert_int_equal(whole.size, SIZE);
    assert_memory_equal(whole.data, first->packet, SIZE);
    free(second);
    tear_down(first);
}

static void test_only_a_first_fragment_begins(void **state)
{
    (void)state;
    struct bench *bench = set_up(false, 7);
    struct bytes whole;
    assert_false(reassembly_start(&bench->reassembly, bench->pieces[1]));
    assert_false(reassembly_start(&bench->reassembly, bytes_of(bench->packet, SIZE)));
    assert_false(reassembly_continue(&bench->reassembly, bench->pieces[1], &whole));
    tear_down(bench);
}

/* However many packets are begun, so many are kept; the oldest give way. */
static void test_begun_packets_are_bounded(void **state)
{
    (void)state;
    struct bench *bench = set_up(false, 7);
    struct bytes whole;
    for (uint16_t i = 0; i < 100; i++) {
        store_be16(bench->bytes[0] + 4, (uint16_t)(1000 + i));
        assert_true(reassembly_start(&bench->reassembly, bench->pieces[0]));
        assert_true(bench->reassembly.active <= REASSEMBLY_PACKETS);
    }
    store_be16(bench->bytes[1] + 4, 1000);
    assert_false(reassembly_continue(&bench->reassembly, bench->pieces[1], &whole));
    store_be16(bench->bytes[1] + 4, 1099);
    assert_true(reassembly_continue(&bench->reassembly, bench->pieces[1], &whole));
    tear_down(bench);
}

static void test_no_packet_grows_beyond_what_ip_allows(void **state)
{
    (void)state;
    struct bench *bench = set_up(false, 7);
    struct bytes whole;
    size_t piece = MTU - 20 - (MTU - 20) % 8, offset = piece;
    assert_true(reassembly_start(&bench->reassembly, bench->pieces[0]));
    bool is_known = true;
    while (is_known && offset / 8 <= 0x1fff) {
        store_be16(bench->bytes[1] + 6, (uint16_t)(0x2000 | offset / 8));
        is_known = reassembly_continue(&bench->reassembly, bench->pieces[1], &whole);
        assert_int_equal(whole.size, 0);
        offset += piece;
    }
    assert_int_equal(bench->reassembly.active, 0);
    tear_down(bench);
}

static void test_a_first_fragment_larger_than_any_packet_begins_none(void **state)
{
    (void)state;
    enum { PAYLOAD = 8 + 65520, LARGE = IPV6_HEADER_SIZE + PAYLOAD };
    struct reassembly reassembly = {.active = 0};
    uint8_t *packet = calloc(1, LARGE);
    assert_non_null(packet);
    packet[0] = 0x60;
    store_be16(packet + 4, (uint16_t)PAYLOAD);
    packet[6] = 44;
    packet[IPV6_HEADER_SIZE] = IPPROTO_NUMBER_UDP;
    store_be16(packet + IPV6_HEADER_SIZE + 2, 1);
    assert_false(reassembly_start(&reassembly, bytes_of(packet, LARGE)));
    free(packet);
    reassembly_free(&reassembly);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fragments_in_order_become_the_packet),
        cmocka_unit_test(test_a_gap_ends_the_packet),
        cmocka_unit_test(test_packets_side_by_side_are_kept_apart),
        cmocka_unit_test(test_only_a_first_fragment_begins),
        cmocka_unit_test(test_begun_packets_are_bounded),
        cmocka_unit_test(test_no_packet_grows_beyond_what_ip_allows),
        cmocka_unit_test(test_a_first_fragment_larger_than_any_packet_begins_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
