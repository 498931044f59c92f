/* See client_group.h. Groups have numbers that no client has. */
#include "engine/client_group.h"

#define GROUP_BIT (UINT64_C(1) << 63)

struct member {
    struct member *next;
    uint64_t client;
};

struct client_group {
    struct hash_node by_id;
    uint64_t id;
    struct member *members;
};

static struct client_group *find(const struct engine *engine, uint64_t client)
{
    struct hash_node *node = client & GROUP_BIT ? hash_table_find(&engine->groups_of_clients, client) : NULL;
    return node != NULL ? CONTAINER_OF(node, struct client_group, by_id) : NULL;
}

static bool add(struct engine *engine, struct client_group *group, uint64_t client)
{
    struct member *member = engine_allocate(engine, sizeof(*member), NULL);
    if (member == NULL)
        return false;
    *member = (struct member){group->members, client};
    group->members = member;
    return true;
}

static void drop(struct engine *engine, struct client_group *group)
{
    for (struct member *member = group->members, *next; member != NULL; member = next) {
        next = member->next;
        engine_deallocate(engine, member, sizeof(*member), NULL);
    }
    engine_deallocate(engine, group, sizeof(*group), NULL);
}

static struct client_group *group_of(struct engine *engine, uint64_t client)
{
    struct client_group *group = engine_allocate(engine, sizeof(*group), NULL);
    if (group == NULL)
        return NULL;
    *group = (struct client_group){.id = GROUP_BIT | ++engine->last_client_group};
    if (add(engine, group, client) && hash_table_insert(&engine->groups_of_clients, &group->by_id, group->id))
        return group;
    drop(engine, group);
    return NULL;
}

uint64_t client_group_join(struct engine *engine, uint64_t watching, uint64_t client)
{
    if (watching == 0 || client == 0)
        return watching | client; /* the one that there is */
    struct client_group *group = find(engine, watching);
    if (group == NULL)
        group = group_of(engine, watching);
    if (group == NULL || !add(engine, group, client))
        finish_client(engine, client, RC_INTERNAL_ERROR);
    return group != NULL ? group->id : watching;
}

/* The newest stands first. */
uint64_t client_group_first(const struct engine *engine, uint64_t client)
{
    const struct client_group *group = find(engine, client);
    if (group == NULL)
        return client;
    const struct member *first = group->members;
    while (first != NULL && first->next != NULL)
        first = first->next;
    return first != NULL ? first->client : 0;
}

struct departure {
    struct engine *engine;
    uint64_t client;
};

static void leave(struct hash_node *node, void *context)
{
    const struct departure *departure = context;
    struct member **at = &CONTAINER_OF(node, struct client_group, by_id)->members;
    while (*at != NULL) {
        struct member *member = *at;
        if (member->client != departure->client) {
            at = &member->next;
            continue;
        }
        *at = member->next;
        engine_deallocate(departure->engine, member, sizeof(*member), NULL);
    }
}

/* As many groups as commands wait at most. */
void client_groups_leave(struct engine *engine, uint64_t client)
{
    hash_table_each(&engine->groups_of_clients, leave, &(struct departure){engine, client});
}

void client_group_report(const struct engine *engine, const struct report *report)
{
    const struct client_group *group = find(engine, report->client);
    struct report copy = *report;
    if (group == NULL)
        engine->env->report(engine->env->world, report);
    for (const struct member *member = group ? group->members : NULL; member != NULL; member = member->next) {
        copy.client = member->client;
        engine->env->report(engine->env->world, &copy);
        copy.is_repeated = true;
    }
}

bool client_group_finish(struct engine *engine, uint64_t client, int code)
{
    struct client_group *group = find(engine, client);
    if (group == NULL)
        return false;
    hash_table_remove(&engine->groups_of_clients, &group->by_id); /* whoever is told may begin anew */
    for (const struct member *member = group->members; member != NULL; member = member->next)
        finish_client(engine, member->client, code);
    drop(engine, group);
    return true;
}

static void free_group(struct hash_node *node, void *engine)
{
    drop(engine, CONTAINER_OF(node, struct client_group, by_id));
}

void client_groups_free(struct engine *engine)
{
    hash_table_each(&engine->groups_of_clients, free_group, engine);
}
