/* ipsec.conf(5): text -> sections of keyword = value pairs with their places; also= and %default resolved on
 * demand. */
#ifndef STYX_CONFIG_CONF_FILE_H
#define STYX_CONFIG_CONF_FILE_H

#include "config/file_reader.h"
#include "config/keyword.h"
#include "config/setup.h"
#include "config/spec_build.h"

enum {
    CONF_LINE_SIZE_MAX = 16384,
    CONF_INCLUDE_DEPTH_MAX = 10,
    CONF_ALSO_DEPTH_MAX = 32,
    CONF_NAME_SIZE_MAX = 255,
};

struct conf;

/* One pair as it stands in a file. */
struct conf_option {
    const struct keyword *keyword;
    enum keyword_end end;
    const char *value; /* quotes removed */
    const char *file;
    uint32_t line;
    uint16_t column; /* of the value, from 1 */
};

/*
 * Reads the file and its includes. NULL with the reason: FILE:LINE:COLUMN: what was found; expected ...; and
 * the line with a caret under the place. Unknown words and malformed numbers anywhere are errors; whether a
 * connection makes sense is found out when it is built. `warnings` (may be NULL) is used during the call
 * only.
 */
struct conf *conf_load(const struct file_reader *reader, const char *path,
                       const struct warning_sink *warnings, struct error *error);
void conf_free(struct conf *conf);

/* Applies `config setup` to *setup. */
bool conf_apply_setup(const struct conf *conf, struct setup *setup, const struct warning_sink *warnings,
                      struct error *error);
const struct conf_option *conf_setup_options(const struct conf *conf, size_t *ret_count);

/* Connections in the order of the file; %default is not one. */
size_t conf_conn_count(const struct conf *conf);
const char *conf_conn_name(const struct conf *conf, size_t index);
/* By name; false: none. */
bool conf_conn_find(const struct conf *conf, const char *name, size_t *ret_index);
/* By an alias (connalias=), starting at *index; false: no further. */
bool conf_conn_find_alias(const struct conf *conf, const char *alias, size_t *index);

/*
 * The connection's pairs after %default and also=, one for each keyword, in the order of the table; malloc'd
 * array, values borrowed from conf. NULL: the reason (also= names nothing, loops, is too deep).
 */
struct conf_option *conf_conn_options(const struct conf *conf, size_t index, size_t *ret_count,
                                      struct error *error);
/* The auto= in force. */
enum connection_auto conf_conn_auto(const struct conf *conf, size_t index);
/* Builds it; the reason starts with the place in the file. */
struct connection_spec *conf_conn_build(const struct conf *conf, size_t index,
                                        const struct warning_sink *warnings, struct error *error);

#endif
