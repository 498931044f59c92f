/*
 * The body of an IKEv1 SA payload: RFC 2408 3.4 to 3.6, RFC 2409 Appendix A (phase 1), RFC 2407 4.4, 4.5
 * (phase 2). What a connection offers, the responder's choice, and the check that the choice was offered.
 */
#ifndef STYX_PROPOSAL_IKEV1_SA_H
#define STYX_PROPOSAL_IKEV1_SA_H

#include "proposal/proposal.h"

/* Suites that one list may stand for; further ones are not offered. */
enum { IKEV1_SUITE_LIMIT = 128 };

struct ikev1_offer {
    const struct proposal_list *list; /* made with PROPOSAL_IKEV1 */
    enum security_protocol protocol;  /* PROTOCOL_IKE: phase 1 */
    uint16_t auth_method;             /* phase 1: enum ikev1_auth_method */
    /* Phase 1: only suites of this group (Aggressive Mode); NULL: any of the list. Phase 2: the group of all
     * suites; NULL: the one that each names, or none. */
    const struct algorithm *group;
    bool takes_any_group; /* phase 2, responder: the list names no group, so any that runs here will do */
    uint16_t encapsulation_mode; /* phase 2: enum ikev1_encapsulation_mode */
    uint32_t spi;                /* phase 2: ours, of ESP and AH alike */
    uint64_t lifetime_seconds;
    uint32_t lifetime_kilobytes; /* 0: none */
    /* A bundle: protocols of one proposal number, all of which are used (RFC 2408 4.2). */
    const struct proposal_list *ah_list; /* with PROTOCOL_ESP: AH around it; NULL: none */
    bool compresses;                     /* IPComp is welcome, and preferred */
    uint16_t cpi;                        /* our inbound one; 0: IPComp is not offered */
};

/* The protocols that one proposal may join; `main` is that of the offer. */
enum ikev1_member { IKEV1_MEMBER_AH, IKEV1_MEMBER_MAIN, IKEV1_MEMBER_IPCOMP, IKEV1_MEMBERS };

/* One transform, or bundle of them, of the peer's that we can live with. */
struct ikev1_choice {
    struct suite suite;
    /* Their payloads as the peer wrote them, borrowed: the answer repeats them (RFC 2408 4.2). Empty: the
     * proposal has no such member. */
    struct bytes transforms[IKEV1_MEMBERS];
    uint32_t spi, ah_spi;        /* phase 2: the peer's */
    uint16_t cpi;                /* the peer's; 0: no compression */
    uint8_t cpi_size;            /* bytes in which it wrote that */
    uint32_t lifetime_seconds;   /* 0: not said */
    uint32_t lifetime_kilobytes; /* 0: not said */
};

/* The group that begins an exchange: the first that the list names; NULL: none. */
const struct algorithm *ikev1_first_group(const struct proposal_list *list);

/* Whether this suite is one of those offered. */
bool ikev1_offer_has(const struct ikev1_offer *offer, const struct suite *suite);

void ikev1_offer_write(struct writer *writer, const struct ikev1_offer *offer);
/* The answer: the chosen transforms, with our SPIs in phase 2. */
void ikev1_choice_write(struct writer *writer, const struct ikev1_offer *offer,
                        const struct ikev1_choice *choice);

/* Responder: the one among theirs that we like best. False: the reason tells both sides' wishes; error->code
 * is the notification that answers it. */
bool ikev1_choose(const struct ikev1_offer *ours, struct bytes sa_body, struct ikev1_choice *ret_choice,
                  struct error *error);
/* The SPI of the first proposal that has one of four bytes, borrowed; empty: there is none. */
struct bytes ikev1_first_spi(struct bytes sa_body);
/* Initiator: the answer is one transform, which we offered. */
bool ikev1_accept_answer(const struct ikev1_offer *ours, struct bytes sa_body,
                         struct ikev1_choice *ret_choice, struct error *error);

#endif
