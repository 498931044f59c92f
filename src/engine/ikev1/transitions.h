/*
 * What may come in which state, and with which payloads (RFC 2408 4, 5; RFC 2409 5): one table. Everything
 * else is dropped.
 */
#ifndef STYX_ENGINE_IKEV1_TRANSITIONS_H
#define STYX_ENGINE_IKEV1_TRANSITIONS_H

#include "engine/ikev1/ikev1.h"

enum encryption { CLEAR, ENCRYPTED, EITHER };

typedef bool phase1_handler(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming);
typedef bool quick_handler(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                           const struct ikev1_incoming *incoming);

struct transition {
    enum ikev1_state state;
    uint8_t exchange;
    enum encryption encryption;
    uint32_t must, may;
    phase1_handler *phase1;
    quick_handler *quick;
};

/* NULL: no such message may come in this state. */
const struct transition *transition_find(enum ikev1_state state, uint8_t exchange, bool is_encrypted);
/* The payloads are those that the row asks for and allows; else the reason, whose code is the notification.
 */
bool transition_fits(const struct ike_sa *ike, const struct transition *row,
                     const struct ikev1_message *message, struct error *error);

#endif
