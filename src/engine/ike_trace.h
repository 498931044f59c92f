/* Debugging output about an IKE SA and its messages, each kind by its class: trace.c. */
#ifndef STYX_ENGINE_IKE_TRACE_H
#define STYX_ENGINE_IKE_TRACE_H

#include "base/secret.h"
#include "engine/state.h"

/* Hexadecimal lines of 32 bytes; ike may be NULL. */
void trace_bytes(struct engine *engine, const struct ike_sa *ike, uint64_t debug_class, const char *what,
                 struct bytes data);
/* tmi: as it is on the wire. */
void trace_datagram(struct engine *engine, const struct path *path, bool is_sent, struct bytes datagram);
/* base: which message, and how large its payloads are. */
void trace_message(struct engine *engine, const struct ike_sa *ike, bool is_sent, const char *exchange,
                   uint32_t message_id, size_t size);
/* The same; crypt: its payloads in the clear. */
void trace_payloads(struct engine *engine, const struct ike_sa *ike, bool is_sent, const char *exchange,
                    uint32_t message_id, struct bytes payloads);
/* private: by which a capture can be read. */
void trace_ikev2_keys(struct engine *engine, const struct ike_sa *ike, const struct ikev2_key_inputs *inputs,
                      const struct ikev2_keys *keys);
/* cpu-usage: whether anybody wants to know, and what a job has cost. */
bool trace_is_timed(const struct engine *engine, const struct ike_sa *ike);
void trace_job(struct engine *engine, const struct ike_sa *ike, const struct job *job);

#endif
