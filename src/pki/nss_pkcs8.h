/* The private keys that NSS wraps: PKCS#8 (RFC 5208), and for Ed25519 a form of its own. */
#ifndef STYX_PKI_NSS_PKCS8_H
#define STYX_PKI_NSS_PKCS8_H

#include "crypto/private_key.h"

/* NULL: the reason. */
struct private_key *nss_private_key(struct bytes der, struct error *error);

#endif
