/*
 * Host names of left= and right=. Each name is looked up once for all connections that name it
 * (env->resolve), again every minute while one of them is not up, when a peer seems dead and when
 * COMMAND_DDNS asks for it. Nothing waits for an answer: connections are oriented again when it comes.
 */
#ifndef STYX_ENGINE_HOST_NAME_H
#define STYX_ENGINE_HOST_NAME_H

#include "engine/state.h"

enum { HOST_NAME_REASON_SIZE = 128 };

struct host_name {
    struct hash_node by_serial, by_name;
    uint64_t serial; /* the query id */
    char *name;
    enum ip_family family;     /* IP_NONE: any */
    struct ip_address address; /* unset: not known yet */
    char reason[HOST_NAME_REASON_SIZE];
    unsigned awaited_answers;
    struct list_node users;
    struct engine_timer timer;
};

/* Makes the connection a user of the names among its hosts and asks for those that nobody has asked for. */
void host_name_watch(struct engine *engine, struct connection *connection);
void host_name_unwatch(struct engine *engine, struct connection *connection);
/* Asks for the connection's names again: they may have moved. */
void host_name_ask_again(struct engine *engine, const struct connection *connection);
/* Asks for every name of a connection that is not up. */
void host_name_ask_all(struct engine *engine);
void host_name_timer_fired(struct engine *engine, uint64_t serial);

/* The address of an end as far as it is known: as written, or as its name resolves. */
struct ip_address host_name_address(const struct connection *connection, bool is_left);
/* Why the name of an end has no address; NULL: it has one, or is no name. */
const char *host_name_trouble(const struct connection *connection, bool is_left);

#endif
