/* What systemd wants to know of a service (sd_notify(3)), if NOTIFY_SOCKET is set. */
#ifndef STYX_DAEMON_NOTIFY_H
#define STYX_DAEMON_NOTIFY_H

#include <event2/event.h>

/* "READY=1", "STOPPING=1". */
void notify_service_manager(const char *state);
/* WATCHDOG=1 twice in every WATCHDOG_USEC, as long as the loop goes round. NULL: nobody asks for it. */
struct event *notify_watchdog_start(struct event_base *base);

#endif
