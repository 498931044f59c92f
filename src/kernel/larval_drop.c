/* net.core.xfrm_larval_drop of the network namespace. Where there is no such thing, nothing happens. */
#include "kernel/larval_drop.h"

#include <fcntl.h>
#include <unistd.h>

#define LARVAL_DROP "/proc/sys/net/core/xfrm_larval_drop"

static bool write_larval_drop(char value)
{
    int fd = open(LARVAL_DROP, O_RDWR | O_CLOEXEC);
    char former = value;
    bool has_changed =
        fd >= 0 && read(fd, &former, 1) == 1 && former != value && pwrite(fd, &value, 1, 0) == 1;
    if (fd >= 0)
        close(fd);
    return has_changed;
}

bool larval_drop_end(void)
{
    return write_larval_drop('0');
}

void larval_drop_resume(void)
{
    (void)write_larval_drop('1');
}
