/* The output of a program, for reports. */
#ifndef STYX_TOOLS_RUN_COMMAND_H
#define STYX_TOOLS_RUN_COMMAND_H

#include <stdio.h>

/* Runs it, both its outputs into a stream for the caller to read; it is ended when it takes longer than ten
 * seconds. NULL: it could not be started. The last word is NULL. */
FILE *run_command(const char *const *words);
/* Closes the stream; the exit status, 127 when there is no such program. */
int run_command_end(FILE *output);

#endif
