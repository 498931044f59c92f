/* The "options" of an add: keyword -> text, exactly as in a conn of ipsec.conf(5). */
#ifndef STYX_CONTROL_SPEC_REQUEST_H
#define STYX_CONTROL_SPEC_REQUEST_H

#include <jansson.h>

#include "config/warning.h"
#include "engine/connection_spec.h"

/*
 * Builds the connection, which remembers its options and `origin` (the file that they stand in, or NULL).
 * NULL with the reason; error->code is then RC_BADWHACKMESSAGE for what is no text at all, else RC_FATAL.
 */
struct connection_spec *spec_of_request(const char *name, const json_t *options, const json_t *origin,
                                        const struct warning_sink *warnings, struct error *error);

#endif
