/*
 * Reading what messages of both versions of IKE have alike: the payload's header (RFC 2408 3.2, RFC
 * 7296 3.2), and the bodies of Notify and Delete payloads (RFC 2408 3.14, 3.15 behind the DOI; RFC
 * 7296 3.10, 3.11).
 */
#ifndef STYX_WIRE_MESSAGE_PARSE_H
#define STYX_WIRE_MESSAGE_PARSE_H

#include "base/reader.h"

struct ike_notify {
    uint8_t protocol;
    uint16_t type;
    struct bytes spi;
    struct bytes data;
};

struct ike_delete {
    uint8_t protocol;
    uint8_t spi_size;
    uint16_t count;
    struct bytes spis;
};

struct payload {
    uint8_t next, flags;
    struct bytes body;
};

/* NULL, or what is wrong. */
const char *message_read_payload(struct reader *reader, struct payload *out);
/* False: too short. */
bool message_read_notify(struct reader *reader, struct ike_notify *out);
/* False: its count and size disagree. */
bool message_read_delete(struct reader *reader, struct ike_delete *out);

#endif
