/*
 * What becomes of packets that a connection speaks for while it has no IPsec SA, and when it gets and loses
 * one: ipsec_pluto(8), "Routing"; RFC 4301 4.4.1. One state a connection (enum routing_state), one table of
 * (state, event) -> action.
 */
#ifndef STYX_ENGINE_ROUTING_H
#define STYX_ENGINE_ROUTING_H

#include "engine/state.h"

/* --route: a trap, or the shunt of a connection that never negotiates. 0, or a code of enum rc after telling
 * `client` why not. */
int routing_route(struct engine *engine, struct connection *connection, uint64_t client);
/* --unroute; refused while an SA carries the connection's packets. */
int routing_unroute(struct engine *engine, struct connection *connection, uint64_t client);
/* The connection was oriented: what was asked for when it could not be done yet. */
void routing_is_oriented(struct engine *engine, struct connection *connection);

/* A negotiation for the connection begins; it failed for good. */
void routing_negotiate(struct engine *engine, struct connection *connection);
void routing_failed(struct engine *engine, struct connection *connection);
/* The connection's packets leave on this Child SA from now on. */
void routing_protect(struct engine *engine, struct connection *connection, const struct child_sa *child);
/* The Child SA that they left on is going, and no other takes its place. */
void routing_lost(struct engine *engine, struct connection *connection, const struct child_sa *child);
/* --down: nothing keeps the connection up any more, whatever is being negotiated is given up. */
void routing_release(struct engine *engine, struct connection *connection);
/* A failure shunt has had its time. */
void routing_shunt_is_over(struct engine *engine, struct connection *connection);
/* The connection goes. */
void routing_forget(struct engine *engine, struct connection *connection);

/* A packet met a trap: KERNEL_ACQUIRE. */
void routing_acquire(struct engine *engine, const struct kernel_event *event);
/* The packet for which a negotiation of a connection with narrowing=yes is about to begin. */
void routing_keep_packet(struct engine *engine, struct connection *connection, const struct selector *here,
                         const struct selector *there);
/* whack --oppohere --oppothere: as if such a packet had met its policy. `client` is told the outcome. */
void routing_initiate_for_packet(struct engine *engine, const struct selector *here,
                                 const struct selector *there, uint64_t client);

#endif
