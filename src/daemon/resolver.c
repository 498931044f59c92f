/* Host names: getaddrinfo() on a thread of its own for each look-up, so that a slow server never stops the
 * loop. */
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "daemon/daemon.h"

enum { ANSWERS_MAX = 8, LOOKUPS_MAX = 64 };

struct lookup {
    struct daemon *daemon;
    uint64_t query_id;
    char *name;
    int family;
    struct ip_address answers[ANSWERS_MAX];
    size_t count;
    char reason[128];
};

static unsigned running; /* only the loop's thread counts */

/* A look-up may outlast the loop: then nobody waits for its answer. */
static pthread_mutex_t stop_lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_stopped;

static void free_lookup(struct lookup *lookup)
{
    free(lookup->name);
    free(lookup);
}

void resolver_stop(void)
{
    pthread_mutex_lock(&stop_lock);
    is_stopped = true;
    pthread_mutex_unlock(&stop_lock);
}

static void answered(evutil_socket_t unused, short what, void *context)
{
    struct lookup *lookup = context;
    (void)unused;
    (void)what;
    running--;
    if (lookup->count == 0)
        log_line("host name \"%s\" could not be resolved: %s", lookup->name, lookup->reason);
    engine_resolved(lookup->daemon->engine, lookup->query_id, lookup->answers, lookup->count);
    daemon_rearm(lookup->daemon);
    free_lookup(lookup);
}

static void *look_up(void *context)
{
    struct lookup *lookup = context;
    struct addrinfo hints = {.ai_family = lookup->family, .ai_socktype = SOCK_DGRAM}, *found = NULL;
    int result = getaddrinfo(lookup->name, NULL, &hints, &found);
    strncpy(lookup->reason, result ? gai_strerror(result) : "no address", sizeof(lookup->reason) - 1);
    for (struct addrinfo *at = result ? NULL : found; at != NULL && lookup->count < ANSWERS_MAX;
         at = at->ai_next) {
        const uint8_t *bytes =
            at->ai_family == AF_INET
                ? (const uint8_t *)&((struct sockaddr_in *)(void *)at->ai_addr)->sin_addr
                : (const uint8_t *)&((struct sockaddr_in6 *)(void *)at->ai_addr)->sin6_addr;
        lookup->answers[lookup->count++] = address_of_bytes(at->ai_family == AF_INET ? IP_V4 : IP_V6, bytes);
    }
    if (result == 0)
        freeaddrinfo(found);
    pthread_mutex_lock(&stop_lock);
    if (is_stopped)
        free_lookup(lookup);
    else
        event_base_once(lookup->daemon->base, -1, EV_TIMEOUT, answered, lookup, NULL);
    pthread_mutex_unlock(&stop_lock);
    return NULL;
}

void resolver_ask(struct daemon *daemon, uint64_t query_id, const char *name, enum ip_family family)
{
    pthread_t thread;
    struct lookup *lookup = running < LOOKUPS_MAX ? calloc(1, sizeof(*lookup)) : NULL;
    if (lookup == NULL)
        return;
    lookup->daemon = daemon;
    lookup->query_id = query_id;
    lookup->name = strdup(name);
    lookup->family = family == IP_V4 ? AF_INET : family == IP_V6 ? AF_INET6 : AF_UNSPEC;
    if (pthread_create(&thread, NULL, look_up, lookup) != 0) {
        free_lookup(lookup);
        return;
    }
    running++;
    pthread_detach(thread);
}
