/*
 * Fuzzing what the kernel is heard to say by PF_KEY: a message is read, and everything that a back end may
 * ask of it is asked; what can be written again must read as it was.
 */
#include <stdlib.h>

#include "kernel/pfkey_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const struct packet_selector *selector)
{
    uint8_t buffer[PFKEY_MESSAGE_MAX];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    struct pfkey_message message;
    struct packet_selector read;
    pfkey_begin(&writer, SADB_X_SPDUPDATE, SADB_SATYPE_UNSPEC);
    pfkey_put_selector(&writer, selector);
    if (!pfkey_end(&writer, 1, 2) || !pfkey_read(writer_bytes_so_far(&writer), &message) ||
        !pfkey_get_selector(&message, &read) || memcmp(&read, selector, sizeof(read)) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pfkey_message message;
    struct packet_selector selector;
    struct pfkey_lifetime lifetime;
    struct ip_endpoint endpoint;
    uint32_t number, priority;
    uint16_t port;
    uint8_t direction;
    if (!pfkey_read(bytes_of(data, size), &message))
        return 0;
    for (uint16_t type = 0; type < PFKEY_EXTENSIONS; type++)
        if (message.extensions[type].size > size)
            abort();
    (void)pfkey_get_spi(&message, &number);
    (void)pfkey_get_policy(&message, &direction, &number, &priority);
    for (uint16_t type = SADB_EXT_ADDRESS_SRC; type <= SADB_EXT_ADDRESS_PROXY; type++)
        (void)pfkey_get_address(&message, type, &endpoint);
    for (uint16_t type = SADB_EXT_LIFETIME_CURRENT; type <= SADB_EXT_LIFETIME_SOFT; type++)
        (void)pfkey_get_lifetime(&message, type, &lifetime);
    (void)pfkey_get_natt_port(&message, SADB_X_EXT_NAT_T_SPORT, &port);
    (void)pfkey_supports(&message, SADB_EXT_SUPPORTED_AUTH, SADB_AALG_SHA1HMAC);
    (void)pfkey_supports(&message, SADB_EXT_SUPPORTED_ENCRYPT, SADB_EALG_NULL);
    if (pfkey_get_selector(&message, &selector) &&
        selector.source.address.family == selector.destination.address.family)
        write_again(&selector);
    return 0;
}
