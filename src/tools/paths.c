#include "tools/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

const char *paths_ipsec(void)
{
    static char path[PATH_SIZE];
    ssize_t size = path[0] ? 0 : readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (size > 0)
        path[size] = '\0';
    return path;
}

/* PREFIX/sbin/ipsec -> PREFIX/libexec/ipsec; build/ipsec -> build. */
const char *paths_exec_dir(void)
{
    static char path[PATH_SIZE];
    char pluto[PATH_SIZE + 32];
    const char *named = getenv("IPSEC_EXECDIR");
    if (named != NULL && named[0] != '\0')
        return named;
    if (path[0] != '\0')
        return path;
    snprintf(path, sizeof(path), "%s", paths_ipsec());
    char *slash = strrchr(path, '/');
    if (slash != NULL)
        *slash = '\0';
    static const char *const candidates[] = {"", "/src/daemon", "/../libexec/ipsec"};
    for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
        snprintf(pluto, sizeof(pluto), "%s%s/pluto", path, candidates[i]);
        if (access(pluto, X_OK) == 0) {
            strncat(path, candidates[i], sizeof(path) - strlen(path) - 1);
            break;
        }
    }
    return path;
}

const char *paths_pluto(void)
{
    static char path[PATH_SIZE + 16];
    snprintf(path, sizeof(path), "%s/pluto", paths_exec_dir());
    return path;
}

const char *paths_config_file(void)
{
    const char *named = getenv("IPSEC_CONF");
    return named != NULL && named[0] != '\0' ? named : "/etc/ipsec.conf";
}
