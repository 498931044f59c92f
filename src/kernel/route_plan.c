/* The prefixes that the routes of a policy lead to. */
#include "kernel/route_plan.h"

/* The two halves of a prefix. */
static struct ip_prefix half_of(const struct ip_prefix *prefix, bool upper)
{
    struct ip_prefix half = *prefix;
    if (upper)
        half.address.bytes[prefix->length / 8] |= (uint8_t)(0x80 >> prefix->length % 8);
    half.length++;
    return half;
}

/* The fewest prefixes that make up the range, by halving. */
static void split_range(const struct ip_range *range, const struct ip_prefix *prefix, struct ip_prefix *out,
                        size_t *count)
{
    struct ip_range whole = range_of_prefix(prefix), common;
    if (!range_overlap(range, &whole, &common) || *count == SELECTOR_PREFIXES_MAX)
        return;
    if (range_contains(range, &whole)) {
        out[(*count)++] = *prefix;
        return;
    }
    struct ip_prefix lower = half_of(prefix, false), upper = half_of(prefix, true);
    split_range(range, &lower, out, count);
    split_range(range, &upper, out, count);
}

size_t route_prefixes_of_selector(const struct selector *selector,
                                  struct ip_prefix out[static SELECTOR_PREFIXES_MAX])
{
    if (range_is_prefix(&selector->range, out)) /* nearly always */
        return 1;
    struct ip_prefix everything = {.address.family = selector->range.start.family};
    size_t count = 0;
    split_range(&selector->range, &everything, out, &count);
    return count;
}
