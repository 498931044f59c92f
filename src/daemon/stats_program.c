/* The program of statsbin=: see stats_program.h. */
#include "daemon/stats_program.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash_table.h"
#include "daemon/daemon.h"

enum {
    CONNECTIONS_MAX = 16384, /* that wait to be told of */
    RUNNING_MAX = 4,
    TIME_LIMIT_SECONDS = 10,
    NAME_SIZE = 256,
    WORD_SIZE = NAME_SIZE + 32
};

struct change {
    struct hash_node by_name;
    struct list_node node;
    char name[NAME_SIZE], interface[16];
    const char *tunnel, *phase1, *phase2;
};

struct stats_program {
    struct process_group *processes;
    char *command;
    struct hash_table by_name;
    struct list_node waiting;
    size_t waiting_count, running_count;
    struct event *start_event;
    uint8_t hash_key[16]; /* names are the administrator's own */
};

/* ---- running it ---- */

static void ended(void *context, int exit_status)
{
    struct stats_program *program = context;
    program->running_count--;
    if (exit_status != 0)
        log_line("statsbin \"%.1024s\" ended with status %d", program->command, exit_status);
    event_active(program->start_event, EV_TIMEOUT, 1);
}

/* The words after those of the command itself; `tunnel` is ipsec-tunnel-NAME. */
static size_t add_words(const struct change *change, const char *tunnel, const char *file,
                        const char *out[static PROCESS_ARGUMENTS_MAX + 1], size_t count)
{
    const char *const words[] = {
        tunnel, "if_stats",      file,           ";", tunnel, "tunnel", change->tunnel, ";",
        tunnel, "phase1",        change->phase1, ";", tunnel, "phase2", change->phase2, ";",
        tunnel, "nfmark-me/him", "0x0/0x0",
    };
    for (size_t i = 0; i < ARRAY_SIZE(words) && count < PROCESS_ARGUMENTS_MAX; i++)
        out[count++] = words[i];
    out[count] = NULL;
    return count;
}

static void run(struct stats_program *program, const struct change *change)
{
    static const char *const environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    const char *arguments[PROCESS_ARGUMENTS_MAX + 1];
    char tunnel[WORD_SIZE], file[WORD_SIZE], *command = strdup(program->command);
    if (command == NULL)
        return;
    snprintf(tunnel, sizeof(tunnel), "ipsec-tunnel-%s", change->name);
    snprintf(file, sizeof(file), "/proc/net/dev/%s", change->interface);
    size_t count = process_split_command(command, arguments);
    if (count > 0)
        add_words(change, tunnel, file, arguments, count);
    int result = process_start(program->processes, &(struct process_settings){
                                                       .arguments = arguments,
                                                       .environment = environment,
                                                       .time_limit_seconds = TIME_LIMIT_SECONDS,
                                                       .context = program,
                                                       .on_end = ended,
                                                   });
    if (result == 0)
        program->running_count++;
    else
        log_line("statsbin \"%.1024s\" cannot be run: %s", program->command, strerror(result));
    free(command);
}

static void forget(struct stats_program *program, struct change *change)
{
    hash_table_remove(&program->by_name, &change->by_name);
    list_remove(&change->node);
    program->waiting_count--;
    free(change);
}

static void start_waiting(evutil_socket_t unused, short what, void *context)
{
    struct stats_program *program = context;
    (void)unused;
    (void)what;
    while (program->running_count < RUNNING_MAX && !list_is_empty(&program->waiting)) {
        struct change *change = CONTAINER_OF(program->waiting.next, struct change, node);
        run(program, change);
        forget(program, change);
    }
}

/* ---- what has changed ---- */

static struct change *change_of(struct stats_program *program, const char *name)
{
    uint64_t hash = hash_bytes(program->hash_key, bytes_of_text(name));
    for (struct hash_node *node = hash_table_find(&program->by_name, hash); node != NULL;
         node = hash_node_next(node)) {
        struct change *change = CONTAINER_OF(node, struct change, by_name);
        if (strcmp(change->name, name) == 0)
            return change;
    }
    struct change *change = program->waiting_count < CONNECTIONS_MAX ? calloc(1, sizeof(*change)) : NULL;
    if (change == NULL)
        return NULL;
    snprintf(change->name, sizeof(change->name), "%s", name);
    change->tunnel = change->phase1 = change->phase2 = "unchanged";
    if (!hash_table_insert(&program->by_name, &change->by_name, hash)) {
        free(change);
        return NULL;
    }
    list_append(&program->waiting, &change->node);
    program->waiting_count++;
    return change;
}

static void note(struct change *change, enum event_kind event)
{
    switch (event) {
    case EVENT_IKE_UP:
    case EVENT_IKE_REKEYED:
        change->phase1 = "up";
        break;
    case EVENT_IKE_DOWN:
        change->phase1 = "down";
        break;
    case EVENT_CHILD_UP:
    case EVENT_CHILD_REKEYED:
        change->tunnel = change->phase1 = change->phase2 = "up";
        break;
    case EVENT_CHILD_DOWN:
        change->tunnel = change->phase2 = "down";
        break;
    default:
        break;
    }
}

void stats_program_tell(struct stats_program *program, const struct report *event, const char *interface)
{
    bool is_change = event->event >= EVENT_IKE_UP && event->event <= EVENT_CHILD_REKEYED;
    if (program == NULL || !is_change || event->connection == NULL || strlen(event->connection) >= NAME_SIZE)
        return;
    struct change *change = change_of(program, event->connection);
    if (change == NULL)
        return;
    note(change, event->event);
    snprintf(change->interface, sizeof(change->interface), "%.15s", interface);
    event_active(program->start_event, EV_TIMEOUT, 1);
}

/* ---- life ---- */

struct stats_program *stats_program_new(struct event_base *base, struct process_group *processes,
                                        const char *command)
{
    struct stats_program *program = calloc(1, sizeof(*program));
    if (program == NULL)
        return NULL;
    program->processes = processes;
    program->command = strdup(command);
    list_init(&program->waiting);
    program->start_event = event_new(base, -1, 0, start_waiting, program);
    if (program->command == NULL || !hash_table_init(&program->by_name)) {
        stats_program_free(program);
        return NULL;
    }
    return program;
}

void stats_program_free(struct stats_program *program)
{
    if (program == NULL)
        return;
    LIST_EACH(&program->waiting, node)
    forget(program, CONTAINER_OF(node, struct change, node));
    hash_table_free(&program->by_name);
    event_free(program->start_event);
    free(program->command);
    free(program);
}
