/* A log file for each peer: see peer_log.h. */
#include "daemon/peer_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "daemon/daemon.h"
#include "engine/view.h"

enum { PATH_SIZE = 512 };

struct open_file {
    struct ip_address peer;
    FILE *file; /* NULL: the slot is free */
    uint64_t last_used;
};

struct peer_log {
    char *base;
    uint64_t clock;
    bool has_complained;
    struct open_file files[PEER_LOG_OPEN_MAX];
};

struct peer_log *peer_log_new(const char *base)
{
    struct peer_log *log = calloc(1, sizeof(*log));
    if (log != NULL && (log->base = strdup(base)) == NULL) {
        free(log);
        return NULL;
    }
    return log;
}

void peer_log_free(struct peer_log *log)
{
    if (log == NULL)
        return;
    for (size_t i = 0; i < PEER_LOG_OPEN_MAX; i++)
        if (log->files[i].file != NULL)
            fclose(log->files[i].file);
    free(log->base);
    free(log);
}

struct ip_address peer_log_owner(const struct engine *engine, const struct report *report)
{
    struct connection_view connection;
    struct ike_view ike;
    if (report->connection == NULL)
        return (struct ip_address){0};
    if (report->ike_serial != 0 && engine_view_ike_at(engine, report->ike_serial, &ike) && ike.is_established)
        return ike.path.remote.address;
    if (engine_view_connection_named(engine, report->connection, &connection))
        return connection.remote.address;
    return (struct ip_address){0};
}

/* BASE/192/0/2/1/192.0.2.1.log */
static void path_of(const struct peer_log *log, const struct ip_address *peer, char path[static PATH_SIZE])
{
    char name[ADDRESS_TEXT_SIZE], folders[ADDRESS_TEXT_SIZE];
    address_text(peer, name);
    memcpy(folders, name, sizeof(folders));
    for (char *at = folders; *at != '\0'; at++)
        if (*at == '.' || *at == ':')
            *at = '/';
    snprintf(path, PATH_SIZE, "%.400s/%s/%s.log", log->base, folders, name);
}

static void make_folders(char *path)
{
    for (char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(path, 0700); /* what fails shows when the file is opened */
        *at = '/';
    }
}

static FILE *open_log(struct peer_log *log, const struct ip_address *peer)
{
    char path[PATH_SIZE];
    path_of(log, peer, path);
    make_folders(path);
    FILE *file = fopen(path, "ae");
    if (file == NULL && !log->has_complained)
        log_line("cannot open the log file \"%s\" of a peer: %s", path, strerror(errno));
    log->has_complained = file == NULL;
    return file;
}

static struct open_file *slot_of(struct peer_log *log, const struct ip_address *peer)
{
    struct open_file *oldest = &log->files[0];
    for (size_t i = 0; i < PEER_LOG_OPEN_MAX; i++) {
        struct open_file *slot = &log->files[i];
        if (slot->file != NULL && address_equal(&slot->peer, peer))
            return slot;
        if (slot->last_used < oldest->last_used)
            oldest = slot;
    }
    if (oldest->file != NULL)
        fclose(oldest->file);
    oldest->peer = *peer;
    oldest->file = open_log(log, peer);
    return oldest;
}

void peer_log_write(struct peer_log *log, const struct ip_address *peer, const char *line)
{
    char stamp[64];
    struct tm local;
    time_t now = time(NULL);
    if (log == NULL || !address_is_set(peer))
        return;
    struct open_file *slot = slot_of(log, peer);
    slot->last_used = ++log->clock;
    if (slot->file == NULL)
        return;
    localtime_r(&now, &local);
    strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", &local);
    fprintf(slot->file, "%s: %s\n", stamp, line);
    fflush(slot->file);
}
