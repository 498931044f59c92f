/* IKEv1 messages: what is written reads back, and what is malformed is refused before anybody looks at it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/reader.h"
#include "wire/ikev1_build.h"

enum { BUFFER_SIZE = 4096 };

struct message {
    uint8_t buffer[BUFFER_SIZE];
    struct message_builder builder;
    uint8_t first;
    struct bytes chain;
    struct ikev1_message read;
    struct error error;
};

static void begin(struct message *message)
{
    static const struct ikev2_header header = {.exchange = ISAKMP_INFORMATIONAL};
    memset(message, 0, sizeof(*message));
    message->builder = ikev1_build_start(message->buffer, sizeof(message->buffer), &header);
}

static void finish(struct message *message, size_t block_size)
{
    struct bytes whole;
    struct ikev2_header header;
    assert_true(ikev1_build_finish(&message->builder, block_size, &whole));
    assert_true(ikev2_header_read(whole, &header));
    message->first = header.next_payload;
    message->chain = bytes_of(whole.data + IKE_HEADER_SIZE, whole.size - IKE_HEADER_SIZE);
}

static bool reads(struct message *message, bool was_encrypted)
{
    return ikev1_message_read(message->first, message->chain, was_encrypted, &message->read, &message->error);
}

static void add_usual(struct message *message)
{
    static const uint8_t hash[20] = {7}, nonce[16] = {8}, spis[8] = {0, 0, 16, 1, 0, 0, 16, 2};
    message_build_body(&message->builder, ISAKMP_HASH, bytes_of(hash, sizeof(hash)));
    message_build_body(&message->builder, ISAKMP_NONCE, bytes_of(nonce, sizeof(nonce)));
    ikev1_build_notify(&message->builder, V1_PROTO_ESP, bytes_of(spis, 4), V1_RESPONDER_LIFETIME,
                       bytes_of(nonce, 12));
    ikev1_build_delete(&message->builder, V1_PROTO_AH, 4, 2, bytes_of(spis, sizeof(spis)));
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    static struct message message;
    begin(&message);
    add_usual(&message);
    finish(&message, 0);
    assert_true(reads(&message, false));
    assert_int_equal(message.read.hash.size, 20);
    assert_int_equal(message.read.nonce.size, 16);
    const struct ike_notify *notify = ikev1_find_notify(&message.read, V1_RESPONDER_LIFETIME);
    assert_non_null(notify);
    assert_int_equal(notify->protocol, V1_PROTO_ESP);
    assert_int_equal(notify->data.size, 12);
    assert_int_equal(message.read.delete_count, 1);
    assert_int_equal(message.read.deletes[0].protocol, V1_PROTO_AH);
    assert_int_equal(message.read.deletes[0].count, 2);
    assert_ptr_equal(message.read.after_hash.data, message.chain.data + 24);
}

static void messages_cut_anywhere_are_refused(void **state)
{
    (void)state;
    static struct message message;
    begin(&message);
    add_usual(&message);
    finish(&message, 0);
    size_t whole = message.chain.size;
    for (size_t size = 0; size < whole; size++) {
        message.chain.size = size;
        assert_false(reads(&message, false));
        assert_false(reads(&message, true));
    }
}

static void padding_is_for_encrypted_messages(void **state)
{
    (void)state;
    static struct message message;
    begin(&message);
    add_usual(&message);
    finish(&message, 16);
    assert_int_equal(message.chain.size % 16, 0);
    assert_true(reads(&message, true));
    assert_false(reads(&message, false));
}

static void nonces_have_eight_to_256_bytes(void **state)
{
    (void)state;
    static struct message message;
    static const uint8_t nonce[300];
    static const struct {
        size_t size;
        bool is_fine;
    } rows[] = {{0, false}, {7, false}, {8, true}, {256, true}, {257, false}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        begin(&message);
        message_build_body(&message.builder, ISAKMP_NONCE, bytes_of(nonce, rows[i].size));
        finish(&message, 0);
        assert_int_equal(reads(&message, false), rows[i].is_fine);
    }
}

static void a_delete_holds_as_many_spis_as_it_says(void **state)
{
    (void)state;
    static struct message message;
    static const uint8_t spis[16];
    for (unsigned count = 0; count < 6; count++) {
        begin(&message);
        ikev1_build_delete(&message.builder, V1_PROTO_ESP, 4, (uint16_t)count, bytes_of(spis, 12));
        finish(&message, 0);
        assert_int_equal(reads(&message, false), count == 3);
    }
}

static void more_payloads_than_anybody_needs_are_refused(void **state)
{
    (void)state;
    static struct message message;
    for (unsigned count = IKEV1_PAYLOAD_LIMIT - 1; count <= IKEV1_PAYLOAD_LIMIT + 1; count++) {
        begin(&message);
        for (unsigned i = 0; i < count; i++)
            message_build_body(&message.builder, 99, bytes_of("x", 1));
        finish(&message, 0);
        assert_int_equal(reads(&message, false), count <= IKEV1_PAYLOAD_LIMIT);
        if (count <= IKEV1_PAYLOAD_LIMIT)
            assert_true(message.read.has_unknown);
    }
}

/* RFC 2408 3.3: basic with the high bit, else a length; a number may take any of them (RFC 2407 4.5). */
static void attributes_come_in_every_form(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[14];
        size_t size;
        bool fits;
        uint32_t number;
    } rows[] = {
        {{0x80, 2, 0x70, 0x80}, 4, true, 0x7080},
        {{0, 2, 0, 4, 0, 1, 0x51, 0x80}, 8, true, 86400},
        {{0, 2, 0, 2, 0x70, 0x80}, 6, true, 0x7080},
        {{0, 2, 0, 1, 0x70}, 5, true, 0x70},
        {{0, 2, 0, 0}, 4, true, 0},
        {{0, 2, 0, 3, 1, 0x51, 0x80}, 7, true, 86400},
        {{0, 2, 0, 8, 0, 0, 0, 0, 0, 1, 0x51, 0x80}, 12, true, 86400},
        {{0, 2, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0}, 12, false, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct reader reader = reader_of(bytes_of(rows[i].bytes, rows[i].size));
        struct ikev1_attribute attribute;
        assert_true(ikev1_attribute_read(&reader, &attribute));
        assert_int_equal(attribute.type, 2);
        assert_int_equal(attribute.fits_number, rows[i].fits);
        if (rows[i].fits)
            assert_int_equal(attribute.number, rows[i].number);
        assert_false(ikev1_attribute_read(&reader, &attribute));
        assert_false(reader.failed);
        reader = reader_of(bytes_of(rows[i].bytes, rows[i].size - 1));
        assert_false(ikev1_attribute_read(&reader, &attribute));
        assert_true(reader.failed);
    }
}

static void numbers_are_written_in_the_shorter_form(void **state)
{
    (void)state;
    uint8_t buffer[16];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    ikev1_write_attribute(&writer, 2, 0xffff);
    assert_int_equal(writer.size, 4);
    ikev1_write_attribute(&writer, 2, 0x10000);
    assert_int_equal(writer.size, 12);
    assert_memory_equal(buffer, "\x80\x02\xff\xff\x00\x02\x00\x04\x00\x01\x00\x00", 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(messages_cut_anywhere_are_refused),
        cmocka_unit_test(padding_is_for_encrypted_messages),
        cmocka_unit_test(nonces_have_eight_to_256_bytes),
        cmocka_unit_test(a_delete_holds_as_many_spis_as_it_says),
        cmocka_unit_test(more_payloads_than_anybody_needs_are_refused),
        cmocka_unit_test(attributes_come_in_every_form),
        cmocka_unit_test(numbers_are_written_in_the_shorter_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
