/* Fewer system calls: see sandbox.h; seccomp(2). */
#include "daemon/sandbox.h"

#include <sys/personality.h>

enum { PERSONALITY_IS_ASKED = 0xffffffff };

bool sandbox_refuses_test(void)
{
    return personality(PERSONALITY_IS_ASKED) < 0;
}

#ifdef STYX_WITH_SECCOMP

#include <errno.h>
#include <seccomp.h>
#include <string.h>

static const int denied[] = {
    SCMP_SYS(acct),
    SCMP_SYS(add_key),
    SCMP_SYS(adjtimex),
    SCMP_SYS(bpf),
    SCMP_SYS(chroot),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(clock_settime),
    SCMP_SYS(delete_module),
    SCMP_SYS(fanotify_init),
    SCMP_SYS(finit_module),
    SCMP_SYS(init_module),
    SCMP_SYS(ioperm),
    SCMP_SYS(iopl),
    SCMP_SYS(kcmp),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(kexec_load),
    SCMP_SYS(keyctl),
    SCMP_SYS(lookup_dcookie),
    SCMP_SYS(mount),
    SCMP_SYS(nfsservctl),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(personality),
    SCMP_SYS(pivot_root),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(ptrace),
    SCMP_SYS(quotactl),
    SCMP_SYS(reboot),
    SCMP_SYS(request_key),
    SCMP_SYS(setdomainname),
    SCMP_SYS(sethostname),
    SCMP_SYS(settimeofday),
    SCMP_SYS(swapoff),
    SCMP_SYS(swapon),
    SCMP_SYS(umount2),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(vhangup),
};

static int fill(scmp_filter_ctx filter, uint32_t action)
{
    int failure = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    for (size_t i = 0; failure == 0 && i < ARRAY_SIZE(denied); i++) {
        failure = seccomp_rule_add(filter, action, denied[i], 0);
        if (failure == -EDOM || failure == -EFAULT) /* no such call on this architecture */
            failure = 0;
    }
    return failure != 0 ? failure : seccomp_load(filter);
}

bool sandbox_enter(enum seccomp_mode mode, struct error *error)
{
    if (mode == SECCOMP_DISABLED)
        return true;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL)
        return error_set(error, 0, "seccomp: out of memory");
    int failure = fill(filter, mode == SECCOMP_ENABLED ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM));
    seccomp_release(filter);
    return failure == 0 ||
           error_set(error, 0, "seccomp: the kernel does not take the filter: %s", strerror(-failure));
}

#else

bool sandbox_enter(enum seccomp_mode mode, struct error *error)
{
    return mode == SECCOMP_DISABLED ||
           error_set(error, 0, "seccomp= is not supported by this build: it was made without libseccomp");
}

#endif
