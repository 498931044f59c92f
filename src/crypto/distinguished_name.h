/*
 * Distinguished names (X.501) as people write them in identities, in the string form of RFC 4514 read from
 * the front ("C=CA, O=Example, CN=east") or with slashes ("/C=CA/O=Example/CN=east"), and their DER.
 */
#ifndef STYX_CRYPTO_DISTINGUISHED_NAME_H
#define STYX_CRYPTO_DISTINGUISHED_NAME_H

#include "base/error.h"
#include "base/text.h"

/* Writes at most `capacity` bytes of DER and their number; false with a reason that names the faulty part. A
 * comma or slash within a value is doubled or follows a backslash. */
bool distinguished_name_parse(const char *text, uint8_t *out, size_t capacity, size_t *ret_size,
                              struct error *error);
/* The same form, after which distinguished_name_parse() gives an equal name; bytes that are no printable
 * ASCII as \XX (RFC 4514 2.4). False, and nothing is added: not a name. */
bool distinguished_name_text(struct text *text, struct bytes der);

/* The same parts in any order; values compare as RFC 5280 7.1 says: without case, runs of blanks as one. */
bool distinguished_name_equal(struct bytes a, struct bytes b);
/* The same, but a part of the pattern with the value "*" stands for any of its type. */
bool distinguished_name_matches(struct bytes pattern, struct bytes name);
/* Such a part is in it. */
bool distinguished_name_has_wildcard(struct bytes name);
/* Equal for names that are equal (equal parts, whatever their order); 0 for what is not a name. Names that
 * peers choose want a secret key. */
uint64_t distinguished_name_hash(const uint8_t key[static 16], struct bytes der);

#endif
