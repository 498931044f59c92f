/* A fuzzer's input as files that may include each other: parted by bytes of zero, they are called 0, 1, 2
 * and 3. */
#ifndef STYX_TESTS_PART_READER_H
#define STYX_TESTS_PART_READER_H

#include "base/bytes.h"
#include "config/file_reader.h"

enum { PART_FILES = 4 };

struct parts {
    struct bytes files[PART_FILES];
    unsigned read_count; /* a small input that includes much is no fault, but takes the fuzzer's time */
};

struct parts parts_of(struct bytes input);
struct file_reader part_reader(struct parts *parts);

#endif
