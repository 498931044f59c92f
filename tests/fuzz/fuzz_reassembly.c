/* Fuzzing the reassembly of fragments: the input is packets, each behind two bytes of its size. What comes
 * out whole must be a packet that is no fragment. */
#include <stdlib.h>

#include "esp/ip_packet.h"
#include "esp/reassembly.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_whole(struct bytes whole)
{
    struct ip_packet ip;
    bool is_v4 = whole.size > 0 && whole.data[0] >> 4 == 4;
    if (is_v4 && (!ip_packet_parse(whole, &ip) || ip.total_size != whole.size || ip.is_fragment))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reassembly reassembly = {0};
    while (size >= 2) {
        size_t packet_size = load_be16(data);
        data += 2;
        size -= 2;
        if (packet_size > size)
            packet_size = size;
        /* In memory of its own, so that a sanitizer sees every step beyond it. */
        uint8_t *packet = malloc(packet_size + 1);
        if (packet_size > 0)
            memcpy(packet, data, packet_size);
        struct bytes whole;
        if (reassembly_continue(&reassembly, bytes_of(packet, packet_size), &whole))
            check_whole(whole);
        else
            (void)reassembly_start(&reassembly, bytes_of(packet, packet_size));
        if (reassembly.active > REASSEMBLY_PACKETS)
            abort();
        free(packet);
        data += packet_size;
        size -= packet_size;
    }
    reassembly_free(&reassembly);
    return 0;
}
