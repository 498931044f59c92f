/* Jobs of the engine on worker threads, handed over in batches; with none, in the loop when it comes round.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon/daemon.h"

enum { WORKERS_MAX = 64 };

struct job_list {
    struct job *first, **end;
};

struct workers {
    struct daemon *daemon;
    unsigned count;
    pthread_t threads[WORKERS_MAX];
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    struct job_list collected; /* by the loop's thread in this turn, not yet handed over */
    struct job_list waiting, finished;
    bool is_stopping;
    int descriptor; /* eventfd: something is finished */
    struct event *event;
};

static void push(struct job_list *list, struct job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
}

static struct job *take_all(struct job_list *list)
{
    struct job *first = list->first;
    list->first = NULL;
    list->end = &list->first;
    return first;
}

static void wake(int descriptor)
{
    uint64_t one = 1;
    while (write(descriptor, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
}

static uint64_t processor_usec(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * USEC_PER_SEC + (uint64_t)time.tv_nsec / 1000;
}

static void run(struct job *job)
{
    uint64_t before = job->is_timed ? processor_usec() : 0;
    job_run(job);
    if (job->is_timed)
        job->cpu_usec = processor_usec() - before;
}

static void *work(void *context)
{
    struct workers *workers = context;
    pthread_mutex_lock(&workers->lock);
    for (;;) {
        while (workers->waiting.first == NULL && !workers->is_stopping)
            pthread_cond_wait(&workers->wanted, &workers->lock);
        if (workers->is_stopping)
            break;
        struct job *job = workers->waiting.first;
        workers->waiting.first = job->next;
        if (workers->waiting.first == NULL)
            workers->waiting.end = &workers->waiting.first;
        pthread_mutex_unlock(&workers->lock);
        run(job);
        pthread_mutex_lock(&workers->lock);
        bool was_empty = workers->finished.first == NULL;
        push(&workers->finished, job);
        if (was_empty)
            wake(workers->descriptor);
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

static void collect(evutil_socket_t descriptor, short what, void *context)
{
    struct workers *workers = context;
    uint64_t count;
    (void)what;
    if (read(descriptor, &count, sizeof(count)) < 0 && errno != EAGAIN)
        return;
    pthread_mutex_lock(&workers->lock);
    struct job *job = take_all(workers->count > 0 ? &workers->finished : &workers->waiting);
    pthread_mutex_unlock(&workers->lock);
    while (job != NULL) {
        struct job *next = job->next;
        if (workers->count == 0)
            run(job);
        engine_job_done(workers->daemon->engine, job);
        job = next;
    }
    daemon_rearm(workers->daemon);
}

static void start_threads(struct workers *workers, unsigned count)
{
    int failure = 0;
    for (unsigned i = 0; i < count && i < WORKERS_MAX && failure == 0; i++) {
        failure = pthread_create(&workers->threads[i], NULL, work, workers);
        workers->count += failure == 0;
    }
    if (failure != 0)
        log_line("cannot start helper thread %u of %u: %s; cryptography goes on with fewer",
                 workers->count + 1, count, strerror(failure));
}

struct workers *workers_new(struct daemon *daemon, unsigned count, struct error *error)
{
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), number = errno;
    struct workers *workers = calloc(1, sizeof(*workers));
    if (workers == NULL || descriptor < 0) {
        free(workers);
        if (descriptor >= 0)
            close(descriptor);
        error_set(error, 0, "cannot start helper threads: %s",
                  descriptor < 0 ? strerror(number) : "out of memory");
        return NULL;
    }
    workers->daemon = daemon;
    workers->collected.end = &workers->collected.first;
    workers->waiting.end = &workers->waiting.first;
    workers->finished.end = &workers->finished.first;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->wanted, NULL);
    workers->descriptor = descriptor;
    workers->event = event_new(daemon->base, workers->descriptor, EV_READ | EV_PERSIST, collect, workers);
    event_add(workers->event, NULL);
    start_threads(workers, count);
    return workers;
}

unsigned workers_count(const struct workers *workers)
{
    return workers->count;
}

static void free_list(struct job_list *list)
{
    struct job *job = take_all(list);
    while (job != NULL) {
        struct job *next = job->next;
        job_free(job);
        job = next;
    }
}

void workers_free(struct workers *workers)
{
    if (workers == NULL)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->is_stopping = true;
    pthread_cond_broadcast(&workers->wanted);
    pthread_mutex_unlock(&workers->lock);
    for (unsigned i = 0; i < workers->count; i++)
        pthread_join(workers->threads[i], NULL);
    free_list(&workers->collected);
    free_list(&workers->waiting);
    free_list(&workers->finished);
    event_free(workers->event);
    close(workers->descriptor);
    pthread_cond_destroy(&workers->wanted);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
}

void workers_submit(struct workers *workers, struct job *job)
{
    push(&workers->collected, job);
}

void workers_hand_over(struct workers *workers)
{
    if (workers->collected.first == NULL)
        return;
    bool is_single = workers->collected.first->next == NULL;
    pthread_mutex_lock(&workers->lock);
    *workers->waiting.end = workers->collected.first;
    workers->waiting.end = workers->collected.end;
    pthread_mutex_unlock(&workers->lock);
    take_all(&workers->collected);
    if (workers->count == 0)
        wake(workers->descriptor);
    else if (is_single)
        pthread_cond_signal(&workers->wanted);
    else
        pthread_cond_broadcast(&workers->wanted);
}
