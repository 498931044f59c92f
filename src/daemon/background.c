/* Going into the background: see background.h. */
#include "daemon/background.h"

#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

int background_detach(int *ret_ready)
{
    int ends[2];
    uint8_t status;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        close(ends[0]);
        *ret_ready = ends[1];
        return -1;
    }
    close(ends[1]);
    if (pid < 0 || read(ends[0], &status, 1) != 1)
        return pid < 0 ? 3 : 1;
    return status;
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
