/* XAUTH as server: draft-beaulieu-ike-xauth 2, 6. */
#include "base/secret.h"
#include "engine/ikev1/phase15.h"
#include "engine/ikev1/xauth.h"

static const char *role_word(const struct connection *connection)
{
    static const char *const words[] = {"password file", "PAM", "alwaysok"};
    return words[connection->spec->xauth_by];
}

void xauth_server_begin(struct engine *engine, struct ike_sa *ike)
{
    uint8_t list[16];
    struct writer writer = writer_of(list, sizeof(list));
    ikev1_write_attribute_bytes(&writer, XAUTH_USER_NAME, bytes_of(NULL, 0));
    ikev1_write_attribute_bytes(&writer, XAUTH_USER_PASSWORD, bytes_of(NULL, 0));
    say_ike(engine, RC_LOG, ike, ike->setup->client, "XAUTH: Sending Username/Password request (%s->%s)",
            ikev1_state_name(ike->v1->state), ikev1_state_name(STATE_XAUTH_R0));
    ike->v1->state = STATE_XAUTH_R0;
    if (is_impaired(engine, IMPAIR_SEND_NO_XAUTH_R0))
        return;
    if (!transaction_begin(engine, ike, &xauth_service, ISAKMP_CFG_REQUEST, 0, writer_bytes_so_far(&writer)))
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "XAUTH request could not be built");
}

static void send_status(struct engine *engine, struct ike_sa *ike, enum xauth_status status)
{
    uint8_t list[8];
    struct writer writer = writer_of(list, sizeof(list));
    ikev1_write_attribute(&writer, XAUTH_STATUS, status);
    ike->v1->state = STATE_XAUTH_R1;
    ike->v1->xauth->has_refused = status == XAUTH_FAIL;
    if (!transaction_begin(engine, ike, &xauth_service, ISAKMP_CFG_SET, 0, writer_bytes_so_far(&writer)))
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "XAUTH status could not be built");
}

/* "": no fit name came. */
static const char *claimed_user(const struct ike_sa *ike)
{
    const struct owned *user = &ike->v1->xauth->user;
    return user->data != NULL ? (const char *)user->data : "";
}

/* From now on the SA is that user's. */
static bool take_user(struct engine *engine, struct ike_sa *ike)
{
    if (login_set_user(engine, ike, claimed_user(ike)))
        return true;
    ike_fail(engine, ike, RC_INTERNAL_ERROR, "out of memory");
    return false;
}

/* xauthfail=soft lets in whoever has a wrong password, or none: the script is to see to it. */
static void refuse(struct engine *engine, struct ike_sa *ike, const char *reason)
{
    const char *user = claimed_user(ike);
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    say_ike(engine, RC_LOG_SERIOUS, ike, ike->setup->client, "XAUTH: User %s: Authentication Failed: %s",
            *user != '\0' ? user : "<unknown>", reason);
    if (connection->spec->xauth_fails_soft) {
        if (*user != '\0' && !take_user(engine, ike))
            return;
        ike->login_failed = true;
        say_ike(engine, RC_LOG_SERIOUS, ike, ike->setup->client,
                "XAUTH: xauthfail=soft: the connection is set up, with XAUTH_FAILED=1 for its script");
    }
    send_status(engine, ike, connection->spec->xauth_fails_soft ? XAUTH_OK : XAUTH_FAIL);
}

static void accept(struct engine *engine, struct ike_sa *ike)
{
    if (!take_user(engine, ike))
        return;
    say_ike(engine, RC_LOG, ike, ike->setup->client, "XAUTH: User %s: Authentication Successful",
            login_user(ike));
    send_status(engine, ike, XAUTH_OK);
}

/* Some peers count a terminating zero in. */
static struct bytes without_zero(struct bytes text)
{
    if (text.size > 0 && text.data[text.size - 1] == '\0')
        text.size--;
    return text;
}

static bool is_text(struct bytes bytes, size_t capacity)
{
    return bytes.size > 0 && bytes.size < capacity && memchr(bytes.data, '\0', bytes.size) == NULL;
}

static void check(struct engine *engine, struct ike_sa *ike, struct bytes name, struct bytes given)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    char user[LOGIN_NAME_SIZE], password[LOGIN_PASSWORD_SIZE];
    memcpy(user, name.data, name.size);
    user[name.size] = '\0';
    if (!owned_set(engine, &ike->memory_bytes, &ike->v1->xauth->user, bytes_of(user, name.size + 1))) {
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "out of memory");
        return;
    }
    say_ike(engine, RC_LOG, ike, ike->setup->client,
            "XAUTH: User %s: Attempting to login; %s authentication method", user, role_word(connection));
    if (connection->spec->xauth_by == XAUTHBY_ALWAYSOK) {
        accept(engine, ike);
        return;
    }
    if (!is_text(given, sizeof(password))) {
        refuse(engine, ike, "no password was given");
        return;
    }
    memcpy(password, given.data, given.size);
    password[given.size] = '\0';
    ike->v1->xauth->check_id = login_check(engine, ike, user, password);
    secret_wipe(password, sizeof(password));
}

/* The client's name and password, or its word that it has none (6.1). */
static void take_reply(struct engine *engine, struct ike_sa *ike, const struct ikev1_attributes *attributes)
{
    struct ikev1_attribute status, name = {0}, password = {0};
    bool has_failed = ikev1_attribute_find(attributes->list, XAUTH_STATUS, &status);
    ikev1_attribute_find(attributes->list, XAUTH_USER_NAME, &name);
    ikev1_attribute_find(attributes->list, XAUTH_USER_PASSWORD, &password);
    name.value = without_zero(name.value);
    if (has_failed)
        refuse(engine, ike, "the client gives up");
    else if (!login_name_is_fit(name.value))
        refuse(engine, ike, name.value.size == 0 ? "no user name was given" : "no fit user name");
    else
        check(engine, ike, name.value, without_zero(password.value));
}

static void finish(struct engine *engine, struct ike_sa *ike)
{
    bool has_refused = ike->v1->xauth->has_refused;
    if (has_refused) {
        phase15_fail(engine, ike, RC_FATAL, "XAUTH: the peer's user is not let in");
        return;
    }
    xauth_drop(engine, ike);
    phase15_step_is_done(engine, ike);
}

void xauth_server_received(struct engine *engine, struct ike_sa *ike,
                           const struct ikev1_attributes *attributes)
{
    if (attributes->type == ISAKMP_CFG_REPLY && ike->v1->state == STATE_XAUTH_R0)
        take_reply(engine, ike, attributes);
    else if (attributes->type == ISAKMP_CFG_ACK && ike->v1->state == STATE_XAUTH_R1)
        finish(engine, ike);
}

void xauth_server_checked(struct engine *engine, struct ike_sa *ike, const struct login_result *result)
{
    struct xauth *xauth = ike->v1 != NULL ? ike->v1->xauth : NULL;
    if (xauth == NULL || xauth->check_id != result->request_id)
        return;
    xauth->check_id = 0;
    if (!result->is_right) {
        refuse(engine, ike, result->reason);
        return;
    }
    ike->v1->login_address = result->address;
    ike->login_is_for_one = result->is_for_one;
    accept(engine, ike);
}
