/* What the kernel says of paths, in a network namespace of the test's own. Needs root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <net/if.h>
#include <sched.h>

#include "kernel/path_mtu.h"
#include "kernel/route_netlink.h"

enum { LOOPBACK_MTU = 65535 }; /* at least: of IPv4 the kernel says no more */

static struct path_mtu_probe probe;
static bool is_possible;

static int set_up(void **state)
{
    struct netlink netlink;
    (void)state;
    path_mtu_probe_init(&probe);
    if (unshare(CLONE_NEWNET) != 0)
        return 0;
    assert_true(netlink_open(&netlink, NULL));
    assert_int_equal(netlink_link_up(&netlink, (int)if_nametoindex("lo")), 0);
    netlink_close(&netlink);
    is_possible = true;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    path_mtu_probe_close(&probe);
    return 0;
}

static struct ip_address address_of(const char *text)
{
    struct ip_address address = {0};
    if (text != NULL)
        assert_true(address_parse(text, &address, NULL));
    return address;
}

static uint32_t ask(const char *local, const char *remote)
{
    struct ip_address from = address_of(local), to = address_of(remote);
    if (!is_possible)
        skip();
    return path_mtu_ask(&probe, &from, &to);
}

static void the_socket_serves_other_peers_of_the_same_address(void **state)
{
    (void)state;
    assert_true(ask("127.0.0.1", "127.0.0.2") >= LOOPBACK_MTU);
    int fd = probe.fd;
    assert_int_equal(ask("127.0.0.1", "192.0.2.1"), 0); /* no route */
    assert_true(ask("127.0.0.1", "127.0.0.3") >= LOOPBACK_MTU);
    assert_int_equal(probe.fd, fd);
}

static void another_address_of_ours_gets_a_socket_of_its_own(void **state)
{
    (void)state;
    assert_true(ask("127.0.0.1", "127.0.0.2") >= LOOPBACK_MTU);
    assert_true(ask("127.0.0.9", "127.0.0.2") >= LOOPBACK_MTU);
    struct ip_address other = address_of("127.0.0.9");
    assert_true(address_equal(&probe.local, &other));
}

static void an_address_that_the_host_does_not_have_leaves_the_choice_to_the_kernel(void **state)
{
    (void)state;
    assert_true(ask("198.51.100.1", "127.0.0.2") >= LOOPBACK_MTU);
    assert_true(ask(NULL, "127.0.0.2") >= LOOPBACK_MTU);
}

static void families_do_not_mix(void **state)
{
    (void)state;
    assert_true(ask("127.0.0.1", "127.0.0.2") >= LOOPBACK_MTU);
    assert_true(ask("::1", "::1") >= LOOPBACK_MTU);
    assert_true(ask(NULL, "::1") >= LOOPBACK_MTU);
    assert_true(ask("127.0.0.1", "127.0.0.2") >= LOOPBACK_MTU);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_socket_serves_other_peers_of_the_same_address),
        cmocka_unit_test(another_address_of_ours_gets_a_socket_of_its_own),
        cmocka_unit_test(an_address_that_the_host_does_not_have_leaves_the_choice_to_the_kernel),
        cmocka_unit_test(families_do_not_mix),
    };
    return cmocka_run_group_tests_name("path_mtu", tests, set_up, tear_down);
}
