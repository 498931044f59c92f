/*
 * Hierarchical timer wheel (Varghese, Lauck 1987): arming and cancelling cost the same for ten timers and
 * for a million. A tick is 1.024 ms; a timer never fires before its deadline and at most one tick after it
 * when the wheel is advanced in time.
 */
#ifndef STYX_BASE_TIMER_WHEEL_H
#define STYX_BASE_TIMER_WHEEL_H

#include <stdint.h>

#include "base/list.h"

typedef uint64_t usec_t; /* microseconds of the environment's monotonic clock */

#define USEC_PER_MSEC ((usec_t)1000)
#define USEC_PER_SEC ((usec_t)1000000)
#define USEC_NEVER UINT64_MAX

enum { WHEEL_LEVELS = 7, WHEEL_SLOTS = 64 };

struct timer {
    struct list_node node;
    usec_t deadline; /* USEC_NEVER while not armed */
    uint16_t slot;   /* level * WHEEL_SLOTS + slot, while armed */
};

struct timer_wheel {
    uint64_t now_tick;
    uint64_t occupied[WHEEL_LEVELS]; /* a bit for each slot that is not empty */
    struct list_node slots[WHEEL_LEVELS][WHEEL_SLOTS];
    uint64_t armed_count;
};

void timer_wheel_init(struct timer_wheel *wheel, usec_t now);
void timer_init(struct timer *timer);
/* Arms, or moves if armed. */
void timer_arm(struct timer_wheel *wheel, struct timer *timer, usec_t deadline);
void timer_cancel(struct timer_wheel *wheel, struct timer *timer);

static inline bool timer_is_armed(const struct timer *timer)
{
    return timer->deadline != USEC_NEVER;
}

/* Takes one due timer off the wheel, in the order of ticks, or returns NULL when none is due at `now`. */
struct timer *timer_wheel_pop(struct timer_wheel *wheel, usec_t now);

/* A time at or before which nothing is due: exact to a slot, so a caller may wake up once too early for a
 * timer far away, never too late. USEC_NEVER when no timer is armed. */
usec_t timer_wheel_next(const struct timer_wheel *wheel);

#endif
