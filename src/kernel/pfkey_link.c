/* The PF_KEY socket: sending, answers by process id and sequence number, events. */
#include "kernel/pfkey_link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/secret.h"

enum {
    RECEIVE_SIZE = 65536,
    EVENT_SIZE = 16384, /* an ACQUIRE lists each pair of algorithms: 5 kB when Linux has all of them */
    BUFFER_BYTES = 4 << 20,
    RETRY_MSEC = 10,
    START_TIMEOUT_MSEC = 2000,
    FIRST_SEQUENCE = 0x53000000, /* far from those that the kernel gives to its ACQUIREs */
};

/* ---- birth and death ---- */

static bool explain_absence(int number, struct error *error)
{
    if (number == EAFNOSUPPORT || number == EPROTONOSUPPORT)
        return error_set(error, number,
                         "this kernel has no PF_KEY (on Linux it is the module af_key); use protostack=xfrm "
                         "or userspace");
    return error_set(error, number, "cannot open a PF_KEY socket to the kernel's IPsec: %s%s",
                     strerror(number), number == EPERM ? " (it takes CAP_NET_ADMIN)" : "");
}

static void enlarge_buffers(int fd)
{
    int bytes = BUFFER_BYTES;
#ifdef SO_RCVBUFFORCE
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
#else
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
#endif
}

bool pfkey_link_open(struct pfkey_link *link, struct error *error)
{
    list_init(&link->waiting);
    link->pid = (uint32_t)getpid();
    link->sequence = FIRST_SEQUENCE;
    link->retry_fd = -1;
    link->fd = socket(PF_KEY, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, PF_KEY_V2);
    if (link->fd < 0)
        return explain_absence(errno, error);
    enlarge_buffers(link->fd);
    link->retry_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (link->retry_fd >= 0)
        return true;
    error_set(error, errno, "cannot make a timer: %s", strerror(errno));
    pfkey_link_close(link);
    return false;
}

/* ---- messages that wait ---- */

struct waiting_message {
    struct list_node node;
    struct kernel_ticket ticket;
    uint32_t sequence;
    size_t size;
    uint8_t bytes[];
};

static void free_waiting(struct waiting_message *message)
{
    list_remove(&message->node);
    secret_free(message, sizeof(*message) + message->size);
}

void pfkey_link_close(struct pfkey_link *link)
{
    LIST_EACH(&link->waiting, node)
    free_waiting(CONTAINER_OF(node, struct waiting_message, node));
    if (link->fd >= 0)
        close(link->fd);
    if (link->retry_fd >= 0)
        close(link->retry_fd);
    link->fd = link->retry_fd = -1;
}

static void arm_retry(const struct pfkey_link *link)
{
    const struct itimerspec delay = {.it_value = {.tv_nsec = RETRY_MSEC * 1000000L}};
    (void)timerfd_settime(link->retry_fd, 0, &delay, NULL);
}

static bool keep_waiting(struct pfkey_link *link, struct bytes message, uint32_t sequence,
                         const struct kernel_ticket *ticket)
{
    struct waiting_message *waiting = malloc(sizeof(*waiting) + message.size);
    if (waiting == NULL)
        return false;
    waiting->ticket = *ticket;
    waiting->sequence = sequence;
    waiting->size = message.size;
    memcpy(waiting->bytes, message.data, message.size);
    list_append(&link->waiting, &waiting->node);
    arm_retry(link);
    return true;
}

/* ---- receiving ---- */

/* What one message is sent for; NULL instead: nothing, all that comes are events. */
struct expected {
    uint32_t sequence;
    uint8_t type;
    const struct kernel_ticket *ticket;
    bool is_answered;
};

static void take(struct pfkey_link *link, const struct pfkey_message *message, struct expected *expected)
{
    bool is_ours = message->pid == link->pid;
    if (is_ours && expected != NULL && !expected->is_answered && message->sequence == expected->sequence &&
        message->type == expected->type) {
        expected->is_answered = true;
        link->on_answer(link->context, expected->ticket, message->error, message);
    } else if (message->error == 0) {
        link->on_event(link->context, message);
    }
}

/* False: there is nothing more to read. */
static bool receive(struct pfkey_link *link, struct expected *expected)
{
    uint8_t buffer[EVENT_SIZE] __attribute__((aligned(8)));
    struct pfkey_message message;
    ssize_t size = recv(link->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (size < 0 && errno == ENOBUFS)
        link->on_overrun(link->context);
    if (size < 0)
        return errno == EINTR || errno == ENOBUFS;
    if (pfkey_read(bytes_of(buffer, (size_t)size), &message))
        take(link, &message, expected);
    secret_wipe(buffer, (size_t)size);
    return true;
}

/* Linux does not say that a socket had no room for an event. */
static bool is_full(const struct pfkey_link *link)
{
#ifdef SO_MEMINFO
    enum { ALLOCATED, LIMIT, VALUES = 16 }; /* SK_MEMINFO_RMEM_ALLOC, SK_MEMINFO_RCVBUF */
    uint32_t values[VALUES] = {0};
    socklen_t size = sizeof(values);
    return getsockopt(link->fd, SOL_SOCKET, SO_MEMINFO, values, &size) == 0 &&
           size > LIMIT * sizeof(values[0]) && values[ALLOCATED] > values[LIMIT];
#else
    (void)link;
    return false;
#endif
}

static void drain(struct pfkey_link *link, struct expected *expected)
{
    enum { READS_AT_ONCE = 4096 };
    if (is_full(link))
        link->on_overrun(link->context);
    for (int reads = 0; reads < READS_AT_ONCE && receive(link, expected); reads++) {
    }
}

/* ---- sending ---- */

static bool finds_no_room(int number)
{
    return number == EAGAIN || number == ENOBUFS || number == ENOMEM || number == EINTR;
}

/* Events that are there already are taken first, so that the answer finds room. False: it has to wait. */
static bool transmit(struct pfkey_link *link, struct bytes message, uint32_t sequence,
                     const struct kernel_ticket *ticket)
{
    struct sadb_msg header;
    memcpy(&header, message.data, sizeof(header));
    struct expected expected = {.sequence = sequence, .type = header.sadb_msg_type, .ticket = ticket};
    drain(link, NULL);
    if (send(link->fd, message.data, message.size, MSG_DONTWAIT) < 0) {
        if (finds_no_room(errno))
            return false;
        link->on_answer(link->context, ticket, errno, NULL);
        return true;
    }
    while (!expected.is_answered && receive(link, &expected)) {
    }
    if (!expected.is_answered)
        link->on_answer(link->context, ticket, ENOBUFS, NULL);
    return true;
}

void pfkey_link_send(struct pfkey_link *link, struct writer *message, uint32_t sequence,
                     const struct kernel_ticket *ticket)
{
    uint32_t number = sequence != 0 ? sequence : ++link->sequence;
    if (!pfkey_end(message, number, link->pid)) {
        link->on_answer(link->context, ticket, EMSGSIZE, NULL);
    } else {
        struct bytes bytes = writer_bytes_so_far(message);
        bool is_sent = list_is_empty(&link->waiting) && transmit(link, bytes, number, ticket);
        if (!is_sent && !keep_waiting(link, bytes, number, ticket))
            link->on_answer(link->context, ticket, ENOMEM, NULL);
    }
    secret_wipe(message->data, message->size);
}

static void retry(struct pfkey_link *link)
{
    uint64_t ticks;
    (void)!read(link->retry_fd, &ticks, sizeof(ticks));
    LIST_EACH(&link->waiting, node)
    {
        struct waiting_message *message = CONTAINER_OF(node, struct waiting_message, node);
        if (!transmit(link, bytes_of(message->bytes, message->size), message->sequence, &message->ticket)) {
            arm_retry(link);
            return;
        }
        free_waiting(message);
    }
}

void pfkey_link_dispatch(struct pfkey_link *link)
{
    if (!list_is_empty(&link->waiting))
        retry(link);
    drain(link, NULL);
}

/* ---- while starting ---- */

int pfkey_link_transact(struct pfkey_link *link, struct writer *message,
                        void (*visit)(void *context, const struct pfkey_message *part), void *context)
{
    static uint8_t buffer[RECEIVE_SIZE] __attribute__((aligned(8)));
    struct sadb_msg header;
    struct pfkey_message part;
    struct pollfd readable = {.fd = link->fd, .events = POLLIN};
    uint32_t sequence = ++link->sequence;
    if (!pfkey_end(message, sequence, link->pid))
        return EMSGSIZE;
    memcpy(&header, message->data, sizeof(header));
    bool is_dump = header.sadb_msg_type == SADB_DUMP || header.sadb_msg_type == SADB_X_SPDDUMP;
    if (send(link->fd, message->data, message->size, 0) < 0)
        return errno;
    while (poll(&readable, 1, START_TIMEOUT_MSEC) > 0) {
        ssize_t size = recv(link->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
        bool is_answer = size >= 0 && pfkey_read(bytes_of(buffer, (size_t)size), &part) &&
                         part.pid == link->pid && part.type == header.sadb_msg_type;
        if (is_answer && part.error == 0 && visit != NULL)
            visit(context, &part);
        int failure = is_answer ? part.error : 0;
        bool is_last = is_answer && (!is_dump || part.sequence == 0 || part.error != 0);
        if (size > 0)
            secret_wipe(buffer, (size_t)size);
        if (is_last)
            return failure;
    }
    return ETIMEDOUT;
}
