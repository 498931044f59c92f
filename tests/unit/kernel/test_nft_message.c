/* Transactions of nf_tables, in a network namespace of the test's own. Needs root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <sched.h>
#include <sys/socket.h>

#include "kernel/nft_message.h"

enum { TYPE_OF_PORTS = 13, MANY = 200 };

static struct nft_link nft;
static bool is_possible;

static int set_up(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNET) != 0 || !nft_link_open(&nft, "test", NULL))
        return 0;
    nft_put_table(&nft, NFT_MSG_NEWTABLE, 0);
    nft_put_set(&nft, "ports", false, TYPE_OF_PORTS, sizeof(uint16_t));
    is_possible = nft_link_commit(&nft) == 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    nft_link_close(&nft);
    return 0;
}

static void put_ports(uint16_t type, uint16_t first, size_t count)
{
    if (!is_possible)
        skip();
    for (size_t i = 0; i < count; i++) {
        uint16_t port = (uint16_t)(first + i);
        nft_put_element(&nft, type, "ports", &port, sizeof(port), -1);
    }
}

static void test_many_changes_in_one_transaction_succeed(void **state)
{
    (void)state;
    put_ports(NFT_MSG_NEWSETELEM, 1000, MANY);
    assert_int_equal(nft_link_commit(&nft), 0);
    put_ports(NFT_MSG_DELSETELEM, 1000, MANY);
    assert_int_equal(nft_link_commit(&nft), 0);
}

static void test_one_failure_fails_the_transaction(void **state)
{
    (void)state;
    put_ports(NFT_MSG_NEWSETELEM, 2000, 3);
    put_ports(NFT_MSG_DELSETELEM, 5000, 1); /* not there */
    put_ports(NFT_MSG_NEWSETELEM, 3000, 3);
    assert_int_equal(nft_link_commit(&nft), ENOENT);
    put_ports(NFT_MSG_DELSETELEM, 2000, 1);
    assert_int_equal(nft_link_commit(&nft), ENOENT);
}

static void test_answers_that_find_no_room_are_no_success(void **state)
{
    int tiny = 1, usual = 1 << 20;
    (void)state;
    put_ports(NFT_MSG_DELSETELEM, 4000, MANY); /* an error each */
    int fd = mnl_socket_get_fd(nft.socket);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &tiny, sizeof(tiny)), 0);
    assert_int_not_equal(nft_link_commit(&nft), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &usual, sizeof(usual)), 0);
    put_ports(NFT_MSG_NEWSETELEM, 4000, 1);
    assert_int_equal(nft_link_commit(&nft), 0);
}

/* Another program's answer, or one of a transaction before: it says nothing about this one. */
static void test_an_answer_to_something_else_does_not_count(void **state)
{
    (void)state;
    put_ports(NFT_MSG_DELSETELEM, 6000, 1);
    struct nlmsghdr *stray = (void *)(nft.batch + nft.last);
    stray->nlmsg_seq -= 100;
    assert_int_equal(nft_link_commit(&nft), ENOBUFS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_changes_in_one_transaction_succeed),
        cmocka_unit_test(test_one_failure_fails_the_transaction),
        cmocka_unit_test(test_answers_that_find_no_room_are_no_success),
        cmocka_unit_test(test_an_answer_to_something_else_does_not_count),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
