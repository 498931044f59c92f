/* Netlink to XFRM (linux/xfrm.h) through libmnl: batches, answers by sequence number, events. */
#include "kernel/xfrm_link.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/secret.h"
#include "kernel/netlink_attributes.h"

enum { RECEIVE_SIZE = 65536, RECEIVE_BUFFER_BYTES = 4 << 20, EVENT_BUFFER_BYTES = 16 << 20 };

static struct mnl_socket *open_socket(unsigned groups, int buffer_bytes, struct error *error)
{
    int on = 1;
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_XFRM, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket == NULL || mnl_socket_bind(socket, groups, MNL_SOCKET_AUTOPID) < 0) {
        error_set(error, errno, "cannot open a netlink socket to the kernel's IPsec: %s%s", strerror(errno),
                  errno == EPERM ? " (it takes CAP_NET_ADMIN)" : "");
        if (socket != NULL)
            mnl_socket_close(socket);
        return NULL;
    }
    /* Both only make answers better: short ones, with the kernel's words. */
    (void)mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, sizeof(on));
    (void)mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &on, sizeof(on));
    (void)setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes,
                     sizeof(buffer_bytes));
    (void)setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_SNDBUFFORCE, &buffer_bytes,
                     sizeof(buffer_bytes));
    return socket;
}

static unsigned group_bit(unsigned group)
{
    return 1u << (group - 1);
}

/* Of the groups that tell of every change, our own too, only that all was flushed; and what was asked for. */
static void hear_of_flushes(const struct mnl_socket *socket)
{
    enum { TYPE_AT = 4 };
    static struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE_AT),  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 6, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 5, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    static const uint16_t wanted[] = {XFRM_MSG_ACQUIRE, XFRM_MSG_EXPIRE,      XFRM_MSG_MAPPING,
                                      XFRM_MSG_FLUSHSA, XFRM_MSG_FLUSHPOLICY, NLMSG_ERROR};
    const struct sock_fprog program = {.len = ARRAY_SIZE(filter), .filter = filter};
    static const int groups[] = {XFRMNLGRP_SA, XFRMNLGRP_POLICY};
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
        filter[1 + i].k = htons(wanted[i]);
    if (setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
        (void)mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, (void *)&groups[i], sizeof(groups[i]));
}

bool xfrm_link_open(struct xfrm_link *link, struct error *error)
{
    unsigned groups =
        group_bit(XFRMNLGRP_ACQUIRE) | group_bit(XFRMNLGRP_EXPIRE) | group_bit(XFRMNLGRP_MAPPING);
    link->batch = calloc(1, XFRM_BATCH_SIZE);
    link->requests = open_socket(0, RECEIVE_BUFFER_BYTES, error);
    link->events = link->requests != NULL ? open_socket(groups, EVENT_BUFFER_BYTES, error) : NULL;
    if (link->events != NULL)
        hear_of_flushes(link->events);
    if (link->events != NULL && link->batch != NULL)
        return true;
    if (link->events != NULL)
        error_set(error, ENOMEM, "out of memory");
    xfrm_link_close(link);
    return false;
}

void xfrm_link_close(struct xfrm_link *link)
{
    if (link->requests != NULL)
        mnl_socket_close(link->requests);
    if (link->events != NULL)
        mnl_socket_close(link->events);
    link->requests = link->events = NULL;
    secret_free(link->batch, XFRM_BATCH_SIZE);
    link->batch = NULL;
}

int xfrm_link_events_fd(const struct xfrm_link *link)
{
    return mnl_socket_get_fd(link->events);
}

/* ---- requests ---- */

static void make_room(struct xfrm_link *link)
{
    if (link->ticket_count >= XFRM_BATCH_REQUESTS && !link->is_flushing)
        xfrm_link_flush(link);
    assert(link->ticket_count < XFRM_BATCH_CAPACITY);
}

/* Messages are aligned to four bytes and their headers have larger members: they are copied, never pointed
 * to. */
struct nlmsghdr *xfrm_link_begin(struct xfrm_link *link, uint16_t type, uint16_t flags, const void *header,
                                 size_t header_size)
{
    make_room(link);
    struct nlmsghdr *message = mnl_nlmsg_put_header(link->batch + link->size);
    message->nlmsg_type = type;
    message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    message->nlmsg_pid = mnl_socket_get_portid(link->requests); /* a notification bears it again */
    memcpy(mnl_nlmsg_put_extra_header(message, header_size), header, header_size);
    return message;
}

void xfrm_link_end(struct xfrm_link *link, struct nlmsghdr *message, const struct kernel_ticket *ticket)
{
    message->nlmsg_seq = ++link->sequence;
    link->tickets[link->ticket_count++] = *ticket;
    link->size += NLMSG_ALIGN(message->nlmsg_len);
}

/* The text that an extended acknowledgement carries behind the header of the request (NLM_F_CAPPED). */
static const char *words_of(const struct nlmsghdr *message)
{
    struct nlattr *attribute;
    if ((message->nlmsg_flags & NLM_F_ACK_TLVS) == 0)
        return "";
    NETLINK_ATTRIBUTES(attribute, message, sizeof(struct nlmsgerr))
    {
        if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG &&
            mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
            return mnl_attr_get_str(attribute);
    }
    return "";
}

/* What one flush has sent. */
struct round {
    uint32_t first; /* sequence number of tickets[0] */
    size_t count;
    bool is_answered[XFRM_BATCH_CAPACITY];
    struct kernel_ticket tickets[XFRM_BATCH_CAPACITY];
};

static void hand_out(struct xfrm_link *link, const struct nlmsghdr *message, struct round *round)
{
    size_t index = message->nlmsg_seq - round->first;
    bool is_for_us = message->nlmsg_pid == mnl_socket_get_portid(link->requests);
    if (!is_for_us || index >= round->count || round->is_answered[index])
        return;
    int failure = 0;
    const char *words = "";
    bool is_error = message->nlmsg_type == NLMSG_ERROR;
    if (is_error) {
        const struct nlmsgerr *answer = mnl_nlmsg_get_payload(message);
        failure = -answer->error;
        words = words_of(message);
    }
    round->is_answered[index] = true;
    link->on_answer(link->context, &round->tickets[index], failure, words, is_error ? NULL : message);
}

static void read_answers(struct xfrm_link *link, struct round *round)
{
    static uint8_t buffer[RECEIVE_SIZE] __attribute__((aligned(8)));
    for (;;) {
        ssize_t size = recv(mnl_socket_get_fd(link->requests), buffer, sizeof(buffer), MSG_DONTWAIT);
        if (size < 0 && (errno == EINTR || errno == ENOBUFS))
            continue;
        if (size < 0)
            break;
        int left = (int)size;
        for (struct nlmsghdr *message = (void *)buffer; mnl_nlmsg_ok(message, left);
             message = mnl_nlmsg_next(message, &left))
            hand_out(link, message, round);
    }
    secret_wipe(buffer, sizeof(buffer));
}

/* What was not sent, or whose answer was lost for want of memory, has failed. */
static void give_up_unanswered(struct xfrm_link *link, const struct round *round, int failure)
{
    for (size_t i = 0; i < round->count; i++)
        if (!round->is_answered[i])
            link->on_answer(link->context, &round->tickets[i], failure, "", NULL);
}

static void flush_once(struct xfrm_link *link)
{
    struct round round = {.count = link->ticket_count,
                          .first = link->sequence + 1 - (uint32_t)link->ticket_count};
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    memcpy(round.tickets, link->tickets, round.count * sizeof(round.tickets[0]));
    ssize_t sent = sendto(mnl_socket_get_fd(link->requests), link->batch, link->size, 0,
                          (struct sockaddr *)&kernel, sizeof(kernel));
    int failure = sent < 0 ? errno : ENOBUFS;
    secret_wipe(link->batch, link->size);
    link->ticket_count = 0;
    link->size = 0;
    read_answers(link, &round);
    give_up_unanswered(link, &round, failure);
}

void xfrm_link_flush(struct xfrm_link *link)
{
    if (link->is_flushing)
        return;
    link->is_flushing = true;
    while (link->ticket_count > 0)
        flush_once(link);
    link->is_flushing = false;
}

/* The kernel tells of what is deleted to those who have joined a group; it sends the notification, with the
 * request's numbers, before it acknowledges the request. */
void xfrm_link_tell_of_sas(struct xfrm_link *link, bool is_wanted)
{
    int group = XFRMNLGRP_SA;
    (void)mnl_socket_setsockopt(link->requests, is_wanted ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP,
                                &group, sizeof(group));
}

/* ---- events ---- */

void xfrm_link_read_events(struct xfrm_link *link)
{
    static uint8_t buffer[RECEIVE_SIZE] __attribute__((aligned(8)));
    enum { READS_AT_ONCE = 64 };
    for (int reads = 0; reads < READS_AT_ONCE; reads++) {
        ssize_t size = recv(mnl_socket_get_fd(link->events), buffer, sizeof(buffer), MSG_DONTWAIT);
        if (size < 0 && errno == ENOBUFS) {
            link->on_overrun(link->context);
            continue;
        }
        if (size < 0)
            return;
        int left = (int)size;
        for (struct nlmsghdr *message = (void *)buffer; mnl_nlmsg_ok(message, left);
             message = mnl_nlmsg_next(message, &left))
            link->on_event(link->context, message);
    }
}

/* ---- while starting ---- */

int xfrm_link_transact(struct xfrm_link *link, struct nlmsghdr *message,
                       int (*visit)(const struct nlmsghdr *part, void *context), void *context)
{
    static uint8_t buffer[RECEIVE_SIZE] __attribute__((aligned(8)));
    int fd = mnl_socket_get_fd(link->requests), flags = fcntl(fd, F_GETFL);
    unsigned port = mnl_socket_get_portid(link->requests);
    int result = MNL_CB_OK;
    message->nlmsg_seq = ++link->sequence;
    if (mnl_socket_sendto(link->requests, message, message->nlmsg_len) < 0)
        return errno;
    fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    while (result > MNL_CB_STOP) {
        ssize_t size = recv(fd, buffer, sizeof(buffer), 0);
        result = size < 0 ? MNL_CB_ERROR
                          : mnl_cb_run(buffer, (size_t)size, message->nlmsg_seq, port, visit, context);
    }
    int failure = result == MNL_CB_ERROR ? errno : 0;
    fcntl(fd, F_SETFL, flags);
    return failure;
}
