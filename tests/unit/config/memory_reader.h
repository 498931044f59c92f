/* Files that exist only in a test, and a sink that keeps the warnings. */
#ifndef STYX_TESTS_MEMORY_READER_H
#define STYX_TESTS_MEMORY_READER_H

#include "config/file_reader.h"
#include "config/warning.h"

struct memory_file {
    const char *path;
    const char *text;
    size_t size; /* 0: up to the terminator */
};

/* Ends with a row without path. */
struct memory_files {
    const struct memory_file *files;
};

struct file_reader memory_reader(struct memory_files *files);

struct kept_warnings {
    char text[4096];
    unsigned count;
};

struct warning_sink keep_warnings(struct kept_warnings *kept);

#endif
