/* Addresses as the sockets of the system have them. */
#ifndef STYX_BASE_SOCKADDR_H
#define STYX_BASE_SOCKADDR_H

#include <sys/socket.h>

#include "base/address.h"

/* The size of the address; an endpoint without a family is one of IPv4. */
socklen_t endpoint_to_sockaddr(const struct ip_endpoint *endpoint, struct sockaddr_storage *out);

/* IP_NONE for what is of another family, or NULL. `from` must be as large as its family wants. */
struct ip_endpoint endpoint_from_sockaddr(const void *from);
struct ip_address address_from_sockaddr(const void *from);

#endif
