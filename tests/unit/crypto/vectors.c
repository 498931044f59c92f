#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"

enum { FIELD_SIZE = 2048, LINE_SIZE = 16384 };

const struct algorithm *algorithm_named(enum transform_type type, const char *name)
{
    const struct algorithm *algorithm = algorithm_by_name(type, name, strlen(name));
    if (algorithm == NULL)
        fail_msg("no algorithm called %s", name);
    return algorithm;
}

static bool parse(char *line, size_t field_count, struct vector *vector)
{
    static uint8_t storage[VECTOR_FIELDS][FIELD_SIZE];
    char *rest = NULL;
    const char *word = strtok_r(line, " \n", &rest);
    if (word == NULL || strlen(word) >= sizeof vector->name)
        return false;
    strcpy(vector->name, word);
    for (size_t i = 0; i < field_count; i++) {
        word = strtok_r(NULL, " \n", &rest);
        if (word == NULL)
            return false;
        long size = strcmp(word, "-") == 0 ? 0 : hex_decode(word, strlen(word), storage[i], FIELD_SIZE);
        if (size < 0)
            return false;
        vector->field[i] = bytes_of(storage[i], (size_t)size);
    }
    return strtok_r(NULL, " \n", &rest) == NULL;
}

void vectors_check(const char *file, size_t field_count, bool (*check)(const struct vector *vector))
{
    static char line[LINE_SIZE];
    char path[512];
    struct vector vector;
    unsigned number = 0;
    unsigned checked = 0;
    snprintf(path, sizeof path, "%s/%s", VECTORS_FOLDER, file);
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    while (fgets(line, sizeof line, stream) != NULL) {
        number++;
        if (line[0] == '#')
            continue;
        if (!parse(line, field_count, &vector))
            fail_msg("%s:%u cannot be read", path, number);
        if (!check(&vector))
            fail_msg("%s:%u (%s) does not hold", path, number, vector.name);
        checked++;
    }
    fclose(stream);
    assert_true(checked > 0);
}
