/* Names and stories of IKEv1's states as Libreswan 4.x prints them. */
#include "engine/ikev1/ikev1.h"

static const struct {
    const char *name, *story;
} states[IKEV1_STATES] = {
    [STATE_NONE] = {"STATE_UNDEFINED", ""},
    [STATE_MAIN_R0] = {"STATE_MAIN_R0", "expecting Main Mode request"},
    [STATE_MAIN_I1] = {"STATE_MAIN_I1", "sent Main Mode request"},
    [STATE_MAIN_R1] = {"STATE_MAIN_R1", "sent Main Mode R1"},
    [STATE_MAIN_I2] = {"STATE_MAIN_I2", "sent Main Mode I2"},
    [STATE_MAIN_R2] = {"STATE_MAIN_R2", "sent Main Mode R2"},
    [STATE_MAIN_I3] = {"STATE_MAIN_I3", "sent Main Mode I3"},
    [STATE_MAIN_R3] = {"STATE_MAIN_R3", "IKE SA established"},
    [STATE_MAIN_I4] = {"STATE_MAIN_I4", "IKE SA established"},
    [STATE_AGGR_R0] = {"STATE_AGGR_R0", "expecting Aggressive Mode request"},
    [STATE_AGGR_I1] = {"STATE_AGGR_I1", "sent Aggressive Mode request"},
    [STATE_AGGR_R1] = {"STATE_AGGR_R1", "sent Aggressive Mode response, expecting confirmation"},
    [STATE_AGGR_I2] = {"STATE_AGGR_I2", "IKE SA established"},
    [STATE_AGGR_R2] = {"STATE_AGGR_R2", "IKE SA established"},
    [STATE_QUICK_R0] = {"STATE_QUICK_R0", "expecting Quick Mode request"},
    [STATE_QUICK_I1] = {"STATE_QUICK_I1", "sent Quick Mode request"},
    [STATE_QUICK_R1] = {"STATE_QUICK_R1", "sent Quick Mode reply, inbound IPsec SA installed"},
    [STATE_QUICK_I2] = {"STATE_QUICK_I2", "IPsec SA established"},
    [STATE_QUICK_R2] = {"STATE_QUICK_R2", "IPsec SA established"},
    [STATE_INFO] = {"STATE_INFO", "expecting an informational message"},
    [STATE_INFO_PROTECTED] = {"STATE_INFO_PROTECTED", "expecting a protected informational message"},
    [STATE_XAUTH_R0] = {"STATE_XAUTH_R0", "XAUTH responder - optional CFG exchange"},
    [STATE_XAUTH_R1] = {"STATE_XAUTH_R1", "XAUTH status sent, expecting Ack"},
    [STATE_MODE_CFG_R0] = {"STATE_MODE_CFG_R0", "expecting Mode Config request"},
    [STATE_MODE_CFG_R1] = {"STATE_MODE_CFG_R1", "sent Mode Config set, expecting acknowledgement"},
    [STATE_MODE_CFG_R2] = {"STATE_MODE_CFG_R2", "Mode Config acknowledged"},
    [STATE_MODE_CFG_I1] = {"STATE_MODE_CFG_I1", "sent Mode Config request, expecting reply"},
    [STATE_XAUTH_I0] = {"STATE_XAUTH_I0", "XAUTH client - possibly awaiting CFG_request"},
    [STATE_XAUTH_I1] = {"STATE_XAUTH_I1", "XAUTH client - possibly awaiting CFG_set"},
};

const char *ikev1_state_name(enum ikev1_state state)
{
    return states[state].name;
}

const char *ikev1_state_story(enum ikev1_state state)
{
    return states[state].story;
}

const char *ikev1_ike_state_name(const struct ike_sa *ike)
{
    return ikev1_state_name(ike->v1 != NULL ? ike->v1->state : STATE_NONE);
}

const char *ikev1_ike_state_story(const struct ike_sa *ike)
{
    return ikev1_state_story(ike->v1 != NULL ? ike->v1->state : STATE_NONE);
}

/* A Child SA outlives the exchange that made it. */
static enum ikev1_state state_of(const struct child_sa *child)
{
    if (child->state == CHILD_STATE_LARVAL && child->quick != NULL)
        return child->quick->state;
    return child->we_initiated ? STATE_QUICK_I2 : STATE_QUICK_R2;
}

const char *ikev1_child_state_name(const struct child_sa *child)
{
    return ikev1_state_name(state_of(child));
}

const char *ikev1_child_state_story(const struct child_sa *child)
{
    return ikev1_state_story(state_of(child));
}
