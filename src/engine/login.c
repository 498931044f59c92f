/* Users who log in over an IKE SA: see login.h. */
#include "engine/login.h"

#include "engine/count.h"
#include "engine/version.h"

enum login_role login_role_of(const struct connection *connection)
{
    const struct end_spec *end = connection->local_end;
    if (end == NULL || connection->spec->ike_version != 1)
        return LOGIN_NONE;
    return end->xauth_server ? LOGIN_SERVER : end->xauth_client ? LOGIN_CLIENT : LOGIN_NONE;
}

static const char *configured_user(const struct connection *connection)
{
    const struct end_spec *end = connection->local_end;
    return end != NULL && end->username != NULL ? end->username : "";
}

bool login_is_shared(const struct connection *a, const struct connection *b)
{
    enum login_role role = login_role_of(a);
    if (a == b || a->shared == b->shared)
        return true;
    if (role != login_role_of(b))
        return false;
    if (role == LOGIN_CLIENT)
        return strcmp(configured_user(a), configured_user(b)) == 0;
    return role == LOGIN_NONE ||
           (a->spec->xauth_by == b->spec->xauth_by && a->spec->xauth_fails_soft == b->spec->xauth_fails_soft);
}

/* Its name before several subnets and the like multiply it. */
static const char *name_in_file(const struct connection *connection)
{
    const struct connection_spec *spec = connection->spec;
    return spec->conn_name != NULL ? spec->conn_name : spec->name;
}

bool login_is_for(const struct ike_sa *ike, const struct connection *first, const struct connection *other)
{
    return !ike->login_is_for_one || strcmp(name_in_file(first), name_in_file(other)) == 0;
}

bool login_is_authorized(const struct connection *first, const struct connection *other)
{
    return first->spec->pam_authorize || !other->spec->pam_authorize;
}

bool login_users_are_equal(const struct ike_sa *a, const struct ike_sa *b)
{
    return a->login_failed == b->login_failed && strcmp(login_user(a), login_user(b)) == 0;
}

const char *login_user(const struct ike_sa *ike)
{
    return ike->user.data != NULL ? (const char *)ike->user.data : "";
}

bool login_set_user(struct engine *engine, struct ike_sa *ike, const char *user)
{
    return owned_set(engine, &ike->memory_bytes, &ike->user, bytes_of(user, strlen(user) + 1));
}

bool login_name_is_fit(struct bytes name)
{
    if (name.size == 0 || name.size >= LOGIN_NAME_SIZE)
        return false;
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] < ' ' || name.data[i] == 0x7f || strchr(",;\"'", name.data[i]) != NULL)
            return false;
    return true;
}

/* ---- the server's question ---- */

enum { PAM_STARTED, PAM_STOPPED, PAM_ABORTED };

static uint64_t ask(struct engine *engine, const struct login_request *request)
{
    if (request->by == XAUTHBY_PAM)
        count_one(engine, COUNT_PAM, PAM_STARTED);
    engine->env->check_login(engine->env->world, request);
    return request->request_id;
}

uint64_t login_check(struct engine *engine, const struct ike_sa *ike, const char *user, const char *password)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct login_request request = {
        .request_id = ++engine->last_request_id,
        .ike_serial = ike->serial,
        .by = (enum xauth_by)connection->spec->xauth_by,
        .connection = name_in_file(connection),
        .user = user,
        .password = password,
        .peer = ike->path.remote.address,
    };
    return ask(engine, &request);
}

uint64_t login_authorize(struct engine *engine, const struct ike_sa *ike)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    char name[IDENTITY_TEXT_SIZE];
    struct login_request request = {
        .ike_serial = ike->serial,
        .by = XAUTHBY_PAM,
        .connection = name_in_file(connection),
        .user = identity_text(&ike->remote_id, name),
        .password = "",
        .peer = ike->path.remote.address,
    };
    /* A name that is cut might be somebody else's. */
    if (strlen(name) >= LOGIN_NAME_SIZE || engine->env->check_login == NULL)
        return 0;
    request.request_id = ++engine->last_job_id;
    say_ike(engine, RC_LOG, ike, 0, "IKEv2: [XAUTH]PAM method requested to authorize '%s'", name);
    return ask(engine, &request);
}

/* An answer that nobody waits for any more is that of an aborted question. */
void engine_login_checked(struct engine *engine, const struct login_result *result)
{
    struct ike_sa *ike = ike_by_serial(engine, result->ike_serial);
    if (result->by == XAUTHBY_PAM)
        count_one(engine, COUNT_PAM, ike != NULL ? PAM_STOPPED : PAM_ABORTED);
    if (ike != NULL && ike->version->login_checked != NULL)
        ike->version->login_checked(engine, ike, result);
}

/* ---- the client's memory ---- */

void login_remember(struct engine *engine, struct connection *connection, const char *user,
                    const char *password)
{
    struct owned *slots[] = {&connection->login_user, &connection->login_password};
    const char *values[] = {user, password};
    for (size_t i = 0; i < ARRAY_SIZE(slots); i++)
        if (values[i] == NULL)
            owned_clear(engine, &connection->memory_bytes, slots[i]);
        else
            owned_set(engine, &connection->memory_bytes, slots[i],
                      bytes_of(values[i], strlen(values[i]) + 1));
}

void login_forget(struct engine *engine, struct connection *connection)
{
    login_remember(engine, connection, NULL, NULL);
}
