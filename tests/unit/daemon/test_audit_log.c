/* audit-log=: the records of SAs that come, fail and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "daemon/audit_log.h"
#include "daemon/daemon.h"

enum { RECORD_IKE_SA = 2408, RECORD_IPSEC_SA = 2409 };

#define TAIL " raddr=192.0.2.2 exe=\"/usr/libexec/ipsec/pluto\" hostname=? addr=192.0.2.2 terminal=? "

const char *daemon_exec_dir(void)
{
    return "/usr/libexec/ipsec";
}

void log_line(const char *format, ...)
{
    (void)format;
}

static struct suite suite_of(enum security_protocol protocol)
{
    return (struct suite){
        .protocol = (uint8_t)protocol,
        .encr = algorithm_by_name(TRANSFORM_ENCR, "aes_gcm", 7),
        .encr_key_bits = 256,
        .prf = algorithm_by_name(TRANSFORM_PRF, "sha2_512", 8),
        .ke = algorithm_by_name(TRANSFORM_KE, "dh31", 4),
    };
}

static void assert_record(const struct report *event, const struct ike_view *ike,
                          const struct child_view *child, unsigned type, const char *expected)
{
    char text[AUDIT_RECORD_SIZE];
    assert_int_equal(audit_record_of(event, ike, child, text, sizeof(text)), type);
    assert_string_equal(text, expected);
}

static void an_ike_sa_starts_and_is_destroyed(void **state)
{
    (void)state;
    struct suite suite = suite_of(PROTOCOL_IKE);
    struct ike_view ike = {.serial = 1, .is_initiator = true, .version = 2, .suite = &suite};
    address_parse("192.0.2.2", &ike.path.remote.address, NULL);
    struct report event = {.event = EVENT_IKE_UP, .connection = "net", .ike_serial = 1};
#define IKE                                                                                                  \
    " direction=initiator conn-name=\"net\" connstate=1 ike-version=2.0 cipher=AES_GCM_16 ksize=256 "        \
    "integ=none prf=HMAC_SHA2_512 pfs=DH31" TAIL
    assert_record(&event, &ike, NULL, RECORD_IKE_SA, "op=start" IKE "res=success");
    event.event = EVENT_IKE_DOWN;
    assert_record(&event, &ike, NULL, RECORD_IKE_SA, "op=destroy" IKE "res=success");
    event.event = EVENT_FAILED;
    assert_record(&event, &ike, NULL, RECORD_IKE_SA, "op=start" IKE "res=failed");
}

static void a_child_sa_has_its_spis(void **state)
{
    (void)state;
    struct suite suite = suite_of(PROTOCOL_ESP);
    struct child_view child = {.suite = &suite, .mode = MODE_TUNNEL, .spi_in = 0x10, .spi_out = 0xabcdef01};
    address_parse("192.0.2.2", &child.remote.address, NULL);
    const struct report event = {
        .event = EVENT_CHILD_UP, .connection = "net", .ike_serial = 1, .child_serial = 2};
    assert_record(&event, NULL, &child, RECORD_IPSEC_SA,
                  "op=start conn-name=\"net\" connstate=2, satype=ipsec-esp samode=tunnel cipher=AES_GCM_16 "
                  "ksize=256 integ=none in-spi=16(0x00000010) out-spi=2882400001(0xabcdef01) "
                  "in-ipcomp=0(0x00000000) out-ipcomp=0(0x00000000)" TAIL "res=success");
}

static void a_name_cannot_forge_a_field(void **state)
{
    (void)state;
    char text[AUDIT_RECORD_SIZE];
    const struct report event = {.event = EVENT_FAILED, .connection = "a\" res=success", .ike_serial = 1};
    assert_int_equal(audit_record_of(&event, NULL, NULL, text, sizeof(text)), RECORD_IKE_SA);
    assert_non_null(strstr(text, " conn-name=612220726573"));
    assert_null(strstr(text, "res=success"));
    assert_non_null(strstr(text, " raddr=? "));
}

static void other_events_are_not_for_the_audit_system(void **state)
{
    (void)state;
    char text[AUDIT_RECORD_SIZE];
    const struct report event = {.event = EVENT_ROUTING, .connection = "net"};
    assert_int_equal(audit_record_of(&event, NULL, NULL, text, sizeof(text)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ike_sa_starts_and_is_destroyed),
        cmocka_unit_test(a_child_sa_has_its_spis),
        cmocka_unit_test(a_name_cannot_forge_a_field),
        cmocka_unit_test(other_events_are_not_for_the_audit_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
