/*
 * The TCP streams that serve nobody, by the hosts that made them: when there are too many, who has the most
 * of them loses its oldest, so no host takes the places of the others. Of IPv6 a host is whoever has a /64.
 */
#ifndef STYX_DAEMON_STREAM_HOSTS_H
#define STYX_DAEMON_STREAM_HOSTS_H

#include "base/address.h"
#include "base/hash_table.h"
#include "base/list.h"

enum {
    STREAMS_UNCLAIMED_MAX = 1024,       /* of all hosts together */
    STREAMS_UNCLAIMED_OF_HOST_MAX = 64, /* also of all behind one NAT */
};

struct stream_hosts {
    uint8_t hash_key[16];
    struct hash_table by_address;
    struct list_node by_count[STREAMS_UNCLAIMED_OF_HOST_MAX + 2]; /* hosts that have so many */
    size_t count;
};

struct stream_host;

/* A stream's place; all zero: none. */
struct stream_place {
    struct list_node node;
    struct stream_host *host;
};

/* False: out of memory. */
bool stream_hosts_init(struct stream_hosts *hosts, const uint8_t hash_key[static 16]);
void stream_hosts_free(struct stream_hosts *hosts);
/* False, and nothing has changed: out of memory. */
bool stream_hosts_enter(struct stream_hosts *hosts, struct stream_place *place,
                        const struct ip_address *address);
/* Nothing, if it has no place. */
void stream_hosts_leave(struct stream_hosts *hosts, struct stream_place *place);
/* The one that has to go, because this one's host has too many, or all have; NULL: none. */
struct stream_place *stream_hosts_one_too_many(const struct stream_hosts *hosts,
                                               const struct stream_place *newest);
/* The oldest of the host that has the most; NULL: there is none. */
struct stream_place *stream_hosts_most_expendable(const struct stream_hosts *hosts);

#endif
