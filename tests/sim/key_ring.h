/*
 * The keys of IKE SAs as they pass by in jobs: the simulator may look into protected messages, compare what
 * the two ends derived, and forge messages under real keys.
 */
#ifndef STYX_SIM_KEY_RING_H
#define STYX_SIM_KEY_RING_H

#include "base/arena.h"
#include "engine/job.h"
#include "wire/ikev2_parse.h"

struct ike_keys {
    struct ike_keys *next;
    uint8_t spi_i[IKE_SPI_SIZE], spi_r[IKE_SPI_SIZE];
    const struct algorithm *prf, *encr, *integ;
    uint16_t encr_key_bits;
    struct ikev2_keys keys;
};

struct key_ring {
    struct ike_keys *newest;
};

/* Takes note of the keys of a finished job, if it derived any. */
void key_ring_learn(struct key_ring *ring, const struct job *job);
const struct ike_keys *key_ring_find(const struct key_ring *ring, const uint8_t spi_i[static IKE_SPI_SIZE],
                                     const uint8_t spi_r[static IKE_SPI_SIZE]);
bool ike_keys_equal(const struct ike_keys *a, const struct ike_keys *b);
void key_ring_free(struct key_ring *ring);

/* A message taken apart; protected payloads only with the keys at hand. */
struct decoded {
    struct ikev2_header header;
    bool is_response, is_from_initiator;
    bool is_readable; /* `message` holds the payloads, decrypted if need be */
    struct ikev2_message message;
    struct arena arena;
    uint8_t *plain; /* owned copy of the datagram, decrypted in place */
};

/* False when it is no IKE message. decoded_free() in either case. */
bool decode_message(const struct key_ring *ring, struct bytes datagram, struct decoded *out);
void decoded_free(struct decoded *decoded);
/* "CREATE_CHILD_SA request 3: SA KE Nonce N(REKEY_SA) ..." */
void decoded_text(const struct decoded *decoded, char *out, size_t size);

/*
 * Protects a chain of payloads under the keys of an IKE SA as its initiator or responder would. Returns the
 * size of the message in `out`, 0 when it does not fit.
 */
size_t forge_protected(const struct ike_keys *keys, const struct ikev2_header *header, uint8_t first_payload,
                       struct bytes chain, uint8_t *out, size_t capacity);

#endif
