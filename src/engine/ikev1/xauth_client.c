/* XAUTH as client: draft-beaulieu-ike-xauth 6. What is asked for comes from the configuration, from
 * ipsec.secrets, or from whoever waits for the connection. */
#include <stdio.h>

#include "base/reader.h"
#include "base/secret.h"
#include "engine/configuration.h"
#include "engine/ikev1/phase15.h"
#include "engine/ikev1/xauth.h"
#include "engine/prompt.h"

static const struct {
    uint16_t attribute;
    bool is_secret;
    const char *prompt;
} questions[XAUTH_QUESTIONS] = {
    [XAUTH_ASKED_USER] = {XAUTH_USER_NAME, false, "prompt for Username:"},
    [XAUTH_ASKED_PASSWORD] = {XAUTH_USER_PASSWORD, true, "prompt for Password:"},
    [XAUTH_ASKED_PASSCODE] = {XAUTH_PASSCODE, true, "prompt for Passcode:"},
    [XAUTH_ASKED_NEXT_PIN] = {XAUTH_NEXT_PIN, true, "prompt for new PIN:"},
    [XAUTH_ASKED_ANSWER] = {XAUTH_ANSWER, false, "prompt for Answer:"},
};

static const char *const type_names[] = {"generic", "RADIUS-CHAP", "OTP", "S/KEY"};

void xauth_client_begin(struct engine *engine, struct ike_sa *ike)
{
    (void)engine;
    ike->v1->state = STATE_XAUTH_I0;
}

static bool keep(struct engine *engine, struct ike_sa *ike, enum xauth_question question, const char *answer)
{
    struct xauth *xauth = ike->v1->xauth;
    xauth->answered |= 1u << question;
    return owned_set(engine, &ike->memory_bytes, &xauth->answers[question],
                     bytes_of(answer, strlen(answer) + 1));
}

static const char *answer_of(const struct xauth *xauth, enum xauth_question question)
{
    const struct owned *answer = &xauth->answers[question];
    return answer->data != NULL ? (const char *)answer->data : "";
}

/* ---- answers that need nobody ---- */

static const char *known_user(const struct connection *connection)
{
    if (connection->login_user.data != NULL)
        return (const char *)connection->login_user.data;
    return connection->local_end->username;
}

static void take_known_password(struct engine *engine, struct ike_sa *ike,
                                const struct connection *connection)
{
    char password[LOGIN_PASSWORD_SIZE];
    const char *user = answer_of(ike->v1->xauth, XAUTH_ASKED_USER);
    const struct secret_entry *entry = NULL;
    if (engine->secrets != NULL)
        entry = secrets_find_xauth(engine->secrets, user);
    bool is_of_user =
        connection->login_user.data == NULL || strcmp((const char *)connection->login_user.data, user) == 0;
    if (is_of_user && connection->login_password.data != NULL) {
        keep(engine, ike, XAUTH_ASKED_PASSWORD, (const char *)connection->login_password.data);
    } else if (entry != NULL && entry->key_size < sizeof(password)) {
        memcpy(password, entry->key, entry->key_size);
        password[entry->key_size] = '\0';
        keep(engine, ike, XAUTH_ASKED_PASSWORD, password);
        secret_wipe(password, sizeof(password));
    }
}

/* A one-time password cannot be known before, nor one that was wrong a moment ago be right. */
static void take_known(struct engine *engine, struct ike_sa *ike)
{
    struct xauth *xauth = ike->v1->xauth;
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    const char *user = known_user(connection);
    if ((xauth->answered & 1u << XAUTH_ASKED_USER) == 0 && user != NULL)
        keep(engine, ike, XAUTH_ASKED_USER, user);
    bool wants_password = (xauth->asked & 1u << XAUTH_ASKED_PASSWORD) != 0 &&
                          (xauth->answered & 1u << XAUTH_ASKED_PASSWORD) == 0;
    if (wants_password && xauth->type == XAUTH_GENERIC && xauth->tries == 1)
        take_known_password(engine, ike, connection);
}

/* ---- the reply ---- */

static void build_reply(const struct xauth *xauth, struct writer *writer)
{
    if (xauth->says_type)
        ikev1_write_attribute(writer, XAUTH_TYPE, xauth->type);
    for (size_t i = 0; i < XAUTH_QUESTIONS; i++)
        if ((xauth->asked & 1u << i) != 0)
            ikev1_write_attribute_bytes(writer, questions[i].attribute,
                                        bytes_of_text(answer_of(xauth, (enum xauth_question)i)));
}

static void reply(struct engine *engine, struct ike_sa *ike)
{
    struct xauth *xauth = ike->v1->xauth;
    struct transaction *transaction = transaction_by_message_id(ike, xauth->message_id);
    uint8_t list[XAUTH_QUESTIONS * (LOGIN_PASSWORD_SIZE + 4) + 8];
    struct writer writer = writer_of(list, sizeof(list));
    build_reply(xauth, &writer);
    xauth->message_id = 0;
    say_ike(engine, RC_LOG, ike, ike->setup->client, "XAUTH: Answering XAUTH challenge with user='%s'",
            answer_of(xauth, XAUTH_ASKED_USER));
    bool is_sent = transaction != NULL && !writer.overflowed &&
                   transaction_answer(engine, ike, transaction, writer_bytes_so_far(&writer));
    secret_wipe(list, sizeof(list));
    if (is_sent)
        xauth_say_state(engine, ike, STATE_XAUTH_I1);
    else
        phase15_fail(engine, ike, RC_INTERNAL_ERROR, "XAUTH reply could not be built");
}

/* The server is told that there will be no answer (6.1). */
static void give_up(struct engine *engine, struct ike_sa *ike, const char *reason)
{
    struct transaction *transaction = transaction_by_message_id(ike, ike->v1->xauth->message_id);
    uint8_t list[8];
    struct writer writer = writer_of(list, sizeof(list));
    ikev1_write_attribute(&writer, XAUTH_STATUS, XAUTH_FAIL);
    if (transaction != NULL)
        transaction_answer(engine, ike, transaction, writer_bytes_so_far(&writer));
    phase15_fail(engine, ike, RC_FATAL, "XAUTH: %s", reason);
}

/* ---- questions ---- */

static void ask_next(struct engine *engine, struct ike_sa *ike);

static void answered(struct engine *engine, struct ike_sa *ike, const char *answer)
{
    struct xauth *xauth = ike->v1 != NULL ? ike->v1->xauth : NULL;
    if (xauth == NULL || xauth->message_id == 0)
        return;
    enum xauth_question question = xauth->current;
    if (answer == NULL)
        give_up(engine, ike, "nobody answers what the server asks for");
    else if (strlen(answer) >= LOGIN_PASSWORD_SIZE ||
             (question == XAUTH_ASKED_USER && !login_name_is_fit(bytes_of_text(answer))))
        give_up(engine, ike, "the answer is empty, too long, or no user name");
    else if (!keep(engine, ike, question, answer))
        give_up(engine, ike, "out of memory");
    else
        ask_next(engine, ike);
}

static void ask(struct engine *engine, struct ike_sa *ike, enum xauth_question question)
{
    struct xauth *xauth = ike->v1->xauth;
    char reason[400], user[100];
    xauth->current = question;
    if (prompt_ask(engine, ike, ike->setup->client, questions[question].is_secret, questions[question].prompt,
                   answered))
        return;
    snprintf(user, sizeof(user), "%s", answer_of(xauth, XAUTH_ASKED_USER));
    if (question == XAUTH_ASKED_USER)
        snprintf(reason, sizeof(reason),
                 "the server asks for a user name and nobody can be asked; leftusername= or --xauthuser is "
                 "wanted");
    else
        snprintf(reason, sizeof(reason),
                 "the server asks for a %s of user '%s' and nobody can be asked; an XAUTH entry of @%s in "
                 "ipsec.secrets, or --xauthpass, is wanted",
                 question == XAUTH_ASKED_PASSWORD ? "password" : "one-time answer", user, user);
    give_up(engine, ike, reason);
}

static void ask_next(struct engine *engine, struct ike_sa *ike)
{
    struct xauth *xauth = ike->v1->xauth;
    take_known(engine, ike);
    unsigned open = xauth->asked & ~xauth->answered;
    for (size_t i = 0; i < XAUTH_QUESTIONS; i++)
        if ((open & 1u << i) != 0) {
            ask(engine, ike, (enum xauth_question)i);
            return;
        }
    reply(engine, ike);
}

/* ---- what the server says ---- */

static void read_questions(struct xauth *xauth, const struct ikev1_attributes *attributes)
{
    struct ikev1_attribute attribute;
    for (size_t i = 0; i < XAUTH_QUESTIONS; i++)
        if (ikev1_attribute_find(attributes->list, questions[i].attribute, &attribute))
            xauth->asked |= 1u << i;
    xauth->says_type = ikev1_attribute_find(attributes->list, XAUTH_TYPE, &attribute);
    xauth->type = xauth->says_type && attribute.fits_number && attribute.number <= UINT16_MAX
                      ? (uint16_t)attribute.number
                      : XAUTH_GENERIC;
}

/* A message for the user, and the challenge of a one-time password, are shown as they are. */
static void show(struct engine *engine, struct ike_sa *ike, const struct ikev1_attributes *attributes)
{
    static const struct {
        uint16_t attribute;
        const char *name;
    } shown[] = {{XAUTH_MESSAGE, "message"}, {XAUTH_CHALLENGE, "challenge"}};
    struct ikev1_attribute attribute;
    for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
        char text[LOGIN_NAME_SIZE];
        struct text line = text_of(text, sizeof(text));
        if (!ikev1_attribute_find(attributes->list, shown[i].attribute, &attribute) ||
            attribute.value.size == 0)
            continue;
        text_add_escaped(&line, attribute.value);
        say_ike(engine, RC_LOG, ike, ike->setup->client, "XAUTH: the server's %s: %s", shown[i].name, text);
    }
}

static void forget_answers(struct engine *engine, struct ike_sa *ike)
{
    struct xauth *xauth = ike->v1->xauth;
    for (size_t i = 0; i < ARRAY_SIZE(xauth->answers); i++)
        if (i != XAUTH_ASKED_USER) {
            owned_clear(engine, &ike->memory_bytes, &xauth->answers[i]);
            xauth->answered &= ~(1u << i);
        }
}

static void take_request(struct engine *engine, struct ike_sa *ike, const struct transaction *transaction,
                         const struct ikev1_attributes *attributes)
{
    struct xauth *xauth = ike->v1->xauth;
    char reason[160];
    if (xauth->message_id != 0)
        prompt_discard(engine, ike->setup->client);
    xauth->message_id = transaction->exchange.message_id;
    xauth->asked = 0;
    xauth->tries++;
    read_questions(xauth, attributes);
    forget_answers(engine, ike);
    show(engine, ike, attributes);
    if (xauth->type == XAUTH_RADIUS_CHAP || xauth->type > XAUTH_SKEY) {
        snprintf(reason, sizeof(reason), "the server wants authentication of type %s, which is not supported",
                 xauth->type < ARRAY_SIZE(type_names) ? type_names[xauth->type] : "unknown");
        give_up(engine, ike, reason);
    } else if (xauth->tries > XAUTH_TRIES_LIMIT) {
        give_up(engine, ike, "the server asks again and again");
    } else {
        ask_next(engine, ike);
    }
}

static void take_status(struct engine *engine, struct ike_sa *ike, struct transaction *transaction,
                        const struct ikev1_attributes *attributes)
{
    struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct xauth *xauth = ike->v1->xauth;
    struct ikev1_attribute status;
    bool is_ok = ikev1_attribute_find(attributes->list, XAUTH_STATUS, &status) && status.number == XAUTH_OK;
    const char *user = answer_of(xauth, XAUTH_ASKED_USER);
    transaction_answer(engine, ike, transaction, bytes_of(NULL, 0));
    show(engine, ike, attributes);
    if (!is_ok) {
        say_ike(engine, RC_LOG_SERIOUS, ike, ike->setup->client, "Received Cisco XAUTH status: FAIL");
        login_forget(engine, connection);
        ike_fail_because(engine, ike, FAILURE_LOGIN, 0, RC_FATAL, "XAUTH: aborting entire IKE Exchange");
        return;
    }
    say_ike(engine, RC_LOG, ike, ike->setup->client, "XAUTH: Successfully Authenticated");
    if (!configuration_is_client(connection))
        say_ike(engine, RC_LOG, ike, ike->setup->client,
                "XAUTH completed; ModeCFG skipped as per configuration");
    bool has_password = (xauth->answered & 1u << XAUTH_ASKED_PASSWORD) != 0 && xauth->type == XAUTH_GENERIC;
    login_remember(engine, connection, *user != '\0' ? user : NULL,
                   has_password ? answer_of(xauth, XAUTH_ASKED_PASSWORD) : NULL);
    if (*user != '\0')
        login_set_user(engine, ike, user);
    xauth_drop(engine, ike);
    phase15_step_is_done(engine, ike);
}

void xauth_client_received(struct engine *engine, struct ike_sa *ike, struct transaction *transaction,
                           const struct ikev1_attributes *attributes)
{
    if (attributes->type == ISAKMP_CFG_SET)
        take_status(engine, ike, transaction, attributes);
    else
        take_request(engine, ike, transaction, attributes);
}
