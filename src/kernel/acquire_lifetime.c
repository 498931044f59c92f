/* net.core.xfrm_acq_expires of the network namespace. */
#include "kernel/acquire_lifetime.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ACQUIRE_EXPIRES "/proc/sys/net/core/xfrm_acq_expires"

unsigned acquire_lifetime_set(unsigned seconds)
{
    char text[16] = "";
    int fd = seconds != 0 ? open(ACQUIRE_EXPIRES, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    unsigned former = read(fd, text, sizeof(text) - 1) > 0 ? (unsigned)strtoul(text, NULL, 10) : 0;
    int size = snprintf(text, sizeof(text), "%u", seconds);
    bool has_changed = former != seconds && pwrite(fd, text, (size_t)size, 0) == size;
    close(fd);
    return has_changed ? former : 0;
}
