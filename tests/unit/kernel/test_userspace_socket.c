/* Sockets that the daemon shares with the userspace data plane. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <poll.h>
#include <unistd.h>

#include "base/sockaddr.h"
#include "kernel/userspace_socket.h"

static int bound_socket(struct ip_endpoint *ret_local)
{
    struct sockaddr_storage here;
    socklen_t size = endpoint_to_sockaddr(&(struct ip_endpoint){address_of_v4(0x7f000001), 0}, &here);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&here, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &size), 0);
    *ret_local = endpoint_from_sockaddr(&here);
    return fd;
}

/* A datagram to a port where nobody is. */
static void send_in_vain(int fd)
{
    struct ip_endpoint nobody;
    struct sockaddr_storage there;
    close(bound_socket(&nobody));
    socklen_t size = endpoint_to_sockaddr(&nobody, &there);
    assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&there, size), 1);
}

static short events_of(int fd, int wait_milliseconds)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    return poll(&wanted, 1, wait_milliseconds) > 0 ? wanted.revents : 0;
}

/* Or the thread that polls it would spin: nobody reads the queue. */
static void errors_of_the_network_are_not_queued_where_the_plane_reads(void **state)
{
    static struct socket_set set;
    struct ip_endpoint local;
    struct error error;
    int fd = bound_socket(&local), on = 1;
    char byte;
    (void)state;
    pthread_rwlock_init(&set.lock, NULL);
    assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)), 0);
    send_in_vain(fd);
    assert_int_equal(events_of(fd, 5000), POLLERR);
    assert_int_equal(sockets_attach(&set, fd, &local, false, NULL, NULL, &error), 0);
    assert_true(recv(fd, &byte, 1, 0) < 0); /* takes the one error that is pending */
    assert_int_equal(events_of(fd, 0), 0);
    send_in_vain(fd);
    assert_int_equal(events_of(fd, 100), 0);
    assert_int_equal(sockets_detach(&set, fd), 0);
    close(fd);
    pthread_rwlock_destroy(&set.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_of_the_network_are_not_queued_where_the_plane_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
