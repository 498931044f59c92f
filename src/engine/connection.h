/* Connections: the table, orientation (which end are we), templates and their instances, and who matches a
 * peer. */
#ifndef STYX_ENGINE_CONNECTION_H
#define STYX_ENGINE_CONNECTION_H

#include "engine/state.h"

/* Takes the spec. NULL: out of memory (spec freed). */
struct connection *connection_add(struct engine *engine, struct connection_spec *spec);
/* The one destructor. No Child SA may name it any more; an IKE SA may that says goodbye (struct
 * ike_version.say_goodbye), and the last of them frees it. */
void connection_destroy(struct engine *engine, struct connection *connection);

/* Decides which end is ours by the addresses that we listen on. One that is in use stays as it is. */
void connection_orient(struct engine *engine, struct connection *connection);
/* The same when those addresses have changed: SAs from an address that is gone end; what is wanted up and has
 * become possible is begun. */
void connection_reorient(struct engine *engine, struct connection *connection);
/* The name of one of its hosts has another address; had_address: not for the first time. */
void connection_host_has_moved(struct engine *engine, struct connection *connection, bool had_address);
/* left= or right= as written, or the address where only that is known. */
void connection_host_text(const struct connection *connection, bool is_left, struct text *out);
/* Of our end: its name, and the gateway that its default route goes by where that is asked for. */
void connection_take_interface(struct connection *connection, const struct listen_address *ours);
/* Its SAs have moved to other addresses. */
void connection_take_hosts(struct engine *engine, struct connection *connection,
                           const struct ip_address *local, const struct ip_address *remote);
/* In and out of the tables that are asked by peer. */
void connection_index_by_peer(struct engine *engine, struct connection *connection);
void connection_unindex(struct engine *engine, struct connection *connection);
/* An instance is found by its clients alone. */
void connection_index_by_clients(struct engine *engine, struct connection *connection);

/* An instance of a template for one peer; remote_id is copied (may be ID_NONE). */
struct connection *connection_instantiate(struct engine *engine, const struct connection *template,
                                          const struct ip_address *remote, const struct identity *remote_id);

/* The one of an opportunistic template that is for this host; NULL: none. */
struct connection *connection_instance_at(const struct engine *engine, const struct connection *template,
                                          const struct ip_address *remote);

/* SAs hold their connection; an instance dies with its last one. */
void connection_hold(struct connection *connection);
void connection_let_go(struct engine *engine, struct connection *connection);
/* The instance after `previous` (NULL: the first). What is done to one may end any of them; so the returned
 * one is held, until it is `previous`. */
struct connection *connection_next_instance(struct engine *engine, const struct connection *template,
                                            struct connection *previous);

/* How many connections of one pair of hosts are tried for one message. */
enum { CONNECTION_CANDIDATES_LIMIT = 64 };

/*
 * Walks the connections that a first message between these hosts may mean: those of exactly this pair, then
 * the templates. Start with NULL; NULL at the end.
 */
struct connection *connection_next_for_hosts(const struct engine *engine, const struct ip_address *local,
                                             const struct ip_address *remote,
                                             const struct connection *previous);

/* Those between these hosts that have exactly these as their first clients; of templates (`remote` unset)
 * those without clients of their own too. Start with NULL. */
struct connection *connection_next_for_clients(const struct engine *engine, const struct ip_address *local,
                                               const struct ip_address *remote,
                                               const struct selector *local_client,
                                               const struct selector *remote_client,
                                               const struct connection *previous);

/*
 * The connection that fits once the peer has named itself: `current` if it still fits, another of the same
 * hosts otherwise; *ret is a connection proper or a template (the caller makes the instance). wanted_id: IDr
 * as the initiator asked for it, kind ID_NONE if it did not. methods: a set of enum auth_method, by one of
 * which the peer proves itself, 0 if that is not known yet; where no connection allows it, one that fits
 * otherwise is better than none. NULL with the reason.
 */
struct connection *connection_find_for_peer(const struct engine *engine, const struct connection *current,
                                            const struct ip_address *local, const struct ip_address *remote,
                                            const struct identity *remote_id,
                                            const struct identity *wanted_id, unsigned methods,
                                            struct error *error);
/* Whether the peer may prove itself by one of these methods; 0: it is not known by which. */
bool connection_allows_peer(const struct connection *connection, unsigned methods);

/* Who has proved itself on this IKE SA is the peer of its connection, where that names none. */
void connection_take_peer(struct engine *engine, const struct ike_sa *ike);

struct ip_endpoint connection_local_endpoint(const struct engine *engine,
                                             const struct connection *connection);
struct ip_endpoint connection_remote_endpoint(const struct engine *engine,
                                              const struct connection *connection);

/* The selectors of one end: its clients, or the host itself with protoport. Returns the count (at most
 * SELECTORS_MAX). */
size_t connection_selectors(const struct connection *connection, bool local, struct selector *out);

#endif
