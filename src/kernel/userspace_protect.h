/*
 * Protecting the packets of one flow after the other (RFC 4301 8, RFC 4303 3.3): frames are built one behind
 * the other in one buffer, sealed a batch at a time, and sent when the buffer is full or somebody says so. Of
 * the outbound thread alone.
 */
#ifndef STYX_KERNEL_USERSPACE_PROTECT_H
#define STYX_KERNEL_USERSPACE_PROTECT_H

#include "esp/bundle.h"
#include "esp/gso.h"
#include "kernel/path_mtu.h"
#include "kernel/userspace.h"
#include "kernel/userspace_send.h"

enum { PROTECTOR_TRAILING_MAX = 8 /* of an AEAD: padding to 4, and two bytes */ };

/* Whose frames are being collected. */
struct flow {
    struct esp_sa *sa; /* a reference; NULL: none */
    struct destination destination;
};

struct protector {
    struct backend *backend;
    struct esp_crypto *crypto;
    struct flow flow;
    struct esp_job jobs[ESP_BATCH_MAX];
    struct bytes frames[ESP_BATCH_MAX]; /* of a bundle: what each job is in */
    size_t job_count;
    struct ipcomp *ipcomp;
    struct path_mtu_probe path_mtu;
    uint16_t identification; /* of the last packet with AH */
    size_t arena_used;
    struct sender sender;
    uint64_t now; /* userspace_now() of this round */
    /* A packet that begins here may be written over, with PROTECTOR_TRAILING_MAX behind it. */
    const uint8_t *writable_packet;
    uint8_t *arena;
};

/* False: out of memory; it is closed all the same. */
bool protector_open(struct protector *protector, struct backend *backend);
void protector_close(struct protector *protector);

/* The packets that follow are of this flow, whose reference to the SA it takes over. */
void protector_enter(struct protector *protector, const struct flow *flow);
/* One packet of the flow, or the segments of one; too large a one is answered. */
void protector_packet(struct protector *protector, const struct gso *gso, const struct ip_packet *ip);
/* All that was collected leaves. */
void protector_flush(struct protector *protector);
/* Lets go the SA; what was sealed with it waits for the next flush. */
void protector_leave(struct protector *protector);
/* Flushes; room for one packet, until the next one is protected. */
uint8_t *protector_lend_arena(struct protector *protector);

#endif
