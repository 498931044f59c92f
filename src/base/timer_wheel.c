#include "base/timer_wheel.h"

enum { TICK_SHIFT = 10, SLOT_BITS = 6 };

void timer_wheel_init(struct timer_wheel *wheel, usec_t now)
{
    *wheel = (struct timer_wheel){.now_tick = now >> TICK_SHIFT};
    for (int level = 0; level < WHEEL_LEVELS; level++)
        for (int slot = 0; slot < WHEEL_SLOTS; slot++)
            list_init(&wheel->slots[level][slot]);
}

void timer_init(struct timer *timer)
{
    list_init(&timer->node);
    timer->deadline = USEC_NEVER;
    timer->slot = 0;
}

/* The first tick at whose start the deadline has been reached. */
static uint64_t tick_of(usec_t deadline)
{
    return (deadline >> TICK_SHIFT) + ((deadline & ((1u << TICK_SHIFT) - 1)) != 0);
}

static void place(struct timer_wheel *wheel, struct timer *timer)
{
    uint64_t tick = tick_of(timer->deadline);
    if (tick < wheel->now_tick)
        tick = wheel->now_tick;
    /* The level is that of the highest group of bits in which the tick differs from now. */
    unsigned level = 0;
    while (level < WHEEL_LEVELS - 1 && (tick ^ wheel->now_tick) >> (SLOT_BITS * (level + 1)) != 0)
        level++;
    if ((tick ^ wheel->now_tick) >> (SLOT_BITS * WHEEL_LEVELS) != 0)
        tick = wheel->now_tick |
               ((UINT64_C(1) << (SLOT_BITS * WHEEL_LEVELS)) - 1); /* beyond the horizon: placed again */
    unsigned slot = (unsigned)(tick >> (SLOT_BITS * level)) & (WHEEL_SLOTS - 1);
    timer->slot = (uint16_t)(level * WHEEL_SLOTS + slot);
    list_append(&wheel->slots[level][slot], &timer->node);
    wheel->occupied[level] |= UINT64_C(1) << slot;
}

void timer_arm(struct timer_wheel *wheel, struct timer *timer, usec_t deadline)
{
    timer_cancel(wheel, timer);
    if (deadline == USEC_NEVER)
        return;
    timer->deadline = deadline;
    place(wheel, timer);
    wheel->armed_count++;
}

static void unlink_timer(struct timer_wheel *wheel, struct timer *timer)
{
    unsigned level = timer->slot / WHEEL_SLOTS;
    unsigned slot = timer->slot % WHEEL_SLOTS;
    list_remove(&timer->node);
    if (list_is_empty(&wheel->slots[level][slot]))
        wheel->occupied[level] &= ~(UINT64_C(1) << slot);
}

void timer_cancel(struct timer_wheel *wheel, struct timer *timer)
{
    if (!timer_is_armed(timer))
        return;
    unlink_timer(wheel, timer);
    timer->deadline = USEC_NEVER;
    wheel->armed_count--;
}

/* The nearest occupied slot: its level and the tick at which it begins. */
static bool nearest_slot(const struct timer_wheel *wheel, unsigned *level, uint64_t *tick)
{
    for (unsigned i = 0; i < WHEEL_LEVELS; i++) {
        unsigned here = (unsigned)(wheel->now_tick >> (SLOT_BITS * i)) & (WHEEL_SLOTS - 1);
        uint64_t ahead = wheel->occupied[i] & (UINT64_MAX << here);
        if (ahead == 0)
            continue;
        uint64_t slot = (uint64_t)__builtin_ctzll(ahead);
        uint64_t above = wheel->now_tick >> (SLOT_BITS * i) >> SLOT_BITS << SLOT_BITS;
        *level = i;
        *tick = (above | slot) << (SLOT_BITS * i);
        return true;
    }
    return false;
}

/* Brings the timers of an upper slot down, now that its time has come. */
static void cascade(struct timer_wheel *wheel, unsigned level, unsigned slot)
{
    struct list_node moving;
    list_init(&moving);
    LIST_EACH(&wheel->slots[level][slot], node)
    {
        list_remove(node);
        list_append(&moving, node);
    }
    wheel->occupied[level] &= ~(UINT64_C(1) << slot);
    LIST_EACH(&moving, node)
    {
        list_remove(node);
        place(wheel, CONTAINER_OF(node, struct timer, node));
    }
}

struct timer *timer_wheel_pop(struct timer_wheel *wheel, usec_t now)
{
    uint64_t until = now >> TICK_SHIFT;
    unsigned level;
    uint64_t tick;
    while (nearest_slot(wheel, &level, &tick) && tick <= until) {
        if (tick > wheel->now_tick)
            wheel->now_tick = tick;
        unsigned slot = (unsigned)(tick >> (SLOT_BITS * level)) & (WHEEL_SLOTS - 1);
        if (level > 0) {
            cascade(wheel, level, slot);
            continue;
        }
        struct timer *timer = CONTAINER_OF(wheel->slots[0][slot].next, struct timer, node);
        timer_cancel(wheel, timer);
        return timer;
    }
    if (until > wheel->now_tick)
        wheel->now_tick = until;
    return NULL;
}

usec_t timer_wheel_next(const struct timer_wheel *wheel)
{
    unsigned level;
    uint64_t tick;
    if (!nearest_slot(wheel, &level, &tick))
        return USEC_NEVER;
    return tick << TICK_SHIFT;
}
