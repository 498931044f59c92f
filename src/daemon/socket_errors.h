/* What the network says of datagrams that it could not deliver: ICMP, by the sockets' error queues. */
#ifndef STYX_DAEMON_SOCKET_ERRORS_H
#define STYX_DAEMON_SOCKET_ERRORS_H

#include "engine/engine.h"

/* Asks for reports about datagrams sent from this socket, or no more. */
void socket_errors_watch(int descriptor, const struct ip_endpoint *local, bool is_wanted);
/* Logs and empties the error queue. Anybody can forge ICMP: nothing else follows from it than that the engine
 * remembers it for `ipsec explain`, and there is a limit to the lines. */
void socket_errors_read(struct engine *engine, int descriptor, const char *interface,
                        const struct ip_endpoint *local);

#endif
