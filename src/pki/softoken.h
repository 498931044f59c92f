/*
 * NSS's software token, libsoftokn3.so, as a PKCS#11 module (PKCS#11 2.40): it keeps keys and certificates in
 * the folder that an NSS database is. It is loaded when it is first needed; nothing else of NSS is used.
 *
 * The token is one for the whole process, so one folder is open at a time, and whoever calls from several
 * threads waits for his turn in softoken_open(). Every call may wait for files and locks: off the event loop.
 */
#ifndef STYX_PKI_SOFTOKEN_H
#define STYX_PKI_SOFTOKEN_H

#include <p11-kit/pkcs11.h>

#include "base/bytes.h"
#include "base/error.h"

enum softoken_access { SOFTOKEN_READ, SOFTOKEN_WRITE, SOFTOKEN_CREATE };

struct softoken {
    CK_FUNCTION_LIST *calls;
    CK_SESSION_HANDLE session;
    CK_TOKEN_INFO token;
};

/* Opens DIRECTORY and a session on its token. On failure there is nothing to close. */
bool softoken_open(struct softoken *softoken, const char *directory, enum softoken_access access,
                   struct error *error);
void softoken_close(struct softoken *softoken);

/* The token's name without the blanks that fill it. */
struct bytes softoken_token_name(const struct softoken *softoken);
/* Whether private keys are seen only after softoken_log_in(). */
bool softoken_wants_password(const struct softoken *softoken);
bool softoken_log_in(const struct softoken *softoken, const char *password, struct error *error);
/* The password of a token that has none yet; "" protects nothing. */
bool softoken_set_first_password(const struct softoken *softoken, const char *password, struct error *error);

/* error_set() with what was tried and what the token said. */
bool softoken_failed(struct error *error, const char *what, CK_RV result);

#endif
