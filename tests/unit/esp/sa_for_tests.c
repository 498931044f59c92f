/* SAs with known keys for the tests of the ESP layer. */
#include "sa_for_tests.h"

#include "esp/checksum.h"

const struct suite_under_test all_suites[] = {
    {ENCR_AES_GCM_16, 128, 0},
    {ENCR_AES_GCM_16, 192, 0},
    {ENCR_AES_GCM_16, 256, 0},
    {ENCR_AES_GCM_12, 128, 0},
    {ENCR_AES_GCM_12, 256, 0},
    {ENCR_AES_GCM_8, 128, 0},
    {ENCR_AES_GCM_8, 256, 0},
    {ENCR_CHACHA20_POLY1305, 256, 0},
    {ENCR_AES_CBC, 128, INTEG_HMAC_SHA1_96},
    {ENCR_AES_CBC, 192, INTEG_HMAC_SHA2_256_128},
    {ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_384_192},
    {ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_512_256},
    {ENCR_AES_CBC, 128, INTEG_AES_XCBC_96},
    {ENCR_AES_CBC, 128, INTEG_AES_CMAC_96},
    {ENCR_AES_CTR, 128, INTEG_HMAC_SHA1_96},
    {ENCR_AES_CTR, 192, INTEG_HMAC_SHA2_384_192},
    {ENCR_AES_CTR, 256, INTEG_HMAC_SHA2_256_128},
    {ENCR_AES_CTR, 256, INTEG_AES_XCBC_96},
    {ENCR_3DES, 192, INTEG_HMAC_SHA1_96},
    {ENCR_3DES, 192, INTEG_AES_CMAC_96},
    {ENCR_DES, 64, INTEG_HMAC_SHA1_96},
    {ENCR_NULL, 0, INTEG_HMAC_SHA1_96},
    {ENCR_NULL, 0, INTEG_HMAC_SHA2_256_128},
    {ENCR_NULL, 0, INTEG_HMAC_SHA2_512_256},
    {ENCR_NULL, 0, INTEG_AES_CMAC_96},
};
const size_t all_suites_count = ARRAY_SIZE(all_suites);

static uint8_t keys[INTEG_KEY_MAX];
static struct selector local, remote;

struct selector selector_from_text(const char *text)
{
    struct ip_prefix prefix;
    assert_true(prefix_parse(text, &prefix, NULL));
    return selector_of_prefix(&prefix, 0, 0);
}

struct esp_sa_spec spec_for_suite(const struct suite_under_test *suite, bool is_outbound)
{
    for (size_t i = 0; i < sizeof(keys); i++)
        keys[i] = (uint8_t)(i * 7 + 1);
    local = selector_from_text(is_outbound ? "10.1.0.0/16" : "10.2.0.0/16");
    remote = selector_from_text(is_outbound ? "10.2.0.0/16" : "10.1.0.0/16");
    return (struct esp_sa_spec){
        .child_serial = 1,
        .spi = 0x1000,
        .is_outbound = is_outbound,
        .encr = algorithm_by_id(TRANSFORM_ENCR, suite->encr),
        .integ = suite->integ != 0 ? algorithm_by_id(TRANSFORM_INTEG, suite->integ) : NULL,
        .encr_key_bits = suite->key_bits,
        .encr_key = keys,
        .integ_key = keys,
        .replay_window = 64,
        .local = {address_of_v4(0xc0000201), 4500},
        .remote = {address_of_v4(0xc0000202), 4500},
        .local_selectors = &local,
        .local_count = 1,
        .remote_selectors = &remote,
        .remote_count = 1,
        .soft_bytes = UINT64_MAX,
        .hard_bytes = UINT64_MAX,
        .soft_packets = UINT64_MAX,
        .hard_packets = UINT64_MAX,
    };
}

struct esp_sa *sa_for_suite(const struct suite_under_test *suite, bool is_outbound, bool esn)
{
    struct esp_sa_spec spec = spec_for_suite(suite, is_outbound);
    spec.esn = esn;
    struct esp_sa *sa = esp_sa_new(&spec, NULL);
    assert_non_null(sa);
    return sa;
}

void predictable_random(uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)rand();
}

size_t make_udp_packet(uint8_t *out, const char *source, const char *destination, uint16_t destination_port,
                       size_t payload_size)
{
    struct ip_address from, to;
    assert_true(address_parse(source, &from, NULL) && address_parse(destination, &to, NULL));
    size_t size = IPV4_HEADER_SIZE + 8 + payload_size;
    memset(out, 0, IPV4_HEADER_SIZE + 8);
    out[0] = 0x45;
    store_be16(out + 2, (uint16_t)size);
    out[6] = 0x40;
    out[8] = 64;
    out[9] = IPPROTO_NUMBER_UDP;
    memcpy(out + 12, from.bytes, 4);
    memcpy(out + 16, to.bytes, 4);
    checksum_ipv4_header(out, IPV4_HEADER_SIZE);
    uint8_t *udp = out + IPV4_HEADER_SIZE;
    store_be16(udp, 40000);
    store_be16(udp + 2, destination_port);
    store_be16(udp + 4, (uint16_t)(8 + payload_size));
    for (size_t i = 0; i < payload_size; i++)
        udp[8 + i] = (uint8_t)i;
    checksum_t sum = checksum_pseudo_header(out + 12, out + 16, 4, IPPROTO_NUMBER_UDP, 8 + payload_size);
    checksum_store(udp + 6, checksum_add(sum, udp, 8 + payload_size));
    return size;
}
