/*
 * Whether the password of an XAUTH user is right: crypt(3) is slow on purpose, so the password file is read
 * and its hashes are tried on a thread of its own; PAM, which may wait for whom it likes, runs in a program
 * of its own that is ended when it takes too long.
 */
#include <crypt.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/secret.h"
#include "config/file_reader.h"
#include "config/passwd_file.h"
#include "daemon/daemon.h"
#include "daemon/process.h"

enum {
    WAITING_MAX = 256,
    PROGRAMS_MAX = 256,
    PATH_SIZE = 4096,
    TEXT_SIZE = 256,
    PAM_SECONDS = 60,
    ENTRIES_TRIED_MAX = 16
};

/* Nobody's: tried where there is no entry, so that the time tells nothing of who is in the file. */
#define NOBODYS_SETTING "$6$nobody"

struct login {
    struct login *next;
    struct list_node in_program;
    struct logins *logins;
    struct login_result result;
    char user[TEXT_SIZE], password[TEXT_SIZE], connection[TEXT_SIZE];
};

struct login_list {
    struct login *first, **end;
};

struct logins {
    struct daemon *daemon;
    char path[PATH_SIZE];
    pthread_t thread;
    bool has_thread, is_stopping;
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    struct login_list waiting, finished;
    struct list_node in_programs; /* PAM's */
    size_t waiting_count;
    size_t program_count; /* of PAM's that run */
    int descriptor;       /* eventfd: something is finished */
    struct event *event;
};

static void push(struct login_list *list, struct login *login)
{
    login->next = NULL;
    *list->end = login;
    list->end = &login->next;
}

static struct login *take(struct login_list *list)
{
    struct login *first = list->first;
    if (first == NULL)
        return NULL;
    list->first = first->next;
    if (list->first == NULL)
        list->end = &list->first;
    return first;
}

static void free_login(struct login *login)
{
    secret_free(login, sizeof(*login));
}

static void answer(struct daemon *daemon, struct login *login)
{
    engine_login_checked(daemon->engine, &login->result);
    free_login(login);
}

static void __attribute__((format(printf, 2, 3))) refuse(struct login *login, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(login->result.reason, sizeof(login->result.reason), format, arguments);
    va_end(arguments);
}

/* ---- the password file ---- */

static bool is_hash_of(const char *password, const char *hash, struct crypt_data *work)
{
    /* Not crypt_r(): sanitizers put a function of their own before that, and libcrypt is no longer linked. */
    const char *made = crypt_rn(password, hash, work, sizeof(*work));
    size_t size = strlen(hash);
    return made != NULL && made[0] != '*' && strlen(made) == size &&
           secret_equal((const uint8_t *)made, (const uint8_t *)hash, size);
}

static void check_entries(struct login *login, const char *text, struct crypt_data *work)
{
    struct passwd_walk walk = {.at = text};
    struct passwd_entry entry;
    struct error error = {0};
    unsigned tried = 0;
    refuse(login, "Incorrect Username or Password");
    while (!login->result.is_right && tried < ENTRIES_TRIED_MAX &&
           passwd_file_next(&walk, login->user, login->connection, &entry, &error)) {
        tried++;
        login->result.is_right = is_hash_of(login->password, entry.hash, work);
        login->result.address = entry.address;
        login->result.is_for_one = entry.is_for_one;
    }
    if (tried == 0)
        is_hash_of(login->password, NOBODYS_SETTING, work);
    if (!login->result.is_right && error.code != 0)
        refuse(login, "%.60s:%d: %.80s", login->logins->path, error.code, error.text);
    secret_wipe(&entry, sizeof(entry));
}

static void check_file(struct login *login)
{
    size_t size;
    struct error error;
    struct crypt_data *work = calloc(1, sizeof(*work));
    char *text = file_reader_system.read(file_reader_system.context, login->logins->path, &size, &error);
    if (text == NULL)
        refuse(login, "%.150s", error.text);
    else if (work != NULL)
        check_entries(login, text, work);
    if (text != NULL)
        secret_free(text, size);
    secret_free(work, sizeof(*work));
}

static void *work(void *context)
{
    struct logins *logins = context;
    pthread_mutex_lock(&logins->lock);
    for (;;) {
        while (logins->waiting.first == NULL && !logins->is_stopping)
            pthread_cond_wait(&logins->wanted, &logins->lock);
        if (logins->is_stopping)
            break;
        struct login *login = take(&logins->waiting);
        pthread_mutex_unlock(&logins->lock);
        check_file(login);
        pthread_mutex_lock(&logins->lock);
        push(&logins->finished, login);
        logins->waiting_count--;
        eventfd_write(logins->descriptor, 1);
    }
    pthread_mutex_unlock(&logins->lock);
    return NULL;
}

static void collect(evutil_socket_t descriptor, short what, void *context)
{
    struct logins *logins = context;
    eventfd_t count;
    (void)what;
    if (eventfd_read(descriptor, &count) < 0)
        return;
    for (;;) {
        pthread_mutex_lock(&logins->lock);
        struct login *login = take(&logins->finished);
        pthread_mutex_unlock(&logins->lock);
        if (login == NULL)
            break;
        answer(logins->daemon, login);
    }
    daemon_rearm(logins->daemon);
}

static void submit_to_thread(struct logins *logins, struct login *login)
{
    pthread_mutex_lock(&logins->lock);
    bool has_room = logins->waiting_count < WAITING_MAX;
    if (has_room && !logins->has_thread)
        has_room = logins->has_thread = pthread_create(&logins->thread, NULL, work, logins) == 0;
    if (!has_room) {
        refuse(login, "too many users log in at once");
        push(&logins->finished, login);
        eventfd_write(logins->descriptor, 1);
    } else {
        push(&logins->waiting, login);
        logins->waiting_count++;
        pthread_cond_signal(&logins->wanted);
    }
    pthread_mutex_unlock(&logins->lock);
}

/* ---- PAM ---- */

static void pam_said(void *context, const char *line)
{
    refuse(context, "PAM: %.140s", line);
}

static void pam_took_too_long(void *context)
{
    refuse(context, "PAM gave no answer within %d seconds", PAM_SECONDS);
}

static void pam_ended(void *context, int exit_status)
{
    struct login *login = context;
    login->logins->program_count--;
    list_remove(&login->in_program);
    login->result.is_right = exit_status == 0;
    answer(login->logins->daemon, login);
}

/* Refused before anything is asked, but not before the engine has ended its turn. */
static void answer_later(struct logins *logins, struct login *login)
{
    pthread_mutex_lock(&logins->lock);
    push(&logins->finished, login);
    eventfd_write(logins->descriptor, 1);
    pthread_mutex_unlock(&logins->lock);
}

/* What the program reads: user, peer and password, each with a terminating zero. */
static void start_pam(struct logins *logins, struct login *login, const struct ip_address *peer)
{
    char path[PATH_SIZE], address[ADDRESS_TEXT_SIZE], input[3 * TEXT_SIZE];
    const char *const arguments[] = {path, NULL};
    const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
    const char *const parts[] = {login->user, address_text(peer, address), login->password};
    size_t size = 0;
    if (logins->program_count >= PROGRAMS_MAX) {
        refuse(login, "too many users log in at once");
        answer_later(logins, login);
        return;
    }
    snprintf(path, sizeof(path), "%s/_pamlogin", daemon_exec_dir());
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        memcpy(input + size, parts[i], strlen(parts[i]) + 1);
        size += strlen(parts[i]) + 1;
    }
    refuse(login, "PAM refuses the user");
    int failure = process_start(logins->daemon->processes, &(struct process_settings){
                                                               .arguments = arguments,
                                                               .environment = environment,
                                                               .input = bytes_of(input, size),
                                                               .time_limit_seconds = PAM_SECONDS,
                                                               .context = login,
                                                               .on_line = pam_said,
                                                               .on_time_limit = pam_took_too_long,
                                                               .on_end = pam_ended,
                                                           });
    secret_wipe(input, sizeof(input));
    if (failure == 0) {
        logins->program_count++;
        list_append(&logins->in_programs, &login->in_program);
        return;
    }
    refuse(login, "cannot run %.80s: %.50s", path, strerror(failure));
    answer_later(logins, login);
}

/* ---- the interface ---- */

void logins_check(struct logins *logins, const struct login_request *request)
{
    struct login *login = calloc(1, sizeof(*login));
    if (login == NULL)
        return;
    login->logins = logins;
    login->result.request_id = request->request_id;
    login->result.ike_serial = request->ike_serial;
    login->result.by = request->by;
    snprintf(login->user, sizeof(login->user), "%s", request->user);
    snprintf(login->password, sizeof(login->password), "%s", request->password);
    snprintf(login->connection, sizeof(login->connection), "%s", request->connection);
    if (request->by == XAUTHBY_PAM)
        start_pam(logins, login, &request->peer);
    else
        submit_to_thread(logins, login);
}

struct logins *logins_new(struct daemon *daemon)
{
    struct logins *logins = calloc(1, sizeof(*logins));
    const char *folder = daemon->options.setup->ipsecdir;
    if (logins == NULL)
        return NULL;
    logins->daemon = daemon;
    snprintf(logins->path, sizeof(logins->path), "%s/passwd", folder ? folder : "/etc/ipsec.d");
    list_init(&logins->in_programs);
    logins->waiting.end = &logins->waiting.first;
    logins->finished.end = &logins->finished.first;
    pthread_mutex_init(&logins->lock, NULL);
    pthread_cond_init(&logins->wanted, NULL);
    logins->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    logins->event = event_new(daemon->base, logins->descriptor, EV_READ | EV_PERSIST, collect, logins);
    event_add(logins->event, NULL);
    return logins;
}

void logins_free(struct logins *logins)
{
    struct login *login;
    if (logins == NULL)
        return;
    pthread_mutex_lock(&logins->lock);
    logins->is_stopping = true;
    pthread_cond_signal(&logins->wanted);
    pthread_mutex_unlock(&logins->lock);
    if (logins->has_thread)
        pthread_join(logins->thread, NULL);
    while ((login = take(&logins->waiting)) != NULL || (login = take(&logins->finished)) != NULL)
        free_login(login);
    LIST_EACH(&logins->in_programs, node)
    {
        free_login(CONTAINER_OF(node, struct login, in_program));
    }
    event_free(logins->event);
    close(logins->descriptor);
    pthread_cond_destroy(&logins->wanted);
    pthread_mutex_destroy(&logins->lock);
    free(logins);
}
