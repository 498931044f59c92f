/* sd_notify(3) without its library: one datagram. See notify.h. */
#include "daemon/notify.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify_service_manager(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t length = path ? strlen(path) : 0;
    if (length == 0 || length >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(to.sun_path, path, length);
    if (path[0] == '@') /* an abstract address */
        to.sun_path[0] = '\0';
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        return;
    (void)!sendto(descriptor, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
    close(descriptor);
}

static void still_alive(evutil_socket_t unused, short what, void *context)
{
    (void)unused;
    (void)what;
    (void)context;
    notify_service_manager("WATCHDOG=1");
}

struct event *notify_watchdog_start(struct event_base *base)
{
    const char *text = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    long usec = text ? strtol(text, NULL, 10) : 0;
    if (usec < 2 || (pid != NULL && strtol(pid, NULL, 10) != (long)getpid()))
        return NULL;
    struct event *event = event_new(base, -1, EV_PERSIST, still_alive, NULL);
    event_add(event, &(struct timeval){.tv_sec = usec / 2 / 1000000, .tv_usec = usec / 2 % 1000000});
    return event;
}
