/* IKE SAs and Child SAs: their tables, birth and death. What happens between is in ikev2/. */
#ifndef STYX_ENGINE_SA_H
#define STYX_ENGINE_SA_H

#include "engine/connection.h"

/* A new IKE SA with an own SPI drawn; in the tables by serial and SPI. NULL: out of memory. */
struct ike_sa *ike_new(struct engine *engine, const struct connection *connection, bool is_initiator,
                       enum ike_state state);
/* The same for a peer's first message, with an instance where the connection is a template. */
struct ike_sa *ike_new_for_request(struct engine *engine, const struct connection *connection,
                                   const struct path *path, const uint8_t spi_i[static IKE_SPI_SIZE]);
/* With its setup space (nonces, first messages). */
/* Begun anew: the peer takes it for another one. */
void ike_renew_spi(struct engine *engine, struct ike_sa *ike);
bool ike_make_setup(struct engine *engine, struct ike_sa *ike);
void ike_drop_setup(struct engine *engine, struct ike_sa *ike);
/* The one destructor: its Child SAs die with it, tasks' clients are told, the data plane is cleared. Tells no
 * peer. */
void ike_destroy(struct engine *engine, struct ike_sa *ike);
/* As good as destroyed, but for a while it still repeats its last answer, in case that was lost (RFC
 * 7296 2.1). */
void ike_retire(struct engine *engine, struct ike_sa *ike);
void ike_set_connection(struct engine *engine, struct ike_sa *ike, const struct connection *connection);
const uint8_t *ike_own_spi(const struct ike_sa *ike);

struct ike_sa *ike_by_own_spi(const struct engine *engine, const uint8_t spi[static IKE_SPI_SIZE]);
/* Responder: the half-open IKE SA of this initiator SPI and address; of a TCP connection that which it has,
 * whatever its SPI: there is one at a time (RFC 9329 6.1). */
struct ike_sa *ike_by_initiator(const struct engine *engine, const uint8_t spi_i[static IKE_SPI_SIZE],
                                const struct path *path);
void ike_index_by_initiator(struct engine *engine, struct ike_sa *ike);
void ike_unindex_by_initiator(struct engine *engine, struct ike_sa *ike);
/* Established IKE SAs between the same two hosts and identities. Start with NULL. */
struct ike_sa *ike_next_with_peers(const struct engine *engine, const struct ip_address *local,
                                   const struct ip_address *remote, const struct identity *local_id,
                                   const struct identity *remote_id, const struct ike_sa *previous);
void ike_index_by_peers(struct engine *engine, struct ike_sa *ike);

/* A larval Child SA under this IKE SA, with an inbound SPI that no other Child SA has. */
struct child_sa *child_new(struct engine *engine, struct ike_sa *ike, const struct connection *connection);
/* The one destructor: removes it from the data plane. */
void child_destroy(struct engine *engine, struct child_sa *child);
void child_set_selectors(struct engine *engine, struct child_sa *child, const struct selector *local,
                         size_t local_count, const struct selector *remote, size_t remote_count);
void child_move(struct engine *engine, struct child_sa *child, struct ike_sa *to);
void child_drop_setup(struct engine *engine, struct child_sa *child);
/* By the peer's SPI, which names the SA that we send on. */
struct child_sa *child_of_ike_by_peer_spi(const struct engine *engine, const struct ike_sa *ike,
                                          uint8_t protocol, uint32_t spi_out);
static inline const struct selector *child_remote_selectors(const struct child_sa *child)
{
    return child->selectors + child->local_count;
}

/* Puts a task at the end of the queue; ike->version->run_tasks() starts it when it may.
 */
bool ike_add_task(struct engine *engine, struct ike_sa *ike, enum task_kind kind, uint64_t child_serial,
                  uint64_t connection_serial, uint64_t client);
/* A further Child SA, for packets of this CPU: per_cpu.h. */
bool ike_add_cpu_task(struct engine *engine, struct ike_sa *ike, uint64_t connection_serial, uint32_t cpu);
/* The Delete of a Child SA; child_serial may name one that is gone by then. */
bool ike_add_delete_task(struct engine *engine, struct ike_sa *ike, uint64_t child_serial, uint8_t protocol,
                         uint32_t spi_in);
/* To the heir of a rekeyed IKE SA. */
void ike_move_task(struct ike_sa *from, struct ike_sa *to, struct task *task);
void ike_drop_task(struct engine *engine, struct ike_sa *ike, struct task *task);

#endif
