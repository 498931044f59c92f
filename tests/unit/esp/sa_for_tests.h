/* SAs with known keys for the tests of the ESP layer. */
#ifndef STYX_TESTS_SA_FOR_TESTS_H
#define STYX_TESTS_SA_FOR_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "esp/esp_seal.h"

struct suite_under_test {
    uint16_t encr, key_bits, integ; /* integ 0: an AEAD */
};

/* Every ESP suite: each cipher with each of its key lengths, each MAC. */
extern const struct suite_under_test all_suites[];
extern const size_t all_suites_count;

/* Tunnel-mode spec, 10.1.0.0/16 to 10.2.0.0/16 (or the reverse for inbound), SPI 0x1000, window of 64. */
struct esp_sa_spec spec_for_suite(const struct suite_under_test *suite, bool is_outbound);
struct esp_sa *sa_for_suite(const struct suite_under_test *suite, bool is_outbound, bool esn);

struct selector selector_from_text(const char *prefix);
void predictable_random(uint8_t *out, size_t size);

/* An IPv4 UDP packet with right lengths and checksums; returns its size. */
size_t make_udp_packet(uint8_t *out, const char *source, const char *destination, uint16_t destination_port,
                       size_t payload_size);

#endif
