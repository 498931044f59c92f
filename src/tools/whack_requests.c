/* From what whack was told to the requests of docs/control-protocol.md. */
#include <stdlib.h>
#include <string.h>

#include "tools/whack_arguments.h"

enum name_use { NAME_UNUSED, NAME_OPTIONAL, NAME_NEEDED };

static const struct request_form {
    const char *option; /* for error messages */
    const char *command;
    enum name_use name;
} forms[WHACK_ACTION_COUNT] = {
    [WHACK_DELETE] = {"delete", "delete", NAME_NEEDED},
    [WHACK_DELETE_STATE] = {"deletestate", "delete-state", NAME_UNUSED},
    [WHACK_ADD] = {"to", "add", NAME_NEEDED},
    [WHACK_DEBUG] = {"debug", "debug", NAME_OPTIONAL},
    [WHACK_DDOS] = {"ddos-mode", "ddos", NAME_UNUSED},
    [WHACK_REREAD_SECRETS] = {"rereadsecrets", "reread-secrets", NAME_UNUSED},
    [WHACK_REREAD_ALL] = {"rereadall", "reread-all", NAME_UNUSED},
    [WHACK_LISTEN] = {"listen", "listen", NAME_UNUSED},
    [WHACK_UNLISTEN] = {"unlisten", "unlisten", NAME_UNUSED},
    [WHACK_ROUTE] = {"route", "route", NAME_NEEDED},
    [WHACK_UNROUTE] = {"unroute", "unroute", NAME_NEEDED},
    [WHACK_INITIATE] = {"initiate", "initiate", NAME_NEEDED},
    [WHACK_TERMINATE] = {"terminate", "terminate", NAME_NEEDED},
    [WHACK_REKEY_IKE] = {"rekey-ike", "rekey-ike", NAME_NEEDED},
    [WHACK_REKEY_CHILD] = {"rekey-child", "rekey-child", NAME_NEEDED},
    [WHACK_GLOBAL_STATUS] = {"globalstatus", "globalstatus", NAME_UNUSED},
    [WHACK_STATUS] = {"status", "status", NAME_UNUSED},
    [WHACK_BRIEF_STATUS] = {"briefstatus", "briefstatus", NAME_UNUSED},
    [WHACK_CONNECTION_STATUS] = {"connectionstatus", "connectionstatus", NAME_OPTIONAL},
    [WHACK_TRAFFIC_STATUS] = {"trafficstatus", "trafficstatus", NAME_OPTIONAL},
    [WHACK_SHOW_STATES] = {"showstates", "showstates", NAME_UNUSED},
    [WHACK_SHUNT_STATUS] = {"shuntstatus", "shuntstatus", NAME_UNUSED},
    [WHACK_PROCESS_STATUS] = {"processstatus", "processstatus", NAME_UNUSED},
    [WHACK_ADDRESSPOOL_STATUS] = {"addresspoolstatus", "addresspoolstatus", NAME_UNUSED},
    [WHACK_FIPS_STATUS] = {"fipsstatus", "fipsstatus", NAME_UNUSED},
    [WHACK_BRIEF_CONNECTION_STATUS] = {"briefconnectionstatus", "briefconnectionstatus", NAME_OPTIONAL},
    [WHACK_LIST_PUBLIC_KEYS] = {"listpubkeys", "listpubkeys", NAME_UNUSED},
    [WHACK_CHECK_PUBLIC_KEYS] = {"checkpubkeys", "checkpubkeys", NAME_UNUSED},
    [WHACK_LIST_PSKS] = {"listpsks", "listpsks", NAME_UNUSED},
    [WHACK_LIST_CERTIFICATES] = {"listcerts", "listcerts", NAME_UNUSED},
    [WHACK_LIST_CA_CERTIFICATES] = {"listcacerts", "listcacerts", NAME_UNUSED},
    [WHACK_LIST_CRLS] = {"listcrls", "listcrls", NAME_UNUSED},
    [WHACK_LIST_ALL] = {"listall", "listall", NAME_UNUSED},
    [WHACK_CLEAR_STATISTICS] = {"clearstats", "clearstats", NAME_UNUSED},
    [WHACK_LIST_EVENTS] = {"listevents", "listevents", NAME_UNUSED},
    [WHACK_SHUTDOWN] = {"shutdown", "shutdown", NAME_UNUSED},
};

/*
 * The connection form says less than ipsec.conf's defaults presume: without --tunnel a connection between two
 * hosts is in transport mode, and without --pfs a rekey does no key exchange of its own (ipsec_whack(8)).
 */
static bool complete_connection(json_t *options, struct error *error)
{
    bool has_clients =
        json_object_get(options, "leftsubnet") != NULL || json_object_get(options, "rightsubnet") != NULL;
    const char *type = json_string_value(json_object_get(options, "type"));
    bool is_shunt = type != NULL && strcmp(type, "tunnel") != 0 && strcmp(type, "transport") != 0;
    if (is_shunt)
        return true;
    if (json_object_get(options, "phase2") == NULL && json_object_get(options, "esp") == NULL)
        return error_set(error, 0, "a connection for an IKE SA alone is not supported yet: give --encrypt");
    if (json_object_get(options, "type") == NULL)
        json_object_set_new(options, "type", json_string(has_clients ? "tunnel" : "transport"));
    if (json_object_get(options, "pfs") == NULL)
        json_object_set_new(options, "pfs", json_string("no"));
    return true;
}

static bool add_connection(const struct whack_arguments *arguments, json_t *request, struct error *error)
{
    if (!arguments->has_to)
        return error_set(error, 0, "a connection needs --to between its two ends");
    json_t *options = arguments->connection != NULL ? json_deep_copy(arguments->connection) : json_object();
    json_object_set_new(request, "options", options);
    return complete_connection(options, error);
}

static bool add_state_number(const struct whack_arguments *arguments, json_t *request, struct error *error)
{
    const char *text = arguments->state_number;
    text += text[0] == '#';
    char *end;
    unsigned long long serial = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || serial == 0 || serial > INT64_MAX)
        return error_set(error, 0, "--deletestate %s: expected the number of an SA", arguments->state_number);
    json_object_set_new(request, "serial", json_integer((json_int_t)serial));
    return true;
}

static bool add_details(const struct whack_arguments *arguments, enum whack_action action, json_t *request,
                        struct error *error)
{
    switch (action) {
    case WHACK_ADD:
        return add_connection(arguments, request, error);
    case WHACK_DELETE_STATE:
        return add_state_number(arguments, request, error);
    case WHACK_DEBUG:
        json_object_set_new(request, "classes", json_string(arguments->debug));
        return true;
    case WHACK_DDOS:
        json_object_set_new(request, "mode", json_string(arguments->ddos_mode));
        return true;
    case WHACK_INITIATE:
        if (arguments->is_asynchronous)
            json_object_set_new(request, "asynchronous", json_true());
        if (arguments->remote_host != NULL)
            json_object_set_new(request, "remote-host", json_string(arguments->remote_host));
        return true;
    case WHACK_SHUTDOWN:
        if (arguments->leaves_state)
            json_object_set_new(request, "leave-state", json_true());
        return true;
    default:
        return true;
    }
}

static bool is_listing(enum whack_action action)
{
    return action >= WHACK_FIRST_LISTING && action <= WHACK_LAST_LISTING;
}

static json_t *request_of(const struct whack_arguments *arguments, enum whack_action action,
                          struct error *error)
{
    const struct request_form *form = &forms[action];
    if (form->name == NAME_NEEDED && arguments->name == NULL) {
        error_set(error, 0, "--%s needs --name CONNECTION", form->option);
        return NULL;
    }
    json_t *request = json_pack("{s:s}", "command", form->command);
    if (form->name != NAME_UNUSED && arguments->name != NULL &&
        json_object_set_new(request, "name", json_string(arguments->name)) != 0) {
        error_set(error, 0, "--name \"%s\" is not UTF-8 text", arguments->name);
        json_decref(request);
        return NULL;
    }
    if (is_listing(action))
        json_object_set_new(request, "output", json_string(arguments->wants_json ? "json" : "text"));
    if (!add_details(arguments, action, request, error)) {
        json_decref(request);
        return NULL;
    }
    return request;
}

/* Modifiers that would change nothing are refused rather than ignored. */
static bool check_modifiers(const struct whack_arguments *arguments, struct error *error)
{
    if (arguments->is_asynchronous && !arguments->actions[WHACK_INITIATE])
        return error_set(error, 0, "--asynchronous goes with --initiate");
    if (arguments->remote_host != NULL && !arguments->actions[WHACK_INITIATE])
        return error_set(error, 0, "--remote-host goes with --initiate");
    bool has_listing = false;
    for (int action = WHACK_FIRST_LISTING; action <= WHACK_LAST_LISTING; action++)
        has_listing |= arguments->actions[action];
    if (arguments->wants_json && !has_listing)
        return error_set(error, 0, "--json goes with a status, list or traffic command");
    if (arguments->leaves_state && !arguments->actions[WHACK_SHUTDOWN])
        return error_set(error, 0, "--leave-state goes with --shutdown");
    return true;
}

json_t *whack_arguments_requests(const struct whack_arguments *arguments, struct error *error)
{
    if (!check_modifiers(arguments, error))
        return NULL;
    json_t *requests = json_array();
    for (int action = 0; action < WHACK_ACTION_COUNT; action++) {
        /* `whack --name N --delete ... --to ...` replaces N: that is what adding does. */
        if (!arguments->actions[action] || (action == WHACK_DELETE && arguments->actions[WHACK_ADD]))
            continue;
        json_t *request = request_of(arguments, (enum whack_action)action, error);
        if (request == NULL) {
            json_decref(requests);
            return NULL;
        }
        json_array_append_new(requests, request);
    }
    if (json_array_size(requests) == 0) {
        error_set(error, 0, "nothing to do; --help lists the options");
        json_decref(requests);
        return NULL;
    }
    return requests;
}
