/* PF_KEY messages: what is written reads the same, and what is not whole is not read. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "kernel/pfkey_message.h"

struct fixture {
    uint8_t buffer[PFKEY_MESSAGE_MAX];
    struct writer writer;
};

static struct ip_address address(const char *text)
{
    struct ip_address parsed;
    assert_true(address_parse(text, &parsed, NULL));
    return parsed;
}

static void begin(struct fixture *fixture, uint8_t type)
{
    fixture->writer = writer_of(fixture->buffer, sizeof(fixture->buffer));
    pfkey_begin(&fixture->writer, type, SADB_SATYPE_ESP);
}

static struct pfkey_message finish(struct fixture *fixture)
{
    struct pfkey_message message = {0};
    assert_true(pfkey_end(&fixture->writer, 7, 99));
    assert_true(pfkey_read(writer_bytes_so_far(&fixture->writer), &message));
    return message;
}

static void test_an_sa_reads_as_it_was_written(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct pfkey_lifetime hard = {.allocations = 5, .bytes = 6, .addtime = 7, .usetime = 8};
    struct ip_address source = address("192.0.2.1"), destination = address("192.0.2.2");
    begin(&fixture, SADB_ADD);
    pfkey_put_sa(&fixture.writer, &(struct pfkey_sa_fields){.spi = 0x11223344, .replay = 32});
    pfkey_put_lifetime(&fixture.writer, SADB_EXT_LIFETIME_HARD, &hard);
    pfkey_put_address(&fixture.writer, SADB_EXT_ADDRESS_SRC, &source);
    pfkey_put_address(&fixture.writer, SADB_EXT_ADDRESS_DST, &destination);
    pfkey_put_key(&fixture.writer, SADB_EXT_KEY_AUTH, bytes_of("01234567890123456789", 20));
    pfkey_put_encapsulation(&fixture.writer, 4500, 4567);
    struct pfkey_message message = finish(&fixture);
    struct pfkey_lifetime lifetime;
    struct ip_endpoint end;
    uint32_t spi;
    uint16_t port;
    assert_int_equal(message.type, SADB_ADD);
    assert_int_equal(message.satype, SADB_SATYPE_ESP);
    assert_int_equal(message.sequence, 7);
    assert_int_equal(message.pid, 99);
    assert_true(pfkey_get_spi(&message, &spi) && spi == 0x11223344);
    assert_true(pfkey_get_lifetime(&message, SADB_EXT_LIFETIME_HARD, &lifetime));
    assert_memory_equal(&lifetime, &hard, sizeof(hard));
    assert_true(pfkey_get_address(&message, SADB_EXT_ADDRESS_DST, &end));
    assert_true(address_equal(&end.address, &destination));
    assert_true(pfkey_get_natt_port(&message, SADB_X_EXT_NAT_T_DPORT, &port) && port == 4567);
    assert_int_equal(message.extensions[SADB_EXT_KEY_AUTH].size, 32); /* 8 + 20, padded */
    assert_int_equal(message.extensions[SADB_EXT_KEY_ENCRYPT].size, 0);
}

static void test_a_policy_reads_as_it_was_written(void **state)
{
    (void)state;
    const char *const pairs[][2] = {{"10.1.0.0", "10.2.0.0"}, {"fd01::", "fd02::"}};
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        struct fixture fixture;
        struct packet_selector selector, read;
        uint32_t index, priority;
        uint8_t direction;
        memset(&selector, 0, sizeof(selector));
        selector.source = (struct ip_prefix){address(pairs[i][0]), 24};
        selector.destination = (struct ip_prefix){address(pairs[i][1]), 16};
        selector.protocol = 6;
        selector.destination_port = 443;
        selector.destination_mask = UINT16_MAX;
        begin(&fixture, SADB_X_SPDUPDATE);
        pfkey_put_selector(&fixture.writer, &selector);
        pfkey_put_policy(&fixture.writer, &(struct pfkey_policy_fields){
                                              .type = IPSEC_POLICY_IPSEC,
                                              .direction = IPSEC_DIR_OUTBOUND,
                                              .priority = 12345,
                                              .transforms = {{.protocol = IPPROTO_ESP,
                                                              .mode = IPSEC_MODE_TUNNEL,
                                                              .level = IPSEC_LEVEL_UNIQUE,
                                                              .reqid = 77,
                                                              .source = address("192.0.2.1"),
                                                              .destination = address("192.0.2.2")}},
                                              .transform_count = 1,
                                          });
        struct pfkey_message message = finish(&fixture);
        assert_true(pfkey_get_selector(&message, &read));
        assert_memory_equal(&read, &selector, sizeof(read));
        assert_true(pfkey_get_policy(&message, &direction, &index, &priority));
        assert_int_equal(direction, IPSEC_DIR_OUTBOUND);
        assert_int_equal(priority, 12345);
        assert_int_equal(message.extensions[SADB_X_EXT_POLICY].size,
                         16 + 16 + 2 * sizeof(struct sockaddr_in));
    }
}

static void test_a_cut_message_is_not_read(void **state)
{
    (void)state;
    struct fixture fixture;
    struct pfkey_message message;
    struct ip_address source = address("192.0.2.1");
    begin(&fixture, SADB_GET);
    pfkey_put_sa(&fixture.writer, &(struct pfkey_sa_fields){.spi = 1});
    pfkey_put_address(&fixture.writer, SADB_EXT_ADDRESS_SRC, &source);
    (void)finish(&fixture);
    for (size_t size = 0; size < fixture.writer.size; size++)
        assert_false(pfkey_read(bytes_of(fixture.buffer, size), &message));
}

/* The first extension's header, behind the message's. */
static void set_extension(struct fixture *fixture, uint16_t units, uint16_t type)
{
    memcpy(fixture->buffer + sizeof(struct sadb_msg), &units, sizeof(units));
    memcpy(fixture->buffer + sizeof(struct sadb_msg) + 2, &type, sizeof(type));
}

static void test_lengths_that_lie_are_refused(void **state)
{
    (void)state;
    const struct {
        uint16_t units, type;
        bool is_read;
    } rows[] = {
        {2, SADB_EXT_SA, true},
        {0, SADB_EXT_SA, false},               /* it would never end */
        {3, SADB_EXT_SA, false},               /* past the end */
        {2, SADB_EXT_LIFETIME_CURRENT, false}, /* too short for its type */
        {2, SADB_EXT_ADDRESS_SRC, false},      /* without an address */
        {2, SADB_EXT_RESERVED, false},         /* no type */
        {2, 4711, true},                       /* passed over */
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct fixture fixture;
        struct pfkey_message message;
        begin(&fixture, SADB_GET);
        pfkey_put_sa(&fixture.writer, &(struct pfkey_sa_fields){.spi = 1});
        assert_true(pfkey_end(&fixture.writer, 1, 1));
        set_extension(&fixture, rows[i].units, rows[i].type);
        assert_int_equal(pfkey_read(writer_bytes_so_far(&fixture.writer), &message), rows[i].is_read);
    }
}

static void test_an_extension_that_is_there_twice_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct pfkey_message message;
    begin(&fixture, SADB_GET);
    pfkey_put_sa(&fixture.writer, &(struct pfkey_sa_fields){.spi = 1});
    pfkey_put_sa(&fixture.writer, &(struct pfkey_sa_fields){.spi = 2});
    assert_true(pfkey_end(&fixture.writer, 1, 1));
    assert_false(pfkey_read(writer_bytes_so_far(&fixture.writer), &message));
}

static void test_what_does_not_fit_is_not_sent(void **state)
{
    (void)state;
    uint8_t small[24];
    struct writer writer = writer_of(small, sizeof(small));
    pfkey_begin(&writer, SADB_GET, SADB_SATYPE_ESP);
    pfkey_put_sa(&writer, &(struct pfkey_sa_fields){.spi = 1});
    assert_false(pfkey_end(&writer, 1, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_sa_reads_as_it_was_written),
        cmocka_unit_test(test_a_policy_reads_as_it_was_written),
        cmocka_unit_test(test_a_cut_message_is_not_read),
        cmocka_unit_test(test_lengths_that_lie_are_refused),
        cmocka_unit_test(test_an_extension_that_is_there_twice_is_refused),
        cmocka_unit_test(test_what_does_not_fit_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
