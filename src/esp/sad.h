/* The SA database (RFC 4301 4.4.2): inbound SAs by protocol and SPI, all by the Child SA that they belong to.
 * Of a bundle the innermost SA stands for all. */
#ifndef STYX_ESP_SAD_H
#define STYX_ESP_SAD_H

#include "esp/esp_sa.h"

struct sad {
    struct hash_table by_spi, by_child;
};

bool sad_init(struct sad *sad);
/* Releases every SA. */
void sad_free(struct sad *sad);

/* Takes over the caller's reference; an SA with the same child, direction and SPI is replaced.
 * False: out of memory, and the reference stays with the caller. */
bool sad_add(struct sad *sad, struct esp_sa *sa);
/* The SA, or the bundle whose outer AH has this SPI. Borrowed; the SA's reference may be taken while the
 * caller's lock is held. */
struct esp_sa *sad_find_inbound(const struct sad *sad, bool is_ah, uint32_t spi);
struct esp_sa *sad_find_child(const struct sad *sad, uint64_t child_serial, bool is_outbound);
struct esp_sa *sad_find(const struct sad *sad, uint64_t child_serial, bool is_outbound, uint32_t spi);
/* Takes it off the tables and gives up their reference. */
void sad_remove(struct sad *sad, struct esp_sa *sa);

#endif
