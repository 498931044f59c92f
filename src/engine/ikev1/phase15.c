/* Between phase 1 and the first Quick Mode: draft-beaulieu-ike-xauth 2, draft-dukes-ike-mode-cfg 2. */
#include "engine/ikev1/phase15.h"

#include <stdarg.h>
#include <stdio.h>

#include "engine/ikev1/informational.h"
#include "engine/ikev1/mode_config.h"
#include "engine/ikev1/phase1.h"
#include "engine/ikev1/xauth.h"

#define PHASE15_LIMIT (120 * USEC_PER_SEC) /* people may have to type meanwhile */

/* In the order of their turns; the last is NULL. */
static const struct transaction_service *const services[] = {&xauth_service, &mode_config_service, NULL};

/* The names by which phase 1 calls its own end. */
static enum ikev1_state end_of_phase1(const struct ike_sa *ike)
{
    if (ike->v1->is_aggressive)
        return ike->is_initiator ? STATE_AGGR_I2 : STATE_AGGR_R2;
    return ike->is_initiator ? STATE_MAIN_I4 : STATE_MAIN_R3;
}

static void go_on(struct engine *engine, struct ike_sa *ike)
{
    while (services[ike->v1->phase15_step] != NULL) {
        if (services[ike->v1->phase15_step]->begin(engine, ike))
            return;
        ike->v1->phase15_step++;
    }
    ike->v1->state = end_of_phase1(ike);
    engine_timer_cancel(engine, &ike->retransmit_timer);
    phase1_is_usable(engine, ike);
}

void phase15_begin(struct engine *engine, struct ike_sa *ike)
{
    ike->state = IKE_STATE_PHASE1_DONE;
    ike->last_received_at = engine_now(engine);
    engine_timer_arm(engine, &ike->life_timer, engine_now(engine) + PHASE15_LIMIT);
    if (ike->v1->is_unconfirmed) /* should our last message have been lost, nothing will come */
        ikev1_arm_retransmit(engine, ike, &ike->v1->phase1, &ike->retransmit_timer);
    go_on(engine, ike);
}

void phase15_step_is_done(struct engine *engine, struct ike_sa *ike)
{
    if (ike->state != IKE_STATE_PHASE1_DONE)
        return;
    ike->v1->phase15_step++;
    go_on(engine, ike);
}

bool phase15_is_at(const struct ike_sa *ike, const struct transaction_service *service)
{
    return ike->state == IKE_STATE_PHASE1_DONE && services[ike->v1->phase15_step] == service;
}

bool phase15_is_too_early_for(const struct engine *engine, const struct ike_sa *ike,
                              const struct transaction_service *service)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    return service != &xauth_service && phase15_is_at(ike, &xauth_service) &&
           login_role_of(connection) == LOGIN_SERVER;
}

void phase15_fail(struct engine *engine, struct ike_sa *ike, int code, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    ikev1_send_ike_delete(engine, ike);
    ike_fail(engine, ike, code, "%s", text);
}

void phase15_is_late(struct engine *engine, struct ike_sa *ike)
{
    phase15_fail(engine, ike, RC_FATAL, "%s did not end within %u seconds",
                 services[ike->v1->phase15_step]->name, (unsigned)(PHASE15_LIMIT / USEC_PER_SEC));
}

const struct transaction_service *phase15_service_for(const struct ike_sa *ike,
                                                      const struct ikev1_attributes *attributes)
{
    for (size_t i = 0; services[i] != NULL; i++)
        if (services[i]->takes(ike, attributes))
            return services[i];
    return NULL;
}
