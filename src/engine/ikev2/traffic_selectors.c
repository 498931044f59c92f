/* Narrowing of traffic selectors: RFC 7296 2.9. */
#include "engine/ikev2/traffic_selectors.h"

#include "base/text.h"

bool selectors_cover(const struct selector *given, size_t given_count, const struct selector *wanted,
                     size_t wanted_count)
{
    for (size_t i = 0; i < wanted_count; i++) {
        bool is_covered = false;
        for (size_t j = 0; j < given_count && !is_covered; j++)
            is_covered = selector_contains(&given[j], &wanted[i]);
        if (!is_covered)
            return false;
    }
    return true;
}

/* Takes away those that lie inside the other one. */
static size_t drop_inside(const struct selector *outer, struct selector *list, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!selector_contains(outer, &list[i]))
            list[kept++] = list[i];
    return kept;
}

size_t selectors_narrow(const struct selector *ours, size_t our_count, const struct selector *theirs,
                        size_t their_count, struct selector *out, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < our_count; i++) {
        for (size_t j = 0; j < their_count && count < max; j++) {
            struct selector common;
            if (!selector_intersect(&ours[i], &theirs[j], &common) || selectors_cover(out, count, &common, 1))
                continue;
            count = drop_inside(&common, out, count);
            out[count++] = common;
        }
    }
    return count;
}

void selectors_describe(struct text *text, const struct selector *list, size_t count)
{
    char start[ADDRESS_TEXT_SIZE], end[ADDRESS_TEXT_SIZE];
    for (size_t i = 0; i < count; i++)
        text_add(text, "[%s-%s:%u-%u %u]", address_text(&list[i].range.start, start),
                 address_text(&list[i].range.end, end), list[i].port_start, list[i].port_end,
                 list[i].protocol);
}
