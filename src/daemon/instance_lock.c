/*
 * The lock that outlives the run directory: an abstract socket (unix(7)) named after the pid file, one in
 * each network namespace, for it is there that two of them would fight. Anybody may make such a socket, so
 * only one of the superuser's, or of our own user's, counts.
 */
#include <errno.h>
#include <libgen.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/hash_table.h"
#include "daemon/daemon.h"

enum { BACKLOG = 4096 }; /* those who were refused stay in it */

static int lock_socket = -1; /* held for the life of the process; inherited over fork */

/* The same for every way to write the path, also when what it names was made anew meanwhile. */
static uint64_t number_of_path(const char *path)
{
    static const uint8_t key[16];
    char folder[4096], whole[8192];
    snprintf(folder, sizeof(folder), "%s", path);
    char *real = realpath(dirname(folder), NULL);
    const char *slash = strrchr(path, '/');
    snprintf(whole, sizeof(whole), "%s/%s", real != NULL ? real : folder, slash != NULL ? slash + 1 : path);
    free(real);
    return hash_bytes(key, bytes_of(whole, strlen(whole)));
}

static socklen_t name_socket(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int size = snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "styx-pluto-%016llx",
                        (unsigned long long)number_of_path(path));
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
}

/* Who listens there; 0: nobody, or nobody who has a say. */
static pid_t holder(const struct sockaddr_un *address, socklen_t address_size)
{
    struct ucred peer = {0};
    socklen_t size = sizeof(peer);
    int asking = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_held = asking >= 0 && connect(asking, (const struct sockaddr *)address, address_size) == 0 &&
                   getsockopt(asking, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
                   (peer.uid == 0 || peer.uid == geteuid());
    if (asking >= 0)
        close(asking);
    return is_held ? peer.pid : 0;
}

pid_t instance_lock_take(const char *path)
{
    struct sockaddr_un address;
    socklen_t size = name_socket(path, &address);
    lock_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (lock_socket < 0)
        return 0;
    if (bind(lock_socket, (struct sockaddr *)&address, size) == 0 && listen(lock_socket, BACKLOG) == 0)
        return 0;
    pid_t other = errno == EADDRINUSE ? holder(&address, size) : 0;
    close(lock_socket);
    lock_socket = -1;
    return other;
}

void instance_lock_release(void)
{
    if (lock_socket >= 0)
        close(lock_socket);
    lock_socket = -1;
}

/* The kernel notes anew who listens. */
void instance_lock_name_holder(void)
{
    if (lock_socket >= 0)
        (void)listen(lock_socket, BACKLOG);
}
