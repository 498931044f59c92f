/* Whose stream goes when too many serve nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "daemon/stream_hosts.h"

static const uint8_t key[16] = {1};

static struct ip_address host_number(unsigned number)
{
    return address_of_v4(0x0a000000u + number);
}

static void enter(struct stream_hosts *hosts, struct stream_place *place, struct ip_address address)
{
    assert_true(stream_hosts_enter(hosts, place, &address));
}

static void a_host_with_too_many_loses_its_oldest(void **state)
{
    struct stream_place places[STREAMS_UNCLAIMED_OF_HOST_MAX + 1] = {0}, other = {0};
    struct stream_hosts hosts;
    (void)state;
    assert_true(stream_hosts_init(&hosts, key));
    enter(&hosts, &other, host_number(2));
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        enter(&hosts, &places[i], host_number(1));
        bool is_too_many = i == STREAMS_UNCLAIMED_OF_HOST_MAX;
        assert_ptr_equal(stream_hosts_one_too_many(&hosts, &places[i]), is_too_many ? &places[0] : NULL);
    }
    stream_hosts_leave(&hosts, &places[0]);
    stream_hosts_leave(&hosts, &places[0]); /* again: nothing */
    assert_int_equal(hosts.count, STREAMS_UNCLAIMED_OF_HOST_MAX + 1);
    for (size_t i = 1; i < ARRAY_SIZE(places); i++)
        stream_hosts_leave(&hosts, &places[i]);
    assert_ptr_equal(stream_hosts_most_expendable(&hosts), &other);
    stream_hosts_leave(&hosts, &other);
    assert_null(stream_hosts_most_expendable(&hosts));
    stream_hosts_free(&hosts);
}

/* As many as may be, of hosts with one each and one host with more: the crowd pays for newcomers. */
static void when_all_have_too_many_who_has_the_most_pays(void **state)
{
    enum { CROWD = 10, SINGLE = STREAMS_UNCLAIMED_MAX - CROWD };
    static struct stream_place crowd[CROWD], single[SINGLE], newcomers[CROWD];
    struct stream_hosts hosts;
    (void)state;
    assert_true(stream_hosts_init(&hosts, key));
    for (unsigned i = 0; i < SINGLE; i++)
        enter(&hosts, &single[i], host_number(i));
    for (unsigned i = 0; i < CROWD; i++)
        enter(&hosts, &crowd[i], host_number(0xffffff));
    for (unsigned i = 0; i < CROWD - 1; i++) {
        enter(&hosts, &newcomers[i], host_number(SINGLE + i));
        struct stream_place *loser = stream_hosts_one_too_many(&hosts, &newcomers[i]);
        assert_ptr_equal(loser, &crowd[i]);
        stream_hosts_leave(&hosts, loser);
    }
    stream_hosts_free(&hosts);
}

static void all_of_an_ipv6_network_are_one_host(void **state)
{
    static const uint8_t one[16] = {0x20, 1, 0xd, 0xb8, 1, 2, 3, 4, 5},
                         same[16] = {0x20, 1, 0xd, 0xb8, 1, 2, 3, 4, 9},
                         other[16] = {0x20, 1, 0xd, 0xb8, 1, 2, 3, 5};
    struct stream_place places[3] = {0};
    struct stream_hosts hosts;
    (void)state;
    assert_true(stream_hosts_init(&hosts, key));
    enter(&hosts, &places[0], address_of_bytes(IP_V6, one));
    enter(&hosts, &places[1], address_of_bytes(IP_V6, same));
    enter(&hosts, &places[2], address_of_bytes(IP_V6, other));
    assert_ptr_equal(places[0].host, places[1].host);
    assert_ptr_not_equal(places[0].host, places[2].host);
    stream_hosts_free(&hosts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_with_too_many_loses_its_oldest),
        cmocka_unit_test(when_all_have_too_many_who_has_the_most_pays),
        cmocka_unit_test(all_of_an_ipv6_network_are_one_host),
    };
    return cmocka_run_group_tests_name("stream_hosts", tests, NULL, NULL);
}
