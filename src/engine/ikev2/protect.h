/* The SK payload (RFC 7296 3.14; AEAD as RFC 5282): sealing a built message, opening a received one. */
#ifndef STYX_ENGINE_IKEV2_PROTECT_H
#define STYX_ENGINE_IKEV2_PROTECT_H

#include "engine/state.h"

/* One scratch cipher context per pair of algorithms, keyed anew for each message: an idle SA costs only its
 * keys. */
struct cipher_cache;
struct cipher_cache *cipher_cache_new(void);
void cipher_cache_free(struct cipher_cache *cache);

/* Begins a protected message of this IKE SA in `buffer`; payloads follow; protect_finish seals it. */
struct message_builder protect_start(const struct ike_sa *ike, uint8_t *buffer, size_t capacity,
                                     uint8_t exchange, bool is_response, uint32_t message_id);
/* What it gives is one datagram, or several one behind the other: exchange_transmit() sends either. */
bool protect_finish(struct engine *engine, const struct ike_sa *ike, struct message_builder *builder,
                    struct bytes *ret_message);
/* Seals one datagram, complete but for the SK or SKF payload's end. fragment: its number, 0: it is none. */
bool protect_seal(struct engine *engine, const struct ike_sa *ike, struct message_builder *builder,
                  uint16_t fragment, struct bytes *ret_message);
/* Bytes of one datagram that carries so many bytes of payloads. */
size_t protect_sealed_size(const struct ike_sa *ike, size_t payload_size);

/* Opens in place (the datagram is a copy that may be written). False: not authentic. */
bool protect_open(struct engine *engine, const struct ike_sa *ike, uint8_t *datagram, size_t size,
                  struct bytes sk_body, struct bytes *ret_chain);

#endif
