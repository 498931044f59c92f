/* Which keys prove an identity: our private one, the public ones of the peer. The same for both versions of
 * IKE. */
#ifndef STYX_ENGINE_AUTH_KEYS_H
#define STYX_ENGINE_AUTH_KEYS_H

#include "engine/state.h"

/*
 * The private key that this end signs with: leftckaid= names it, or leftrsasigkey= and the like, or it
 * belongs to one of the public keys known of our identity; of a kind that `methods` (a set of enum
 * auth_method) sign with. NULL: the reason says what was looked for and where.
 */
const struct private_key *auth_private_key(const struct engine *engine, const struct connection *connection,
                                           unsigned methods, struct error *error);
/*
 * The public keys of that kind that may be the peer's: those that the connection names for its end, and those
 * known of its identity. Returns how many; 0: the reason says what was looked for and where.
 */
size_t auth_public_keys(const struct engine *engine, const struct connection *connection,
                        const struct identity *peer, enum key_kind kind,
                        const struct public_key *out[static SIGNATURE_KEYS_MAX], struct error *error);

/* The public keys that a connection names for its ends are known of their identities as long as it is loaded. */
void auth_keys_learn(struct engine *engine, const struct connection_spec *spec);
void auth_keys_forget(struct engine *engine, const struct connection_spec *spec);

/* Jobs that sign and verify the concatenation of the parts; what they need is held or copied. NULL: out of
 * memory. */
struct job *auth_sign_job(struct engine *engine, const struct ike_sa *ike,
                          const struct signature_algorithm *algorithm, const struct private_key *key,
                          const struct bytes *parts, size_t part_count);
struct job *auth_verify_job(struct engine *engine, const struct ike_sa *ike,
                            const struct signature_algorithm *algorithm, const struct public_key *const *keys,
                            size_t key_count, const struct bytes *parts, size_t part_count,
                            struct bytes signature);

#endif
