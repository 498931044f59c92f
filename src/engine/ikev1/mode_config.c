/* Mode Config, pull and push, of either side. */
#include "engine/ikev1/mode_config.h"

#include "engine/configuration.h"
#include "engine/ikev1/phase1.h"
#include "engine/ikev1/phase15.h"
#include "engine/login.h"

enum { LIST_MAX = 8192 };

static struct connection *connection_of(const struct engine *engine, const struct ike_sa *ike)
{
    return connection_by_serial(engine, ike->connection_serial);
}

static void enter(struct engine *engine, struct ike_sa *ike, enum ikev1_state state)
{
    ike->v1->state = state;
    say_ike(engine, RC_NEW_V1_STATE + (int)state, ike, ike->setup != NULL ? ike->setup->client : 0, "%s",
            ikev1_state_story(state));
}

static void is_done(struct engine *engine, struct ike_sa *ike)
{
    if (phase15_is_at(ike, &mode_config_service))
        phase15_step_is_done(engine, ike);
}

/* ---- server ---- */

static bool lease(struct engine *engine, struct ike_sa *ike, const struct configuration *request,
                  struct error *error)
{
    static const struct identity nobody;
    struct connection *connection = connection_of(engine, ike);
    /* xauthfail=soft: he has the group's secret, and no user's address. */
    const struct lease_holder holder = {.id = ike->login_failed ? &nobody : &ike->remote_id,
                                        .user = ike->login_failed ? "" : login_user(ike),
                                        .own = ike->v1->login_address};
    bool has_none = connection->remote_end->pool_count == 0 && !address_is_set(&holder.own);
    return has_none || configuration_lease(engine, connection, &holder, request, error);
}

static struct bytes told(const struct engine *engine, const struct ike_sa *ike,
                         const struct configuration *request, uint8_t *buffer)
{
    struct writer writer = writer_of(buffer, LIST_MAX);
    configuration_write_told(connection_of(engine, ike), request, true, &writer);
    return writer_bytes_so_far(&writer);
}

static bool push(struct engine *engine, struct ike_sa *ike)
{
    uint8_t list[LIST_MAX];
    struct error error = {0};
    if (!lease(engine, ike, NULL, &error)) {
        phase15_fail(engine, ike, RC_FATAL, "Mode Config: %s", error.text);
        return true;
    }
    if (!transaction_begin(engine, ike, &mode_config_service, ISAKMP_CFG_SET, 0,
                           told(engine, ike, NULL, list)))
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "Mode Config set could not be built");
    else
        enter(engine, ike, STATE_MODE_CFG_R1);
    return true;
}

/* Answered whenever it comes: who pulls from a server that pushes gets the same. */
static void answer_request(struct engine *engine, struct ike_sa *ike, struct transaction *transaction,
                           const struct configuration *request)
{
    uint8_t list[LIST_MAX];
    struct error error = {0};
    if (!lease(engine, ike, request, &error)) {
        transaction_answer(engine, ike, transaction, bytes_of(NULL, 0));
        phase15_fail(engine, ike, RC_FATAL, "Mode Config: %s", error.text);
        return;
    }
    transaction_answer(engine, ike, transaction, told(engine, ike, request, list));
    is_done(engine, ike);
}

static bool begin_as_server(struct engine *engine, struct ike_sa *ike)
{
    if (!connection_of(engine, ike)->spec->modecfg.pull)
        return push(engine, ike);
    enter(engine, ike, STATE_MODE_CFG_R0);
    return true;
}

/* ---- client ---- */

static bool pull(struct engine *engine, struct ike_sa *ike)
{
    uint8_t list[LIST_MAX];
    struct writer writer = writer_of(list, sizeof(list));
    configuration_write_request(connection_of(engine, ike), true, &writer);
    say_ike(engine, RC_LOG, ike, ike->setup->client, "modecfg: Sending IP request (MODECFG_I1)");
    if (!transaction_begin(engine, ike, &mode_config_service, ISAKMP_CFG_REQUEST, 0,
                           writer_bytes_so_far(&writer)))
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "Mode Config request could not be built");
    else
        enter(engine, ike, STATE_MODE_CFG_I1);
    return true;
}

/* The server of an ISAKMP SA that replaces another may well think that nothing is left to tell. */
static bool begin_as_client(struct engine *engine, struct ike_sa *ike)
{
    const struct connection *connection = connection_of(engine, ike);
    bool has_address = connection->assignment != NULL && connection->assignment->is_ours;
    if (connection->spec->modecfg.pull)
        return pull(engine, ike);
    if (has_address)
        return false;
    say_ike(engine, RC_LOG, ike, ike->setup->client, "modecfg: waiting for the server to set the address");
    return true;
}

static void take(struct engine *engine, struct ike_sa *ike, const struct configuration *told_us)
{
    struct connection *connection = connection_of(engine, ike);
    struct error error = {0};
    bool is_waiting = phase15_is_at(ike, &mode_config_service);
    bool has_address = connection->assignment != NULL && connection->assignment->is_ours;
    if (configuration_take(engine, connection, told_us, &error)) {
        configuration_say_told(engine, ike, connection, ike->setup != NULL ? ike->setup->client : 0);
        is_done(engine, ike);
    } else if (is_waiting && has_address) {
        is_done(engine, ike);
    } else if (is_waiting) {
        phase15_fail(engine, ike, RC_FATAL, "Mode Config: %s", error.text);
    }
}

/* ---- the service ---- */

static bool begin(struct engine *engine, struct ike_sa *ike)
{
    const struct connection *connection = connection_of(engine, ike);
    if (configuration_is_client(connection))
        return begin_as_client(engine, ike);
    return configuration_is_server(connection) && begin_as_server(engine, ike);
}

/* What is not XAUTH's. */
static bool takes(const struct ike_sa *ike, const struct ikev1_attributes *attributes)
{
    (void)ike, (void)attributes;
    return true;
}

static void received_whole(struct engine *engine, struct ike_sa *ike, struct transaction *transaction,
                           const struct configuration *configuration)
{
    const struct connection *connection = connection_of(engine, ike);
    bool is_client = configuration_is_client(connection), is_server = configuration_is_server(connection);
    switch (configuration->kind) {
    case CFG_REQUEST:
        if (is_server)
            answer_request(engine, ike, transaction, configuration);
        else
            transaction_answer(engine, ike, transaction, bytes_of(NULL, 0));
        break;
    case CFG_SET:
        transaction_answer(engine, ike, transaction, bytes_of(NULL, 0));
        if (is_client)
            take(engine, ike, configuration);
        break;
    case CFG_REPLY:
        if (is_client)
            take(engine, ike, configuration);
        break;
    default: /* CFG_ACK */
        if (ike->v1->state == STATE_MODE_CFG_R1)
            enter(engine, ike, STATE_MODE_CFG_R2);
        is_done(engine, ike);
        break;
    }
}

static void received(struct engine *engine, struct ike_sa *ike, struct transaction *transaction,
                     const struct ikev1_attributes *attributes)
{
    struct configuration configuration;
    struct error error;
    if (configuration_read_ikev1(attributes->type, attributes->identifier, attributes->list, &configuration,
                                 &error)) {
        received_whole(engine, ike, transaction, &configuration);
        return;
    }
    say_ike(engine, RC_LOG_SERIOUS, ike, 0, "Mode Config: ignored what the peer says: %s", error.text);
    if (attributes->type == ISAKMP_CFG_REQUEST || attributes->type == ISAKMP_CFG_SET)
        transaction_answer(engine, ike, transaction, bytes_of(NULL, 0));
    else if (phase15_is_at(ike, &mode_config_service))
        phase15_fail(engine, ike, RC_FATAL, "Mode Config: %s", error.text);
}

static void unanswered(struct engine *engine, struct ike_sa *ike, const char *text)
{
    if (phase15_is_at(ike, &mode_config_service))
        phase15_fail(engine, ike, RC_NORETRANSMISSION, "%s", text);
}

const struct transaction_service mode_config_service = {
    .name = "Mode Config",
    .begin = begin,
    .takes = takes,
    .received = received,
    .unanswered = unanswered,
};
