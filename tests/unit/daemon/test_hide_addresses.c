/* logip=no: what is taken for an address in a log line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "daemon/hide_addresses.h"

static void addresses_are_replaced_and_nothing_else(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"\"net\"[1] 192.0.2.7 #3: sent", "\"net\"[1] <address> #3: sent"},
        {"to 192.0.2.7:4500.", "to <address>:4500."},
        {"from [2001:db8::1]:500", "from [<address>]:500"},
        {"peer 2001:db8::1: refused", "peer <address>: refused"},
        {"10.1.0.0/24===10.2.0.0/24", "<address>/24===<address>/24"},
        {"at 12:30:45 version 5.4.1", "at 12:30:45 version 5.4.1"},
        {"SPI 0xdeadbeef abc: ok", "SPI 0xdeadbeef abc: ok"},
        {"ends with 192.0.2.1", "ends with <address>"},
        {"x192.0.2.1", "x192.0.2.1"},
        {"", ""},
    };
    char out[256];
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_string_equal(hide_addresses(rows[i][0], out, sizeof(out)), rows[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses_are_replaced_and_nothing_else)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
