/* Shared by the parts of the reader of ipsec.conf(5): conf_file.c, conf_conn.c. */
#ifndef STYX_CONFIG_CONF_DETAIL_H
#define STYX_CONFIG_CONF_DETAIL_H

#include "base/hash_table.h"
#include "config/conf_file.h"
#include "config/conf_lexer.h"

struct conf_section {
    struct hash_node by_name;
    const char *name;
    size_t index;            /* in conf.conns */
    struct conf_place place; /* of the name */
    struct conf_option *options;
    size_t option_count, option_capacity;
    uint64_t visits[2]; /* the look-up that saw it last, as it is and with the ends exchanged */
};

struct conf {
    struct arena *arena; /* texts, sections, sources */
    struct conf_source *sources;
    size_t source_count;
    struct conf_section setup, defaults;
    struct conf_section **conns;
    size_t conn_count, conn_capacity;
    struct hash_table conns_by_name;
    uint64_t *visit; /* number of the look-up, for conf_section.visits */
};

/* NULL: none. */
struct conf_section *conf_section_find(const struct conf *conf, const char *name);
/* Where an option's value is; `byte` of it, or 0. */
struct conf_place conf_option_place(const struct conf *conf, const struct conf_option *option, int byte);

#endif
