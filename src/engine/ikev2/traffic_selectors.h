/* Narrowing of traffic selectors: RFC 7296 2.9. */
#ifndef STYX_ENGINE_IKEV2_TRAFFIC_SELECTORS_H
#define STYX_ENGINE_IKEV2_TRAFFIC_SELECTORS_H

#include "base/address.h"

/* What both lists allow: every pairwise intersection, those inside another left out. Returns the count, at
 * most max. */
size_t selectors_narrow(const struct selector *ours, size_t our_count, const struct selector *theirs,
                        size_t their_count, struct selector *out, size_t max);
/* Each of `wanted` lies within one of `given`. */
bool selectors_cover(const struct selector *given, size_t given_count, const struct selector *wanted,
                     size_t wanted_count);
/* [10.1.0.0-10.1.0.255:0-65535 0], as the line of an established Child SA has it. */
struct text;
void selectors_describe(struct text *text, const struct selector *list, size_t count);

#endif
