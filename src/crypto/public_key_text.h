/* Public keys as text: 0s... (base64) and 0x... (hexadecimal), as ipsec.conf(5) and whack have them. */
#ifndef STYX_CRYPTO_PUBLIC_KEY_TEXT_H
#define STYX_CRYPTO_PUBLIC_KEY_TEXT_H

#include "crypto/public_key.h"

/* What an option promises of the key it takes. */
enum public_key_form {
    PUBLIC_KEY_RSA,   /* leftrsasigkey=: RFC 3110 */
    PUBLIC_KEY_ECDSA, /* leftecdsakey=: a point */
    PUBLIC_KEY_EDDSA, /* lefteddsakey=: the octets of RFC 8032 */
    PUBLIC_KEY_ANY,   /* leftpubkey=: SubjectPublicKeyInfo, also in plain base64 */
};

/* A SubjectPublicKeyInfo is understood in every form, if the kind of key is the promised one. NULL: the
 * reason. */
struct public_key *public_key_parse(const char *text, enum public_key_form form, struct error *error);
/* 40 hexadecimal digits, ':' and blanks between them allowed. */
bool ckaid_parse(const char *text, uint8_t out[static CKAID_SIZE], struct error *error);

#endif
