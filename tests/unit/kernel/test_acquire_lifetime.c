/* expire-lifetime=: how long a kernel waits for an SA, in a network namespace of the test's own. Needs root
 * and a kernel with XFRM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sched.h>
#include <stdio.h>

#include "kernel/acquire_lifetime.h"

static unsigned in_force(void)
{
    unsigned seconds = 0;
    FILE *file = fopen("/proc/sys/net/core/xfrm_acq_expires", "r");
    if (file == NULL || fscanf(file, "%u", &seconds) != 1)
        seconds = 0;
    if (file != NULL)
        fclose(file);
    return seconds;
}

static void the_kernel_is_told_and_the_former_value_known(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNET) != 0 || in_force() == 0)
        skip();
    unsigned former = in_force();
    assert_int_equal(acquire_lifetime_set(former + 7), former);
    assert_int_equal(in_force(), former + 7);
    assert_int_equal(acquire_lifetime_set(former + 7), 0);
    assert_int_equal(acquire_lifetime_set(0), 0);
    assert_int_equal(in_force(), former + 7);
    assert_int_equal(acquire_lifetime_set(former), former + 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_is_told_and_the_former_value_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
