/* Commands: what whack and the configuration ask of the engine. Each ends with one final report for its
 * client. */
#include <stdlib.h>

#include "engine/child_install.h"
#include "engine/connection.h"
#include "engine/initiate.h"
#include "engine/version.h"

static void finish(struct engine *engine, const struct command *command, int code)
{
    finish_client(engine, command->client, code);
}

static void complain(struct engine *engine, const struct command *command, int code,
                     const struct connection *connection, const char *text)
{
    say_connection(engine, code, connection, command->client, "%s", text);
    finish(engine, command, code);
}

/* The connection of this name; NULL after saying that there is none. */
static struct connection *named(struct engine *engine, const struct command *command)
{
    struct connection *connection = command->name ? connection_by_name(engine, command->name) : NULL;
    if (connection != NULL)
        return connection;
    char text[256];
    struct text line = text_of(text, sizeof(text));
    text_add(&line, "no connection named \"%s\"", command->name ? command->name : "");
    complain(engine, command, RC_UNKNOWN_NAME, NULL, text);
    return NULL;
}

/* Ends every SA of one connection at once, telling established peers once. */
static void cut_off_one(struct engine *engine, struct connection *connection)
{
    connection_hold(connection);
    while (!list_is_empty(&connection->ikes)) {
        struct ike_sa *ike = CONTAINER_OF(connection->ikes.next, struct ike_sa, of_connection);
        ike->version->say_goodbye(engine, ike);
    }
    LIST_EACH(&connection->children, node)
    {
        struct child_sa *child = CONTAINER_OF(node, struct child_sa, of_connection);
        if (child->state != CHILD_STATE_LARVAL)
            child_delete(engine, child, 0);
        child_destroy(engine, child);
    }
    connection_let_go(engine, connection);
}

static void cut_off(struct engine *engine, struct connection *connection)
{
    connection->keep_up = false;
    cut_off_one(engine, connection);
    if (!connection->is_template)
        return;
    LIST_EACH(&engine->connections, node)
    {
        struct connection *instance = CONTAINER_OF(node, struct connection, all);
        if (instance->template_serial == connection->serial)
            cut_off_one(engine, instance);
    }
}

static void remove_connection(struct engine *engine, const struct command *command,
                              struct connection *connection)
{
    bool is_in_use = connection->sa_count > 0 || connection->next_instance_number > 0;
    connection_hold(connection);
    if (is_in_use) {
        say_connection(engine, RC_LOG, connection, command->client, "terminating SAs using this connection");
        cut_off(engine, connection);
    }
    connection->sa_count--;
    connection_destroy(engine, connection);
}

static void add(struct engine *engine, const struct command *command)
{
    struct connection *old = connection_by_name(engine, command->spec->name);
    if (old != NULL)
        remove_connection(engine, command, old);
    struct connection *connection = connection_add(engine, command->spec);
    if (connection == NULL) {
        finish(engine, command, RC_INTERNAL_ERROR);
        return;
    }
    say_connection(engine, RC_LOG, connection, command->client, "added IKEv2 connection");
    finish(engine, command, 0);
}

static void delete (struct engine *engine, const struct command *command)
{
    struct connection *connection = named(engine, command);
    if (connection == NULL)
        return;
    remove_connection(engine, command, connection);
    finish(engine, command, 0);
}

static void initiate(struct engine *engine, const struct command *command)
{
    struct connection *connection = named(engine, command);
    if (connection == NULL)
        return;
    if (!engine->is_listening) {
        complain(engine, command, RC_DEAF, connection, "need --listen before --initiate");
        return;
    }
    if (!connection->is_oriented) {
        complain(
            engine, command, RC_ORIENT, connection,
            "we cannot identify ourselves with either end of this connection: neither left= nor right= is an "
            "address of an interface that we listen on");
        return;
    }
    if (connection->is_template && address_is_set(&command->remote_host)) {
        connection =
            connection_instantiate(engine, connection, &command->remote_host, &connection->remote_id);
    } else if (!address_is_set(&connection->remote)) {
        complain(engine, command, RC_NOPEERIP, connection,
                 "cannot initiate connection without knowing peer IP address");
        return;
    }
    uint64_t client = command->asynchronous ? 0 : command->client;
    connection->keep_up = true;
    if (command->asynchronous)
        finish(engine, command, 0);
    initiate_connection(engine, connection, client);
}

static void terminate(struct engine *engine, const struct command *command)
{
    struct connection *connection = named(engine, command);
    if (connection == NULL)
        return;
    terminate_connection(engine, connection, command->client);
    finish(engine, command, 0);
}

static void rekey(struct engine *engine, const struct command *command)
{
    struct connection *connection = named(engine, command);
    if (connection == NULL)
        return;
    struct ike_sa *ike = ike_by_serial(engine, connection->newest_ike_serial);
    struct child_sa *child = child_by_serial(engine, connection->newest_child_serial);
    if (ike == NULL && child != NULL)
        ike = ike_by_serial(engine, child->ike_serial);
    if (command->kind == COMMAND_REKEY_CHILD && child != NULL)
        child_rekey(engine, child, command->client);
    else if (command->kind == COMMAND_REKEY_IKE && ike != NULL)
        ike->version->rekey_ike(engine, ike, command->client);
    else
        complain(engine, command, RC_UNKNOWN_NAME, connection, "connection has no established SA to rekey");
}

static void delete_state(struct engine *engine, const struct command *command)
{
    struct ike_sa *ike = ike_by_serial(engine, command->serial);
    struct child_sa *child = child_by_serial(engine, command->serial);
    if (ike != NULL && ike->setup == NULL) {
        ike->version->delete_ike(engine, ike, command->client);
    } else if (ike != NULL) {
        ike_destroy(engine, ike);
    } else if (child != NULL && child->state != CHILD_STATE_LARVAL) {
        child_delete(engine, child, command->client);
    } else {
        char text[64];
        struct text line = text_of(text, sizeof(text));
        text_add(&line, "no state #%llu to delete", (unsigned long long)command->serial);
        complain(engine, command, RC_UNKNOWN_NAME, NULL, text);
        return;
    }
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
    LIST_EACH(&engine->connections, node)
    connection_orient(engine, CONTAINER_OF(node, struct connection, all));
    finish(engine, command, 0);
}

static void debug(struct engine *engine, const struct command *command)
{
    struct connection *connection = NULL;
    if (command->name != NULL && (connection = named(engine, command)) == NULL)
        return;
    uint64_t *classes = connection ? &connection->debug : &engine->settings.debug;
    *classes = (*classes & ~command->debug_clear) | command->debug_set;
    finish(engine, command, 0);
}

static void replace_secrets(struct engine *engine, const struct command *command)
{
    secrets_free(engine->secrets);
    engine->secrets = command->secrets;
    finish(engine, command, 0);
}

static void shut_down(struct engine *engine, const struct command *command)
{
    engine->is_shutting_down = true;
    while (!list_is_empty(&engine->ikes)) {
        struct ike_sa *ike = CONTAINER_OF(engine->ikes.next, struct ike_sa, all);
        if (command->leave_state)
            ike_destroy(engine, ike);
        else
            ike->version->say_goodbye(engine, ike);
    }
    while (!list_is_empty(&engine->connections))
        connection_destroy(engine, CONTAINER_OF(engine->connections.next, struct connection, all));
    finish(engine, command, 0);
}

static void route(struct engine *engine, const struct command *command)
{
    if (named(engine, command) != NULL)
        complain(engine, command, RC_ROUTE, NULL,
                 "routing a connection without negotiating it is not supported yet");
}

void engine_command(struct engine *engine, const struct command *command)
{
    switch (command->kind) {
    case COMMAND_ADD:
        add(engine, command);
        break;
    case COMMAND_DELETE:
        delete (engine, command);
        break;
    case COMMAND_INITIATE:
        initiate(engine, command);
        break;
    case COMMAND_TERMINATE:
        terminate(engine, command);
        break;
    case COMMAND_REKEY_IKE:
    case COMMAND_REKEY_CHILD:
        rekey(engine, command);
        break;
    case COMMAND_DELETE_STATE:
        delete_state(engine, command);
        break;
    case COMMAND_ROUTE:
    case COMMAND_UNROUTE:
        route(engine, command);
        break;
    case COMMAND_LISTEN:
        listen(engine, command);
        break;
    case COMMAND_UNLISTEN:
        engine->is_listening = false;
        finish(engine, command, 0);
        break;
    case COMMAND_SECRETS:
        replace_secrets(engine, command);
        break;
    case COMMAND_DEBUG:
        debug(engine, command);
        break;
    case COMMAND_DDOS:
        engine->settings.ddos_mode = command->ddos_mode;
        finish(engine, command, 0);
        break;
    case COMMAND_SHUTDOWN:
        shut_down(engine, command);
        break;
    }
}

/* What was started goes on; only nobody watches. The world drops reports for clients that it no longer has.
 */
void engine_client_gone(struct engine *engine, uint64_t client)
{
    trace(engine, DEBUG_BASE, "client %llu is gone", (unsigned long long)client);
}
