/* Published test vectors as text: one a line, an algorithm's name and then fields in hexadecimal, "-" for
 * empty. */
#ifndef STYX_TESTS_CRYPTO_VECTORS_H
#define STYX_TESTS_CRYPTO_VECTORS_H

#include "crypto/algorithm.h"

enum { VECTOR_FIELDS = 11 };

struct vector {
    char name[32];
    struct bytes field[VECTOR_FIELDS];
};

/* Calls `check` with every vector of vectors/FILE; fails the test with file and line when one returns false.
 */
void vectors_check(const char *file, size_t field_count, bool (*check)(const struct vector *vector));

/* Fails the test when the table has no such algorithm. */
const struct algorithm *algorithm_named(enum transform_type type, const char *name);

#endif
