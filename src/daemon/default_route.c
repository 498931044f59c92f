/* Which of our addresses the default routes leave from, and by which gateway: left=%defaultroute and
 * leftnexthop=%defaultroute. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/daemon.h"

enum { LINE_SIZE = 512, FLAG_UP = 1, FLAG_GATEWAY = 2 };

bool is_shortage(int number)
{
    return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
}

/* Connecting a UDP socket sends nothing but makes the kernel choose route and source address. Only a default
 * route leads to the destinations, which RFC 5737 and RFC 3849 set aside for documentation. 0: there is no
 * such route; -1 with errno: it cannot be known. */
static int find_source(enum ip_family family, struct ip_address *out)
{
    struct sockaddr_in far4 = {.sin_family = AF_INET, .sin_port = htons(500)}, here4 = {0};
    struct sockaddr_in6 far6 = {.sin6_family = AF_INET6, .sin6_port = htons(500)}, here6 = {0};
    bool is_v4 = family == IP_V4;
    inet_pton(AF_INET, "203.0.113.1", &far4.sin_addr);
    inet_pton(AF_INET6, "2001:db8::1", &far6.sin6_addr);
    struct sockaddr *here = is_v4 ? (struct sockaddr *)&here4 : (struct sockaddr *)&here6;
    const struct sockaddr *far = is_v4 ? (struct sockaddr *)&far4 : (struct sockaddr *)&far6;
    socklen_t size = is_v4 ? sizeof(far4) : sizeof(far6), here_size = size;
    int descriptor = socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return is_shortage(errno) ? -1 : 0;
    bool ok = connect(descriptor, far, size) == 0 && getsockname(descriptor, here, &here_size) == 0;
    close(descriptor);
    if (ok)
        *out = address_of_bytes(family,
                                is_v4 ? (const uint8_t *)&here4.sin_addr : (const uint8_t *)&here6.sin6_addr);
    return ok;
}

/* eth0 00000000 0100A8C0 0003 ...: addresses as the machine holds them. */
static bool read_gateway_v4(const char *line, const char *interface, struct ip_address *out)
{
    char name[17];
    unsigned destination, gateway, flags;
    if (sscanf(line, "%16s %x %x %x", name, &destination, &gateway, &flags) != 4)
        return false;
    if (strcmp(name, interface) != 0 || destination != 0 || (flags & FLAG_GATEWAY) == 0)
        return false;
    *out = address_of_bytes(IP_V4, (const uint8_t *)&gateway);
    return true;
}

static bool parse_hex_v6(const char *text, struct ip_address *out)
{
    uint8_t bytes[16];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        unsigned byte;
        if (sscanf(text + 2 * i, "%2x", &byte) != 1)
            return false;
        bytes[i] = (uint8_t)byte;
    }
    *out = address_of_bytes(IP_V6, bytes);
    return true;
}

/* DESTINATION LENGTH SOURCE LENGTH GATEWAY METRIC REFERENCES USE FLAGS INTERFACE */
static bool read_gateway_v6(const char *line, const char *interface, struct ip_address *out)
{
    char gateway[33], name[17];
    unsigned length, flags;
    if (sscanf(line, "%*32s %x %*32s %*x %32s %*x %*x %*x %x %16s", &length, gateway, &flags, name) != 4)
        return false;
    bool is_ours =
        length == 0 && (flags & FLAG_UP) != 0 && (flags & FLAG_GATEWAY) != 0 && strcmp(name, interface) == 0;
    return is_ours && parse_hex_v6(gateway, out);
}

static bool find_gateway(struct listen_address *address)
{
    bool is_v4 = address->address.family == IP_V4;
    FILE *table = fopen(is_v4 ? "/proc/net/route" : "/proc/net/ipv6_route", "re");
    char line[LINE_SIZE];
    bool is_found = false;
    if (table == NULL)
        return !is_shortage(errno);
    while (!is_found && fgets(line, sizeof(line), table) != NULL)
        is_found = (is_v4 ? read_gateway_v4 : read_gateway_v6)(line, address->interface, &address->gateway);
    fclose(table);
    return true;
}

bool default_route_mark(struct listen_address *list, size_t count, struct error *error)
{
    static const enum ip_family families[] = {IP_V4, IP_V6};
    for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
        struct ip_address source;
        int found = find_source(families[f], &source);
        bool is_known = found >= 0;
        for (size_t i = 0; i < count && found > 0 && is_known; i++) {
            if (!address_equal(&list[i].address, &source))
                continue;
            list[i].is_default_source = true;
            is_known = find_gateway(&list[i]);
        }
        if (!is_known)
            return error_set(error, 0, "cannot find the default route: %s", strerror(errno));
    }
    return true;
}
