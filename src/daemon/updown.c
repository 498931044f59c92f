/*
 * Updown scripts: run beside the loop, several at once but those of one connection one after the other, by
 * posix_spawn with an argument vector and a clean environment; output is logged line by line, and a script
 * that takes too long is ended with its group.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/list.h"
#include "daemon/daemon.h"

enum {
    ARGUMENTS_MAX = 32,
    ENVIRONMENT_MAX = 80,
    OUTPUT_LINE_MAX = 512,
    OUTPUT_TURN_MAX = 65536, /* bytes of one script's output that are logged before the loop goes on */
    QUEUE_MAX = 16384,
    RUNNING_MAX = 8,
    TIME_LIMIT_SECONDS = 30
};

struct script {
    struct list_node node; /* of those that wait, or of those that run */
    struct updown_queue *queue;
    uint64_t request_id;
    char *command, *connection, *verb;
    char *environment[ENVIRONMENT_MAX + 1];
    size_t environment_count;
    /* While it runs: */
    pid_t pid;
    int output;
    char line[OUTPUT_LINE_MAX];
    size_t line_size;
    struct event *output_event, *time_limit;
};

struct updown_queue {
    struct daemon *daemon;
    struct list_node waiting, running;
    size_t waiting_count, running_count;
    struct event *start_event; /* scripts are started from the loop, never from within the engine */
};

static void free_script(struct script *script)
{
    list_remove(&script->node);
    if (script->output_event != NULL) {
        event_free(script->output_event);
        event_free(script->time_limit);
        close(script->output);
    }
    for (size_t i = 0; i < script->environment_count; i++)
        free(script->environment[i]);
    free(script->command);
    free(script->connection);
    free(script->verb);
    free(script);
}

static void finish(struct script *script, int exit_status)
{
    struct updown_queue *queue = script->queue;
    if (exit_status != 0)
        log_line("\"%s\": %s command \"%s\" exited with status %d", script->connection, script->verb,
                 script->command, exit_status);
    engine_updown_done(queue->daemon->engine, script->request_id, exit_status);
    free_script(script);
    event_active(queue->start_event, EV_TIMEOUT, 1);
}

/* ---- output ---- */

static void log_output(struct script *script, const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bool is_end = data[i] == '\n' || script->line_size == sizeof(script->line) - 1;
        if (data[i] != '\n')
            script->line[script->line_size++] = (unsigned char)data[i] < 0x20 ? '?' : data[i];
        if (!is_end)
            continue;
        script->line[script->line_size] = '\0';
        log_line("\"%s\": %s output: %s", script->connection, script->verb, script->line);
        script->line_size = 0;
    }
}

static void output_came(evutil_socket_t descriptor, short what, void *context)
{
    struct script *script = context;
    char data[4096];
    ssize_t size = 1;
    (void)what;
    for (size_t total = 0; total < OUTPUT_TURN_MAX && size > 0; total += sizeof(data)) {
        size = read(descriptor, data, sizeof(data));
        if (size > 0)
            log_output(script, data, (size_t)size);
    }
    /* A child of the script's may keep it open; the script's end does not depend on this. */
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
        event_del(script->output_event);
}

static void took_too_long(evutil_socket_t unused, short what, void *context)
{
    struct script *script = context;
    (void)unused;
    (void)what;
    log_line("\"%s\": %s command \"%s\" did not end within %d seconds and is killed", script->connection,
             script->verb, script->command, TIME_LIMIT_SECONDS);
    kill(-script->pid, SIGKILL);
}

void updown_reap(struct updown_queue *queue)
{
    LIST_EACH(&queue->running, node)
    {
        struct script *script = CONTAINER_OF(node, struct script, node);
        int status;
        if (waitpid(script->pid, &status, WNOHANG) != script->pid)
            continue;
        output_came(script->output, 0, script);
        if (script->line_size > 0)
            log_output(script, "\n", 1);
        queue->running_count--;
        finish(script, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
}

/* ---- start ---- */

/* Splits at blanks; quotes keep blanks. In place. */
static void split(char *command, char *arguments[static ARGUMENTS_MAX + 1])
{
    size_t count = 0;
    char *at = command;
    while (count < ARGUMENTS_MAX) {
        while (*at == ' ' || *at == '\t')
            at++;
        if (*at == '\0')
            break;
        char quote = *at == '"' || *at == '\'' ? *at++ : '\0';
        arguments[count++] = at;
        while (*at != '\0' && (quote ? *at != quote : *at != ' ' && *at != '\t'))
            at++;
        if (*at != '\0')
            *at++ = '\0';
    }
    arguments[count] = NULL;
}

/* Standard input empty, output and errors to `output`, nothing else open; a process group of its own, signals
 * as at first. 0, or why not. */
static int spawn(struct script *script, int output)
{
    char *arguments[ARGUMENTS_MAX + 1], *command = strdup(script->command);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    if (command == NULL)
        return ENOMEM;
    split(command, arguments);
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    int result = arguments[0] ? posix_spawnp(&script->pid, arguments[0], &actions, &attributes, arguments,
                                             script->environment)
                              : ENOENT;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    free(command);
    return result;
}

static void start(struct script *script)
{
    struct updown_queue *queue = script->queue;
    struct event_base *base = queue->daemon->base;
    int ends[2];
    int result = pipe2(ends, O_CLOEXEC) == 0 ? spawn(script, ends[1]) : errno;
    list_remove(&script->node);
    queue->waiting_count--;
    if (result != 0) {
        log_line("\"%s\": cannot run %s command \"%s\": %s", script->connection, script->verb,
                 script->command, strerror(result));
        finish(script, 127);
        return;
    }
    close(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    script->output = ends[0];
    script->output_event = event_new(base, ends[0], EV_READ | EV_PERSIST, output_came, script);
    script->time_limit = event_new(base, -1, 0, took_too_long, script);
    event_add(script->output_event, NULL);
    event_add(script->time_limit, &(struct timeval){.tv_sec = TIME_LIMIT_SECONDS});
    list_append(&queue->running, &script->node);
    queue->running_count++;
}

static bool connection_is_running(const struct updown_queue *queue, const struct script *candidate)
{
    LIST_EACH(&queue->running, node)
    if (strcmp(CONTAINER_OF(node, struct script, node)->connection, candidate->connection) == 0)
        return true;
    return false;
}

static void start_waiting(evutil_socket_t unused, short what, void *context)
{
    struct updown_queue *queue = context;
    (void)unused;
    (void)what;
    LIST_EACH(&queue->waiting, node)
    {
        struct script *script = CONTAINER_OF(node, struct script, node);
        if (queue->running_count == RUNNING_MAX)
            break;
        if (!connection_is_running(queue, script))
            start(script);
    }
    daemon_rearm(queue->daemon);
    if (updown_is_idle(queue))
        daemon_scripts_done(queue->daemon);
}

bool updown_is_idle(const struct updown_queue *queue)
{
    return queue->waiting_count == 0 && queue->running_count == 0;
}

struct updown_queue *updown_new(struct daemon *daemon)
{
    struct updown_queue *queue = calloc(1, sizeof(*queue));
    if (queue == NULL)
        return NULL;
    queue->daemon = daemon;
    list_init(&queue->waiting);
    list_init(&queue->running);
    queue->start_event = event_new(daemon->base, -1, 0, start_waiting, queue);
    return queue;
}

void updown_free(struct updown_queue *queue)
{
    if (queue == NULL)
        return;
    LIST_EACH(&queue->waiting, waiting)
    free_script(CONTAINER_OF(waiting, struct script, node));
    LIST_EACH(&queue->running, running)
    free_script(CONTAINER_OF(running, struct script, node));
    event_free(queue->start_event);
    free(queue);
}

static char *default_command(void)
{
    char *command = NULL;
    return asprintf(&command, "\"%s/_updown\"", daemon_exec_dir()) < 0 ? NULL : command;
}

static void add_variable(struct script *script, const char *variable)
{
    char *copy = strdup(variable);
    if (copy != NULL && script->environment_count < ENVIRONMENT_MAX)
        script->environment[script->environment_count++] = copy;
}

void updown_submit(struct updown_queue *queue, const struct updown_request *request)
{
    struct script *script = queue->waiting_count < QUEUE_MAX ? calloc(1, sizeof(*script)) : NULL;
    bool is_default = request->script == NULL || strcmp(request->script, "ipsec _updown") == 0;
    if (script == NULL) {
        log_line("\"%s\": %s is not run: too many scripts wait", request->connection, request->verb);
        return;
    }
    list_init(&script->node);
    script->queue = queue;
    script->request_id = request->request_id;
    script->command = is_default ? default_command() : strdup(request->script);
    script->connection = strdup(request->connection);
    script->verb = strdup(request->verb);
    add_variable(script, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    for (size_t i = 0; i < request->environment_count; i++)
        add_variable(script, request->environment[i]);
    if (script->command == NULL || script->connection == NULL || script->verb == NULL) {
        free_script(script);
        return;
    }
    list_append(&queue->waiting, &script->node);
    queue->waiting_count++;
    event_active(queue->start_event, EV_TIMEOUT, 1);
}
