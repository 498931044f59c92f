/* Commands that load connections: COMMAND_ADD and COMMAND_DESCRIBE. */
#include "engine/address_pool.h"
#include "engine/command.h"
#include "engine/connection.h"
#include "engine/connection_named.h"
#include "engine/connection_remove.h"

/* What a conn of this name was before, or was expanded to. */
static void remove_earlier(struct engine *engine, const struct command *command, const char *name)
{
    struct connection *old = connection_by_name(engine, name);
    if (old != NULL)
        connection_remove(engine, old, command->client);
    struct connection_set set = connections_of_conn(engine, name);
    for (size_t i = 0; i < set.count; i++)
        if ((old = connection_by_serial(engine, set.serials[i])) != NULL)
            connection_remove(engine, old, command->client);
    connection_set_free(&set);
}

static bool is_name_in_use(const struct engine *engine, const char *name)
{
    struct connection_set set = connections_of_conn(engine, name);
    bool is_conn = set.count > 0;
    connection_set_free(&set);
    return is_conn || connection_by_name(engine, name) != NULL;
}

static void announce(struct engine *engine, const struct command *command,
                     const struct connection *connection)
{
    char text[512];
    struct text line = text_of(text, sizeof(text));
    bool is_unoriented = engine->is_listening && !connection->is_oriented;
    text_add(&line, "added %s%s connection", is_unoriented ? "unoriented " : "",
             connection->spec->type == TYPE_PASS   ? "passthrough"
             : connection->spec->type == TYPE_DROP ? "drop"
             : connection->spec->ike_version == 1  ? "IKEv1"
                                                   : "IKEv2");
    if (is_unoriented) {
        text_add(&line, " (neither left=");
        connection_host_text(connection, true, &line);
        text_add(&line, " nor right=");
        connection_host_text(connection, false, &line);
        text_add(&line, " match an interface)");
    }
    say_connection(engine, RC_LOG, connection, command->client, "%s", text);
}

static bool add_one(struct engine *engine, const struct command *command, struct connection_spec *spec)
{
    struct connection *old = connection_by_name(engine, spec->name);
    if (old != NULL)
        connection_remove(engine, old, command->client);
    struct connection *connection = connection_add(engine, spec);
    if (connection == NULL)
        return false;
    announce(engine, command, connection);
    say_event(engine, EVENT_CONNECTION_ADDED, connection->spec->name, 0, 0, "");
    return true;
}

void command_add(struct engine *engine, const struct command *command)
{
    const char *name = command->spec->conn_name ? command->spec->conn_name : command->spec->name;
    int code = 0;
    struct error error;
    char names[256];
    struct text dropped = text_of(names, sizeof(names));
    if (!kernel_extras_check(engine->settings.stack, command->spec, &error) ||
        !plane_limits_apply(engine->settings.plane_limits, command->spec, &dropped, &error)) {
        command_fail(engine, command, RC_FATAL, NULL, "failed to add connection \"%.80s\": %s", name,
                     error.text);
        connection_spec_free(command->spec);
        return;
    }
    if (command->keeps_old && is_name_in_use(engine, name)) {
        command_fail(engine, command, RC_DUPNAME, NULL, "attempt to redefine connection \"%s\"", name);
        connection_spec_free(command->spec);
        return;
    }
    if (dropped.size > 0)
        say_plain(engine, RC_LOG, "\"%.80s\": not offered, for protostack=%s lacks it: %s", name,
                  engine->settings.plane_limits->stack, names);
    const struct connection *old = connection_by_name(engine, name);
    if (!address_pools_check(engine, command->spec, old ? old->spec : NULL, &error)) {
        command_fail(engine, command, RC_CLASH, NULL, "failed to add connection \"%.80s\": %s", name,
                     error.text);
        connection_spec_free(command->spec);
        return;
    }
    remove_earlier(engine, command, name);
    for (struct connection_spec *spec = command->spec, *next; spec != NULL; spec = next) {
        next = spec->next;
        spec->next = NULL;
        if (!add_one(engine, command, spec))
            code = RC_INTERNAL_ERROR;
    }
    finish_client(engine, command->client, code);
}

static void describe_one(const struct connection *connection, struct connection_spec *spec)
{
    struct connection_spec *old = connection->shared->spec;
    old->auto_start = spec->auto_start;
    if (old->origin == NULL || spec->origin == NULL)
        return;
    spec_origin_free(old->origin);
    old->origin = spec->origin;
    spec->origin = NULL;
}

/* Nothing that runs takes notice. */
void command_describe(struct engine *engine, const struct command *command)
{
    const char *name = command->spec->conn_name ? command->spec->conn_name : command->spec->name;
    const struct connection *connection = connection_by_name(engine, name);
    struct connection_set set = connections_of_conn(engine, name);
    if (connection != NULL)
        describe_one(connection, command->spec);
    for (size_t i = 0; i < set.count; i++)
        if ((connection = connection_by_serial(engine, set.serials[i])) != NULL)
            describe_one(connection, command->spec);
    bool is_known = connection != NULL;
    connection_set_free(&set);
    connection_spec_free(command->spec);
    finish_client(engine, command->client, is_known ? 0 : RC_UNKNOWN_NAME);
}
