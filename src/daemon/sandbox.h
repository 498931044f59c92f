/*
 * seccomp=: system calls that neither an IKE daemon nor a script that it runs has any use for are taken away
 * from the process, all its threads and all its children: tracing and reading other processes, kernel modules
 * and programs, mounts, another root, the clock, swap, reboot, keys of the kernel's key rings.
 */
#ifndef STYX_DAEMON_SANDBOX_H
#define STYX_DAEMON_SANDBOX_H

#include "config/setup.h"

/* enabled: whoever makes such a call is killed; tolerant: the call fails. False with the reason. */
bool sandbox_enter(enum seccomp_mode mode, struct error *error);
/* Makes one of those calls, a harmless one: dead if the sandbox kills, true if it refuses, false if there is
 * none. */
bool sandbox_refuses_test(void);

#endif
