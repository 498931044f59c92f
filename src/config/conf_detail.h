/* Shared by the parts of the reader of ipsec.conf(5), conf_*.c. */
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
    const char *fault;  /* what is wrong with a line of it, or NULL; it cannot be used then */
    bool is_taken_over; /* by the also= of another */
    uint64_t visits[2]; /* the look-up that saw it last, as it is and with the ends exchanged */
};

struct conf_fault {
    struct conf_fault *next;
    const char *text;
};

struct conf {
    struct arena *arena; /* texts, sections, sources, faults */
    struct conf_source *sources;
    size_t source_count;
    struct conf_section setup, defaults;
    struct conf_section unused; /* takes what cannot count: a second conn of a name, behind a bad header */
    struct conf_fault *faults, **faults_end;
    size_t fault_count;
    struct conf_section **conns;
    size_t conn_count, conn_capacity;
    struct hash_table conns_by_name;
    uint64_t *visit; /* number of the look-up, for conf_section.visits */
};

/* A file and its includes while they are read. */
struct conf_loader {
    struct conf *conf;
    const struct file_reader *reader;
    const struct warning_sink *warnings;
    struct conf_section *section; /* where options go now; NULL: nowhere yet */
    bool is_setup;
    size_t first_option;  /* of this section, in loader.section; others belong to an earlier one */
    bool has_begun;       /* something else than version was read */
    struct error pending; /* the last error, not yet told */
    size_t error_count;
    const struct conf_source *stack[CONF_INCLUDE_DEPTH_MAX];
    size_t depth;
};

/* Warnings of others, with the place of the option that they are about. */
struct conf_placed_sink {
    const struct warning_sink *inner;
    const struct conf_option *option; /* NULL: about none in particular */
};

/* The `warn` of a sink whose context is a conf_placed_sink. */
void conf_warn_with_place(void *context, const char *text);

/* An item of the form word = value into the section that is being read. */
bool conf_add_option(struct conf_loader *loader, const struct conf_item *item, struct error *error);
struct conf *conf_new(void);
/* Sections; NULL: none, or out of memory. */
struct conf_section *conf_section_add(struct conf *conf, const char *name, const struct conf_place *place);
struct conf_section *conf_section_find(const struct conf *conf, const char *name);
/* Adds an option without asking; false: out of memory. */
bool conf_section_append(struct conf_section *section, const struct conf_option *option);
/* An option of the same keyword and end; NULL: none. */
struct conf_option *conf_section_option(struct conf_section *section, const struct conf_option *option);
/* Notes what is wrong with a line of the section; false: out of memory. */
bool conf_section_fault(struct conf *conf, struct conf_section *section, const char *text);
/* also= or alsoflip=; ret_flips may be NULL. */
bool conf_option_is_also(const struct conf_option *option, bool *ret_flips);
/* Where an option's value is; `byte` of it, or 0. */
struct conf_place conf_option_place(const struct conf_option *option, int byte);

#endif
