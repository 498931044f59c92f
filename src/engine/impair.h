/*
 * Impairments: ways to misbehave on purpose (whack --impair), so that a peer, a network or this engine can be
 * tested. One table of names; what they do to messages is in impair_packets.c, the rest where it is done
 * otherwise.
 */
#ifndef STYX_ENGINE_IMPAIR_H
#define STYX_ENGINE_IMPAIR_H

#include "base/error.h"
#include "engine/env.h"

struct engine;

enum impair_way {
    IMPAIR_FLAG,    /* on or off */
    IMPAIR_NUMBER,  /* takes one: NAME:N */
    IMPAIR_TRIGGER, /* does something at once to the SA or connection of serial number N */
    IMPAIR_NOT_YET, /* known, refused by name */
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
    IMPAIR_BLOCK_INBOUND,
    IMPAIR_BLOCK_OUTBOUND,
    IMPAIR_DROP_INBOUND,
    IMPAIR_DROP_OUTBOUND,
    IMPAIR_DUPLICATE_INBOUND,
    IMPAIR_DUPLICATE_OUTBOUND,
    IMPAIR_REPLAY_INBOUND,
    IMPAIR_REPLAY_OUTBOUND,
    IMPAIR_REPLAY_BACKWARD,
    IMPAIR_CORRUPT_ENCRYPTED,
    IMPAIR_MAJOR_VERSION_BUMP,
    IMPAIR_INITIATOR_SPI,
    IMPAIR_RESPONDER_SPI,
    IMPAIR_OLD_NATT_DRAFTS,
    IMPAIR_KEPT_COUNT, /* those above are kept; those below are done at once */
    IMPAIR_TRIGGER_REKEY,
    IMPAIR_TRIGGER_LIVENESS,
    IMPAIR_TRIGGER_REPLACE,
    IMPAIR_TRIGGER_REVIVAL,
    IMPAIR_TRIGGER_KEEPALIVE,
};

struct impair_name {
    const char *name; /* with underscores; a dash is read as one */
    enum impair_way way;
    enum impairment which;
    const char *help; /* NULL: another spelling */
};

extern const struct impair_name impair_names[]; /* sorted by name */
extern const size_t impair_name_count;

enum { IMPAIR_RECORD_SIZE = 16 }; /* messages of each direction that a replay repeats */

struct recorded_message {
    struct path path;
    uint8_t *data; /* malloc'd */
    size_t size;
};

struct message_record {
    struct recorded_message messages[IMPAIR_RECORD_SIZE];
    size_t count, next;
};

struct impairments {
    bool has_any;
    uint64_t values[IMPAIR_KEPT_COUNT]; /* 0: behaves; flags 1 */
    struct message_record inbound, outbound;
};

/* "drop_inbound:3, no-revival, none, list": checks all before any is applied. client gets what a trigger and
 * a list say. error->code is the message number. */
bool impair_apply(struct engine *engine, const char *text, uint64_t client, struct error *error);
void impairments_free(struct impairments *impairments);

bool is_impaired(const struct engine *engine, enum impairment which);

/* Messages as impairments would have them: `take` deals with each that comes, `send` with each that goes. */
void impair_inbound(struct engine *engine, const struct path *path, struct bytes datagram,
                    void (*take)(struct engine *engine, const struct path *path, struct bytes datagram));
void impair_outbound(struct engine *engine, const struct path *path, struct bytes datagram,
                     void (*send)(struct engine *engine, const struct path *path, struct bytes datagram));

#endif
