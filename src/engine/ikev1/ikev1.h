/*
 * IKEv1's own part of SAs: the phase 1 states, the exchanges in progress, keys. Private to engine/ikev1.
 * What is common to both versions lives in struct ike_sa and struct child_sa.
 */
#ifndef STYX_ENGINE_IKEV1_IKEV1_H
#define STYX_ENGINE_IKEV1_IKEV1_H

#include "crypto/ikev1_keys.h"
#include "engine/lifecycle.h"
#include "engine/version.h"
#include "proposal/ikev1_sa.h"
#include "wire/ikev1_build.h"

/* In the order of Libreswan 4.x, whose message numbers are 100 and the state. */
enum ikev1_state {
    STATE_NONE,
    STATE_MAIN_R0,
    STATE_MAIN_I1,
    STATE_MAIN_R1,
    STATE_MAIN_I2,
    STATE_MAIN_R2,
    STATE_MAIN_I3,
    STATE_MAIN_R3,
    STATE_MAIN_I4,
    STATE_AGGR_R0,
    STATE_AGGR_I1,
    STATE_AGGR_R1,
    STATE_AGGR_I2,
    STATE_AGGR_R2,
    STATE_QUICK_R0,
    STATE_QUICK_I1,
    STATE_QUICK_R1,
    STATE_QUICK_I2,
    STATE_QUICK_R2,
    STATE_INFO,
    STATE_INFO_PROTECTED,
    STATE_XAUTH_R0,
    STATE_XAUTH_R1,
    STATE_MODE_CFG_R0,
    STATE_MODE_CFG_R1,
    STATE_MODE_CFG_R2,
    STATE_MODE_CFG_I1,
    STATE_XAUTH_I0,
    STATE_XAUTH_I1,
    IKEV1_STATES,
};

enum {
    USED_MESSAGE_IDS_FIRST = 16, /* of the peer's, none is taken again: room at first, and */
    USED_MESSAGE_IDS_MAX = 4096, /* at most; an ISAKMP SA that needs more is replaced, and ends */
    QUICK_PENDING_LIMIT = 256,   /* Quick Modes that a peer may have begun and not finished */
    QUICK_AT_ONCE = 2,     /* of ours under one ISAKMP SA: strongSwan knows the IVs of three exchanges */
    TRANSACTION_LIMIT = 8, /* Transaction exchanges that are remembered, to repeat their last message */
};

/* IKEv1's share of one exchange: the CBC chain, and what is said again when the other side says it again. */
struct ikev1_exchange {
    uint32_t message_id;
    uint8_t iv[CIPHER_IV_MAX];
    struct owned last_sent;
    uint64_t last_received_hash; /* of the datagram that last_sent answers; 0 none */
    usec_t first_sent, retransmit_interval;
    unsigned retransmits;
};

/* What the peer's vendor ids say about it. */
enum ikev1_peer_feature {
    PEER_DPD = 1 << 0,
    PEER_FRAGMENTATION = 1 << 1,
    PEER_XAUTH = 1 << 2,
    PEER_UNITY = 1 << 3,
    PEER_NATT_RFC = 1 << 4,
    PEER_NATT_DRAFT = 1 << 5,     /* 02 or 03: they float to port 4500 */
    PEER_NATT_OLD_DRAFT = 1 << 6, /* 00 or 01: they stay on port 500 */
    PEER_NATT_ALL = PEER_NATT_RFC | PEER_NATT_DRAFT | PEER_NATT_OLD_DRAFT,
};

struct ikev1_fragments;
struct ikev1_refusals;
struct xauth;

struct ikev1_sa {
    enum ikev1_state state;
    bool is_aggressive;
    bool has_seen_quick_mode; /* the peer has asked for an IPsec SA */
    bool is_unconfirmed;      /* Aggressive Mode initiator: nothing shows yet that our last message came */
    uint16_t auth_method;     /* enum ikev1_auth_method, as negotiated */
    unsigned peer_features;   /* enum ikev1_peer_feature */
    enum ikev1_peer_feature natt; /* of PEER_NATT_ALL the one that is spoken; 0 none */
    struct ikev1_keys keys;
    uint8_t last_block[CIPHER_IV_MAX]; /* phase 1's, from which phase 2's IVs come */
    struct owned sa_body;              /* the initiator's SA payload, which HASH_I and HASH_R cover */
    struct owned id_body, peer_proof, transform; /* Aggressive Mode: of the peer, as they came */
    struct owned own_proof;                      /* phase1_proof.h */
    struct ikev1_exchange phase1;
    struct list_node transactions; /* struct transaction, the newest last */
    unsigned transaction_count;
    uint32_t request_message_id;     /* of the REQUEST or SET of ours that waits for its answer; 0 none */
    unsigned phase15_step;           /* phase15.c */
    bool says_initial_contact;       /* the peer, in phase 1 */
    struct xauth *xauth;             /* xauth.h; NULL: it is through, or was not wanted */
    struct ip_address login_address; /* server: the user's own, of the password file; unset: none */
    struct list_node
        quicks; /* struct quick_mode in progress, and finished ones that may have to repeat themselves */
    unsigned quick_count, quick_asking_count; /* the latter: those of ours that wait for their answer */
    uint32_t *used_message_ids;
    unsigned used_message_id_count, used_message_id_room;
    uint64_t lifetime_seconds; /* negotiated */
    uint64_t replaces_serial;  /* the ISAKMP SA that this one is to replace */
    /* Dead peer detection (RFC 3706). */
    uint32_t dpd_sequence, dpd_peer_sequence;
    usec_t dpd_unanswered_since;       /* 0: every R_U_THERE was answered */
    struct ikev1_fragments *fragments; /* a message of the peer's that is being put together */
    struct ikev1_refusals *refusals;   /* refusals.h; NULL: nothing was refused */
};

struct transaction_service;

/* The Transaction exchanges of one message id, one after the other: owned by their ISAKMP SA. */
struct transaction {
    struct list_node node;
    struct ikev1_exchange exchange;
    const struct transaction_service *service; /* of what was said last; NULL: nobody's */
    uint8_t last_type;                         /* enum ikev1_cfg_type, of either side */
    uint16_t identifier;
};

/* One Quick Mode: owned by its Child SA. */
struct quick_mode {
    struct list_node node;
    struct child_sa *child;
    enum ikev1_state state;
    struct ikev1_exchange exchange;
    uint64_t job_id;
    struct owned peer_nonce, own_public, peer_public;
    struct owned transforms[IKEV1_MEMBERS]; /* responder: what was chosen, as the peer wrote it */
    uint8_t cpi_size;
    uint16_t encapsulation_mode;
    uint32_t lifetime_seconds, lifetime_kilobytes; /* that the peer asked for or chose; 0 none */
    bool is_initiator, has_ids, is_asking;
    struct selector named_ids[2]; /* responder: IDci, IDcr as the peer wrote them */
    struct engine_timer retransmit_timer;
    usec_t forget_at;     /* initiator, once it is through: hearing.h */
    usec_t last_repeated; /* responder: when our answer was said again by the timer */
    bool is_not_read;     /* responder: the peer has forgotten the exchange */
};

/* A message on its way through the handlers. */
struct ikev1_incoming {
    const struct path *path;
    const struct ikev2_header *header;
    struct bytes datagram; /* as it came */
    bool was_encrypted;
    uint8_t last_block[CIPHER_IV_MAX]; /* of its ciphertext: the IV of what answers it */
    const struct ikev1_message *message;
};

/* Phase 1 is through: what comes is protected by its keys. Quick Mode may have to wait (phase15.h). */
static inline bool ikev1_is_past_phase1(const struct ike_sa *ike)
{
    return ike->state == IKE_STATE_PHASE1_DONE || ike->state == IKE_STATE_ESTABLISHED ||
           ike->state == IKE_STATE_REPLACED;
}

/* ---- sa.c: birth and death of these parts ---- */

bool ikev1_sa_make(struct engine *engine, struct ike_sa *ike);
void ikev1_sa_free(struct engine *engine, struct ike_sa *ike);
struct quick_mode *quick_make(struct engine *engine, struct ike_sa *ike, struct child_sa *child,
                              bool is_initiator, uint32_t message_id);
void quick_drop(struct engine *engine, struct child_sa *child);
/* What only the negotiation needs. */
void quick_drop_inputs(struct engine *engine, struct quick_mode *quick);
/* It waits for no answer any more: what has waited for that may begin, soon. */
void quick_has_asked(struct engine *engine, struct quick_mode *quick);
struct quick_mode *quick_by_message_id(const struct ike_sa *ike, uint32_t message_id);

/* ---- state_names.c ---- */

const char *ikev1_state_name(enum ikev1_state state);
const char *ikev1_state_story(enum ikev1_state state);
const char *ikev1_ike_state_name(const struct ike_sa *ike);
const char *ikev1_ike_state_story(const struct ike_sa *ike);
const char *ikev1_child_state_name(const struct child_sa *child);
const char *ikev1_child_state_story(const struct child_sa *child);

#endif
