/* What a reload would do: the connections of ipsec.conf held against those that pluto has loaded. */
#ifndef STYX_TOOLS_RELOAD_PLAN_H
#define STYX_TOOLS_RELOAD_PLAN_H

#include <jansson.h>

#include "config/conf_file.h"

enum plan_action {
    PLAN_ADD,
    PLAN_CHANGE,   /* replaced */
    PLAN_DESCRIBE, /* only auto= has changed: what runs goes on */
    PLAN_REMOVE,
    PLAN_KEEP,
    PLAN_FOREIGN, /* loaded, but not from this file: left alone */
    PLAN_ACTION_COUNT,
};

struct plan_entry {
    enum plan_action action;
    const char *name;
    json_t *old_options, *new_options; /* NULL where there are none */
    enum connection_auto auto_start;   /* as the file says now */
    bool is_up, is_routed;             /* of a loaded one */
};

struct plan {
    struct plan_entry *entries;
    size_t count, capacity;
    size_t counts[PLAN_ACTION_COUNT];
    json_t *loaded; /* owns names and old options */
};

/* `loaded` (taken) is pluto's answer to the command of that name. False with the reason: something in the
 * file cannot be loaded. Warnings and all but the last fault go to `sink`. */
bool plan_make(struct plan *plan, const struct conf *conf, const char *file, json_t *loaded,
               const struct warning_sink *sink, struct error *error);
void plan_free(struct plan *plan);

/* Calls `tell` for each keyword that differs; old and new are NULL where it is not set. */
typedef void plan_difference_function(void *user, const char *keyword, const char *old_value,
                                      const char *new_value);
size_t plan_differences(const struct plan_entry *entry, plan_difference_function *tell, void *user);

#endif
