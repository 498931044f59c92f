/*
 * Ways in which an end proves its identity: RFC 7296 2.15 (secrets, RSA), RFC 7427 (digital signatures), RFC
 * 7619 (none), RFC 2409 5 (IKEv1). A connection allows each end a set of them, as Libreswan's policy has it.
 */
#ifndef STYX_ENGINE_AUTH_METHOD_H
#define STYX_ENGINE_AUTH_METHOD_H

#include "base/text.h"
#include "crypto/signature.h"

enum auth_method {
    AUTH_UNSET = 0,
    AUTH_PSK = 1 << 0,
    AUTH_RSASIG = 1 << 1,      /* RSA with SHA-2; in IKEv1 the only RSA signatures there are */
    AUTH_RSASIG_V1_5 = 1 << 2, /* RSASSA-PKCS1-v1_5 with SHA-1 (method 1), for peers without RFC 7427 */
    AUTH_ECDSA = 1 << 3,
    AUTH_EDDSA = 1 << 4,
    AUTH_NULL = 1 << 5,
    AUTH_NEVER = 1 << 6, /* there is nobody to prove anything to: type=passthrough and the like */
    AUTH_SIGNATURES = AUTH_RSASIG | AUTH_RSASIG_V1_5 | AUTH_ECDSA | AUTH_EDDSA,
    /* without authby= */
    AUTH_DEFAULT = AUTH_RSASIG | AUTH_RSASIG_V1_5 | AUTH_ECDSA,
    AUTH_DEFAULT_IKEV1 = AUTH_RSASIG,
};

/* Sets of enum signature_hash, as bits 1 << number. */
enum {
    HASHES_SHA2 = 1 << SIGNATURE_HASH_SHA2_256 | 1 << SIGNATURE_HASH_SHA2_384 | 1 << SIGNATURE_HASH_SHA2_512,
};

/* The signatures that a key of this kind makes. */
unsigned auth_methods_of_key(enum key_kind kind);
/* What leftauth= would say of a set: "rsasig", "secret" ... */
const char *auth_methods_name(unsigned methods);
/* Libreswan's words for the set, "RSASIG+ECDSA+RSASIG_v1_5". */
void auth_methods_add(struct text *text, unsigned methods);
/* As its status has it for our own end, "rsasig(RSASIG+RSASIG_v1_5)", and for the peer's,
 * "RSASIG+RSASIG_v1_5"; the name alone where there is one method. */
void auth_methods_describe(struct text *text, unsigned methods, bool is_ours);
/* "SHA2_256+SHA2_384"; "none" for no hash. */
void auth_hashes_add(struct text *text, unsigned hashes);

#endif
