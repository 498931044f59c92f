/*
 * The SAs that the kernel has from us, as the back ends on the kernel's own IPsec remember them: by Child SA,
 * by SPI, and all in a row. Their keys only the kernel has.
 */
#ifndef STYX_KERNEL_PLANE_SA_H
#define STYX_KERNEL_PLANE_SA_H

#include "base/hash_table.h"
#include "base/list.h"
#include "engine/kernel_request.h"

struct kernel_plane;

/* A back end puts it first in a struct of its own, which calloc() has made. */
struct plane_sa {
    struct hash_node by_child, by_spi;
    struct list_node of_all;
    uint64_t child_serial;
    enum sa_direction direction;
    uint8_t protocol; /* PROTOCOL_ESP, PROTOCOL_AH: of the one that a bundle is named after */
    uint32_t spi;     /* of the same, in host order */
    enum sa_mode mode;
    bool udp_encapsulation;
    struct ip_endpoint local, remote;
    struct ip_endpoint told_remote; /* the mapping that the engine has been told of since it moved the SA */
};

/* Remembers what the engine wants; false: out of memory, and it is in no table. */
bool plane_sa_remember(struct kernel_plane *plane, struct plane_sa *sa, const struct kernel_sa *wanted);
/* It has other endpoints from now on: a mapping that was told before may be told again. */
void plane_sa_move(struct plane_sa *sa, const struct ip_endpoint *local, const struct ip_endpoint *remote);
/* Takes it out of the tables, and frees it. */
void plane_sa_forget(struct kernel_plane *plane, struct plane_sa *sa);

/* NULL: there is none. */
struct plane_sa *plane_sa_of_child(const struct kernel_plane *plane, uint64_t child_serial,
                                   enum sa_direction direction);
/*
 * By what an event of the kernel's names; NULL: not ours. Our own inbound SPI is unique; an outbound one is
 * the peer's choice and may be that of any other SA. The destination tells them apart, or a peer could have
 * the limits of its SA end another's. Without a destination: the inbound one.
 */
struct plane_sa *plane_sa_by_spi(const struct kernel_plane *plane, uint32_t spi, uint8_t protocol,
                                 const struct ip_address *destination);

/* Of its packets. */
const struct ip_endpoint *plane_sa_source(const struct plane_sa *sa);
const struct ip_endpoint *plane_sa_destination(const struct plane_sa *sa);

void plane_sas_each(struct kernel_plane *plane,
                    void (*visit)(struct plane_sa *sa, struct kernel_plane *plane));
/* At the end: forgets all of them, whatever the kernel still has. */
void plane_sas_free(struct kernel_plane *plane);

#endif
