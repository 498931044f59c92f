/*
 * Programs that the daemon runs beside its loop: by posix_spawn with an argument vector, never a shell, and
 * an environment of their own; standard input is empty or what is given, output and errors come line by line,
 * and one that takes too long is told to end and then killed, with its whole process group.
 */
#ifndef STYX_DAEMON_PROCESS_H
#define STYX_DAEMON_PROCESS_H

#include <event2/event.h>

#include "base/bytes.h"
#include "base/list.h"

/* What a pipe takes at once. */
enum { PROCESS_INPUT_MAX = 4096 };
enum { PROCESS_ARGUMENTS_MAX = 32, PROCESS_KILL_AFTER_SECONDS = 5 };

struct process;
struct process_group; /* those of one loop */

struct process_settings {
    const char *const *arguments;   /* ends with NULL; copied by the kernel */
    const char *const *environment; /* the same */
    struct bytes input;             /* for standard input; copied; at most PROCESS_INPUT_MAX */
    unsigned time_limit_seconds;
    void *context;
    /* All optional but the last; a line is without its newline and unprintable bytes are '?'. */
    void (*on_line)(void *context, const char *line);
    void (*on_time_limit)(void *context);
    /* It has ended and is freed after this: its exit status, or 128 + signal. */
    void (*on_end)(void *context, int exit_status);
};

struct process_group *process_group_new(struct event_base *base);
/* Those that still run are left alone: nobody hears of them any more. */
void process_group_free(struct process_group *group);
/* After SIGCHLD. */
void process_group_reap(struct process_group *group);
size_t process_group_count(const struct process_group *group);
/* The name and the process id of one that runs, in the order of their starts; NULL past the last. */
const char *process_group_at(const struct process_group *group, size_t index, int *ret_pid);

/* 0, or errno; then nothing is called. */
int process_start(struct process_group *group, const struct process_settings *settings);

/* Splits a command at blanks; quotes keep blanks, a backslash keeps what follows it outside single quotes. In
 * place. Returns the number of words; out ends with NULL. */
size_t process_split_command(char *command, const char *out[static PROCESS_ARGUMENTS_MAX + 1]);

#endif
