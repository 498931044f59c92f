/* Transactions of nf_tables through libmnl: see nft_message.h. */
#include "kernel/nft_message.h"

#include <netinet/in.h> /* before the kernel's own headers, which give way to it */

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- the link ---- */

bool nft_link_open(struct nft_link *link, const char *table, struct error *error)
{
    int buffer = 4 * NFT_BATCH_SIZE;
    *link = (struct nft_link){.table = table, .batch = malloc(NFT_BATCH_SIZE)};
    link->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
    if (link->batch == NULL || link->socket == NULL ||
        mnl_socket_bind(link->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
        error_set(error, errno, "cannot open a netlink socket to netfilter: %s", strerror(errno));
        nft_link_close(link);
        return false;
    }
    int fd = mnl_socket_get_fd(link->socket);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
    return true;
}

void nft_link_close(struct nft_link *link)
{
    if (link->socket != NULL)
        mnl_socket_close(link->socket);
    free(link->batch);
    *link = (struct nft_link){0};
}

static struct nlmsghdr *start(struct nft_link *link, uint16_t type, uint16_t flags, uint8_t family,
                              uint16_t resource)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(link->batch + link->size);
    message->nlmsg_type = type;
    message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    message->nlmsg_seq = ++link->sequence;
    struct nfgenmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    header->nfgen_family = family;
    header->version = NFNETLINK_V0;
    header->res_id = htons(resource);
    return message;
}

static void end(struct nft_link *link, const struct nlmsghdr *message)
{
    link->size += NLMSG_ALIGN(message->nlmsg_len);
}

static struct nlmsghdr *begin(struct nft_link *link, uint16_t type, uint16_t flags)
{
    if (link->size == 0) {
        end(link, start(link, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
        link->first_sequence = link->sequence;
    }
    link->last = link->size;
    return start(link, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, NFPROTO_INET, 0);
}

/* What is known of one transaction. */
struct verdict {
    uint32_t first, last;  /* sequence numbers of its messages, of its beginning, of its end */
    uint32_t confirmation; /* of the message that asks for an acknowledgement */
    bool is_confirmed;
    int failure; /* the first one */
};

static void note_answer(struct verdict *verdict, const struct nlmsghdr *message)
{
    bool is_ours = message->nlmsg_seq - verdict->first <= verdict->last - verdict->first;
    if (message->nlmsg_type != NLMSG_ERROR || !is_ours)
        return; /* of a transaction before it */
    const struct nlmsgerr *answer = mnl_nlmsg_get_payload(message);
    if (verdict->failure == 0)
        verdict->failure = -answer->error;
    if (answer->error == 0 && message->nlmsg_seq == verdict->confirmation)
        verdict->is_confirmed = true;
}

/* The kernel works a batch off while it is being sent: all answers are there. Without a failure and without
 * the confirmation they were lost, and what has become of the transaction is not known. */
static int read_answers(const struct nft_link *link, struct verdict *verdict)
{
    uint8_t buffer[16384] __attribute__((aligned(8)));
    for (;;) {
        ssize_t size = recv(mnl_socket_get_fd(link->socket), buffer, sizeof(buffer), MSG_DONTWAIT);
        if (size < 0 && (errno == EINTR || errno == ENOBUFS))
            continue;
        if (size <= 0)
            break;
        int left = (int)size;
        for (struct nlmsghdr *message = (void *)buffer; mnl_nlmsg_ok(message, left);
             message = mnl_nlmsg_next(message, &left))
            note_answer(verdict, message);
    }
    return verdict->failure != 0 || verdict->is_confirmed ? verdict->failure : ENOBUFS;
}

int nft_link_commit(struct nft_link *link)
{
    if (link->size == 0)
        return 0;
    struct nlmsghdr *last = (void *)(link->batch + link->last);
    struct verdict verdict = {.first = link->first_sequence, .confirmation = last->nlmsg_seq};
    last->nlmsg_flags |= NLM_F_ACK;
    end(link, start(link, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
    verdict.last = link->sequence;
    ssize_t sent = mnl_socket_sendto(link->socket, link->batch, link->size);
    link->size = 0;
    return sent < 0 ? errno : read_answers(link, &verdict);
}

/* ---- tables, chains, sets ---- */

static void put_number(struct nlmsghdr *message, uint16_t type, uint32_t value)
{
    mnl_attr_put_u32(message, type, htonl(value));
}

static void put_data(struct nlmsghdr *message, uint16_t type, const void *value, size_t size)
{
    struct nlattr *data = mnl_attr_nest_start(message, type);
    mnl_attr_put(message, NFTA_DATA_VALUE, size, value);
    mnl_attr_nest_end(message, data);
}

static void put_verdict(struct nlmsghdr *message, uint16_t type, int verdict, const char *chain)
{
    struct nlattr *data = mnl_attr_nest_start(message, type);
    struct nlattr *inner = mnl_attr_nest_start(message, NFTA_DATA_VERDICT);
    put_number(message, NFTA_VERDICT_CODE, (uint32_t)verdict);
    if (chain != NULL)
        mnl_attr_put_strz(message, NFTA_VERDICT_CHAIN, chain);
    mnl_attr_nest_end(message, inner);
    mnl_attr_nest_end(message, data);
}

void nft_put_table(struct nft_link *link, uint16_t type, uint32_t flags)
{
    struct nlmsghdr *message = begin(link, type, type == NFT_MSG_NEWTABLE ? NLM_F_CREATE | NLM_F_EXCL : 0);
    mnl_attr_put_strz(message, NFTA_TABLE_NAME, link->table);
    if (type == NFT_MSG_NEWTABLE)
        put_number(message, NFTA_TABLE_FLAGS, flags);
    end(link, message);
}

static void put_chain(struct nft_link *link, const char *name, const char *type, int hook, int priority)
{
    struct nlmsghdr *message = begin(link, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, link->table);
    mnl_attr_put_strz(message, NFTA_CHAIN_NAME, name);
    if (hook >= 0) {
        struct nlattr *data = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);
        put_number(message, NFTA_HOOK_HOOKNUM, (uint32_t)hook);
        put_number(message, NFTA_HOOK_PRIORITY, (uint32_t)priority);
        mnl_attr_nest_end(message, data);
        mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, type);
    }
    end(link, message);
}

void nft_put_chain(struct nft_link *link, const char *name, int hook, int priority)
{
    put_chain(link, name, "filter", hook, priority);
}

void nft_put_nat_chain(struct nft_link *link, const char *name, int hook, int priority)
{
    put_chain(link, name, "nat", hook, priority);
}

void nft_put_chain_deletion(struct nft_link *link, const char *name)
{
    struct nlmsghdr *message = begin(link, NFT_MSG_DELCHAIN, 0);
    mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, link->table);
    mnl_attr_put_strz(message, NFTA_CHAIN_NAME, name);
    end(link, message);
}

void nft_put_flush(struct nft_link *link, const char *chain)
{
    struct nlmsghdr *message = begin(link, NFT_MSG_DELRULE, 0);
    mnl_attr_put_strz(message, NFTA_RULE_TABLE, link->table);
    mnl_attr_put_strz(message, NFTA_RULE_CHAIN, chain);
    end(link, message);
}

void nft_put_set(struct nft_link *link, const char *name, bool is_map, uint32_t key_type, uint32_t key_size)
{
    struct nlmsghdr *message = begin(link, NFT_MSG_NEWSET, NLM_F_CREATE);
    mnl_attr_put_strz(message, NFTA_SET_TABLE, link->table);
    mnl_attr_put_strz(message, NFTA_SET_NAME, name);
    put_number(message, NFTA_SET_ID, link->sequence);
    put_number(message, NFTA_SET_KEY_TYPE, key_type);
    put_number(message, NFTA_SET_KEY_LEN, key_size);
    if (is_map) {
        put_number(message, NFTA_SET_FLAGS, NFT_SET_MAP);
        put_number(message, NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
    }
    end(link, message);
}

void nft_put_set_deletion(struct nft_link *link, const char *name)
{
    struct nlmsghdr *message = begin(link, NFT_MSG_DELSET, 0);
    mnl_attr_put_strz(message, NFTA_SET_TABLE, link->table);
    mnl_attr_put_strz(message, NFTA_SET_NAME, name);
    end(link, message);
}

static void put_element(struct nft_link *link, uint16_t type, const char *set, const void *key,
                        size_t key_size, int verdict, const char *chain)
{
    struct nlmsghdr *message = begin(link, type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0);
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, link->table);
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
    struct nlattr *list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
    struct nlattr *element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
    put_data(message, NFTA_SET_ELEM_KEY, key, key_size);
    if (verdict >= 0 || chain != NULL)
        put_verdict(message, NFTA_SET_ELEM_DATA, verdict, chain);
    mnl_attr_nest_end(message, element);
    mnl_attr_nest_end(message, list);
    end(link, message);
}

void nft_put_element(struct nft_link *link, uint16_t type, const char *set, const void *key, size_t key_size,
                     int verdict)
{
    put_element(link, type, set, key, key_size, verdict, NULL);
}

void nft_put_chain_element(struct nft_link *link, const char *map, const void *key, size_t key_size,
                           const char *chain)
{
    put_element(link, NFT_MSG_NEWSETELEM, map, key, key_size, NFT_JUMP, chain);
}

/* ---- rules ---- */

struct nft_rule nft_rule_begin(struct nft_link *link, const char *chain)
{
    struct nft_rule rule = {.message = begin(link, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND)};
    mnl_attr_put_strz(rule.message, NFTA_RULE_TABLE, link->table);
    mnl_attr_put_strz(rule.message, NFTA_RULE_CHAIN, chain);
    rule.expressions = mnl_attr_nest_start(rule.message, NFTA_RULE_EXPRESSIONS);
    return rule;
}

void nft_rule_end(struct nft_link *link, struct nft_rule *rule)
{
    mnl_attr_nest_end(rule->message, rule->expressions);
    end(link, rule->message);
}

struct expression {
    struct nlattr *element, *data;
};

static struct expression begin_expression(struct nft_rule *rule, const char *name)
{
    struct expression expression = {.element = mnl_attr_nest_start(rule->message, NFTA_LIST_ELEM)};
    mnl_attr_put_strz(rule->message, NFTA_EXPR_NAME, name);
    expression.data = mnl_attr_nest_start(rule->message, NFTA_EXPR_DATA);
    return expression;
}

static void end_expression(struct nft_rule *rule, const struct expression *expression)
{
    mnl_attr_nest_end(rule->message, expression->data);
    mnl_attr_nest_end(rule->message, expression->element);
}

static void put_register(struct nft_rule *rule, uint16_t type, unsigned reg)
{
    put_number(rule->message, type, NFT_REG32_00 + reg);
}

void nft_rule_meta(struct nft_rule *rule, uint32_t key, unsigned reg)
{
    struct expression expression = begin_expression(rule, "meta");
    put_number(rule->message, NFTA_META_KEY, key);
    put_register(rule, NFTA_META_DREG, reg);
    end_expression(rule, &expression);
}

void nft_rule_payload(struct nft_rule *rule, uint32_t base, uint32_t offset, uint32_t size, unsigned reg)
{
    struct expression expression = begin_expression(rule, "payload");
    put_register(rule, NFTA_PAYLOAD_DREG, reg);
    put_number(rule->message, NFTA_PAYLOAD_BASE, base);
    put_number(rule->message, NFTA_PAYLOAD_OFFSET, offset);
    put_number(rule->message, NFTA_PAYLOAD_LEN, size);
    end_expression(rule, &expression);
}

void nft_rule_extension_header(struct nft_rule *rule, uint8_t type, uint32_t offset, uint32_t size,
                               unsigned reg)
{
    struct expression expression = begin_expression(rule, "exthdr");
    put_register(rule, NFTA_EXTHDR_DREG, reg);
    mnl_attr_put_u8(rule->message, NFTA_EXTHDR_TYPE, type);
    put_number(rule->message, NFTA_EXTHDR_OFFSET, offset);
    put_number(rule->message, NFTA_EXTHDR_LEN, size);
    end_expression(rule, &expression);
}

void nft_rule_way_back(struct nft_rule *rule, unsigned reg)
{
    struct expression expression = begin_expression(rule, "fib");
    put_register(rule, NFTA_FIB_DREG, reg);
    put_number(rule->message, NFTA_FIB_RESULT, NFT_FIB_RESULT_OIF);
    put_number(rule->message, NFTA_FIB_FLAGS, NFTA_FIB_F_SADDR);
    end_expression(rule, &expression);
}

void nft_rule_mask(struct nft_rule *rule, unsigned reg, const void *mask, size_t size)
{
    static const uint8_t zeros[16];
    struct expression expression = begin_expression(rule, "bitwise");
    put_register(rule, NFTA_BITWISE_SREG, reg);
    put_register(rule, NFTA_BITWISE_DREG, reg);
    put_number(rule->message, NFTA_BITWISE_LEN, (uint32_t)size);
    put_data(rule->message, NFTA_BITWISE_MASK, mask, size);
    put_data(rule->message, NFTA_BITWISE_XOR, zeros, size);
    end_expression(rule, &expression);
}

static void compare(struct nft_rule *rule, uint32_t operation, unsigned reg, const void *value, size_t size)
{
    struct expression expression = begin_expression(rule, "cmp");
    put_register(rule, NFTA_CMP_SREG, reg);
    put_number(rule->message, NFTA_CMP_OP, operation);
    put_data(rule->message, NFTA_CMP_DATA, value, size);
    end_expression(rule, &expression);
}

void nft_rule_equals(struct nft_rule *rule, unsigned reg, const void *value, size_t size)
{
    compare(rule, NFT_CMP_EQ, reg, value, size);
}

void nft_rule_differs(struct nft_rule *rule, unsigned reg, const void *value, size_t size)
{
    compare(rule, NFT_CMP_NEQ, reg, value, size);
}

void nft_rule_lookup(struct nft_rule *rule, const char *set, unsigned reg, bool is_map)
{
    struct expression expression = begin_expression(rule, "lookup");
    mnl_attr_put_strz(rule->message, NFTA_LOOKUP_SET, set);
    put_register(rule, NFTA_LOOKUP_SREG, reg);
    if (is_map)
        put_number(rule->message, NFTA_LOOKUP_DREG, NFT_REG_VERDICT);
    end_expression(rule, &expression);
}

void nft_rule_verdict(struct nft_rule *rule, int verdict, const char *chain)
{
    struct expression expression = begin_expression(rule, "immediate");
    put_number(rule->message, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    put_verdict(rule->message, NFTA_IMMEDIATE_DATA, verdict, chain);
    end_expression(rule, &expression);
}

void nft_rule_will_be_protected(struct nft_rule *rule, unsigned reg)
{
    struct expression expression = begin_expression(rule, "rt");
    put_register(rule, NFTA_RT_DREG, reg);
    put_number(rule->message, NFTA_RT_KEY, NFT_RT_XFRM);
    end_expression(rule, &expression);
}

void nft_rule_flow_status(struct nft_rule *rule, unsigned reg)
{
    struct expression expression = begin_expression(rule, "ct");
    put_register(rule, NFTA_CT_DREG, reg);
    put_number(rule->message, NFTA_CT_KEY, NFT_CT_STATUS);
    end_expression(rule, &expression);
}

void nft_rule_log(struct nft_rule *rule, uint16_t group, const char *prefix)
{
    struct expression expression = begin_expression(rule, "log");
    mnl_attr_put_u16(rule->message, NFTA_LOG_GROUP, htons(group));
    mnl_attr_put_strz(rule->message, NFTA_LOG_PREFIX, prefix);
    end_expression(rule, &expression);
}

void nft_rule_nat(struct nft_rule *rule, bool is_source, bool is_ipv6, const void *address, size_t size)
{
    struct expression load = begin_expression(rule, "immediate");
    put_register(rule, NFTA_IMMEDIATE_DREG, 0);
    put_data(rule->message, NFTA_IMMEDIATE_DATA, address, size);
    end_expression(rule, &load);
    struct expression expression = begin_expression(rule, "nat");
    put_number(rule->message, NFTA_NAT_TYPE, is_source ? NFT_NAT_SNAT : NFT_NAT_DNAT);
    put_number(rule->message, NFTA_NAT_FAMILY, is_ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
    put_register(rule, NFTA_NAT_REG_ADDR_MIN, 0);
    end_expression(rule, &expression);
}
