/* Why no transform of the peer's fits, where that is none of the algorithms' fault: the way to prove who one
 * is (RFC 2409 appendix A), or the mode of the IPsec SA (RFC 2407 4.5, RFC 3947 5.1). */
#include <stdio.h>

#include "proposal/ikev1_transform.h"

enum { WORDS_SIZE = 48 };

static const char *auth_words(uint16_t method, char out[static WORDS_SIZE])
{
    switch (method) {
    case OAKLEY_PRESHARED_KEY:
        return "a pre-shared key";
    case OAKLEY_RSA_SIGNATURE:
        return "RSA signatures";
    case XAUTH_INIT_PRESHARED:
    case XAUTH_RESP_PRESHARED:
        return "a pre-shared key and XAUTH";
    case XAUTH_INIT_RSA:
    case XAUTH_RESP_RSA:
        return "RSA signatures and XAUTH";
    default:
        snprintf(out, WORDS_SIZE, "method %u", method);
        return out;
    }
}

static const char *mode_words(uint16_t mode, char out[static WORDS_SIZE])
{
    switch (mode) {
    case V1_MODE_TUNNEL:
        return "tunnel mode";
    case V1_MODE_TRANSPORT:
        return "transport mode";
    case V1_MODE_UDP_TUNNEL:
        return "tunnel mode in UDP";
    case V1_MODE_UDP_TRANSPORT:
        return "transport mode in UDP";
    default:
        snprintf(out, WORDS_SIZE, "mode %u", mode);
        return out;
    }
}

void ikev1_misfit_note(struct ikev1_misfit *misfit, const struct ikev1_offer *ours,
                       const struct ikev1_transform *theirs)
{
    bool is_ike = ours->protocol == PROTOCOL_IKE;
    uint16_t wanted = is_ike ? ours->auth_method : ikev1_plain_mode(ours->encapsulation_mode);
    misfit->theirs = is_ike ? theirs->auth_method : ikev1_plain_mode(theirs->encapsulation_mode);
    misfit->some_fit = misfit->some_fit || misfit->theirs == wanted;
}

bool ikev1_misfit_tell(const struct ikev1_misfit *misfit, const struct ikev1_offer *ours, struct error *error)
{
    char theirs[WORDS_SIZE], wanted[WORDS_SIZE];
    if (misfit->some_fit || misfit->theirs == 0)
        return false;
    if (ours->protocol == PROTOCOL_IKE)
        error_set(error, V1_NO_PROPOSAL_CHOSEN, "peer wants to authenticate by %s; we by %s",
                  auth_words(misfit->theirs, theirs), auth_words(ours->auth_method, wanted));
    else
        error_set(error, V1_NO_PROPOSAL_CHOSEN, "peer wants %s; we want %s",
                  mode_words(misfit->theirs, theirs),
                  mode_words(ikev1_plain_mode(ours->encapsulation_mode), wanted));
    return true;
}
