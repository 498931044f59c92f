/* src/config/conf_*.c: ipsec.conf as users write it, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "config/conf_file.h"
#include "memory_reader.h"

static struct conf *load_files(const struct memory_file *rows, struct kept_warnings *kept,
                               struct error *error)
{
    struct memory_files files = {rows};
    struct file_reader reader = memory_reader(&files);
    struct warning_sink sink = keep_warnings(kept);
    return conf_load(&reader, "/etc/ipsec.conf", &sink, error);
}

static struct conf *load(const char *text, struct error *error)
{
    struct kept_warnings kept;
    const struct memory_file rows[] = {{"/etc/ipsec.conf", text, 0}, {0}};
    return load_files(rows, &kept, error);
}

static struct conf *loaded(const char *text)
{
    struct error error = {0};
    struct conf *conf = load(text, &error);
    if (conf == NULL)
        fail_msg("%s", error.text);
    return conf;
}

static const struct conf_option *option_of(struct conf_option *options, size_t count, const char *name)
{
    char spelling[64];
    for (size_t i = 0; i < count; i++)
        if (strcmp(keyword_spelling(options[i].keyword, options[i].end, spelling, sizeof(spelling)), name) ==
            0)
            return &options[i];
    return NULL;
}

static void expect(const struct conf *conf, const char *conn, const char *name, const char *value)
{
    size_t index, count;
    struct error error = {0};
    assert_true(conf_conn_find(conf, conn, &index));
    struct conf_option *options = conf_conn_options(conf, index, &count, &error);
    if (options == NULL)
        fail_msg("%s", error.text);
    const struct conf_option *option = option_of(options, count, name);
    if ((option == NULL) != (value == NULL) || (option != NULL && strcmp(option->value, value) != 0))
        fail_msg("%s: %s=%s, expected %s", conn, name, option ? option->value : "(not there)", value);
    free(options);
}

static const char typical[] = "# /etc/ipsec.conf\n"
                              "version 2.0\n"
                              "\n"
                              "config setup\n"
                              "\tuniqueids=no # a comment\n"
                              "  plutodebug = \"none\"\n"
                              "    # another\n"
                              "\n"
                              "conn %default\n"
                              "\tauthby=secret\n"
                              "\tikelifetime=4h\n"
                              "\n"
                              "conn west-east\r\n"
                              "    left=192.0.2.1\r\n"
                              "    leftid=@west\r\n"
                              "    LeftSubnet = 10.1.0.0/16\r\n"
                              "    right=192.0.2.2\r\n"
                              "\tright-id=\"@east\"\t# quoted\r\n"
                              "    rightsubnet={10.2.0.0/16 10.3.0.0/16} # list\r\n"
                              "    x-note=free text, \"anything\"\r\n"
                              "    auto=start\r\n"
                              "conn other\n"
                              "    also=west-east\n"
                              "    right=192.0.2.3\n"
                              "    auto=add";

static void a_typical_file_is_read(void **state)
{
    (void)state;
    struct conf *conf = loaded(typical);
    struct setup *setup = setup_new();
    assert_true(conf_apply_setup(conf, setup, NULL, NULL));
    assert_false(setup->uniqueids);
    setup_free(setup);
    assert_int_equal(conf_conn_count(conf), 2);
    assert_string_equal(conf_conn_name(conf, 0), "west-east");
    expect(conf, "west-east", "left", "192.0.2.1");
    expect(conf, "west-east", "leftsubnet", "10.1.0.0/16");
    expect(conf, "west-east", "rightid", "@east");
    expect(conf, "west-east", "authby", "secret");
    expect(conf, "west-east", "ikelifetime", "4h");
    expect(conf, "other", "right", "192.0.2.3");
    expect(conf, "other", "leftid", "@west");
    assert_int_equal(conf_conn_auto(conf, 0), AUTO_START);
    assert_int_equal(conf_conn_auto(conf, 1), AUTO_ADD);
    struct error error = {0};
    struct connection_spec *spec = conf_conn_build(conf, 0, NULL, &error);
    if (spec == NULL)
        fail_msg("%s", error.text);
    assert_int_equal(spec->right.client_count, 2);
    assert_int_equal(spec->ike_lifetime, 4 * 3600 * USEC_PER_SEC);
    connection_spec_free(spec);
    conf_free(conf);
}

static void values_lose_quotes_blanks_and_comments(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"leftid=@west", "@west"},
        {"leftid = @west", "@west"},
        {"leftid=\t@west  \t", "@west"},
        {"leftid=@west # comment", "@west"},
        {"leftid=@west\t#comment", "@west"},
        {"leftid=@#deadbeef", "@#deadbeef"},
        {"leftid=\"@west # no comment\"", "@west # no comment"},
        {"leftid=\"@west\"# comment", "@west"},
        {"leftid=\"a\\\"b\"", "a\"b"},
        {"leftid=\"CN=a\\, b\"", "CN=a\\, b"},
        {"leftid=C=US,O=Example", "C=US,O=Example"},
        {"leftid=\"\"", ""},
        {"leftid=", ""},
        {"leftid=#", ""},
        {"LEFTID=@west", "@west"},
        {"left-id=@west", "@west"},
        {"leftid={@a @b}", "@a @b"},
        {"leftid=caf\xc3\xa9", "caf\xc3\xa9"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), "conn x\n  %s\n", rows[i][0]);
        struct conf *conf = loaded(text);
        expect(conf, "x", "leftid", rows[i][1]);
        conf_free(conf);
    }
}

static void faults_are_reported_with_file_line_column_and_caret(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"conn x\n\tleftsubent=10.0.0.0/8\n", "/etc/ipsec.conf:2:2: found \"leftsubent\"; expected a keyword "
                                              "of conn; did you mean \"leftsubnet\"?\n"
                                              "     leftsubent=10.0.0.0/8\n"
                                              "     ^"},
        {"config setup\n  uniqeids=no\n", ":2:3: found \"uniqeids\"; expected a keyword of config setup"},
        {"config setup\n  rundir=/x\n  logstderr=yes\n", "command line only"},
        {"config setpu\n", ":1:8: found \"setpu\"; expected config setup"},
        {"left=192.0.2.1\n", ":1:1: found \"left\" at the start of the line; expected blanks"},
        {" left=192.0.2.1\n", ":1:2: found a keyword outside a section"},
        {"conn x\n  leftid=C=US, O=Example\n", ":2:16: found \"O=Example\" behind the value"},
        {"conn x\nleft=192.0.2.1\n", ":2:1: found \"left\" at the start of the line; expected blanks before"},
        {"conn x\n conn y\n", ":2:2: found \"conn\" behind blanks; expected it at the start of the line"},
        {"conn x\n leftid=@a b\n",
         ":2:12: found \"b\" behind the value; expected the end of the line, or quotes"},
        {"conn\n", ":1:5: found no name"},
        {"conn a b\n", ":1:6: found \"a b\"; expected one name"},
        {"CONN x\n", ":1:1: found \"CONN\"; expected"},
        {"config SETUP\n", ":1:8: found \"SETUP\"; expected config setup"},
        {"INCLUDE x\n", ":1:1: found \"INCLUDE\"; expected"},
        {"cnon x\n", ":1:1: found \"cnon\"; expected KEYWORD=VALUE, conn NAME"},
        {"version 2 0\n", ":1:9: found version \"2 0\"; expected version 2.0"},
        {"version\n", ":1:8: found version \"\"; expected version 2.0"},
        {"conn x\nversion 2\n", ":2:1: found version; expected it in the first line only"},
        {"conn \"x\n", ":1:6: found a quote that is not closed"},
        {"conn x\n  leftid=\"@west\" east\n", ":2:18: found \"east\" behind the value"},
        {"conn x\n  =1\n", ":2:3: found \"=\"; expected a keyword before it"},
        {"conn x\n  leftid=a\001b\n", ":2:11: found byte \\001; expected text"},
        {"include\n", ":1:8: found nothing; expected include FILE"},
        {"conn x\n  left\n", ":2:3: found \"left\"; expected KEYWORD=VALUE"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct error error = {0};
        struct conf *conf = load(rows[i][0], &error);
        if (conf != NULL)
            fail_msg("%s was taken", rows[i][0]);
        if (strstr(error.text, rows[i][1]) == NULL)
            fail_msg("%s: %s", rows[i][0], error.text);
    }
}

static void faults_of_a_connection_are_found_when_it_is_built(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"conn x\n left=1.1.1.1\n right=2.2.2.2\n authby=secret\n iptfs=yes\n",
         ":5:8: conn \"x\": keyword \"iptfs\" is not supported yet\n     iptfs=yes\n           ^"},
        {"conn x\n left=1.1.1.1\n authby=secret\n", ":1:6: conn \"x\": right= is missing"},
        {"conn x\n left=1.1.1.1\n right=2.2.2.2\n authby=secret\n leftsubnet=10.0.0.0/8,10.0.0.0/40\n",
         ":5:24: conn"},
        {"conn x\n also=nosuch\n", ":2:7: also=: there is no conn \"nosuch\""},
        {"conn %default\n also=nosuch\nconn x\n left=1.1.1.1\n", ":2:7: also=: there is no conn"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct error error = {0};
        struct conf *conf = loaded(rows[i][0]);
        size_t index;
        assert_true(conf_conn_find(conf, "x", &index));
        assert_null(conf_conn_build(conf, index, NULL, &error));
        if (strstr(error.text, rows[i][1]) == NULL)
            fail_msg("%s: %s", rows[i][0], error.text);
        conf_free(conf);
    }
}

static void a_bad_value_spoils_its_section_and_those_that_use_it(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"ikelifetime=8y",
         "/etc/ipsec.conf:4:16: found \"8y\"; expected a time such as 500ms, 30s, 15m, 8h, 1d or 2w\n"
         "      ikelifetime=8y\n"
         "                   ^"},
        {"auto=strat", ":4:8: found \"strat\"; expected ignore, add"},
        {"auto=strat", "did you mean \"start\"?"},
        {"auto = \"strat\"", ":4:11: found"},
        {"leftid=\"@west", ":4:10: found a quote that is not closed"},
        {"leftid=\"@west\"east", ":4:17: found more text right behind the closing quote"},
        {"leftsubnet={10.0.0.0/8\n  right=192.0.2.2", ":4:14: found a brace that is not closed"},
        {"leftsubnet={10.0.0.0/8}x", ":4:26: found more text right behind"},
        {"pfs=maybe", ":4:7: found \"maybe\"; expected yes or no"},
        {"mtu=99999999999999999999", ":4:7: found"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text),
                 "conn x\n  also=bad\nconn bad\n  %s\nconn good\n  authby=secret\n  left=192.0.2.1\n"
                 "  right=192.0.2.2\n",
                 rows[i][0]);
        struct conf *conf = loaded(text);
        struct kept_warnings kept;
        struct warning_sink sink = keep_warnings(&kept);
        assert_int_equal(conf_tell_faults(conf, &sink), 1);
        if (strstr(kept.text, rows[i][1]) == NULL)
            fail_msg("%s: %s", rows[i][0], kept.text);
        for (size_t conn = 0; conn < 2; conn++) {
            struct error error = {0};
            assert_null(conf_conn_build(conf, conn, NULL, &error));
            assert_int_equal(error.code, CONF_BAD_VALUE);
            assert_non_null(strstr(error.text, rows[i][1]));
        }
        struct connection_spec *good = conf_conn_build(conf, 2, NULL, NULL);
        assert_non_null(good);
        connection_spec_free(good);
        conf_free(conf);
    }
}

static void all_errors_of_a_file_are_told_at_once(void **state)
{
    (void)state;
    struct kept_warnings kept;
    struct error error = {0};
    const struct memory_file rows[] = {
        {"/etc/ipsec.conf", "conn x\n foo=1\ninclude a.conf\nbar\n baz=1\nconn y\n mtu=1300\n", 0},
        {"/etc/a.conf", "cnon z\n", 0},
        {0}};
    assert_null(load_files(rows, &kept, &error));
    assert_int_equal(kept.count, 3);
    assert_non_null(strstr(kept.text, "/etc/ipsec.conf:2:2: found \"foo\""));
    assert_non_null(strstr(kept.text, "/etc/a.conf:1:1: found \"cnon\""));
    assert_non_null(strstr(kept.text, "/etc/ipsec.conf:4:1: found \"bar\""));
    assert_non_null(strstr(error.text, "/etc/ipsec.conf:5:2: found \"baz\""));
}

static void a_name_that_is_there_already_warns_and_the_first_counts(void **state)
{
    (void)state;
    struct kept_warnings kept;
    const struct memory_file rows[] = {
        {"/etc/ipsec.conf", "conn x\n leftid=@a\nconn y\nconn x\n leftid=@b\n mtu=1300\n", 0}, {0}};
    struct conf *conf = load_files(rows, &kept, NULL);
    assert_non_null(conf);
    assert_string_equal(kept.text,
                        "/etc/ipsec.conf:4: conn \"x\" is there already, at /etc/ipsec.conf:1: this one does "
                        "not count\n");
    assert_int_equal(conf_conn_count(conf), 2);
    expect(conf, "x", "leftid", "@a");
    expect(conf, "x", "mtu", NULL);
    conf_free(conf);
}

static void also_in_a_circle_is_followed_once(void **state)
{
    (void)state;
    struct conf *conf = loaded("conn x\n also=x\n also=y\nconn y\n also=z\n leftid=@y\n"
                               "conn z\n alsoflip=y\n mtu=1300\n");
    expect(conf, "x", "leftid", "@y");
    expect(conf, "x", "rightid", "@y");
    expect(conf, "x", "mtu", "1300");
    conf_free(conf);
}

static void own_words_beat_also_which_beats_the_default(void **state)
{
    (void)state;
    struct conf *conf = loaded("conn %default\n ikelifetime=1h\n rekeymargin=1m\n salifetime=1h\n"
                               "conn x\n also=a\n ikelifetime=4h\n also = b\n"
                               "conn a\n ikelifetime=3h\n rekeymargin=3m\n also=deep\n"
                               "conn b\n rekeymargin=5m\n leftid=@b\n mtu=1300\n"
                               "conn deep\n leftid=@deep\n"
                               "conn %default\n rekeyfuzz=7%\n");
    expect(conf, "x", "ikelifetime", "4h");
    expect(conf, "x", "rekeymargin", "3m");
    expect(conf, "x", "ipsec-lifetime", "1h");
    expect(conf, "x", "leftid", "@deep");
    expect(conf, "x", "mtu", "1300");
    expect(conf, "x", "rekeyfuzz", "7%");
    expect(conf, "x", "also", NULL);
    conf_free(conf);
}

static void alsoflip_exchanges_the_ends(void **state)
{
    (void)state;
    struct conf *conf =
        loaded("conn a\n left=1.1.1.1\n rightid=@r\n mtu=1300\nconn x\n alsoflip=a\nconn y\n alsoflip=x\n");
    expect(conf, "x", "right", "1.1.1.1");
    expect(conf, "x", "left", NULL);
    expect(conf, "x", "leftid", "@r");
    expect(conf, "x", "mtu", "1300");
    expect(conf, "y", "left", "1.1.1.1");
    conf_free(conf);
}

static void aliases_add_up_and_are_found(void **state)
{
    (void)state;
    struct conf *conf =
        loaded("conn a\n connalias=one,two\nconn x\n also=a\n connalias=three\n connalias=four\n");
    size_t index = 0;
    expect(conf, "x", "connalias", "three four one,two");
    assert_true(conf_conn_find_alias(conf, "four", &index));
    assert_int_equal(index, 1);
    index = 0;
    assert_true(conf_conn_find_alias(conf, "two", &index));
    assert_int_equal(index, 0);
    index++;
    assert_true(conf_conn_find_alias(conf, "two", &index));
    index++;
    assert_false(conf_conn_find_alias(conf, "two", &index));
    index = 0;
    assert_false(conf_conn_find_alias(conf, "tw", &index));
    conf_free(conf);
}

static void a_keyword_said_twice_warns_and_the_first_counts(void **state)
{
    (void)state;
    struct kept_warnings kept;
    const struct memory_file rows[] = {
        {"/etc/ipsec.conf",
         "conn x\n leftid=@a\n leftid=@b\nconn %default\n mtu=1300\nconn %default\n mtu=1400\n", 0},
        {0}};
    struct conf *conf = load_files(rows, &kept, NULL);
    assert_string_equal(kept.text,
                        "/etc/ipsec.conf:3: leftid= is there already, in line 2: this one does not count\n");
    expect(conf, "x", "leftid", "@a");
    expect(conf, "x", "mtu", "1400");
    conf_free(conf);
}

static void in_config_setup_the_last_counts(void **state)
{
    (void)state;
    struct kept_warnings kept;
    const struct memory_file rows[] = {
        {"/etc/ipsec.conf", "config setup\n uniqueids=no\n uniqueids=yes\nconfig setup\n uniqueids=no\n", 0},
        {0}};
    struct conf *conf = load_files(rows, &kept, NULL);
    size_t count;
    assert_string_equal(kept.text, "/etc/ipsec.conf:3: uniqueids= replaces that of line 2\n");
    assert_string_equal(conf_setup_options(conf, &count)[0].value, "no");
    assert_int_equal(count, 1);
    conf_free(conf);
}

static void warnings_of_a_build_have_their_place(void **state)
{
    (void)state;
    struct kept_warnings kept;
    struct conf *conf =
        loaded("conn x\n left=1.1.1.1\n right=2.2.2.2\n authby=secret\n keyingtries=%forever\n");
    struct warning_sink sink = keep_warnings(&kept);
    struct connection_spec *spec = conf_conn_build(conf, 0, &sink, NULL);
    assert_non_null(spec);
    assert_non_null(strstr(kept.text, "/etc/ipsec.conf:5: conn \"x\": keyword \"keyingtries\" is obsolete"));
    connection_spec_free(spec);
    conf_free(conf);
}

static void includes_are_relative_and_may_be_patterns(void **state)
{
    (void)state;
    struct kept_warnings kept;
    const struct memory_file rows[] = {
        {"/etc/ipsec.conf",
         "include ipsec.d/*.conf\nconn x\ninclude common.inc\n mtu=1300\ninclude /nosuch*.conf\n", 0},
        {"/etc/common.inc", " leftid=@common\nconn inside\n leftid=@inside\n", 0},
        {"/etc/ipsec.d/a.conf", "conn a\n leftid=@a\ninclude \"deep.inc\"\n", 0},
        {"/etc/ipsec.d/b.conf", "conn b\n leftid=@b\n", 0},
        {"/etc/ipsec.d/deep.inc", " rightid=@deep\n", 0},
        {0}};
    struct error error = {0};
    struct conf *conf = load_files(rows, &kept, &error);
    if (conf == NULL)
        fail_msg("%s", error.text);
    assert_int_equal(conf_conn_count(conf), 4);
    expect(conf, "a", "rightid", "@deep");
    expect(conf, "x", "leftid", "@common");
    expect(conf, "x", "mtu", "1300");
    expect(conf, "inside", "mtu", NULL);
    expect(conf, "b", "leftid", "@b");
    assert_int_equal(kept.count, 0);
    conf_free(conf);
}

static void a_missing_include_warns_and_a_faulty_one_is_named(void **state)
{
    (void)state;
    struct kept_warnings kept;
    struct error error = {0};
    const struct memory_file missing[] = {{"/etc/ipsec.conf", "include nosuch.conf\n", 0}, {0}};
    struct conf *conf = load_files(missing, &kept, NULL);
    assert_non_null(conf);
    assert_non_null(strstr(kept.text, "/etc/ipsec.conf:1: include: no file \"/etc/nosuch.conf\""));
    conf_free(conf);
    const struct memory_file faulty[] = {
        {"/etc/ipsec.conf", "include a.conf\n", 0}, {"/etc/a.conf", "\nconn\n", 0}, {0}};
    assert_null(load_files(faulty, &kept, &error));
    assert_non_null(strstr(error.text, "/etc/a.conf:2:5: found no name"));
}

static void a_file_is_not_read_within_itself(void **state)
{
    (void)state;
    struct kept_warnings kept;
    const struct memory_file rows[] = {
        {"/etc/ipsec.conf", "include *.conf\n", 0}, {"/etc/z.conf", "include ipsec.conf\nconn z\n", 0}, {0}};
    struct conf *conf = load_files(rows, &kept, NULL);
    assert_non_null(conf);
    assert_int_equal(conf_conn_count(conf), 1);
    assert_non_null(
        strstr(kept.text, "/etc/z.conf:1: include: not once more within itself: \"/etc/ipsec.conf\""));
    conf_free(conf);
}

static void also_is_followed_without_growing_without_bound(void **state)
{
    (void)state;
    char text[8192];
    size_t used = 0;
    for (int i = 0; i < 31; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "conn c%d\n also=c%d\n also=c%d\n", i,
                                 i + 1, i + 1);
    snprintf(text + used, sizeof(text) - used, "conn c31\n leftid=@end\n");
    struct conf *conf = loaded(text);
    expect(conf, "c0", "leftid", "@end");
    conf_free(conf);
}

static void also_nested_too_deep_is_refused(void **state)
{
    (void)state;
    char text[8192];
    size_t used = 0;
    for (int i = 0; i < 40; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "conn c%d\n also=c%d\n", i, i + 1);
    snprintf(text + used, sizeof(text) - used, "conn c40\n leftid=@end\n");
    struct conf *conf = loaded(text);
    struct error error = {0};
    size_t count;
    assert_null(conf_conn_options(conf, 0, &count, &error));
    assert_non_null(strstr(error.text, "nested more than 32 deep"));
    conf_free(conf);
}

static void overlong_lines_names_and_sections_are_refused(void **state)
{
    (void)state;
    char *text = malloc(200000);
    struct error error = {0};
    size_t used = (size_t)sprintf(text, "conn x\n leftid=");
    memset(text + used, 'a', CONF_LINE_SIZE_MAX);
    text[used + CONF_LINE_SIZE_MAX] = '\0';
    assert_null(load(text, &error));
    assert_non_null(strstr(error.text, ":2:1: found a line of more than 16384 bytes"));
    used = (size_t)sprintf(text, "conn ");
    memset(text + used, 'n', 256);
    text[used + 256] = '\0';
    assert_null(load(text, &error));
    assert_non_null(strstr(error.text, "a name of more than 255 bytes"));
    used = (size_t)sprintf(text, "conn x\n");
    for (int i = 0; i < 1100; i++)
        used += (size_t)sprintf(text + used, " connalias=a%d\n", i);
    assert_null(load(text, &error));
    assert_non_null(strstr(error.text, "more than 1024 keywords"));
    free(text);
}

static void an_empty_file_and_a_missing_one_differ(void **state)
{
    (void)state;
    struct kept_warnings kept;
    struct error error = {0};
    struct conf *conf = loaded("");
    assert_int_equal(conf_conn_count(conf), 0);
    conf_free(conf);
    const struct memory_file none[] = {{0}};
    assert_null(load_files(none, &kept, &error));
    assert_non_null(strstr(error.text, "/etc/ipsec.conf: No such file"));
}

/* Every step is at most linear; a square somewhere would take minutes here. */
static void ten_thousand_connections_are_read_and_built(void **state)
{
    (void)state;
    enum { COUNT = 10000, ROW = 300 };
    char *text = malloc((size_t)COUNT * ROW + 1000), *at = text;
    at += sprintf(
        at, "conn %%default\n authby=secret\n left=192.0.2.1\nconn base\n leftid=@hub\n ikelifetime=1h\n");
    for (int i = 0; i < COUNT; i++)
        at += sprintf(
            at, "conn c%d\n also=base\n right=10.%d.%d.1\n rightid=@c%d\n rightsubnet=172.16.%d.%d/32\n", i,
            i / 250, i % 250, i, i / 250, i % 250);
    clock_t start = clock();
    struct conf *conf = loaded(text);
    clock_t read_at = clock();
    assert_int_equal(conf_conn_count(conf), COUNT + 1);
    for (size_t i = 1; i <= COUNT; i++) {
        struct connection_spec *spec = conf_conn_build(conf, i, NULL, NULL);
        assert_non_null(spec);
        connection_spec_free(spec);
    }
    printf("read %.0f ms, built %.0f ms\n", (double)(read_at - start) * 1000 / CLOCKS_PER_SEC,
           (double)(clock() - read_at) * 1000 / CLOCKS_PER_SEC);
    conf_free(conf);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_typical_file_is_read),
        cmocka_unit_test(values_lose_quotes_blanks_and_comments),
        cmocka_unit_test(faults_are_reported_with_file_line_column_and_caret),
        cmocka_unit_test(faults_of_a_connection_are_found_when_it_is_built),
        cmocka_unit_test(a_bad_value_spoils_its_section_and_those_that_use_it),
        cmocka_unit_test(all_errors_of_a_file_are_told_at_once),
        cmocka_unit_test(a_name_that_is_there_already_warns_and_the_first_counts),
        cmocka_unit_test(also_in_a_circle_is_followed_once),
        cmocka_unit_test(own_words_beat_also_which_beats_the_default),
        cmocka_unit_test(alsoflip_exchanges_the_ends),
        cmocka_unit_test(aliases_add_up_and_are_found),
        cmocka_unit_test(a_keyword_said_twice_warns_and_the_first_counts),
        cmocka_unit_test(in_config_setup_the_last_counts),
        cmocka_unit_test(warnings_of_a_build_have_their_place),
        cmocka_unit_test(includes_are_relative_and_may_be_patterns),
        cmocka_unit_test(a_missing_include_warns_and_a_faulty_one_is_named),
        cmocka_unit_test(a_file_is_not_read_within_itself),
        cmocka_unit_test(also_is_followed_without_growing_without_bound),
        cmocka_unit_test(also_nested_too_deep_is_refused),
        cmocka_unit_test(overlong_lines_names_and_sections_are_refused),
        cmocka_unit_test(an_empty_file_and_a_missing_one_differ),
        cmocka_unit_test(ten_thousand_connections_are_read_and_built),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
