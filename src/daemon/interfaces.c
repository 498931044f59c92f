/* The addresses of this machine that pluto may listen on: all, or those of --interface and --listen. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sockaddr.h"
#include "daemon/daemon.h"

static bool is_wanted(const struct daemon_options *options, const struct listen_address *address)
{
    bool named = options->interface_count == 0;
    for (size_t i = 0; i < options->interface_count; i++)
        named = named || strcmp(options->interfaces[i], address->interface) == 0;
    bool listed = options->setup->listen_count == 0;
    for (size_t i = 0; i < options->setup->listen_count; i++)
        listed = listed || address_equal(&options->setup->listen[i], &address->address);
    return named && listed;
}

static bool to_listen_address(const struct ifaddrs *entry, struct listen_address *out)
{
    *out = (struct listen_address){0};
    if (entry->ifa_addr == NULL || (entry->ifa_flags & IFF_UP) == 0)
        return false;
    out->address = address_from_sockaddr(entry->ifa_addr);
    bool is_link_local = out->address.family == IP_V6 && (load_be16(out->address.bytes) & 0xffc0) == 0xfe80;
    if (out->address.family == IP_NONE || is_link_local)
        return false;
    snprintf(out->interface, sizeof(out->interface), "%s", entry->ifa_name);
    return true;
}

struct listen_address *interfaces_list(const struct daemon_options *options, size_t *ret_count)
{
    struct ifaddrs *entries = NULL;
    struct listen_address *list = NULL;
    size_t count = 0, capacity = 0;
    if (getifaddrs(&entries) != 0)
        log_line("cannot list the network interfaces");
    for (const struct ifaddrs *entry = entries; entry != NULL; entry = entry->ifa_next) {
        struct listen_address address;
        if (!to_listen_address(entry, &address) || !is_wanted(options, &address))
            continue;
        if (count == capacity) {
            capacity = capacity ? capacity * 2 : 16;
            struct listen_address *grown = realloc(list, capacity * sizeof(*grown));
            if (grown == NULL)
                break;
            list = grown;
        }
        list[count++] = address;
    }
    freeifaddrs(entries);
    default_route_mark(list, count);
    *ret_count = count;
    return list;
}
