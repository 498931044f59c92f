/* Messages in a stream: however it is cut into pieces, the same messages come out, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/stream_frame.h"

struct taken {
    char text[256]; /* messages, each in brackets; "!" when the stream is broken */
    size_t size;
};

static void say(struct taken *taken, const char *data, size_t size)
{
    assert_true(taken->size + size < sizeof(taken->text));
    memcpy(taken->text + taken->size, data, size);
    taken->size += size;
    taken->text[taken->size] = '\0';
}

/* Gives the stream in pieces of this size. */
static struct taken read_in_pieces(bool wants_prefix, struct bytes stream, size_t piece)
{
    struct taken taken = {.size = 0};
    struct stream_reader reader = stream_reader_make(wants_prefix);
    enum stream_progress progress = STREAM_WANTS_MORE;
    for (size_t at = 0; at < stream.size && progress != STREAM_BROKEN; at += piece) {
        size_t left = stream.size - at;
        struct bytes input = bytes_of(stream.data + at, left < piece ? left : piece), message;
        while ((progress = stream_reader_take(&reader, &input, &message)) == STREAM_WHOLE) {
            say(&taken, "(", 1);
            say(&taken, (const char *)message.data, message.size);
            say(&taken, ")", 1);
        }
    }
    if (progress == STREAM_BROKEN)
        say(&taken, "!", 1);
    stream_reader_free(&reader);
    return taken;
}

static void assert_stream(bool wants_prefix, const char *stream, size_t size, const char *expected)
{
    for (size_t piece = 1; piece <= size; piece++) {
        struct taken taken = read_in_pieces(wants_prefix, bytes_of((const uint8_t *)stream, size), piece);
        assert_string_equal(taken.text, expected);
    }
}

#define ASSERT_STREAM(wants_prefix, stream, expected)                                                        \
    assert_stream(wants_prefix, "" stream, sizeof(stream) - 1, expected)

static void messages_come_out_however_the_stream_is_cut(void **state)
{
    (void)state;
    ASSERT_STREAM(false, "\0\5abc\0\3d\0\6efgh", "(abc)(d)(efgh)");
    ASSERT_STREAM(true, "IKETCP\0\5abc\0\3d\0\6efgh", "(abc)(d)(efgh)");
}

static void a_message_that_is_not_whole_does_not_come_out(void **state)
{
    (void)state;
    ASSERT_STREAM(false, "\0\5abc\0\6efg", "(abc)");
    ASSERT_STREAM(true, "IKETCP\0", "");
}

static void an_empty_message_is_nothing_wrong(void **state)
{
    (void)state;
    ASSERT_STREAM(false, "\0\2\0\3x\0\2", "()(x)()");
}

static void a_length_that_does_not_count_itself_breaks_the_stream(void **state)
{
    (void)state;
    ASSERT_STREAM(false, "\0\3a\0\1bcd\0\3e", "(a)!");
    ASSERT_STREAM(false, "\0\0\0\3e", "!");
}

static void a_length_over_the_limit_breaks_the_stream_before_its_message_comes(void **state)
{
    static const uint8_t most[] = {(STREAM_MESSAGE_MAX + 2) >> 8, (STREAM_MESSAGE_MAX + 2) & 0xff};
    static const uint8_t more[] = {(STREAM_MESSAGE_MAX + 3) >> 8, (STREAM_MESSAGE_MAX + 3) & 0xff};
    (void)state;
    assert_string_equal(read_in_pieces(false, bytes_of(most, 2), 2).text, "");
    assert_string_equal(read_in_pieces(false, bytes_of(more, 2), 2).text, "!");
}

static void a_stream_without_prefix_is_cut_off_at_its_first_wrong_byte(void **state)
{
    (void)state;
    ASSERT_STREAM(true, "IKEUDP\0\3a", "!");
    ASSERT_STREAM(true, "\0\5abc", "!");
    ASSERT_STREAM(true, "IKx", "!");
}

static void the_prefix_comes_only_once(void **state)
{
    (void)state;
    ASSERT_STREAM(true, "IKETCP\0\3aIKETCP", "(a)!");
}

static void who_reads_no_further_than_the_prefix_knows_how_far_that_is(void **state)
{
    struct stream_reader reader = stream_reader_make(true);
    struct bytes input = bytes_of((const uint8_t *)"IKET", 4), message;
    (void)state;
    assert_int_equal(stream_reader_prefix_left(&reader), 6);
    assert_int_equal(stream_reader_take(&reader, &input, &message), STREAM_WANTS_MORE);
    assert_int_equal(stream_reader_prefix_left(&reader), 2);
    input = bytes_of((const uint8_t *)"CP", 2);
    assert_int_equal(stream_reader_take(&reader, &input, &message), STREAM_WANTS_MORE);
    assert_int_equal(stream_reader_prefix_left(&reader), 0);
}

static void a_marker_of_zeros_tells_ike_from_esp(void **state)
{
    struct bytes ike = bytes_of((const uint8_t *)"\0\0\0\0ike", 7);
    struct bytes esp = bytes_of((const uint8_t *)"\0\0\1\0esp", 7);
    struct bytes keepalive = bytes_of((const uint8_t *)"\xff", 1), nothing = bytes_of(NULL, 0);
    struct bytes marker = bytes_of((const uint8_t *)"\0\0\0\0", 4);
    (void)state;
    assert_int_equal(stream_content_of(&ike), STREAM_IKE);
    assert_int_equal(ike.size, 3);
    assert_memory_equal(ike.data, "ike", 3);
    assert_int_equal(stream_content_of(&esp), STREAM_ESP);
    assert_int_equal(esp.size, 7);
    assert_int_equal(stream_content_of(&keepalive), STREAM_NOTHING);
    assert_int_equal(stream_content_of(&nothing), STREAM_NOTHING);
    assert_int_equal(stream_content_of(&marker), STREAM_NOTHING);
}

static void what_is_written_can_be_read(void **state)
{
    uint8_t stream[64];
    (void)state;
    size_t size = stream_head_write(stream, STREAM_IKE, 3);
    assert_int_equal(size, 6);
    memcpy(stream + size, "ike", 3);
    size += 3;
    assert_memory_equal(stream, "\0\x9\0\0\0\0ike", 9);
    uint8_t head[STREAM_HEAD_MAX];
    assert_int_equal(stream_head_write(head, STREAM_ESP, 5), 2);
    assert_memory_equal(head, "\0\7", 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_out_however_the_stream_is_cut),
        cmocka_unit_test(a_message_that_is_not_whole_does_not_come_out),
        cmocka_unit_test(an_empty_message_is_nothing_wrong),
        cmocka_unit_test(a_length_that_does_not_count_itself_breaks_the_stream),
        cmocka_unit_test(a_length_over_the_limit_breaks_the_stream_before_its_message_comes),
        cmocka_unit_test(a_stream_without_prefix_is_cut_off_at_its_first_wrong_byte),
        cmocka_unit_test(the_prefix_comes_only_once),
        cmocka_unit_test(who_reads_no_further_than_the_prefix_knows_how_far_that_is),
        cmocka_unit_test(a_marker_of_zeros_tells_ike_from_esp),
        cmocka_unit_test(what_is_written_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
