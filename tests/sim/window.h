/* The window of RFC 7296 2.3: no request leaves a host before the one ahead of it has been answered. */
#ifndef STYX_SIM_WINDOW_H
#define STYX_SIM_WINDOW_H

#include "base/hash_table.h"

struct windows {
    struct hash_table by_spis; /* struct window; one for each IKE SA that the host has had */
};

void windows_init(struct windows *windows);
void windows_free(struct windows *windows);
/* A message leaves the host. False: a request that nobody has room for; *ret_unanswered is what it should
 * have waited for. */
bool windows_sent(struct windows *windows, struct bytes message, uint32_t *ret_unanswered);
/* A message has come to it. */
void windows_received(struct windows *windows, struct bytes message);

#endif
