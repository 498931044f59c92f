/*
 * How both sides prove themselves in phase 1: HASH payloads made with a pre-shared key, or signatures of the
 * same hashes (RFC 2409 5.1, 5.4). Signatures are made and verified by jobs: whoever asks for one goes on
 * when phase1_signature_done() has had it.
 */
#ifndef STYX_ENGINE_IKEV1_PHASE1_PROOF_H
#define STYX_ENGINE_IKEV1_PHASE1_PROOF_H

#include "engine/ikev1/phase1.h"

/* The methods that a connection allows, the preferred one first: numbers of enum ikev1_auth_method without
 * XAUTH. Returns how many. */
enum { PHASE1_METHODS_MAX = 2 };
size_t phase1_methods(const struct connection *connection, uint16_t out[static PHASE1_METHODS_MAX]);
/* What we begin with: the first for which there is a key. */
uint16_t phase1_own_method(const struct engine *engine, const struct connection *connection);
/* What was agreed on is by signatures. */
bool phase1_is_signed(const struct ike_sa *ike);
/* The set of enum auth_method that it means. */
unsigned phase1_auth_methods(const struct ike_sa *ike);

enum proof_step {
    PROOF_FAILED, /* with the reason; its code is a notification */
    PROOF_DONE,
    PROOF_WAITS, /* for a job */
};

/* Our own, kept until phase1_build_proof() writes it as a HASH or SIG payload. */
enum proof_step phase1_prove(struct engine *engine, struct ike_sa *ike, struct error *error);
void phase1_build_proof(const struct ike_sa *ike, struct message_builder *builder);
/* The peer's identity and proof. id NULL: the identity was taken before. */
enum proof_step phase1_believe(struct engine *engine, struct ike_sa *ike, const struct ikev1_id *id,
                               struct bytes proof, struct error *error);
/* HASH or SIG, as the method wants. */
struct bytes phase1_proof_of(const struct ike_sa *ike, const struct ikev1_message *message);
/* A job for a signature is done. False: the ISAKMP SA has been given up. */
bool phase1_signature_done(struct engine *engine, struct ike_sa *ike, const struct job *job);

/* Responder: tells the peer once, and gives up. incoming NULL: its message is gone. */
void phase1_refuse(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming,
                   const struct error *error);

#endif
