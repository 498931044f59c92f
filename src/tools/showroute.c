/* ipsec showroute: from which address, over which gateway and interface an address is reached. */
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/sockaddr.h"
#include "tools/route_lookup.h"
#include "tools/tools.h"

enum { EXIT_USAGE = 1, EXIT_NO_ROUTE = 1 };

struct wanted {
    bool source, gateway, destination, interface;
    int family; /* AF_UNSPEC: either */
};

static const struct option long_options[] = {
    {"source", no_argument, NULL, 's'},      {"gateway", no_argument, NULL, 'g'},
    {"destination", no_argument, NULL, 'd'}, {"interface", no_argument, NULL, 'i'},
    {"ipv4", no_argument, NULL, '4'},        {"ipv6", no_argument, NULL, '6'},
    {"help", no_argument, NULL, 'h'},        {0},
};

static const char usage[] =
    "Usage: ipsec showroute [--interface] [--source] [--gateway] [--destination] [-4|-6] "
    "DESTINATION [INTERFACE]\n"
    "Shows the way to an address or a name; with options only what they name, in one "
    "line.\n";

static bool resolve(const char *name, int family, struct ip_address *out)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM}, *list;
    int trouble = getaddrinfo(name, NULL, &hints, &list);
    if (trouble != 0) {
        fprintf(stderr, "ipsec showroute: %s: %s\n", name, gai_strerror(trouble));
        return false;
    }
    *out = address_from_sockaddr(list->ai_addr);
    freeaddrinfo(list);
    return true;
}

static void print_one(bool is_wanted, const char *text, bool *is_next)
{
    if (!is_wanted)
        return;
    printf("%s%s", *is_next ? " " : "", text);
    *is_next = true;
}

static void print_wanted(const struct wanted *wanted, const struct route_found *route)
{
    char text[ADDRESS_TEXT_SIZE];
    bool is_next = false;
    print_one(wanted->interface, route->interface, &is_next);
    print_one(wanted->source, address_text(&route->source, text), &is_next);
    print_one(wanted->gateway,
              address_is_set(&route->gateway) ? address_text(&route->gateway, text) : "0.0.0.0", &is_next);
    print_one(wanted->destination, address_text(&route->destination, text), &is_next);
    putchar('\n');
}

static void print_all(const struct route_found *route)
{
    char source[ADDRESS_TEXT_SIZE], gateway[ADDRESS_TEXT_SIZE], destination[ADDRESS_TEXT_SIZE];
    printf("destination %s source %s", address_text(&route->destination, destination),
           address_text(&route->source, source));
    if (address_is_set(&route->gateway))
        printf(" gateway %s", address_text(&route->gateway, gateway));
    printf(" interface %s\n", route->interface);
}

int showroute_main(int argc, char **argv)
{
    struct wanted wanted = {.family = AF_UNSPEC};
    struct ip_address destination;
    struct route_found route;
    struct error error;
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "46", long_options, NULL)) != -1) {
        wanted.source |= option == 's';
        wanted.gateway |= option == 'g';
        wanted.destination |= option == 'd';
        wanted.interface |= option == 'i';
        if (option == '4' || option == '6')
            wanted.family = option == '4' ? AF_INET : AF_INET6;
        if (option == 'h' || option == '?') {
            fputs(usage, option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : EXIT_USAGE;
        }
    }
    if (optind >= argc || optind + 2 < argc) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (!resolve(argv[optind], wanted.family, &destination))
        return EXIT_USAGE;
    if (!route_lookup(&destination, optind + 1 < argc ? argv[optind + 1] : NULL, &route, &error)) {
        fprintf(stderr, "ipsec showroute: no way to %s: %s\n", argv[optind], error.text);
        return EXIT_NO_ROUTE;
    }
    if (wanted.source || wanted.gateway || wanted.destination || wanted.interface)
        print_wanted(&wanted, &route);
    else
        print_all(&route);
    return 0;
}
