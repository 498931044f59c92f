/* The addresses of this machine that pluto may listen on: all, or those of --interface and --listen. */
#include <arpa/inet.h>
#include <errno.h>
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

bool interfaces_list(const struct daemon_options *options, struct listen_address **ret_list,
                     size_t *ret_count, struct error *error)
{
    struct ifaddrs *entries = NULL;
    struct listen_address *list = NULL;
    size_t count = 0, capacity = 0;
    if (getifaddrs(&entries) != 0)
        return error_set(error, 0, "cannot list the network interfaces: %s", strerror(errno));
    for (const struct ifaddrs *entry = entries; entry != NULL; entry = entry->ifa_next) {
        struct listen_address address;
        if (!to_listen_address(entry, &address) || !is_wanted(options, &address))
            continue;
        if (count == capacity) {
            capacity = capacity ? capacity * 2 : 16;
            struct listen_address *grown = realloc(list, capacity * sizeof(*grown));
            if (grown == NULL) {
                freeifaddrs(entries);
                free(list);
                return error_set(error, 0, "cannot list the network interfaces: out of memory");
            }
            list = grown;
        }
        list[count++] = address;
    }
    freeifaddrs(entries);
    if (!default_route_mark(list, count, error)) {
        free(list);
        return false;
    }
    *ret_list = list;
    *ret_count = count;
    return true;
}

static bool has_interface(const char *name, const struct listen_address *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, list[i].interface) == 0)
            return true;
    return false;
}

static bool has_address(const struct ip_address *address, const struct listen_address *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (address_equal(address, &list[i].address))
            return true;
    return false;
}

void interfaces_tell_missing(struct daemon *daemon, uint64_t client, const struct listen_address *list,
                             size_t count)
{
    const struct daemon_options *options = &daemon->options;
    char text[ADDRESS_TEXT_SIZE];
    for (size_t i = 0; i < options->interface_count; i++)
        if (!has_interface(options->interfaces[i], list, count))
            daemon_tell(daemon, client, RC_LOG_SERIOUS,
                        "--interface %s: no such interface that is up and has an address to listen on",
                        options->interfaces[i]);
    for (size_t i = 0; i < options->setup->listen_count; i++)
        if (!has_address(&options->setup->listen[i], list, count))
            daemon_tell(daemon, client, RC_LOG_SERIOUS, "listen=%s: no interface that is up has this address",
                        address_text(&options->setup->listen[i], text));
    if (count == 0)
        daemon_tell(daemon, client, RC_LOG_SERIOUS, "no public interfaces found");
}
