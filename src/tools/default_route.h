/* The address from which the default route leaves: what %defaultroute in ipsec.conf stands for. */
#ifndef STYX_TOOLS_DEFAULT_ROUTE_H
#define STYX_TOOLS_DEFAULT_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

/* family: AF_INET or AF_INET6. False when there is no route to anywhere. */
bool default_route_source(int family, char *out, size_t size);

#endif
