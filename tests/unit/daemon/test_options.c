/* pluto's command line: every option of ipsec_pluto(8), Libreswan's and FreeS/WAN's, acts or says why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/options.h"

enum { WORDS_MAX = 8 };

static char said[32768];

/* Runs the parser with what is said kept in `said`; the status. */
static int read_options(const char *const *words, struct daemon_options *out)
{
    char *argv[WORDS_MAX + 2] = {"pluto"};
    int argc = 1, kept[] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
    FILE *file = tmpfile();
    while (words[argc - 1] != NULL && argc <= WORDS_MAX) {
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
        argc++;
    }
    fflush(stdout);
    fflush(stderr);
    dup2(fileno(file), STDOUT_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    int status = options_read(argc, argv, out);
    fflush(stdout);
    fflush(stderr);
    dup2(kept[0], STDOUT_FILENO);
    dup2(kept[1], STDERR_FILENO);
    close(kept[0]);
    close(kept[1]);
    rewind(file);
    said[fread(said, 1, sizeof(said) - 1, file)] = '\0';
    fclose(file);
    return status;
}

enum outcome { ACTS, OLD /* acts, with a warning */, OBSOLETE /* nothing but a warning */, REFUSED };

static const struct {
    const char *words[4];
    enum outcome outcome;
} table[] = {
    {{"--adns", "/x"}, OBSOLETE},
    {{"--audit-log=no"}, ACTS},
    {{"--config", "/dev/null"}, ACTS},
    {{"--coredir", "/tmp"}, OLD},
    {{"--crl-strict"}, REFUSED},
    {{"--crlcheckinterval", "5"}, REFUSED},
    {{"--ctlbase", "/tmp/x"}, ACTS},
    {{"--ctlsocket", "/tmp/x"}, ACTS},
    {{"--curl-iface", "eth0"}, REFUSED},
    {{"--curl-timeout", "7"}, REFUSED},
    {{"--ddos-ike-threshold", "10"}, ACTS},
    {{"--ddos-mode", "busy"}, ACTS},
    {{"--debug", "base,crypt"}, ACTS},
    {{"--debug-all"}, ACTS},
    {{"--debug-control"}, OLD},
    {{"--debug-crypt"}, OLD},
    {{"--debug-dns"}, OLD},
    {{"--debug-emitting"}, OLD},
    {{"--debug-klips"}, OLD},
    {{"--debug-lifecycle"}, OLD},
    {{"--debug-none"}, ACTS},
    {{"--debug-oppo"}, OLD},
    {{"--debug-parsing"}, OLD},
    {{"--debug-private"}, OLD},
    {{"--debug-raw"}, OLD},
    {{"--dnssec-anchors", "/x"}, REFUSED},
    {{"--dnssec-enable", "no"}, ACTS},
    {{"--dnssec-rootkey-file", "/x"}, REFUSED},
    {{"--dnssec-trusted", "/x"}, REFUSED},
    {{"--drop-oppo-null"}, ACTS},
    {{"--dumpdir", "/tmp"}, ACTS},
    {{"--efence-protect"}, OBSOLETE},
    {{"--expire-shunt-interval", "50"}, ACTS},
    {{"--foodgroupsdir", "/tmp"}, OLD},
    {{"--force-busy"}, OLD},
    {{"--force-keepalive"}, ACTS},
    {{"--force-unlimited"}, OLD},
    {{"--global-redirect", "yes"}, REFUSED},
    {{"--global-redirect-to", "192.0.2.1"}, REFUSED},
    {{"--ike-socket-bufsize", "65536"}, ACTS},
    {{"--ike-socket-errqueue", "no"}, ACTS},
    {{"--ike-socket-no-errqueue"}, OLD},
    {{"--ikeport", "5000"}, ACTS},
    {{"--ikev1-drop"}, ACTS},
    {{"--ikev1-secctx-attr-type", "10"}, OBSOLETE},
    {{"--impair", "revival"}, ACTS},
    {{"--interface", "eth0"}, ACTS},
    {{"--ipsecdir", "/tmp"}, ACTS},
    {{"--keep-alive", "30"}, ACTS},
    {{"--leak-detective"}, ACTS},
    {{"--leak-detective=no"}, ACTS},
    {{"--listen", "127.0.0.1"}, ACTS},
    {{"--listen-tcp"}, ACTS},
    {{"--listen-udp"}, ACTS},
    {{"--log-no-append"}, ACTS},
    {{"--log-no-audit"}, OLD},
    {{"--log-no-ip"}, OLD},
    {{"--log-no-time"}, ACTS},
    {{"--logfile", "/tmp/x"}, ACTS},
    {{"--logip=no"}, ACTS},
    {{"--lwdnsq", "/x"}, OBSOLETE},
    {{"--max-halfopen-ike", "10"}, ACTS},
    {{"--natikeport", "5001"}, ACTS},
    {{"--nflog-all", "5"}, ACTS},
    {{"--nhelpers", "1"}, ACTS},
    {{"--no-dnssec"}, ACTS},
    {{"--no-leak-detective"}, ACTS},
    {{"--no-listen-udp"}, OLD},
    {{"--nofork"}, ACTS},
    {{"--noklips"}, ACTS},
    {{"--noretransmits"}, ACTS},
    {{"--nssdir", "/x"}, ACTS},
    {{"--ocsp-cache-max-age", "5"}, REFUSED},
    {{"--ocsp-cache-min-age", "5"}, REFUSED},
    {{"--ocsp-cache-size", "5"}, REFUSED},
    {{"--ocsp-enable"}, REFUSED},
    {{"--ocsp-method", "post"}, REFUSED},
    {{"--ocsp-strict"}, REFUSED},
    {{"--ocsp-timeout", "7"}, REFUSED},
    {{"--ocsp-trustname", "x"}, REFUSED},
    {{"--ocsp-uri", "http://x"}, REFUSED},
    {{"--optionsfrom", "/dev/null"}, ACTS},
    {{"--perpeerlog"}, ACTS},
    {{"--perpeerlogbase", "/tmp/x"}, ACTS},
    {{"--protostack", "none"}, ACTS},
    {{"--rundir", "/tmp"}, ACTS},
    {{"--secctx-attr-type", "10"}, OBSOLETE},
    {{"--seccomp", "enabled"}, ACTS},
    {{"--seccomp-enabled"}, OLD},
    {{"--seccomp-tolerant"}, OLD},
    {{"--secretsfile", "/tmp/x"}, ACTS},
    {{"--seedbits", "440"}, ACTS},
    {{"--seeddev", "/dev/urandom"}, ACTS},
    {{"--selftest"}, ACTS},
    {{"--statsbin", "/bin/true"}, ACTS},
    {{"--stderrlog"}, ACTS},
    {{"--uniqueids"}, ACTS},
    {{"--uniqueids=no"}, ACTS},
    {{"--use-auto"}, ACTS},
    {{"--use-klips"}, REFUSED},
    {{"--use-mast"}, REFUSED},
    {{"--use-netkey"}, ACTS},
    {{"--use-none"}, ACTS},
    {{"--use-xfrm"}, ACTS},
    {{"--vendorid", "mine"}, ACTS},
    {{"--virtual-private", "%v4:10.0.0.0/8"}, ACTS},
};

static void every_option_acts_or_is_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        struct daemon_options options;
        char name[64];
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(table[i].words[0], "="), table[i].words[0]);
        int status = read_options(table[i].words, &options);
        bool is_refused = table[i].outcome == REFUSED;
        if (status != (is_refused ? 1 : -1))
            fail_msg("%s: status %d: %s", name, status, said);
        if (is_refused && strstr(said, "not supported yet") == NULL)
            fail_msg("%s: no reason: %s", name, said);
        bool warns = table[i].outcome == OLD || table[i].outcome == OBSOLETE;
        if (!is_refused && (strstr(said, "obsolete") != NULL) != warns)
            fail_msg("%s: warning expected %d: %s", name, warns, said);
        if (!is_refused)
            options_free(&options);
    }
}

static void words_fill_their_fields(void **state)
{
    (void)state;
    struct daemon_options options;
    const char *const words[] = {
        "--perpeerlogbase",         "/p", "--statsbin", "/s", "--log-no-ip", "--seedbits=440",
        "--ike-socket-errqueue=no", NULL};
    assert_int_equal(read_options(words, &options), -1);
    assert_true(options.perpeerlog);
    assert_string_equal(options.perpeerlogbase, "/p");
    assert_string_equal(options.setup->statsbin, "/s");
    assert_false(options.setup->logip);
    assert_int_equal(options.setup->seedbits, 440);
    assert_false(options.setup->ike_socket_errqueue);
    options_free(&options);
}

static void faults_are_told_and_are_status_1(void **state)
{
    (void)state;
    static const char *const rows[][4] = {
        {"unknown option --nosuch; pluto --help lists them", "--nosuch"},
        {"unknown option --nhelper; did you mean --nhelpers?", "--nhelper", "3"},
        {"unknown option --no-fork; did you mean --nofork?", "--no-fork"},
        {"\"word\" is no option", "word"},
        {"option --rundir needs a value", "--rundir"},
        {"option --nofork takes no value", "--nofork=yes"},
        {"--leak-detective=maybe: expected yes or no", "--leak-detective=maybe"},
        {"--ikeport wants a port", "--ikeport", "0"},
        {"not \"5x\"", "--natikeport", "5x"},
        {"option --crl-strict takes no value", "--crl-strict=yes"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct daemon_options options;
        const char *const words[] = {rows[i][1], rows[i][2], NULL};
        assert_int_equal(read_options(words, &options), 1);
        if (strstr(said, rows[i][0]) == NULL)
            fail_msg("expected %s, got %s", rows[i][0], said);
    }
}

static void help_and_version_end_with_status_0(void **state)
{
    (void)state;
    struct daemon_options options;
    assert_int_equal(read_options((const char *const[]){"--help", NULL}, &options), 0);
    assert_non_null(strstr(said, "--perpeerlog"));
    assert_non_null(strstr(said, "--statsbin VALUE "));
    assert_non_null(strstr(said, "  --nhelpers NUMBER "));
    assert_non_null(strstr(said, "nhelpers= threads for cryptography"));
    assert_non_null(strstr(said, "  --uniqueids[=yes|no] "));
    assert_null(strstr(said, "--ocsp")); /* not supported yet */
    assert_null(strstr(strstr(said, "--rundir") + 1, "--rundir"));
    assert_int_equal(read_options((const char *const[]){"--debug", "help", NULL}, &options), 0);
    assert_non_null(strstr(said, "cpu-usage"));
    assert_int_equal(read_options((const char *const[]){"--impair=help", NULL}, &options), 0);
    assert_non_null(strstr(said, "suppress_retransmits"));
    assert_int_equal(read_options((const char *const[]){"--version", NULL}, &options), 0);
    assert_string_equal(said, "Styx " STYX_VERSION "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_acts_or_is_refused_by_name),
        cmocka_unit_test(words_fill_their_fields),
        cmocka_unit_test(faults_are_told_and_are_status_1),
        cmocka_unit_test(help_and_version_end_with_status_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
