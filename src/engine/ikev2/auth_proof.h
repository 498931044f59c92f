/*
 * The AUTH payload: how this end proves its identity, and how the peer's proof is checked. RFC 7296 2.15
 * (shared keys and RSA), RFC 4754 (ECDSA), RFC 7427 and 8420 (digital signatures), RFC 7619 (NULL).
 * Signatures are made and verified by jobs.
 */
#ifndef STYX_ENGINE_IKEV2_AUTH_PROOF_H
#define STYX_ENGINE_IKEV2_AUTH_PROOF_H

#include "engine/auth_keys.h"

/* An AUTH payload's method and data. */
struct auth_proof {
    uint8_t method; /* enum ikev2_auth_method_number */
    size_t size;
    uint8_t data[1 + SIGNATURE_IDENTIFIER_MAX + SIGNATURE_SIZE_MAX];
};

enum auth_step {
    AUTH_FAILED, /* the reason says why; its code is an enum failure_kind */
    AUTH_DONE,
    AUTH_NEEDS_JOB, /* *ret_job is to be submitted */
};

/* Ours, by the first of the connection's methods for which there is a key. */
enum auth_step auth_own(struct engine *engine, const struct ike_sa *ike, const struct connection *connection,
                        struct auth_proof *out, struct job **ret_job, struct error *error);
/* The same, when the job has signed. */
bool auth_own_signed(const struct job *job, struct auth_proof *out, struct error *error);
/* "digital-signature RSASSA-PSS with SHA2_512": for people; job: NULL where there was none. */
void auth_own_describe(struct text *text, const struct auth_proof *proof, const struct job *job);

/* The peer's, against what the connection allows it; id is the identity payload that it sent. */
enum auth_step auth_peer(struct engine *engine, const struct ike_sa *ike, const struct connection *connection,
                         const struct ikev2_message *message, const struct ikev2_id *id, struct job **ret_job,
                         struct error *error);
/* Whether it proved itself, when the job is done. */
bool auth_peer_verified(const struct job *job, struct error *error);
/* The methods (a set of enum auth_method) that an AUTH payload of that kind may stand for. */
unsigned auth_methods_of_payload(const struct ikev2_message *message);

/* Octets that one side signs (RFC 7296 2.15): message, nonce, MACed identity; maced_id takes PRF_OUTPUT_MAX
 * bytes. */
enum { AUTH_OCTETS_PARTS = 3 };
bool auth_octets(const struct ike_sa *ike, bool of_initiator, struct bytes id_body, uint8_t *maced_id,
                 struct bytes parts[static AUTH_OCTETS_PARTS]);
/* A MAC by a shared key, or by SK_p for NULL; out takes the PRF's output. */
bool auth_mac(const struct ike_sa *ike, bool is_null, struct bytes secret, bool of_initiator,
              struct bytes id_body, uint8_t *out);

#endif
