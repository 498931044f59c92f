/*
 * Reading IKEv1 messages: RFC 2408 3, RFC 2407 4.6. Validate first, then hand out: after ikev1_message_read()
 * the caller never looks at raw lengths again. All byte runs are borrowed from the datagram. The header is
 * that of IKEv2 (struct ikev2_header), cookies in the place of SPIs.
 */
#ifndef STYX_WIRE_IKEV1_PARSE_H
#define STYX_WIRE_IKEV1_PARSE_H

#include "base/bytes.h"
#include "base/error.h"
#include "wire/ikev1_numbers.h"
#include "wire/message_parse.h"

/* What hostile messages meet before any work is done for them. */
enum {
    IKEV1_PAYLOAD_LIMIT = 64,
    IKEV1_NOTIFY_LIMIT = 8,
    IKEV1_DELETE_LIMIT = 8,
    IKEV1_VENDOR_ID_LIMIT = 32,
    IKEV1_NAT_D_LIMIT = 8,
    IKEV1_ATTRIBUTE_LIMIT = 128,
};
enum { IKEV1_NONCE_MIN = 8, IKEV1_NONCE_MAX = 256 };

struct ikev1_id {
    uint8_t kind;
    uint8_t protocol;
    uint16_t port;
    struct bytes data;
    struct bytes body; /* the whole payload body: what HASH_I and HASH_R cover */
};

struct ikev1_attributes {
    uint8_t type; /* enum ikev1_cfg_type */
    uint16_t identifier;
    struct bytes list; /* well-formed, at most IKEV1_ATTRIBUTE_LIMIT: ikev1_attribute_read() */
};

/* Payload types as bits: those below 32 by their number, the drafts' NAT types with those of the RFC. */
static inline uint32_t ikev1_payload_bit(uint8_t type)
{
    if (type == ISAKMP_NAT_D_DRAFT)
        type = ISAKMP_NAT_D;
    if (type == ISAKMP_NAT_OA_DRAFT)
        type = ISAKMP_NAT_OA;
    return type < 32 ? UINT32_C(1) << type : 0;
}

struct ikev1_message {
    uint32_t present; /* ikev1_payload_bit of every payload that occurs */
    struct bytes sa;
    struct bytes ke, nonce, hash, signature;
    unsigned id_count;
    struct ikev1_id ids[2];
    unsigned notify_count, delete_count, vendor_id_count, nat_d_count, nat_oa_count;
    struct ike_notify notifies[IKEV1_NOTIFY_LIMIT];
    struct ike_delete deletes[IKEV1_DELETE_LIMIT];
    struct bytes vendor_ids[IKEV1_VENDOR_ID_LIMIT];
    struct bytes nat_d[IKEV1_NAT_D_LIMIT];
    struct ikev1_id nat_oa[2];
    struct ikev1_attributes attributes;
    struct bytes after_hash; /* all payloads behind the first one, if that is HASH: what HASH(1) covers */
    bool has_unknown;        /* a payload of a type that we do not know; it is left out */
};

static inline bool ikev1_has(const struct ikev1_message *message, uint8_t type)
{
    return (message->present & ikev1_payload_bit(type)) != 0;
}

/*
 * Reads the chain of payloads that begins with type `first`. What follows the last payload is padding when
 * the message was encrypted and an error otherwise. On failure error->code is the notify type that says why.
 */
bool ikev1_message_read(uint8_t first, struct bytes chain, bool was_encrypted, struct ikev1_message *out,
                        struct error *error);

/* The first notification of this type; NULL if there is none. */
const struct ike_notify *ikev1_find_notify(const struct ikev1_message *message, uint16_t type);

/* One data attribute (RFC 2408 3.3): basic, or variable with a value of any length. */
struct ikev1_attribute {
    uint16_t type;
    struct bytes value;
    uint32_t number;  /* the value as a number, if fits_number */
    bool fits_number; /* basic, or at most four bytes after leading zeros */
};

struct reader;
/* The first attribute of this type in a list of which it is known that it is well-formed; false: none. */
bool ikev1_attribute_find(struct bytes list, uint16_t type, struct ikev1_attribute *out);
/* The next attribute; false at the end or, with reader->failed, on a malformed one. */
bool ikev1_attribute_read(struct reader *reader, struct ikev1_attribute *out);

#endif
