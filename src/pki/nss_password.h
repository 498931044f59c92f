/* nsspassword in ipsecdir=: the passwords of NSS's tokens, lines of TOKEN:PASSWORD. */
#ifndef STYX_PKI_NSS_PASSWORD_H
#define STYX_PKI_NSS_PASSWORD_H

#include "base/bytes.h"
#include "base/error.h"

enum { NSS_PASSWORD_SIZE = 512 };

/* The password of `token` in FILE into `out`, for the caller to wipe. */
bool nss_password_find(const char *file, struct bytes token, char out[static NSS_PASSWORD_SIZE],
                       struct error *error);

#endif
