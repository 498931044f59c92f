/*
 * ipsec.secrets(5) -> struct secrets. Pre-shared keys are taken; RSA, XAUTH, PPKS, PIN and NULL entries are
 * recognised and left out with a warning. No text of a secret is ever part of an error or a warning.
 */
#ifndef STYX_CONFIG_SECRETS_FILE_H
#define STYX_CONFIG_SECRETS_FILE_H

#include "config/file_reader.h"
#include "config/warning.h"
#include "engine/secrets.h"

/*
 * Reads every file that `pattern` (a path, or a glob) matches, includes followed, in order. On failure NULL,
 * the reason being FILE:LINE:COLUMN: what was found; what was expected. No match of a plain path is an error,
 * of a glob is not.
 */
struct secrets *secrets_file_load(const struct file_reader *reader, const char *pattern,
                                  const struct warning_sink *warnings, struct error *error);

#endif
