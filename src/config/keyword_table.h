/* Shorthand for the rows of the keyword table (keyword_setup.c, keyword_conn.c). */
#ifndef STYX_CONFIG_KEYWORD_TABLE_H
#define STYX_CONFIG_KEYWORD_TABLE_H

#include "config/keyword.h"

#include <stddef.h>

#define NO_FIELD .offset = SIZE_MAX
#define FIELD_OF(type, member) .offset = offsetof(type, member), .width = sizeof(((type *)0)->member)

#define BOOL(default_value) .type = KEYWORD_BOOL, .values = "yes|no", .default_text = (default_value)
#define UINT(low, high, default_value)                                                                       \
    .type = KEYWORD_UINT, .values = "a number", .minimum = (low), .maximum = (high),                         \
    .default_text = (default_value)
#define SIZE(high, default_value)                                                                            \
    .type = KEYWORD_SIZE, .values = "a number, with Ki, Mi, Gi, Ti ... if wanted", .maximum = (high),        \
    .default_text = (default_value)
/* A century: nothing that is added to it overflows. */
#define TIME_MAX (100 * 365 * USEC_PER_DAY)
#define TIME(default_unit, default_value)                                                                    \
    .type = KEYWORD_TIME, .values = "a time such as 500ms, 30s, 15m, 8h, 1d or 2w", .unit = (default_unit),  \
    .maximum = TIME_MAX, .default_text = (default_value)
/* Above the maximum, the maximum is taken with a warning. */
#define TIME_AT_MOST(high, default_unit, default_value)                                                      \
    .type = KEYWORD_TIME, .values = "a time such as 500ms, 30s, 15m, 8h, 1d or 2w", .unit = (default_unit),  \
    .is_capped = true, .maximum = (high), .default_text = (default_value)
#define PERCENT(default_value)                                                                               \
    .type = KEYWORD_PERCENT, .values = "a percentage such as 100%", .maximum = UINT32_MAX,                   \
    .default_text = (default_value)
#define ENUM(list, default_value)                                                                            \
    .type = KEYWORD_ENUM, .words = (list), .values = NULL, .default_text = (default_value)
#define STRING(form, default_value) .type = KEYWORD_STRING, .values = (form), .default_text = (default_value)
#define SPECIAL(form, default_value)                                                                         \
    .type = KEYWORD_SPECIAL, .values = (form), .default_text = (default_value)

#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MINUTE)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)

#endif
