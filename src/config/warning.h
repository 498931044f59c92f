/* Where the readers of configuration tell of what they accept but the user should know. */
#ifndef STYX_CONFIG_WARNING_H
#define STYX_CONFIG_WARNING_H

struct warning_sink {
    void (*warn)(void *context, const char *text); /* no newline at its end; may be NULL */
    void *context;
};

void warning_send(const struct warning_sink *sink, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
