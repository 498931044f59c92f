/*
 * The parts of the userspace back end and what they share. The engine's thread carries out requests; one
 * thread protects what the host sends into the TUN device, one opens what arrives on the sockets, one talks
 * to the kernel's routing. Tables are behind one short lock; an SA in work is held by its reference count.
 */
#ifndef STYX_KERNEL_USERSPACE_H
#define STYX_KERNEL_USERSPACE_H

#include <pthread.h>

#include "esp/sad.h"
#include "esp/spd.h"
#include "kernel/backend.h"
#include "kernel/clear_guard.h"
#include "kernel/event_queue.h"
#include "kernel/router.h"
#include "kernel/userspace_held.h"
#include "kernel/userspace_ike.h"
#include "kernel/userspace_socket.h"
#include "kernel/userspace_tun.h"

/* A thread and the descriptor that wakes it. */
struct worker {
    pthread_t thread;
    int wake_fd;
    bool is_running;
};

struct backend {
    struct backend_settings settings;
    int64_t clock_offset_usec; /* settings.now() minus CLOCK_MONOTONIC */
    struct event_queue events;
    struct ike_queue ike;
    struct ike_queue from_streams, to_streams; /* ESP in TCP, between the daemon's thread and the workers */

    pthread_mutex_t tables_lock; /* sad, spd, held */
    struct sad sad;
    struct spd spd;
    struct held_packets held;

    struct tun tun;
    struct socket_set sockets;
    struct order_queue orders; /* of the router, the guard and the log */
    struct router *router;     /* NULL: it is not open, nor is `orders` */
    uint64_t awaited_order;    /* since the last flush; 0: none */
    struct traffic_log *traffic_log;
    struct address_translation *translation;
    struct clear_guard *clear_guard; /* NULL: this host has no nf_tables */
    struct worker outbound, inbound;
    bool is_closing; /* atomic */
};

/* The engine's clock, from any thread. */
uint64_t userspace_now(const struct backend *backend);

/* Tells the engine that an SA reached a limit; ESP_LIMIT_NONE does nothing. */
void userspace_tell_limit(struct backend *backend, const struct esp_sa *sa, enum esp_limit limit);

void userspace_random(uint8_t *out, size_t size);

/* Carries it out, or hands it on (userspace_requests.c); the answer comes through `events`. */
void userspace_request(struct backend *backend, const struct kernel_request *request);

/* The threads' main functions; the argument is the back end. */
void *userspace_outbound_run(void *argument);
void *userspace_inbound_run(void *argument);

bool worker_start(struct worker *worker, void *(*run)(void *), struct backend *backend, struct error *error);
void worker_wake(struct worker *worker);
/* Wakes it and waits until it has ended; is_closing must be set. */
void worker_stop(struct worker *worker);

#endif
