/* Keywords that do not go together, refused as Libreswan refuses them; what follows from the connection
 * itself is in connection_spec_check(). */
#include "config/spec_detail.h"

/* RFC 2409 knows neither of them. */
static bool check_ikev2_only(const struct connection_spec *spec, struct error *error)
{
    if (spec->ike_version != 1)
        return true;
    if (spec->mobike)
        return error_set(error, -1, "MOBIKE requires IKEv2");
    if (spec->narrowing)
        return error_set(error, -1, "narrowing=yes requires IKEv2");
    return (!spec->left.is_opportunistic && !spec->right.is_opportunistic) ||
           error_set(error, -1, "opportunistic connection MUST have IKEv2");
}

/* One way for both ends (RFC 2409 5), and of RSA signatures the one kind that there is. */
static bool check_ikev1_auth(const struct spec_builder *builder, struct error *error)
{
    const struct connection_spec *spec = builder->spec;
    const unsigned rsa = AUTH_RSASIG | AUTH_RSASIG_V1_5;
    unsigned methods = builder->authby;
    if (spec->ike_version != 1 || connection_spec_is_shunt(spec))
        return true;
    if (spec->left.auth != AUTH_UNSET || spec->right.auth != AUTH_UNSET)
        return error_set(error, -1, "leftauth= is not supported by IKEv1; write authby=");
    if ((methods & rsa) != 0 && (methods & rsa) != rsa)
        return error_set(error, -1, "ikev1 connection must use authby= of rsasig, secret or never");
    return (methods & rsa) == 0 || (methods & AUTH_PSK) == 0 ||
           error_set(error, -1, "additional PSK in authby=PSK+RSASIG is not supported by IKEv1");
}

static bool check_auth(const struct spec_builder *builder, struct error *error)
{
    const struct connection_spec *spec = builder->spec;
    unsigned left = spec->left.auth, right = spec->right.auth;
    if (connection_spec_is_shunt(spec) && (builder->authby & ~(unsigned)AUTH_NEVER) != 0)
        return error_set(error, -1,
                         "shunt connection cannot have authentication method other then authby=never");
    if ((left == AUTH_PSK && right == AUTH_NULL) || (left == AUTH_NULL && right == AUTH_PSK))
        return error_set(error, -1, "cannot mix PSK and NULL authentication (leftauth=%s and rightauth=%s)",
                         auth_methods_name(left), auth_methods_name(right));
    return check_ikev1_auth(builder, error);
}

bool spec_check_combinations(const struct spec_builder *builder, struct error *error)
{
    if (builder->has_any_port[0] && builder->has_any_port[1])
        return error_set(error, -1, "cannot have protoports with wildcard (%%any) ports on both sides");
    return check_ikev2_only(builder->spec, error) && check_auth(builder, error);
}
