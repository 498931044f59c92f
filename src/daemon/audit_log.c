/* Records for the Linux audit system, by NETLINK_AUDIT: see audit_log.h. */
#include "daemon/audit_log.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/daemon.h"

/* Of linux/audit.h and libaudit.h: user messages of cryptography. */
enum { RECORD_IKE_SA = 2408, RECORD_IPSEC_SA = 2409 };

enum {
    CLOSE_SECONDS_MAX = 2,
    ASK_AGAIN_SECONDS = 10,
    ANSWER_SECONDS_MAX = 1,
    CHANNEL_BYTES = 4 << 20,
    GATHER_NSEC = 10000000
};

/* The kernel lets a sender wait for auditd, so a thread of its own sends what the loop puts into the channel:
 * the first record after a rest at once, those of a busy time gathered, for being woken costs more. */
struct audit_log {
    int descriptor; /* netlink */
    int channel[2]; /* the loop's end and the thread's */
    pthread_t thread;
    uint64_t lost;
    bool is_enabled; /* atomic: the kernel would do something with records */
};

struct record {
    struct nlmsghdr header;
    char text[AUDIT_RECORD_SIZE];
};

/* ---- the text ---- */

enum outcome { NO_OUTCOME, STARTED, FAILED, DESTROYED };

/* Which SA an event is of, and what has become of it. */
static enum outcome outcome_of(const struct report *event, bool *ret_is_child)
{
    *ret_is_child = false;
    switch (event->event) {
    case EVENT_CHILD_UP:
    case EVENT_CHILD_REKEYED:
        *ret_is_child = true;
        return STARTED;
    case EVENT_IKE_UP:
    case EVENT_IKE_REKEYED:
        return STARTED;
    case EVENT_CHILD_DOWN:
        *ret_is_child = true;
        return DESTROYED;
    case EVENT_IKE_DOWN:
        return DESTROYED;
    case EVENT_FAILED:
        *ret_is_child = event->child_serial != 0;
        return FAILED;
    default:
        return NO_OUTCOME;
    }
}

/* A value in quotes, or in hexadecimal where it holds what would end it, as auditd's tools read it. */
static void add_string(struct text *text, const char *key, const char *value)
{
    bool is_plain = true;
    for (const char *at = value; *at != '\0'; at++)
        is_plain = is_plain && *at > ' ' && *at != '"' && (unsigned char)*at < 0x7f;
    text_add(text, is_plain ? " %s=\"" : " %s=", key);
    if (is_plain)
        text_add(text, "%s\"", value);
    for (const char *at = value; !is_plain && *at != '\0'; at++)
        text_add(text, "%02X", (unsigned char)*at);
}

static const char *name_of(const struct algorithm *algorithm)
{
    return algorithm != NULL ? algorithm->name : "none";
}

static void add_cipher(struct text *text, const struct suite *suite)
{
    text_add(text, " cipher=%s ksize=%u integ=%s", name_of(suite->encr), suite->encr_key_bits,
             name_of(suite->integ));
}

static void add_ike(struct text *text, const struct report *event, const struct ike_view *ike)
{
    if (ike != NULL)
        text_add(text, " direction=%s", ike->is_initiator ? "initiator" : "responder");
    add_string(text, "conn-name", event->connection != NULL ? event->connection : "?");
    text_add(text, " connstate=%llu", (unsigned long long)event->ike_serial);
    if (ike == NULL)
        return;
    text_add(text, " ike-version=%u.0", ike->version);
    if (ike->suite == NULL)
        return;
    add_cipher(text, ike->suite);
    text_add(text, " prf=%s pfs=%s", name_of(ike->suite->prf), name_of(ike->suite->ke));
}

static void add_child(struct text *text, const struct report *event, const struct child_view *child)
{
    add_string(text, "conn-name", event->connection != NULL ? event->connection : "?");
    text_add(text, " connstate=%llu,", (unsigned long long)event->child_serial);
    if (child == NULL || child->suite == NULL)
        return;
    text_add(text, " satype=%s samode=%s", child->suite->protocol == PROTOCOL_AH ? "ipsec-ah" : "ipsec-esp",
             child->mode == MODE_TRANSPORT ? "transport" : "tunnel");
    add_cipher(text, child->suite);
    text_add(text, " in-spi=%u(0x%08x) out-spi=%u(0x%08x) in-ipcomp=%u(0x%08x) out-ipcomp=%u(0x%08x)",
             child->spi_in, child->spi_in, child->spi_out, child->spi_out, child->cpi_in, child->cpi_in,
             child->cpi_out, child->cpi_out);
}

unsigned audit_record_of(const struct report *event, const struct ike_view *ike,
                         const struct child_view *child, char *out, size_t size)
{
    bool is_child;
    enum outcome outcome = outcome_of(event, &is_child);
    struct text text = text_of(out, size);
    char address[ADDRESS_TEXT_SIZE] = "?";
    if (outcome == NO_OUTCOME)
        return 0;
    text_add(&text, "op=%s", outcome == DESTROYED ? "destroy" : "start");
    if (is_child)
        add_child(&text, event, child);
    else
        add_ike(&text, event, ike);
    if (ike != NULL)
        address_text(&ike->path.remote.address, address);
    else if (child != NULL)
        address_text(&child->remote.address, address);
    text_add(&text, " raddr=%s exe=\"%s/pluto\" hostname=? addr=%s terminal=? res=%s", address,
             daemon_exec_dir(), address, outcome == FAILED ? "failed" : "success");
    return is_child ? RECORD_IPSEC_SA : RECORD_IKE_SA;
}

/* ---- the kernel ---- */

static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

static void set_limit(int descriptor, int seconds)
{
    const struct timeval limit = {.tv_sec = seconds};
    (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

/* Most machines run without auditing, and then making records is for nothing. True where the kernel does not
 * say: the question takes more rights than a record. */
static bool ask_enabled(int descriptor)
{
    const struct nlmsghdr question = {
        .nlmsg_len = NLMSG_LENGTH(0), .nlmsg_type = AUDIT_GET, .nlmsg_flags = NLM_F_REQUEST};
    struct {
        struct nlmsghdr header;
        union {
            struct audit_status status;
            struct nlmsgerr error;
            char rest[512];
        } of;
    } answer = {0};
    if (sendto(descriptor, &question, question.nlmsg_len, MSG_NOSIGNAL, (const struct sockaddr *)&kernel,
               sizeof(kernel)) < 0)
        return true;
    while (recv(descriptor, &answer, sizeof(answer), 0) > 0) {
        if (answer.header.nlmsg_type == AUDIT_GET)
            return answer.of.status.enabled != 0;
        if (answer.header.nlmsg_type == NLMSG_ERROR && answer.of.error.msg.nlmsg_type == AUDIT_GET)
            return true;
    }
    return true;
}

static void note_enabled(struct audit_log *log)
{
    __atomic_store_n(&log->is_enabled, ask_enabled(log->descriptor), __ATOMIC_RELAXED);
}

static void *send_records(void *context)
{
    struct audit_log *log = context;
    const struct timespec gathering = {.tv_nsec = GATHER_NSEC};
    struct record record;
    int flags = 0;
    note_enabled(log);
    for (;;) {
        ssize_t size = recv(log->channel[1], &record, sizeof(record), flags);
        if (size < 0 && (errno == EINTR || errno == EAGAIN)) {
            if (flags == 0)
                note_enabled(log);
            else
                nanosleep(&gathering, NULL);
            flags = 0;
            continue;
        }
        if (size <= 0)
            return NULL;
        flags = MSG_DONTWAIT;
        (void)sendto(log->descriptor, &record, (size_t)size, MSG_NOSIGNAL, (const struct sockaddr *)&kernel,
                     sizeof(kernel));
    }
}

/* Sends an empty message, which the kernel refuses with EINVAL who may write to the audit system, and
 * otherwise before it looks at it. 0, or an errno value. */
static int may_write(int descriptor)
{
    const struct nlmsghdr question = {
        .nlmsg_len = NLMSG_LENGTH(0), .nlmsg_type = AUDIT_USER, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK};
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[512];
    } answer = {0};
    if (sendto(descriptor, &question, question.nlmsg_len, MSG_NOSIGNAL, (const struct sockaddr *)&kernel,
               sizeof(kernel)) < 0)
        return errno;
    /* It answers while the question is sent. */
    if (recv(descriptor, &answer, sizeof(answer), MSG_DONTWAIT) < 0)
        return errno;
    int failure = answer.header.nlmsg_type == NLMSG_ERROR ? -answer.error.error : 0;
    return failure == EINVAL ? 0 : failure;
}

static int start(struct audit_log *log)
{
    log->descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
    const int size = CHANNEL_BYTES;
    int failure = log->descriptor < 0 ? errno : may_write(log->descriptor);
    if (failure == 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, log->channel) != 0)
        failure = errno;
    if (failure == 0) {
        (void)setsockopt(log->channel[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
        set_limit(log->channel[1], ASK_AGAIN_SECONDS);
        set_limit(log->descriptor, ANSWER_SECONDS_MAX);
        log->is_enabled = true;
    }
    return failure != 0 ? failure : pthread_create(&log->thread, NULL, send_records, log);
}

static void free_log(struct audit_log *log)
{
    const int descriptors[] = {log->descriptor, log->channel[0], log->channel[1]};
    for (size_t i = 0; i < ARRAY_SIZE(descriptors); i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
    free(log);
}

struct audit_log *audit_log_open(void)
{
    struct audit_log *log = calloc(1, sizeof(*log));
    if (log == NULL)
        return NULL;
    log->descriptor = log->channel[0] = log->channel[1] = -1;
    int failure = start(log);
    if (failure == 0) {
        log_line("Linux audit activated");
        return log;
    }
    log_line("the audit system is told nothing (audit-log=yes): %s", strerror(failure));
    free_log(log);
    return NULL;
}

/* What waits is still sent, unless auditd keeps the thread waiting: then the end of the process ends it. */
void audit_log_close(struct audit_log *log)
{
    struct timespec limit;
    if (log == NULL)
        return;
    shutdown(log->channel[0], SHUT_WR);
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += CLOSE_SECONDS_MAX;
    if (pthread_timedjoin_np(log->thread, NULL, &limit) == 0)
        free_log(log);
    else
        log_line("the audit system does not take its records; the last of them are lost");
}

static bool put(struct audit_log *log, unsigned type, const char *text)
{
    struct record record = {
        .header = {.nlmsg_type = (uint16_t)type, .nlmsg_flags = NLM_F_REQUEST},
    };
    size_t size = strlen(text) + 1;
    record.header.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
    memcpy(record.text, text, size);
    return send(log->channel[0], &record, NLMSG_ALIGN(record.header.nlmsg_len),
                MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

void audit_log_tell(struct audit_log *log, const struct engine *engine, const struct report *event)
{
    struct ike_view ike;
    struct child_view child;
    char text[AUDIT_RECORD_SIZE - NLMSG_ALIGNTO];
    if (log == NULL || !__atomic_load_n(&log->is_enabled, __ATOMIC_RELAXED))
        return;
    bool has_ike = event->ike_serial != 0 && engine_view_ike_at(engine, event->ike_serial, &ike);
    bool has_child = event->child_serial != 0 && engine_view_child_at(engine, event->child_serial, &child);
    unsigned type =
        audit_record_of(event, has_ike ? &ike : NULL, has_child ? &child : NULL, text, sizeof(text));
    if (type != 0 && !put(log, type, text) && log->lost++ == 0)
        log_line("records for the audit system are lost: %s", strerror(errno));
}
