/* A binary heap by (time, sequence). */
#include "event_queue.h"

#include <stdio.h>
#include <stdlib.h>

void *sim_alloc(size_t size)
{
    void *data = calloc(1, size);
    if (data == NULL)
        abort();
    return data;
}

void *sim_grow(void *data, size_t size)
{
    data = realloc(data, size);
    if (data == NULL)
        abort();
    return data;
}

static bool is_before(const struct sim_event *a, const struct sim_event *b)
{
    return a->time != b->time ? a->time < b->time : a->sequence < b->sequence;
}

static void swap(struct sim_event *a, struct sim_event *b)
{
    struct sim_event saved = *a;
    *a = *b;
    *b = saved;
}

void event_queue_add(struct event_queue *queue, usec_t time, void (*run)(void *), void (*discard)(void *),
                     void *context)
{
    if (queue->count == queue->capacity) {
        queue->capacity = queue->capacity ? 2 * queue->capacity : 64;
        queue->heap = sim_grow(queue->heap, queue->capacity * sizeof(*queue->heap));
    }
    size_t at = queue->count++;
    queue->heap[at] = (struct sim_event){time, queue->next_sequence++, run, discard, context};
    for (; at > 0 && is_before(&queue->heap[at], &queue->heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&queue->heap[at], &queue->heap[(at - 1) / 2]);
}

usec_t event_queue_next(const struct event_queue *queue)
{
    return queue->count ? queue->heap[0].time : USEC_NEVER;
}

bool event_queue_pop(struct event_queue *queue, struct sim_event *out)
{
    if (queue->count == 0)
        return false;
    *out = queue->heap[0];
    queue->heap[0] = queue->heap[--queue->count];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < queue->count; child++)
            if (is_before(&queue->heap[child], &queue->heap[least]))
                least = child;
        if (least == at)
            return true;
        swap(&queue->heap[at], &queue->heap[least]);
        at = least;
    }
}

void event_queue_clear(struct event_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        queue->heap[i].discard(queue->heap[i].context);
    free(queue->heap);
    *queue = (struct event_queue){0};
}
