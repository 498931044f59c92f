/*
 * Rules for netfilter's log: see traffic_log.h. Packets of our device, or those of which the kernel says that
 * IPsec has to do with them, are asked about: coming in before anything else, going out after all else.
 */
#include "kernel/traffic_log.h"

#include <netinet/in.h> /* before the kernel's own headers, which give way to it */

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "kernel/clear_maps.h"
#include "kernel/nft_pass_others.h"
#include "kernel/policy_order.h"
#include "kernel/policy_slots.h"

enum { CHANGES_AT_ONCE = 256, PRIORITY_IN = -150, PRIORITY_OUT = 150, GROUPS = 65536 };

static const char chain_in[] = "in", chain_out[] = "out";

/* What a connection wants. */
struct logged_policy {
    struct claimed_policy claimed;
    uint16_t group;
};

struct traffic_log {
    struct traffic_log_settings settings;
    struct policy_orders orders;
    size_t given; /* the giver's: policies that were to be logged; 0: there is nothing to delete */
    /* The rest is the queue's. */
    bool is_open, has_complained;
    struct nft_link link;
    struct clear_maps in, out;
    struct policy_slots slots;
    uint8_t has_chain[GROUPS / 8];
};

static void complain(struct traffic_log *log, const char *reason)
{
    char line[160];
    if (log->has_complained)
        return;
    log->has_complained = true;
    snprintf(line, sizeof(line),
             "packets cannot be handed to netfilter's log (nflog-group=, nflog-all=): %.80s", reason);
    log->settings.log(log->settings.context, line);
}

/* ---- the table ---- */

static void put_log_rule(struct nft_link *link, const char *chain, uint16_t group, const char *prefix,
                         bool ends)
{
    struct nft_rule rule = nft_rule_begin(link, chain);
    nft_rule_log(&rule, group, prefix);
    if (ends)
        nft_rule_verdict(&rule, NF_ACCEPT, NULL);
    nft_rule_end(link, &rule);
}

static void put_direction(struct traffic_log *log, const char *base, const char *chain, int hook,
                          int priority, bool is_inbound)
{
    nft_put_chain(&log->link, chain, -1, 0);
    nft_put_chain(&log->link, base, hook, priority);
    nft_put_pass_others(&log->link, base, log->settings.interface_index, is_inbound);
    if (log->settings.group_of_all != 0)
        put_log_rule(&log->link, base, log->settings.group_of_all, "all-ipsec", false);
    struct nft_rule rule = nft_rule_begin(&log->link, base);
    nft_rule_verdict(&rule, NFT_JUMP, chain);
    nft_rule_end(&log->link, &rule);
}

static void put_table(struct traffic_log *log, uint32_t flags)
{
    nft_put_table(&log->link, NFT_MSG_NEWTABLE, flags);
    put_direction(log, "incoming", chain_in, NF_INET_PRE_ROUTING, PRIORITY_IN, true);
    put_direction(log, "outgoing", chain_out, NF_INET_POST_ROUTING, PRIORITY_OUT, false);
}

/* With the owner's flag (Linux 5.12) the table goes with our socket; one without it may be a dead pluto's. */
static bool make_table(struct traffic_log *log, struct error *error)
{
    if (!nft_link_open(&log->link, log->settings.name, error))
        return false;
    nft_put_table(&log->link, NFT_MSG_DELTABLE, 0);
    (void)nft_link_commit(&log->link);
    put_table(log, NFT_TABLE_F_OWNER);
    int failure = nft_link_commit(&log->link);
    if (failure == EOPNOTSUPP || failure == EINVAL) {
        put_table(log, 0);
        failure = nft_link_commit(&log->link);
    }
    return failure == 0 || error_set(error, failure, "nf_tables: %s", strerror(failure));
}

/* Once, when the first packet is to be logged. */
static bool is_ready(struct traffic_log *log)
{
    struct error error = {0};
    if (!log->is_open && make_table(log, &error))
        log->is_open = true;
    else if (!log->is_open) {
        nft_link_close(&log->link);
        complain(log, error.text);
    }
    return log->is_open;
}

/* A chain for each group that is in use; it stays, for they are few. False, and a line in the log: it is not
 * there, and what led to it would keep all else from coming into force. */
static bool need_chain(struct traffic_log *log, uint16_t group)
{
    char chain[CLEAR_CHAIN_NAME_SIZE];
    uint8_t bit = (uint8_t)(1u << group % 8);
    if ((log->has_chain[group / 8] & bit) != 0)
        return true;
    clear_maps_name_chain(group, chain);
    nft_put_chain(&log->link, chain, -1, 0);
    put_log_rule(&log->link, chain, group, "ipsec", true);
    int failure = nft_link_commit(&log->link);
    if (failure != 0)
        complain(log, strerror(failure));
    else
        log->has_chain[group / 8] |= bit;
    return failure == 0;
}

/* ---- policies ---- */

static void install(void *context, struct policy_slot *slot, struct claimed_policy *best)
{
    struct traffic_log *log = context;
    struct packet_selector outbound = slot->key.selector, inbound = packet_selector_reversed(&outbound);
    uint32_t priority = best != NULL ? policy_slots_priority(best, &outbound) : 0;
    int group = best != NULL ? CONTAINER_OF(best, struct logged_policy, claimed)->group : CLEAR_NOTHING;
    if (!clear_shape_can_tell(&outbound))
        return;
    if (best != NULL && !need_chain(log, (uint16_t)group))
        group = CLEAR_NOTHING;
    const char *failure = clear_maps_set(&log->in, &inbound, priority, group);
    if (failure == NULL)
        failure = clear_maps_set(&log->out, &outbound, priority, group);
    if (failure != NULL)
        complain(log, failure);
}

static void free_policy(void *context, struct claimed_policy *policy)
{
    (void)context;
    free(CONTAINER_OF(policy, struct logged_policy, claimed));
}

/* What waits together is one transaction, unless it gets too large. */
static void commit_if_many(struct traffic_log *log)
{
    if (log->in.changed_count >= CHANGES_AT_ONCE)
        traffic_log_commit(log);
}

static void set_policy(void *context, const struct kernel_policy *wanted)
{
    struct traffic_log *log = context;
    struct logged_policy *policy = is_ready(log) ? calloc(1, sizeof(*policy)) : NULL;
    if (policy == NULL)
        return;
    policy->claimed.policy_id = wanted->policy_id;
    policy->claimed.action = wanted->action;
    policy->claimed.priority = wanted->priority;
    policy->group = wanted->nflog_group;
    const char *failure = policy_slots_set(&log->slots, &policy->claimed, wanted);
    if (failure != NULL)
        complain(log, failure);
    commit_if_many(log);
}

static void delete_policy(void *context, uint64_t policy_id)
{
    struct traffic_log *log = context;
    policy_slots_delete(&log->slots, policy_id);
    commit_if_many(log);
}

void traffic_log_commit(struct traffic_log *log)
{
    if (log == NULL || !log->is_open)
        return;
    int of_in = clear_maps_commit(&log->in), of_out = clear_maps_commit(&log->out);
    if (of_in != 0 || of_out != 0)
        complain(log, strerror(of_in != 0 ? of_in : of_out));
    else
        log->has_complained = false;
}

/* ---- orders ---- */

void traffic_log_set(struct traffic_log *log, const struct kernel_policy *policy)
{
    if (log == NULL || policy->nflog_group == 0)
        return;
    if (policy->action != POLICY_PROTECT) {
        traffic_log_delete(log, policy->policy_id);
        return;
    }
    log->given++;
    policy_orders_set(&log->orders, policy);
}

void traffic_log_delete(struct traffic_log *log, uint64_t policy_id)
{
    if (log != NULL && log->given > 0)
        policy_orders_forget(&log->orders, policy_id);
}

/* ---- birth and death ---- */

static bool init_maps(struct traffic_log *log, struct clear_maps *maps, const char *chain)
{
    maps->link = &log->link;
    maps->chain = maps->map_name = chain;
    maps->leads_to_chains = true;
    maps->knows_way_back = true; /* it is not asked */
    (void)!getrandom(maps->hash_key, sizeof(maps->hash_key), 0);
    return clear_maps_init(maps);
}

struct traffic_log *traffic_log_open(const struct traffic_log_settings *settings, struct order_queue *orders)
{
    struct traffic_log *log = calloc(1, sizeof(*log));
    if (log == NULL)
        return NULL;
    log->settings = *settings;
    log->orders =
        (struct policy_orders){.queue = orders, .set = set_policy, .forget = delete_policy, .context = log};
    log->slots.install = install;
    log->slots.free_policy = free_policy;
    log->slots.context = log;
    (void)!getrandom(log->slots.hash_key, sizeof(log->slots.hash_key), 0);
    bool has_slots = policy_slots_init(&log->slots);
    bool has_in = init_maps(log, &log->in, chain_in), has_out = init_maps(log, &log->out, chain_out);
    if (!has_slots || !has_in || !has_out) {
        traffic_log_close(log);
        return NULL;
    }
    if (settings->group_of_all != 0)
        (void)is_ready(log);
    return log;
}

void traffic_log_close(struct traffic_log *log)
{
    if (log == NULL)
        return;
    if (log->is_open) {
        nft_put_table(&log->link, NFT_MSG_DELTABLE, 0);
        (void)nft_link_commit(&log->link);
    }
    policy_slots_free(&log->slots);
    clear_maps_free(&log->in);
    clear_maps_free(&log->out);
    nft_link_close(&log->link);
    free(log);
}
