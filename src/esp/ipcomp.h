/*
 * IP payload compression with DEFLATE (RFC 3173, 2394). Each packet is compressed for itself; one that is
 * small, or would not become smaller, goes as it is and without an IPComp header.
 */
#ifndef STYX_ESP_IPCOMP_H
#define STYX_ESP_IPCOMP_H

#include "esp/esp_seal.h"

enum {
    IPCOMP_HEADER_SIZE = 4,
    IPCOMP_THRESHOLD = 90,       /* smaller payloads are not worth it (RFC 3173 2.2) */
    IPCOMP_INFLATED_MAX = 65535, /* no IP packet has more, so nothing is inflated further */
    /* Packets in a row that did not become smaller, after which so many are not tried; doubled each time. */
    IPCOMP_FAILURES_MAX = 4,
    IPCOMP_PAUSE_FIRST = 16,
    IPCOMP_PAUSE_LAST = 1024,
};

/* What one thread needs. */
struct ipcomp;

struct ipcomp *ipcomp_new(void); /* NULL: out of memory */
void ipcomp_free(struct ipcomp *ipcomp);

/* Compresses a payload in place when that makes it smaller, header included, and sets its next header.
 * Returns its size now. */
size_t ipcomp_compress(struct ipcomp *ipcomp, struct esp_sa *sa, uint8_t *payload, size_t size,
                       uint8_t *next_header);

/* Replaces a received IPComp payload by what was in it, in `room`. False: not of this SA, broken, or larger
 * than a packet can be; counted. */
bool ipcomp_decompress(struct ipcomp *ipcomp, struct esp_sa *sa, struct esp_received *received,
                       uint8_t room[static IPCOMP_INFLATED_MAX]);

#endif
