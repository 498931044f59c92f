/* What only a kernel's data plane can do for a connection: marks of netfilter, an interface of its own. */
#ifndef STYX_ENGINE_KERNEL_EXTRAS_H
#define STYX_ENGINE_KERNEL_EXTRAS_H

#include "base/address.h"
#include "base/error.h"

/* mark=VALUE/MASK; a mask of 0: none. */
struct packet_mark {
    uint32_t value, mask;
};

/* ipsec-interface=N and (left)interface-ip=: the interface ipsecN, which SAs are tied to by a number that is
 * not 0. */
struct tunnel_interface {
    bool is_wanted;
    uint32_t number;
    struct ip_prefix address; /* unset: none */
    struct vti_interface {
        char name[16]; /* "": none is wanted */
        bool has_routes, is_shared;
        uint32_t key_in, key_out; /* the marks of the policies that it leads to */
    } vti;                        /* vti-interface=, instead of the above; leftvti= is its address */
};

static inline bool tunnel_interface_is_any(const struct tunnel_interface *interface)
{
    return interface->is_wanted || interface->vti.name[0] != '\0';
}

/* nic-offload=: what a network card does of ESP. */
enum nic_offload { NIC_OFFLOAD_NO, NIC_OFFLOAD_CRYPTO, NIC_OFFLOAD_PACKET };

struct connection_spec;
/* Whether the data plane of this name (protostack=; NULL: any) can do what the connection asks for. */
bool kernel_extras_check(const char *stack, const struct connection_spec *spec, struct error *error);

enum { TUNNEL_INTERFACE_ID_OF_ZERO = 16384 };

static inline uint32_t tunnel_interface_id(const struct tunnel_interface *interface)
{
    if (!interface->is_wanted)
        return 0;
    return interface->number != 0 ? interface->number : TUNNEL_INTERFACE_ID_OF_ZERO;
}

#endif
