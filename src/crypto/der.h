/*
 * The little DER (X.690) that keys and AlgorithmIdentifiers need, read strictly: lengths in their shortest
 * form, low tag numbers only. Elements are borrowed runs of the input.
 */
#ifndef STYX_CRYPTO_DER_H
#define STYX_CRYPTO_DER_H

#include "base/reader.h"

enum der_tag {
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_SEQUENCE = 0x30,
    DER_CONTEXT_0 = 0xa0, /* [0], [1] ... constructed */
};

/* The contents of the next element, which must have this tag; the reader fails otherwise. */
struct bytes der_take(struct reader *reader, uint8_t tag);
/* Whether the next element has this tag. */
bool der_is_next(const struct reader *reader, uint8_t tag);
/* Nothing is left and nothing failed. */
bool der_is_done(const struct reader *reader);
/* A positive INTEGER without its sign octet; the reader fails for zero, negative and padded ones. */
struct bytes der_take_positive(struct reader *reader);

#endif
