/* Reassembly of fragments that come in order (RFC 791 3.2, RFC 8200 4.5). */
#include "esp/reassembly.h"

#include <stdlib.h>

#include "esp/checksum.h"
#include "esp/ip_packet.h"

enum {
    HEADER_HOP_BY_HOP = 0,
    HEADER_ROUTING = 43,
    HEADER_FRAGMENT = 44,
    HEADER_DESTINATION_OPTIONS = 60,
    FRAGMENT_HEADER_SIZE = 8,
    MORE_FRAGMENTS_V4 = 0x2000,
};

/* What all fragments of one packet have in common. */
struct identity {
    struct ip_address source, destination;
    uint32_t identification;
    uint8_t protocol;
};

struct fragment {
    struct identity identity;
    size_t offset;
    bool has_more;
    size_t network_size; /* headers that every fragment has, without the fragment header */
    size_t next_header_at;
    const uint8_t *payload;
    size_t payload_size;
};

struct gathered {
    struct identity identity;
    bool is_active;
    size_t network_size, size;
    uint8_t bytes[REASSEMBLED_MAX];
};

static bool read_ipv4(const uint8_t *packet, const struct ip_packet *ip, struct fragment *fragment)
{
    uint16_t flags = load_be16(packet + 6);
    fragment->identity.identification = load_be16(packet + 4);
    fragment->identity.protocol = packet[9];
    fragment->offset = (size_t)(flags & 0x1fff) * 8;
    fragment->has_more = (flags & MORE_FRAGMENTS_V4) != 0;
    fragment->network_size = (size_t)(packet[0] & 15) * 4;
    fragment->payload = packet + fragment->network_size;
    fragment->payload_size = ip->total_size - fragment->network_size;
    return true;
}

/* ip_packet_parse() has seen that the headers are there. */
static bool read_ipv6(const uint8_t *packet, const struct ip_packet *ip, struct fragment *fragment)
{
    uint8_t type = packet[6];
    size_t at = IPV6_HEADER_SIZE, type_at = 6;
    while (type == HEADER_HOP_BY_HOP || type == HEADER_ROUTING || type == HEADER_DESTINATION_OPTIONS) {
        type_at = at;
        type = packet[at];
        at += ((size_t)packet[at + 1] + 1) * 8;
    }
    if (type != HEADER_FRAGMENT)
        return false;
    uint16_t offset = load_be16(packet + at + 2);
    fragment->identity.identification = load_be32(packet + at + 4);
    fragment->identity.protocol = packet[at];
    fragment->offset = offset & 0xfff8;
    fragment->has_more = (offset & 1) != 0;
    fragment->network_size = at;
    fragment->next_header_at = type_at;
    fragment->payload = packet + at + FRAGMENT_HEADER_SIZE;
    fragment->payload_size = ip->total_size - at - FRAGMENT_HEADER_SIZE;
    return true;
}

static bool read_fragment(struct bytes bytes, struct fragment *fragment)
{
    struct ip_packet ip;
    if (!ip_packet_parse(bytes, &ip) || !ip.is_fragment)
        return false;
    *fragment = (struct fragment){.identity = {.source = ip.source, .destination = ip.destination}};
    bool is_read = ip.source.family == IP_V4 ? read_ipv4(bytes.data, &ip, fragment)
                                             : read_ipv6(bytes.data, &ip, fragment);
    /* All but the last are multiples of eight bytes. */
    return is_read && (!fragment->has_more || fragment->payload_size % 8 == 0);
}

static bool is_same(const struct identity *a, const struct identity *b)
{
    return a->identification == b->identification && a->protocol == b->protocol &&
           address_equal(&a->source, &b->source) && address_equal(&a->destination, &b->destination);
}

static struct gathered *find(const struct reassembly *reassembly, const struct identity *identity)
{
    for (size_t i = 0; i < REASSEMBLY_PACKETS && reassembly->active > 0; i++) {
        struct gathered *packet = reassembly->packets[i];
        if (packet != NULL && packet->is_active && is_same(&packet->identity, identity))
            return packet;
    }
    return NULL;
}

static void end(struct reassembly *reassembly, struct gathered *packet)
{
    reassembly->active -= packet->is_active;
    packet->is_active = false;
}

static struct gathered *take_slot(struct reassembly *reassembly)
{
    size_t slot = REASSEMBLY_PACKETS;
    for (size_t i = 0; i < REASSEMBLY_PACKETS && slot == REASSEMBLY_PACKETS; i++) {
        if (reassembly->packets[i] == NULL || !reassembly->packets[i]->is_active)
            slot = i;
    }
    if (slot == REASSEMBLY_PACKETS)
        slot = reassembly->next_victim++ % REASSEMBLY_PACKETS;
    if (reassembly->packets[slot] == NULL)
        reassembly->packets[slot] = calloc(1, sizeof(struct gathered));
    if (reassembly->packets[slot] != NULL)
        end(reassembly, reassembly->packets[slot]);
    return reassembly->packets[slot];
}

void reassembly_free(struct reassembly *reassembly)
{
    for (size_t i = 0; i < REASSEMBLY_PACKETS; i++)
        free(reassembly->packets[i]);
}

bool reassembly_start(struct reassembly *reassembly, struct bytes bytes)
{
    struct fragment fragment;
    if (!read_fragment(bytes, &fragment) || fragment.offset != 0 || !fragment.has_more ||
        fragment.network_size + fragment.payload_size > REASSEMBLED_MAX)
        return false;
    struct gathered *packet = find(reassembly, &fragment.identity);
    if (packet == NULL)
        packet = take_slot(reassembly);
    if (packet == NULL)
        return false;
    reassembly->active += !packet->is_active;
    packet->is_active = true;
    packet->identity = fragment.identity;
    packet->network_size = fragment.network_size;
    memcpy(packet->bytes, bytes.data, fragment.network_size);
    memcpy(packet->bytes + fragment.network_size, fragment.payload, fragment.payload_size);
    packet->size = fragment.network_size + fragment.payload_size;
    if (packet->bytes[0] >> 4 == 6)
        packet->bytes[fragment.next_header_at] = fragment.identity.protocol;
    return true;
}

/* The headers as they would have been without fragments. */
static void complete(struct gathered *packet)
{
    if (packet->bytes[0] >> 4 == 6) {
        store_be16(packet->bytes + 4, (uint16_t)(packet->size - IPV6_HEADER_SIZE));
        return;
    }
    store_be16(packet->bytes + 2, (uint16_t)packet->size);
    store_be16(packet->bytes + 6, 0);
    checksum_ipv4_header(packet->bytes, packet->network_size);
}

bool reassembly_continue(struct reassembly *reassembly, struct bytes bytes, struct bytes *ret_whole)
{
    struct fragment fragment;
    *ret_whole = bytes_of(NULL, 0);
    if (reassembly->active == 0 || !read_fragment(bytes, &fragment) || fragment.offset == 0)
        return false;
    struct gathered *packet = find(reassembly, &fragment.identity);
    if (packet == NULL)
        return false;
    bool fits = packet->size + fragment.payload_size <= REASSEMBLED_MAX &&
                packet->network_size + fragment.offset == packet->size;
    if (!fits) {
        end(reassembly, packet);
        return true;
    }
    memcpy(packet->bytes + packet->size, fragment.payload, fragment.payload_size);
    packet->size += fragment.payload_size;
    if (fragment.has_more)
        return true;
    end(reassembly, packet);
    complete(packet);
    *ret_whole = bytes_of(packet->bytes, packet->size);
    return true;
}
