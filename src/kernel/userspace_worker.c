/* Threads of the userspace back end, the clock they share with the engine, and random bytes for IVs. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "kernel/userspace.h"

uint64_t userspace_now(const struct backend *backend)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t usec = (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
    return usec + (uint64_t)backend->clock_offset_usec;
}

void userspace_random(uint8_t *out, size_t size)
{
    while (size > 0) {
        ssize_t got = getrandom(out, size, 0);
        if (got < 0 && errno != EINTR)
            abort(); /* without random bytes nothing may be encrypted */
        if (got > 0) {
            out += got;
            size -= (size_t)got;
        }
    }
}

void userspace_tell_limit(struct backend *backend, const struct esp_sa *sa, enum esp_limit limit)
{
    if (limit == ESP_LIMIT_NONE)
        return;
    struct kernel_event event = {
        .kind = KERNEL_EXPIRE, .child_serial = sa->child_serial, .is_hard = limit == ESP_LIMIT_HARD};
    snprintf(event.text, sizeof(event.text), "%s SA 0x%08x reached its %s limit of bytes or packets",
             sa->is_outbound ? "outbound" : "inbound", sa->spi, limit == ESP_LIMIT_HARD ? "hard" : "soft");
    event_queue_push(&backend->events, &event);
}

bool worker_start(struct worker *worker, void *(*run)(void *), struct backend *backend, struct error *error)
{
    worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (worker->wake_fd < 0)
        return error_set(error, 0, "cannot make an event descriptor: %s", strerror(errno));
    /* Signals are for the daemon's own thread. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&worker->thread, NULL, run, backend);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    worker->is_running = failure == 0;
    if (failure == 0)
        return true;
    close(worker->wake_fd);
    return error_set(error, 0, "cannot start a data-plane thread: %s", strerror(failure));
}

void worker_wake(struct worker *worker)
{
    (void)!eventfd_write(worker->wake_fd, 1);
}

void worker_stop(struct worker *worker)
{
    if (!worker->is_running)
        return;
    worker_wake(worker);
    pthread_join(worker->thread, NULL);
    close(worker->wake_fd);
    worker->is_running = false;
}
