/*
 * Proposals: what a connection offers and accepts. Text (ike=, esp=, ah=) <-> struct <-> SA payload
 * (RFC 7296 3.3), and the choice of one among them (2.7) with the reason when there is none.
 */
#ifndef STYX_PROPOSAL_PROPOSAL_H
#define STYX_PROPOSAL_PROPOSAL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/reader.h"
#include "base/text.h"
#include "base/writer.h"
#include "crypto/algorithm.h"

enum security_protocol { PROTOCOL_NONE = 0, PROTOCOL_IKE = 1, PROTOCOL_AH = 2, PROTOCOL_ESP = 3 };

/*
 * IPComp (RFC 3173, RFC 7296 2.22): the compression algorithms' numbers, which as CPIs stand for them without
 * negotiation, and the CPIs that are negotiated.
 */
enum { IPCOMP_DEFLATE = 2, IPCOMP_CPI_FIRST = 256, IPCOMP_CPI_LAST = 61439 };

/* Whether a peer may receive deflated packets with this CPI. */
static inline bool ipcomp_cpi_is_usable(uint32_t cpi)
{
    return cpi == IPCOMP_DEFLATE || (cpi >= IPCOMP_CPI_FIRST && cpi <= IPCOMP_CPI_LAST);
}

/* Hostile SA payloads meet these before any allocation. */
enum { PROPOSAL_LIMIT = 64, PROPOSAL_TRANSFORM_LIMIT = 128, PROPOSAL_SPI_MAX = 8 };

struct transform {
    uint8_t type; /* enum transform_type; a peer's may be unknown */
    uint16_t id;
    uint16_t key_bits; /* 0: no Key Length attribute */
    bool is_unusable;  /* a peer's transform with an attribute that we do not know */
    bool
        is_any_length; /* ours, written without a key length: the longest, then the default; printed as one */
};

struct proposal {
    uint8_t number;   /* 1 .. */
    uint8_t protocol; /* enum security_protocol */
    uint8_t spi_size;
    uint8_t spi[PROPOSAL_SPI_MAX];
    uint16_t transform_count;
    struct transform *transforms;
};

/* Immutable after it is made; one heap block when parsed from text, in the message's arena when read. */
struct proposal_list {
    uint16_t count;
    struct proposal *proposals;
};

/* One choice: an algorithm of each type that the protocol needs. */
struct suite {
    uint8_t protocol;
    uint8_t proposal_number;
    const struct algorithm *encr; /* NULL for AH */
    uint16_t encr_key_bits;
    const struct algorithm *prf;   /* IKE only */
    const struct algorithm *integ; /* NULL with an AEAD */
    const struct algorithm *ke;    /* NULL: none */
    bool esn;
    const struct algorithm *ah_integ; /* of the AH around ESP (IKEv1); NULL: no such bundle */
};

enum proposal_flags {
    PROPOSAL_IKEV1 = 1 << 0,
    PROPOSAL_PFS = 1 << 1,    /* a child's KE counts */
    PROPOSAL_ESN_NO = 1 << 2, /* what esn= allows in a child; default either */
    PROPOSAL_ESN_YES = 1 << 3,
    PROPOSAL_WITH_AH = 1 << 4, /* ESP with AH around it: it may do without an integrity algorithm */
};

/*
 * Parses ike= (PROTOCOL_IKE), esp= or ah= text after the grammar of Libreswan 5 (all of algorithms.txt, old
 * and new separators). On error the text names the offending word and error->code is its byte offset in
 * `text`.
 */
struct proposal_list *proposals_parse(enum security_protocol protocol, unsigned flags, const char *text,
                                      struct error *error);
/* The first key exchange that proposals_parse() passes over because the flags lack PROPOSAL_PFS; NULL: none.
 */
const struct algorithm *proposals_ignored_ke(enum security_protocol protocol, unsigned flags,
                                             const char *text);
/* The default when the keyword is absent. */
struct proposal_list *proposals_default(enum security_protocol protocol, unsigned flags);
void proposals_free(struct proposal_list *list);

/* Takes out every transform that is not kept, and every proposal that then has no transform of a type that it
 * had. Only for a list that nobody else knows yet; it may end empty. */
void proposals_keep(struct proposal_list *list,
                    bool (*keeps)(const void *context, const struct transform *transform),
                    const void *context);
bool proposals_name(const struct proposal_list *list, const struct algorithm *algorithm);

/* AES_GCM_16_256-HMAC_SHA2_512+HMAC_SHA2_256-DH19+DH31, ... as Libreswan prints it. */
void proposals_text(struct text *text, const struct proposal_list *list);
void suite_text(struct text *text, const struct suite *suite);

/* How a list is offered in one exchange. */
struct proposal_offer {
    const struct proposal_list *list;
    struct bytes spi;               /* ours: 0 bytes (first IKE SA), 8 (rekeyed IKE SA), 4 (child) */
    bool omit_ke;                   /* first Child SA in IKE_AUTH: no KE transforms (RFC 7296 1.2) */
    const struct algorithm *add_ke; /* a child with PFS and no KE named: this one (the IKE SA's); or NULL */
    bool may_omit_ke;               /* last of all, no key exchange, though others are named */
};

/* Body of an SA payload. */
void proposals_write(struct writer *writer, const struct proposal_offer *offer);
/* Body of an SA payload with the one accepted proposal and our SPI. */
void suite_write(struct writer *writer, const struct suite *suite, struct bytes spi);

/* The suite of an IKE SA as a list of its own, which lives here. */
enum { SUITE_TRANSFORMS_MAX = 4 };
struct suite_list {
    struct proposal_list list;
    struct proposal proposal;
    struct transform transforms[SUITE_TRANSFORMS_MAX];
};
void suite_list_make(const struct suite *suite, struct suite_list *out);

/* Strict reading of an untrusted SA payload body into the arena; NULL with a reason. */
struct proposal_list *proposals_read(struct bytes body, struct arena *arena, struct error *error);

/*
 * Responder: our most preferred suite among theirs; within the accepted proposals `preferred_ke` (the group
 * of the peer's KE payload; 0 none) wins if acceptable. ret_theirs tells which proposal of theirs (for its
 * SPI). Failure: the reason says what they offered and what we accept, naming the first transform that did
 * not match.
 */
bool proposals_select(const struct proposal_offer *ours, const struct proposal_list *theirs,
                      uint16_t preferred_ke, struct suite *ret_suite, const struct proposal **ret_theirs,
                      struct error *error);

/* Initiator: the peer's answer must be one proposal with one transform a type, all of which we offered. */
bool proposals_accept_answer(const struct proposal_offer *offered, const struct proposal_list *answer,
                             struct suite *ret_suite, const struct proposal **ret_theirs,
                             struct error *error);

/* The first KE of the first proposal that has one: what goes into our KE payload. NULL: none. */
const struct algorithm *proposals_first_ke(const struct proposal_offer *offer);
/* Whether this KE method is among those offered (INVALID_KE_PAYLOAD handling). */
bool proposals_offer_ke(const struct proposal_offer *offer, uint16_t ke_id);

#endif
