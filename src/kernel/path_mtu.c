/* The path MTU that the kernel knows: see path_mtu.h. */
#include "kernel/path_mtu.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/sockaddr.h"
#include "kernel/backend.h"

enum { ANY_PORT = 4500 };

void path_mtu_probe_init(struct path_mtu_probe *probe)
{
    *probe = (struct path_mtu_probe){.fd = -1};
}

void path_mtu_probe_close(struct path_mtu_probe *probe)
{
    if (probe->fd >= 0)
        close(probe->fd);
    path_mtu_probe_init(probe);
}

/* A socket that the kernel bound at its first question keeps the address that was right for that one. */
static bool fits(const struct path_mtu_probe *probe, const struct ip_address *local,
                 const struct ip_address *remote)
{
    return probe->fd >= 0 && probe->local.family == remote->family && address_equal(&probe->local, local);
}

static void open_probe(struct path_mtu_probe *probe, const struct ip_address *local,
                       const struct ip_address *remote)
{
    int mark = BACKEND_SOCKET_MARK;
    struct ip_endpoint from = {.address = *local};
    struct sockaddr_storage here;
    socklen_t size = endpoint_to_sockaddr(&from, &here);
    path_mtu_probe_close(probe);
    probe->fd = socket(remote->family == IP_V6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(probe->fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
    /* A bind that fails costs only the choice of the source. */
    if (address_is_set(local) && !address_is_any(local) &&
        bind(probe->fd, (struct sockaddr *)&here, size) == 0)
        probe->local = *local;
}

uint32_t path_mtu_ask(struct path_mtu_probe *probe, const struct ip_address *local,
                      const struct ip_address *remote)
{
    bool is_v6 = remote->family == IP_V6;
    struct ip_endpoint to = {.address = *remote, .port = ANY_PORT};
    struct sockaddr_storage there;
    socklen_t size = endpoint_to_sockaddr(&to, &there);
    int mtu = 0;
    socklen_t mtu_size = sizeof(mtu);
    if (!fits(probe, local, remote))
        open_probe(probe, local, remote);
    bool is_known = connect(probe->fd, (struct sockaddr *)&there, size) == 0 &&
                    getsockopt(probe->fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_MTU : IP_MTU, &mtu,
                               &mtu_size) == 0;
    return is_known ? (uint32_t)mtu : 0;
}
