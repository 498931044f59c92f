/*
 * Impairments: ways to misbehave on purpose (whack --impair), so that a peer, a network or this engine can be
 * tested. One table of names; what they do to messages is in impair_packets.c, the rest where it is done
 * otherwise. Nothing is looked at while impairments.has_any is false.
 */
#ifndef STYX_ENGINE_IMPAIR_H
#define STYX_ENGINE_IMPAIR_H

#include "base/error.h"
#include "engine/env.h"

struct engine;

enum impair_way {
    IMPAIR_FLAG,         /* on or off */
    IMPAIR_NUMBER,       /* NAME:N, from 1 */
    IMPAIR_COUNT,        /* NAME:N, a byte; kept as N + 1 */
    IMPAIR_CONTENT,      /* one of enum impair_content, or NAME:N: so many IMPAIR_CONTENT_FILL + N */
    IMPAIR_WORD,         /* one of the row's words; kept as its index + 1 */
    IMPAIR_EXCHANGE,     /* an IKEv2 exchange that is encrypted, by name or number */
    IMPAIR_NOTIFICATION, /* an IKEv2 notification, by name or number */
    IMPAIR_METHOD,       /* an IKEv2 authentication method, by name or number; kept as its number + 1 */
    IMPAIR_TRIGGER,      /* does something at once to the SA or connection of serial number N */
    IMPAIR_EVENT,        /* one of the row's words happens at once; those of SAs as WORD:#N */
    IMPAIR_REFUSED,      /* known, and makes no sense here: help says why */
};

enum impair_content { IMPAIR_OMIT = 1, IMPAIR_EMPTY, IMPAIR_DUPLICATE, IMPAIR_CONTENT_FILL = 16 };
enum impair_transform { IMPAIR_ALLOW_NONE = 1, IMPAIR_OMIT_TRANSFORM, IMPAIR_DROP_NONE };
enum impair_cookie { IMPAIR_COOKIE_ADD = 1, IMPAIR_COOKIE_MANGLE };
enum impair_hash_exchange {
    IMPAIR_HASH_QUICK = 1,
    IMPAIR_HASH_XAUTH,
    IMPAIR_HASH_NOTIFICATION,
    IMPAIR_HASH_DELETE
};

enum impairment {
    IMPAIR_SUPPRESS_RETRANSMITS,
    IMPAIR_TIMEOUT_ON_RETRANSMIT,
    IMPAIR_SEND_NO_DELETE,
    IMPAIR_SEND_NO_XAUTH_R0,
    IMPAIR_DROP_XAUTH_R0,
    IMPAIR_REVIVAL,
    IMPAIR_IGNORE_SOFT_EXPIRE,
    IMPAIR_IGNORE_HARD_EXPIRE,
    /* messages on their way */
    IMPAIR_BLOCK_INBOUND,
    IMPAIR_BLOCK_OUTBOUND,
    IMPAIR_DROP_INBOUND,
    IMPAIR_DROP_OUTBOUND,
    IMPAIR_DROP_I2,
    IMPAIR_DUPLICATE_INBOUND,
    IMPAIR_DUPLICATE_OUTBOUND,
    IMPAIR_REPLAY_INBOUND,
    IMPAIR_REPLAY_OUTBOUND,
    IMPAIR_REPLAY_BACKWARD,
    IMPAIR_REPLAY_ENCRYPTED,
    IMPAIR_RECORD_INBOUND,
    IMPAIR_RECORD_OUTBOUND,
    IMPAIR_CORRUPT_ENCRYPTED,
    IMPAIR_MAJOR_VERSION_BUMP,
    IMPAIR_SEND_NO_AUTH,
    IMPAIR_SEND_NO_MAIN_R2,
    /* what is in messages */
    IMPAIR_MINOR_VERSION_BUMP,
    IMPAIR_BOGUS_HEADER_FLAG,
    IMPAIR_BOGUS_PAYLOAD_FLAG,
    IMPAIR_BAD_AUTH_EXCHANGE,
    IMPAIR_NONZERO_RESERVED,
    IMPAIR_NONZERO_RESERVED_ID,
    IMPAIR_UNKNOWN_PAYLOAD,
    IMPAIR_UNKNOWN_PAYLOAD_SK,
    IMPAIR_UNKNOWN_PAYLOAD_CRITICAL,
    IMPAIR_PAD_UNKNOWN,
    IMPAIR_ADD_NOTIFICATION,
    IMPAIR_OMIT_NOTIFICATION,
    IMPAIR_IGNORE_NOTIFICATION,
    IMPAIR_CHILDLESS,
    IMPAIR_KE_PAYLOAD,
    IMPAIR_IKE_KEY_LENGTH,
    IMPAIR_CHILD_KEY_LENGTH,
    IMPAIR_ADD_IKE_TRANSFORM,
    IMPAIR_ADD_CHILD_TRANSFORM,
    IMPAIR_PROPOSAL_INTEG,
    IMPAIR_PROPOSAL_DH,
    IMPAIR_PROPOSAL_PROTOCOL,
    IMPAIR_DELETE_PROTOCOL,
    IMPAIR_REKEY_PROTOCOL,
    IMPAIR_AUTH_METHOD,
    IMPAIR_NO_IDR,
    IMPAIR_OMIT_AUTH_CHILD,
    IMPAIR_IGNORE_AUTH_CHILD,
    IMPAIR_TSI_COUNT,
    IMPAIR_TSR_COUNT,
    IMPAIR_REKEY_INITIATE_SUBNET,
    IMPAIR_REKEY_INITIATE_SUPERNET,
    IMPAIR_REKEY_RESPOND_SUBNET,
    IMPAIR_REKEY_RESPOND_SUPERNET,
    IMPAIR_COOKIE,
    IMPAIR_BUST_MI2,
    IMPAIR_BUST_MR2,
    IMPAIR_V1_DELETE_WITH_NOTIFY,
    IMPAIR_V1_ISAKMP_DELETE,
    IMPAIR_V1_IPSEC_DELETE,
    IMPAIR_V1_EMIT_QUICK_ID,
    IMPAIR_V1_REMOTE_QUICK_ID,
    IMPAIR_V1_HASH_PAYLOAD,
    IMPAIR_V1_HASH_EXCHANGE,
    /* what is done with them */
    IMPAIR_V1_HASH_CHECK,
    IMPAIR_INITIATOR_SPI,
    IMPAIR_RESPONDER_SPI,
    IMPAIR_INITIATOR_NONCE,
    IMPAIR_RESPONDER_NONCE,
    IMPAIR_IGNORE_VIABLE_PARENT,
    IMPAIR_CANNOT_ONDEMAND,
    IMPAIR_SA_CREATION,
    IMPAIR_OLD_NATT_DRAFTS,
    IMPAIR_KEPT_COUNT, /* those above are kept; those below are done at once */
    IMPAIR_TRIGGER_REKEY,
    IMPAIR_TRIGGER_LIVENESS,
    IMPAIR_TRIGGER_REPLACE,
    IMPAIR_TRIGGER_REVIVAL,
    IMPAIR_TRIGGER_KEEPALIVE,
    IMPAIR_TRIGGER_SECRET,
    IMPAIR_TRIGGER_NAMES,
    IMPAIR_DRIP_INBOUND,
    IMPAIR_DRIP_OUTBOUND,
    IMPAIR_EVENT_OF_VALUE, /* "trigger": its value names which */
};

struct impair_name {
    const char *name; /* with underscores; a dash is read as one */
    enum impair_way way;
    enum impairment which;
    const char *help;         /* NULL: another spelling; of IMPAIR_REFUSED: why */
    const char *const *words; /* of IMPAIR_WORD and IMPAIR_EVENT, a NULL behind them */
    uint64_t on;              /* what a flag that is on is kept as; 0: 1 */
};

extern const struct impair_name impair_names[]; /* sorted by name */
extern const size_t impair_name_count;
struct text;
/* "yes or no", "a number from 1", "add or mangle" ... */
void impair_describe_value(const struct impair_name *row, struct text *out);

enum { IMPAIR_RECORD_SIZE = 16 }; /* messages of each direction that a replay repeats */

struct recorded_message {
    struct path path;
    uint8_t *data; /* malloc'd */
    size_t size;
};

struct message_record {
    struct recorded_message messages[IMPAIR_RECORD_SIZE];
    size_t count, next;
    uint64_t total; /* since recording began; the newest has this number */
};

struct impairments {
    bool has_any;
    uint64_t values[IMPAIR_KEPT_COUNT]; /* 0: behaves; flags 1 */
    struct message_record inbound, outbound;
};

/* "drop_inbound:3, no-revival, none, list": checks all before any is applied. client gets what a list says.
 * error->code is the message number. */
bool impair_apply(struct engine *engine, const char *text, uint64_t client, struct error *error);
void impairments_free(struct impairments *impairments);

bool is_impaired(const struct engine *engine, enum impairment which);
/* As the comments at enum impair_way say; 0: behaves. */
uint64_t impaired_value(const struct engine *engine, enum impairment which);
/* A nonce that we draw, or as impairments want it. */
void impaired_nonce(struct engine *engine, enum impairment which, uint8_t *nonce, size_t size);
/* The bytes of an Identification payload that are reserved. */
void impaired_id(const struct engine *engine, uint8_t *reserved);

/* Messages as impairments would have them: `take` deals with each that comes, `send` with each that goes. */
void impair_inbound(struct engine *engine, const struct path *path, struct bytes datagram,
                    void (*take)(struct engine *engine, const struct path *path, struct bytes datagram));
void impair_outbound(struct engine *engine, const struct path *path, struct bytes datagram,
                     void (*send)(struct engine *engine, const struct path *path, struct bytes datagram));
/* engine.c: a datagram past them. */
void engine_take_datagram(struct engine *engine, const struct path *path, struct bytes datagram);
/* The recorded message of this number once more. False: there is none. */
bool impair_drip_inbound(struct engine *engine, uint64_t number);
bool impair_drip_outbound(struct engine *engine, uint64_t number);

#endif
