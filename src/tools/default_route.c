#include "tools/default_route.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connecting a UDP socket sends nothing but makes the kernel choose route and source address. The
 * destinations are those that RFC 5737 and RFC 3849 set aside for documentation: only a default route leads
 * there. */
bool default_route_source(int family, char *out, size_t size)
{
    struct sockaddr_storage far = {.ss_family = (sa_family_t)family}, here;
    socklen_t far_size = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    socklen_t here_size = sizeof(here);
    void *far_address = family == AF_INET ? (void *)&((struct sockaddr_in *)&far)->sin_addr
                                          : (void *)&((struct sockaddr_in6 *)&far)->sin6_addr;
    const void *here_address = family == AF_INET ? (void *)&((struct sockaddr_in *)&here)->sin_addr
                                                 : (void *)&((struct sockaddr_in6 *)&here)->sin6_addr;
    inet_pton(family, family == AF_INET ? "203.0.113.1" : "2001:db8::1", far_address);
    ((struct sockaddr_in *)&far)->sin_port = htons(500); /* the same place in both families */
    int descriptor = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool ok = descriptor >= 0 && connect(descriptor, (struct sockaddr *)&far, far_size) == 0 &&
              getsockname(descriptor, (struct sockaddr *)&here, &here_size) == 0 &&
              inet_ntop(family, here_address, out, (socklen_t)size) != NULL;
    if (descriptor >= 0)
        close(descriptor);
    return ok;
}
