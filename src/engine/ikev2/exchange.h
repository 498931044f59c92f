/*
 * Exchanges of an established (or larval) IKE SA: message ids, the window of one, retransmission of identical
 * bytes, and the queue of what this side wants to do next. RFC 7296 2.1 to 2.4.
 */
#ifndef STYX_ENGINE_IKEV2_EXCHANGE_H
#define STYX_ENGINE_IKEV2_EXCHANGE_H

#include "engine/state.h"

/* A protected (or initial) message on its way through the handlers. */
struct incoming {
    const struct path *path;
    uint8_t exchange;
    uint32_t message_id;
    uint8_t first;      /* type of the first payload of the chain */
    struct bytes chain; /* decrypted payloads */
    const struct ikev2_message *message;
    struct arena *arena;
    struct job *job; /* NULL at first; the finished job when the message is resumed after one */
};

/* Takes the window for an exchange of ours. */
void exchange_begin(struct ike_sa *ike, enum task_kind kind, uint64_t child_serial, uint64_t client);
/* Sends what protect_finish() made, or an unprotected message: one datagram after the other. */
void exchange_transmit(struct engine *engine, const struct path *path, struct bytes datagrams);
/* Sends a built request and keeps it for retransmission. */
void exchange_send_request(struct engine *engine, struct ike_sa *ike, struct bytes message);
/* Gives the window back: the answer has come. exchange_next() is the caller's to call, when it has done its
 * work. */
void exchange_end(struct engine *engine, struct ike_sa *ike);
/* The peer was too busy: the same again, later. False when that was tried often enough. */
bool exchange_retry_later(struct engine *engine, struct ike_sa *ike, enum task_kind kind,
                          uint64_t child_serial, uint64_t connection_serial, uint64_t client);
bool exchange_retry_cpu_later(struct engine *engine, struct ike_sa *ike, uint64_t connection_serial,
                              uint32_t cpu);
/* Starts the next task if the window is free. The IKE SA may be gone afterwards. */
void exchange_next(struct engine *engine, struct ike_sa *ike);
/* Retransmission timer. The IKE SA may be gone afterwards. */
void exchange_retransmit(struct engine *engine, struct ike_sa *ike);

/* Answers the request in `incoming`: start, payloads, finish. The answer is kept and its message id used up.
 */
struct message_builder exchange_answer_start(const struct ike_sa *ike, const struct incoming *incoming,
                                             uint8_t *buffer, size_t capacity);
bool exchange_answer_finish(struct engine *engine, struct ike_sa *ike, struct message_builder *builder);
/* An answer that is one notification. */
void exchange_answer_notify(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                            uint16_t type, struct bytes data);

/* Puts a message aside until the job of this id is done. */
void exchange_put_aside(struct engine *engine, struct ike_sa *ike, unsigned slot,
                        const struct incoming *incoming, uint64_t job_id);
/* The same, and submits the job; slot 0: a request of theirs, 1: the answer to ours. */
void exchange_suspend(struct engine *engine, struct ike_sa *ike, unsigned slot,
                      const struct incoming *incoming, struct job *job);

#endif
