/* What may come in which state: see transitions.h. */
#include "engine/ikev1/transitions.h"

#include "engine/ikev1/informational.h"
#include "engine/ikev1/phase1_proof.h"
#include "engine/ikev1/quick_mode.h"

#define SA (UINT32_C(1) << ISAKMP_SA)
#define KE (UINT32_C(1) << ISAKMP_KE)
#define ID (UINT32_C(1) << ISAKMP_ID)
#define CERT (UINT32_C(1) << ISAKMP_CERT | UINT32_C(1) << ISAKMP_CERTREQ)
#define HASH (UINT32_C(1) << ISAKMP_HASH)
#define PROOF (UINT32_C(1) << 31) /* HASH or SIG, by what was agreed on */
#define NONCE (UINT32_C(1) << ISAKMP_NONCE)
#define NOTIFY (UINT32_C(1) << ISAKMP_NOTIFY)
#define DELETE (UINT32_C(1) << ISAKMP_DELETE)
#define ATTRIBUTES (UINT32_C(1) << ISAKMP_ATTRIBUTES)
#define VID (UINT32_C(1) << ISAKMP_VENDOR_ID)
#define NAT_D (UINT32_C(1) << ISAKMP_NAT_D)
#define NAT_OA (UINT32_C(1) << ISAKMP_NAT_OA)

/* Phase 1 by the state of the ISAKMP SA, Quick Mode by that of its own; Transaction exchanges have one form.
 */
static const struct transition transitions[] = {
    {STATE_MAIN_R0, ISAKMP_MAIN, CLEAR, SA, VID | CERT | NOTIFY, NULL, NULL},
    {STATE_MAIN_I1, ISAKMP_MAIN, CLEAR, SA, VID | CERT | NOTIFY, main_mode_response_1, NULL},
    {STATE_MAIN_R1, ISAKMP_MAIN, CLEAR, KE | NONCE, VID | CERT | NOTIFY | NAT_D, main_mode_request_2, NULL},
    {STATE_MAIN_I2, ISAKMP_MAIN, CLEAR, KE | NONCE, VID | CERT | NOTIFY | NAT_D, main_mode_response_2, NULL},
    {STATE_MAIN_R2, ISAKMP_MAIN, ENCRYPTED, ID | PROOF, VID | CERT | NOTIFY, main_mode_request_3, NULL},
    {STATE_MAIN_I3, ISAKMP_MAIN, ENCRYPTED, ID | PROOF, VID | CERT | NOTIFY, main_mode_response_3, NULL},
    {STATE_AGGR_R0, ISAKMP_AGGRESSIVE, CLEAR, SA | KE | NONCE | ID, VID | CERT | NOTIFY, NULL, NULL},
    {STATE_AGGR_I1, ISAKMP_AGGRESSIVE, CLEAR, SA | KE | NONCE | ID | PROOF, VID | CERT | NOTIFY | NAT_D,
     aggressive_mode_response, NULL},
    {STATE_AGGR_R1, ISAKMP_AGGRESSIVE, EITHER, PROOF, VID | CERT | NOTIFY | NAT_D,
     aggressive_mode_confirmation, NULL},
    {STATE_QUICK_R0, ISAKMP_QUICK, ENCRYPTED, HASH | SA | NONCE, KE | ID | NAT_OA | NOTIFY | VID, NULL,
     quick_mode_request},
    {STATE_QUICK_I1, ISAKMP_QUICK, ENCRYPTED, HASH | SA | NONCE, KE | ID | NAT_OA | NOTIFY | VID, NULL,
     quick_mode_response},
    {STATE_QUICK_R1, ISAKMP_QUICK, ENCRYPTED, HASH, NOTIFY | VID, NULL, quick_mode_confirmation},
    {STATE_MODE_CFG_R0, ISAKMP_TRANSACTION, ENCRYPTED, HASH | ATTRIBUTES, NOTIFY | VID, NULL, NULL},
    {STATE_INFO_PROTECTED, ISAKMP_INFORMATIONAL, ENCRYPTED, HASH, NOTIFY | DELETE | VID,
     informational_protected, NULL},
};

const struct transition *transition_find(enum ikev1_state state, uint8_t exchange, bool is_encrypted)
{
    for (size_t i = 0; i < ARRAY_SIZE(transitions); i++) {
        const struct transition *row = &transitions[i];
        bool fits = row->encryption == EITHER || (row->encryption == ENCRYPTED) == is_encrypted;
        if (row->state == state && row->exchange == exchange && fits)
            return row;
    }
    return NULL;
}

static uint32_t must_have(const struct ike_sa *ike, const struct transition *row)
{
    uint32_t signature = UINT32_C(1) << ISAKMP_SIGNATURE;
    if ((row->must & PROOF) == 0)
        return row->must;
    return (row->must & ~PROOF) | (phase1_is_signed(ike) ? signature : HASH);
}

bool transition_fits(const struct ike_sa *ike, const struct transition *row,
                     const struct ikev1_message *message, struct error *error)
{
    uint32_t must = must_have(ike, row);
    uint32_t missing = must & ~message->present;
    uint32_t superfluous = message->present & ~(must | row->may);
    for (uint8_t type = 0; type < 32; type++) {
        if (missing & UINT32_C(1) << type)
            return error_set(error, V1_PAYLOAD_MALFORMED, "%s payload is missing", ikev1_payload_name(type));
        if (superfluous & UINT32_C(1) << type)
            return error_set(error, V1_INVALID_PAYLOAD_TYPE, "unexpected %s payload",
                             ikev1_payload_name(type));
    }
    return true;
}
