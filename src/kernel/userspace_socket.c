/* Raw and NAT-T sockets of the userspace data plane (RFC 4302, 4303, 3948). */
#include "kernel/userspace_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <unistd.h>

#include "base/sockaddr.h"
#include "kernel/backend.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum { SOCKET_BUFFER_BYTES = 4 << 20 };

static void set_int(int fd, int level, int name, int value)
{
    (void)setsockopt(fd, level, name, &value, sizeof(value));
}

static void enlarge_buffers(int fd)
{
    set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER_BYTES);
    set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER_BYTES);
}

static bool set_mark(int fd)
{
    int mark = BACKEND_SOCKET_MARK;
    return setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) == 0;
}

static int open_raw(int family, int protocol)
{
    int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (fd < 0)
        return -1;
    if (!set_mark(fd)) {
        close(fd);
        return -1;
    }
    enlarge_buffers(fd);
    return fd;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* What an IPv6 socket tells only when it is asked; AH covers the headers before it (RFC 3542 9). */
static void ask_for_details(int fd, bool is_ah)
{
    set_int(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    if (!is_ah)
        return;
    set_int(fd, IPPROTO_IPV6, IPV6_RECVHOPOPTS, 1);
    set_int(fd, IPPROTO_IPV6, IPV6_RECVRTHDR, 1);
    set_int(fd, IPPROTO_IPV6, IPV6_RECVDSTOPTS, 1);
}

bool sockets_open(struct socket_set *set, struct error *error)
{
    *set = (struct socket_set){.natt_count = 0};
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&set->lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
    set->raw_v4 = open_raw(AF_INET, IPPROTO_ESP);
    int reason = errno;
    set->raw_v6 = open_raw(AF_INET6, IPPROTO_ESP);
    set->ah_v4 = open_raw(AF_INET, IPPROTO_AH);
    set->ah_v6 = open_raw(AF_INET6, IPPROTO_AH);
    set->clear_v4 = open_raw(AF_INET, IPPROTO_RAW);
    set->clear_v6 = open_raw(AF_INET6, IPPROTO_RAW);
    if (set->raw_v4 < 0 && set->raw_v6 < 0) {
        sockets_close(set);
        return error_set(error, 0, "cannot open raw sockets for ESP: %s (it takes CAP_NET_RAW)",
                         strerror(reason));
    }
    if (set->raw_v6 >= 0)
        ask_for_details(set->raw_v6, false);
    if (set->ah_v6 >= 0)
        ask_for_details(set->ah_v6, true);
    return true;
}

void sockets_close(struct socket_set *set)
{
    close_if_open(set->raw_v4);
    close_if_open(set->raw_v6);
    close_if_open(set->ah_v4);
    close_if_open(set->ah_v6);
    close_if_open(set->clear_v4);
    close_if_open(set->clear_v6);
    for (size_t i = 0; i < set->natt_count; i++)
        close_if_open(set->natt[i].fd);
    pthread_rwlock_destroy(&set->lock);
}

/* UDP_ENCAP is never set: a kernel without ESP accepts it and then swallows the packets. Errors of the
 * network are not queued, which also empties the queue: nobody here reads it, and poll() would tell of it for
 * ever. */
static void prepare_natt(int fd, const struct ip_endpoint *local)
{
    (void)set_mark(fd);
    enlarge_buffers(fd);
    set_int(fd, IPPROTO_UDP, UDP_GRO, 1);
    if (local->address.family == IP_V6) {
        set_int(fd, IPPROTO_IPV6, IPV6_RECVERR, 0);
        set_int(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
        set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    } else {
        set_int(fd, IPPROTO_IP, IP_RECVERR, 0);
        set_int(fd, IPPROTO_IP, IP_RECVTOS, 1);
        set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);
        socket_set_fragmentation(fd, false);
    }
}

static struct natt_socket *free_slot(struct socket_set *set)
{
    for (size_t i = 0; i < set->natt_count; i++) {
        if (set->natt[i].fd < 0)
            return &set->natt[i];
    }
    return set->natt_count < NATT_SOCKETS_MAX ? &set->natt[set->natt_count++] : NULL;
}

int sockets_attach(struct socket_set *set, int fd, const struct ip_endpoint *local, bool is_natt,
                   ike_receiver on_ike, void *context, struct error *error)
{
    int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (duplicate < 0) {
        error_set(error, 0, "cannot share the NAT-T socket: %s", strerror(errno));
        return -1;
    }
    pthread_rwlock_wrlock(&set->lock);
    struct natt_socket *slot = free_slot(set);
    if (slot != NULL) {
        prepare_natt(duplicate, local);
        *slot = (struct natt_socket){.fd = duplicate,
                                     .owner_fd = fd,
                                     .local = *local,
                                     .has_bare_ike = !is_natt,
                                     .on_ike = on_ike,
                                     .context = context};
    }
    pthread_rwlock_unlock(&set->lock);
    if (slot != NULL)
        return (int)(slot - set->natt);
    close(duplicate);
    error_set(error, 0, "more than %u NAT-T sockets", NATT_SOCKETS_MAX);
    return -1;
}

int sockets_detach(struct socket_set *set, int owner_fd)
{
    int index = -1;
    pthread_rwlock_wrlock(&set->lock);
    for (size_t i = 0; i < set->natt_count; i++) {
        if (set->natt[i].fd < 0 || set->natt[i].owner_fd != owner_fd)
            continue;
        index = (int)i;
        set_int(set->natt[i].fd, IPPROTO_UDP, UDP_GRO, 0);
        close(set->natt[i].fd);
        set->natt[i].fd = -1;
    }
    pthread_rwlock_unlock(&set->lock);
    return index;
}

void sockets_find_owner(struct socket_set *set, int owner_fd, struct natt_socket *ret_socket)
{
    pthread_rwlock_rdlock(&set->lock);
    for (size_t i = 0; i < set->natt_count; i++) {
        if (set->natt[i].fd >= 0 && set->natt[i].owner_fd == owner_fd)
            *ret_socket = set->natt[i];
    }
    pthread_rwlock_unlock(&set->lock);
}

struct natt_socket *sockets_find_natt(struct socket_set *set, const struct ip_endpoint *local)
{
    struct natt_socket *fallback = NULL;
    for (size_t i = 0; i < set->natt_count; i++) {
        struct natt_socket *slot = &set->natt[i];
        if (slot->fd < 0)
            continue;
        if (endpoint_equal(&slot->local, local))
            return slot;
        bool is_wildcard = slot->local.address.family == local->address.family &&
                           address_is_any(&slot->local.address) && slot->local.port == local->port;
        if (is_wildcard || (fallback == NULL && address_equal(&slot->local.address, &local->address)))
            fallback = slot;
    }
    return fallback;
}

static void read_one_control(const struct cmsghdr *control, struct received_info *info)
{
    const uint8_t *data = CMSG_DATA(control);
    int value = 0;
    if (control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO) {
        memcpy(&value, data, sizeof(value));
        info->segment_size = value > 0 ? (size_t)value : 0;
    } else if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_TOS) {
        info->traffic_class = data[0];
    } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_TCLASS) {
        memcpy(&value, data, sizeof(value));
        info->traffic_class = (uint8_t)value;
    } else if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo packet;
        memcpy(&packet, data, sizeof(packet));
        info->destination = address_of_bytes(IP_V4, (const uint8_t *)&packet.ipi_addr);
    } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo packet;
        memcpy(&packet, data, sizeof(packet));
        info->destination = address_of_bytes(IP_V6, packet.ipi6_addr.s6_addr);
    }
}

void socket_read_info(const struct msghdr *message, struct received_info *ret_info)
{
    *ret_info = (struct received_info){.remote = endpoint_from_sockaddr(message->msg_name)};
    struct msghdr *walk = (struct msghdr *)(uintptr_t)message;
    for (struct cmsghdr *control = CMSG_FIRSTHDR(walk); control != NULL; control = CMSG_NXTHDR(walk, control))
        read_one_control(control, ret_info);
}

static struct cmsghdr *add_control(struct msghdr *message, int level, int type, const void *data, size_t size)
{
    struct cmsghdr *control =
        (struct cmsghdr *)(void *)((uint8_t *)message->msg_control + message->msg_controllen);
    memset(control, 0, CMSG_SPACE(size));
    control->cmsg_level = level;
    control->cmsg_type = type;
    control->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(control), data, size);
    message->msg_controllen += CMSG_SPACE(size);
    return control;
}

void socket_write_control(struct msghdr *message, uint8_t *control, const struct ip_address *source,
                          enum ip_family family, uint8_t traffic_class, uint16_t segment_size)
{
    message->msg_control = control;
    message->msg_controllen = 0;
    int class_value = traffic_class;
    if (segment_size != 0)
        add_control(message, IPPROTO_UDP, UDP_SEGMENT, &segment_size, sizeof(segment_size));
    if (traffic_class != 0 && family == IP_V4)
        add_control(message, IPPROTO_IP, IP_TOS, &class_value, sizeof(class_value));
    else if (traffic_class != 0)
        add_control(message, IPPROTO_IPV6, IPV6_TCLASS, &class_value, sizeof(class_value));
    if (address_is_set(source) && !address_is_any(source)) {
        if (family == IP_V4) {
            struct in_pktinfo packet = {0};
            memcpy(&packet.ipi_spec_dst, source->bytes, 4);
            add_control(message, IPPROTO_IP, IP_PKTINFO, &packet, sizeof(packet));
        } else {
            struct in6_pktinfo packet = {0};
            memcpy(&packet.ipi6_addr, source->bytes, 16);
            add_control(message, IPPROTO_IPV6, IPV6_PKTINFO, &packet, sizeof(packet));
        }
    }
    if (message->msg_controllen == 0)
        message->msg_control = NULL;
}

void socket_set_fragmentation(int fd, bool may_fragment)
{
    set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, may_fragment ? IP_PMTUDISC_DONT : IP_PMTUDISC_WANT);
}
