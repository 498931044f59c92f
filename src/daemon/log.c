/*
 * The log: standard error, a file, or syslog. Lines are gathered and written at the end of each turn of the
 * loop, for a system call a line would cost more than the cryptography of some exchanges; and a flood of
 * them, which a peer can cause, is cut short.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

#include "daemon/daemon.h"
#include "daemon/hide_addresses.h"

enum {
    LINES_AT_ONCE = 100000, /* of what peers can cause: without a pause */
    LINES_A_SECOND = 1000,  /* that may be logged for ever */
    BUFFER_SIZE = 65536,
    LINE_SIZE = 2048
};

static struct {
    pthread_mutex_t lock; /* the data plane's threads log too */
    FILE *file;           /* NULL: syslog */
    struct event *flush;  /* NULL: the loop does not run, lines are written at once */
    bool has_time, is_gathering, hides_addresses, is_unlimited;
    int64_t allowance, lines_lost;
    time_t refilled_at;
} log_state = {.lock = PTHREAD_MUTEX_INITIALIZER, .allowance = LINES_AT_ONCE};

/* Nobody need read from a pipe by name: what does not go into it is lost, and pluto waits for nobody. */
static FILE *open_file(const char *path, bool appends)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISFIFO(status.st_mode))
        return fopen(path, appends ? "ae" : "we");
    int descriptor = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    return descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
}

bool log_open(const struct setup *setup, struct error *error)
{
    log_state.has_time = setup->logtime;
    log_state.hides_addresses = !setup->logip;
    log_state.is_unlimited = !setup->loglimit;
    if (setup->logstderr) {
        log_state.file = stderr;
    } else if (setup->logfile != NULL) {
        log_state.file = open_file(setup->logfile, setup->logappend);
        if (log_state.file == NULL)
            return error_set(error, 0, "cannot open log file \"%s\": %s", setup->logfile, strerror(errno));
    } else {
        openlog("pluto", LOG_PID, LOG_AUTHPRIV);
    }
    if (log_state.file != NULL)
        setvbuf(log_state.file, NULL, _IOFBF, BUFFER_SIZE);
    return true;
}

static void write_stamp(const struct timespec *now)
{
    static time_t second = -1;
    static char stamp[64];
    if (now->tv_sec != second) {
        struct tm local;
        second = now->tv_sec;
        localtime_r(&second, &local);
        strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", &local);
    }
    fprintf(log_state.file, "%s.%06ld: ", stamp, now->tv_nsec / 1000);
}

static void write_line(const struct timespec *now, const char *text)
{
    char hidden[LINE_SIZE];
    if (log_state.hides_addresses)
        text = hide_addresses(text, hidden, sizeof(hidden));
    if (log_state.file == NULL) {
        syslog(LOG_WARNING, "%s", text);
        return;
    }
    if (log_state.has_time)
        write_stamp(now);
    fputs(text, log_state.file);
    fputc('\n', log_state.file);
    if (log_state.flush == NULL) {
        fflush(log_state.file);
    } else if (!log_state.is_gathering) {
        log_state.is_gathering = true;
        event_active(log_state.flush, EV_TIMEOUT, 1);
    }
}

/* A token bucket; how many lines were lost is told when there is room again. */
static bool may_log(const struct timespec *now)
{
    int64_t seconds = now->tv_sec - log_state.refilled_at;
    if (seconds != 0) {
        log_state.refilled_at = now->tv_sec;
        log_state.allowance += seconds > 0 && seconds < 60 ? seconds * LINES_A_SECOND : LINES_AT_ONCE;
        if (log_state.allowance > LINES_AT_ONCE)
            log_state.allowance = LINES_AT_ONCE;
    }
    if (log_state.allowance == 0) {
        log_state.lines_lost++;
        return false;
    }
    log_state.allowance--;
    if (log_state.lines_lost > 0) {
        char line[96];
        snprintf(line, sizeof(line), "%lld log lines were suppressed", (long long)log_state.lines_lost);
        log_state.lines_lost = 0;
        write_line(now, line);
    }
    return true;
}

void log_text(const char *text)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    pthread_mutex_lock(&log_state.lock);
    write_line(&now, text);
    pthread_mutex_unlock(&log_state.lock);
}

void log_peer_text(const char *text)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    pthread_mutex_lock(&log_state.lock);
    if (log_state.is_unlimited || may_log(&now))
        write_line(&now, text);
    pthread_mutex_unlock(&log_state.lock);
}

void log_line(const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    log_text(line);
}

static void flush(evutil_socket_t unused, short what, void *context)
{
    (void)unused;
    (void)what;
    (void)context;
    pthread_mutex_lock(&log_state.lock);
    log_state.is_gathering = false;
    fflush(log_state.file);
    pthread_mutex_unlock(&log_state.lock);
}

void log_gather(struct event_base *base)
{
    if (log_state.file != NULL)
        log_state.flush = event_new(base, -1, 0, flush, NULL);
}

void log_gather_no_more(void)
{
    if (log_state.flush == NULL)
        return;
    event_free(log_state.flush);
    log_state.flush = NULL;
    fflush(log_state.file);
}

void log_close(void)
{
    if (log_state.file != NULL && log_state.file != stderr)
        fclose(log_state.file);
    log_state.file = NULL;
}
