/*
 * Updown scripts: sequences of calls (prepare, route, up ...), several at once but a bounded number, and
 * those of one connection one after the other. Sequences wait in lanes; a lane that may run stands in
 * `ready`, so that starting the next costs the same whether ten wait or a hundred thousand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash_table.h"
#include "daemon/daemon.h"
#include "daemon/front_end.h"
#include "daemon/process.h"
#include "daemon/updown_request.h"

enum {
    SEQUENCES_MAX = 262144,
    RUNNING_MAX = 8,
    TIME_LIMIT_SECONDS = 30,
    SAID_BYTES_MAX = 65536,    /* of one call: what waits for a connection is told all of it */
    COUNTERS_LIMIT_SECONDS = 1 /* then a script that takes a connection down does without them */
};

struct lane {
    struct hash_node by_key;
    uint64_t key;
    struct list_node ready; /* in the queue's list, while the first sequence may start */
    struct list_node sequences;
    bool is_running;
};

struct sequence {
    struct list_node node; /* of the lane's */
    struct hash_node by_child;
    struct updown_queue *queue;
    struct lane *lane;
    struct kept_request kept;
    bool waits_for_counters, is_refused;
    struct event *counters_limit;
    size_t step, said_bytes;
    const char *failed_verb;
    int failed_status;
};

struct updown_queue {
    struct daemon *daemon;
    struct hash_table lanes, by_child;
    struct list_node ready;
    size_t sequence_count, running_count;
    unsigned time_limit_seconds;
    struct event *start_event; /* scripts are started from the loop, never from within the engine */
};

/* ---- lanes ---- */

static struct lane *lane_of(struct updown_queue *queue, uint64_t key)
{
    struct hash_node *node = hash_table_find(&queue->lanes, key);
    if (node != NULL)
        return CONTAINER_OF(node, struct lane, by_key);
    struct lane *lane = calloc(1, sizeof(*lane));
    if (lane == NULL || !hash_table_insert(&queue->lanes, &lane->by_key, key)) {
        free(lane);
        return NULL;
    }
    lane->key = key;
    list_init(&lane->ready);
    list_init(&lane->sequences);
    return lane;
}

static struct sequence *first_of(const struct lane *lane)
{
    return list_is_empty(&lane->sequences) ? NULL : CONTAINER_OF(lane->sequences.next, struct sequence, node);
}

/* Puts the lane where it belongs now: ready, waiting, or nowhere. */
static void settle(struct updown_queue *queue, struct lane *lane)
{
    const struct sequence *first = first_of(lane);
    bool may_start = first != NULL && !lane->is_running && !first->waits_for_counters;
    if (first == NULL) {
        list_remove(&lane->ready);
        hash_table_remove(&queue->lanes, &lane->by_key);
        free(lane);
    } else if (may_start && list_is_empty(&lane->ready)) {
        list_append(&queue->ready, &lane->ready);
        event_active(queue->start_event, EV_TIMEOUT, 1);
    }
}

static void free_sequence(struct sequence *sequence)
{
    struct updown_queue *queue = sequence->queue;
    list_remove(&sequence->node);
    if (sequence->waits_for_counters)
        hash_table_remove(&queue->by_child, &sequence->by_child);
    if (sequence->counters_limit != NULL)
        event_free(sequence->counters_limit);
    kept_request_release(&sequence->kept);
    queue->sequence_count--;
    free(sequence);
}

/* ---- one call ---- */

static const struct updown_step *current_step(const struct sequence *sequence)
{
    return &sequence->kept.request.steps[sequence->step];
}

static void say(const struct sequence *sequence, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct sequence *sequence, const char *format, ...)
{
    const struct updown_request *request = &sequence->kept.request;
    char line[2048], body[1536];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(body, sizeof(body), format, arguments);
    va_end(arguments);
    snprintf(line, sizeof(line), "%.480s: %s %s", request->prefix, current_step(sequence)->verb, body);
    engine_updown_said(sequence->queue->daemon->engine, request->connection_serial, request->request_id,
                       line);
}

static void said(void *context, const char *line)
{
    struct sequence *sequence = context;
    size_t left = SAID_BYTES_MAX - sequence->said_bytes, size = strlen(line) + 1;
    if (left == 0)
        return;
    sequence->said_bytes += size < left ? size : left;
    if (size <= left)
        say(sequence, "output: %s", line);
    if (sequence->said_bytes == SAID_BYTES_MAX)
        say(sequence, "output beyond %d bytes is left out", SAID_BYTES_MAX);
}

static void took_too_long(void *context)
{
    const struct sequence *sequence = context;
    say(sequence, "command \"%.1024s\" did not end within %u seconds and is ended", sequence->kept.command,
        sequence->queue->time_limit_seconds);
}

static void start(struct sequence *sequence);

static void finish(struct sequence *sequence)
{
    struct updown_queue *queue = sequence->queue;
    struct lane *lane = sequence->lane;
    struct updown_result result = {
        .request_id = sequence->kept.request.request_id,
        .connection_serial = sequence->kept.request.connection_serial,
        .verb = sequence->failed_verb,
        .exit_status = sequence->failed_status,
    };
    engine_updown_done(queue->daemon->engine, &result);
    free_sequence(sequence);
    queue->running_count--;
    lane->is_running = false;
    settle(queue, lane);
    event_active(queue->start_event, EV_TIMEOUT, 1);
}

static void step_ended(struct sequence *sequence, int exit_status)
{
    if (exit_status != 0 && sequence->failed_verb == NULL) {
        sequence->failed_verb = current_step(sequence)->verb;
        sequence->failed_status = exit_status;
    }
    bool is_over = sequence->kept.request.ends_at_failure && exit_status != 0;
    if (!is_over && ++sequence->step < sequence->kept.request.step_count)
        start(sequence);
    else
        finish(sequence);
}

static void ended(void *context, int exit_status)
{
    struct sequence *sequence = context;
    int signal_number = updown_signal(exit_status);
    if (signal_number != 0)
        say(sequence, "command \"%.1024s\" exited with signal %d", sequence->kept.command, signal_number);
    else if (exit_status != 0)
        say(sequence, "command \"%.1024s\" exited with status %d", sequence->kept.command, exit_status);
    step_ended(sequence, exit_status);
}

/* `ipsec _updown` and the like: the ipsec of this installation. */
static const char *resolve_program(const char *word, char *buffer, size_t size)
{
    const char *folder = strcmp(word, "ipsec") == 0 ? front_end_dir() : "";
    snprintf(buffer, size, "%s/%s", folder, word);
    return *folder != '\0' ? buffer : word;
}

static void start(struct sequence *sequence)
{
    const struct updown_request *request = &sequence->kept.request;
    const struct updown_step *step = current_step(sequence);
    const char *arguments[PROCESS_ARGUMENTS_MAX + 1];
    char *command = strdup(sequence->kept.command), path[4096];
    size_t count = request->environment_count;
    const char **environment = calloc(count + step->environment_count + 1, sizeof(*environment));
    int result = ENOMEM;
    if (command != NULL && environment != NULL) {
        memcpy(environment, request->environment, count * sizeof(*environment));
        memcpy(environment + count, step->environment, step->environment_count * sizeof(*environment));
        if (process_split_command(command, arguments) > 0)
            arguments[0] = resolve_program(arguments[0], path, sizeof(path));
        struct process_settings settings = {
            .arguments = arguments,
            .environment = environment,
            .time_limit_seconds = sequence->queue->time_limit_seconds,
            .context = sequence,
            .on_line = said,
            .on_time_limit = took_too_long,
            .on_end = ended,
        };
        result = process_start(sequence->queue->daemon->processes, &settings);
    }
    free(environment);
    free(command);
    sequence->said_bytes = 0;
    if (result == 0)
        return;
    say(sequence, "command \"%.1024s\" cannot be run: %s", sequence->kept.command, strerror(result));
    step_ended(sequence, 127);
}

static void start_ready(evutil_socket_t unused, short what, void *context)
{
    struct updown_queue *queue = context;
    (void)unused;
    (void)what;
    while (queue->running_count < RUNNING_MAX && !list_is_empty(&queue->ready)) {
        struct lane *lane = CONTAINER_OF(queue->ready.next, struct lane, ready);
        struct sequence *sequence = first_of(lane);
        list_remove(&lane->ready);
        lane->is_running = true;
        queue->running_count++;
        if (sequence->is_refused)
            finish(sequence);
        else
            start(sequence);
    }
    daemon_rearm(queue->daemon);
}

/* ---- the queue ---- */

bool updown_is_idle(const struct updown_queue *queue)
{
    return queue->sequence_count == 0;
}

struct updown_queue *updown_new(struct daemon *daemon)
{
    struct updown_queue *queue = calloc(1, sizeof(*queue));
    if (queue == NULL || !hash_table_init(&queue->lanes) || !hash_table_init(&queue->by_child)) {
        free(queue);
        return NULL;
    }
    queue->daemon = daemon;
    queue->time_limit_seconds = TIME_LIMIT_SECONDS;
    list_init(&queue->ready);
    queue->start_event = event_new(daemon->base, -1, 0, start_ready, queue);
    return queue;
}

void updown_set_time_limit(struct updown_queue *queue, unsigned seconds)
{
    queue->time_limit_seconds = seconds;
}

static void free_lane(struct hash_node *node, void *context)
{
    struct updown_queue *queue = context;
    struct lane *lane = CONTAINER_OF(node, struct lane, by_key);
    LIST_EACH(&lane->sequences, at)
    free_sequence(CONTAINER_OF(at, struct sequence, node));
    hash_table_remove(&queue->lanes, node);
    free(lane);
}

void updown_free(struct updown_queue *queue)
{
    if (queue == NULL)
        return;
    hash_table_each(&queue->lanes, free_lane, queue);
    hash_table_free(&queue->lanes);
    hash_table_free(&queue->by_child);
    event_free(queue->start_event);
    free(queue);
}

/* ---- counters ---- */

static void counters_are_settled(struct sequence *sequence)
{
    hash_table_remove(&sequence->queue->by_child, &sequence->by_child);
    sequence->waits_for_counters = false;
    settle(sequence->queue, sequence->lane);
}

static void counters_did_not_come(evutil_socket_t unused, short what, void *context)
{
    (void)unused;
    (void)what;
    counters_are_settled(context);
}

void updown_counters_came(struct updown_queue *queue, const struct kernel_event *event)
{
    struct hash_node *node = hash_table_find(&queue->by_child, event->child_serial);
    if (node == NULL)
        return;
    struct sequence *sequence = CONTAINER_OF(node, struct sequence, by_child);
    if (event->ok) {
        kept_request_set_number(&sequence->kept, "PLUTO_INBYTES", event->in.bytes);
        kept_request_set_number(&sequence->kept, "PLUTO_OUTBYTES", event->out.bytes);
    }
    counters_are_settled(sequence);
}

static void wait_for_counters(struct sequence *sequence)
{
    struct updown_queue *queue = sequence->queue;
    sequence->counters_limit = event_new(queue->daemon->base, -1, 0, counters_did_not_come, sequence);
    if (sequence->counters_limit == NULL ||
        !hash_table_insert(&queue->by_child, &sequence->by_child, sequence->kept.request.child_serial))
        return;
    event_add(sequence->counters_limit, &(struct timeval){.tv_sec = COUNTERS_LIMIT_SECONDS});
    sequence->waits_for_counters = true;
}

/* ---- submission ---- */

void updown_submit(struct updown_queue *queue, const struct updown_request *request)
{
    struct sequence *sequence = calloc(1, sizeof(*sequence));
    struct lane *lane = sequence ? lane_of(queue, request->lane) : NULL;
    if (lane == NULL) {
        log_line("%s: %s is not run: out of memory", request->prefix, request->steps[0].verb);
        free(sequence);
        return;
    }
    sequence->queue = queue;
    sequence->lane = lane;
    list_append(&lane->sequences, &sequence->node);
    bool is_kept = kept_request_init(&sequence->kept, request, queue->daemon->options.rundir);
    sequence->is_refused = queue->sequence_count++ >= SEQUENCES_MAX || !is_kept;
    if (sequence->is_refused) {
        log_line("%s: %s is not run: too many scripts wait", request->prefix, request->steps[0].verb);
        sequence->failed_verb = "updown"; /* the request's own texts are not ours to keep */
        sequence->failed_status = 126;
    } else if (request->wants_counters) {
        wait_for_counters(sequence);
    }
    settle(queue, lane);
}
