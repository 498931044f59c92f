/* What a request to the kernel's IPsec was for, for whoever reads its answer. */
#ifndef STYX_KERNEL_KERNEL_TICKET_H
#define STYX_KERNEL_KERNEL_TICKET_H

#include <stdbool.h>
#include <stdint.h>

struct kernel_ticket {
    uint64_t request_id;   /* of the engine; 0: it waits for no answer */
    uint64_t child_serial; /* the Child SA that it concerns */
    uint8_t purpose;       /* the back end's */
    uint8_t direction;     /* enum sa_direction, where the purpose needs it */
    uint8_t layer;         /* of the SA's, where the purpose needs it */
    bool may_be_missing;   /* "no such thing" is no failure */
};

#endif
