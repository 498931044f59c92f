#include "tools/reload_plan.h"

#include <stdlib.h>
#include <string.h>

#include "config/value.h"
#include "tools/conf_request.h"
#include "tools/id_lookup.h"

enum { FAULTS_SHOWN = 20 };

/* ---- what differs ---- */

static const char *value_or_default(const struct keyword *keyword, const char *value)
{
    return value == NULL && keyword != NULL ? keyword->default_text : value;
}

static bool is_number(const struct keyword *keyword)
{
    return keyword != NULL && keyword->type != KEYWORD_STRING && keyword->type != KEYWORD_SPECIAL;
}

/* Another spelling of the same is no difference: 1h and 60m, yes and 1, the default said and left out. */
static bool is_same(const char *name, const char *old_value, const char *new_value)
{
    const struct keyword *keyword = keyword_find(SECTION_CONN, name, NULL);
    uint64_t old_number, new_number;
    const char *a = value_or_default(keyword, old_value), *b = value_or_default(keyword, new_value);
    if (a == NULL || b == NULL)
        return a == b;
    if (strcmp(a, b) == 0)
        return true;
    return is_number(keyword) && value_number(keyword, a, &old_number, NULL, NULL) &&
           value_number(keyword, b, &new_number, NULL, NULL) && old_number == new_number;
}

static size_t differ(const char *name, const char *old_value, const char *new_value,
                     plan_difference_function *tell, void *user)
{
    if (is_same(name, old_value, new_value))
        return 0;
    if (tell != NULL)
        tell(user, name, old_value, new_value);
    return 1;
}

size_t plan_differences(const struct plan_entry *entry, plan_difference_function *tell, void *user)
{
    const char *name;
    json_t *value;
    size_t count = 0;
    json_object_foreach(entry->new_options, name, value)
    {
        const char *old_value = json_string_value(json_object_get(entry->old_options, name));
        count += differ(name, old_value, json_string_value(value), tell, user);
    }
    json_object_foreach(entry->old_options, name, value)
    {
        if (json_object_get(entry->new_options, name) == NULL)
            count += differ(name, json_string_value(value), NULL, tell, user);
    }
    return count;
}

static void note_if_real(void *user, const char *keyword, const char *old_value, const char *new_value)
{
    (void)old_value;
    (void)new_value;
    *(bool *)user = *(bool *)user || strcmp(keyword, "auto") != 0;
}

static enum plan_action compare(const struct plan_entry *entry)
{
    bool is_real = false;
    if (plan_differences(entry, note_if_real, &is_real) == 0)
        return PLAN_KEEP;
    return is_real ? PLAN_CHANGE : PLAN_DESCRIBE;
}

/* ---- the entries ---- */

static bool add_entry(struct plan *plan, const struct plan_entry *entry)
{
    if (plan->count == plan->capacity) {
        size_t capacity = plan->capacity ? plan->capacity * 2 : 64;
        struct plan_entry *grown = realloc(plan->entries, capacity * sizeof(*grown));
        if (grown == NULL)
            return false;
        plan->entries = grown;
        plan->capacity = capacity;
    }
    plan->entries[plan->count++] = *entry;
    plan->counts[entry->action]++;
    return true;
}

static struct plan_entry entry_of_loaded(const json_t *connection)
{
    const char *routing = json_string_value(json_object_get(connection, "routing"));
    const char *options = json_string_value(json_object_get(connection, "options"));
    struct plan_entry entry = {
        .name = json_string_value(json_object_get(connection, "name")),
        .old_options = json_loads(options ? options : "{}", 0, NULL),
        .is_up = json_is_true(json_object_get(connection, "is_up")),
        .is_routed = routing != NULL && strcmp(routing, "unrouted") != 0,
    };
    return entry;
}

static bool was_loaded_at_start(const struct plan_entry *entry)
{
    const char *said = json_string_value(json_object_get(entry->old_options, "auto"));
    return said != NULL && strcmp(said, "ignore") != 0;
}

static bool is_of_file(const json_t *connection, const char *file)
{
    const char *origin = json_string_value(json_object_get(connection, "file"));
    return origin != NULL && strcmp(origin, conf_request_origin(file)) == 0;
}

/* A connection that is loaded; index: where the file has it, SIZE_MAX if nowhere. */
static bool plan_loaded(struct plan *plan, const struct conf *conf, size_t index, const char *file,
                        const json_t *connection, struct error *error)
{
    struct plan_entry entry = entry_of_loaded(connection);
    if (index != SIZE_MAX)
        entry.auto_start = conf_conn_auto(conf, index);
    bool is_given_up = index != SIZE_MAX && entry.auto_start == AUTO_IGNORE && was_loaded_at_start(&entry);
    if (index == SIZE_MAX || is_given_up) {
        entry.action = is_of_file(connection, file) ? PLAN_REMOVE : PLAN_FOREIGN;
    } else {
        entry.new_options = conf_request_options(conf, index, error);
        if (entry.new_options == NULL) {
            json_decref(entry.old_options);
            return false;
        }
        id_lookup(entry.new_options);
        entry.action = compare(&entry);
    }
    return add_entry(plan, &entry) || error_set(error, 0, "out of memory");
}

static bool plan_new(struct plan *plan, const struct conf *conf, size_t index, struct error *error)
{
    struct plan_entry entry = {.action = PLAN_ADD, .name = conf_conn_name(conf, index)};
    entry.auto_start = conf_conn_auto(conf, index);
    if (entry.auto_start == AUTO_IGNORE || conf_conn_is_template(conf, index))
        return true;
    entry.new_options = conf_request_options(conf, index, error);
    id_lookup(entry.new_options);
    return entry.new_options != NULL && (add_entry(plan, &entry) || error_set(error, 0, "out of memory"));
}

/* ---- the whole ---- */

static void tell(const struct warning_sink *sink, const struct error *error)
{
    if (error->text[0] != '\0')
        warning_send(sink, "%s", error->text);
}

/* The first ones. */
struct few {
    const struct warning_sink *inner;
    size_t count;
};

static void tell_if_few(void *context, const char *text)
{
    struct few *few = context;
    if (few->count++ < FAULTS_SHOWN)
        warning_send(few->inner, "%s", text);
}

/* All faults at once; of those that nobody loads, none. */
static bool check(const struct conf *conf, const struct warning_sink *inner, struct error *error)
{
    struct few few = {inner, 0};
    const struct warning_sink few_sink = {tell_if_few, &few}, *sink = &few_sink;
    size_t faults = conf_tell_faults(conf, sink);
    for (size_t i = 0; i < conf_conn_count(conf); i++) {
        struct error reason = {0};
        if (conf_conn_is_template(conf, i) || conf_conn_auto(conf, i) == AUTO_IGNORE)
            continue;
        struct connection_spec *spec = conf_conn_build(conf, i, NULL, &reason);
        if (spec == NULL && reason.code != CONF_BAD_VALUE)
            tell(sink, &reason);
        faults += spec == NULL && reason.code != CONF_BAD_VALUE;
        connection_spec_free(spec);
    }
    return faults == 0 ||
           error_set(error, 0, "%zu fault%s: nothing is changed", faults, faults > 1 ? "s" : "");
}

bool plan_make(struct plan *plan, const struct conf *conf, const char *file, json_t *loaded,
               const struct warning_sink *sink, struct error *error)
{
    const json_t *connections = json_object_get(loaded, "connections");
    size_t count = conf_conn_count(conf);
    *plan = (struct plan){.loaded = loaded};
    bool *is_loaded = calloc(count + 1, sizeof(*is_loaded));
    bool ok = is_loaded != NULL && check(conf, sink, error);
    for (size_t i = 0; ok && i < json_array_size(connections); i++) {
        const json_t *connection = json_array_get(connections, i);
        size_t index = SIZE_MAX;
        if (conf_conn_find(conf, json_string_value(json_object_get(connection, "name")), &index))
            is_loaded[index] = true;
        ok = plan_loaded(plan, conf, index, file, connection, error);
    }
    for (size_t i = 0; ok && i < count; i++)
        if (!is_loaded[i])
            ok = plan_new(plan, conf, i, error);
    free(is_loaded);
    return ok;
}

void plan_free(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        json_decref(plan->entries[i].old_options);
        json_decref(plan->entries[i].new_options);
    }
    free(plan->entries);
    json_decref(plan->loaded);
    *plan = (struct plan){0};
}
