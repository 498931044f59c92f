/* Going into the background: see background.h. */
#include "daemon/background.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int cannot_leave(int status)
{
    fprintf(stderr, "pluto: cannot go into the background: %s\n", strerror(errno));
    return status;
}

int background_detach(int *ret_ready)
{
    int ends[2];
    uint8_t status;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return cannot_leave(1);
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        close(ends[0]);
        *ret_ready = ends[1];
        return -1;
    }
    if (pid < 0)
        return cannot_leave(3);
    close(ends[1]);
    return read(ends[0], &status, 1) == 1 ? status : 1;
}

void background_tell_parent(int ready, int status)
{
    uint8_t byte = (uint8_t)status;
    if (ready < 0)
        return;
    (void)!write(ready, &byte, 1);
    close(ready);
}

void background_leave_terminal(bool keeps_errors)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    if (!keeps_errors)
        dup2(null, STDERR_FILENO);
    close(null);
}
