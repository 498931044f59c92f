#include "daemon/private_keys.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

#include "base/text.h"
#include "daemon/daemon.h"
#include "engine/private_keys.h"
#include "pki/nss_database.h"
#include "pki/pem_keys.h"

enum { LINE_SIZE = 1024, LINES_MAX = 16, CLIENTS_STEP = 16 };

/* What the thread finds out. */
struct findings {
    struct private_keys *keys; /* NULL: they could not be read */
    char lines[LINES_MAX][LINE_SIZE];
    size_t line_count;
    size_t lines_left_out;
};

struct clients {
    uint64_t *list;
    size_t count;
};

struct key_loader {
    struct daemon *daemon;
    char *directory, *password_file, *pem_files;
    bool is_running;
    bool is_asked; /* for one more round */
    pthread_t thread;
    struct event *done;
    struct findings findings;    /* the thread's while it runs */
    struct clients now, waiting; /* of this round, and of the next one */
};

/* ---- on the thread ---- */

static void tell(void *context, const char *text)
{
    struct findings *findings = context;
    if (findings->line_count < LINES_MAX)
        snprintf(findings->lines[findings->line_count++], LINE_SIZE, "%s", text);
    else
        findings->lines_left_out++;
}

static bool add_keys(struct private_keys *table, struct host_keys *keys, const char *origin)
{
    bool is_added = true;
    for (size_t i = 0; i < keys->count; i++) {
        is_added = private_keys_add(table, keys->list[i], origin) && is_added;
        keys->list[i] = NULL;
    }
    return is_added;
}

static bool read_database(const struct key_loader *loader, struct private_keys *table,
                          const struct warning_sink *sink, struct error *error)
{
    const struct nss_password password = {.file = loader->password_file};
    struct host_keys keys = {0};
    char origin[LINE_SIZE];
    struct nss_database *database = nss_database_open(loader->directory, NSS_READ, &password, error);
    if (database == NULL)
        return false;
    snprintf(origin, sizeof(origin), "NSS database %s", loader->directory);
    bool is_read = nss_database_keys(database, &keys, sink, error);
    nss_database_close(database);
    if (is_read && !add_keys(table, &keys, origin))
        is_read = error_set(error, 0, "out of memory");
    host_keys_free(&keys);
    return is_read;
}

/* No database is no fault: most hosts have none. */
static bool read_database_if_any(const struct key_loader *loader, struct findings *findings,
                                 const struct warning_sink *sink)
{
    struct error error;
    char line[LINE_SIZE];
    bool is_there = nss_database_exists(loader->directory);
    bool is_read = is_there && read_database(loader, findings->keys, sink, &error);
    if (!is_there)
        snprintf(line, sizeof(line), "no NSS database in \"%s\": no private keys", loader->directory);
    else if (is_read)
        snprintf(line, sizeof(line), "loaded %zu private keys from the NSS database \"sql:%s\"",
                 private_keys_count(findings->keys), loader->directory);
    else
        snprintf(line, sizeof(line), "private keys are not read: %s", error.text);
    tell(findings, line);
    return is_read || !is_there;
}

static void take_pem_key(void *context, struct private_key *key, const char *path)
{
    struct findings *findings = context;
    char line[LINE_SIZE], ckaid[CKAID_HEX_SIZE];
    snprintf(line, sizeof(line), "loaded private key with CKAID %s from \"%s\"",
             ckaid_text(key->public_key->ckaid, ckaid), path);
    tell(findings, private_keys_add(findings->keys, key, path) ? line : "private keys: out of memory");
}

static void find_out(struct key_loader *loader)
{
    struct findings *findings = &loader->findings;
    const struct warning_sink sink = {tell, findings};
    *findings = (struct findings){.keys = private_keys_new()};
    if (findings->keys == NULL) {
        tell(findings, "private keys: out of memory");
        return;
    }
    bool is_read = read_database_if_any(loader, findings, &sink);
    pem_keys_read(loader->pem_files, take_pem_key, findings, &sink);
    if (is_read)
        return;
    private_keys_free(findings->keys);
    findings->keys = NULL;
}

static void *run(void *context)
{
    struct key_loader *loader = context;
    find_out(loader);
    event_active(loader->done, EV_READ, 0);
    return NULL;
}

/* ---- on the loop's thread ---- */

static void say(const struct key_loader *loader, const char *line)
{
    const struct clients *clients = &loader->now;
    int code = loader->findings.keys != NULL ? RC_LOG : RC_LOG_SERIOUS;
    log_text(line);
    for (size_t i = 0; i < clients->count; i++)
        control_line(loader->daemon->control, clients->list[i], code, line);
}

static void hand_over(struct key_loader *loader)
{
    struct findings *findings = &loader->findings;
    char line[LINE_SIZE];
    for (size_t i = 0; i < findings->line_count; i++)
        say(loader, findings->lines[i]);
    snprintf(line, sizeof(line), "%zu more lines on private keys are left out", findings->lines_left_out);
    if (findings->lines_left_out > 0)
        say(loader, line);
    bool is_read = findings->keys != NULL;
    if (is_read)
        engine_command(loader->daemon->engine,
                       &(struct command){.kind = COMMAND_PRIVATE_KEYS, .private_keys = findings->keys});
    findings->keys = NULL;
    for (size_t i = 0; i < loader->now.count; i++)
        control_finish(loader->daemon->control, loader->now.list[i], is_read ? 0 : RC_WHACK_PROBLEM);
    loader->now.count = 0;
}

static void start(struct key_loader *loader)
{
    struct clients next = loader->waiting;
    loader->waiting = loader->now;
    loader->now = next;
    loader->is_asked = false;
    loader->is_running = pthread_create(&loader->thread, NULL, run, loader) == 0;
    if (loader->is_running)
        return;
    loader->findings = (struct findings){0};
    tell(&loader->findings, "private keys are not read: no thread");
    hand_over(loader);
}

static void done(evutil_socket_t unused, short what, void *context)
{
    struct key_loader *loader = context;
    (void)unused;
    (void)what;
    pthread_join(loader->thread, NULL);
    loader->is_running = false;
    hand_over(loader);
    if (loader->is_asked)
        start(loader);
    daemon_rearm(loader->daemon);
}

static bool remember_client(struct clients *clients, uint64_t client)
{
    if (clients->count % CLIENTS_STEP == 0) {
        uint64_t *more = realloc(clients->list, (clients->count + CLIENTS_STEP) * sizeof(*more));
        if (more == NULL)
            return false;
        clients->list = more;
    }
    clients->list[clients->count++] = client;
    return true;
}

void key_loader_read(struct key_loader *loader, uint64_t client)
{
    if (client != 0 && !remember_client(&loader->waiting, client))
        control_finish(loader->daemon->control, client, RC_WHACK_PROBLEM);
    loader->is_asked = true;
    if (!loader->is_running)
        start(loader);
}

void key_loader_read_now(struct key_loader *loader)
{
    find_out(loader);
    hand_over(loader);
}

struct key_loader *key_loader_new(struct daemon *daemon)
{
    const struct setup *setup = daemon->options.setup;
    struct key_loader *loader = calloc(1, sizeof(*loader));
    char path[4096];
    if (loader == NULL)
        return NULL;
    snprintf(path, sizeof(path), "%s/nsspassword", setup->ipsecdir);
    loader->daemon = daemon;
    loader->directory = strdup(nss_directory(setup->nssdir));
    loader->password_file = strdup(path);
    snprintf(path, sizeof(path), "%s/private/*.pem", setup->ipsecdir);
    loader->pem_files = strdup(path);
    loader->done = event_new(daemon->base, -1, 0, done, loader);
    if (loader->directory != NULL && loader->password_file != NULL && loader->pem_files != NULL &&
        loader->done != NULL)
        return loader;
    key_loader_free(loader);
    return NULL;
}

void key_loader_free(struct key_loader *loader)
{
    if (loader == NULL)
        return;
    if (loader->is_running) {
        pthread_join(loader->thread, NULL);
        private_keys_free(loader->findings.keys);
    }
    if (loader->done != NULL)
        event_free(loader->done);
    free(loader->now.list);
    free(loader->waiting.list);
    free(loader->directory);
    free(loader->password_file);
    free(loader->pem_files);
    free(loader);
}
