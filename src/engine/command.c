/* Commands: what whack and the configuration ask of the engine. Each ends with one final report for its
 * client. */
#include "engine/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/address_pool.h"
#include "engine/child_install.h"
#include "engine/client_batch.h"
#include "engine/connection.h"
#include "engine/connection_named.h"
#include "engine/connection_remove.h"
#include "engine/host_name.h"
#include "engine/initiate.h"
#include "engine/login.h"
#include "engine/policy_group.h"
#include "engine/prompt.h"
#include "engine/routing.h"
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

static void add(struct engine *engine, const struct command *command)
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
    finish(engine, command, code);
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
static void describe(struct engine *engine, const struct command *command)
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
    finish(engine, command, is_known ? 0 : RC_UNKNOWN_NAME);
}

static void delete_one(struct engine *engine, const struct command *command, struct connection *connection)
{
    connection_remove(engine, connection, command->client);
    finish(engine, command, 0);
}

static void refuse_unoriented(struct engine *engine, const struct command *command,
                              const struct connection *connection)
{
    char text[512];
    struct text line = text_of(text, sizeof(text));
    text_add(&line, "we cannot identify ourselves with either end of this connection.  ");
    connection_host_text(connection, true, &line);
    text_add(&line, " or ");
    connection_host_text(connection, false, &line);
    text_add(&line, " are not usable");
    command_fail(engine, command, RC_ORIENT, connection, "%s", text);
}

/* A name that resolves later brings the connection up then. */
static void refuse_without_peer(struct engine *engine, const struct command *command,
                                struct connection *connection)
{
    const char *trouble = host_name_trouble(connection, !connection->left_is_local);
    char text[512];
    struct text line = text_of(text, sizeof(text));
    if (trouble == NULL) {
        command_fail(engine, command, RC_NOPEERIP, connection,
                     "cannot initiate connection without knowing peer IP address");
        return;
    }
    text_add(&line,
             "cannot initiate connection without resolved dynamic peer IP address, will keep retrying "
             "(kind=CK_PERMANENT): %s: %s",
             connection->remote_end->host_name, trouble);
    connection->keep_up = true;
    host_name_ask_again(engine, connection);
    command_fail(engine, command, RC_NOPEERIP, connection, "%s", text);
}

/* --xauthuser and --xauthpass come before leftusername= and ipsec.secrets. */
static bool take_login(struct engine *engine, const struct command *command, struct connection *connection)
{
    if (command->user == NULL && command->password == NULL)
        return true;
    if (login_role_of(connection) != LOGIN_CLIENT) {
        command_fail(engine, command, RC_WHACK_PROBLEM, connection,
                     "a user name and a password are for connections with xauthclient=yes at our end");
        return false;
    }
    if ((command->user != NULL && !login_name_is_fit(bytes_of_text(command->user))) ||
        (command->password != NULL && strlen(command->password) >= LOGIN_PASSWORD_SIZE)) {
        command_fail(engine, command, RC_WHACK_PROBLEM, connection, "no fit user name or password");
        return false;
    }
    login_remember(engine, connection, command->user, command->password);
    return true;
}

static void initiate(struct engine *engine, const struct command *command, struct connection *connection)
{
    if (connection_spec_is_shunt(connection->spec)) {
        command_fail(engine, command, RC_INITSHUNT, connection, "cannot initiate an authby=never connection");
        return;
    }
    if (!engine->is_listening) {
        command_fail(engine, command, RC_DEAF, connection, "need --listen before --initiate");
        return;
    }
    if (!connection->is_oriented) {
        refuse_unoriented(engine, command, connection);
        return;
    }
    if (connection->is_template && address_is_set(&command->remote_host)) {
        connection =
            connection_instantiate(engine, connection, &command->remote_host, &connection->remote_id);
        if (connection == NULL) {
            finish(engine, command, RC_INTERNAL_ERROR);
            return;
        }
    } else if (address_is_set(&command->remote_host)) {
        command_fail(engine, command, RC_NOPEERIP, connection,
                     "cannot instantiate non-template connection to a supplied remote IP address");
        return;
    } else if (!address_is_set(&connection->remote)) {
        refuse_without_peer(engine, command, connection);
        return;
    }
    if (!take_login(engine, command, connection))
        return;
    uint64_t client = command->asynchronous ? 0 : command->client;
    connection->keep_up = true;
    if (command->asynchronous)
        finish(engine, command, 0);
    initiate_connection(engine, connection, client);
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

static void route(struct engine *engine, const struct command *command, struct connection *connection)
{
    bool is_wanted = command->kind == COMMAND_ROUTE;
    int code;
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

void engine_command(struct engine *engine, const struct command *command)
{
    switch (command->kind) {
    case COMMAND_ADD:
        add(engine, command);
        break;
    case COMMAND_DESCRIBE:
        describe(engine, command);
        break;
    case COMMAND_DELETE:
        act_on_named(engine, command, delete_one, NULL, NULL);
        break;
    case COMMAND_INITIATE:
        act_on_named(engine, command, initiate, "initiating all conns with", NULL);
        break;
    case COMMAND_TERMINATE:
        act_on_named(engine, command, terminate, NULL, "terminated");
        break;
    case COMMAND_REKEY_IKE:
    case COMMAND_REKEY_CHILD:
        act_on_named(engine, command, command_rekey, NULL, "rekeyed");
        break;
    case COMMAND_DELETE_IKE:
    case COMMAND_DELETE_CHILD:
    case COMMAND_DOWN_IKE:
    case COMMAND_DOWN_CHILD:
        act_on_named(engine, command, command_end_sa, NULL, "terminated");
        break;
    case COMMAND_DELETE_STATE:
        command_delete_state(engine, command);
        break;
    case COMMAND_DELETE_ID:
        command_delete_id(engine, command);
        break;
    case COMMAND_DELETE_USER:
        command_delete_user(engine, command);
        break;
    case COMMAND_CRASH:
        command_crash(engine, command);
        break;
    case COMMAND_PACKET:
        routing_initiate_for_packet(engine, command->packet_here, command->packet_there, command->client);
        break;
    case COMMAND_ROUTE:
    case COMMAND_UNROUTE:
        act_on_named(engine, command, route, NULL, NULL);
        break;
    case COMMAND_LISTEN:
        listen(engine, command);
        break;
    case COMMAND_UNLISTEN:
        engine->is_listening = false;
        say_event(engine, EVENT_NOT_LISTENING, NULL, 0, 0, "");
        finish(engine, command, 0);
        break;
    case COMMAND_DDNS:
        host_name_ask_all(engine);
        finish(engine, command, 0);
        break;
    case COMMAND_GROUPS:
        policy_groups_replace(engine, command->groups);
        finish(engine, command, 0);
        break;
    case COMMAND_SECRETS:
        replace_secrets(engine, command);
        break;
    case COMMAND_DEBUG:
        debug(engine, command);
        break;
    case COMMAND_MY_ID:
        set_my_id(engine, command);
        break;
    case COMMAND_ADD_KEY:
        public_keys_set(engine, command->identity, command->public_key, command->adds_key);
        finish(engine, command, 0);
        break;
    case COMMAND_PRIVATE_KEYS:
        private_keys_free(engine->private_keys);
        engine->private_keys = command->private_keys;
        finish(engine, command, 0);
        break;
    case COMMAND_ANSWER: /* no command of its own: it goes on with the one that asked */
        prompt_answer(engine, command->client, command->answer);
        break;
    case COMMAND_IMPAIR:
        impair(engine, command);
        break;
    case COMMAND_DDOS:
        engine->settings.ddos_mode = command->ddos_mode;
        finish(engine, command, 0);
        break;
    case COMMAND_CLEAR_STATISTICS:
        statistics_clear(&engine->statistics);
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
    client_batch_forget(engine, client);
    prompt_forget(engine, client);
    trace(engine, DEBUG_BASE, "client %llu is gone", (unsigned long long)client);
}
