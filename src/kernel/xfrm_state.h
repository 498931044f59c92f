/*
 * The states of a Child SA in the kernel. The kernel knows no bundles: compression, ESP and AH are a state
 * each, which one policy's templates put together. The innermost has the Child SA's mode, those around it are
 * in transport mode.
 */
#ifndef STYX_KERNEL_XFRM_STATE_H
#define STYX_KERNEL_XFRM_STATE_H

#include <linux/xfrm.h>

#include "engine/kernel_request.h"

struct nlmsghdr;

enum { XFRM_LAYERS_MAX = 3 };

struct xfrm_layer {
    uint8_t protocol; /* IPPROTO_COMP, IPPROTO_ESP, IPPROTO_AH */
    enum sa_mode mode;
    uint32_t spi; /* host order; a CPI */
};

struct xfrm_layers {
    uint8_t count;
    uint8_t main;                          /* the one that the Child SA is named after: ESP, or AH alone */
    struct xfrm_layer at[XFRM_LAYERS_MAX]; /* the innermost first */
};

struct xfrm_layers xfrm_layers_of(const struct kernel_sa *sa);

/* The first algorithm that the kernel has no name for; NULL: it has them all. */
const struct algorithm *xfrm_state_unknown_algorithm(const struct kernel_sa *sa);

/* What XFRM_MSG_NEWSA says of one layer: its fixed part, and the attributes, keys among them. */
void xfrm_state_describe(const struct kernel_sa *sa, const struct xfrm_layers *layers, size_t index,
                         uint32_t sequence, struct xfrm_usersa_info *info);
void xfrm_state_put_details(struct nlmsghdr *message, const struct kernel_sa *sa,
                            const struct xfrm_layer *layer);
void xfrm_state_put_encapsulation(struct nlmsghdr *message, bool is_tcp, uint16_t source_port,
                                  uint16_t destination_port);

#endif
