/* Pseudorandom functions and prf+ of IKEv2 (RFC 7296 2.13), HMAC (RFC 2104), AES-XCBC (RFC 4434), AES-CMAC
 * (RFC 4615). */
#ifndef STYX_CRYPTO_PRF_H
#define STYX_CRYPTO_PRF_H

#include "crypto/algorithm.h"

enum { PRF_OUTPUT_MAX = 64 };

/* out takes prf->output_size bytes. False only when libcrypto fails (out of memory). */
bool prf_compute(const struct algorithm *prf, struct bytes key, const struct bytes *parts, size_t part_count,
                 uint8_t *out);

/* prf+(key, parts) to out_size bytes; false as well when that takes more than 255 rounds. */
bool prf_plus(const struct algorithm *prf, struct bytes key, const struct bytes *parts, size_t part_count,
              uint8_t *out, size_t out_size);

/* SHA-1 and SHA-2 over parts; out takes 20, 32, 48 or 64 bytes. */
enum hash_kind { HASH_SHA1, HASH_SHA2_256, HASH_SHA2_384, HASH_SHA2_512 };
bool hash_compute(enum hash_kind kind, const struct bytes *parts, size_t part_count, uint8_t *out);
/* The plain hash under an HMAC PRF, as IKEv1 negotiates it (RFC 2409 Appendix A); out takes prf->output_size
 * bytes. */
bool hash_of_prf(const struct algorithm *prf, const struct bytes *parts, size_t part_count, uint8_t *out);

#endif
