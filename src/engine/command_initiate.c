/* COMMAND_INITIATE: what stands in the way of bringing a connection up is told; the rest is initiate.c. */
#include "engine/command.h"
#include "engine/connection.h"
#include "engine/host_name.h"
#include "engine/initiate.h"
#include "engine/login.h"

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

/* --remote-host: a template's peer. NULL: the command is refused. */
static struct connection *instantiate(struct engine *engine, const struct command *command,
                                      struct connection *connection)
{
    char local[ADDRESS_TEXT_SIZE], remote[ADDRESS_TEXT_SIZE];
    if (!connection->is_template) {
        command_fail(engine, command, RC_NOPEERIP, connection,
                     "cannot instantiate non-template connection to a supplied remote IP address");
        return NULL;
    }
    if (connection->local.family != command->remote_host.family) {
        command_fail(engine, command, RC_NOPEERIP, connection,
                     "our address %s and the peer's %s are not of one family",
                     address_text(&connection->local, local), address_text(&command->remote_host, remote));
        return NULL;
    }
    connection = connection_instantiate(engine, connection, &command->remote_host, &connection->remote_id);
    if (connection == NULL)
        finish_client(engine, command->client, RC_INTERNAL_ERROR);
    return connection;
}

void command_initiate(struct engine *engine, const struct command *command, struct connection *connection)
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
    if (address_is_set(&command->remote_host)) {
        connection = instantiate(engine, command, connection);
        if (connection == NULL)
            return;
    } else if (!address_is_set(&connection->remote)) {
        refuse_without_peer(engine, command, connection);
        return;
    }
    if (!take_login(engine, command, connection))
        return;
    uint64_t client = command->asynchronous ? 0 : command->client;
    connection->keep_up = true;
    connection->early_ends = 0; /* somebody has taken it in hand */
    if (command->asynchronous)
        finish_client(engine, command->client, 0);
    initiate_connection(engine, connection, client);
}
