/* Configuration attributes as they come over the wire: what is well-formed, what is not, both headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/configuration.h"

static bool read_ikev2(const char *bytes, size_t size, struct configuration *out)
{
    struct error error;
    return configuration_read_ikev2(bytes_of(bytes, size), out, &error);
}

static bool read_ikev1(const char *bytes, size_t size, struct configuration *out)
{
    struct error error;
    return configuration_read_ikev1(CFG_REPLY, 7, bytes_of(bytes, size), out, &error);
}

#define READ_IKEV2(bytes, out) read_ikev2("" bytes, sizeof("" bytes) - 1, out)
#define READ_IKEV1(bytes, out) read_ikev1("" bytes, sizeof("" bytes) - 1, out)
#define REQUEST "\x01\0\0\0"
#define REPLY "\x02\0\0\0"

static void assert_address(const struct ip_address *address, const char *expected)
{
    char text[ADDRESS_TEXT_SIZE];
    assert_string_equal(address_text(address, text), expected);
}

static void a_request_names_what_it_wants(void **state)
{
    struct configuration got;
    (void)state;
    assert_true(READ_IKEV2(REQUEST "\0\x01\0\0"
                                   "\0\x03\0\0"
                                   "\0\x19\0\0",
                           &got));
    assert_int_equal(got.kind, CFG_REQUEST);
    assert_true(got.has_address[CONFIGURATION_V4] && !got.has_address[CONFIGURATION_V6]);
    assert_false(address_is_set(&got.address[CONFIGURATION_V4].address));
    assert_true(got.has_dns[CONFIGURATION_V4] && got.has_domain && !got.has_banner);
}

static void a_reply_gives_addresses_servers_and_domains(void **state)
{
    struct configuration got;
    (void)state;
    assert_true(READ_IKEV2(REPLY "\0\x01\0\x04\x0a\x09\0\x01"
                                 "\0\x08\0\x11\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09\x40"
                                 "\0\x03\0\x04\x0a\x01\0\x35"
                                 "\0\x19\0\x07"
                                 "a.b.org",
                           &got));
    assert_address(&got.address[CONFIGURATION_V4].address, "10.9.0.1");
    assert_address(&got.address[CONFIGURATION_V6].address, "2001:db8::9");
    assert_int_equal(got.address[CONFIGURATION_V6].length, 64);
    assert_int_equal(got.dns_count, 1);
    assert_address(&got.dns[0], "10.1.0.53");
    assert_int_equal(got.domain_count, 1);
    assert_memory_equal(got.domains[0].data, "a.b.org", 7);
}

static void the_unspecified_address_is_none(void **state)
{
    struct configuration got;
    (void)state;
    assert_true(READ_IKEV2(REQUEST "\0\x01\0\x04\0\0\0\0", &got));
    assert_true(got.has_address[CONFIGURATION_V4]);
    assert_false(address_is_set(&got.address[CONFIGURATION_V4].address));
}

static void the_reserved_bit_of_a_type_is_ignored(void **state)
{
    struct configuration got;
    (void)state;
    assert_true(READ_IKEV2(REPLY "\x80\x01\0\x04\x0a\x09\0\x01", &got));
    assert_address(&got.address[CONFIGURATION_V4].address, "10.9.0.1");
}

static void what_is_malformed_is_refused(void **state)
{
    struct configuration got;
    (void)state;
    assert_false(READ_IKEV2("", &got));
    assert_false(READ_IKEV2("\x02\0\0", &got));
    assert_false(READ_IKEV2("\0\0\0\0", &got));
    assert_false(READ_IKEV2("\x05\0\0\0", &got));
    assert_false(READ_IKEV2(REPLY "\0\x01\0", &got));
    assert_false(READ_IKEV2(REPLY "\0\x01\0\x05\x0a\x09\0\x01\x02", &got));
    assert_false(READ_IKEV2(REPLY "\0\x01\0\x04\x0a\x09\0", &got));
    assert_false(READ_IKEV2(REPLY "\0\x03\0\x03\x0a\x09\0", &got));
    assert_false(READ_IKEV2(REPLY "\0\x08\0\x10\x20\x01", &got));
    assert_false(READ_IKEV2(REPLY "\0\x08\0\x11\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09\x81", &got));
    assert_false(READ_IKEV2(REPLY "\0\x0d\0\x08\x0a\0\0\0\xff\0\xff\0", &got));
}

static void ikev1_clients_learn_in_the_short_form_whether_to_bring_a_group(void **state)
{
    (void)state;
    struct configuration got;
    uint8_t buffer[16];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    assert_true(READ_IKEV1("\x70\x07\x00\x00", &got));
    assert_true(got.has_pfs);
    assert_true(READ_IKEV1("\x70\x00\x00\x00", &got));
    assert_false(got.has_pfs);
    configuration_write_pfs(&writer, true);
    configuration_write_pfs(&writer, false);
    assert_int_equal(writer.size, 8);
    assert_memory_equal(buffer, "\xf0\x07\x00\x01\xf0\x07\x00\x00", 8);
}

static void ikev1_knows_short_attributes(void **state)
{
    struct configuration got;
    (void)state;
    assert_true(READ_IKEV1("\x80\x05\x0e\x10\0\x01\0\x04\x0a\x09\0\x01", &got));
    assert_int_equal(got.identifier, 7);
    assert_address(&got.address[CONFIGURATION_V4].address, "10.9.0.1");
    assert_false(READ_IKEV1("\x80\x05\x0e", &got));
}

static void split_tunnels_are_networks(void **state)
{
    struct configuration got;
    char text[ADDRESS_TEXT_SIZE + 4];
    (void)state;
    assert_true(READ_IKEV1("\x70\x04\0\x1c"
                           "\x0a\x01\0\x07\xff\xff\xff\0\0\0\0\0\0\0"
                           "\xac\x10\0\0\xff\xf0\0\0\0\0\0\0\0\0",
                           &got));
    assert_int_equal(got.subnet_count, 2);
    assert_string_equal(prefix_text(&got.subnets[0], text), "10.1.0.0/24");
    assert_string_equal(prefix_text(&got.subnets[1], text), "172.16.0.0/12");
    assert_false(READ_IKEV1("\x70\x04\0\x0d\x0a\x01\0\x07\xff\xff\xff\0\0\0\0\0\0", &got));
    assert_false(READ_IKEV1("\x70\x04\0\x0e\x0a\x01\0\x07\xff\0\xff\0\0\0\0\0\0\0", &got));
}

/* strongSwan's pools give one network to an attribute, and only address and mask. */
static void a_split_tunnel_may_come_without_ports(void **state)
{
    struct configuration got;
    char text[ADDRESS_TEXT_SIZE + 4];
    (void)state;
    assert_true(
        READ_IKEV1("\x70\x04\0\x08\x0a\x01\0\0\xff\xff\xff\0\x70\x04\0\x08\x0a\x02\0\0\xff\xff\0\0", &got));
    assert_int_equal(got.subnet_count, 2);
    assert_string_equal(prefix_text(&got.subnets[0], text), "10.1.0.0/24");
    assert_string_equal(prefix_text(&got.subnets[1], text), "10.2.0.0/16");
    assert_false(READ_IKEV1("\x70\x04\0\x07\x0a\x01\0\0\xff\xff\xff", &got));
}

static void more_than_there_is_room_for_is_left_out(void **state)
{
    struct configuration got;
    uint8_t bytes[4096];
    struct error error;
    struct writer writer = writer_of(bytes, sizeof(bytes));
    struct ip_address server = address_of_v4(0x0a010035);
    (void)state;
    configuration_write_header(&writer, CFG_REPLY);
    for (unsigned i = 0; i < 3 * CONFIGURATION_DNS_LIMIT; i++)
        configuration_write_address(&writer, INTERNAL_IP4_DNS, &server);
    assert_true(configuration_read_ikev2(writer_bytes_so_far(&writer), &got, &error));
    assert_int_equal(got.dns_count, CONFIGURATION_DNS_LIMIT);
    for (unsigned i = 0; i < CONFIGURATION_ATTRIBUTE_LIMIT; i++)
        configuration_write(&writer, INTERNAL_IP4_DNS, bytes_of(NULL, 0));
    assert_false(configuration_read_ikev2(writer_bytes_so_far(&writer), &got, &error));
}

static void what_is_written_reads_back(void **state)
{
    struct configuration got;
    uint8_t bytes[256];
    struct error error;
    struct writer writer = writer_of(bytes, sizeof(bytes));
    struct ip_prefix nets[2], v6;
    (void)state;
    assert_true(prefix_parse("10.1.0.0/24", &nets[0], NULL) && prefix_parse("172.16.0.0/12", &nets[1], NULL));
    assert_true(prefix_parse("2001:db8::/64", &v6, NULL));
    configuration_write_split(&writer, nets, 2);
    configuration_write_prefix(&writer, INTERNAL_IP6_ADDRESS, &v6);
    configuration_write_prefix(&writer, INTERNAL_IP4_SUBNET, &nets[1]);
    assert_true(configuration_read_ikev1(CFG_SET, 0, writer_bytes_so_far(&writer), &got, &error));
    assert_int_equal(got.subnet_count, 3);
    assert_memory_equal(&got.subnets[1], &nets[1], sizeof(nets[1]));
    assert_memory_equal(&got.subnets[2], &nets[1], sizeof(nets[1]));
    assert_memory_equal(&got.address[CONFIGURATION_V6], &v6, sizeof(v6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_names_what_it_wants),
        cmocka_unit_test(a_reply_gives_addresses_servers_and_domains),
        cmocka_unit_test(the_unspecified_address_is_none),
        cmocka_unit_test(the_reserved_bit_of_a_type_is_ignored),
        cmocka_unit_test(what_is_malformed_is_refused),
        cmocka_unit_test(ikev1_clients_learn_in_the_short_form_whether_to_bring_a_group),
        cmocka_unit_test(ikev1_knows_short_attributes),
        cmocka_unit_test(split_tunnels_are_networks),
        cmocka_unit_test(a_split_tunnel_may_come_without_ports),
        cmocka_unit_test(more_than_there_is_room_for_is_left_out),
        cmocka_unit_test(what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
