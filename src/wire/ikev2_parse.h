/*
 * Reading IKEv2 messages: RFC 7296 3. Validate first, then hand out: after ikev2_message_read() the caller
 * never looks at raw lengths again. All byte runs are borrowed from the datagram.
 */
#ifndef STYX_WIRE_IKEV2_PARSE_H
#define STYX_WIRE_IKEV2_PARSE_H

#include "base/address.h"
#include "base/arena.h"
#include "base/error.h"
#include "wire/configuration.h"
#include "wire/ikev2_numbers.h"
#include "wire/message_parse.h"

struct ikev2_header {
    uint8_t spi_i[IKE_SPI_SIZE];
    uint8_t spi_r[IKE_SPI_SIZE];
    uint8_t next_payload;
    uint8_t version; /* major << 4 | minor */
    uint8_t exchange;
    uint8_t flags;
    uint32_t message_id;
    uint32_t length;
};

/* False for anything shorter than a header or whose length field is not the datagram's. */
bool ikev2_header_read(struct bytes datagram, struct ikev2_header *out);

/* What hostile messages meet before any work is done for them. */
enum {
    IKEV2_PAYLOAD_LIMIT = 64,
    IKEV2_NOTIFY_LIMIT = 32,
    IKEV2_DELETE_LIMIT = 8,
    IKEV2_VENDOR_ID_LIMIT = 16,
    IKEV2_SELECTOR_LIMIT = 255
};
enum { IKEV2_NONCE_MIN = 16, IKEV2_NONCE_MAX = 256 };

struct ikev2_id {
    uint8_t kind;
    struct bytes data;
    struct bytes body; /* whole payload body: what AUTH signs */
};

struct ikev2_selectors {
    uint16_t count;
    struct selector *list; /* in the message's arena; types that we do not know are left out */
};

struct ikev2_message {
    uint64_t present; /* bit (type - 33) of every known payload type that occurs */
    struct bytes sa;
    uint16_t ke_group;
    struct bytes ke_data;
    struct bytes nonce;
    struct ikev2_id id_i, id_r;
    uint8_t auth_method;
    struct bytes auth_data;
    struct ikev2_selectors ts_i, ts_r;
    const struct configuration *configuration; /* in the message's arena; NULL: there is none */
    size_t notify_count;
    struct ike_notify notifies[IKEV2_NOTIFY_LIMIT];
    size_t delete_count;
    struct ike_delete deletes[IKEV2_DELETE_LIMIT];
    size_t vendor_id_count; /* further ones are passed over */
    struct bytes vendor_ids[IKEV2_VENDOR_ID_LIMIT];
    /* SK or SKF: the rest of the datagram after its header, and the type of the first payload inside. */
    struct bytes sk_body;
    uint8_t sk_first;
    uint16_t fragment_number, fragment_total; /* SKF; a wrong pair is no message */
};

static inline uint64_t ikev2_payload_bit(uint8_t type)
{
    return type >= PAYLOAD_SA && type < PAYLOAD_SA + 64 ? UINT64_C(1) << (type - PAYLOAD_SA) : 0;
}

static inline bool ikev2_has(const struct ikev2_message *message, uint8_t type)
{
    return (message->present & ikev2_payload_bit(type)) != 0;
}

/*
 * Reads the chain of payloads that begins with type `first`. On failure error->code is the notify type that
 * answers it: INVALID_SYNTAX, or UNSUPPORTED_CRITICAL_PAYLOAD with the offending type in *ret_critical.
 */
bool ikev2_message_read(uint8_t first, struct bytes chain, struct arena *arena, struct ikev2_message *out,
                        uint8_t *ret_critical, struct error *error);

/* The first notification of this type; NULL if there is none. */
const struct ike_notify *ikev2_find_notify(const struct ikev2_message *message, uint16_t type);
/* The first error notification (type below 16384). */
const struct ike_notify *ikev2_find_error(const struct ikev2_message *message);

#endif
