/*
 * Fragments of the host's own packets put together again before they are protected: transport mode has no
 * place for fragments (RFC 4303 3.1.1), and a selector with ports none for those without them (RFC 4301 7).
 * The host sends them in order, one behind the other; what comes otherwise is dropped.
 */
#ifndef STYX_ESP_REASSEMBLY_H
#define STYX_ESP_REASSEMBLY_H

#include "base/bytes.h"

enum { REASSEMBLY_PACKETS = 8, REASSEMBLED_MAX = 65535 };

struct reassembly {
    struct gathered *packets[REASSEMBLY_PACKETS]; /* made when they are first needed */
    unsigned next_victim, active;
};

void reassembly_free(struct reassembly *reassembly);

/* Begins with the first fragment of a packet; false: it is not one, or memory is short. */
bool reassembly_start(struct reassembly *reassembly, struct bytes fragment);

/*
 * A further fragment of a packet that was begun: true. *ret_whole is the packet when that was the last one,
 * valid until the next call, else empty.
 */
bool reassembly_continue(struct reassembly *reassembly, struct bytes fragment, struct bytes *ret_whole);

#endif
