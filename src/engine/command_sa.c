/* Commands about SAs: rekeying them, deleting them one by one or with a peer, a peer that has crashed. */
#include "engine/command.h"

#include "engine/initiate.h"
#include "engine/login.h"
#include "engine/version.h"

/* The IKE SA of a connection; it may have been made for another connection with the same peer. */
static struct ike_sa *ike_of(const struct engine *engine, const struct connection *connection)
{
    struct ike_sa *ike = ike_by_serial(engine, connection->newest_ike_serial);
    const struct child_sa *child = child_by_serial(engine, connection->newest_child_serial);
    return ike == NULL && child != NULL ? ike_by_serial(engine, child->ike_serial) : ike;
}

void command_rekey(struct engine *engine, const struct command *command, struct connection *connection)
{
    struct ike_sa *ike = ike_of(engine, connection);
    struct child_sa *child = child_by_serial(engine, connection->newest_child_serial);
    if (command->kind == COMMAND_REKEY_CHILD && child != NULL)
        child_rekey(engine, child, command->client);
    else if (command->kind == COMMAND_REKEY_IKE && ike != NULL)
        ike->version->rekey_ike(engine, ike, command->client);
    else
        command_fail(engine, command, RC_UNKNOWN_NAME, connection,
                     "connection does not have an established %s SA",
                     command->kind == COMMAND_REKEY_IKE ? "IKE" : "Child");
}

void command_end_sa(struct engine *engine, const struct command *command, struct connection *connection)
{
    struct ike_sa *ike = ike_of(engine, connection);
    struct child_sa *child = child_by_serial(engine, connection->newest_child_serial);
    bool is_ike = command->kind == COMMAND_DELETE_IKE || command->kind == COMMAND_DOWN_IKE;
    if (is_ike ? ike == NULL : child == NULL) {
        command_fail(engine, command, RC_UNKNOWN_NAME, connection, "connection has no established %s SA",
                     is_ike ? "IKE" : "Child");
        return;
    }
    if (command->kind == COMMAND_DOWN_IKE || command->kind == COMMAND_DOWN_CHILD)
        connection->keep_up = false;
    if (!is_ike) {
        child_delete(engine, child, command->client);
    } else {
        say_connection(engine, RC_LOG, connection, command->client,
                       "initiating delete of connection's IKE SA #%llu%s", (unsigned long long)ike->serial,
                       child != NULL ? " and its Child SAs" : "");
        ike->version->delete_ike(engine, ike, command->client);
    }
    finish_client(engine, command->client, 0);
}

void command_delete_state(struct engine *engine, const struct command *command)
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
        command_fail(engine, command, RC_UNKNOWN_NAME, NULL, "no state #%llu to delete",
                     (unsigned long long)command->serial);
        return;
    }
    finish_client(engine, command->client, 0);
}

void command_delete_id(struct engine *engine, const struct command *command)
{
    char name[IDENTITY_TEXT_SIZE];
    unsigned count = 0;
    LIST_EACH(&engine->ikes, node)
    {
        struct ike_sa *ike = CONTAINER_OF(node, struct ike_sa, all);
        if (ike->state != IKE_STATE_ESTABLISHED || !identity_equal(&ike->remote_id, command->identity))
            continue;
        ike->version->delete_ike(engine, ike, command->client);
        count++;
    }
    if (count == 0)
        command_fail(engine, command, RC_UNKNOWN_NAME, NULL, "no IKE SA with the peer '%s'",
                     identity_text(command->identity, name));
    else
        finish_client(engine, command->client, 0);
}

void command_delete_user(struct engine *engine, const struct command *command)
{
    unsigned count = 0;
    LIST_EACH(&engine->ikes, node)
    {
        struct ike_sa *ike = CONTAINER_OF(node, struct ike_sa, all);
        if (ike->state != IKE_STATE_ESTABLISHED || *login_user(ike) == '\0' ||
            strcmp(login_user(ike), command->name) != 0)
            continue;
        ike->version->delete_ike(engine, ike, command->client);
        count++;
    }
    if (count == 0)
        command_fail(engine, command, RC_UNKNOWN_NAME, NULL, "no IKE SA of the user '%.255s'", command->name);
    else
        finish_client(engine, command->client, 0);
}

/* ---- a peer that has crashed ---- */

/* Its SAs go without a word: nobody is there who could understand it. */
static bool forget_sas(struct engine *engine, struct connection *connection)
{
    bool was_up = connection->newest_child_serial != 0;
    while (!list_is_empty(&connection->ikes))
        ike_destroy(engine, CONTAINER_OF(connection->ikes.next, struct ike_sa, of_connection));
    LIST_EACH(&connection->children, node)
    child_destroy(engine, CONTAINER_OF(node, struct child_sa, of_connection));
    return was_up;
}

void command_crash(struct engine *engine, const struct command *command)
{
    char peer[ADDRESS_TEXT_SIZE];
    unsigned count = 0;
    address_text(&command->remote_host, peer);
    for (struct list_node *node = engine->connections.next, *next; node != &engine->connections;
         node = next) {
        struct connection *connection = CONTAINER_OF(node, struct connection, all);
        next = node->next;
        if (!address_equal(&connection->remote, &command->remote_host) || connection->sa_count == 0)
            continue;
        connection_hold(connection);
        bool was_up = forget_sas(engine, connection);
        say_connection(engine, RC_LOG, connection, command->client, "peer %s has crashed%s", peer,
                       was_up && !connection->is_instance ? "; bringing the connection up anew" : "");
        if (was_up && !connection->is_instance)
            initiate_connection(engine, connection, 0);
        next = node->next; /* the one behind may have lost its SAs, and with them its life */
        connection_let_go(engine, connection);
        count++;
    }
    if (count == 0)
        command_fail(engine, command, RC_UNKNOWN_NAME, NULL, "no connection with the peer %s is in use",
                     peer);
    else
        finish_client(engine, command->client, 0);
}
