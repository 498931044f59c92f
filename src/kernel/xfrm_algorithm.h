/* How the Linux kernel calls the algorithms of ESP and AH (crypto API names; ip-xfrm(8)). */
#ifndef STYX_KERNEL_XFRM_ALGORITHM_H
#define STYX_KERNEL_XFRM_ALGORITHM_H

#include "crypto/algorithm.h"

/* NULL: the kernel has no such transform. */
const char *xfrm_algorithm_name(const struct algorithm *algorithm);

#endif
