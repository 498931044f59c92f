/* --optionsfrom FILE: arguments that are kept in a file, put in the place of the option. */
#ifndef STYX_CONFIG_ARGUMENT_FILE_H
#define STYX_CONFIG_ARGUMENT_FILE_H

#include <stddef.h>

#include "base/error.h"

#define ARGUMENT_FILE_DEPTH_MAX 10 /* files that name files */
#define ARGUMENT_COUNT_MAX 10000

/* A command line after expansion. */
struct argument_list {
    char **words; /* malloc'd, each word too; NULL-terminated */
    size_t count;
};

/*
 * Copies argv, replacing each "--optionsfrom FILE" (or --optionsfrom=FILE) by the words of FILE: separated by
 * blanks and line ends; '...' and "..." keep blanks; a line that starts with # is a comment.
 */
bool argument_list_expand(struct argument_list *list, int argc, char **argv, struct error *error);
void argument_list_free(struct argument_list *list);

#endif
