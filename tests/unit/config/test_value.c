/* src/config/value.c, value_selector.c: the forms of values, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/value.h"
#include "engine/connection_spec.h"

static const struct keyword *conn(const char *name)
{
    const struct keyword *keyword = keyword_find(SECTION_CONN, name, NULL);
    assert_non_null(keyword);
    return keyword;
}

static void numbers_times_sizes_and_words_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *keyword, *text;
        uint64_t expected;
    } rows[] = {
        {"salifetime", "90", 90 * USEC_PER_SEC},
        {"salifetime", "90s", 90 * USEC_PER_SEC},
        {"salifetime", "15m", 900 * USEC_PER_SEC},
        {"salifetime", "1H", 3600 * USEC_PER_SEC},
        {"salifetime", "1d", 86400 * USEC_PER_SEC},
        {"rekeymargin", "1w", 604800 * USEC_PER_SEC},
        {"retransmit-interval", "500", 500 * USEC_PER_MSEC},
        {"retransmit-interval", "250ms", 250 * USEC_PER_MSEC},
        {"retransmit-interval", "1.5s", 1500 * USEC_PER_MSEC},
        {"rekeyfuzz", "100%", 100},
        {"rekeyfuzz", "0", 0},
        {"ipsec-max-bytes", "1Ki", 1024},
        {"ipsec-max-bytes", "2KiB", 2048},
        {"ipsec-max-bytes", "7B", 7},
        {"mtu", "0", 0},
        {"mtu", "0090", 90},
        {"ipsec-max-bytes", "3gi", (uint64_t)3 << 30},
        {"ipsec-max-bytes", "8Ei", (uint64_t)1 << 63},
        {"replay-window", "0", 0},
        {"leftikeport", "65535", 65535},
        {"pfs", "YES", 1},
        {"pfs", "off", 0},
        {"pfs", "n", 0},
        {"type", "Transport", TYPE_TRANSPORT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t number = 12345;
        struct error error = {0};
        if (!value_number(conn(rows[i].keyword), rows[i].text, &number, NULL, &error))
            fail_msg("%s=%s: %s", rows[i].keyword, rows[i].text, error.text);
        assert_int_equal(number, rows[i].expected);
    }
}

static void malformed_numbers_are_refused_at_their_byte(void **state)
{
    (void)state;
    static const struct {
        const char *keyword, *text;
        int at;
        const char *reason;
    } rows[] = {
        {"salifetime", "", 0, "expected a time"},
        {"salifetime", "abc", 0, "found \"abc\""},
        {"salifetime", "8x", 1, "expected a time"},
        {"salifetime", "-1", 0, "expected a time"},
        {"salifetime", "99999999999999999999", 0, "expected a time"},
        {"rekeymargin", "18446744073709551w", 0, "a shorter time"},
        {"rekeyfuzz", "100%%", 3, "percentage"},
        {"ipsec-max-bytes", "1Kb", 1, "Ki, Mi, Gi"},
        {"ipsec-max-bytes", "16Ei", 0, "a smaller number"},
        {"leftikeport", "0", 0, "1 to 65535"},
        {"leftikeport", "65536", 0, "1 to 65535"},
        {"priority", "1 2", 1, "a number"},
        {"pfs", "maybe", 0, "yes or no"},
        {"type", "tunel", 0, "did you mean \"tunnel\"?"},
        {"auto", "strat", 0, "did you mean \"start\"?"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t number = 12345;
        struct error error = {0};
        if (value_number(conn(rows[i].keyword), rows[i].text, &number, NULL, &error))
            fail_msg("%s=%s was taken", rows[i].keyword, rows[i].text);
        assert_int_equal(number, 12345);
        assert_int_equal(error.code, rows[i].at);
        if (strstr(error.text, rows[i].reason) == NULL)
            fail_msg("%s=%s: %s", rows[i].keyword, rows[i].text, error.text);
    }
}

static void a_lifetime_beyond_a_day_is_capped(void **state)
{
    (void)state;
    uint64_t number;
    bool is_capped = false;
    assert_true(value_number(conn("ikelifetime"), "25h", &number, &is_capped, NULL));
    assert_true(is_capped);
    assert_int_equal(number, 86400 * USEC_PER_SEC);
}

static void a_default_is_known_in_any_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *keyword, *text;
        bool is_default;
    } rows[] = {
        {"mobike", "no", true},  {"mobike", "False", true},     {"mobike", "yes", false},
        {"tfc", "0", true},      {"tfc", "1", false},           {"failureshunt", "none", true},
        {"ppk", "never", true},  {"leftsendcert", "yes", true}, {"nic-offload", "crypto", false},
        {"leftcert", "", true},  {"leftcert", "east", false},   {"iptfs-fragmentation", "1", true},
        {"sendca", "ALL", true}, {"redirect-to", "x", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (value_is_default(conn(rows[i].keyword), rows[i].text) != rows[i].is_default)
            fail_msg("%s=%s", rows[i].keyword, rows[i].text);
}

static void protocol_and_port_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int protocol, port; /* protocol -1: refused, port being the byte */
    } rows[] = {
        {"tcp/80", 6, 80},      {"TCP/http", 6, 80},    {"udp/%any", 17, 0}, {"17/1701", 17, 1701},
        {"udp/l2tp", 17, 1701}, {"icmp", 1, 0},         {"%any", 0, 0},      {"0", 0, 0},
        {"tcp/", 6, 0},         {"gre", 47, 0},         {"", -1, 0},         {"tpc/80", -1, 0},
        {"tcp/65536", -1, 4},   {"256", -1, 0},         {"tcp/80x", -1, 4},  {"0/80", -1, 2},
        {"/80", -1, 0},         {"tcp/%opaque", -1, 4},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t protocol = 99;
        uint16_t port = 9999;
        struct error error = {0};
        bool ok = value_protoport(rows[i].text, &protocol, &port, &error);
        if (ok != (rows[i].protocol >= 0))
            fail_msg("\"%s\": %s", rows[i].text, ok ? "taken" : error.text);
        assert_int_equal(ok ? port : error.code, rows[i].port);
        assert_int_equal(protocol, ok ? rows[i].protocol : 99);
    }
}

static void subnets_are_read_with_and_without_protocol(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected; /* NULL: refused */
    } rows[] = {
        {"10.1.0.0/16", "10.1.0.0/16"},
        {"10.1.2.3", "10.1.2.3/32"},
        {"0.0.0.0/0", "0.0.0.0/0"},
        {"2001:db8::/32", "2001:db8::/32"},
        {"10.0.0.0/8/tcp/80", "10.0.0.0/8/TCP/80"},
        {"10.1.2.3/16", "10.1.0.0/16"},
        {"2001:db8::1/32", "2001:db8::/32"},
        {"10.0.0.0/33", NULL},
        {"10.0.0.0/8/tcp/x", NULL},
        {"vhost:%priv", NULL},
        {"", NULL},
        {"ten/8", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct selector selector;
        bool has_protoport;
        char text[SELECTOR_TEXT_SIZE];
        struct error error = {0};
        bool ok = value_subnet(rows[i].text, &selector, &has_protoport, &error);
        if (ok != (rows[i].expected != NULL))
            fail_msg("\"%s\": %s", rows[i].text, ok ? "taken" : error.text);
        if (ok && strcmp(selector_text(&selector, text), rows[i].expected) != 0 && !has_protoport)
            assert_string_equal(text, rows[i].expected);
        if (ok && has_protoport) {
            assert_int_equal(selector.protocol, 6);
            assert_int_equal(selector.port_start, 80);
            assert_int_equal(selector.port_end, 80);
        }
    }
}

static void hostile_text_is_shown_escaped_and_cut(void **state)
{
    (void)state;
    char text[5000];
    struct error error = {0};
    uint64_t number;
    memset(text, '\x01', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_false(value_number(conn("pfs"), text, &number, NULL, &error));
    assert_non_null(strstr(error.text, "\\001"));
    assert_null(strchr(error.text, '\x01'));
    assert_non_null(strstr(error.text, "yes or no"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_times_sizes_and_words_are_read),
        cmocka_unit_test(malformed_numbers_are_refused_at_their_byte),
        cmocka_unit_test(a_lifetime_beyond_a_day_is_capped),
        cmocka_unit_test(a_default_is_known_in_any_spelling),
        cmocka_unit_test(protocol_and_port_are_read),
        cmocka_unit_test(subnets_are_read_with_and_without_protocol),
        cmocka_unit_test(hostile_text_is_shown_escaped_and_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
