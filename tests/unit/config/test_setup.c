/* src/config/setup.c, debug_class.c: config setup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/setup.h"
#include "memory_reader.h"

static void defaults_are_those_of_the_manual(void **state)
{
    (void)state;
    struct setup *setup = setup_new();
    assert_null(setup->logfile);
    assert_true(setup->logappend && setup->logtime && setup->uniqueids && setup->listen_udp);
    assert_false(setup->logstderr);
    assert_int_equal(setup->nhelpers, -1);
    assert_int_equal(setup->ddos_mode, DDOS_AUTO);
    assert_int_equal(setup->ddos_ike_threshold, 25000);
    assert_int_equal(setup->max_halfopen_ike, 50000);
    assert_int_equal(setup->keep_alive, 20 * USEC_PER_SEC);
    assert_int_equal(setup->protostack, PROTOSTACK_DEFAULT);
    assert_string_equal(setup->secretsfile, "/etc/ipsec.secrets");
    assert_string_equal(setup->rundir, "/run/pluto");
    assert_int_equal(setup->listen_count, 0);
    setup_free(setup);
}

static void good_options_are_taken(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"nhelpers", "0"},
        {"nhelpers", "-1"},
        {"ddos-mode", "busy"},
        {"uniqueids", "no"},
        {"keep-alive", "30"},
        {"protostack", "netkey"},
        {"protostack", "none"},
        {"plutodebug", "all"},
        {"listen", "192.0.2.1 2001:db8::1"},
        {"global-redirect", "no"},
        {"audit-log", "no"},
        {"syslog", "daemon.err"},
        {"virtual-private", "%v4:10.0.0.0/8,%v4:!10.1.0.0/16,%v6:fd00::/8"},
        {"logfile", "/tmp/x"},
        {"ike-socket-bufsize", "1Mi"},
        {"interfaces", "%defaultroute"},
        {"CURL-TIMEOUT", "5"},
    };
    struct setup *setup = setup_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct error error = {0};
        if (!setup_option(setup, rows[i][0], rows[i][1], true, NULL, &error))
            fail_msg("%s", error.text);
    }
    assert_int_equal(setup->nhelpers, -1);
    assert_int_equal(setup->listen_count, 2);
    assert_int_equal(setup->protostack, PROTOSTACK_NONE);
    assert_int_equal(setup->ike_socket_bufsize, 1 << 20);
    struct engine_settings settings = setup_engine_settings(setup);
    assert_false(settings.unique_ids);
    assert_int_equal(settings.ddos_mode, DDOS_BUSY);
    assert_int_equal(settings.nat_keepalive_interval, 30 * USEC_PER_SEC);
    assert_true((settings.debug & DEBUG_BASE) != 0);
    setup_free(setup);
}

static void what_concerns_the_engine_reaches_it(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"ikev1-policy", "reject"},     {"ddos-mode", "unlimited"}, {"ddos-ike-threshold", "17"},
        {"max-halfopen-ike", "19"},     {"keep-alive", "3m"},       {"shuntlifetime", "7s"},
        {"expire-shunt-interval", "0"}, {"drop-oppo-null", "yes"},  {"uniqueids", "no"},
        {"dns-resolver", "systemd"},    {"myvendorid", "Acme"},
    };
    struct setup *setup = setup_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_true(setup_option(setup, rows[i][0], rows[i][1], true, NULL, NULL));
    struct engine_settings settings = setup_engine_settings(setup);
    assert_int_equal(settings.ikev1_policy, IKEV1_REJECT);
    assert_int_equal(settings.ddos_mode, DDOS_UNLIMITED);
    assert_int_equal(settings.ddos_ike_threshold, 17);
    assert_int_equal(settings.max_halfopen_ike, 19);
    assert_int_equal(settings.nat_keepalive_interval, 180 * USEC_PER_SEC);
    assert_int_equal(settings.shunt_lifetime, 7 * USEC_PER_SEC);
    assert_int_equal(settings.expire_shunt_interval, 0);
    assert_true(settings.drop_oppo_null && !settings.unique_ids && settings.dns_by_systemd);
    assert_string_equal(settings.vendor_id, "Acme");
    setup_free(setup);
}

static void bad_options_are_refused_by_name_and_change_nothing(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"nosuch", "1", "unknown keyword \"nosuch\""},
        {"uniqeids", "no", "did you mean \"uniqueids\"?"},
        {"uniqueids", "maybe", "uniqueids=maybe: found \"maybe\"; expected yes or no"},
        {"listen", "192.0.2.300", "listen=192.0.2.300"},
        {"protostack", "clips", "found \"clips\""},
        {"global-redirect", "yes", "keyword \"global-redirect\" is not supported yet"},
        {"expire-shunt-interval", "soon", "expire-shunt-interval=soon"},
        {"nflog-all", "70000", "nflog-all=70000"},
        {"logstderr", "yes", "command line only"},
        {"plutodebug", "bsae", "did you mean \"base\"?"},
        {"virtual-private", "10.0.0.0/8", "%v4:CIDR"},
        {"virtual-private", "%v4:fd00::/8", "IPv4"},
        {"nhelpers", "-2", "a number"},
        {"ddos-mode", "buzy", "did you mean \"busy\"?"},
    };
    struct setup *setup = setup_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct error error = {0};
        if (setup_option(setup, rows[i][0], rows[i][1], true, NULL, &error))
            fail_msg("%s=%s was taken", rows[i][0], rows[i][1]);
        if (strstr(error.text, rows[i][2]) == NULL)
            fail_msg("%s=%s: %s", rows[i][0], rows[i][1], error.text);
    }
    assert_int_equal(setup->listen_count, 0);
    assert_int_equal(setup->debug, 0);
    assert_true(setup->uniqueids);
    setup_free(setup);
}

static void obsolete_keywords_warn(void **state)
{
    (void)state;
    struct kept_warnings kept;
    struct warning_sink sink = keep_warnings(&kept);
    struct setup *setup = setup_new();
    assert_true(setup_option(setup, "plutostderrlog", "/tmp/log", true, &sink, NULL));
    assert_int_equal(kept.count, 1);
    assert_non_null(strstr(kept.text, "\"plutostderrlog\" is obsolete"));
    setup_free(setup);
}

static void a_data_plane_of_the_past_warns_and_is_the_default(void **state)
{
    (void)state;
    struct kept_warnings kept;
    struct warning_sink sink = keep_warnings(&kept);
    struct setup *setup = setup_new();
    assert_true(setup_option(setup, "protostack", "klips", true, &sink, NULL));
    assert_int_equal(setup->protostack, PROTOSTACK_DEFAULT);
    assert_non_null(strstr(kept.text, "protostack=klips is no more"));
    setup_free(setup);
}

static void asking_for_dnssec_warns_in_a_file_and_on_the_command_line(void **state)
{
    (void)state;
    struct setup *setup = setup_new();
    for (int in_file = 0; in_file < 2; in_file++) {
        struct kept_warnings kept;
        struct warning_sink sink = keep_warnings(&kept);
        assert_true(setup_option(setup, "dnssec-enable", "no", in_file, &sink, NULL));
        assert_int_equal(kept.count, 0);
        assert_true(setup_option(setup, "dnssec-enable", "yes", in_file, &sink, NULL));
        assert_int_equal(kept.count, 1);
        assert_non_null(strstr(kept.text, "names are looked up without DNSSEC"));
    }
    setup_free(setup);
}

static void listen_of_the_command_line_adds_up_and_replaces_the_file(void **state)
{
    (void)state;
    struct setup *setup = setup_new();
    char text[ADDRESS_TEXT_SIZE];
    assert_true(setup_option(setup, "listen", "192.0.2.1", true, NULL, NULL));
    assert_true(setup_option(setup, "listen", "192.0.2.2", false, NULL, NULL));
    assert_true(setup_option(setup, "listen", "192.0.2.3", false, NULL, NULL));
    assert_int_equal(setup->listen_count, 2);
    assert_string_equal(address_text(&setup->listen[0], text), "192.0.2.2");
    assert_false(setup_option(setup, "listen", "192.0.2.4,x", false, NULL, NULL));
    assert_int_equal(setup->listen_count, 2);
    setup_free(setup);
}

static void debug_classes_set_and_clear(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t set, clear;
    } rows[] = {
        {"", 0, 0},
        {"crypt", DEBUG_CRYPT, 0},
        {"debug-crypt, no-updown", DEBUG_CRYPT, DEBUG_UPDOWN},
        {"crypt no-crypt", 0, DEBUG_CRYPT},
        {"none", 0, UINT64_MAX},
        {"none,routing", DEBUG_ROUTING, UINT64_MAX & ~(uint64_t)DEBUG_ROUTING},
        {"ALL", DEBUG_BASE | DEBUG_ROUTING | DEBUG_CPU_USAGE | DEBUG_REFCNT, 0},
        {"control", DEBUG_BASE, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t set = 1, clear = 1;
        assert_true(debug_classes_parse(rows[i].text, &set, &clear, NULL));
        assert_true(set == rows[i].set && clear == rows[i].clear);
    }
    struct error error;
    uint64_t set, clear;
    assert_false(debug_classes_parse("base, nonsense", &set, &clear, &error));
    assert_int_equal(error.code, 6);
}

static void private_debugging_is_never_on_by_an_alias(void **state)
{
    (void)state;
    static const char *const aliases[] = {"all",      "tmi",     "raw",   "parsing",
                                          "emitting", "control", "klips", "base"};
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        uint64_t set, clear;
        assert_true(debug_classes_parse(aliases[i], &set, &clear, NULL));
        assert_int_equal(set & DEBUG_PRIVATE, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_manual),
        cmocka_unit_test(good_options_are_taken),
        cmocka_unit_test(what_concerns_the_engine_reaches_it),
        cmocka_unit_test(bad_options_are_refused_by_name_and_change_nothing),
        cmocka_unit_test(obsolete_keywords_warn),
        cmocka_unit_test(a_data_plane_of_the_past_warns_and_is_the_default),
        cmocka_unit_test(asking_for_dnssec_warns_in_a_file_and_on_the_command_line),
        cmocka_unit_test(listen_of_the_command_line_adds_up_and_replaces_the_file),
        cmocka_unit_test(debug_classes_set_and_clear),
        cmocka_unit_test(private_debugging_is_never_on_by_an_alias),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
