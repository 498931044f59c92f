/*
 * ipsec.secrets(5) -> struct secrets: pre-shared keys, XAUTH passwords and PPKs. An entry with a fault, or of
 * another kind, is told of and left out; the others stay. No text of a secret is ever part of an error or a
 * warning.
 */
#ifndef STYX_CONFIG_SECRETS_FILE_H
#define STYX_CONFIG_SECRETS_FILE_H

#include "config/file_reader.h"
#include "config/warning.h"
#include "engine/secrets.h"

/*
 * Reads every file that `pattern` (a path, or a glob) matches, includes followed, in order. What is left out
 * goes to `warnings` as FILE:LINE:COLUMN: what was found; what was expected, and is counted in *ret_left_out
 * (may be NULL). On failure, when a file cannot be read, NULL with the reason. No match of a plain path is a
 * failure, of a glob is not.
 */
struct secrets *secrets_file_load(const struct file_reader *reader, const char *pattern,
                                  const struct warning_sink *warnings, size_t *ret_left_out,
                                  struct error *error);

#endif
