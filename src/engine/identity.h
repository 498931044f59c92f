/* IKE identities: RFC 7296 3.5. Text as in ipsec.conf (@fqdn, user@fqdn, address, @#hex, DN, %any) <-> wire.
 */
#ifndef STYX_ENGINE_IDENTITY_H
#define STYX_ENGINE_IDENTITY_H

#include "base/address.h"
#include "base/text.h"

enum identity_kind {              /* the wire numbers; 0 is ours */
                     ID_NONE = 0, /* not given: the host address will serve; or %any: matches every peer */
                     ID_IPV4_ADDR = 1,
                     ID_FQDN = 2,
                     ID_USER_FQDN = 3,
                     ID_IPV6_ADDR = 5,
                     ID_DER_ASN1_DN = 9,
                     ID_KEY_ID = 11,
                     ID_NULL = 13,
};

enum { IDENTITY_SIZE_MAX = 256, IDENTITY_TEXT_SIZE = 4 * IDENTITY_SIZE_MAX + 8 };

/* Value of up to IDENTITY_SIZE_MAX bytes on the heap, owned; longer ones from a peer are refused. */
struct identity {
    uint8_t kind; /* enum identity_kind */
    uint16_t size;
    uint8_t *data;
};

bool identity_parse(const char *text, struct identity *out, struct error *error);
struct identity identity_of_address(const struct ip_address *address);
/* From the body of an ID payload after its 4 header bytes; false when the kind or the length is not
 * acceptable. */
bool identity_of_wire(uint8_t kind, struct bytes data, struct identity *out, struct error *error);
struct identity identity_copy(const struct identity *identity);
void identity_free(struct identity *identity);
/* FQDN and the like compare without case, distinguished names as RFC 5280 says; ID_NONE equals only ID_NONE.
 */
bool identity_equal(const struct identity *a, const struct identity *b);
/* What is configured for a peer: ID_NONE fits all, "CN=*" in a distinguished name any common name. */
bool identity_matches(const struct identity *wanted, const struct identity *identity);
/* It stands for more than one identity. */
bool identity_is_pattern(const struct identity *identity);
/* Bytes to be hashed with this key, the same for those that are equal; returns how many. */
size_t identity_fold(const uint8_t key[static 16], const struct identity *id,
                     uint8_t out[static IDENTITY_SIZE_MAX]);
/* Equal for those that are equal. */
uint64_t identity_hash(const uint8_t key[static 16], const struct identity *id);
/* "@east", "192.0.2.1", "user@example.com", "C=CA, CN=east"; peer bytes escaped. */
const char *identity_text(const struct identity *identity, char out[static IDENTITY_TEXT_SIZE]);
/* ID_FQDN ... as in status output. */
const char *identity_kind_name(uint8_t kind);

#endif
