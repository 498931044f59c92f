/* The anti-replay window: what is fresh, what was seen, what is too old, and the high half of an ESN. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "esp/replay.h"

static uint64_t bits[128];

static struct replay_window window_of(uint32_t size)
{
    struct replay_window window;
    memset(bits, 0, sizeof(bits));
    assert_true(replay_bitmap_blocks(size) <= ARRAY_SIZE(bits));
    replay_init(&window, size, bits);
    return window;
}

static void test_zero_is_never_fresh(void **state)
{
    (void)state;
    struct replay_window window = window_of(64);
    assert_int_equal(replay_check(&window, 0), REPLAY_TOO_OLD);
}

static void test_a_number_is_accepted_once(void **state)
{
    (void)state;
    struct replay_window window = window_of(64);
    for (uint64_t sequence = 1; sequence < 1000; sequence++) {
        assert_int_equal(replay_check(&window, sequence), REPLAY_FRESH);
        replay_accept(&window, sequence);
        assert_int_equal(replay_check(&window, sequence), REPLAY_DUPLICATE);
    }
}

static void test_the_window_ends_where_its_size_says(void **state)
{
    (void)state;
    const uint32_t sizes[] = {1, 32, 63, 64, 65, 128, 1000, 4096};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct replay_window window = window_of(sizes[i]);
        replay_accept(&window, 10000);
        assert_int_equal(replay_check(&window, 10000 - sizes[i]), REPLAY_TOO_OLD);
        if (sizes[i] > 1)
            assert_int_equal(replay_check(&window, 10000 - sizes[i] + 1), REPLAY_FRESH);
    }
}

static void test_a_jump_ahead_forgets_nothing_inside_the_window(void **state)
{
    (void)state;
    struct replay_window window = window_of(128);
    replay_accept(&window, 100);
    replay_accept(&window, 190);
    assert_int_equal(replay_check(&window, 100), REPLAY_DUPLICATE);
    assert_int_equal(replay_check(&window, 101), REPLAY_FRESH);
    replay_accept(&window, 1000000);
    assert_int_equal(replay_check(&window, 190), REPLAY_TOO_OLD);
    for (uint64_t sequence = 1000000 - 127; sequence < 1000000; sequence++)
        assert_int_equal(replay_check(&window, sequence), REPLAY_FRESH);
}

/* Against a plain list of what was accepted, in random order near the top. */
static void test_agrees_with_a_naive_window(void **state)
{
    (void)state;
    static uint8_t seen[200000];
    struct replay_window window = window_of(256);
    uint64_t top = 0;
    srand(7);
    for (int i = 0; i < 100000; i++) {
        uint64_t sequence = top + 1 + (uint64_t)(rand() % 20) - (uint64_t)(rand() % 320);
        if (sequence == 0 || sequence > top + 100 || sequence >= sizeof(seen))
            continue;
        bool is_old = top >= 256 && sequence <= top - 256;
        bool expected = !is_old && !seen[sequence];
        assert_int_equal(replay_check(&window, sequence) == REPLAY_FRESH, expected);
        if (!expected)
            continue;
        replay_accept(&window, sequence);
        seen[sequence] = 1;
        top = sequence > top ? sequence : top;
    }
    assert_true(top > 10000);
}

static void test_no_window_checks_nothing(void **state)
{
    (void)state;
    struct replay_window window = window_of(0);
    replay_accept(&window, 5);
    assert_int_equal(replay_check(&window, 5), REPLAY_FRESH);
}

/* RFC 4303 A2.2: top of the window, low half received, 64-bit number meant; window of 64. */
static void test_high_half_is_inferred_as_rfc4303_a2_says(void **state)
{
    (void)state;
    const struct {
        uint64_t top;
        uint32_t low;
        uint64_t expected;
    } table[] = {
        {100, 101, 101},                        /* case A: ahead */
        {100, 60, 60},                          /* inside */
        {100, 5, 0x100000005},                  /* below the window: the next subspace */
        {0xffffffff, 0, 0x100000000},           /* the wrap */
        {0xffffffff, 0xfffffff0, 0xfffffff0},   /* just before it */
        {0x100000010, 0xfffffff0, 0xfffffff0},  /* case B: behind the wrap, inside */
        {0x100000010, 0x20, 0x100000020},       /* case B: ahead */
        {0x100000010, 0xffffffd0, 0x1ffffffd0}, /* case B: below the window: far ahead */
        {0x5000000ff, 0x100, 0x500000100},
        {0x5000000ff, 0x10, 0x600000010},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        struct replay_window window = window_of(64);
        window.highest = table[i].top;
        assert_int_equal(replay_infer_sequence(&window, table[i].low), table[i].expected);
    }
}

static void test_before_the_first_packet_nothing_is_inferred_into_the_past(void **state)
{
    (void)state;
    struct replay_window window = window_of(64);
    assert_int_equal(replay_infer_sequence(&window, 1), 1);
    uint64_t sequence = replay_infer_sequence(&window, 0xfffffff0);
    assert_int_equal(replay_check(&window, sequence), REPLAY_TOO_OLD);
}

static void test_the_window_slides_over_the_wrap(void **state)
{
    (void)state;
    struct replay_window window = window_of(64);
    window.highest = 0xffffff00;
    for (uint64_t sequence = 0xffffff01; sequence < 0x100000100; sequence++) {
        assert_int_equal(replay_infer_sequence(&window, (uint32_t)sequence), sequence);
        assert_int_equal(replay_check(&window, sequence), REPLAY_FRESH);
        replay_accept(&window, sequence);
        assert_int_equal(replay_check(&window, sequence), REPLAY_DUPLICATE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zero_is_never_fresh),
        cmocka_unit_test(test_a_number_is_accepted_once),
        cmocka_unit_test(test_the_window_ends_where_its_size_says),
        cmocka_unit_test(test_a_jump_ahead_forgets_nothing_inside_the_window),
        cmocka_unit_test(test_agrees_with_a_naive_window),
        cmocka_unit_test(test_no_window_checks_nothing),
        cmocka_unit_test(test_high_half_is_inferred_as_rfc4303_a2_says),
        cmocka_unit_test(test_before_the_first_packet_nothing_is_inferred_into_the_past),
        cmocka_unit_test(test_the_window_slides_over_the_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
