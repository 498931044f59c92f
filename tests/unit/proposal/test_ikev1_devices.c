/* SA payloads as routers and clients of other makes write them: attributes in orders of their own, lifetimes
 * of variable length, key lengths behind them, many transforms, SPIs in phase 1 (RFC 2408 3.5, 3.6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proposal/ikev1_sa.h"
#include "wire/ikev1_numbers.h"

enum { BODY_MAX = 4096, TRANSFORMS_MAX = 10 };

/* One proposal; a transform is its id and its attributes, in hex, blanks do not matter. */
struct device {
    const char *name;
    const char *ours; /* ike= or esp= of the connection */
    uint8_t spi_size;
    uint16_t mode; /* phase 2: which of ours it is to fit */
    const char *transforms[TRANSFORMS_MAX];
    unsigned chosen; /* number of the transform, from 1; 0: none fits */
    uint32_t seconds, kilobytes;
};

static void write_hex(struct writer *writer, const char *text)
{
    unsigned value = 0, digits = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ')
            continue;
        value = value << 4 | (unsigned)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
        if (++digits % 2 == 0)
            writer_u8(writer, (uint8_t)value);
    }
}

static size_t begin(struct writer *writer, uint8_t next)
{
    size_t start = writer->size;
    writer_u8(writer, next);
    writer_u8(writer, 0);
    writer_u16(writer, 0);
    return start;
}

static void end(struct writer *writer, size_t start)
{
    store_be16(writer->data + start + 2, (uint16_t)(writer->size - start));
}

static struct bytes body_of(const struct device *device, enum security_protocol protocol, uint8_t *buffer)
{
    struct writer writer = writer_of(buffer, BODY_MAX);
    uint8_t count = 0;
    while (count < TRANSFORMS_MAX && device->transforms[count] != NULL)
        count++;
    writer_u32(&writer, DOI_IPSEC);
    writer_u32(&writer, SITUATION_IDENTITY_ONLY);
    size_t proposal = begin(&writer, ISAKMP_NONE);
    writer_u8(&writer, 1);
    writer_u8(&writer, (uint8_t)protocol);
    writer_u8(&writer, device->spi_size);
    writer_u8(&writer, count);
    for (uint8_t i = 0; i < device->spi_size; i++)
        writer_u8(&writer, (uint8_t)(0xa0 + i));
    for (uint8_t i = 0; i < count; i++) {
        size_t transform = begin(&writer, i + 1 < count ? ISAKMP_TRANSFORM : ISAKMP_NONE);
        writer_u8(&writer, (uint8_t)(i + 1));
        struct writer id = writer_of(writer.data + writer.size, 1);
        char digits[3] = {device->transforms[i][0], device->transforms[i][1], '\0'};
        write_hex(&id, digits);
        writer.size++;
        writer_u16(&writer, 0);
        write_hex(&writer, device->transforms[i] + 2);
        end(&writer, transform);
    }
    end(&writer, proposal);
    return writer_bytes_so_far(&writer);
}

static void check(const struct device *device, enum security_protocol protocol)
{
    struct error error;
    uint8_t buffer[BODY_MAX];
    struct proposal_list *list =
        proposals_parse(protocol, PROPOSAL_IKEV1 | PROPOSAL_PFS, device->ours, &error);
    print_message("%s\n", device->name);
    assert_non_null(list);
    struct ikev1_offer ours = {
        .list = list,
        .protocol = protocol,
        .auth_method = OAKLEY_PRESHARED_KEY,
        .encapsulation_mode = device->mode,
        .lifetime_seconds = 28800,
        .takes_any_group = protocol == PROTOCOL_ESP,
        .spi = 0x1111,
    };
    struct ikev1_choice choice;
    bool is_chosen = ikev1_choose(&ours, body_of(device, protocol, buffer), &choice, &error);
    assert_int_equal(is_chosen, device->chosen != 0);
    if (is_chosen) {
        assert_int_equal(choice.transforms[IKEV1_MEMBER_MAIN].data[4], device->chosen);
        assert_int_equal(choice.lifetime_seconds, device->seconds);
        assert_int_equal(choice.lifetime_kilobytes, device->kilobytes);
    }
    proposals_free(list);
}

static void phase_1_of_devices_is_understood(void **state)
{
    (void)state;
    static const struct device devices[] = {
        {"Cisco: a lifetime of four bytes at the end",
         "aes256-sha1;modp1024",
         0,
         0,
         {"01 80010007 800e0100 80020002 80040002 80030001 800b0001 000c0004 00015180",
          "01 80010005 80020002 80040002 80030001 800b0001 000c0004 00015180"},
         1,
         86400,
         0},
        {"Fortinet, MikroTik, all that comes of racoon: the lifetime first",
         "aes128-sha2_256;modp2048",
         0,
         0,
         {"01 800b0001 000c0004 00015180 80010007 800e0100 80030001 80020004 8004000e",
          "01 800b0001 000c0004 00015180 80010007 800e0080 80030001 80020004 8004000e"},
         2,
         86400,
         0},
        {"FRITZ!Box: the key length behind the lifetime, stronger ones first",
         "aes128-sha1;modp1024",
         0,
         0,
         {"01 80010007 80020004 80030001 80040002 800b0001 800c0e10 800e0100",
          "01 80010007 80020002 80030001 80040002 800b0001 800c0e10 800e0100",
          "01 80010007 80020002 80030001 80040002 800b0001 800c0e10 800e00c0",
          "01 80010007 80020002 80030001 80040002 800b0001 800c0e10 800e0080",
          "01 80010005 80020001 80030001 80040002 800b0001 800c0e10",
          "01 80010001 80020001 80030001 80040002 800b0001 800c0e10"},
         4,
         3600,
         0},
        {"Juniper: a cookie as the SPI of phase 1",
         "3des-sha1;modp1024",
         8,
         0,
         {"01 80010005 80020002 80040002 80030001 800b0001 800c7080"},
         1,
         28800,
         0},
        {"Windows: elliptic curves first, a lifetime of four bytes",
         "aes256-sha1;modp2048",
         0,
         0,
         {"01 80010007 800e0100 80020002 80040014 80030001 800b0001 000c0004 00007080",
          "01 80010007 800e0080 80020002 80040013 80030001 800b0001 000c0004 00007080",
          "01 80010007 800e0100 80020002 8004000e 80030001 800b0001 000c0004 00007080",
          "01 80010005 80020002 80040002 80030001 800b0001 000c0004 00007080"},
         3,
         28800,
         0},
        {"attributes of fixed size written as variable ones",
         "aes256-sha1;modp2048",
         0,
         0,
         {"01 00010002 0007 000e0002 0100 00020001 02 00040004 0000000e 00030002 0001 800b0001 800c7080"},
         1,
         28800,
         0},
        {"seconds and kilobytes in phase 1, none of the latter",
         "aes128-sha1;modp2048",
         0,
         0,
         {"01 80010007 800e0080 80020002 80030001 8004000e 800b0001 800c7080 800b0002 800c0000"},
         1,
         28800,
         0},
        {"a lifetime of eight bytes",
         "aes128-sha1;modp2048",
         0,
         0,
         {"01 80010007 800e0080 80020002 80030001 8004000e 800b0001 000c0008 0000000000015180"},
         1,
         86400,
         0},
        {"AES without a key length is that of 128 bits",
         "aes128-sha1;modp2048",
         0,
         0,
         {"01 80010007 80020002 80030001 8004000e"},
         1,
         0,
         0},
        {"a group of its own is none of ours",
         "aes128-sha1;modp2048",
         0,
         0,
         {"01 80010007 800e0080 80020002 80030001 80050001 00060004 0000000b 80070002"},
         0,
         0,
         0},
        {"an attribute that nobody knows",
         "aes128-sha1;modp2048",
         0,
         0,
         {"01 80010007 800e0080 80020002 80030001 8004000e c0000001"},
         0,
         0,
         0},
        {"XAUTH's method is not that of a secret alone",
         "aes128-sha1;modp2048",
         0,
         0,
         {"01 80010007 800e0080 80020002 8003fde9 8004000e 800b0001 800c7080"},
         0,
         0,
         0},
        {"one attribute twice",
         "aes128-sha1;modp2048",
         0,
         0,
         {"01 80010007 800e0080 80020002 80030001 8004000e 8004000e"},
         0,
         0,
         0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
        check(&devices[i], PROTOCOL_IKE);
}

static void phase_2_of_devices_is_understood(void **state)
{
    (void)state;
    static const struct device devices[] = {
        {"Cisco: the mode first, both lifetimes, a group at the end",
         "aes256-sha1",
         4,
         V1_MODE_TUNNEL,
         {"0c 80040001 80010001 80020e10 80010002 00020004 00465000 80050002 80060100 8003000e"},
         1,
         3600,
         4608000},
        {"Windows: L2TP behind a NAT",
         "aes256-sha1,3des-sha1",
         4,
         V1_MODE_UDP_TRANSPORT,
         {"03 80010001 00020004 00000e10 80010002 00020004 0003d090 80040004 80050002",
          "0c 80010001 00020004 00000e10 80010002 00020004 0003d090 80040004 80050002 80060100"},
         2,
         3600,
         250000},
        {"Windows before: L2TP by the drafts' numbers",
         "3des-sha1",
         4,
         V1_MODE_UDP_TRANSPORT,
         {"03 80010001 00020004 00000e10 80010002 00020004 0003d090 8004f004 80050002"},
         1,
         3600,
         250000},
        {"FRITZ!Box: every key length, MD5 last",
         "aes128-sha1",
         4,
         V1_MODE_TUNNEL,
         {"0c 80010001 80020e10 80040001 80060100 80050005 80030002",
          "0c 80010001 80020e10 80040001 80060100 80050002 80030002",
          "0c 80010001 80020e10 80040001 800600c0 80050002 80030002",
          "0c 80010001 80020e10 80040001 80060080 80050002 80030002",
          "03 80010001 80020e10 80040001 80050001 80030002"},
         0,
         0,
         0}, /* modp1024 is too weak to be taken unasked */
        {"Juniper: no kilobytes are none",
         "aes128-sha1",
         4,
         V1_MODE_TUNNEL,
         {"0c 80050002 80060080 80040001 80010001 80020e10 80010002 80020000"},
         1,
         3600,
         0},
        {"a lifetime before its type",
         "aes128-sha1",
         4,
         V1_MODE_TUNNEL,
         {"0c 80020e10 80010001 80050002 80060080 80040001"},
         0,
         0,
         0},
        {"encryption without integrity",
         "aes128-sha1",
         4,
         V1_MODE_TUNNEL,
         {"0c 80010001 80020e10 80040001 80060080"},
         0,
         0,
         0},
        {"an SPI of two bytes",
         "aes128-sha1",
         2,
         V1_MODE_TUNNEL,
         {"0c 80010001 80020e10 80040001 80060080 80050002"},
         0,
         0,
         0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
        check(&devices[i], PROTOCOL_ESP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phase_1_of_devices_is_understood),
        cmocka_unit_test(phase_2_of_devices_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
