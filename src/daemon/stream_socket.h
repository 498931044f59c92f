/* The sockets of streams, which connect or listen: their options, and where they stand. */
#ifndef STYX_DAEMON_STREAM_SOCKET_H
#define STYX_DAEMON_STREAM_SOCKET_H

#include <sys/socket.h>

#include "daemon/daemon.h"

/* Bound to this address, and ours to the data plane. -1: errno says why. */
int stream_socket_open(struct daemon *daemon, const struct ip_endpoint *local);
/* The end on this host. */
struct ip_endpoint stream_socket_local(int descriptor);

#endif
