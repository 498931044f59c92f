/* A keyed MAC of any kind, as PRFs and packet protection use it. Private to src/crypto. */
#ifndef STYX_CRYPTO_MAC_H
#define STYX_CRYPTO_MAC_H

#include "crypto/detail.h"

enum { MAC_OUTPUT_MAX = 64 };

struct mac;

/* NULL: out of memory, or the algorithm cannot be run here. One context belongs to one thread at a time. */
struct mac *mac_new(const struct mac_detail *detail);
void mac_free(struct mac *mac); /* wipes; NULL is fine */

/* A context of the calling thread, freed when the thread ends. The user leaves it with mac_forget_key(). */
struct mac *mac_of_thread(const struct mac_detail *detail);

bool mac_set_key(struct mac *mac, struct bytes key);
void mac_forget_key(struct mac *mac);

/* One message under the key that is set: start, add any number of times, finish. */
bool mac_start(struct mac *mac);
bool mac_add(struct mac *mac, struct bytes bytes);
bool mac_finish(struct mac *mac, uint8_t out[static MAC_OUTPUT_MAX]);

/* All at once. */
bool mac_compute(struct mac *mac, const struct bytes *parts, size_t part_count,
                 uint8_t out[static MAC_OUTPUT_MAX]);

#endif
