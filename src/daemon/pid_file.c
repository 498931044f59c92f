/* The lock against a second pluto: the file names a process and is locked by it; one whose process is gone is
 * stale. Whoever removes the file or its folder does not open the way for a second one: see instance_lock.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/daemon.h"

static int lock_descriptor = -1; /* held for the life of the process; inherited over fork */

static int lock_file(const char *path)
{
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) {
        fprintf(stderr, "pluto: cannot create pid file \"%s\": %s%s\n", path, strerror(errno),
                errno == EACCES ? "; pluto is started by root" : "");
        return 1;
    }
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        char text[32] = "";
        ssize_t size = read(descriptor, text, sizeof(text) - 1);
        text[size > 0 ? size : 0] = '\0';
        text[strcspn(text, "\n")] = '\0';
        fprintf(stderr, "pluto: lock file \"%s\" already exists: pluto is running as process %s\n", path,
                text);
        close(descriptor);
        return EXIT_LOCKED;
    }
    struct stat status;
    if (fstat(descriptor, &status) == 0 &&
        status.st_nlink == 0) { /* its owner ended just now and removed it */
        close(descriptor);
        return lock_file(path);
    }
    lock_descriptor = descriptor;
    return 0;
}

int pid_file_take(const char *path)
{
    int status = lock_file(path);
    pid_t other = status == 0 ? instance_lock_take(path) : 0;
    if (other == 0)
        return status;
    fprintf(
        stderr,
        "pluto: pluto is running as process %d, although its lock file \"%s\" was removed: end it first\n",
        (int)other, path);
    unlink(path); /* ours: it would seem to be the other's */
    return EXIT_LOCKED;
}

static void write_number(const char *path)
{
    char text[32];
    int size = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    if (ftruncate(lock_descriptor, 0) != 0 || pwrite(lock_descriptor, text, (size_t)size, 0) != size)
        fprintf(stderr, "pluto: cannot write pid file \"%s\": %s\n", path, strerror(errno));
}

void pid_file_write(const char *path)
{
    instance_lock_name_holder();
    write_number(path);
}

/* Whoever starts when the file is gone need not wait until this process is. */
void pid_file_remove(const char *path)
{
    unlink(path);
    instance_lock_release();
}

void pid_file_restore(const char *path)
{
    int former = lock_descriptor;
    if (access(path, F_OK) == 0 || lock_file(path) != 0)
        return;
    close(former);
    write_number(path);
}
