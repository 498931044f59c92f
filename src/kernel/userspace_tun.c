/* The TUN device (Linux tuntap; OASIS virtio 1.2, 5.1.6 for the header of each packet). */
#include "kernel/userspace_tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

enum { TRANSMIT_QUEUE_PACKETS = 1000 };

_Static_assert(sizeof(struct virtio_net_hdr) == TUN_HEADER_SIZE, "virtio-net header");

/* 1: created; 0: the name is taken; -1: failed. */
static int try_create(struct tun *tun, unsigned number)
{
    struct ifreq request = {0};
    snprintf(request.ifr_name, sizeof(request.ifr_name), "styx%u", number);
    request.ifr_flags = (short)(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL);
    if (ioctl(tun->fd, TUNSETIFF, &request) < 0)
        return errno == EBUSY ? 0 : -1;
    tun->number = number;
    snprintf(tun->name, sizeof(tun->name), "%s", request.ifr_name);
    return 1;
}

static bool create(struct tun *tun, struct error *error)
{
    for (unsigned number = 0; number < TUN_NAMES_MAX; number++) {
        int result = try_create(tun, number);
        if (result > 0)
            return true;
        if (result < 0)
            return error_set(error, 0, "cannot make a TUN device: %s (it takes CAP_NET_ADMIN)",
                             strerror(errno));
    }
    return error_set(error, 0, "cannot make a TUN device: styx0 to styx%u are all taken", TUN_NAMES_MAX - 1);
}

static bool set_offloads(struct tun *tun, struct error *error)
{
    unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
    tun->takes_udp_offload = ioctl(tun->fd, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) == 0;
    if (!tun->takes_udp_offload && ioctl(tun->fd, TUNSETOFFLOAD, tcp) < 0)
        return error_set(error, 0, "the TUN device takes no segmentation offload: %s", strerror(errno));
    return true;
}

/* No link-local address, so that no router solicitation is sent into the tunnel. */
static void silence_ipv6(const struct tun *tun)
{
    char path[80];
    snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/addr_gen_mode", tun->name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) /* a host without IPv6 */
        return;
    (void)!write(fd, "1", 1);
    close(fd);
}

static bool bring_up(struct tun *tun, int control, struct error *error)
{
    struct ifreq request = {0};
    memcpy(request.ifr_name, tun->name, sizeof(request.ifr_name));
    request.ifr_mtu = TUN_MTU;
    bool is_good = ioctl(control, SIOCSIFMTU, &request) == 0;
    request.ifr_qlen = TRANSMIT_QUEUE_PACKETS;
    is_good = is_good && ioctl(control, SIOCSIFTXQLEN, &request) == 0;
    request.ifr_flags = IFF_UP;
    is_good = is_good && ioctl(control, SIOCSIFFLAGS, &request) == 0;
    if (!is_good)
        return error_set(error, 0, "cannot bring %s up: %s", tun->name, strerror(errno));
    tun->interface_index = (int)if_nametoindex(tun->name);
    return true;
}

bool tun_open(struct tun *tun, struct error *error)
{
    *tun = (struct tun){.fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK)};
    if (tun->fd < 0)
        return error_set(error, 0, "cannot open /dev/net/tun: %s (load the tun module)", strerror(errno));
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_good = control >= 0 && create(tun, error) && set_offloads(tun, error);
    if (is_good) {
        silence_ipv6(tun);
        is_good = bring_up(tun, control, error);
    }
    if (control >= 0)
        close(control);
    if (!is_good)
        tun_close(tun);
    return is_good;
}

bool tun_is_there(const struct tun *tun)
{
    return (int)if_nametoindex(tun->name) == tun->interface_index;
}

/* In place of the lost one. */
static bool make_again(struct tun *tun, int control, struct error *error)
{
    if (ioctl(tun->fd, TUNSETIFINDEX, &tun->interface_index) < 0)
        return error_set(error, 0, "%s", strerror(errno));
    int result = try_create(tun, tun->number);
    if (result <= 0)
        return error_set(error, 0, "%s", result == 0 ? "its name is taken" : strerror(errno));
    if (!set_offloads(tun, error))
        return false;
    silence_ipv6(tun);
    return bring_up(tun, control, error);
}

bool tun_reopen(struct tun *tun, struct error *error)
{
    struct tun next = *tun;
    next.fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_good = next.fd >= 0 && control >= 0;
    if (!is_good)
        error_set(error, 0, "%s", strerror(errno));
    is_good = is_good && make_again(&next, control, error);
    if (is_good && dup3(next.fd, tun->fd, O_CLOEXEC) < 0)
        is_good = error_set(error, 0, "%s", strerror(errno));
    if (control >= 0)
        close(control);
    tun_close(&next);
    return is_good;
}

void tun_close(struct tun *tun)
{
    if (tun->fd >= 0)
        close(tun->fd);
    tun->fd = -1;
}

/* False: a kind of super-packet that we did not ask for. */
static bool read_offload(const struct virtio_net_hdr *header, struct bytes packet, struct offload *offload)
{
    *offload = (struct offload){
        .needs_checksum = (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0,
        .segment_size = header->gso_size,
        .checksum_start = header->csum_start,
        .checksum_offset = header->csum_offset,
    };
    switch (header->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
    case VIRTIO_NET_HDR_GSO_NONE:
        offload->kind = OFFLOAD_NONE;
        return true;
    case VIRTIO_NET_HDR_GSO_TCPV4:
        offload->kind = OFFLOAD_TCP4;
        return true;
    case VIRTIO_NET_HDR_GSO_TCPV6:
        offload->kind = OFFLOAD_TCP6;
        return true;
    case VIRTIO_NET_HDR_GSO_UDP_L4:
        offload->kind = packet.data[0] >> 4 == 4 ? OFFLOAD_UDP4 : OFFLOAD_UDP6;
        return true;
    default:
        return false;
    }
}

enum tun_read_result tun_read(const struct tun *tun, uint8_t *buffer, struct bytes *ret_packet,
                              struct offload *ret_offload)
{
    for (;;) {
        ssize_t size = read(tun->fd, buffer, TUN_HEADER_SIZE + TUN_PACKET_MAX);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return errno == EAGAIN ? TUN_EMPTY : TUN_FAILED;
        if (size <= TUN_HEADER_SIZE)
            continue;
        struct virtio_net_hdr header;
        memcpy(&header, buffer, sizeof(header));
        *ret_packet = bytes_of(buffer + TUN_HEADER_SIZE, (size_t)size - TUN_HEADER_SIZE);
        if (read_offload(&header, *ret_packet, ret_offload))
            return TUN_PACKET;
    }
}

static uint8_t gso_type(enum offload_kind kind)
{
    switch (kind) {
    case OFFLOAD_TCP4:
        return VIRTIO_NET_HDR_GSO_TCPV4;
    case OFFLOAD_TCP6:
        return VIRTIO_NET_HDR_GSO_TCPV6;
    case OFFLOAD_UDP4:
    case OFFLOAD_UDP6:
        return VIRTIO_NET_HDR_GSO_UDP_L4;
    case OFFLOAD_NONE:
        break;
    }
    return VIRTIO_NET_HDR_GSO_NONE;
}

bool tun_write(const struct tun *tun, struct iovec *pieces, int count, const struct offload *offload,
               size_t header_size)
{
    struct virtio_net_hdr header = {.gso_type = gso_type(offload->kind)};
    if (offload->needs_checksum) {
        header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        header.csum_start = offload->checksum_start;
        header.csum_offset = offload->checksum_offset;
    }
    if (offload->kind != OFFLOAD_NONE) {
        header.gso_size = offload->segment_size;
        header.hdr_len = (uint16_t)header_size;
    }
    pieces[0] = (struct iovec){.iov_base = &header, .iov_len = sizeof(header)};
    ssize_t written;
    do
        written = writev(tun->fd, pieces, count);
    while (written < 0 && errno == EINTR);
    return written >= 0;
}
