/* Streams that serve nobody, counted by host: see stream_hosts.h. */
#include "daemon/stream_hosts.h"

#include <stdlib.h>

enum { IPV6_HOST_BYTES = 8 };

struct stream_host {
    struct hash_node by_address;
    struct list_node by_count;
    struct list_node places; /* the oldest first */
    struct ip_address address;
    size_t count;
};

bool stream_hosts_init(struct stream_hosts *hosts, const uint8_t hash_key[static 16])
{
    *hosts = (struct stream_hosts){.count = 0};
    memcpy(hosts->hash_key, hash_key, sizeof(hosts->hash_key));
    for (size_t i = 0; i < ARRAY_SIZE(hosts->by_count); i++)
        list_init(&hosts->by_count[i]);
    return hash_table_init(&hosts->by_address);
}

/* The places are in the streams, which belong to somebody else. */
static void free_host(struct hash_node *node, void *context)
{
    (void)context;
    free(CONTAINER_OF(node, struct stream_host, by_address));
}

void stream_hosts_free(struct stream_hosts *hosts)
{
    hash_table_each(&hosts->by_address, free_host, NULL);
    hash_table_free(&hosts->by_address);
}

static struct ip_address host_of(const struct ip_address *address)
{
    struct ip_address host = *address;
    if (host.family == IP_V6)
        memset(host.bytes + IPV6_HOST_BYTES, 0, sizeof(host.bytes) - IPV6_HOST_BYTES);
    return host;
}

static struct stream_host *find(const struct stream_hosts *hosts, const struct ip_address *address,
                                uint64_t hash)
{
    struct hash_node *node = hash_table_find(&hosts->by_address, hash);
    for (; node != NULL; node = hash_node_next(node)) {
        struct stream_host *host = CONTAINER_OF(node, struct stream_host, by_address);
        if (address_equal(&host->address, address))
            return host;
    }
    return NULL;
}

static struct stream_host *find_or_make(struct stream_hosts *hosts, const struct ip_address *address)
{
    uint64_t hash = hash_bytes(hosts->hash_key, bytes_of(address, sizeof(*address)));
    struct stream_host *host = find(hosts, address, hash);
    if (host != NULL)
        return host;
    host = calloc(1, sizeof(*host));
    if (host == NULL)
        return NULL;
    host->address = *address;
    list_init(&host->places);
    list_init(&host->by_count);
    if (hash_table_insert(&hosts->by_address, &host->by_address, hash))
        return host;
    free(host);
    return NULL;
}

/* By one, either way. */
static void change_count(struct stream_hosts *hosts, struct stream_host *host, bool grows)
{
    list_remove(&host->by_count);
    host->count = grows ? host->count + 1 : host->count - 1;
    hosts->count = grows ? hosts->count + 1 : hosts->count - 1;
    if (host->count > 0) {
        list_append(&hosts->by_count[host->count], &host->by_count);
        return;
    }
    hash_table_remove(&hosts->by_address, &host->by_address);
    free(host);
}

bool stream_hosts_enter(struct stream_hosts *hosts, struct stream_place *place,
                        const struct ip_address *address)
{
    const struct ip_address who = host_of(address);
    struct stream_host *host = find_or_make(hosts, &who);
    if (host == NULL)
        return false;
    place->host = host;
    list_append(&host->places, &place->node);
    change_count(hosts, host, true);
    return true;
}

void stream_hosts_leave(struct stream_hosts *hosts, struct stream_place *place)
{
    if (place->host == NULL)
        return;
    list_remove(&place->node);
    change_count(hosts, place->host, false);
    place->host = NULL;
}

static struct stream_place *oldest_of(const struct stream_host *host)
{
    return CONTAINER_OF(host->places.next, struct stream_place, node);
}

struct stream_place *stream_hosts_most_expendable(const struct stream_hosts *hosts)
{
    for (size_t count = ARRAY_SIZE(hosts->by_count) - 1; count > 0; count--)
        if (!list_is_empty(&hosts->by_count[count]))
            return oldest_of(CONTAINER_OF(hosts->by_count[count].next, struct stream_host, by_count));
    return NULL;
}

struct stream_place *stream_hosts_one_too_many(const struct stream_hosts *hosts,
                                               const struct stream_place *newest)
{
    if (newest->host->count > STREAMS_UNCLAIMED_OF_HOST_MAX)
        return oldest_of(newest->host);
    return hosts->count > STREAMS_UNCLAIMED_MAX ? stream_hosts_most_expendable(hosts) : NULL;
}
