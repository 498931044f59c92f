/*
 * This end's private keys in memory, by CKAID: which of them signs is told by the public key of our end
 * (leftrsasigkey= and the like), by leftckaid=, or by the public keys that are known of our identity. The
 * daemon fills the table and hands it to the engine as a whole (COMMAND_PRIVATE_KEYS); a signature under way
 * keeps the key that it began with.
 */
#ifndef STYX_ENGINE_PRIVATE_KEYS_H
#define STYX_ENGINE_PRIVATE_KEYS_H

#include "crypto/private_key.h"

struct private_keys;

struct private_keys *private_keys_new(void);
/* NULL is fine. */
void private_keys_free(struct private_keys *keys);
/* Takes ownership of the key, also when it is there already; false: out of memory. origin: where it is from,
 * for people
 * ("NSS database /var/lib/ipsec/nss"), copied. */
bool private_keys_add(struct private_keys *keys, struct private_key *key, const char *origin);
size_t private_keys_count(const struct private_keys *keys);
/* NULL: there is none, or no table. */
const struct private_key *private_keys_find(const struct private_keys *keys,
                                            const uint8_t ckaid[static CKAID_SIZE]);
/* Where the key with this CKAID is from; NULL: there is none. */
const char *private_keys_origin(const struct private_keys *keys, const uint8_t ckaid[static CKAID_SIZE]);

#endif
