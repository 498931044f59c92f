/* The sockets of streams: see stream_socket.h. */
#include "daemon/stream_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/sockaddr.h"
#include "daemon/streams.h"

static void set_int(int descriptor, int level, int name, int value)
{
    (void)setsockopt(descriptor, level, name, &value, sizeof(value));
}

/* What is accepted from a listening socket has its options. */
int stream_socket_open(struct daemon *daemon, const struct ip_endpoint *local)
{
    struct sockaddr_storage here;
    socklen_t size = endpoint_to_sockaddr(local, &here);
    bool is_v6 = local->address.family == IP_V6;
    int descriptor = socket(here.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        return -1;
    set_int(descriptor, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_FREEBIND : IP_FREEBIND, 1);
    if (is_v6)
        set_int(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (local->port != 0)
        set_int(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
    set_int(descriptor, SOL_SOCKET, SO_MARK, BACKEND_SOCKET_MARK);
    set_int(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, STREAM_SILENCE_MSEC);
    if (bind(descriptor, (struct sockaddr *)&here, size) == 0) {
        const struct backend_functions *functions = daemon->backend_functions;
        if (functions->prepare_socket != NULL)
            functions->prepare_socket(daemon->backend, descriptor, local->address.family, false);
        return descriptor;
    }
    int saved = errno;
    close(descriptor);
    errno = saved;
    return -1;
}

struct ip_endpoint stream_socket_local(int descriptor)
{
    struct sockaddr_storage here = {0};
    socklen_t size = sizeof(here);
    (void)getsockname(descriptor, (struct sockaddr *)&here, &size);
    return endpoint_from_sockaddr(&here);
}
