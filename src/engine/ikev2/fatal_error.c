/* Errors that end an IKE SA without a Delete. See fatal_error.h. */
#include "engine/ikev2/fatal_error.h"

#include "engine/lifecycle.h"
#include "engine/sa.h"

/* The exchange that follows IKE_AUTH: an initiator that does not believe our answer may say so there and no
 * more (2.21.2). A rekeyed IKE SA counts from 0 anew; nobody says this there. */
enum { MESSAGE_ID_AFTER_AUTH = 2 };

bool fatal_error_was_told(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming)
{
    const struct ike_notify *error = ikev2_find_error(incoming->message);
    if (error == NULL || ike->is_initiator || incoming->message_id != MESSAGE_ID_AFTER_AUTH ||
        (error->type != AUTHENTICATION_FAILED && error->type != INVALID_SYNTAX &&
         error->type != UNSUPPORTED_CRITICAL_PAYLOAD))
        return false;
    const char *name = ikev2_notify_name(error->type);
    failure_keep(engine, connection_by_serial(engine, ike->connection_serial), ike, false,
                 error->type == AUTHENTICATION_FAILED ? FAILURE_AUTHENTICATION : FAILURE_REFUSED, error->type,
                 "the peer does not accept our answer to its IKE_AUTH request");
    say_ike(engine, RC_LOG_SERIOUS, ike, 0,
            "peer does not accept our authentication (%s); deleting the IKE SA", name);
    ike->end_reason = "refused by the peer";
    ike_retire(engine, ike);
    return true;
}

bool fatal_error_was_answered(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming)
{
    const struct ike_notify *error = ikev2_find_error(incoming->message);
    if (error == NULL || error->type != INVALID_SYNTAX || ike->current == TASK_AUTH ||
        ike->current == TASK_DELETE_IKE)
        return false;
    ike_fail_because(engine, ike, FAILURE_REFUSED, error->type, RC_NOTIFICATION + INVALID_SYNTAX,
                     "peer takes our %s request for malformed (INVALID_SYNTAX), which ends the IKE SA",
                     ikev2_exchange_name(incoming->exchange));
    return true;
}

void fatal_error_conclude(struct engine *engine, uint64_t ike_serial)
{
    struct ike_sa *ike = ike_by_serial(engine, ike_serial);
    if (ike == NULL || !ike->has_refused_syntax || ike->state == IKE_STATE_RETIRED)
        return;
    say_ike(engine, RC_LOG_SERIOUS, ike, 0, "deleting the IKE SA after answering INVALID_SYNTAX");
    ike->end_reason = "malformed request of the peer";
    ike_retire(engine, ike);
}
