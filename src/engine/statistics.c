/* Counters: their arithmetic. */
#include "engine/statistics.h"

#include <string.h>

void statistics_add(struct statistics *statistics, enum counter_family_id family, unsigned number,
                    uint64_t amount)
{
    const struct counter_family *row = &counter_families[family];
    for (size_t i = 0; i < row->name_count; i++) {
        if (row->names[i].number == number || row->names[i].number == COUNTER_OTHER) {
            statistics->values[family][i] += amount;
            return;
        }
    }
}

void statistics_clear(struct statistics *statistics)
{
    memset(statistics, 0, sizeof(*statistics));
}
