/* What commands want of pluto itself: see control/control.h. */
#ifndef STYX_DAEMON_CONTROL_HOST_H
#define STYX_DAEMON_CONTROL_HOST_H

#include "daemon/daemon.h"

struct control_host control_host_of(struct daemon *daemon);
/* What status says of the daemon; when its parts are there. */
void control_host_fill_facts(struct daemon *daemon, int nhelpers);
/* SIGTERM and --shutdown: the loop ends when all is undone. `client` is told then; 0: nobody. */
void daemon_shut_down(struct daemon *daemon, uint64_t client, bool leave_state);

#endif
