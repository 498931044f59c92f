/* Kernel events on their way from any thread to the one that runs the engine. */
#include "kernel/event_queue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queued_event {
    struct queued_event *next;
    struct kernel_event event;
};

bool event_queue_init(struct event_queue *queue, struct error *error)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return error_set(error, 0, "cannot make an event descriptor: %s", strerror(errno));
    *queue = (struct event_queue){.fd = fd};
    queue->last = &queue->first;
    pthread_mutex_init(&queue->lock, NULL);
    return true;
}

/* Takes the whole list. */
static struct queued_event *take_all(struct event_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    struct queued_event *list = queue->first;
    queue->first = NULL;
    queue->last = &queue->first;
    pthread_mutex_unlock(&queue->lock);
    return list;
}

void event_queue_free(struct event_queue *queue)
{
    struct queued_event *list = take_all(queue);
    while (list != NULL) {
        struct queued_event *next = list->next;
        free(list);
        list = next;
    }
    close(queue->fd);
    pthread_mutex_destroy(&queue->lock);
}

void event_queue_wake(struct event_queue *queue)
{
    /* It can fail only when the counter is full, and then the descriptor is readable already. */
    (void)!eventfd_write(queue->fd, 1);
}

void event_queue_push(struct event_queue *queue, const struct kernel_event *event)
{
    struct queued_event *queued = malloc(sizeof(*queued));
    if (queued == NULL)
        return;
    queued->next = NULL;
    queued->event = *event;
    pthread_mutex_lock(&queue->lock);
    bool was_empty = queue->first == NULL;
    *queue->last = queued;
    queue->last = &queued->next;
    pthread_mutex_unlock(&queue->lock);
    if (was_empty)
        event_queue_wake(queue);
}

void event_queue_push_done(struct event_queue *queue, uint64_t request_id, const char *failure)
{
    if (request_id == 0)
        return;
    struct kernel_event event = {.kind = KERNEL_DONE, .request_id = request_id, .ok = failure == NULL};
    if (failure != NULL)
        snprintf(event.text, sizeof(event.text), "%s", failure);
    event_queue_push(queue, &event);
}

void event_queue_push_policy_failure(struct event_queue *queue, uint64_t policy_id, const char *failure)
{
    struct kernel_event event = {.kind = KERNEL_POLICY_LACKS, .policy_id = policy_id};
    snprintf(event.text, sizeof(event.text), "%s", failure);
    event_queue_push(queue, &event);
}

void event_queue_drain(struct event_queue *queue,
                       void (*on_event)(void *context, const struct kernel_event *event), void *context)
{
    eventfd_t count;
    (void)!eventfd_read(queue->fd, &count);
    struct queued_event *list = take_all(queue);
    while (list != NULL) {
        struct queued_event *next = list->next;
        on_event(context, &list->event);
        free(list);
        list = next;
    }
}
