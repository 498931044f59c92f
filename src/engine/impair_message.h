/*
 * Impairments of what messages say: just before a message is sealed, its payloads are taken apart, changed
 * and put together again. Callers look at impairments.has_any first.
 */
#ifndef STYX_ENGINE_IMPAIR_MESSAGE_H
#define STYX_ENGINE_IMPAIR_MESSAGE_H

#include "base/writer.h"
#include "engine/state.h"

/*
 * The plaintext message that ends at writer->size, with the IKE header at its start. first_at: offset of the
 * byte that names the first payload; chain_at: offset of that payload. ike: whose message it is.
 */
void impair_message(struct engine *engine, const struct ike_sa *ike, struct writer *writer, size_t first_at,
                    size_t chain_at);
/* IKEv1: the HASH payload in front, once it is computed. */
void impair_hash(struct engine *engine, const struct ike_sa *ike, struct writer *writer);
/* Notifications that are not to be heard are taken out. */
void impair_received(const struct engine *engine, struct ikev2_message *message);

/* ---- private to impair_message*.c ---- */

enum { EDITED_PAYLOADS_MAX = 96, EDIT_ROOM_SIZE = 2 * IKE_MESSAGE_MAX };

struct edited_payload {
    uint8_t type, flags;
    uint8_t *body; /* in the room of its message */
    size_t size;
};

struct edited_message {
    struct engine *engine;
    const struct ike_sa *ike;
    uint8_t *header; /* the IKE header, to be written */
    bool is_v1, is_response, is_protected;
    bool has_changed_proposals; /* they are gone through once, for all impairments */
    uint8_t exchange;
    struct edited_payload payloads[EDITED_PAYLOADS_MAX];
    size_t count;
    struct writer room; /* where bodies are */
};

/* A payload at the end; its body is zeros. NULL: no more room. */
uint8_t *edit_add(struct edited_message *message, uint8_t type, uint8_t flags, size_t size);
void edit_remove(struct edited_message *message, size_t index);
/* The value of the payload, from offset on, as IMPAIR_CONTENT wants it. */
void edit_content(struct edited_message *message, size_t index, size_t offset, uint64_t content);
/* impair_proposals.c: the SA payload. */
void edit_proposals(struct edited_message *message, struct edited_payload *sa);
/* impair_edits.c: all that is on. */
void edit_message(struct edited_message *message);

#endif
