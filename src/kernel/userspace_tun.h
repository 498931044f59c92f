/* The TUN device: packets between the host's stack and the data plane, with virtio-net headers so that a TCP
 * or UDP super-packet of 64 kB passes in one call. */
#ifndef STYX_KERNEL_USERSPACE_TUN_H
#define STYX_KERNEL_USERSPACE_TUN_H

#include <net/if.h>
#include <sys/uio.h>

#include "base/error.h"
#include "esp/gso.h"

/* The device takes any packet; what fits through a tunnel is the MTU of the routes into it. */
enum { TUN_NAMES_MAX = 256, TUN_HEADER_SIZE = 10, TUN_PACKET_MAX = 65535, TUN_MTU = TUN_PACKET_MAX };

struct tun {
    int fd;
    unsigned number; /* N of styxN */
    int interface_index;
    bool takes_udp_offload;
    char name[IF_NAMESIZE];
};

/* Creates styxN with the first free N of this network namespace, up, non-blocking. It vanishes with the
 * process. */
bool tun_open(struct tun *tun, struct error *error);
/* Whether the device is in this network namespace. */
bool tun_is_there(const struct tun *tun);
/* The device was deleted, or taken to another network namespace: makes it anew as it was, with its name and
 * index, on the same descriptor, so that who holds either goes on. */
bool tun_reopen(struct tun *tun, struct error *error);
void tun_close(struct tun *tun);

enum tun_read_result { TUN_PACKET, TUN_EMPTY, TUN_FAILED };

/* One packet into buffer (TUN_HEADER_SIZE + TUN_PACKET_MAX bytes); ret_packet points into it. */
enum tun_read_result tun_read(const struct tun *tun, uint8_t *buffer, struct bytes *ret_packet,
                              struct offload *ret_offload);

/* Gives the host one packet of several pieces. pieces[0] is the caller's spare: the header goes there.
 * header_size: IP and transport header of a super-packet. False: the stack refused it. */
bool tun_write(const struct tun *tun, struct iovec *pieces, int count, const struct offload *offload,
               size_t header_size);

#endif
