/* A connection of ipsec.conf as the control protocol takes it. */
#ifndef STYX_TOOLS_CONF_REQUEST_H
#define STYX_TOOLS_CONF_REQUEST_H

#include <jansson.h>

#include "config/conf_file.h"

/* Its options, keyword -> text; NULL with the reason. */
json_t *conf_request_options(const struct conf *conf, size_t index, struct error *error);
/* {"command": command, "name", "options" (taken), "origin": the file}. */
json_t *conf_request(const char *command, const char *name, json_t *options, const char *file);
/* The file as pluto remembers it: its whole path. Static. */
const char *conf_request_origin(const char *file);

#endif
