/* From an accepted ESP payload to the IP packet in it, in either mode, checked against the SA's selectors
 * (RFC 4301 5.2, RFC 4303 3.1, 3.4.4). */
#ifndef STYX_ESP_UNWRAP_H
#define STYX_ESP_UNWRAP_H

#include "esp/esp_seal.h"

/* What was outside of the packet. In transport mode the addresses are those of the SA. */
struct outer_packet {
    struct ip_address source, destination;
    uint8_t traffic_class;
    bool was_udp_encapsulated;
};

/*
 * The packet, and its headers in *ret_ip; NULL: dropped and counted. A transport-mode packet is put together
 * in `room` (esp_unwrap_room() bytes), a tunnel-mode one stays where it is and `room` may be NULL.
 */
uint8_t *esp_unwrap(struct esp_sa *sa, const struct esp_received *received, const struct outer_packet *outer,
                    uint8_t *room, struct ip_packet *ret_ip);

size_t esp_unwrap_room(const struct esp_sa *sa, const struct esp_received *received);

#endif
