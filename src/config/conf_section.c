/* The sections of ipsec.conf(5) in memory: what conf_file.c fills and conf_conn.c reads. */
#include "config/conf_detail.h"

#include <stdlib.h>

enum { FAULTS_MAX = 100 };

static const uint8_t name_hash_key[16]; /* names come from the administrator */

struct conf *conf_new(void)
{
    struct conf *conf = calloc(1, sizeof(*conf));
    if (conf == NULL)
        return NULL;
    conf->arena = malloc(sizeof(*conf->arena));
    conf->visit = calloc(1, sizeof(*conf->visit));
    if (conf->arena != NULL)
        *conf->arena = arena_make(SIZE_MAX);
    conf->setup.name = "setup";
    conf->defaults.name = "%default";
    conf->faults_end = &conf->faults;
    if (conf->arena == NULL || conf->visit == NULL || !hash_table_init(&conf->conns_by_name)) {
        free(conf->arena);
        free(conf->visit);
        free(conf);
        return NULL;
    }
    return conf;
}

void conf_free(struct conf *conf)
{
    if (conf == NULL)
        return;
    for (struct conf_source *source = conf->sources; source != NULL; source = source->next)
        free(source->text);
    for (size_t i = 0; i < conf->conn_count; i++)
        free(conf->conns[i]->options);
    free(conf->setup.options);
    free(conf->unused.options);
    free(conf->defaults.options);
    free(conf->conns);
    hash_table_free(&conf->conns_by_name);
    arena_release(conf->arena);
    free(conf->arena);
    free(conf->visit);
    free(conf);
}

static uint64_t hash_name(const char *name)
{
    return hash_bytes(name_hash_key, bytes_of_text(name));
}

struct conf_section *conf_section_find(const struct conf *conf, const char *name)
{
    struct hash_node *node = hash_table_find(&conf->conns_by_name, hash_name(name));
    for (; node != NULL; node = hash_node_next(node)) {
        struct conf_section *section = CONTAINER_OF(node, struct conf_section, by_name);
        if (strcmp(section->name, name) == 0)
            return section;
    }
    return NULL;
}

struct conf_section *conf_section_add(struct conf *conf, const char *name, const struct conf_place *place)
{
    if (conf->conn_count == conf->conn_capacity) {
        size_t capacity = conf->conn_capacity ? conf->conn_capacity * 2 : 16;
        struct conf_section **grown = realloc(conf->conns, capacity * sizeof(struct conf_section *));
        if (grown == NULL)
            return NULL;
        conf->conns = grown;
        conf->conn_capacity = capacity;
    }
    struct conf_section *section = arena_take(conf->arena, sizeof(*section));
    if (section == NULL)
        return NULL;
    section->name = name;
    section->place = *place;
    if (!hash_table_insert(&conf->conns_by_name, &section->by_name, hash_name(name)))
        return NULL;
    section->index = conf->conn_count;
    conf->conns[conf->conn_count++] = section;
    return section;
}

bool conf_section_append(struct conf_section *section, const struct conf_option *option)
{
    if (section->option_count == section->option_capacity) {
        size_t capacity = section->option_capacity ? section->option_capacity * 2 : 8;
        struct conf_option *grown = realloc(section->options, capacity * sizeof(*grown));
        if (grown == NULL)
            return false;
        section->options = grown;
        section->option_capacity = capacity;
    }
    section->options[section->option_count++] = *option;
    return true;
}

struct conf_option *conf_section_option(struct conf_section *section, const struct conf_option *option)
{
    for (size_t i = 0; i < section->option_count; i++)
        if (section->options[i].keyword == option->keyword && section->options[i].end == option->end)
            return &section->options[i];
    return NULL;
}

bool conf_section_fault(struct conf *conf, struct conf_section *section, const char *text)
{
    const char *copy = arena_copy(conf->arena, text, strlen(text) + 1);
    struct conf_fault *fault = arena_take(conf->arena, sizeof(*fault));
    if (copy == NULL || fault == NULL)
        return false;
    if (section->fault == NULL)
        section->fault = copy;
    fault->text = copy;
    if (conf->fault_count++ >= FAULTS_MAX)
        return true;
    *conf->faults_end = fault;
    conf->faults_end = &fault->next;
    return true;
}

size_t conf_tell_faults(const struct conf *conf, const struct warning_sink *sink)
{
    for (const struct conf_fault *fault = conf->faults; fault != NULL; fault = fault->next)
        warning_send(sink, "%s", fault->text);
    if (conf->fault_count > FAULTS_MAX)
        warning_send(sink, "and %zu more faults", conf->fault_count - FAULTS_MAX);
    return conf->fault_count;
}
