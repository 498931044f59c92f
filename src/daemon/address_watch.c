/* Follows the machine's addresses, as rtnetlink tells of their changes (RFC 3549). */
#include "daemon/address_watch.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "daemon/daemon.h"
#include "engine/view.h"

/* Changes come in flocks: an address goes, another comes, then routes. */
static const struct timeval SETTLING_TIME = {.tv_usec = 200000};
/* When descriptors or memory have run out. */
static const struct timeval RETRY_TIME = {.tv_sec = 2};

/* Addresses that the default routes of both families leave from, and their gateways. */
struct default_sources {
    struct ip_address source[2], gateway[2];
};

struct address_watch {
    struct daemon *daemon;
    struct mnl_socket *socket;
    struct event *readable, *settled;
    struct default_sources sources;
};

static struct default_sources default_sources_of(const struct listen_address *list, size_t count)
{
    struct default_sources sources = {0};
    for (size_t i = 0; i < count; i++) {
        size_t family = list[i].address.family == IP_V6;
        if (!list[i].is_default_source)
            continue;
        sources.source[family] = list[i].address;
        sources.gateway[family] = list[i].gateway;
    }
    return sources;
}

static bool sources_equal(const struct default_sources *a, const struct default_sources *b)
{
    bool equal = true;
    for (size_t i = 0; i < ARRAY_SIZE(a->source); i++)
        equal = equal && address_equal(&a->source[i], &b->source[i]) &&
                address_equal(&a->gateway[i], &b->gateway[i]);
    return equal;
}

/* What it says in detail does not matter; a lost message (ENOBUFS) says that there was one. */
static void drain(const struct address_watch *watch)
{
    char message[8192];
    int fd = mnl_socket_get_fd(watch->socket);
    while (recv(fd, message, sizeof(message), MSG_DONTWAIT) >= 0 || errno == ENOBUFS)
        ;
}

/* Further addresses alone are no reason: pluto itself gives the machine some. */
static void look_again(evutil_socket_t unused, short events, void *context)
{
    struct address_watch *watch = context;
    struct daemon *daemon = watch->daemon;
    struct listen_address *list;
    struct error error;
    size_t count;
    (void)unused;
    (void)events;
    drain(watch);
    event_add(watch->readable, NULL);
    if (!engine_view_is_listening(daemon->engine))
        return;
    if (!interfaces_list(&daemon->options, &list, &count, &error)) {
        log_line("%s; trying again", error.text);
        evtimer_add(watch->settled, &RETRY_TIME);
        return;
    }
    struct default_sources now = default_sources_of(list, count);
    bool has_changed = !sources_equal(&now, &watch->sources) || udp_has_lost_address(daemon, list, count);
    watch->sources = now;
    if (has_changed)
        log_line("the machine's addresses have changed");
    if (has_changed || daemon->lacks_sockets) {
        udp_follow_addresses(daemon, list, count);
        daemon_rearm(daemon);
    }
    if (daemon->lacks_sockets)
        evtimer_add(watch->settled, &RETRY_TIME);
    free(list);
}

/* Nobody listens meanwhile: our own routes, one for each tunnel, are told of as well. */
static void something_changed(evutil_socket_t descriptor, short events, void *context)
{
    struct address_watch *watch = context;
    (void)descriptor;
    (void)events;
    if (!evtimer_pending(watch->settled, NULL))
        evtimer_add(watch->settled, &SETTLING_TIME);
}

static bool open_socket(struct address_watch *watch)
{
    unsigned groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
    watch->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (watch->socket == NULL || mnl_socket_bind(watch->socket, groups, MNL_SOCKET_AUTOPID) < 0)
        return false;
    int fd = mnl_socket_get_fd(watch->socket);
    int smallest = 1; /* one message is as good as a thousand */
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof(smallest));
    watch->readable = event_new(watch->daemon->base, fd, EV_READ, something_changed, watch);
    watch->settled = evtimer_new(watch->daemon->base, look_again, watch);
    return watch->readable != NULL && watch->settled != NULL && event_add(watch->readable, NULL) == 0;
}

struct address_watch *address_watch_new(struct daemon *daemon)
{
    size_t count;
    struct address_watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL)
        return NULL;
    watch->daemon = daemon;
    struct listen_address *list;
    struct error error;
    if (interfaces_list(&daemon->options, &list, &count, &error)) {
        watch->sources = default_sources_of(list, count);
        free(list);
    }
    if (open_socket(watch))
        return watch;
    log_line("cannot watch the machine's addresses: after a change `ipsec whack --listen` is needed");
    address_watch_free(watch);
    return NULL;
}

void address_watch_free(struct address_watch *watch)
{
    if (watch == NULL)
        return;
    if (watch->readable != NULL)
        event_free(watch->readable);
    if (watch->settled != NULL)
        event_free(watch->settled);
    if (watch->socket != NULL)
        mnl_socket_close(watch->socket);
    free(watch);
}
