/*
 * Addresses that one end gives the other, and what it tells with them: what IKEv2's Configuration payloads
 * (RFC 7296 2.19, RFC 8598) and IKEv1's Mode Config have in common. A connection has an assignment from the
 * exchange that brought it to the end of its last SA: of the server's side it holds the leases, of the
 * client's what the server told.
 */
#ifndef STYX_ENGINE_CONFIGURATION_H
#define STYX_ENGINE_CONFIGURATION_H

#include "engine/state.h"

enum { DOMAINS_TEXT_SIZE = 1024, BANNER_TEXT_SIZE = 512 };

/* What a server told us; all of it is harmless: texts of plain characters, names of domains, unicast
 * addresses.
 */
struct told_configuration {
    struct ip_address dns[CONFIGURATION_DNS_LIMIT];
    size_t dns_count;
    char domains[DOMAINS_TEXT_SIZE]; /* parted by blanks */
    char banner[BANNER_TEXT_SIZE];
    struct ip_prefix split[CONFIGURATION_SUBNET_LIMIT]; /* Cisco's split tunnels: what is behind the server */
    size_t split_count;
};

struct address_assignment {
    bool is_ours;                                         /* we are the client */
    struct ip_prefix address[CONFIGURATION_FAMILIES];     /* family IP_NONE: none */
    struct address_lease *leases[CONFIGURATION_FAMILIES]; /* server; NULL: the address comes from no pool */
    struct told_configuration *told;                      /* client */
};

/* Which role our end has. */
bool configuration_is_client(const struct connection *connection);
bool configuration_is_server(const struct connection *connection);

/* ---- server ---- */

/* Who leases: a user who logged in (login.h), else an identity. */
struct lease_holder {
    const struct identity *id;
    const char *user;      /* "": nobody logged in */
    struct ip_address own; /* that this user is to have; unset: any of the pools */
};

/* Leases the peer an address of each family that it asks for (NULL: that there is a pool of), unless it has
 * one. False with the reason: nothing was leased. */
bool configuration_lease(struct engine *engine, struct connection *connection,
                         const struct lease_holder *holder, const struct configuration *request,
                         struct error *error);
/* All addresses that its pools may lease, as selectors. */
size_t configuration_pool_selectors(const struct connection *connection, struct selector *out);
/* The attributes that answer a request, or those of a push (request is NULL). */
void configuration_write_told(const struct connection *connection, const struct configuration *request,
                              bool is_ikev1, struct writer *writer);

/* ---- client ---- */

/* The attributes of our request; with the addresses that we have already. */
void configuration_write_request(const struct connection *connection, bool is_ikev1, struct writer *writer);
/* What is asked for with them, to be narrowed to whatever address is leased (RFC 7296 2.19); 0: addresses
 * decide nothing. */
size_t configuration_wish_selectors(const struct connection *connection, struct selector *out);
/* Takes over what the server told, checked. False with the reason: there is no usable address. */
bool configuration_take(struct engine *engine, struct connection *connection,
                        const struct configuration *told, struct error *error);

/* What we were told, in Libreswan's lines. */
void configuration_say_told(struct engine *engine, const struct ike_sa *ike,
                            const struct connection *connection, uint64_t client);

/* ---- both ---- */

/* When the last SA has gone. */
void configuration_release(struct engine *engine, struct connection *connection);
/* The selectors of an end that assigned addresses decide; 0: they decide nothing there. */
size_t configuration_selectors(const struct connection *connection, bool local, struct selector *out);
/* The networks of split tunnels that the server named, as far as they are among the agreed remote client:
 * only they go through the tunnel. 0: the server named none. */
size_t configuration_split(const struct connection *connection, const struct selector *agreed,
                           struct selector *out);
/* That of leftsourceip=, or the address that we were assigned, of a family (CONFIGURATION_V4, _V6). */
struct ip_address connection_sourceip(const struct connection *connection, unsigned family);

#endif
