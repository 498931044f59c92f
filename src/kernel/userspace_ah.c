/* Received AH packets and the headers before them (RFC 4302 3.4, RFC 3542 8 to 10). */
#include "kernel/userspace_ah.h"

static bool from_ipv4(uint8_t *data, size_t size, struct ah_packet *ret_packet)
{
    size_t header = size >= IPV4_HEADER_SIZE ? (size_t)(data[0] & 15) * 4 : 0;
    if (header < IPV4_HEADER_SIZE || header > size)
        return false;
    *ret_packet =
        (struct ah_packet){.network = bytes_of(data, header), .ah = data + header, .size = size - header};
    return true;
}

/* The protocol number of the extension header that a control message has; -1: none. */
static int extension_of(const struct cmsghdr *control)
{
    if (control->cmsg_level != IPPROTO_IPV6)
        return -1;
    switch (control->cmsg_type) {
    case IPV6_HOPOPTS:
        return IPPROTO_HOPOPTS;
    case IPV6_RTHDR:
        return IPPROTO_ROUTING;
    case IPV6_DSTOPTS:
        return IPPROTO_DSTOPTS;
    default:
        return -1;
    }
}

/* Appends the extension headers, which come in the packet's order; 0: too many. */
static size_t copy_extensions(const struct msghdr *message, uint8_t room[static AH_NETWORK_MAX])
{
    size_t size = IPV6_HEADER_SIZE;
    struct msghdr *walk = (struct msghdr *)(uintptr_t)message;
    for (struct cmsghdr *control = CMSG_FIRSTHDR(walk); control != NULL;
         control = CMSG_NXTHDR(walk, control)) {
        int type = extension_of(control);
        size_t length = control->cmsg_len - CMSG_LEN(0);
        if (type < 0)
            continue;
        if (length > AH_NETWORK_MAX - size)
            return 0;
        if (size == IPV6_HEADER_SIZE)
            room[6] = (uint8_t)type;
        memcpy(room + size, CMSG_DATA(control), length);
        size += length;
    }
    return size;
}

static bool from_ipv6(const struct msghdr *message, const struct received_info *info, uint8_t *data,
                      size_t size, uint8_t room[static AH_NETWORK_MAX], struct ah_packet *ret_packet)
{
    memset(room, 0, IPV6_HEADER_SIZE);
    room[0] = 0x60;
    room[6] = IPPROTO_AH;
    memcpy(room + 8, info->remote.address.bytes, 16);
    memcpy(room + 24, info->destination.bytes, 16);
    size_t network = copy_extensions(message, room);
    size_t payload = network - IPV6_HEADER_SIZE + size;
    if (network == 0 || payload > UINT16_MAX || !address_is_set(&info->destination))
        return false;
    store_be16(room + 4, (uint16_t)payload);
    *ret_packet = (struct ah_packet){.network = bytes_of(room, network), .ah = data, .size = size};
    return true;
}

bool userspace_ah_packet(const struct msghdr *message, const struct received_info *info, size_t size,
                         bool is_v4, uint8_t room[static AH_NETWORK_MAX], struct ah_packet *ret_packet)
{
    uint8_t *data = message->msg_iov[0].iov_base;
    if ((message->msg_flags & (MSG_CTRUNC | MSG_TRUNC)) != 0)
        return false;
    return is_v4 ? from_ipv4(data, size, ret_packet) : from_ipv6(message, info, data, size, room, ret_packet);
}
