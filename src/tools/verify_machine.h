/* Checks of this machine, one for each line that `ipsec verify` prints. */
#ifndef STYX_TOOLS_VERIFY_MACHINE_H
#define STYX_TOOLS_VERIFY_MACHINE_H

#include <stddef.h>

enum verdict { VERDICT_OK, VERDICT_WARNING, VERDICT_FAILED };

enum { FINDING_SIZE = 512 };

struct finding {
    enum verdict verdict;
    char text[FINDING_SIZE]; /* what was found and how to mend it; may be empty with VERDICT_OK */
};

struct machine_check {
    const char *what;
    struct finding (*check)(void);
};

extern const struct machine_check machine_checks[];
extern const size_t machine_check_count;

#endif
