#include "tools/run_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIME_LIMIT_SECONDS = 10, EXIT_NO_PROGRAM = 127 };

static pid_t running; /* one at a time */

static void become(const char *const *words, int output)
{
    int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    alarm(TIME_LIMIT_SECONDS);
    execvp(words[0], (char *const *)(uintptr_t)words);
    _exit(EXIT_NO_PROGRAM);
}

FILE *run_command(const char *const *words)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    fflush(NULL);
    running = fork();
    if (running == 0)
        become(words, ends[1]);
    close(ends[1]);
    FILE *output = running > 0 ? fdopen(ends[0], "r") : NULL;
    if (output == NULL)
        close(ends[0]);
    return output;
}

int run_command_end(FILE *output)
{
    int status = 0;
    fclose(output);
    while (waitpid(running, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_NO_PROGRAM;
}
