/* --leak-detective: what the daemon still owns at its exit, by kind and count. */
#include <dirent.h>
#include <stdlib.h>

#include "daemon/daemon.h"
#include "engine/view.h"

size_t leaks_count_descriptors(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        closedir(folder);
    return count;
}

static unsigned leak(const char *kind, uint64_t count)
{
    if (count > 0)
        log_line("leak: %llu * %s", (unsigned long long)count, kind);
    return count > 0 ? 1 : 0;
}

struct leaks leaks_of_engine(const struct daemon *daemon)
{
    struct leaks leaks = {0};
    struct connection_view connection;
    struct ike_view ike;
    struct child_view child;
    const struct engine *engine = daemon->engine;
    if (engine == NULL)
        return leaks;
    for (uint64_t after = 0; engine_view_connection(engine, after, &connection); after = connection.serial)
        leaks.connections++;
    for (uint64_t after = 0; engine_view_ike(engine, after, &ike); after = ike.serial)
        leaks.ike_sas++;
    for (uint64_t after = 0; engine_view_child(engine, after, &child); after = child.serial)
        leaks.child_sas++;
    leaks.bytes = engine_view_totals(engine).bytes_owned - daemon->bytes_at_start;
    return leaks;
}

void leaks_report(const struct leaks *leaks)
{
    unsigned kinds = leak("connection", leaks->connections) + leak("IKE SA", leaks->ike_sas) +
                     leak("Child SA", leaks->child_sas) + leak("script", leaks->scripts) +
                     leak("descriptor", leaks->descriptors) +
                     leak("byte of the engine's memory", leaks->bytes);
    if (kinds == 0)
        log_line("leak detective found no leaks");
    else
        log_line("leak detective found leaks of %u kinds", kinds);
}
