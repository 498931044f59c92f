/* XAUTH: what both roles share. draft-beaulieu-ike-xauth 6, 7. */
#include "engine/ikev1/xauth.h"

#include "base/reader.h"
#include "engine/ikev1/phase1.h"
#include "engine/ikev1/phase15.h"

/* ---- the announcement ---- */

static const struct {
    uint16_t plain, initiator_logs_in, responder_logs_in;
} methods[] = {
    {OAKLEY_PRESHARED_KEY, XAUTH_INIT_PRESHARED, XAUTH_RESP_PRESHARED},
    {OAKLEY_RSA_SIGNATURE, XAUTH_INIT_RSA, XAUTH_RESP_RSA},
};

uint16_t xauth_method(const struct connection *connection, bool is_initiator, uint16_t method)
{
    enum login_role role = login_role_of(connection);
    bool initiator_logs_in = (role == LOGIN_CLIENT) == is_initiator;
    for (size_t i = 0; role != LOGIN_NONE && i < ARRAY_SIZE(methods); i++)
        if (methods[i].plain == method)
            return initiator_logs_in ? methods[i].initiator_logs_in : methods[i].responder_logs_in;
    return method;
}

uint16_t xauth_plain_method(uint16_t method)
{
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
        if (methods[i].initiator_logs_in == method || methods[i].responder_logs_in == method)
            return methods[i].plain;
    return method;
}

/* ---- its part of the ISAKMP SA ---- */

void xauth_drop(struct engine *engine, struct ike_sa *ike)
{
    struct xauth *xauth = ike->v1->xauth;
    if (xauth == NULL)
        return;
    owned_clear(engine, &ike->memory_bytes, &xauth->user);
    for (size_t i = 0; i < ARRAY_SIZE(xauth->answers); i++)
        owned_clear(engine, &ike->memory_bytes, &xauth->answers[i]);
    engine_deallocate(engine, xauth, sizeof(*xauth), &ike->memory_bytes);
    ike->v1->xauth = NULL;
}

void xauth_say_state(struct engine *engine, struct ike_sa *ike, enum ikev1_state state)
{
    char line[256];
    struct text text = text_of(line, sizeof(line));
    ike->v1->state = state;
    phase1_describe(&text, ike);
    say_ike(engine, RC_SUCCESS, ike, ike->setup->client, "%s %s", ikev1_state_story(state), line);
}

/* ---- the service ---- */

static bool begin(struct engine *engine, struct ike_sa *ike)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    enum login_role role = login_role_of(connection);
    if (role == LOGIN_NONE)
        return false;
    ike->v1->xauth = engine_allocate(engine, sizeof(*ike->v1->xauth), &ike->memory_bytes);
    if (ike->v1->xauth == NULL)
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "out of memory");
    else if (role == LOGIN_SERVER)
        xauth_server_begin(engine, ike);
    else
        xauth_client_begin(engine, ike);
    return true;
}

static bool takes(const struct ike_sa *ike, const struct ikev1_attributes *attributes)
{
    struct reader reader = reader_of(attributes->list);
    struct ikev1_attribute attribute;
    (void)ike;
    while (ikev1_attribute_read(&reader, &attribute))
        if (attribute.type >= XAUTH_TYPE && attribute.type <= XAUTH_ANSWER)
            return true;
    return false;
}

static void received(struct engine *engine, struct ike_sa *ike, struct transaction *transaction,
                     const struct ikev1_attributes *attributes)
{
    bool is_answer = attributes->type == ISAKMP_CFG_REPLY || attributes->type == ISAKMP_CFG_ACK;
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    if (ike->v1->xauth != NULL && is_answer)
        xauth_server_received(engine, ike, attributes);
    else if (ike->v1->xauth != NULL && is_impaired(engine, IMPAIR_DROP_XAUTH_R0))
        return;
    else if (ike->v1->xauth != NULL && login_role_of(connection) == LOGIN_CLIENT)
        xauth_client_received(engine, ike, transaction, attributes);
    else if (!is_answer) /* it is not the time, or we are not the one to be asked */
        transaction_answer(engine, ike, transaction, bytes_of(NULL, 0));
}

static void unanswered(struct engine *engine, struct ike_sa *ike, const char *text)
{
    phase15_fail(engine, ike, RC_NORETRANSMISSION, "%s", text);
}

const struct transaction_service xauth_service = {
    .name = "XAUTH",
    .begin = begin,
    .takes = takes,
    .received = received,
    .unanswered = unanswered,
};
