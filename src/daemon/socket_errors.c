/* What the network says of datagrams that it could not deliver: see socket_errors.h; ip(7), IP_RECVERR. */
#include "daemon/socket_errors.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include <linux/errqueue.h>

#include "base/sockaddr.h"
#include "daemon/daemon.h"

enum { DRAIN_MAX = 64, LINES_A_MINUTE = 20 };

void socket_errors_watch(int descriptor, const struct ip_endpoint *local, bool is_wanted)
{
    int on = is_wanted;
    if (local->address.family == IP_V6)
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
    else
        setsockopt(descriptor, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
}

static bool may_say_more(void)
{
    static time_t minute;
    static unsigned lines;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec / 60 != minute) {
        minute = now.tv_sec / 60;
        lines = 0;
    }
    return lines++ < LINES_A_MINUTE;
}

static const char *origin_text(uint8_t origin)
{
    switch (origin) {
    case SO_EE_ORIGIN_LOCAL:
        return "this host";
    case SO_EE_ORIGIN_ICMP:
        return "ICMP";
    case SO_EE_ORIGIN_ICMP6:
        return "ICMPv6";
    default:
        return "unknown";
    }
}

static void say(const struct sock_extended_err *failure, const struct sockaddr_storage *to,
                const char *interface, const struct ip_endpoint *local)
{
    char here[ENDPOINT_TEXT_SIZE], there[ENDPOINT_TEXT_SIZE], complainant[ADDRESS_TEXT_SIZE] = "unknown";
    const struct sockaddr *offender = SO_EE_OFFENDER(failure);
    if (!may_say_more())
        return;
    if (offender->sa_family == AF_INET || offender->sa_family == AF_INET6) {
        struct sockaddr_storage copy = {0};
        memcpy(&copy, offender,
               offender->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
        struct ip_endpoint who = endpoint_from_sockaddr(&copy);
        address_text(&who.address, complainant);
    }
    struct ip_endpoint remote = endpoint_from_sockaddr(to);
    log_line("ERROR: asynchronous network error report on %s (%s) for message to %s, complainant %s: %s "
             "[errno %u, "
             "origin %s type %u code %u (not authenticated)]",
             interface, endpoint_text(local, here), endpoint_text(&remote, there), complainant,
             strerror((int)failure->ee_errno), failure->ee_errno, origin_text(failure->ee_origin),
             failure->ee_type, failure->ee_code);
}

void socket_errors_read(struct engine *engine, int descriptor, const char *interface,
                        const struct ip_endpoint *local)
{
    for (int i = 0; i < DRAIN_MAX; i++) {
        char control[512] __attribute__((aligned(8)));
        struct sockaddr_storage to = {0};
        struct msghdr message = {.msg_name = &to,
                                 .msg_namelen = sizeof(to),
                                 .msg_control = control,
                                 .msg_controllen = sizeof(control)};
        if (recvmsg(descriptor, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return;
        for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part != NULL;
             part = CMSG_NXTHDR(&message, part)) {
            bool is_error = (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR) ||
                            (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR);
            if (!is_error)
                continue;
            const struct sock_extended_err *failure = (const void *)CMSG_DATA(part);
            const struct path path = {*local, endpoint_from_sockaddr(&to)};
            say(failure, &to, interface, local);
            engine_network_error(engine, &path, (int)failure->ee_errno);
        }
    }
}
