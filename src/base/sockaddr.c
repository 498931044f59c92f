/* Addresses as the sockets of the system have them. */
#include "base/sockaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>

socklen_t endpoint_to_sockaddr(const struct ip_endpoint *endpoint, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    if (endpoint->address.family == IP_V6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(endpoint->port);
        memcpy(&v6->sin6_addr, endpoint->address.bytes, 16);
        return sizeof(*v6);
    }
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    v4->sin_family = AF_INET;
    v4->sin_port = htons(endpoint->port);
    memcpy(&v4->sin_addr, endpoint->address.bytes, 4);
    return sizeof(*v4);
}

struct ip_endpoint endpoint_from_sockaddr(const void *from)
{
    struct ip_endpoint endpoint = {0};
    int family = from != NULL ? ((const struct sockaddr *)from)->sa_family : AF_UNSPEC;
    if (family == AF_INET6) {
        const struct sockaddr_in6 *v6 = from;
        endpoint.address = address_of_bytes(IP_V6, v6->sin6_addr.s6_addr);
        endpoint.port = ntohs(v6->sin6_port);
    } else if (family == AF_INET) {
        const struct sockaddr_in *v4 = from;
        endpoint.address = address_of_bytes(IP_V4, (const uint8_t *)&v4->sin_addr);
        endpoint.port = ntohs(v4->sin_port);
    }
    return endpoint;
}

struct ip_address address_from_sockaddr(const void *from)
{
    return endpoint_from_sockaddr(from).address;
}
