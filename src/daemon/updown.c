/*
 * Updown scripts: run one after the other for each connection's sake, beside the loop, by execve with an
 * argument vector and a clean environment; output is logged line by line, and a script that takes too long is
 * ended with its group.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#include "daemon/daemon.h"

enum {
    ARGUMENTS_MAX = 32,
    ENVIRONMENT_MAX = 80,
    OUTPUT_LINE_MAX = 512,
    QUEUE_MAX = 16384,
    TIME_LIMIT_SECONDS = 30
};

struct script {
    struct script *next;
    uint64_t request_id;
    char *command, *connection, *verb;
    char *environment[ENVIRONMENT_MAX + 1];
    size_t environment_count;
};

struct updown_queue {
    struct daemon *daemon;
    struct script *first, **end;
    size_t waiting;
    struct script *running;
    pid_t pid;
    int output;
    bool has_ended;
    int exit_status;
    char line[OUTPUT_LINE_MAX];
    size_t line_size;
    struct event *output_event, *time_limit;
};

static void start_next(struct updown_queue *queue);

static void free_script(struct script *script)
{
    for (size_t i = 0; i < script->environment_count; i++)
        free(script->environment[i]);
    free(script->command);
    free(script->connection);
    free(script->verb);
    free(script);
}

/* ---- output ---- */

static void log_output(struct updown_queue *queue, const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bool is_end = data[i] == '\n' || queue->line_size == sizeof(queue->line) - 1;
        if (data[i] != '\n')
            queue->line[queue->line_size++] = (unsigned char)data[i] < 0x20 ? '?' : data[i];
        if (!is_end)
            continue;
        queue->line[queue->line_size] = '\0';
        log_line("\"%s\": %s output: %s", queue->running->connection, queue->running->verb, queue->line);
        queue->line_size = 0;
    }
}

static void finish(struct updown_queue *queue)
{
    struct script *script = queue->running;
    if (queue->line_size > 0)
        log_output(queue, "\n", 1);
    event_del(queue->time_limit);
    event_free(queue->output_event);
    queue->output_event = NULL;
    close(queue->output);
    queue->running = NULL;
    queue->pid = 0;
    if (queue->exit_status != 0)
        log_line("\"%s\": %s command \"%s\" exited with status %d", script->connection, script->verb,
                 script->command, queue->exit_status);
    engine_updown_done(queue->daemon->engine, script->request_id, queue->exit_status);
    free_script(script);
    start_next(queue);
}

static void output_came(evutil_socket_t descriptor, short what, void *context)
{
    struct updown_queue *queue = context;
    char data[4096];
    ssize_t size = read(descriptor, data, sizeof(data));
    (void)what;
    if (size > 0)
        log_output(queue, data, (size_t)size);
    else if (size == 0 || errno != EAGAIN)
        event_del(queue->output_event); /* a child of the script's may keep it open; its end does not depend
                                           on this */
}

void updown_reap(struct updown_queue *queue)
{
    int status;
    if (queue->pid == 0 || waitpid(queue->pid, &status, WNOHANG) != queue->pid)
        return;
    output_came(queue->output, 0, queue);
    queue->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    finish(queue);
}

static void took_too_long(evutil_socket_t unused, short what, void *context)
{
    struct updown_queue *queue = context;
    (void)unused;
    (void)what;
    log_line("\"%s\": %s command \"%s\" did not end within %d seconds and is killed",
             queue->running->connection, queue->running->verb, queue->running->command, TIME_LIMIT_SECONDS);
    kill(-queue->pid, SIGKILL);
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

static void run_child(struct script *script, int output)
{
    char *arguments[ARGUMENTS_MAX + 1];
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    closefrom(3);
    split(script->command, arguments);
    if (arguments[0] != NULL)
        execvpe(arguments[0], arguments, script->environment);
    dprintf(STDERR_FILENO, "cannot run \"%s\": %s\n", arguments[0] ? arguments[0] : "", strerror(errno));
    _exit(127);
}

static bool start(struct updown_queue *queue, struct script *script)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0)
        run_child(script, ends[1]);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return false;
    }
    queue->running = script;
    queue->pid = pid;
    queue->output = ends[0];
    queue->line_size = 0;
    queue->output_event = event_new(queue->daemon->base, ends[0], EV_READ | EV_PERSIST, output_came, queue);
    event_add(queue->output_event, NULL);
    event_add(queue->time_limit, &(struct timeval){.tv_sec = TIME_LIMIT_SECONDS});
    return true;
}

static void start_next(struct updown_queue *queue)
{
    while (queue->running == NULL && queue->first != NULL) {
        struct script *script = queue->first;
        queue->first = script->next;
        if (queue->first == NULL)
            queue->end = &queue->first;
        queue->waiting--;
        if (start(queue, script))
            return;
        log_line("\"%s\": %s command cannot be started: %s", script->connection, script->verb,
                 strerror(errno));
        engine_updown_done(queue->daemon->engine, script->request_id, 127);
        free_script(script);
    }
}

struct updown_queue *updown_new(struct daemon *daemon)
{
    struct updown_queue *queue = calloc(1, sizeof(*queue));
    if (queue == NULL)
        return NULL;
    queue->daemon = daemon;
    queue->end = &queue->first;
    queue->time_limit = event_new(daemon->base, -1, 0, took_too_long, queue);
    return queue;
}

void updown_free(struct updown_queue *queue)
{
    if (queue == NULL)
        return;
    while (queue->first != NULL) {
        struct script *script = queue->first;
        queue->first = script->next;
        free_script(script);
    }
    if (queue->running != NULL) {
        event_free(queue->output_event);
        close(queue->output);
        free_script(queue->running);
    }
    event_free(queue->time_limit);
    free(queue);
}

static char *default_command(void)
{
    char *command = NULL;
    return asprintf(&command, "\"%s/_updown\"", daemon_exec_dir()) < 0 ? NULL : command;
}

void updown_submit(struct updown_queue *queue, const struct updown_request *request)
{
    struct script *script = queue->waiting < QUEUE_MAX ? calloc(1, sizeof(*script)) : NULL;
    bool is_default = request->script == NULL || strcmp(request->script, "ipsec _updown") == 0;
    if (script == NULL) {
        log_line("\"%s\": %s is not run: too many scripts wait", request->connection, request->verb);
        return;
    }
    script->request_id = request->request_id;
    script->command = is_default ? default_command() : strdup(request->script);
    script->connection = strdup(request->connection);
    script->verb = strdup(request->verb);
    script->environment[script->environment_count++] =
        strdup("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    for (size_t i = 0; i < request->environment_count && script->environment_count < ENVIRONMENT_MAX; i++)
        script->environment[script->environment_count++] = strdup(request->environment[i]);
    *queue->end = script;
    queue->end = &script->next;
    queue->waiting++;
    start_next(queue);
}
