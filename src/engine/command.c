/* Commands: what whack and the configuration ask of the engine. Each ends with one final report for its
 * client. */
#include "engine/command.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/client_batch.h"
#include "engine/client_group.h"
#include "engine/connection.h"
#include "engine/connection_named.h"
#include "engine/connection_remove.h"
#include "engine/host_name.h"
#include "engine/initiate.h"
#include "engine/policy_group.h"
#include "engine/prompt.h"
#include "engine/routing.h"
#include "engine/secret_names.h"
#include "engine/updown.h"
#include "engine/version.h"

static void finish(struct engine *engine, const struct command *command, int code)
{
    finish_client(engine, command->client, code);
}

void command_fail(struct engine *engine, const struct command *command, int code,
                  const struct connection *connection, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    say_connection(engine, code, connection, command->client, "%s", text);
    finish(engine, command, code);
}

static void refuse_name(struct engine *engine, const struct command *command)
{
    command_fail(engine, command, RC_UNKNOWN_NAME, NULL, "no connection named \"%s\"",
                 command->name ? command->name : "");
}

/* What a command does to one connection; it finishes the command, now or later. */
typedef void connection_act(struct engine *engine, const struct command *command,
                            struct connection *connection);

/* All that the name means. A line for an alias: `before` with the name, `after` with their number too. */
static void act_on_named(struct engine *engine, const struct command *command, connection_act *act,
                         const char *before, const char *after)
{
    struct connection_set set = {0};
    if (command->name != NULL)
        set = connections_named(engine, command->name);
    if (set.count == 0) {
        /* What is not there is as it is wanted: scripts delete, then add. */
        if (command->kind == COMMAND_DELETE)
            finish(engine, command, 0);
        else
            refuse_name(engine, command);
        connection_set_free(&set);
        return;
    }
    if (set.is_alias && before != NULL)
        say_connection(engine, RC_COMMENT, NULL, command->client, "%s alias='%s'", before, command->name);
    client_batch_expect(engine, command->client, set.count + (set.is_alias && set.count > 1));
    for (size_t i = 0; i < set.count; i++) {
        struct connection *connection = connection_by_serial(engine, set.serials[i]);
        if (connection != NULL)
            act(engine, command, connection);
        else
            finish(engine, command, 0);
    }
    if (set.is_alias && after != NULL)
        say_connection(engine, RC_COMMENT, NULL, command->client,
                       "%s %zu connections from aliased connection \"%s\"", after, set.count, command->name);
    if (set.is_alias && set.count > 1)
        finish(engine, command, 0); /* only now: the line above belongs to it */
    connection_set_free(&set);
}

static void delete_one(struct engine *engine, const struct command *command, struct connection *connection)
{
    connection_remove(engine, connection, command->client);
    finish(engine, command, 0);
}

static void terminate(struct engine *engine, const struct command *command, struct connection *connection)
{
    engine->watcher = command->client;
    terminate_connection(engine, connection, command->client);
    LIST_EACH(&connection->members, node)
    terminate_connection(engine, CONTAINER_OF(node, struct connection, of_group), command->client);
    engine->watcher = 0;
    finish(engine, command, 0);
}

static void listen(struct engine *engine, const struct command *command)
{
    struct listen_address *copy = calloc(command->interface_count + 1, sizeof(*copy));
    if (copy == NULL) {
        finish(engine, command, RC_INTERNAL_ERROR);
        return;
    }
    if (command->interface_count > 0)
        memcpy(copy, command->interfaces, command->interface_count * sizeof(*copy));
    free(engine->interfaces);
    engine->interfaces = copy;
    engine->interface_count = command->interface_count;
    engine->is_listening = true;
    /* A template stays, but it may end its instances, and those stand right behind it. */
    for (struct list_node *node = engine->connections.next; node != &engine->connections; node = node->next)
        connection_reorient(engine, CONTAINER_OF(node, struct connection, all));
    LIST_EACH(&engine->removed_connections, node)
    connection_reorient(engine, CONTAINER_OF(node, struct connection, all));
    say_event(engine, EVENT_LISTENING, NULL, 0, 0, "");
    finish(engine, command, 0);
}

static void change_classes(uint64_t *classes, const struct command *command)
{
    *classes = (*classes & ~command->debug_clear) | command->debug_set;
}

static void debug_one(struct engine *engine, const struct command *command, struct connection *connection)
{
    change_classes(&connection->debug, command);
    finish(engine, command, 0);
}

static void debug(struct engine *engine, const struct command *command)
{
    if (command->name != NULL) {
        act_on_named(engine, command, debug_one, NULL, NULL);
        return;
    }
    change_classes(&engine->settings.debug, command);
    finish(engine, command, 0);
}

/* Connections that are in use keep the identity that they have. */
static void set_my_id(struct engine *engine, const struct command *command)
{
    identity_free(&engine->my_id);
    engine->my_id = identity_copy(command->identity);
    LIST_EACH(&engine->connections, node)
    {
        struct connection *connection = CONTAINER_OF(node, struct connection, all);
        if (connection->spec->left.id_is_mine || connection->spec->right.id_is_mine)
            connection_orient(engine, connection);
    }
    finish(engine, command, 0);
}

static void impair(struct engine *engine, const struct command *command)
{
    struct error error;
    if (impair_apply(engine, command->impairments, command->client, &error))
        finish(engine, command, 0);
    else
        command_fail(engine, command, error.code, NULL, "%s", error.text);
}

static void replace_secrets(struct engine *engine, const struct command *command)
{
    secrets_free(engine->secrets);
    engine->secrets = command->secrets;
    secret_names_ask(engine);
    finish(engine, command, 0);
}

static void shut_down(struct engine *engine, const struct command *command)
{
    struct list_node ending;
    list_init(&ending);
    list_move(&ending, &engine->ikes);
    engine->is_shutting_down = true;
    while (!list_is_empty(&ending)) {
        struct ike_sa *ike = CONTAINER_OF(ending.next, struct ike_sa, all);
        list_remove(&ike->all);
        list_append(&engine->ikes, &ike->all);
        if (command->leave_state)
            ike_destroy(engine, ike);
        else
            ike->version->say_goodbye(engine, ike);
    }
    while (!list_is_empty(&engine->connections))
        connection_destroy(engine, CONTAINER_OF(engine->connections.next, struct connection, all));
    finish(engine, command, 0);
}

static void route(struct engine *engine, const struct command *command, struct connection *connection)
{
    bool is_wanted = command->kind == COMMAND_ROUTE;
    int code;
    if (is_wanted && !engine->is_listening) {
        command_fail(engine, command, RC_DEAF, connection, "need --listen before --route");
        return;
    }
    if (connection->is_group)
        code = policy_group_route(engine, connection, is_wanted, command->client);
    else
        code = is_wanted ? routing_route(engine, connection, command->client)
                         : routing_unroute(engine, connection, command->client);
    if (code == 0 && is_wanted && !connection->is_group)
        updown_finish_route(engine, connection, command->client);
    else
        finish(engine, command, code);
}

static void initiate_for_packet(struct engine *engine, const struct command *command)
{
    routing_initiate_for_packet(engine, command->packet_here, command->packet_there, command->client);
}

static void unlisten(struct engine *engine, const struct command *command)
{
    engine->is_listening = false;
    say_event(engine, EVENT_NOT_LISTENING, NULL, 0, 0, "");
    finish(engine, command, 0);
}

static void look_up_names(struct engine *engine, const struct command *command)
{
    host_name_ask_all(engine);
    finish(engine, command, 0);
}

static void replace_groups(struct engine *engine, const struct command *command)
{
    policy_groups_replace(engine, command->groups);
    finish(engine, command, 0);
}

static void add_key(struct engine *engine, const struct command *command)
{
    public_keys_set(engine, command->identity, command->public_key, command->adds_key);
    finish(engine, command, 0);
}

static void replace_private_keys(struct engine *engine, const struct command *command)
{
    private_keys_free(engine->private_keys);
    engine->private_keys = command->private_keys;
    finish(engine, command, 0);
}

/* No command of its own: it goes on with the one that asked. */
static void answer(struct engine *engine, const struct command *command)
{
    prompt_answer(engine, command->client, command->answer);
}

static void set_ddos_mode(struct engine *engine, const struct command *command)
{
    engine->settings.ddos_mode = command->ddos_mode;
    finish(engine, command, 0);
}

static void clear_statistics(struct engine *engine, const struct command *command)
{
    statistics_clear(&engine->statistics);
    finish(engine, command, 0);
}

/* Either of the two. */
struct handler {
    void (*run)(struct engine *engine, const struct command *command);
    connection_act *act; /* on all that the name means */
    const char *before, *after;
};

static const struct handler handlers[] = {
    [COMMAND_ADD] = {.run = command_add},
    [COMMAND_DELETE] = {.act = delete_one},
    [COMMAND_DESCRIBE] = {.run = command_describe},
    [COMMAND_INITIATE] = {.act = command_initiate, .before = "initiating all conns with"},
    [COMMAND_TERMINATE] = {.act = terminate, .after = "terminated"},
    [COMMAND_REKEY_IKE] = {.act = command_rekey, .after = "rekeyed"},
    [COMMAND_REKEY_CHILD] = {.act = command_rekey, .after = "rekeyed"},
    [COMMAND_DELETE_STATE] = {.run = command_delete_state},
    [COMMAND_DELETE_IKE] = {.act = command_end_sa, .after = "terminated"},
    [COMMAND_DELETE_CHILD] = {.act = command_end_sa, .after = "terminated"},
    [COMMAND_DOWN_IKE] = {.act = command_end_sa, .after = "terminated"},
    [COMMAND_DOWN_CHILD] = {.act = command_end_sa, .after = "terminated"},
    [COMMAND_DELETE_ID] = {.run = command_delete_id},
    [COMMAND_DELETE_USER] = {.run = command_delete_user},
    [COMMAND_CRASH] = {.run = command_crash},
    [COMMAND_PACKET] = {.run = initiate_for_packet},
    [COMMAND_ROUTE] = {.act = route},
    [COMMAND_UNROUTE] = {.act = route},
    [COMMAND_LISTEN] = {.run = listen},
    [COMMAND_UNLISTEN] = {.run = unlisten},
    [COMMAND_DDNS] = {.run = look_up_names},
    [COMMAND_GROUPS] = {.run = replace_groups},
    [COMMAND_SECRETS] = {.run = replace_secrets},
    [COMMAND_DEBUG] = {.run = debug},
    [COMMAND_IMPAIR] = {.run = impair},
    [COMMAND_MY_ID] = {.run = set_my_id},
    [COMMAND_ADD_KEY] = {.run = add_key},
    [COMMAND_PRIVATE_KEYS] = {.run = replace_private_keys},
    [COMMAND_ANSWER] = {.run = answer},
    [COMMAND_DDOS] = {.run = set_ddos_mode},
    [COMMAND_CLEAR_STATISTICS] = {.run = clear_statistics},
    [COMMAND_SHUTDOWN] = {.run = shut_down},
};

static_assert(ARRAY_SIZE(handlers) == COMMAND_KINDS,
              "every command has a place (a hole: tests/unit/engine/test_command.c)");

bool command_has_handler(enum command_kind kind)
{
    return handlers[kind].act != NULL || handlers[kind].run != NULL;
}

void engine_command(struct engine *engine, const struct command *command)
{
    const struct handler *handler = &handlers[command->kind];
    if (handler->act != NULL)
        act_on_named(engine, command, handler->act, handler->before, handler->after);
    else
        handler->run(engine, command);
}

/* What was started goes on; only nobody watches. The world drops reports for clients that it no longer has.
 */
void engine_client_gone(struct engine *engine, uint64_t client)
{
    client_batch_forget(engine, client);
    client_groups_leave(engine, client);
    prompt_forget(engine, client);
    trace(engine, DEBUG_BASE, "client %llu is gone", (unsigned long long)client);
}
