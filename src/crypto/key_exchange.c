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

bool ke_derive(const struct algorithm *ke, const struct ke_private *own, struct bytes peer,
               uint8_t *secret_out, struct error *error)
{
    const struct ke_detail *detail = ke->detail;
    if (detail == NULL)
        return error_set(error, 0, "key exchange %s cannot be run by this build", ke->name);
    if (peer.size != detail->public_size)
        return error_set(error, 0, "peer's KE data for %s has %zu bytes instead of %u", ke->name, peer.size,
                         detail->public_size);
    switch (detail->method->derive(detail, own, peer.data, secret_out)) {
    case KE_OK:
        return true;
    case KE_INVALID_PEER:
        ERR_clear_error();
        return error_set(error, 0, "peer's KE data for %s is invalid: %s", ke->name,
                         detail->method->peer_requirement);
    case KE_LIBRARY_FAILED:
        break;
    }
    ERR_clear_error();
    return error_set(error, 0, "key exchange %s failed in libcrypto (out of memory?)", ke->name);
}

bool ke_respond(const struct algorithm *ke, const uint8_t seed[static KE_SEED_SIZE], struct bytes peer,
                uint8_t *public_out, uint8_t *secret_out, struct error *error)
{
    struct ke_private own;
    if (peer.size == ke_public_size(ke) && !ke_generate(ke, seed, &own, public_out))
        return error_set(error, 0, "key exchange %s failed in libcrypto (out of memory?)", ke->name);
    bool ok = ke_derive(ke, &own, peer, secret_out, error);
    secret_wipe(&own, sizeof own);
    return ok;
}
