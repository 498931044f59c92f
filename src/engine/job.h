/*
 * Jobs: the slow, pure work of an exchange (key exchange and derivation, signatures). A job carries values
 * only, runs on any thread, and finds its SA again by serial number when it comes back.
 */
#ifndef STYX_ENGINE_JOB_H
#define STYX_ENGINE_JOB_H

#include "crypto/ikev2_keys.h"
#include "crypto/key_exchange.h"
#include "crypto/signature.h"

enum job_kind {
    JOB_KE_GENERATE, /* initiator: our KE value */
    JOB_KE_DERIVE,   /* initiator: shared secret, then keys if wanted */
    JOB_KE_RESPOND,  /* responder: both, then keys if wanted */
    JOB_SIGN,        /* our proof of identity */
    JOB_VERIFY,      /* the peer's */
    JOB_AUTHORIZE,   /* no work: the world has answered whether the peer may come in (login.h) */
};

enum {
    JOB_NONCE_MAX = 256,
    SIGNATURE_KEYS_MAX = 8, /* keys of a peer that are tried */
};

/* JOB_SIGN and JOB_VERIFY: owned by the job. */
struct signature_work {
    const struct signature_algorithm *algorithm;
    struct private_key *private_key;                    /* JOB_SIGN */
    struct public_key *public_keys[SIGNATURE_KEYS_MAX]; /* JOB_VERIFY: any of them will do */
    size_t key_count;
    size_t verified_by; /* result: which of them */
    uint8_t *message;
    size_t message_size;
    size_t signature_size; /* JOB_SIGN: a result */
    uint8_t signature[SIGNATURE_SIZE_MAX];
};

struct job {
    struct job *next; /* for the world's queues */
    uint64_t job_id;
    uint64_t ike_serial;   /* 0 when the SA is gone */
    uint64_t child_serial; /* IKEv1: the Quick Mode that it is for; 0: phase 1 */
    enum job_kind kind;
    const struct algorithm *ke;
    uint8_t seed[KE_SEED_SIZE];
    struct ke_private own;
    uint16_t peer_size;
    uint8_t peer_public[KE_PUBLIC_MAX];
    /* Key derivation of an IKE SA after the exchange; keys.prf NULL: none. Byte runs point into this job. */
    struct ikev2_key_inputs inputs;
    uint8_t nonce_i[JOB_NONCE_MAX], nonce_r[JOB_NONCE_MAX];
    uint8_t old_sk_d[PRF_OUTPUT_MAX];
    struct signature_work *signature; /* NULL: another kind of job */
    bool is_timed;                    /* somebody wants to know what it costs */
    /* Results. */
    bool ok;
    uint64_t cpu_usec; /* is_timed: processor time */
    uint8_t own_public[KE_PUBLIC_MAX];
    uint16_t secret_size;
    uint8_t secret[KE_SECRET_MAX];
    struct ikev2_keys keys;
    struct error error;
};

/* Pure: reads and writes only the job. */
void job_run(struct job *job);
/* Wipes and frees. */
void job_free(struct job *job);

#endif
