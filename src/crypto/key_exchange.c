/* The door to the key exchange methods: sizes, and errors that name the group. */
#include "crypto/key_exchange.h"

#include <openssl/err.h>

#include "base/secret.h"
#include "crypto/key_exchange_method.h"

size_t ke_public_size(const struct algorithm *ke)
{
    const struct ke_detail *detail = ke->detail;
    return detail == NULL ? 0 : detail->public_size;
}

size_t ke_secret_size(const struct algorithm *ke)
{
    const struct ke_detail *detail = ke->detail;
    return detail == NULL ? 0 : detail->secret_size;
}

bool ke_generate(const struct algorithm *ke, const uint8_t seed[static KE_SEED_SIZE],
                 struct ke_private *ret_private, uint8_t *public_out)
{
    const struct ke_detail *detail = ke->detail;
    if (detail == NULL)
        return false;
    struct ke_private private = {0};
    bool ok = detail->method->generate(detail, seed, &private, public_out);
    if (ok)
        *ret_private = private;
    else
        ERR_clear_error();
    secret_wipe(&private, sizeof private);
    return ok;
}

/* Can this group be run, and has the peer's value its size? */
static bool check_shape(const struct algorithm *ke, struct bytes peer, struct error *error)
{
    const struct ke_detail *detail = ke->detail;
    if (detail == NULL)
        return error_set(error, 0, "key exchange %s cannot be run by this build", ke->name);
    if (peer.size != detail->public_size)
        return error_set(error, 0, "peer's KE data for %s has %zu bytes instead of %u", ke->name, peer.size,
                         detail->public_size);
    return true;
}

static bool report(const struct algorithm *ke, enum ke_result result, struct error *error)
{
    const struct ke_detail *detail = ke->detail;
    if (result == KE_OK)
        return true;
    ERR_clear_error(); /* libcrypto's own words stay out of later reports in this thread */
    if (result == KE_INVALID_PEER)
        return error_set(error, 0, "peer's KE data for %s is invalid: %s", ke->name,
                         detail->method->peer_requirement);
    return error_set(error, 0, "key exchange %s failed in libcrypto (out of memory?)", ke->name);
}

bool ke_derive(const struct algorithm *ke, const struct ke_private *own, struct bytes peer,
               uint8_t *secret_out, struct error *error)
{
    if (!check_shape(ke, peer, error))
        return false;
    const struct ke_detail *detail = ke->detail;
    return report(ke, detail->method->derive(detail, own, peer.data, secret_out), error);
}

bool ke_respond(const struct algorithm *ke, const uint8_t seed[static KE_SEED_SIZE], struct bytes peer,
                uint8_t *public_out, uint8_t *secret_out, struct error *error)
{
    if (!check_shape(ke, peer, error))
        return false;
    const struct ke_detail *detail = ke->detail;
    struct ke_private own = {0};
    enum ke_result result = KE_LIBRARY_FAILED;
    if (detail->method->generate(detail, seed, &own, public_out))
        result = detail->method->derive(detail, &own, peer.data, secret_out);
    secret_wipe(&own, sizeof own);
    return report(ke, result, error);
}
