/* The PF_KEY socket with a kernel of the test's own, which answers while a message is being sent. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/pfkey_link.h"

enum { OUR_PID = 4711, ANSWERS_MAX = 8 };

static struct kernel {
    int fd;       /* its end */
    int refusals; /* so many messages find no room */
    bool is_silent, tells_first;
    uint8_t failure;
    int taken;
} kernel;

static struct seen {
    int answers, events, failures[ANSWERS_MAX];
    uint64_t request_ids[ANSWERS_MAX];
    uint8_t event_type;
} seen;

ssize_t __real_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags);

static void say(struct sadb_msg header)
{
    header.sadb_msg_len = sizeof(header) / 8;
    assert_int_equal(__real_send(kernel.fd, &header, sizeof(header), 0), sizeof(header));
}

ssize_t __wrap_send(int fd, const void *data, size_t size, int flags)
{
    struct sadb_msg request;
    (void)fd;
    (void)flags;
    if (kernel.refusals > 0) {
        kernel.refusals--;
        errno = ENOBUFS;
        return -1;
    }
    kernel.taken++;
    memcpy(&request, data, sizeof(request));
    struct sadb_msg answer = request, of_another = request;
    of_another.sadb_msg_pid = OUR_PID + 1;
    answer.sadb_msg_errno = kernel.failure;
    if (kernel.tells_first)
        say(of_another);
    if (!kernel.is_silent)
        say(answer);
    return (ssize_t)size;
}

static void on_answer(void *context, const struct kernel_ticket *ticket, int failure,
                      const struct pfkey_message *answer)
{
    (void)context;
    assert_true(answer != NULL || failure != 0);
    seen.request_ids[seen.answers] = ticket->request_id;
    seen.failures[seen.answers++] = failure;
}

static void on_event(void *context, const struct pfkey_message *message)
{
    (void)context;
    seen.events++;
    seen.event_type = message->type;
}

static void open_link(struct pfkey_link *link)
{
    int ends[2];
    *link = (struct pfkey_link){.pid = OUR_PID, .on_answer = on_answer, .on_event = on_event};
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    memset(&kernel, 0, sizeof(kernel));
    memset(&seen, 0, sizeof(seen));
    kernel.fd = ends[1];
    link->fd = ends[0];
    link->retry_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    list_init(&link->waiting);
}

static void close_link(struct pfkey_link *link)
{
    pfkey_link_close(link);
    close(kernel.fd);
}

static void ask(struct pfkey_link *link, uint64_t request_id)
{
    uint8_t buffer[PFKEY_MESSAGE_MAX];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    pfkey_begin(&writer, SADB_GET, SADB_SATYPE_ESP);
    pfkey_put_sa(&writer, &(struct pfkey_sa_fields){.spi = 1});
    pfkey_link_send(link, &writer, 0, &(struct kernel_ticket){.request_id = request_id});
}

static void test_an_answer_is_known_though_others_are_told_something_first(void **state)
{
    (void)state;
    struct pfkey_link link;
    open_link(&link);
    kernel.tells_first = true;
    ask(&link, 5);
    assert_int_equal(seen.answers, 1);
    assert_int_equal(seen.request_ids[0], 5);
    assert_int_equal(seen.failures[0], 0);
    assert_int_equal(seen.events, 1);
    close_link(&link);
}

static void test_the_kernels_reason_is_told(void **state)
{
    (void)state;
    struct pfkey_link link;
    open_link(&link);
    kernel.failure = EEXIST;
    ask(&link, 5);
    assert_int_equal(seen.failures[0], EEXIST);
    close_link(&link);
}

static void test_an_answer_that_was_lost_is_a_failure_at_once(void **state)
{
    (void)state;
    struct pfkey_link link;
    open_link(&link);
    kernel.is_silent = true;
    ask(&link, 5);
    assert_int_equal(seen.answers, 1);
    assert_int_equal(seen.failures[0], ENOBUFS);
    close_link(&link);
}

static void test_what_finds_no_room_waits_and_goes_in_order(void **state)
{
    (void)state;
    struct pfkey_link link;
    open_link(&link);
    kernel.refusals = 1;
    ask(&link, 1);
    ask(&link, 2); /* behind the first, though there would be room */
    assert_int_equal(seen.answers, 0);
    assert_int_equal(kernel.taken, 0);
    kernel.refusals = 1;
    pfkey_link_dispatch(&link);
    assert_int_equal(seen.answers, 0);
    pfkey_link_dispatch(&link);
    assert_int_equal(seen.answers, 2);
    assert_int_equal(seen.request_ids[0], 1);
    assert_int_equal(seen.request_ids[1], 2);
    ask(&link, 3);
    assert_int_equal(seen.request_ids[2], 3);
    close_link(&link);
}

static void test_what_comes_unasked_is_an_event_and_rubbish_is_nothing(void **state)
{
    (void)state;
    struct pfkey_link link;
    open_link(&link);
    say((struct sadb_msg){.sadb_msg_version = PF_KEY_V2, .sadb_msg_type = SADB_EXPIRE});
    assert_int_equal(__real_send(kernel.fd, "rubbish", 7, 0), 7);
    say((struct sadb_msg){.sadb_msg_version = PF_KEY_V2, .sadb_msg_type = SADB_ACQUIRE});
    pfkey_link_dispatch(&link);
    assert_int_equal(seen.events, 2);
    assert_int_equal(seen.event_type, SADB_ACQUIRE);
    assert_int_equal(seen.answers, 0);
    close_link(&link);
}

static void test_a_message_that_lists_all_algorithms_is_read(void **state)
{
    (void)state;
    enum { COMBINATIONS = 10 * 7 };
    struct {
        struct sadb_msg header;
        struct sadb_prop proposal;
        struct sadb_comb combinations[COMBINATIONS];
    } told = {.header = {.sadb_msg_version = PF_KEY_V2, .sadb_msg_type = SADB_ACQUIRE},
              .proposal.sadb_prop_exttype = SADB_EXT_PROPOSAL};
    told.header.sadb_msg_len = sizeof(told) / 8;
    told.proposal.sadb_prop_len = (sizeof(told) - sizeof(told.header)) / 8;
    struct pfkey_link link;
    open_link(&link);
    assert_int_equal(__real_send(kernel.fd, &told, sizeof(told), 0), sizeof(told));
    pfkey_link_dispatch(&link);
    assert_int_equal(seen.events, 1);
    assert_int_equal(seen.event_type, SADB_ACQUIRE);
    close_link(&link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer_is_known_though_others_are_told_something_first),
        cmocka_unit_test(test_the_kernels_reason_is_told),
        cmocka_unit_test(test_an_answer_that_was_lost_is_a_failure_at_once),
        cmocka_unit_test(test_what_finds_no_room_waits_and_goes_in_order),
        cmocka_unit_test(test_what_comes_unasked_is_an_event_and_rubbish_is_nothing),
        cmocka_unit_test(test_a_message_that_lists_all_algorithms_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
