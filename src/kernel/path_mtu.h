/*
 * The path MTU that the kernel knows towards a host (RFC 1191, RFC 8201), asked by a UDP socket that is
 * connected there and never sends.
 */
#ifndef STYX_KERNEL_PATH_MTU_H
#define STYX_KERNEL_PATH_MTU_H

#include "base/address.h"

/* Of one thread. The socket is kept, for the next question is most often of the same address of ours. */
struct path_mtu_probe {
    int fd; /* -1: none */
    struct ip_address local;
};

void path_mtu_probe_init(struct path_mtu_probe *probe);
void path_mtu_probe_close(struct path_mtu_probe *probe);

/* In bytes; 0: there is no route. An unset local address leaves the choice to the kernel. */
uint32_t path_mtu_ask(struct path_mtu_probe *probe, const struct ip_address *local,
                      const struct ip_address *remote);

#endif
