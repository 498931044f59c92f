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

#include "kernel/netlink_attributes.h"
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

/* The kernel takes a policy's mark and interface for parts of its name. */
struct leftover {
    union {
        struct xfrm_usersa_id sa;
        struct xfrm_userpolicy_id policy;
    };
    struct xfrm_mark mark;
    uint32_t interface_id;
};

struct leftovers {
    size_t count, capacity;
    bool is_of_sas;
    struct leftover *list;
};

static bool bears_signature(uint32_t number)
{
    return number >> XFRM_SIGNATURE_SHIFT == XFRM_SIGNATURE;
}

static void note(struct leftovers *leftovers, const struct leftover *found)
{
    if (leftovers->count == leftovers->capacity) {
        size_t capacity = leftovers->capacity * 2 + 64;
        struct leftover *larger = realloc(leftovers->list, capacity * sizeof(*larger));
        if (larger == NULL)
            return;
        leftovers->list = larger;
        leftovers->capacity = capacity;
    }
    leftovers->list[leftovers->count++] = *found;
}

static int note_sa(const struct nlmsghdr *part, void *context)
{
    struct leftovers *leftovers = context;
    struct xfrm_usersa_info info;
    memcpy(&info, mnl_nlmsg_get_payload(part), sizeof(info));
    struct leftover found = {
        .sa = {.daddr = info.id.daddr, .spi = info.id.spi, .family = info.family, .proto = info.id.proto}};
    if (part->nlmsg_type == XFRM_MSG_NEWSA && bears_signature(info.seq))
        note(leftovers, &found);
    return MNL_CB_OK;
}

static int note_policy(const struct nlmsghdr *part, void *context)
{
    struct leftovers *leftovers = context;
    struct xfrm_userpolicy_info info;
    memcpy(&info, mnl_nlmsg_get_payload(part), sizeof(info));
    struct leftover found = {.policy = {.sel = info.sel, .index = info.index, .dir = info.dir}};
    struct nlattr *attribute;
    if (part->nlmsg_type != XFRM_MSG_NEWPOLICY || !bears_signature(info.index))
        return MNL_CB_OK;
    NETLINK_ATTRIBUTES(attribute, part, sizeof(info))
    {
        uint16_t type = mnl_attr_get_type(attribute), size = mnl_attr_get_payload_len(attribute);
        if (type == XFRMA_MARK && size == sizeof(found.mark))
            memcpy(&found.mark, mnl_attr_get_payload(attribute), sizeof(found.mark));
        else if (type == XFRMA_IF_ID && size == sizeof(found.interface_id))
            found.interface_id = mnl_attr_get_u32(attribute);
    }
    note(leftovers, &found);
    return MNL_CB_OK;
}

static void delete_noted(struct backend *backend, const struct leftovers *leftovers)
{
    struct kernel_ticket ticket = {.purpose = XFRM_PURPOSE_CHANGE, .may_be_missing = true};
    uint16_t type = leftovers->is_of_sas ? XFRM_MSG_DELSA : XFRM_MSG_DELPOLICY;
    size_t size = leftovers->is_of_sas ? sizeof(struct xfrm_usersa_id) : sizeof(struct xfrm_userpolicy_id);
    for (size_t i = 0; i < leftovers->count; i++) {
        const struct leftover *leftover = &leftovers->list[i];
        struct nlmsghdr *message = xfrm_link_begin(&backend->link, type, NLM_F_ACK, &leftover->sa, size);
        if (leftover->mark.m != 0)
            mnl_attr_put(message, XFRMA_MARK, sizeof(leftover->mark), &leftover->mark);
        if (leftover->interface_id != 0)
            mnl_attr_put_u32(message, XFRMA_IF_ID, leftover->interface_id);
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
