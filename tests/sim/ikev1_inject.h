/* IKEv1 messages of the scenario's own making, in the clear or with the keys of an ISAKMP SA that a host has.
 */
#ifndef STYX_SIM_IKEV1_INJECT_H
#define STYX_SIM_IKEV1_INJECT_H

#include "sim.h"

enum ikev1_hash { IKEV1_NO_HASH, IKEV1_HASH_1, IKEV1_HASH_2, IKEV1_WRONG_HASH };

struct ikev1_injection {
    uint8_t exchange;
    uint32_t message_id;
    uint8_t first;      /* type of the chain's first payload */
    struct bytes chain; /* payloads behind HASH, if there is one */
    bool is_encrypted;
    bool goes_on;         /* the IV is that which `to` has for this Transaction exchange */
    bool is_phase1;       /* the IV is that of phase 1's first encrypted message */
    enum ikev1_hash hash; /* HASH_2: with the nonce of the Quick Mode that `to` has begun */
    bool is_first;        /* the responder's cookie is zero */
    size_t piece_size;    /* in fragments of so many bytes, the last one first; 0: whole */
};

/* Sends it from `from` to `to` with the cookies and keys of the newest ISAKMP SA of `from`; *message_id 0 in
 * phase 2 draws one. False when there is none. */
bool sim_inject_ikev1(struct sim *sim, const char *from, const char *to,
                      const struct ikev1_injection *injection);
/* The message id of the Quick Mode that the host has begun last; 0 none. */
uint32_t sim_ikev1_quick_message_id(const struct sim *sim, const char *host);
/* Of the Transaction exchange in which the host waits for an answer; 0 none. */
uint32_t sim_ikev1_request_message_id(const struct sim *sim, const char *host);

#endif
