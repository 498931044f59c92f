#include "tools/id_lookup.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sockaddr.h"
#include "engine/identity.h"

static bool is_host_name(const char *value)
{
    struct identity id = {0};
    bool is_name =
        value[0] != '@' && value[0] != '%' && identity_parse(value, &id, NULL) && id.kind == ID_FQDN;
    identity_free(&id);
    return is_name;
}

/* The IPv4 address first, as gethostbyname() has always had it. */
static const struct addrinfo *choose(const struct addrinfo *found)
{
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next)
        if (at->ai_family == AF_INET)
            return at;
    return found;
}

/* Text of the address; JSON's null when there is none. */
static json_t *ask(const char *keyword, const char *name)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    char text[ADDRESS_TEXT_SIZE];
    setenv("RES_OPTIONS", "timeout:2 attempts:1", 0); /* a server that is silent costs little */
    int result = getaddrinfo(name, NULL, &hints, &found);
    if (result != 0) {
        fprintf(stderr, "%s=%s: the name has no address (%s); taken for the name itself, as %s=@%s\n",
                keyword, name, gai_strerror(result), keyword, name);
        return json_null();
    }
    struct ip_address address = address_from_sockaddr(choose(found)->ai_addr);
    freeaddrinfo(found);
    return json_string(address_text(&address, text));
}

void id_lookup(json_t *options)
{
    static const char *const keywords[] = {"leftid", "rightid"};
    static json_t *known; /* the same names stand in many connections */
    if (known == NULL)
        known = json_object();
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        const char *name = json_string_value(json_object_get(options, keywords[i]));
        if (name == NULL || !is_host_name(name))
            continue;
        json_t *address = json_object_get(known, name);
        if (address == NULL) {
            address = ask(keywords[i], name);
            json_object_set_new(known, name, address);
        }
        if (json_is_string(address))
            json_object_set(options, keywords[i], address);
    }
}
