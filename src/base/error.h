/*
 * Errors are values: a function that can fail takes a `struct error *` that may be NULL, fills it with a
 * reason the user can act on, and returns false (or NULL). Outputs are untouched on failure.
 */
#ifndef STYX_BASE_ERROR_H
#define STYX_BASE_ERROR_H

#include <stdbool.h>

#define ERROR_TEXT_SIZE 512

struct error {
    int code; /* meaning is the callee's: a whack message number, a notify type, 0 */
    char text[ERROR_TEXT_SIZE];
};

/* Fills *error (if not NULL) and returns false, so that `return error_set(...)` reads well. */
bool error_set(struct error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
