#include "engine/policy_group.h"

#include <stdlib.h>

#include "engine/connection.h"
#include "engine/connection_remove.h"
#include "engine/routing.h"

void policy_groups_free(struct policy_groups *groups)
{
    if (groups == NULL)
        return;
    for (size_t i = 0; i < groups->group_count; i++) {
        free(groups->groups[i].name);
        free(groups->groups[i].entries);
    }
    free(groups->groups);
    free(groups->directory);
    free(groups);
}

static const struct policy_group *find(const struct policy_groups *groups, const char *name)
{
    for (size_t i = 0; groups != NULL && i < groups->group_count; i++)
        if (strcmp(groups->groups[i].name, name) == 0)
            return &groups->groups[i];
    return NULL;
}

/* clear#192.0.2.0/24, clear#192.0.2.0/24-(0--6--80) */
static void name_of_member(const struct connection *group, const struct policy_group_entry *entry,
                           struct text *out)
{
    char network[ADDRESS_TEXT_SIZE + 4];
    text_add(out, "%s#%s", group->spec->name, prefix_text(&entry->network, network));
    if (entry->protocol != 0)
        text_add(out, "-(%u--%u--%u)", entry->local_port, entry->protocol, entry->remote_port);
}

/* The group's spec with the entry's network behind the end that is the group. */
static struct connection_spec *spec_of_member(const struct connection *group, const char *name,
                                              const struct policy_group_entry *entry)
{
    struct connection_spec *base = group->shared->spec;
    bool is_right = base->right.host_kind == HOST_GROUP;
    struct selector network = selector_of_prefix(&entry->network, entry->protocol, entry->remote_port);
    struct connection_spec *spec =
        connection_spec_derive(base, name, is_right ? NULL : &network, is_right ? &network : NULL);
    if (spec == NULL)
        return NULL;
    struct end_spec *far = is_right ? &spec->right : &spec->left;
    struct end_spec *near = is_right ? &spec->left : &spec->right;
    far->host_kind = HOST_ANY;
    spec->host_family = (enum ip_family)entry->network.address.family;
    if (entry->protocol != 0 && near->client_count == 0) {
        near->protocol = entry->protocol;
        near->port = entry->local_port;
    }
    return spec;
}

/* The host of our end speaks one family. */
static bool family_fits(const struct connection *group, const struct policy_group_entry *entry)
{
    return !group->is_oriented || group->local.family == entry->network.address.family;
}

static void add_member(struct engine *engine, struct connection *group,
                       const struct policy_group_entry *entry)
{
    char name[512];
    struct text text = text_of(name, sizeof(name));
    name_of_member(group, entry, &text);
    struct connection *member = connection_by_name(engine, name);
    if (member == NULL) {
        struct connection_spec *spec = spec_of_member(group, name, entry);
        member = spec != NULL ? connection_add(engine, spec) : NULL;
        if (member == NULL)
            return;
        list_append(&group->members, &member->of_group);
        if (group->route.is_wanted)
            routing_route(engine, member, 0);
    }
    member->group_generation = engine->group_generation;
}

/* What the file does not say any more goes; what it says already stays as it is. */
void policy_group_load(struct engine *engine, struct connection *group)
{
    const struct policy_group *file = find(engine->policy_groups, group->spec->name);
    if (engine->policy_groups != NULL && file == NULL)
        say_connection(engine, RC_LOG, group, 0, "no group file \"%s/%s\"", engine->policy_groups->directory,
                       group->spec->name);
    engine->group_generation++;
    for (size_t i = 0; file != NULL && i < file->entry_count; i++)
        if (family_fits(group, &file->entries[i]))
            add_member(engine, group, &file->entries[i]);
    LIST_EACH(&group->members, node)
    {
        struct connection *member = CONTAINER_OF(node, struct connection, of_group);
        if (member->group_generation != engine->group_generation)
            connection_remove(engine, member, 0);
    }
}

void policy_groups_replace(struct engine *engine, struct policy_groups *groups)
{
    policy_groups_free(engine->policy_groups);
    engine->policy_groups = groups;
    LIST_EACH(&engine->group_connections, node)
    policy_group_load(engine, CONTAINER_OF(node, struct connection, of_groups));
}

int policy_group_route(struct engine *engine, struct connection *group, bool is_wanted, uint64_t client)
{
    int first = 0;
    group->route.is_wanted = is_wanted;
    LIST_EACH(&group->members, node)
    {
        struct connection *member = CONTAINER_OF(node, struct connection, of_group);
        int code =
            is_wanted ? routing_route(engine, member, client) : routing_unroute(engine, member, client);
        first = first != 0 ? first : code;
    }
    return first;
}
