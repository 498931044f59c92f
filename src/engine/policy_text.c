/* The policy words of a connection: see policy_text.h. */
#include "engine/policy_text.h"

#include <assert.h>

#include "base/text.h"

size_t policy_words(const struct connection_spec *spec, bool is_kept_up,
                    const char *out[static POLICY_WORDS_MAX])
{
    unsigned auth = spec->left.auth | spec->right.auth;
    bool negotiates = !connection_spec_is_shunt(spec);
    bool has_children = negotiates && !spec->ike_only;
    const struct {
        const char *word;
        bool holds;
    } words[] = {
        {"IKEv1", spec->ike_version == 1},
        {"IKEv2", spec->ike_version == 2},
        {"PSK", (auth & AUTH_PSK) != 0},
        {"RSASIG", (auth & AUTH_RSASIG) != 0},
        {"ECDSA", (auth & AUTH_ECDSA) != 0},
        {"EDDSA", (auth & AUTH_EDDSA) != 0},
        {"AUTH_NEVER", (auth & AUTH_NEVER) != 0},
        {"AUTH_NULL", (auth & AUTH_NULL) != 0},
        {"RSASIG_v1_5", (auth & AUTH_RSASIG_V1_5) != 0},
        {"ENCRYPT", has_children && spec->protocol == PROTOCOL_ESP},
        {"AUTHENTICATE", has_children && (spec->protocol == PROTOCOL_AH || spec->ah_proposals != NULL)},
        {"COMPRESS", has_children && spec->compress},
        {"TUNNEL", spec->type == TYPE_TUNNEL},
        {"PFS", negotiates && spec->pfs},
        {"DECAP_DSCP", spec->decap_dscp},
        {"NOPMTUDISC", spec->nopmtudisc},
        {"MSDH_DOWNGRADE", negotiates && spec->ms_dh_downgrade},
        {"SHA2_TRUNCBUG", has_children && spec->sha2_truncbug},
        {"DONT_REKEY", !spec->rekey},
        {"REAUTH", spec->reauth},
        {"OPPORTUNISTIC", spec->left.is_opportunistic || spec->right.is_opportunistic},
        {"GROUP", spec->left.host_kind == HOST_GROUP || spec->right.host_kind == HOST_GROUP},
        {"UP", is_kept_up},
        {"XAUTH", spec->left.xauth_server || spec->left.xauth_client || spec->right.xauth_server ||
                      spec->right.xauth_client},
        {"MODECFG_PULL", spec->modecfg.pull},
        {"AGGRESSIVE", spec->aggressive},
        {"OVERLAPIP", spec->overlapip},
        {"IKEV2_ALLOW_NARROWING", spec->narrowing},
        {"IKEV2_PAM_AUTHORIZE", spec->pam_authorize},
        {"IGNORE_PEER_DNS", spec->modecfg.ignore_peer_dns},
        {"IKE_FRAG_ALLOW", negotiates && spec->fragmentation != FRAGMENTATION_NO},
        {"IKE_FRAG_FORCE", negotiates && spec->fragmentation == FRAGMENTATION_FORCE},
        {"NO_IKEPAD", spec->ike_version == 1 && spec->ikepad == IKEPAD_NO},
        {"MOBIKE", spec->mobike},
        {"ESN_NO", negotiates && (spec->esn & PROPOSAL_ESN_NO) != 0},
        {"ESN_YES", negotiates && (spec->esn & PROPOSAL_ESN_YES) != 0},
        {"PASS", spec->type == TYPE_PASS},
        {"DROP", spec->type == TYPE_DROP},
        {"NEVER_NEGOTIATE", !negotiates},
        {"NEGO_PASS", negotiates && spec->negotiation_shunt == SHUNT_PASS},
        {"failurePASS", negotiates && spec->failure_shunt == SHUNT_PASS},
        {"failureDROP", negotiates && spec->failure_shunt == SHUNT_DROP},
    };
    static_assert(ARRAY_SIZE(words) <= POLICY_WORDS_MAX, "room for all words");
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (words[i].holds)
            out[count++] = words[i].word;
    return count;
}

const char *policy_text(const struct connection_spec *spec, bool is_kept_up,
                        char out[static POLICY_TEXT_SIZE])
{
    const char *words[POLICY_WORDS_MAX];
    size_t count = policy_words(spec, is_kept_up, words);
    struct text text = text_of(out, POLICY_TEXT_SIZE);
    for (size_t i = 0; i < count; i++)
        text_add(&text, "%s%s", i ? "+" : "", words[i]);
    return out;
}
