/* Linux: what becomes of a packet that has to wait for its SA (net.core.xfrm_larval_drop). */
#ifndef STYX_KERNEL_LARVAL_DROP_H
#define STYX_KERNEL_LARVAL_DROP_H

#include <stdbool.h>

/* From now on the kernel holds it, which it does not do unless it is told so. True: that is a change. */
bool larval_drop_end(void);
/* The kernel's former way. */
void larval_drop_resume(void);

#endif
