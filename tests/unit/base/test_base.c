/* src/base: readers, addresses, selectors, hash table, timer wheel, text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/hash_table.h"
#include "base/reader.h"
#include "base/sockaddr.h"
#include "base/text.h"
#include "base/timer_wheel.h"
#include "base/writer.h"

static void reader_fails_once_and_for_all(void **state)
{
    (void)state;
    const uint8_t data[] = {1, 2, 3};
    struct reader reader = reader_of(bytes_of(data, sizeof(data)));
    assert_int_equal(reader_u16(&reader), 0x0102);
    assert_int_equal(reader_u16(&reader), 0);
    assert_true(reader.failed);
    assert_int_equal(reader_u8(&reader), 0);
}

static void writer_does_not_pass_its_end(void **state)
{
    (void)state;
    uint8_t data[3] = {0, 0, 9};
    struct writer writer = writer_of(data, 2);
    writer_u8(&writer, 7);
    writer_u16(&writer, 0x0102);
    assert_true(writer.overflowed);
    assert_int_equal(data[2], 9);
    assert_int_equal(writer.size, 1);
}

static void arena_refuses_beyond_its_limit(void **state)
{
    (void)state;
    struct arena arena = arena_make(10000);
    assert_non_null(arena_take(&arena, 9000));
    assert_null(arena_take(&arena, 2000));
    assert_null(arena_take(&arena, SIZE_MAX));
    arena_release(&arena);
}

static void selector_from(const char *text, uint8_t protocol, uint16_t port, struct selector *out)
{
    struct ip_prefix prefix;
    assert_true(prefix_parse(text, &prefix, NULL));
    *out = selector_of_prefix(&prefix, protocol, port);
}

static void selectors_intersect_as_rfc7296_says(void **state)
{
    (void)state;
    struct selector wide, narrow, common, other;
    char text[SELECTOR_TEXT_SIZE];
    selector_from("10.0.0.0/8", 0, 0, &wide);
    selector_from("10.1.2.0/24", 17, 53, &narrow);
    selector_from("2001:db8::/32", 0, 0, &other);
    assert_true(selector_intersect(&wide, &narrow, &common));
    assert_string_equal(selector_text(&common, text), "10.1.2.0/24/17/53");
    assert_true(selector_contains(&wide, &narrow));
    assert_false(selector_contains(&narrow, &wide));
    assert_false(selector_intersect(&wide, &other, &common));
    narrow.port_start = 65535;
    narrow.port_end = 0;
    assert_true(selector_intersect(&wide, &narrow, &common));
    assert_int_equal(common.port_start, 65535);
}

static void prefixes_parse_and_refuse(void **state)
{
    (void)state;
    struct ip_prefix prefix;
    struct error error;
    char text[ADDRESS_TEXT_SIZE + 4];
    assert_true(prefix_parse("192.0.2.0/255.255.255.0", &prefix, &error));
    assert_string_equal(prefix_text(&prefix, text), "192.0.2.0/24");
    assert_true(prefix_parse("::/0", &prefix, &error));
    assert_false(prefix_parse("192.0.2.1/24", &prefix, &error));
    assert_int_equal(error.code, 1);
    assert_false(prefix_parse("192.0.2.0/33", &prefix, &error));
    assert_false(prefix_parse("192.0.2.0/", &prefix, &error));
    assert_false(prefix_parse("192.0.2.0/255.0.255.0", &prefix, &error));
    assert_false(prefix_parse("fe80::/ffff::", &prefix, &error));
}

struct entry {
    struct hash_node node;
    uint64_t value;
};

static void hash_table_keeps_every_entry_while_it_grows(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    static struct entry entries[COUNT];
    const uint8_t key[16] = {1};
    struct hash_table table;
    assert_true(hash_table_init(&table));
    for (uint64_t i = 0; i < COUNT; i++) {
        entries[i].value = i;
        assert_true(hash_table_insert(&table, &entries[i].node, hash_bytes(key, bytes_of(&i, sizeof(i)))));
    }
    for (uint64_t i = 0; i < COUNT; i += 2)
        hash_table_remove(&table, &entries[i].node);
    for (uint64_t i = 0; i < COUNT; i++) {
        struct hash_node *node = hash_table_find(&table, hash_bytes(key, bytes_of(&i, sizeof(i))));
        while (node != NULL && CONTAINER_OF(node, struct entry, node)->value != i)
            node = hash_node_next(node);
        assert_int_equal(node != NULL, i % 2);
    }
    assert_int_equal(table.entry_count, COUNT / 2);
    hash_table_free(&table);
}

/* The reference vector of the SipHash paper, appendix A. */
static void hash_table_finds_the_newest_of_equals_first(void **state)
{
    (void)state;
    enum { COUNT = 3000, SAME_HASH = 7 };
    static struct entry entries[COUNT], others[COUNT];
    struct hash_table table;
    assert_true(hash_table_init(&table));
    for (size_t i = 0; i < COUNT; i++) {
        hash_table_insert(&table, &entries[i].node, SAME_HASH);
        hash_table_insert(&table, &others[i].node, i << 8); /* buckets are split meanwhile */
    }
    hash_table_remove(&table, &entries[COUNT / 2].node);
    hash_table_remove(&table, &entries[COUNT / 2].node);
    size_t left = COUNT;
    for (struct hash_node *node = hash_table_find(&table, SAME_HASH); node != NULL;
         node = hash_node_next(node)) {
        left -= left == COUNT / 2 + 1 ? 2 : 1;
        assert_ptr_equal(node, &entries[left].node);
    }
    assert_int_equal(left, 0);
    assert_int_equal(table.entry_count, 2 * COUNT - 1);
    hash_table_free(&table);
}

static void siphash_matches_its_paper(void **state)
{
    (void)state;
    uint8_t key[16], input[15];
    for (uint8_t i = 0; i < 16; i++)
        key[i] = i;
    for (uint8_t i = 0; i < 15; i++)
        input[i] = i;
    assert_int_equal(hash_bytes(key, bytes_of(input, sizeof(input))), 0xa129ca6149be45e5u);
}

static void many_timers_all_fire_and_cancelled_ones_do_not(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static struct timer timers[COUNT];
    static struct timer_wheel wheel;
    usec_t now = 123456789;
    timer_wheel_init(&wheel, now);
    srandom(1);
    for (size_t i = 0; i < COUNT; i++) {
        timer_init(&timers[i]);
        usec_t span = (usec_t)1 << (random() % 40);
        timer_arm(&wheel, &timers[i], now + (usec_t)random() % span);
    }
    for (size_t i = 0; i < COUNT; i += 3)
        timer_cancel(&wheel, &timers[i]);
    size_t fired = 0;
    usec_t next;
    while ((next = timer_wheel_next(&wheel)) != USEC_NEVER) {
        if (next > now)
            now = next;
        struct timer *timer;
        while ((timer = timer_wheel_pop(&wheel, now)) != NULL) {
            assert_false(timer_is_armed(timer));
            fired++;
        }
    }
    assert_int_equal(wheel.armed_count, 0);
    assert_int_equal(fired, COUNT - (COUNT + 2) / 3);
}

static void a_timer_is_neither_early_nor_more_than_a_tick_late(void **state)
{
    (void)state;
    static struct timer_wheel wheel;
    struct timer timer;
    srandom(2);
    for (int round = 0; round < 2000; round++) {
        usec_t now = (usec_t)random() * 1000;
        timer_wheel_init(&wheel, now);
        timer_init(&timer);
        usec_t deadline = now + (usec_t)random() % ((usec_t)1 << (random() % 38));
        timer_arm(&wheel, &timer, deadline);
        while (timer_wheel_pop(&wheel, now) == NULL) {
            usec_t next = timer_wheel_next(&wheel);
            assert_true(next != USEC_NEVER && (next > now || deadline > now));
            now = next > now ? next : now + 1;
        }
        assert_true(now >= deadline);
        assert_true(now <= deadline + 1024);
    }
}

static void a_line_stays_one_line(void **state)
{
    (void)state;
    char line[] = "no \"a\n000 b\"\t\x1b[2J \xc3\xbc";
    assert_false(text_is_one_line(line));
    text_keep_to_one_line(line);
    assert_string_equal(line, "no \"a?000 b\"\t?[2J \xc3\xbc");
    assert_true(text_is_one_line(line));
}

static void text_escapes_what_a_peer_sends(void **state)
{
    (void)state;
    char buffer[64];
    struct text text = text_of(buffer, sizeof(buffer));
    text_add_escaped(&text, bytes_of_text("a'b\n%n"));
    assert_string_equal(buffer, "a\\047b\\012%n");
    uint8_t out[8];
    assert_int_equal(hex_decode("12_34", 5, out, sizeof(out)), 2);
    assert_int_equal(hex_decode("123", 3, out, sizeof(out)), -1);
    assert_int_equal(base64_decode("aGVsbG8=", 8, out, sizeof(out)), 5);
    assert_memory_equal(out, "hello", 5);
    const char *words[] = {"leftsubnet", "rightsubnet", "auto"};
    assert_string_equal(text_nearest("leftsubnt", words, 3), "leftsubnet");
    assert_null(text_nearest("zzzzzz", words, 3));
}

static void endpoints_survive_the_sockets_form(void **state)
{
    (void)state;
    const char *texts[] = {"192.0.2.7", "2001:db8::7"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct ip_endpoint endpoint = {.port = 4500};
        struct sockaddr_storage form;
        struct error error;
        assert_true(address_parse(texts[i], &endpoint.address, &error));
        assert_int_equal(endpoint_to_sockaddr(&endpoint, &form),
                         i == 0 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
        struct ip_endpoint back = endpoint_from_sockaddr(&form);
        assert_true(address_equal(&back.address, &endpoint.address));
        assert_int_equal(back.port, 4500);
    }
    assert_int_equal(address_from_sockaddr(NULL).family, IP_NONE);
    assert_int_equal(address_from_sockaddr(&(struct sockaddr){.sa_family = AF_UNIX}).family, IP_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reader_fails_once_and_for_all),
        cmocka_unit_test(writer_does_not_pass_its_end),
        cmocka_unit_test(arena_refuses_beyond_its_limit),
        cmocka_unit_test(selectors_intersect_as_rfc7296_says),
        cmocka_unit_test(prefixes_parse_and_refuse),
        cmocka_unit_test(hash_table_keeps_every_entry_while_it_grows),
        cmocka_unit_test(hash_table_finds_the_newest_of_equals_first),
        cmocka_unit_test(siphash_matches_its_paper),
        cmocka_unit_test(many_timers_all_fire_and_cancelled_ones_do_not),
        cmocka_unit_test(a_timer_is_neither_early_nor_more_than_a_tick_late),
        cmocka_unit_test(text_escapes_what_a_peer_sends),
        cmocka_unit_test(a_line_stays_one_line),
        cmocka_unit_test(endpoints_survive_the_sockets_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
