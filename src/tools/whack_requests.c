/* From what whack was told to the requests of docs/control-protocol.md. */
#include <string.h>

#include "base/bytes.h"
#include "tools/whack_arguments.h"
#include "tools/whack_options.h"

enum name_use { NAME_UNUSED, NAME_OPTIONAL, NAME_NEEDED };

static const struct request_form {
    const char *option; /* for error messages */
    const char *command;
    enum name_use name;
    const char *name_of; /* what --name names; NULL: a connection */
} forms[WHACK_ACTION_COUNT] = {
    [WHACK_DELETE_ID] = {"deleteid", "delete-id", NAME_NEEDED, "identity"},
    [WHACK_DELETE_USER] = {"deleteuser", "delete-user", NAME_NEEDED, "user_name"},
    [WHACK_DELETE_STATE] = {"deletestate", "delete-state", NAME_UNUSED},
    [WHACK_CRASH] = {"crash", "crash", NAME_UNUSED},
    [WHACK_DELETE] = {"delete", "delete", NAME_NEEDED},
    [WHACK_ADD] = {"to", "add", NAME_NEEDED},
    [WHACK_DEBUG] = {"debug", "debug", NAME_OPTIONAL},
    [WHACK_IMPAIR] = {"impair", "impair", NAME_UNUSED},
    [WHACK_MY_ID] = {"myid", "my-id", NAME_UNUSED},
    [WHACK_DDOS] = {"ddos-mode", "ddos", NAME_UNUSED},
    [WHACK_SOCKET] = {"ike-socket-bufsize", "ike-socket", NAME_UNUSED},
    [WHACK_TEST_SANDBOX] = {"seccomp-crashtest", "seccomp-crashtest", NAME_UNUSED},
    [WHACK_DDNS] = {"ddns", "ddns", NAME_UNUSED},
    [WHACK_LISTEN] = {"listen", "listen", NAME_UNUSED},
    [WHACK_UNLISTEN] = {"unlisten", "unlisten", NAME_UNUSED},
    [WHACK_REREAD_SECRETS] = {"rereadsecrets", "reread-secrets", NAME_UNUSED},
    [WHACK_REREAD_CERTIFICATES] = {"rereadcerts", "reread-certs", NAME_UNUSED},
    [WHACK_REREAD_ALL] = {"rereadall", "reread-all", NAME_UNUSED},
    [WHACK_FETCH_CRLS] = {"fetchcrls", "fetch-crls", NAME_UNUSED},
    [WHACK_PURGE_OCSP] = {"purgeocsp", "purge-ocsp", NAME_UNUSED},
    [WHACK_KEY] = {"keyid", "add-key", NAME_UNUSED},
    [WHACK_ROUTE] = {"route", "route", NAME_NEEDED},
    [WHACK_UNROUTE] = {"unroute", "unroute", NAME_NEEDED},
    [WHACK_INITIATE] = {"initiate", "initiate", NAME_NEEDED},
    [WHACK_OPPORTUNISTIC] = {"oppohere", "initiate-opportunistic", NAME_UNUSED},
    [WHACK_TERMINATE] = {"terminate", "terminate", NAME_NEEDED},
    [WHACK_DOWN_IKE] = {"down-ike", "down-ike", NAME_NEEDED},
    [WHACK_DOWN_CHILD] = {"down-child", "down-child", NAME_NEEDED},
    [WHACK_DELETE_IKE] = {"delete-ike", "delete-ike", NAME_NEEDED},
    [WHACK_DELETE_CHILD] = {"delete-child", "delete-child", NAME_NEEDED},
    [WHACK_REKEY_IKE] = {"rekey-ike", "rekey-ike", NAME_NEEDED},
    [WHACK_REKEY_CHILD] = {"rekey-child", "rekey-child", NAME_NEEDED},
    [WHACK_LIST_PUBLIC_KEYS] = {"listpubkeys", "listpubkeys", NAME_UNUSED},
    [WHACK_CHECK_PUBLIC_KEYS] = {"checkpubkeys", "checkpubkeys", NAME_UNUSED},
    [WHACK_LIST_PSKS] = {"listpsks", "listpsks", NAME_UNUSED},
    [WHACK_LIST_CERTIFICATES] = {"listcerts", "listcerts", NAME_UNUSED},
    [WHACK_LIST_CA_CERTIFICATES] = {"listcacerts", "listcacerts", NAME_UNUSED},
    [WHACK_LIST_CRLS] = {"listcrls", "listcrls", NAME_UNUSED},
    [WHACK_LIST_ALL] = {"listall", "listall", NAME_UNUSED},
    [WHACK_LIST_EVENTS] = {"listevents", "listevents", NAME_UNUSED},
    [WHACK_GLOBAL_STATUS] = {"globalstatus", "globalstatus", NAME_UNUSED},
    [WHACK_CLEAR_STATISTICS] = {"clearstats", "clearstats", NAME_UNUSED},
    [WHACK_STATUS] = {"status", "status", NAME_UNUSED},
    [WHACK_BRIEF_STATUS] = {"briefstatus", "briefstatus", NAME_UNUSED},
    [WHACK_CONNECTION_STATUS] = {"connectionstatus", "connectionstatus", NAME_OPTIONAL},
    [WHACK_BRIEF_CONNECTION_STATUS] = {"briefconnectionstatus", "briefconnectionstatus", NAME_OPTIONAL},
    [WHACK_TRAFFIC_STATUS] = {"trafficstatus", "trafficstatus", NAME_OPTIONAL},
    [WHACK_SHOW_STATES] = {"showstates", "showstates", NAME_UNUSED},
    [WHACK_SHUNT_STATUS] = {"shuntstatus", "shuntstatus", NAME_UNUSED},
    [WHACK_PROCESS_STATUS] = {"processstatus", "processstatus", NAME_UNUSED},
    [WHACK_ADDRESSPOOL_STATUS] = {"addresspoolstatus", "addresspoolstatus", NAME_UNUSED},
    [WHACK_FIPS_STATUS] = {"fipsstatus", "fipsstatus", NAME_UNUSED},
    [WHACK_EVENTS] = {"events", "events", NAME_OPTIONAL},
    [WHACK_SHUTDOWN] = {"shutdown", "shutdown", NAME_UNUSED},
};

static const char *connection_value(const struct whack_arguments *arguments, const char *keyword)
{
    return json_string_value(json_object_get(arguments->connection, keyword));
}

static bool has_clients(const struct whack_arguments *arguments)
{
    return connection_value(arguments, "leftsubnet") != NULL ||
           connection_value(arguments, "rightsubnet") != NULL;
}

/* The SA is for others than the two hosts: it is a tunnel though --tunnel is not given (ipsec_whack(8)). */
static bool is_for_clients(const struct whack_arguments *arguments)
{
    static const char *const signs[] = {"leftaddresspool",    "rightaddresspool", "leftmodecfgclient",
                                        "rightmodecfgclient", "leftsourceip",     "rightsourceip",
                                        "vti-interface"};
    static const char *const hosts[] = {"%opportunistic", "%group", "%opportunisticgroup"};
    const char *ends[] = {connection_value(arguments, "left"), connection_value(arguments, "right")};
    bool is_wanted = has_clients(arguments);
    for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
        is_wanted |= connection_value(arguments, signs[i]) != NULL;
    for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
        for (size_t end = 0; end < ARRAY_SIZE(ends); end++)
            is_wanted |= ends[end] != NULL && strcmp(ends[end], hosts[i]) == 0;
    return is_wanted;
}

static bool is_any_host(const char *host)
{
    return strcmp(host, "%any") == 0 || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 ||
           strcmp(host, "%any4") == 0 || strcmp(host, "%any6") == 0;
}

static bool is_shunt_connection(const struct whack_arguments *arguments)
{
    static const char *const shunts[] = {"pass", "passthrough", "drop", "reject"};
    const char *type = connection_value(arguments, "type");
    bool is_shunt = false;
    for (size_t i = 0; type != NULL && i < ARRAY_SIZE(shunts); i++)
        is_shunt |= strcmp(type, shunts[i]) == 0;
    return is_shunt;
}

/* Without any of these a connection is for an IKE SA alone (ipsec_pluto(8)). */
static bool has_ipsec_sa(const struct whack_arguments *arguments)
{
    static const char *const signs[] = {"phase2", "esp", "ah", "compress", "pfs"};
    bool has_sign = is_shunt_connection(arguments);
    for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
        has_sign |= connection_value(arguments, signs[i]) != NULL;
    return has_sign;
}

/* pass, drop and reject are about packets only; everything else needs a peer that says who it is. */
static bool check_authentication(const struct whack_arguments *arguments, struct error *error)
{
    static const char *const ways[] = {"authby", "auth", "leftauth", "rightauth"};
    const char *authby = connection_value(arguments, "authby");
    bool is_shunt = is_shunt_connection(arguments), has_way = false;
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
        has_way |= connection_value(arguments, ways[i]) != NULL;
    if (authby != NULL && strcmp(authby, "never") == 0)
        has_way = !is_shunt;
    if (is_shunt && has_way)
        return error_set(
            error, 0,
            "shunt connection cannot have authentication method (--psk or --rsasig or --auth-null)");
    return true;
}

static bool check_connection(const struct whack_arguments *arguments, struct error *error)
{
    const char *left = connection_value(arguments, "left"), *right = connection_value(arguments, "right");
    if (!arguments->has_to)
        return error_set(error, 0, "connection description option, but no --to");
    if (left == NULL)
        return error_set(error, 0, "connection missing --host before --to");
    if (right == NULL)
        return error_set(error, 0, "connection missing --host after --to");
    if (is_any_host(left) && is_any_host(right))
        return error_set(error, 0, "hosts cannot be both 0.0.0.0 or 0::0");
    if (!has_ipsec_sa(arguments) && has_clients(arguments))
        return error_set(error, 0, "must not specify clients for ISAKMP-only connection: give --encrypt");
    return check_authentication(arguments, error);
}

static bool set_text(json_t *object, const char *member, const char *text, struct error *error)
{
    if (json_object_set_new(object, member, json_string(text)) == 0)
        return true;
    return error_set(error, 0, "\"%s\" is not UTF-8 text", text);
}

/* --pfsgroup GROUP: of every proposal of --esp or --ah, of the default ones where neither is given. */
static bool add_pfs_group(const struct whack_arguments *arguments, json_t *options, struct error *error)
{
    const char *phase2 = connection_value(arguments, "phase2");
    bool is_ah = connection_value(arguments, "esp") == NULL &&
                 (connection_value(arguments, "ah") != NULL || (phase2 != NULL && strcmp(phase2, "ah") == 0));
    const char *keyword = is_ah ? "ah" : "esp", *algorithms = connection_value(arguments, keyword);
    if (arguments->pfs_group == NULL)
        return true;
    json_t *joined = algorithms != NULL ? json_sprintf("%s;%s", algorithms, arguments->pfs_group)
                                        : json_sprintf("ke=%s", arguments->pfs_group);
    if (joined == NULL)
        return error_set(error, 0, "--pfsgroup: not UTF-8 text");
    json_object_set_new(options, "pfs", json_string("yes"));
    return json_object_set_new(options, keyword, joined) == 0;
}

/*
 * The connection form says less than ipsec.conf's defaults presume: without --tunnel a connection between two
 * hosts is in transport mode, and without --pfs a rekey does no key exchange of its own (ipsec_whack(8)).
 */
static bool complete_connection(const struct whack_arguments *arguments, json_t *options, struct error *error)
{
    if (is_shunt_connection(arguments))
        return true;
    if (json_object_get(options, "type") == NULL)
        json_object_set_new(options, "type", json_string(is_for_clients(arguments) ? "tunnel" : "transport"));
    if (json_object_get(options, "pfs") == NULL)
        json_object_set_new(options, "pfs", json_string("no"));
    if (arguments->user != NULL) {
        const char *keyword = arguments->user_end == END_LEFT ? "leftusername" : "rightusername";
        if (!set_text(options, keyword, arguments->user, error))
            return false;
    }
    return add_pfs_group(arguments, options, error);
}

/* --tunnelipv4, --tunnelipv6: what the clients must be; it changes nothing else. */
static bool check_client_family(const struct whack_arguments *arguments, json_t *options, struct error *error)
{
    static const char *const keywords[] = {"leftsubnet", "rightsubnet"};
    const char *family = connection_value(arguments, "clientaddrfamily");
    for (size_t i = 0; i < ARRAY_SIZE(keywords) && family != NULL; i++) {
        const char *client = connection_value(arguments, keywords[i]);
        if (client == NULL || client[0] < '0' || client[strspn(client, "0123456789abcdefABCDEF.:/")] != '\0')
            continue; /* vhost:, a name ... */
        const char *is = strchr(client, ':') != NULL ? "ipv6" : "ipv4";
        if (strcmp(is, family) != 0)
            return error_set(error, 0, "--tunnel%s, but --client %s is of %s", family, client, is);
    }
    json_object_del(options, "clientaddrfamily");
    return true;
}

static bool add_connection(const struct whack_arguments *arguments, json_t *request, struct error *error)
{
    if (!check_connection(arguments, error))
        return false;
    json_t *options = json_deep_copy(arguments->connection);
    if (json_object_set_new(request, "options", options) != 0)
        return error_set(error, 0, "out of memory");
    if (!has_ipsec_sa(arguments))
        json_object_set_new(request, "ike-only", json_true());
    /* `--delete` here takes away what had the name; without it the name must be free. */
    if (!arguments->actions[WHACK_DELETE])
        json_object_set_new(request, "replace", json_false());
    return check_client_family(arguments, options, error) && complete_connection(arguments, options, error);
}

/* --tunnelipv4 and --tunnelipv6 may say of which family the addresses are. */
static bool check_opportunistic(const struct whack_arguments *arguments, const json_t *request,
                                struct error *error)
{
    const char *family = connection_value(arguments, "clientaddrfamily");
    const char *ends[] = {json_string_value(json_object_get(request, "here")),
                          json_string_value(json_object_get(request, "there"))};
    if (ends[0] == NULL || ends[1] == NULL)
        return error_set(error, 0, "--oppohere and --oppothere must be used together");
    for (size_t i = 0; i < ARRAY_SIZE(ends) && family != NULL; i++) {
        const char *is = strchr(ends[i], ':') != NULL ? "ipv6" : "ipv4";
        if (strcmp(is, family) != 0)
            return error_set(error, 0, "--tunnel%s, but %s is an address of %s", family, ends[i], is);
    }
    return true;
}

static bool check_key(const json_t *request, struct error *error)
{
    if (json_object_get(request, "key") == NULL)
        return error_set(error, 0,
                         "--keyid needs --pubkeyrsa KEY: fetching keys from the DNS is not supported yet");
    return true;
}

/* Before what the connection and ipsec.secrets say. */
static bool add_login(const struct whack_arguments *arguments, json_t *request, struct error *error)
{
    if (arguments->actions[WHACK_ADD]) /* the user belongs to the connection */
        return true;
    return (arguments->user == NULL || set_text(request, "user", arguments->user, error)) &&
           (arguments->password == NULL || set_text(request, "password", arguments->password, error));
}

static bool add_details(const struct whack_arguments *arguments, enum whack_action action, json_t *request,
                        struct error *error)
{
    switch (action) {
    case WHACK_ADD:
        return add_connection(arguments, request, error);
    case WHACK_INITIATE:
        return add_login(arguments, request, error);
    case WHACK_OPPORTUNISTIC:
        return check_opportunistic(arguments, request, error);
    case WHACK_KEY:
        return check_key(request, error);
    default:
        return true;
    }
}

static bool is_listing(int action)
{
    return action >= WHACK_FIRST_LISTING && action <= WHACK_LAST_LISTING;
}

/* What goes with every request, or with every listing. */
static bool add_common(const struct whack_arguments *arguments, int action, json_t *request)
{
    bool ok = true;
    if (is_listing(action))
        ok &=
            json_object_set_new(request, "output", json_string(arguments->wants_json ? "json" : "text")) == 0;
    if (is_listing(action) && arguments->wants_utc)
        ok &= json_object_set_new(request, "utc", json_true()) == 0;
    if (arguments->version != 0)
        ok &= json_object_set_new(request, "styx", json_integer(arguments->version)) == 0;
    return ok;
}

static bool fill_request(const struct whack_arguments *arguments, enum whack_action action, json_t *request,
                         struct error *error)
{
    const struct request_form *form = &forms[action];
    if (form->name == NAME_NEEDED && arguments->name == NULL)
        return error_set(error, 0, "missing --name <%s> for --%s",
                         form->name_of != NULL ? form->name_of : "connection_name", form->option);
    if (!set_text(request, "command", form->command, error) || !add_common(arguments, (int)action, request) ||
        (arguments->members[action] != NULL && json_object_update(request, arguments->members[action]) != 0))
        return error_set(error, 0, "out of memory");
    if (form->name != NAME_UNUSED && arguments->name != NULL &&
        !set_text(request, "name", arguments->name, error))
        return false;
    return add_details(arguments, action, request, error);
}

/* `whack --name N --delete ... --to ...` replaces N: the request to add it says so. */
static bool is_asked(const struct whack_arguments *arguments, int action)
{
    return arguments->actions[action] && !(action == WHACK_DELETE && arguments->actions[WHACK_ADD]);
}

/* Options that would change nothing are refused rather than ignored. */
static bool check_modifiers(const struct whack_arguments *arguments, struct error *error)
{
    bool uses_name = false, has_listing = false;
    for (int action = 0; action < WHACK_ACTION_COUNT; action++) {
        has_listing |= arguments->actions[action] && is_listing(action);
        uses_name |= arguments->actions[action] && forms[action].name != NAME_UNUSED;
        if (arguments->members[action] == NULL || arguments->actions[action])
            continue;
        if (action == WHACK_KEY)
            return error_set(error, 0, "--addkey and --pubkeyrsa require --keyid");
        const char *member = json_object_iter_key(json_object_iter(arguments->members[action]));
        return error_set(error, 0, "--%s goes with --%s",
                         whack_option_of_member((enum whack_action)action, member), forms[action].option);
    }
    if (arguments->wants_json && !has_listing)
        return error_set(error, 0, "--json goes with a status, list or traffic command");
    bool asks_for_answers = arguments->actions[WHACK_INITIATE] || arguments->actions[WHACK_ADD];
    if ((arguments->user != NULL || arguments->password != NULL) && !asks_for_answers)
        return error_set(error, 0, "--xauthuser and --xauthpass go with --initiate");
    if (arguments->pfs_group != NULL && !arguments->actions[WHACK_ADD])
        return error_set(error, 0, "--pfsgroup goes with a connection");
    if (arguments->name != NULL && !uses_name)
        return error_set(error, 0, "no reason for --name");
    return true;
}

json_t *whack_arguments_requests(const struct whack_arguments *arguments, struct error *error)
{
    bool is_anything_asked = false;
    for (int action = 0; action < WHACK_ACTION_COUNT; action++)
        is_anything_asked |= is_asked(arguments, action);
    for (int action = 0; action < WHACK_ACTION_COUNT; action++)
        is_anything_asked |= arguments->members[action] != NULL;
    if (!is_anything_asked) {
        error_set(error, 0, "no action specified; try --help for hints");
        return NULL;
    }
    if (!check_modifiers(arguments, error))
        return NULL;
    json_t *requests = json_array();
    for (int action = 0; action < WHACK_ACTION_COUNT; action++) {
        if (!is_asked(arguments, action))
            continue;
        json_t *request = json_object();
        json_array_append_new(requests, request);
        if (!fill_request(arguments, (enum whack_action)action, request, error)) {
            json_decref(requests);
            return NULL;
        }
    }
    return requests;
}
