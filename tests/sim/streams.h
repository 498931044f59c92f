/*
 * TCP connections of the virtual network (RFC 9329). What is sent arrives, and in order, until somebody
 * breaks the connection; one that serves no IKE SA at an end is closed there after a while, as the daemon
 * does.
 */
#ifndef STYX_SIM_STREAMS_H
#define STYX_SIM_STREAMS_H

#include "world.h"

/* The environment's functions of these names (engine/env.h). */
bool streams_open(void *world, struct path *path, uint64_t ike_serial, struct error *error);
void streams_claim(void *world, const struct path *path, uint64_t ike_serial);
void streams_release(void *world, const struct path *path, uint64_t ike_serial);
void streams_send(struct sim_host *from, const struct path *path, struct bytes message);
/* Whether this host has it still; who is at its other end (may be NULL). */
bool streams_has(const struct sim_host *host, const struct path *path, struct sim_host **ret_peer);
/* The host is gone: its peers are told so by the network. */
void streams_reset_host(struct sim_host *host);
void streams_free(struct sim *sim);

#endif
