/* See front_end.h. It stands beside pluto where both were built, and is PREFIX/sbin/ipsec to
 * PREFIX/libexec/ipsec/pluto. */
#include "daemon/front_end.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bytes.h"
#include "daemon/daemon.h"

const char *front_end_dir(void)
{
    static const char *const places[] = {".", "../../sbin"};
    static char found[PATH_MAX];
    char folder[PATH_MAX - 8], program[PATH_MAX];
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        snprintf(folder, sizeof(folder), "%s/%s", daemon_exec_dir(), places[i]);
        snprintf(program, sizeof(program), "%s/ipsec", folder);
        if (access(program, X_OK) == 0 && realpath(folder, found) != NULL)
            return found;
    }
    return "";
}
