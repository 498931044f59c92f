/* Informational exchanges: RFC 2408 4.8, RFC 2409 5.7. Only what HASH(1) proves is obeyed. */
#ifndef STYX_ENGINE_IKEV1_INFORMATIONAL_H
#define STYX_ENGINE_IKEV1_INFORMATIONAL_H

#include "engine/ikev1/exchange.h"

/* An answer in the clear to a message that could not be taken: once, smaller than what it answers, nothing is
 * kept. */
void notify_stranger(struct engine *engine, const struct ikev1_incoming *incoming, uint16_t type);
/* One protected notification; spi may be empty. The message as it was sent is the caller's, accounted to the
 * ISAKMP SA. */
struct owned notify_protected(struct engine *engine, struct ike_sa *ike, uint8_t protocol, struct bytes spi,
                              uint16_t type, struct bytes data);
/* The same for the ISAKMP SA itself: the cookies are its SPI. */
void notify_about_ike(struct engine *engine, struct ike_sa *ike, uint16_t type, struct bytes data);

/* Handler of a protected one. false: it is not authentic. The ISAKMP SA may be gone afterwards. */
bool informational_protected(struct engine *engine, struct ike_sa *ike,
                             const struct ikev1_incoming *incoming);
/* One in the clear: told to people, never obeyed. */
void informational_plain(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming);

/* ---- delete.c ---- */

/* Says Delete for our SPI, and no more. */
void ikev1_disown_child(struct engine *engine, struct ike_sa *ike, const struct child_sa *child);
void ikev1_delete_child(struct engine *engine, struct child_sa *child, uint64_t client);
void ikev1_delete_ike(struct engine *engine, struct ike_sa *ike, uint64_t client);
/* Main Mode initiator: the responder takes phase 1 for done, but we do not believe it. */
void ikev1_send_distrust(struct engine *engine, struct ike_sa *ike);
/* Tells the peer that the ISAKMP SA ends; nothing else. */
void ikev1_send_ike_delete(struct engine *engine, struct ike_sa *ike);
void ikev1_say_goodbye(struct engine *engine, struct ike_sa *ike);
/* Obeys the Delete payloads; false when the ISAKMP SA itself is gone. */
bool delete_obeyed(struct engine *engine, struct ike_sa *ike, const struct ikev1_message *message);

#endif
