/* Host names: getaddrinfo() on a thread of its own for each look-up, so that a slow server never stops the
 * loop; beyond so many at a time they wait in line. */
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/sockaddr.h"
#include "daemon/daemon.h"

enum { ANSWERS_MAX = 8, THREADS_MAX = 32, REASON_SIZE = 128 };

struct lookup {
    struct lookup *next; /* while it waits for a thread */
    struct daemon *daemon;
    uint64_t query_id;
    char *name;
    int family;
    struct ip_address answers[ANSWERS_MAX];
    size_t count;
    char reason[REASON_SIZE];
};

/* Only the loop's thread touches these. */
static unsigned running;
static struct lookup *waiting, **waiting_tail = &waiting;

/* A look-up may outlast the loop: then nobody waits for its answer. */
static pthread_mutex_t stop_lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_stopped;

static void start(struct lookup *lookup);

static void free_lookup(struct lookup *lookup)
{
    free(lookup->name);
    free(lookup);
}

static struct lookup *take_waiting(void)
{
    struct lookup *lookup = waiting;
    if (lookup == NULL)
        return NULL;
    waiting = lookup->next;
    if (waiting == NULL)
        waiting_tail = &waiting;
    return lookup;
}

void resolver_stop(void)
{
    struct lookup *lookup;
    pthread_mutex_lock(&stop_lock);
    is_stopped = true;
    pthread_mutex_unlock(&stop_lock);
    while ((lookup = take_waiting()) != NULL)
        free_lookup(lookup);
}

static void answer(struct lookup *lookup)
{
    if (lookup->count == 0) {
        log_line("host name \"%s\" could not be resolved: %s", lookup->name, lookup->reason);
        engine_resolve_failed(lookup->daemon->engine, lookup->query_id, lookup->reason);
    } else {
        engine_resolved(lookup->daemon->engine, lookup->query_id, lookup->answers, lookup->count);
    }
    daemon_rearm(lookup->daemon);
    free_lookup(lookup);
}

static void answered(evutil_socket_t unused, short what, void *context)
{
    (void)unused;
    (void)what;
    struct lookup *next = take_waiting();
    running--;
    if (next != NULL)
        start(next);
    answer(context);
}

static void *look_up(void *context)
{
    struct lookup *lookup = context;
    struct addrinfo hints = {.ai_family = lookup->family, .ai_socktype = SOCK_DGRAM}, *found = NULL;
    int result = getaddrinfo(lookup->name, NULL, &hints, &found);
    snprintf(lookup->reason, sizeof(lookup->reason), "%s", result ? gai_strerror(result) : "no address");
    for (struct addrinfo *at = result ? NULL : found; at != NULL && lookup->count < ANSWERS_MAX;
         at = at->ai_next)
        lookup->answers[lookup->count++] = address_from_sockaddr(at->ai_addr);
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

static void start(struct lookup *lookup)
{
    pthread_t thread;
    running++;
    if (pthread_create(&thread, NULL, look_up, lookup) == 0) {
        pthread_detach(thread);
        return;
    }
    snprintf(lookup->reason, sizeof(lookup->reason), "no thread for the look-up");
    event_base_once(lookup->daemon->base, -1, EV_TIMEOUT, answered, lookup, NULL);
}

void resolver_ask(struct daemon *daemon, uint64_t query_id, const char *name, enum ip_family family)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    if (lookup == NULL || (lookup->name = strdup(name)) == NULL) {
        free(lookup);
        engine_resolve_failed(daemon->engine, query_id, "out of memory");
        return;
    }
    lookup->daemon = daemon;
    lookup->query_id = query_id;
    lookup->family = family == IP_V4 ? AF_INET : family == IP_V6 ? AF_INET6 : AF_UNSPEC;
    if (running < THREADS_MAX) {
        start(lookup);
        return;
    }
    *waiting_tail = lookup;
    waiting_tail = &lookup->next;
}
