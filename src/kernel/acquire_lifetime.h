/* Linux: how long the kernel remembers that a packet has asked for an SA (net.core.xfrm_acq_expires). */
#ifndef STYX_KERNEL_ACQUIRE_LIFETIME_H
#define STYX_KERNEL_ACQUIRE_LIFETIME_H

/* The former value; 0: nothing was changed (it is so already, it cannot be changed, or `seconds` is 0). */
unsigned acquire_lifetime_set(unsigned seconds);

#endif
