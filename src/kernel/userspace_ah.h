/* What a raw socket gives of a packet with AH, with the IP headers before it as the ICV needs them. */
#ifndef STYX_KERNEL_USERSPACE_AH_H
#define STYX_KERNEL_USERSPACE_AH_H

#include "esp/ah.h"
#include "kernel/userspace_socket.h"

/*
 * IPv4: the message has its header. IPv6: the header is put together in `room` from what the kernel tells
 * beside the data; what it does not tell may change on the way and is not covered. False: not a packet, or
 * the kernel could not tell everything.
 */
bool userspace_ah_packet(const struct msghdr *message, const struct received_info *info, size_t size,
                         bool is_v4, uint8_t room[static AH_NETWORK_MAX], struct ah_packet *ret_packet);

#endif
