/* At the start of the XFRM back end: can this kernel do ESP, and what has a daemon that crashed left in it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "kernel/xfrm.h"

enum { MESSAGE_SIZE = 1024, PROBE_SPI = 0x53747978, KEY_BITS = 160 };

static const uint8_t probe_address[4] = {127, 0, 0, 1};

static struct nlmsghdr *start(uint8_t *buffer, uint16_t type, uint16_t flags, size_t header_size)
{
    memset(buffer, 0, MESSAGE_SIZE);
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = type;
    message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    mnl_nlmsg_put_extra_header(message, header_size);
    return message;
}

static void remove_probe(struct xfrm_link *link, uint8_t *buffer)
{
    struct nlmsghdr *message = start(buffer, XFRM_MSG_DELSA, NLM_F_ACK, sizeof(struct xfrm_usersa_id));
    struct xfrm_usersa_id *id = mnl_nlmsg_get_payload(message);
    id->spi = htonl(PROBE_SPI);
    id->family = AF_INET;
    id->proto = IPPROTO_ESP;
    memcpy(&id->daddr, probe_address, sizeof(probe_address));
    (void)xfrm_link_transact(link, message, NULL, NULL);
}

/* An SA from this host to itself, with a mandatory algorithm (RFC 8221), added and taken away. */
bool xfrm_probe(struct xfrm_link *link, struct error *error)
{
    uint8_t buffer[MESSAGE_SIZE] __attribute__((aligned(8)));
    uint8_t algorithm_bytes[sizeof(struct xfrm_algo_aead) + KEY_BITS / 8] = {0};
    struct xfrm_algo_aead *algorithm = (struct xfrm_algo_aead *)(void *)algorithm_bytes;
    struct nlmsghdr *message =
        start(buffer, XFRM_MSG_NEWSA, NLM_F_ACK | NLM_F_CREATE, sizeof(struct xfrm_usersa_info));
    struct xfrm_usersa_info *info = mnl_nlmsg_get_payload(message);
    info->id.spi = htonl(PROBE_SPI);
    info->id.proto = IPPROTO_ESP;
    info->family = AF_INET;
    info->mode = XFRM_MODE_TUNNEL;
    info->lft.hard_byte_limit = info->lft.hard_packet_limit = XFRM_INF;
    memcpy(&info->id.daddr, probe_address, sizeof(probe_address));
    memcpy(&info->saddr, probe_address, sizeof(probe_address));
    snprintf(algorithm->alg_name, sizeof(algorithm->alg_name), "rfc4106(gcm(aes))");
    algorithm->alg_key_len = KEY_BITS;
    algorithm->alg_icv_len = 128;
    mnl_attr_put(message, XFRMA_ALG_AEAD, sizeof(algorithm_bytes), algorithm_bytes);
    int failure = xfrm_link_transact(link, message, NULL, NULL);
    if (failure == 0 || failure == EEXIST) {
        remove_probe(link, buffer);
        return true;
    }
    return error_set(error, failure, "this kernel has no ESP: %s", strerror(failure));
}

/* ---- leftovers ---- */

struct leftovers {
    size_t count, capacity;
    bool is_of_sas;
    union {
        struct xfrm_usersa_id *sas;
        struct xfrm_userpolicy_id *policies;
        void *list;
    };
};

static bool bears_signature(uint32_t number)
{
    return number >> XFRM_SIGNATURE_SHIFT == XFRM_SIGNATURE;
}

static bool make_room(struct leftovers *leftovers, size_t size)
{
    if (leftovers->count < leftovers->capacity)
        return true;
    size_t capacity = leftovers->capacity * 2 + 64;
    void *larger = realloc(leftovers->list, capacity * size);
    if (larger == NULL)
        return false;
    leftovers->list = larger;
    leftovers->capacity = capacity;
    return true;
}

static int note_sa(const struct nlmsghdr *part, void *context)
{
    struct leftovers *leftovers = context;
    struct xfrm_usersa_info info;
    memcpy(&info, mnl_nlmsg_get_payload(part), sizeof(info));
    if (part->nlmsg_type != XFRM_MSG_NEWSA || !bears_signature(info.seq) ||
        !make_room(leftovers, sizeof(leftovers->sas[0])))
        return MNL_CB_OK;
    leftovers->sas[leftovers->count++] = (struct xfrm_usersa_id){
        .daddr = info.id.daddr, .spi = info.id.spi, .family = info.family, .proto = info.id.proto};
    return MNL_CB_OK;
}

static int note_policy(const struct nlmsghdr *part, void *context)
{
    struct leftovers *leftovers = context;
    struct xfrm_userpolicy_info info;
    memcpy(&info, mnl_nlmsg_get_payload(part), sizeof(info));
    if (part->nlmsg_type != XFRM_MSG_NEWPOLICY || !bears_signature(info.index) ||
        !make_room(leftovers, sizeof(leftovers->policies[0])))
        return MNL_CB_OK;
    leftovers->policies[leftovers->count++] =
        (struct xfrm_userpolicy_id){.sel = info.sel, .index = info.index, .dir = info.dir};
    return MNL_CB_OK;
}

static void delete_noted(struct backend *backend, const struct leftovers *leftovers)
{
    struct kernel_ticket ticket = {.purpose = XFRM_PURPOSE_CHANGE, .may_be_missing = true};
    size_t size = leftovers->is_of_sas ? sizeof(leftovers->sas[0]) : sizeof(leftovers->policies[0]);
    for (size_t i = 0; i < leftovers->count; i++) {
        struct nlmsghdr *message =
            xfrm_link_begin(&backend->link, leftovers->is_of_sas ? XFRM_MSG_DELSA : XFRM_MSG_DELPOLICY,
                            NLM_F_ACK, (const uint8_t *)leftovers->list + i * size, size);
        xfrm_link_end(&backend->link, message, &ticket);
    }
    xfrm_link_flush(&backend->link);
}

static size_t remove_kind(struct backend *backend, bool is_of_sas)
{
    uint8_t buffer[MESSAGE_SIZE] __attribute__((aligned(8)));
    struct leftovers leftovers = {.is_of_sas = is_of_sas};
    struct nlmsghdr *message =
        start(buffer, is_of_sas ? XFRM_MSG_GETSA : XFRM_MSG_GETPOLICY, NLM_F_DUMP,
              is_of_sas ? sizeof(struct xfrm_usersa_id) : sizeof(struct xfrm_userpolicy_id));
    (void)xfrm_link_transact(&backend->link, message, is_of_sas ? note_sa : note_policy, &leftovers);
    delete_noted(backend, &leftovers);
    free(leftovers.list);
    return leftovers.count;
}

void xfrm_remove_leftovers(struct backend *backend)
{
    char line[120];
    size_t policies = remove_kind(backend, false), sas = remove_kind(backend, true);
    if (policies + sas == 0)
        return;
    snprintf(line, sizeof(line), "removed %zu policies and %zu SAs that an earlier pluto left in the kernel",
             policies, sas);
    kernel_plane_log(&backend->plane, line);
}
