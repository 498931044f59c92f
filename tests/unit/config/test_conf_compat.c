/* What users of other releases have in their ipsec.conf: which files are read, which connections are built,
 * as those releases do. Where they differ among themselves, as the newest does; where this one is stricter or
 * more lenient on purpose, the row says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/conf_file.h"
#include "memory_reader.h"

enum verdict { ADDED, REFUSED, FILE_REFUSED };

struct row {
    const char *text;
    enum verdict verdict;
    const char *said; /* part of a warning or of the reason; NULL: nothing is said, or whatever */
};

static const char *const verdict_names[] = {"added", "refused", "file refused"};

static enum verdict judge(const char *text, struct kept_warnings *kept, struct error *error)
{
    const struct memory_file rows[] = {
        {"/etc/ipsec.conf", text, 0},
        {"/etc/more.conf", "conn more\n left=192.0.2.7\n right=192.0.2.8\n", 0},
        {0}};
    struct memory_files files = {rows};
    struct file_reader reader = memory_reader(&files);
    struct warning_sink sink = keep_warnings(kept);
    struct conf *conf = conf_load(&reader, "/etc/ipsec.conf", &sink, error);
    if (conf == NULL)
        return FILE_REFUSED;
    size_t index;
    struct connection_spec *spec =
        conf_conn_find(conf, "x", &index) ? conf_conn_build(conf, index, &sink, error) : NULL;
    enum verdict verdict = spec != NULL ? ADDED : REFUSED;
    connection_spec_free(spec);
    conf_free(conf);
    return verdict;
}

static void expect_rows(const struct row *rows, size_t count, const char *before, const char *behind)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        char text[2048];
        struct kept_warnings kept;
        struct error error = {0};
        snprintf(text, sizeof(text), "%s%s%s", before, rows[i].text, behind);
        enum verdict verdict = judge(text, &kept, &error);
        bool is_said = rows[i].said == NULL || strstr(kept.text, rows[i].said) != NULL ||
                       strstr(error.text, rows[i].said) != NULL;
        if (verdict == rows[i].verdict && is_said)
            continue;
        print_error("%s\n  expected %s%s%s, was %s\n  %s%s\n", rows[i].text, verdict_names[rows[i].verdict],
                    rows[i].said ? " saying " : "", rows[i].said ? rows[i].said : "", verdict_names[verdict],
                    kept.text, error.text);
        failed++;
    }
    if (failed > 0)
        fail_msg("%zu of %zu rows", failed, count);
}

#define EXPECT(rows, before, behind) expect_rows(rows, sizeof(rows) / sizeof((rows)[0]), before, behind)

#define ENDS "\tleft=192.0.2.1\n\tright=192.0.2.2\n"
#define BODY ENDS "\tauthby=secret\n"
#define CONN "conn x\n" BODY

static void lines_of_every_shape(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {CONN, ADDED, NULL},
        {"version 2\n" CONN, ADDED, NULL},
        {"version 2.0\n" CONN, ADDED, NULL},
        {"\n# first\nversion 2.0 # comment\n" CONN, ADDED, NULL},
        {"version 1.0\n" CONN, ADDED, "version 1.0 is read as version 2"},
        {"version \"2.0\"\n" CONN, ADDED, NULL},
        {"version 2.0 foo\n" CONN, FILE_REFUSED, "version"},
        {"version\n" CONN, FILE_REFUSED, "version"},
        {"version 2\nversion 2\n" CONN, FILE_REFUSED, "first line only"},
        {CONN "version 2\n", FILE_REFUSED, "first line only"},
        {" version 2\n" CONN, FILE_REFUSED, "at the start of the line"},
        {CONN "\tleftsubnets=\n\trightsubnets=10.2.0.0/24\n", ADDED, NULL},
        {CONN "\tleftsubnet=10.1.0.0/24,10.3.0.0/24\n\trightsubnets=10.2.0.0/24\n", REFUSED,
         "several networks"},
        {CONN "\tleftsubnet=10.1.0.0/24,10.3.0.0/24\n\tleftprotoport=tcp/22\n", REFUSED, "single network"},
        {CONN "\tsend-redirect=no\n", ADDED, NULL},
        {CONN "\tikelifetime=5m\n", ADDED, "rekeymargin=540s is not less than ikelifetime=300s"},
        {CONN "\tleftid=\"C=CA, O=Example, CN=east\"\n\trightid=\"C=CA, CN=*\"\n", ADDED, NULL},
        {CONN "\tleftid=\"C=CA, NOSUCH=east\"\n", REFUSED, "NOSUCH"},
        {CONN "config setup\n\tuniqueids=no\n", ADDED, NULL},
        {"config setup\n" CONN, ADDED, NULL},
        {"config    setup   \n\tuniqueids=no\n" CONN, ADDED, NULL},
        {"config\tsetup\n\tuniqueids=no\n" CONN, ADDED, NULL},
        {"config setup # comment\n\tuniqueids=no\n" CONN, ADDED, NULL},
        {"config setup\n\tuniqueids=no\nconfig setup\n\tuniqueids=yes\n" CONN, ADDED, NULL},
        {"config setup\n\tUniqueIDs=no\n" CONN, ADDED, NULL},
        {"CONFIG SETUP\n" CONN, FILE_REFUSED, "CONFIG"},
        {"config SETUP\n" CONN, FILE_REFUSED, "SETUP"},
        {"Conn x\n" BODY, FILE_REFUSED, "Conn"},
        {"config setup foo\n" CONN, FILE_REFUSED, "setup foo"},
        {"config\n" CONN, FILE_REFUSED, "config setup"},
        {" config setup\n" CONN, FILE_REFUSED, "at the start of the line"},
        {" conn x\n" BODY, FILE_REFUSED, "at the start of the line"},
        {"conn x\nleft=192.0.2.1\n", FILE_REFUSED, "blanks before a keyword"},
        {"\tleft=192.0.2.1\n", FILE_REFUSED, "outside a section"},
        {CONN "auto=add\n", FILE_REFUSED, "blanks before a keyword"},
        {"ca x\n" CONN, FILE_REFUSED, "found \"ca\""},
        {"conn x # comment\n" BODY, ADDED, NULL},
        {"conn x   \n" BODY, ADDED, NULL},
        {"conn\tx\n" BODY, ADDED, NULL},
        {"conn x\n\n # a\n#b\n\t#c\n" ENDS "\n   \n\tauthby=secret\n", ADDED, NULL},
        {"conn x\n left = 192.0.2.1\n right\t=\t192.0.2.2\n authby= secret \t \n", ADDED, NULL},
        {"conn x\n left=192.0.2.1 # a\n right=192.0.2.2 #\n authby=secret\n", ADDED, NULL},
        {"conn x\n Left=192.0.2.1\n RIGHT=192.0.2.2\n AuthBy=secret\n", ADDED, NULL},
        {CONN "\tleft-id=@a\n", ADDED, NULL},
        {CONN "\tx-foo=bar\n\tx_foo=bar baz \"\n\tX-Foo=\n\tx-foo\n", ADDED, NULL},
        {CONN "\tleftx-foo=bar\n", FILE_REFUSED, "leftx-foo"},
        {CONN "\tfoo=1\n", FILE_REFUSED, "found \"foo\""},
        {CONN "\tleftfoo=1\n", FILE_REFUSED, "found \"leftfoo\""},
        {CONN "\tid=@a\n", FILE_REFUSED, "found \"id\""},
        {CONN "\tleftauto=add\n", FILE_REFUSED, "found \"leftauto\""},
        {CONN "\tuniqueids=yes\n", ADDED, "uniqueids= belongs in config setup; it does not count"},
        {CONN "\tnhelpers=many\n\tmtu=1400\n", ADDED, "nhelpers= belongs in config setup"},
        {"config setup\n\tx-note=any thing\n" CONN, ADDED, NULL},
        {"config setup\n\tleftid=@a\n" CONN, FILE_REFUSED, "found \"leftid\""},
        {CONN "\tauto\n", FILE_REFUSED, "found \"auto\""},
        {CONN "\tauto add\n", FILE_REFUSED, "found \"auto\""},
        {CONN "\t=add\n", FILE_REFUSED, "expected a keyword before it"},
        {CONN "\tleftid=@a b\n", FILE_REFUSED, "behind the value"},
        {CONN "\tleftid=@a\\\n\t@b\n", FILE_REFUSED, "found \"@b\""},
        {CONN "\tike=aes256, aes128\n", FILE_REFUSED, "behind the value"},
        {CONN "\tleftsubnet={10.0.0.0/8\n\t11.0.0.0/8}\n", FILE_REFUSED, "found \"11.0.0.0/8}\""},
        {CONN "\tleftid=\"@a\n\tb\"\n", FILE_REFUSED, "found \"b\\042\""},
        {CONN "# last", ADDED, NULL},
        {CONN "\tleftid=\"@a\"", ADDED, NULL},
        /* more lenient than others: */
        {"\xef\xbb\xbf" CONN, ADDED, NULL},
        {"conn x\r\n\r\n\tleft=192.0.2.1\r\n\tright=192.0.2.2\r\n\tauthby=secret\r\n", ADDED, NULL},
        {"conn x #comment\n left=192.0.2.1 #comment\n right=192.0.2.2\t#comment\n authby=secret\n", ADDED,
         NULL},
        {CONN "# \f \001 bytes in a comment\n", ADDED, NULL},
        {CONN "\tinclude more.conf\n\tmtu=1300\n", ADDED, NULL},
    };
    EXPECT(rows, "", "");
}

static void names_of_connections(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"conn x-y\n" BODY, ADDED, NULL},
        {"conn %x\n" BODY, ADDED, NULL},
        {"conn x=y\n" BODY, ADDED, NULL},
        {"conn =x\n" BODY, ADDED, NULL},
        {"conn x\"y\n" BODY, ADDED, NULL},
        {"conn \"a b\"\n" BODY, ADDED, NULL},
        {"conn 1\n" BODY, ADDED, NULL},
        {"conn [a]/{b}:c@d,e;f|g\n" BODY, ADDED, NULL},
        {"conn caf\xc3\xa9\n" BODY, ADDED, NULL},
        {"conn setup\n" BODY "conn conn\n" BODY "conn version\n" BODY "conn include\n" BODY, ADDED, NULL},
        {"conn a b\n" BODY, FILE_REFUSED, "one name"},
        {"conn\n" BODY, FILE_REFUSED, "found no name"},
        {"conn # comment\n" BODY, FILE_REFUSED, "found no name"},
        {"conn y\n" BODY "conn y\n\tmtu=1300\n", ADDED, "this one does not count"},
        {"conn y\n" BODY "conn Y\n" BODY, ADDED, NULL},
    };
    EXPECT(rows, "", CONN);
}

static void sections_that_build_on_others(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"conn x\n\talso=y\n" BODY "conn y\n\tmtu=1300\n", ADDED, NULL},
        {"conn y\n\tmtu=1300\nconn x\n\talso=y\n" BODY, ADDED, NULL},
        {"conn x\n\talso=y\nconn y\n\talso=z\n\tauthby=secret\nconn z\n" ENDS, ADDED, NULL},
        {"conn x\n\talso=x\n" BODY, ADDED, NULL},
        {"conn x\n\talso=y\n" BODY "conn y\n\talso=x\n", ADDED, NULL},
        {"conn x\n\talso=\"y\"\n" BODY "conn y\n\tmtu=1300\n", ADDED, NULL},
        {"conn x\n\talso=y\n\talso=y\n" BODY "conn y\n\tmtu=1300\n", ADDED, NULL},
        {"conn x\n\talso=y,z\n" BODY "conn y\nconn z\n", REFUSED, "no conn \"y,z\""},
        {"conn x\n\talso=y z\n" BODY "conn y\nconn z\n", FILE_REFUSED, "found \"z\""},
        {"conn x\n\talso=Y\n" BODY "conn y\n", REFUSED, "no conn \"Y\""},
        {"conn x\n\talso=%default\n" BODY, REFUSED, "no conn \"%default\""},
        {"conn x\n\talso=\n" BODY, REFUSED, "no conn \"\""},
        {"conn %default\n\tauthby=secret\nconn x\n" ENDS, ADDED, NULL},
        {"conn x\n" ENDS "conn %default\n\tauthby=secret\n", ADDED, NULL},
        {"conn %default\n\tleft=192.0.2.1\nconn %default\n\tauthby=secret\nconn x\n\tright=192.0.2.2\n",
         ADDED, NULL},
        {"conn %default\n\tikelifetime=8y\n" CONN, REFUSED, "8y"},
        {"conn other\n\tikelifetime=8y\n" CONN, ADDED, NULL},
        {"conn other\n\tauthby=nonsense\n" CONN, ADDED, NULL},
        {"include /nosuch/file.conf\n" CONN, ADDED, "no file \"/nosuch/file.conf\""},
        {"include /nosuch/*.conf\n" CONN, ADDED, NULL},
        {"include more.conf\n" CONN, ADDED, NULL},
        {"include \"more.conf\" # comment\n" CONN, ADDED, NULL},
        {"include more.conf\ninclude more.conf\n" CONN, ADDED, "conn \"more\" is there already"},
        {"include ipsec.conf\n" CONN, ADDED, "not once more within itself"},
        {"include\n" CONN, FILE_REFUSED, "expected include FILE"},
        {"include=more.conf\n" CONN, FILE_REFUSED, "include"},
    };
    EXPECT(rows, "", "");
}

static void values_of_keywords(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"auto=ignore", ADDED, NULL},
        {"auto=Add", ADDED, NULL},
        {"auto=\"add\"", ADDED, NULL},
        {"auto={add}", ADDED, NULL},
        {"auto=", ADDED, "auto= has no value"},
        {"auto=manual", REFUSED, "manual"},
        {"auto=1", REFUSED, "found \"1\""},
        {"auto='add'", REFUSED, "add"},
        {"pfs=YES", ADDED, NULL},
        {"pfs=0", ADDED, NULL},
        {"pfs=", ADDED, "pfs= has no value"},
        {"pfs=2", REFUSED, "yes or no"},
        {"type=TUNNEL", ADDED, NULL},
        {"type=none", REFUSED, "found \"none\""},
        {"ikelifetime=3600", ADDED, NULL},
        {"ikelifetime=1.5h", ADDED, NULL},
        {"ikelifetime=\"1H\"", ADDED, NULL},
        {"ikelifetime=1w", ADDED, "the maximum is taken"},
        {"ikelifetime=1y", REFUSED, "1y"},
        {"ikelifetime=-1", REFUSED, "-1"},
        {"ikelifetime=0", REFUSED, "a longer time"},
        {"salifetime=0s", REFUSED, "a longer time"},
        {"dpddelay=101000000000s", REFUSED, "a shorter time"},
        {"ipsec-max-bytes=0", REFUSED, "expected 1 to"},
        {"ipsec-max-packets=0", REFUSED, "expected 1 to"},
        {"ikelifetime=1 h", FILE_REFUSED, "behind the value"},
        {"keylife=1h", ADDED, NULL},
        {"lifetime=1h", ADDED, NULL},
        {"salifetime=1h", ADDED, NULL},
        {"keylife=1h\n\tlifetime=2h", ADDED, "this one does not count"},
        {"rekeyfuzz=0%", ADDED, NULL},
        {"rekeyfuzz=1000%", ADDED, NULL},
        {"rekeyfuzz=%", REFUSED, "percentage"},
        {"rekeymargin=0", ADDED, NULL},
        {"retransmit-interval=500", ADDED, NULL},
        {"retransmit-interval=0.5s", ADDED, NULL},
        {"mtu=0", ADDED, NULL},
        {"mtu=1400", ADDED, NULL},
        {"mtu=0x100", REFUSED, "mtu"},
        {"priority=4294967295", ADDED, NULL},
        {"priority=4294967296", REFUSED, "4294967295"},
        {"priority=-1", REFUSED, "-1"},
        {"replay-window=0", ADDED, NULL},
        {"replay-window=65535", ADDED, "the maximum is taken"},
        {"reqid=16383", ADDED, NULL},
        {"reqid=16384", ADDED, "ignoring reqid value - range must be 1-16383"},
        {"reqid=0", ADDED, "ignoring reqid value"},
        {"reqid=foo", REFUSED, "reqid"},
        {"ipsec-max-bytes=1KiB", ADDED, NULL},
        {"ipsec-max-bytes=100", ADDED, NULL},
        {"ipsec-max-packets=1k", REFUSED, "1k"},
        {"esn=yes", ADDED, NULL},
        {"esn=true", ADDED, NULL},
        {"esn=either", ADDED, NULL},
        {"esn=foo", REFUSED, "either"},
        {"encapsulation=auto", ADDED, NULL},
        {"encapsulation=true", ADDED, NULL},
        {"encapsulation=foo", REFUSED, "auto"},
        {"fragmentation=no", ADDED, NULL},
        {"fragmentation=foo", REFUSED, "foo"},
        {"keyexchange=ike", ADDED, NULL},
        {"keyexchange=IKEv2", ADDED, NULL},
        {"keyexchange=foo", REFUSED, "foo"},
        {"ikev2=insist", ADDED, "ikev2=yes has been replaced by keyexchange=ikev2"},
        {"ikev2=propose", ADDED, NULL},
        {"ikev2=foo", REFUSED, "foo"},
        {"phase2=esp", ADDED, NULL},
        {"phase2=foo", REFUSED, "foo"},
        {"dpddelay=30", ADDED, NULL},
        {"dpddelay=foo", REFUSED, "foo"},
        {"dpdaction=restart", ADDED, "obsolete"},
        {"keyexchange=ikev1\n\tdpdaction=restart_by_peer", ADDED, NULL},
        {"keyexchange=ikev1\n\tdpdaction=foo", REFUSED, "restart"},
        {"keyingtries=%forever", ADDED, "obsolete"},
        {"clientaddrfamily=ipv4", ADDED, "obsolete"},
        {"forceencaps=yes", ADDED, "obsolete"},
        {"connalias={a b}", ADDED, NULL},
        {"connalias=a\n\tconnalias=b", ADDED, NULL},
        {"leftid=@a\n\tleftid=@b", ADDED, "this one does not count"},
        {"authby=rsasig", ADDED, "this one does not count"},
        {"leftauth=secret", REFUSED, "must both be set or both be unset"},
        {"leftauth=secret\n\trightauth=secret", ADDED, NULL},
        {"leftauth=foo\n\trightauth=secret", REFUSED, "foo"},
        {"leftikeport=4500", ADDED, NULL},
        {"leftikeport=70000", REFUSED, "65535"},
        {"leftupdown=\"\"", ADDED, NULL},
        {"leftupdown=%disabled", ADDED, NULL},
        {"leftupdown=\"ipsec _updown --route y\"", ADDED, NULL},
        {"leftupdown=/bin/true a", FILE_REFUSED, "behind the value"},
        {"hostaddrfamily=ipv4", ADDED, NULL},
        {"hostaddrfamily=foo", REFUSED, "foo"},
        {"debug=all", ADDED, NULL},
        {"debug=foo", REFUSED, "foo"},
        {"mark=", ADDED, NULL},
        {"reqid=", ADDED, NULL},
        {"phase2=", ADDED, "phase2= has no value"},
        {"ipsec-interface=", ADDED, "ipsec-interface= has no value"},
        {"leftprotoport=", ADDED, NULL},
        {"leftrsasigkey=", ADDED, NULL},
        {"leftckaid=", ADDED, NULL},
        {"lefteddsakey=", ADDED, NULL},
    };
    EXPECT(rows, CONN "\t", "\n");
}

static void values_of_the_ends(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"leftsubnet=10.0.0.0/8", ADDED, NULL},
        {"leftsubnet=10/8", ADDED, NULL},
        {"leftsubnet=0/0", ADDED, NULL},
        {"leftsubnet=192.168.1/24", ADDED, NULL},
        {"leftsubnet=10.0.0.0/255.0.0.0", ADDED, NULL},
        {"leftsubnet=10.0.0.1/8", ADDED, "host bits"},
        {"leftsubnet=10.0.0.0", ADDED, NULL},
        {"leftsubnet={10.0.0.0/8}", ADDED, NULL},
        {"leftsubnet=10.0.0.0/8,11.0.0.0/8", ADDED, NULL},
        {"leftsubnet=10.0.0.0/8/tcp/80", ADDED, NULL},
        {"leftsubnet=10.0.0.0/8/17/0", ADDED, NULL},
        {"leftsubnet=10.0.0.0/33", REFUSED, "33"},
        {"leftsubnet=foo", REFUSED, "foo"},
        {"leftsubnet=,", REFUSED, "no subnet"},
        {"leftsubnet=2001:db8::/32", REFUSED, "address family"},
        {"leftsubnet=2001:db8::/32\n\trightsubnet=2001:db8:1::/48", ADDED, NULL},
        {"leftprotoport=tcp", ADDED, NULL},
        {"leftprotoport=tcp/80", ADDED, NULL},
        {"leftprotoport=udp/l2tp", ADDED, NULL},
        {"leftprotoport=17/%any", ADDED, NULL},
        {"leftprotoport=17/1701\n\trightprotoport=17/%any", ADDED, NULL},
        {"leftprotoport=icmp", ADDED, NULL},
        {"leftprotoport=0", ADDED, NULL},
        {"leftprotoport=foo", REFUSED, "foo"},
        {"leftprotoport=tcp/70000", REFUSED, "70000"},
        {"leftprotoport=256", REFUSED, "256"},
        {"leftsourceip=10.0.0.1", ADDED, "leftsubnet=10.0.0.1 is taken"},
        {"leftsourceip=10.0.0.1\n\tleftsubnet=10.0.0.0/8", ADDED, NULL},
        {"leftsourceip=", ADDED, NULL},
        {"leftsourceip=foo", REFUSED, "foo"},
        {"leftsourceip=10.0.0.1\n\tleftsubnet=11.0.0.0/8", REFUSED, "not within"},
        {"leftnexthop=192.0.2.254", ADDED, NULL},
        {"leftnexthop=%defaultroute", ADDED, NULL},
        {"leftnexthop=foo", REFUSED, "foo"},
        {"leftid=@a", ADDED, NULL},
        {"leftid=\"@a\"", ADDED, NULL},
        {"leftid={@a}", ADDED, NULL},
        {"leftid=a@b", ADDED, NULL},
        {"leftid=@a@b", ADDED, NULL},
        {"leftid=@#1234", ADDED, NULL},
        {"leftid=@#0x12", ADDED, NULL},
        {"leftid=@[a key]", FILE_REFUSED, "behind the value"},
        {"leftid=\"@[a key]\"", ADDED, NULL},
        {"leftid=192.0.2.1", ADDED, NULL},
        {"leftid=2001:db8::1", ADDED, NULL},
        {"leftid=%any", ADDED, NULL},
        {"leftid=\"\"", ADDED, NULL},
        {"leftid=@a#b", ADDED, NULL},
        {"leftid=\"@a # b\"", ADDED, NULL},
        {"leftid=@#zz", REFUSED, "hexadecimal"},
        {"leftid=@#1", REFUSED, "hexadecimal"},
        /* stricter than others: */
        {"leftid=@", REFUSED, "nothing follows"},
        {"leftid=@[a", ADDED, NULL},
        {"leftid=\"@a", REFUSED, "not closed"},
        {"leftid=\"@a\"b", REFUSED, "right behind the closing"},
        {"leftid={@a", REFUSED, "not closed"},
        {"type=transport\n\tleftsubnet=10.0.0.0/8", REFUSED, "type=transport"},
    };
    EXPECT(rows, CONN "\t", "\n");
}

static void what_a_connection_does_not_need_is_no_reason_to_refuse_it(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"leftrsasigkey=%cert", ADDED, "the public keys have no effect with authby=secret"},
        {"rightca=%same", ADDED, "concerns public keys"},
        {"leftsendcert=never\n\tsendca=none", ADDED, "concerns public keys"},
        {"ikepad=no", ADDED, "concerns IKEv1 only"},
        {"keyexchange=ikev1\n\tnarrowing=yes", REFUSED, "requires IKEv2"},
        {"keyexchange=ikev1\n\tesn=yes", ADDED, "\"esn\" concerns IKEv2 only"},
        {"nat-ikev1-method=none", ADDED, "concerns IKEv1 only"},
        {"xauthby=file\n\txauthfail=hard", ADDED, NULL},
        {"leftxauthclient=yes\n\tleftusername=u", ADDED, "concerns IKEv1 only"},
        {"leftca=%same\n\tleftauth=rsasig\n\trightauth=rsasig", REFUSED, NULL},
        {"iptfs=yes", REFUSED, ":5:8: conn \"x\": keyword \"iptfs\" is not supported yet"},
        {"enable-tcp=yes", ADDED, NULL},
        {"enable-tcp=fallback\n\ttcp-remoteport=443", ADDED, NULL},
        {"enable-tcp=yes\n\tkeyexchange=ikev1", REFUSED, "enable-tcp= is for IKEv2"},
        {"enable-tcp=yes\n\tphase2=ah", REFUSED, "enable-tcp= is for ESP"},
        {"enable-tcp=yes\n\tmobike=yes", ADDED, "mobike=yes has no effect together with enable-tcp=yes"},
        {"clones=no", ADDED, NULL},
        {"clones=0", ADDED, NULL},
        {"clones=1", ADDED, NULL},
        {"clones=yes", ADDED, NULL},
        {"clones=yes\n\tkeyexchange=ikev1", REFUSED, "clones= is for IKEv2"},
        {"clones=all", REFUSED, "expected yes, no or a number up to 1024"},
        {"enable-tcp=perhaps", REFUSED, "enable-tcp"},
        {"mobike=no", ADDED, NULL},
    };
    EXPECT(rows, CONN "\t", "\n");
    static const struct row setups[] = {
        {"crl-strict=yes", ADDED, NULL},
        {"nssdir=/etc/ipsec.d", ADDED, NULL},
        {"ocsp-enable=yes\n\tocsp-method=post", ADDED, NULL},
        {"interfaces=%defaultroute", ADDED, NULL},
        {"syslog=daemon.error\n\tvirtual_private=%v4:10.0.0.0/8", ADDED, NULL},
        {"uniqueids=maybe", FILE_REFUSED, "yes or no"},
        {"nhelpers=many", FILE_REFUSED, "found \"many\""},
        {"logstderr=yes", FILE_REFUSED, "command line only"},
        {"nosuch=yes", FILE_REFUSED, "nosuch"},
    };
    EXPECT(setups, "config setup\n\t", "\n" CONN);
}

static void hosts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"left=192.0.2.1\n\tright=%any", ADDED, NULL},
        {"left=%defaultroute\n\tright=192.0.2.2", ADDED, NULL},
        {"left=%eth0\n\tright=192.0.2.2", ADDED, NULL},
        {"left=east.example.com\n\tright=192.0.2.2", ADDED, NULL},
        {"left=0.0.0.0\n\tright=192.0.2.2", ADDED, NULL},
        {"left=2001:db8::1\n\tright=2001:db8::2", ADDED, NULL},
        {"left=%any\n\tright=%any", REFUSED, "%any"},
        {"left=192.0.2.1", REFUSED, "right= is missing"},
        {"right=192.0.2.1", REFUSED, "left= is missing"},
        {"left=\n\tright=192.0.2.1", REFUSED, "left="},
        {"left=192.0.2.1\n\tright=foo bar", FILE_REFUSED, "behind the value"},
        /* stricter than others, which would resolve them as names or wait for an interface: */
        {"left=999.1.1.1\n\tright=192.0.2.2", REFUSED, "999.1.1.1"},
        {"left=192.0.2.1/32\n\tright=192.0.2.2", REFUSED, "192.0.2.1/32"},
        {"left=@foo\n\tright=192.0.2.2", REFUSED, "@foo"},
        {"left=192.0.2.1\n\tright=192.0.2.1", REFUSED, "same address"},
        {"left=192.0.2.1\n\tright=2001:db8::2", REFUSED, "both be IPv4"},
    };
    EXPECT(rows, "conn x\n\tauthby=secret\n\t", "\n");
}

static void algorithms(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"ike=aes", ADDED, NULL},
        {"ike=aes256-sha2_512", ADDED, NULL},
        {"ike=aes256-sha2;modp2048", ADDED, NULL},
        {"ike=aes256-sha2-dh14", ADDED, NULL},
        {"ike=\"aes256-sha2, aes128-sha1\"", ADDED, NULL},
        {"ike=aes_gcm256-sha2_512;dh21", ADDED, NULL},
        {"ike=AES256-SHA1", ADDED, NULL},
        {"ike=3des-sha1", ADDED, NULL},
        {"ike=foo", REFUSED, "foo"},
        {"ike=aes333", REFUSED, "aes333"},
        {"ike=aes-sha1-dh99", REFUSED, "dh99"},
        {"ike=", ADDED, NULL},
        {"esp=", ADDED, NULL},
        {"authby=", ADDED, NULL},
        {"leftsubnet=", ADDED, NULL},
        {"leftinterface-ip=", ADDED, NULL},
        {"esp=aes_gcm256", ADDED, NULL},
        {"esp=aes128-sha1;modp2048", ADDED, NULL},
        {"phase2alg=aes128-sha1", ADDED, NULL},
        {"esp=aes\n\tphase2alg=aes", REFUSED, "esp= and phase2alg= say the same"},
        {"pfs=no\n\tesp=aes128-sha1;modp2048", ADDED,
         "\"x\": ignoring ESP DH algorithm MODP2048 as PFS policy is disabled"},
        {"pfs=no\n\tesp=aes128-sha1;none", ADDED, NULL},
        {"esp=foo", REFUSED, "foo"},
        {"esp=aes-sha1-", REFUSED, "esp"},
    };
    EXPECT(rows, CONN "\t", "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_every_shape),
        cmocka_unit_test(names_of_connections),
        cmocka_unit_test(sections_that_build_on_others),
        cmocka_unit_test(values_of_keywords),
        cmocka_unit_test(values_of_the_ends),
        cmocka_unit_test(what_a_connection_does_not_need_is_no_reason_to_refuse_it),
        cmocka_unit_test(hosts),
        cmocka_unit_test(algorithms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
