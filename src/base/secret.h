/* Key material: wiped when released, compared in constant time. */
#ifndef STYX_BASE_SECRET_H
#define STYX_BASE_SECRET_H

#include "base/bytes.h"

/* Overwrites in a way that the compiler may not remove. */
void secret_wipe(void *data, size_t size);

/* Constant-time equality of two runs of the same size. */
bool secret_equal(const uint8_t *a, const uint8_t *b, size_t size);

/* Wipes, then frees. NULL is fine. */
void secret_free(void *data, size_t size);

#endif
