/* What the files of the NSS database share; not for others. */
#ifndef STYX_PKI_NSS_DETAIL_H
#define STYX_PKI_NSS_DETAIL_H

#include "pki/nss_database.h"
#include "pki/softoken.h"

struct nss_database {
    struct softoken softoken;
};

/* A private key of the database for libcrypto; NULL: the reason. */
struct private_key *nss_key_extract(const struct softoken *softoken, CK_OBJECT_HANDLE wrapping_key,
                                    CK_OBJECT_HANDLE object, struct error *error);
/* A key of the session that private keys are wrapped with on their way out; to be destroyed. */
bool nss_wrapping_key(const struct softoken *softoken, CK_OBJECT_HANDLE *ret_key, struct error *error);

#endif
