/* Super-packets cut and joined: right lengths, numbers and checksums, and nothing joined that differs. */
#include "esp/checksum.h"
#include "esp/gro.h"
#include "sa_for_tests.h"

enum { PACKET_MAX = 65535 };

/* An IPv4 or IPv6 TCP packet; its checksum is left partial as the stack does for an offloading device. */
static size_t make_tcp(uint8_t *out, bool is_v6, size_t payload_size, uint32_t sequence, uint8_t flags)
{
    size_t network = is_v6 ? IPV6_HEADER_SIZE : IPV4_HEADER_SIZE;
    size_t size = network + 32 + payload_size;
    memset(out, 0, network + 32);
    if (is_v6) {
        out[0] = 0x60;
        store_be16(out + 4, (uint16_t)(size - network));
        out[6] = IPPROTO_NUMBER_TCP;
        out[7] = 64;
        out[8] = out[24] = 0xfd;
        out[39] = 2;
    } else {
        out[0] = 0x45;
        store_be16(out + 2, (uint16_t)size);
        store_be16(out + 4, 1000);
        out[6] = 0x40;
        out[8] = 64;
        out[9] = IPPROTO_NUMBER_TCP;
        store_be32(out + 12, 0x0a010001);
        store_be32(out + 16, 0x0a020001);
        checksum_ipv4_header(out, network);
    }
    uint8_t *tcp = out + network;
    store_be16(tcp, 1111);
    store_be16(tcp + 2, 2222);
    store_be32(tcp + 4, sequence);
    store_be32(tcp + 8, 77);
    tcp[12] = 0x80;
    tcp[13] = flags;
    store_be16(tcp + 14, 500);
    memset(tcp + 20, 1, 12); /* options */
    for (size_t i = 0; i < payload_size; i++)
        tcp[32 + i] = (uint8_t)((sequence + i) * 31 >> 3);
    size_t address_bytes = is_v6 ? 16 : 4;
    const uint8_t *source = out + (is_v6 ? 8 : 12);
    uint16_t partial = checksum_fold(checksum_pseudo_header(source, source + address_bytes, address_bytes,
                                                            IPPROTO_NUMBER_TCP, size - network));
    memcpy(tcp + 16, &partial, 2);
    return size;
}

static bool checksums_are_right(const uint8_t *packet, size_t size)
{
    struct ip_packet ip;
    if (!ip_packet_parse(bytes_of(packet, size), &ip) || ip.total_size != size)
        return false;
    bool is_v4 = ip.source.family == IP_V4;
    if (is_v4 && checksum_fold(checksum_add(0, packet, ip.network_size)) != 0xffff)
        return false;
    size_t length = size - ip.network_size;
    checksum_t sum =
        checksum_pseudo_header(ip.source.bytes, ip.destination.bytes, is_v4 ? 4 : 16, ip.protocol, length);
    return checksum_fold(checksum_add(sum, packet + ip.network_size, length)) == 0xffff;
}

static struct offload tcp_offload(bool is_v6, uint16_t segment_size)
{
    return (struct offload){.kind = is_v6 ? OFFLOAD_TCP6 : OFFLOAD_TCP4,
                            .needs_checksum = true,
                            .segment_size = segment_size,
                            .checksum_start = is_v6 ? IPV6_HEADER_SIZE : IPV4_HEADER_SIZE,
                            .checksum_offset = 16};
}

static void test_a_tcp_super_packet_is_cut_into_right_segments(void **state)
{
    (void)state;
    static uint8_t super[PACKET_MAX], segment[PACKET_MAX];
    for (int is_v6 = 0; is_v6 < 2; is_v6++) {
        struct gso gso;
        struct offload offload = tcp_offload(is_v6, 1000);
        size_t size = make_tcp(super, is_v6, 3500, 0xfffffa00, 0x80 | 0x18);
        assert_true(gso_init(&gso, bytes_of(super, size), &offload));
        assert_int_equal(gso.count, 4);
        size_t network = gso.network_size, payload = 0;
        for (size_t i = 0; i < gso.count; i++) {
            size_t segment_size = gso_segment_size(&gso, i);
            gso_write_segment(&gso, i, segment);
            assert_true(checksums_are_right(segment, segment_size));
            assert_int_equal(load_be32(segment + network + 4), (uint32_t)(0xfffffa00 + i * 1000));
            uint8_t flags = segment[network + 13];
            assert_int_equal(flags & 0x80, i == 0 ? 0x80 : 0); /* CWR: the first */
            assert_int_equal(flags & 0x08, i == 3 ? 0x08 : 0); /* PSH: the last */
            assert_memory_equal(segment + network + 32, super + network + 32 + payload,
                                segment_size - network - 32);
            if (!is_v6)
                assert_int_equal(load_be16(segment + 4), 1000 + i);
            payload += segment_size - network - 32;
        }
        assert_int_equal(payload, 3500);
    }
}

static void test_a_udp_super_packet_is_cut_into_right_datagrams(void **state)
{
    (void)state;
    static uint8_t super[PACKET_MAX], segment[PACKET_MAX];
    size_t size = make_udp_packet(super, "10.1.0.1", "10.2.0.1", 53, 250);
    struct offload offload = {.kind = OFFLOAD_UDP4, .needs_checksum = true, .segment_size = 100};
    struct gso gso;
    assert_true(gso_init(&gso, bytes_of(super, size), &offload));
    assert_int_equal(gso.count, 3);
    for (size_t i = 0; i < 3; i++) {
        gso_write_segment(&gso, i, segment);
        assert_true(checksums_are_right(segment, gso_segment_size(&gso, i)));
        assert_int_equal(load_be16(segment + 24), i == 2 ? 58 : 108);
    }
}

/* RFC 1071 as it is written: 16-bit words in network order, the last byte padded with zero. */
static uint16_t sum_by_words(const uint8_t *data, size_t size)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static void test_the_checksum_of_every_size_is_that_of_its_words(void **state)
{
    (void)state;
    uint8_t ones[700], mixed[700], stored[2];
    memset(ones, 0xff, sizeof(ones));
    for (size_t i = 0; i < sizeof(mixed); i++)
        mixed[i] = (uint8_t)(i * i * 37 >> 3);
    for (size_t size = 0; size <= sizeof(ones); size++) {
        const uint8_t *both[] = {ones, mixed};
        for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
            checksum_store(stored, checksum_add(0, both[i], size));
            assert_int_equal(load_be16(stored), (uint16_t)~sum_by_words(both[i], size));
        }
    }
}

static void check_shapes(const uint8_t *packet, size_t size, const struct offload *offload)
{
    static uint8_t work[PACKET_MAX], segment[PACKET_MAX];
    uint8_t headers[128];
    struct gso as_read, in_work;
    memcpy(work, packet, size);
    assert_true(gso_init(&as_read, bytes_of(packet, size), offload));
    assert_true(gso_init(&in_work, bytes_of(work, size), offload));
    memcpy(headers, work, in_work.header_size);
    for (size_t i = 0; i < as_read.count; i++) {
        gso_write_segment(&as_read, i, segment);
        const uint8_t *shaped = gso_shape_segment(&in_work, i, headers);
        assert_memory_equal(shaped, segment, gso_segment_size(&as_read, i));
    }
}

static void test_a_segment_shaped_in_the_packet_is_as_one_that_is_copied(void **state)
{
    (void)state;
    static uint8_t super[PACKET_MAX];
    const uint16_t segment_sizes[] = {1000, 60,
                                      7}; /* also less than the headers, which then reach further back */
    for (size_t i = 0; i < ARRAY_SIZE(segment_sizes); i++) {
        for (int is_v6 = 0; is_v6 < 2; is_v6++) {
            struct offload offload = tcp_offload(is_v6, segment_sizes[i]);
            check_shapes(super, make_tcp(super, is_v6, 3500, 5, 0x80 | 0x18), &offload);
        }
        size_t size = make_udp_packet(super, "10.1.0.1", "10.2.0.1", 53, 250);
        struct offload offload = {
            .kind = OFFLOAD_UDP4, .needs_checksum = true, .segment_size = segment_sizes[i] % 99};
        check_shapes(super, size, &offload);
    }
}

static void test_a_partial_checksum_is_completed(void **state)
{
    (void)state;
    static uint8_t packet[PACKET_MAX], out[PACKET_MAX];
    size_t size = make_tcp(packet, false, 333, 5, 0x10);
    struct offload offload = tcp_offload(false, 0);
    offload.kind = OFFLOAD_NONE;
    struct gso gso;
    assert_true(gso_init(&gso, bytes_of(packet, size), &offload));
    gso_write_segment(&gso, 0, out);
    assert_true(checksums_are_right(out, size));
}

static void test_offload_requests_that_do_not_fit_the_packet_are_refused(void **state)
{
    (void)state;
    static uint8_t packet[PACKET_MAX];
    size_t size = make_tcp(packet, false, 3000, 5, 0x10);
    struct offload offload = tcp_offload(false, 0);
    struct gso gso;
    assert_false(gso_init(&gso, bytes_of(packet, size), &offload)); /* segments of nothing */
    offload = tcp_offload(true, 1000);
    assert_false(gso_init(&gso, bytes_of(packet, size), &offload)); /* the other family */
    offload = tcp_offload(false, 1000);
    assert_false(gso_init(&gso, bytes_of(packet, 45), &offload)); /* cut off */
    offload.kind = OFFLOAD_NONE;
    offload.checksum_start = 65535;
    assert_false(gso_init(&gso, bytes_of(packet, size), &offload)); /* a field behind the end */
}

/* What the joiner gave out. */
static struct {
    uint8_t packet[4][PACKET_MAX];
    size_t size[4];
    struct offload offload[4];
    int count;
} emitted;

static void collect(void *context, struct iovec *pieces, int count, const struct offload *offload,
                    size_t header_size)
{
    (void)context, (void)header_size;
    assert_true(emitted.count < 4);
    size_t at = 0;
    for (int i = 1; i < count; i++) {
        memcpy(emitted.packet[emitted.count] + at, pieces[i].iov_base, pieces[i].iov_len);
        at += pieces[i].iov_len;
    }
    emitted.size[emitted.count] = at;
    emitted.offload[emitted.count++] = *offload;
}

/* Cuts a super-packet into memory and gives the pieces to the joiner. */
static uint8_t cut[64][2048];

static size_t cut_tcp(bool is_v6, size_t payload, uint16_t segment_size)
{
    static uint8_t super[PACKET_MAX];
    struct gso gso;
    struct offload offload = tcp_offload(is_v6, segment_size);
    size_t size = make_tcp(super, is_v6, payload, 100, 0x18);
    assert_true(gso_init(&gso, bytes_of(super, size), &offload));
    for (size_t i = 0; i < gso.count; i++)
        gso_write_segment(&gso, i, cut[i]);
    return gso.count;
}

static void join(size_t count)
{
    static struct gro gro;
    emitted.count = 0;
    gro_init(&gro, true, collect, NULL);
    for (size_t i = 0; i < count; i++) {
        struct ip_packet ip;
        assert_true(ip_packet_parse(bytes_of(cut[i], sizeof(cut[i])), &ip));
        gro_add(&gro, cut[i], &ip);
    }
    gro_flush(&gro);
}

static void test_what_was_cut_is_joined_to_the_same_super_packet(void **state)
{
    (void)state;
    static uint8_t super[PACKET_MAX];
    for (int is_v6 = 0; is_v6 < 2; is_v6++) {
        size_t size = make_tcp(super, is_v6, 9999, 100, 0x18);
        join(cut_tcp(is_v6, 9999, 1000));
        assert_int_equal(emitted.count, 1);
        assert_int_equal(emitted.size[0], size);
        assert_memory_equal(emitted.packet[0], super, size);
        assert_int_equal(emitted.offload[0].segment_size, 1000);
        assert_int_equal(emitted.offload[0].kind, is_v6 ? OFFLOAD_TCP6 : OFFLOAD_TCP4);
    }
}

static void test_a_gap_in_the_sequence_ends_a_super_packet(void **state)
{
    (void)state;
    size_t count = cut_tcp(false, 5000, 1000);
    memcpy(cut[2], cut[3], sizeof(cut[2]));
    memcpy(cut[3], cut[4], sizeof(cut[3]));
    join(count - 1);
    assert_int_equal(emitted.count, 2);
    assert_int_equal(emitted.size[0], 52 + 2000);
    assert_int_equal(emitted.size[1], 52 + 2000);
}

static void test_a_wrong_checksum_is_passed_alone_and_in_order(void **state)
{
    (void)state;
    size_t count = cut_tcp(false, 3000, 1000);
    cut[1][60] ^= 1;
    join(count);
    assert_int_equal(emitted.count, 3);
    assert_int_equal(emitted.offload[1].kind, OFFLOAD_NONE);
    assert_false(checksums_are_right(emitted.packet[1], emitted.size[1]));
}

static void test_segments_that_differ_in_a_header_field_are_not_joined(void **state)
{
    (void)state;
    const size_t offsets[] = {1, 8, 20 + 11, 20 + 15,
                              20 + 25}; /* class, TTL, acknowledgment, window, option */
    for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
        cut_tcp(false, 2000, 1000);
        cut[1][offsets[i]] ^= 4;
        checksum_ipv4_header(cut[1], 20);
        uint8_t *tcp = cut[1] + 20;
        store_be16(tcp + 16, 0);
        checksum_t sum = checksum_pseudo_header(cut[1] + 12, cut[1] + 16, 4, 6, 1032);
        checksum_store(tcp + 16, checksum_add(sum, tcp, 1032));
        join(2);
        assert_int_equal(emitted.count, 2);
    }
}

static void test_equal_datagrams_are_joined_and_a_shorter_one_ends_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++)
        make_udp_packet(cut[i], "10.1.0.1", "10.2.0.1", 53, i == 2 ? 60 : 100);
    join(4);
    assert_int_equal(emitted.count, 2);
    assert_int_equal(emitted.size[0], 28 + 260);
    assert_int_equal(emitted.offload[0].kind, OFFLOAD_UDP4);
    assert_int_equal(emitted.size[1], 128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tcp_super_packet_is_cut_into_right_segments),
        cmocka_unit_test(test_a_udp_super_packet_is_cut_into_right_datagrams),
        cmocka_unit_test(test_the_checksum_of_every_size_is_that_of_its_words),
        cmocka_unit_test(test_a_segment_shaped_in_the_packet_is_as_one_that_is_copied),
        cmocka_unit_test(test_a_partial_checksum_is_completed),
        cmocka_unit_test(test_offload_requests_that_do_not_fit_the_packet_are_refused),
        cmocka_unit_test(test_what_was_cut_is_joined_to_the_same_super_packet),
        cmocka_unit_test(test_a_gap_in_the_sequence_ends_a_super_packet),
        cmocka_unit_test(test_a_wrong_checksum_is_passed_alone_and_in_order),
        cmocka_unit_test(test_segments_that_differ_in_a_header_field_are_not_joined),
        cmocka_unit_test(test_equal_datagrams_are_joined_and_a_shorter_one_ends_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
