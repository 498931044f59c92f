/* The log: standard error, a file, or syslog. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "daemon/daemon.h"

static struct {
    FILE *file; /* NULL: syslog */
    bool has_time;
} log_state;

bool log_open(const struct setup *setup, struct error *error)
{
    log_state.has_time = setup->logtime;
    if (setup->logstderr) {
        log_state.file = stderr;
    } else if (setup->logfile != NULL) {
        log_state.file = fopen(setup->logfile, setup->logappend ? "ae" : "we");
        if (log_state.file == NULL)
            return error_set(error, 0, "cannot open log file \"%s\": %s", setup->logfile, strerror(errno));
    } else {
        openlog("pluto", LOG_PID, LOG_AUTHPRIV);
    }
    if (log_state.file != NULL)
        setvbuf(log_state.file, NULL, _IOLBF, 0);
    return true;
}

void log_text(const char *text)
{
    if (log_state.file == NULL) {
        syslog(LOG_WARNING, "%s", text);
        return;
    }
    if (log_state.has_time) {
        struct timespec now;
        struct tm local;
        char stamp[64];
        clock_gettime(CLOCK_REALTIME, &now);
        localtime_r(&now.tv_sec, &local);
        strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", &local);
        fprintf(log_state.file, "%s.%06ld: %s\n", stamp, now.tv_nsec / 1000, text);
    } else {
        fprintf(log_state.file, "%s\n", text);
    }
}

void log_line(const char *format, ...)
{
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    log_text(line);
}

void log_close(void)
{
    if (log_state.file != NULL && log_state.file != stderr)
        fclose(log_state.file);
    log_state.file = NULL;
}
