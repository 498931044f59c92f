/* Private keys in PEM files (RFC 7468), for hosts without an NSS database: ipsec.d/private. */
#ifndef STYX_PKI_PEM_KEYS_H
#define STYX_PKI_PEM_KEYS_H

#include "config/file_reader.h"
#include "config/warning.h"
#include "crypto/private_key.h"

/* Takes ownership of the key. */
typedef void pem_key_taker(void *context, struct private_key *key, const char *path);

/* Every key of a file that the pattern matches, in the order of their names. A file that is not a private
 * key, is encrypted, or that others may read, is told of and left out. */
void pem_keys_read(const char *pattern, pem_key_taker *take, void *context,
                   const struct warning_sink *warnings);

#endif
