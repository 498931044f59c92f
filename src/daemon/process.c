/* Programs beside the loop: see process.h. */
#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 512,
    NAME_SIZE = 128,
    OUTPUT_TURN_MAX = 65536 /* bytes of output of one program that are taken before the loop goes on */
};

struct process {
    struct list_node node;
    struct process_group *group;
    struct process_settings settings;
    pid_t pid;
    char name[NAME_SIZE];
    int output;
    bool was_told_to_end;
    char line[LINE_MAX_BYTES];
    size_t line_size;
    struct event *output_event, *time_limit;
};

struct process_group {
    struct event_base *base;
    struct list_node running;
    size_t count;
};

struct process_group *process_group_new(struct event_base *base)
{
    struct process_group *group = calloc(1, sizeof(*group));
    if (group == NULL)
        return NULL;
    group->base = base;
    list_init(&group->running);
    return group;
}

static void free_process(struct process *process)
{
    process->group->count--;
    list_remove(&process->node);
    event_free(process->output_event);
    event_free(process->time_limit);
    close(process->output);
    free(process);
}

void process_group_free(struct process_group *group)
{
    if (group == NULL)
        return;
    LIST_EACH(&group->running, node)
    free_process(CONTAINER_OF(node, struct process, node));
    free(group);
}

size_t process_group_count(const struct process_group *group)
{
    return group->count;
}

const char *process_group_at(const struct process_group *group, size_t index, int *ret_pid)
{
    for (struct list_node *node = group->running.next; node != &group->running; node = node->next) {
        const struct process *process = CONTAINER_OF(node, const struct process, node);
        if (index-- > 0)
            continue;
        *ret_pid = process->pid;
        return process->name;
    }
    return NULL;
}

/* ---- output ---- */

static void take_output(struct process *process, const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] != '\n')
            process->line[process->line_size++] =
                (unsigned char)data[i] < 0x20 || data[i] == 0x7f ? '?' : data[i];
        if (data[i] != '\n' && process->line_size < sizeof(process->line) - 1)
            continue;
        process->line[process->line_size] = '\0';
        process->line_size = 0;
        if (process->settings.on_line != NULL)
            process->settings.on_line(process->settings.context, process->line);
    }
}

static void output_came(evutil_socket_t descriptor, short what, void *context)
{
    struct process *process = context;
    char data[4096];
    ssize_t size = 1;
    (void)what;
    for (size_t total = 0; total < OUTPUT_TURN_MAX && size > 0; total += sizeof(data)) {
        size = read(descriptor, data, sizeof(data));
        if (size > 0)
            take_output(process, data, (size_t)size);
    }
    /* A child of the program's may keep it open; its end does not depend on this. */
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
        event_del(process->output_event);
}

/* ---- the end ---- */

static void took_too_long(evutil_socket_t unused, short what, void *context)
{
    struct process *process = context;
    (void)unused;
    (void)what;
    kill(-process->pid, process->was_told_to_end ? SIGKILL : SIGTERM);
    if (process->was_told_to_end)
        return;
    process->was_told_to_end = true;
    event_add(process->time_limit, &(struct timeval){.tv_sec = PROCESS_KILL_AFTER_SECONDS});
    if (process->settings.on_time_limit != NULL)
        process->settings.on_time_limit(process->settings.context);
}

/* A program that outstayed its time has failed, whatever it says of itself. */
static int exit_status_of(const struct process *process, int status)
{
    int result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return process->was_told_to_end && result == 0 ? 128 + SIGTERM : result;
}

void process_group_reap(struct process_group *group)
{
    LIST_EACH(&group->running, node)
    {
        struct process *process = CONTAINER_OF(node, struct process, node);
        int status;
        if (waitpid(process->pid, &status, WNOHANG) != process->pid)
            continue;
        output_came(process->output, 0, process);
        if (process->line_size > 0)
            take_output(process, "\n", 1);
        if (process->was_told_to_end) /* whatever it left behind */
            kill(-process->pid, SIGKILL);
        struct process_settings settings = process->settings;
        int result = exit_status_of(process, status);
        free_process(process);
        settings.on_end(settings.context, result);
    }
}

/* ---- the start ---- */

/* Its reading end, with the input in it; or -1 and errno. */
static int input_pipe(struct bytes input)
{
    int ends[2];
    if (input.size > PROCESS_INPUT_MAX || pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    bool ok = write(ends[1], input.data, input.size) == (ssize_t)input.size;
    close(ends[1]);
    if (ok)
        return ends[0];
    close(ends[0]);
    return -1;
}

static int spawn(const struct process_settings *settings, int input, int output, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    if (input >= 0)
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    else
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    /* posix_spawn() takes what it does not change as changeable. */
    int result = posix_spawnp(ret_pid, settings->arguments[0], &actions, &attributes,
                              (char *const *)(uintptr_t)settings->arguments,
                              (char *const *)(uintptr_t)settings->environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

static bool make_events(struct process *process)
{
    struct event_base *base = process->group->base;
    process->output_event = event_new(base, process->output, EV_READ | EV_PERSIST, output_came, process);
    process->time_limit = event_new(base, -1, 0, took_too_long, process);
    return process->output_event != NULL && process->time_limit != NULL;
}

static void watch(struct process *process)
{
    event_add(process->output_event, NULL);
    event_add(process->time_limit, &(struct timeval){.tv_sec = (time_t)process->settings.time_limit_seconds});
    list_append(&process->group->running, &process->node);
    process->group->count++;
}

static void discard(struct process *process)
{
    if (process->output_event != NULL)
        event_free(process->output_event);
    if (process->time_limit != NULL)
        event_free(process->time_limit);
    if (process->output >= 0)
        close(process->output);
    free(process);
}

/* Everything that can fail comes before the program runs. 0 or an errno value. */
static int begin(struct process *process)
{
    int ends[2];
    int input = process->settings.input.size > 0 ? input_pipe(process->settings.input) : -1;
    bool has_input = process->settings.input.size == 0 || input >= 0;
    int result = has_input && pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno;
    if (result == 0) {
        process->output = ends[0];
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        result = make_events(process) ? spawn(&process->settings, input, ends[1], &process->pid) : ENOMEM;
        close(ends[1]);
    }
    if (input >= 0)
        close(input);
    return result;
}

int process_start(struct process_group *group, const struct process_settings *settings)
{
    if (settings->arguments[0] == NULL)
        return ENOENT;
    struct process *process = calloc(1, sizeof(*process));
    if (process == NULL)
        return ENOMEM;
    process->group = group;
    process->settings = *settings;
    process->output = -1;
    snprintf(process->name, sizeof(process->name), "%s", settings->arguments[0]);
    int result = begin(process);
    if (result != 0)
        discard(process);
    else
        watch(process);
    return result;
}

/* ---- commands ---- */

/* One word from *at, unquoted in place; *at moves behind it. */
static const char *take_word(char **at)
{
    char *from = *at, *to = *at, *word = *at, quote = '\0';
    for (; *from != '\0' && (quote != '\0' || (*from != ' ' && *from != '\t')); from++) {
        if (quote == '\0' && (*from == '"' || *from == '\'')) {
            quote = *from;
        } else if (*from == quote && quote != '\0') {
            quote = '\0';
        } else {
            if (*from == '\\' && quote != '\'' && from[1] != '\0')
                from++;
            *to++ = *from;
        }
    }
    *at = *from != '\0' ? from + 1 : from;
    *to = '\0';
    return word;
}

size_t process_split_command(char *command, const char *out[static PROCESS_ARGUMENTS_MAX + 1])
{
    size_t count = 0;
    while (count < PROCESS_ARGUMENTS_MAX) {
        command += strspn(command, " \t");
        if (*command == '\0')
            break;
        out[count++] = take_word(&command);
    }
    out[count] = NULL;
    return count;
}
