/* The table of commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/command.h"

static void every_command_has_a_handler(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < COMMAND_KINDS; kind++)
        if (!command_has_handler((enum command_kind)kind))
            fail_msg("command %u has no handler", kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_has_a_handler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
