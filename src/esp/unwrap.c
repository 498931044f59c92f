/* Taking the IP packet out of an ESP payload (RFC 4301 5.2, RFC 4303 3.1). */
#include "esp/unwrap.h"

#include "esp/encapsulation.h"

static void count_one(uint64_t *counter)
{
    __atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

static uint8_t *unwrap_tunnel(const struct esp_sa *sa, const struct esp_received *received,
                              const struct outer_packet *outer, struct ip_packet *ret_ip)
{
    uint8_t version = received->next_header == IPPROTO_NUMBER_IPV4   ? 4
                      : received->next_header == IPPROTO_NUMBER_IPV6 ? 6
                                                                     : 0;
    if (!ip_packet_parse(bytes_of(received->payload, received->payload_size), ret_ip) ||
        received->payload[0] >> 4 != version)
        return NULL;
    if (!decapsulate_traffic_class(received->payload, outer->traffic_class, sa->decap_dscp))
        return NULL;
    return received->payload;
}

static uint8_t *unwrap_transport(const struct esp_received *received, const struct outer_packet *outer,
                                 uint8_t *room, struct ip_packet *ret_ip)
{
    size_t header = rebuild_transport_header(room, &outer->source, &outer->destination, received->next_header,
                                             outer->traffic_class, received->payload_size);
    if (header == 0)
        return NULL;
    memcpy(room + header, received->payload, received->payload_size);
    size_t size = header + received->payload_size;
    if (outer->was_udp_encapsulated)
        repair_transport_checksum(room, size);
    return ip_packet_parse(bytes_of(room, size), ret_ip) ? room : NULL;
}

size_t esp_unwrap_room(const struct esp_sa *sa, const struct esp_received *received)
{
    return sa->is_transport ? IPV6_HEADER_SIZE + received->payload_size : 0;
}

uint8_t *esp_unwrap(struct esp_sa *sa, const struct esp_received *received, const struct outer_packet *outer,
                    uint8_t *room, struct ip_packet *ret_ip)
{
    uint8_t *packet = sa->is_transport ? unwrap_transport(received, outer, room, ret_ip)
                                       : unwrap_tunnel(sa, received, outer, ret_ip);
    if (packet == NULL) {
        count_one(&sa->counters.other_drops);
        return NULL;
    }
    if (!esp_sa_allows_inbound(sa, ret_ip)) {
        count_one(&sa->counters.policy_violations);
        return NULL;
    }
    return packet;
}
