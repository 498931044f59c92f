/* ipsec.conf(5): text -> sections of keyword = value pairs with their places; also= and %default resolved on
 * demand. */
#ifndef STYX_CONFIG_CONF_FILE_H
#define STYX_CONFIG_CONF_FILE_H

#include "config/conf_lexer.h"
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

/* error.code of a connection that cannot be built: for a bad value of which conf_tell_faults() tells; because its
 * values, each for itself fine, do not go together. */
enum { CONF_BAD_VALUE = 1, CONF_NOT_TOGETHER = 2 };

/* One pair as it stands in a file. */
struct conf_option {
    const struct keyword *keyword;
    enum keyword_end end;
    const char *value;       /* quotes removed */
    struct conf_place place; /* of the value */
};

/*
 * Reads the file and its includes. NULL with the reason: FILE:LINE:COLUMN: what was found; expected ...; and
 * the line with a caret under the place; of several, all but the last go to `warnings`. Lines of an unknown
 * shape, unknown keywords and what is wrong in `config setup` spoil the file. A bad value spoils its section
 * only: a connection that has to do with it cannot be built. Whether a connection makes sense is found out
 * when it is built. `warnings` (may be NULL) is used during the call only.
 */
struct conf *conf_load(const struct file_reader *reader, const char *path,
                       const struct warning_sink *warnings, struct error *error);
void conf_free(struct conf *conf);

/* Tells of every bad value of every conn section; how many there are. */
size_t conf_tell_faults(const struct conf *conf, const struct warning_sink *sink);

/* Applies `config setup` to *setup. */
bool conf_apply_setup(const struct conf *conf, struct setup *setup, const struct warning_sink *warnings,
                      struct error *error);
const struct conf_option *conf_setup_options(const struct conf *conf, size_t *ret_count);
/* What it says of a keyword, or NULL: the first pair, values as written. */
const char *conf_setup_value(const struct conf *conf, const struct keyword *keyword);
/* Those pairs as lines "KEYWORD=VALUE", malloc'd; NULL: out of memory. */
char *conf_setup_text(const struct conf *conf);

/* Connections in the order of the file; %default is not one. */
size_t conf_conn_count(const struct conf *conf);
const char *conf_conn_name(const struct conf *conf, size_t index);
/* Where its header stands. */
struct conf_place conf_conn_place(const struct conf *conf, size_t index);
/* Whether the also= of another names it. */
bool conf_conn_is_taken_over(const struct conf *conf, size_t index);
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
/* The auto= in force, bad values of others notwithstanding. */
enum connection_auto conf_conn_auto(const struct conf *conf, size_t index);
/* Whether it lacks an end because it is there for the also= of others, or nobody asks to load it. A fault on
 * the way is for conf_conn_build() to tell. */
bool conf_conn_is_template(const struct conf *conf, size_t index);
/* Builds it; the reason starts with the place in the file. */
struct connection_spec *conf_conn_build(const struct conf *conf, size_t index,
                                        const struct warning_sink *warnings, struct error *error);

#endif
