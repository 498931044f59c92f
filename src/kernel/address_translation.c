/*
 * Rules that translate addresses: see address_translation.h. Packets of our device, or those of which the
 * kernel says that IPsec has to do with them, are asked about. Each policy has two chains: one that makes
 * the leased address the source of what goes out, one that leads what comes in for it to the host.
 */
#include "kernel/address_translation.h"

#include <netinet/in.h> /* before the kernel's own headers, which give way to it */

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "kernel/clear_maps.h"
#include "kernel/former_leases.h"
#include "kernel/nft_pass_others.h"
#include "kernel/policy_order.h"
#include "kernel/policy_slots.h"

/* Just before the administrator's own translations: what is in a tunnel is none of theirs. */
enum { PRIORITY_IN = -110, PRIORITY_OUT = 90 };

static const char chain_in[] = "in", chain_out[] = "out";

/* One of a policy's two chains, by its number; its memory waits until no map leads there any more. */
struct chain {
    struct claimed_policy claimed;
    unsigned number;
    struct list_node dead;
};

/* What goes out, or what comes in. */
struct direction {
    struct address_translation *owner;
    struct clear_maps maps;
    struct policy_slots slots;
};

struct address_translation {
    struct address_translation_settings settings;
    struct policy_orders orders;
    size_t given; /* the giver's: policies that wanted something; 0: there is nothing to delete */
    /* The rest is the queue's. */
    bool is_open;
    unsigned last_chain;
    struct nft_link link;
    struct direction in, out;
    struct list_node dead_chains;
    struct former_leases leases;
};

static void complain(const struct address_translation *translation, uint64_t policy_id, const char *reason)
{
    char line[160];
    snprintf(line, sizeof(line), "addresses are NOT translated as cat= wants it: %.100s", reason);
    event_queue_push_policy_failure(translation->settings.events, policy_id, line);
}

/* ---- the table ---- */

static void put_direction(struct address_translation *translation, const char *base, const char *chain,
                          int hook, int priority)
{
    nft_put_chain(&translation->link, chain, -1, 0);
    nft_put_nat_chain(&translation->link, base, hook, priority);
    nft_put_pass_others(&translation->link, base, translation->settings.interface_index,
                        hook == NF_INET_PRE_ROUTING);
    struct nft_rule rule = nft_rule_begin(&translation->link, base);
    nft_rule_verdict(&rule, NFT_JUMP, chain);
    nft_rule_end(&translation->link, &rule);
}

static void put_table(struct address_translation *translation, uint32_t flags)
{
    nft_put_table(&translation->link, NFT_MSG_NEWTABLE, flags);
    put_direction(translation, "incoming", chain_in, NF_INET_PRE_ROUTING, PRIORITY_IN);
    put_direction(translation, "outgoing", chain_out, NF_INET_POST_ROUTING, PRIORITY_OUT);
    former_leases_put_chain(&translation->link, translation->settings.interface_index);
}

/* With the owner's flag (Linux 5.12) the table goes with our socket; one without it may be a dead pluto's. */
static bool make_table(struct address_translation *translation, struct error *error)
{
    if (!nft_link_open(&translation->link, translation->settings.name, error))
        return false;
    nft_put_table(&translation->link, NFT_MSG_DELTABLE, 0);
    (void)nft_link_commit(&translation->link);
    put_table(translation, NFT_TABLE_F_OWNER);
    int failure = nft_link_commit(&translation->link);
    if (failure == EOPNOTSUPP || failure == EINVAL) {
        put_table(translation, 0);
        failure = nft_link_commit(&translation->link);
    }
    return failure == 0 ||
           error_set(error, failure, "this kernel's nf_tables cannot do NAT: %s", strerror(failure));
}

/* When the first packet is to be translated; tried again with each policy. */
static bool is_ready(struct address_translation *translation, uint64_t policy_id)
{
    struct error error = {0};
    if (!translation->is_open && make_table(translation, &error))
        translation->is_open = true;
    else if (!translation->is_open) {
        nft_link_close(&translation->link);
        complain(translation, policy_id, error.text);
    }
    return translation->is_open;
}

/* ---- a policy's chains ---- */

static void put_nat_rule(struct nft_link *link, const char *chain, bool is_source,
                         const struct ip_address *address)
{
    struct nft_rule rule = nft_rule_begin(link, chain);
    nft_rule_nat(&rule, is_source, address->family == IP_V6, address->bytes, address_size(address));
    nft_rule_end(link, &rule);
}

/* Sources become the leased address of their family; destinations the host's own, which has one family. */
static void put_chain(struct address_translation *translation, const struct chain *chain, bool is_inbound,
                      const struct kernel_policy *wanted)
{
    struct nft_link *link = &translation->link;
    char name[CLEAR_CHAIN_NAME_SIZE];
    bool has_family[IP_V6 + 1] = {false};
    clear_maps_name_chain(chain->number, name);
    nft_put_chain(link, name, -1, 0);
    if (is_inbound)
        put_nat_rule(link, name, false, &wanted->local_host);
    for (size_t i = 0; i < wanted->local_count && !is_inbound; i++) {
        const struct ip_address *leased = &wanted->local_selectors[i].range.start;
        if (!has_family[leased->family]) {
            former_leases_add(&translation->leases, link, leased);
            put_nat_rule(link, name, true, leased);
        }
        has_family[leased->family] = true;
    }
}

static const char *set_direction(struct direction *direction, const struct kernel_policy *wanted,
                                 bool is_inbound)
{
    struct address_translation *translation = direction->owner;
    struct kernel_policy asked = *wanted;
    struct chain *chain = calloc(1, sizeof(*chain));
    if (chain == NULL)
        return "out of memory";
    if (!is_inbound) {
        asked.local_selectors = wanted->translated_selectors;
        asked.local_count = wanted->translated_count;
    }
    chain->claimed.policy_id = wanted->policy_id;
    chain->claimed.action = wanted->action;
    chain->claimed.priority = wanted->priority;
    chain->number = ++translation->last_chain;
    list_init(&chain->dead);
    put_chain(translation, chain, is_inbound, wanted);
    int failure = nft_link_commit(&translation->link);
    if (failure == 0)
        return policy_slots_set(&direction->slots, &chain->claimed, &asked);
    free(chain);
    return strerror(failure);
}

static void delete_dead_chains(struct address_translation *translation)
{
    char name[CLEAR_CHAIN_NAME_SIZE];
    LIST_EACH(&translation->dead_chains, node)
    {
        struct chain *chain = CONTAINER_OF(node, struct chain, dead);
        if (translation->link.size >= NFT_BATCH_FULL)
            (void)nft_link_commit(&translation->link);
        clear_maps_name_chain(chain->number, name);
        nft_put_chain_deletion(&translation->link, name);
        list_remove(node);
        free(chain);
    }
    (void)nft_link_commit(&translation->link);
}

static int commit(struct address_translation *translation)
{
    int of_in = clear_maps_commit(&translation->in.maps), of_out = clear_maps_commit(&translation->out.maps);
    if (of_in != 0 || of_out != 0)
        return of_in != 0 ? of_in : of_out;
    if (!list_is_empty(&translation->dead_chains))
        delete_dead_chains(translation);
    return 0;
}

void address_translation_commit(struct address_translation *translation)
{
    if (translation != NULL && translation->is_open)
        (void)commit(translation);
}

/* ---- policies ---- */

static void install(void *context, struct policy_slot *slot, struct claimed_policy *best)
{
    struct direction *direction = context;
    bool is_inbound = direction == &direction->owner->in;
    struct packet_selector selector = slot->key.selector;
    uint32_t priority = best != NULL ? policy_slots_priority(best, &selector) : 0;
    int chain = best != NULL ? (int)CONTAINER_OF(best, struct chain, claimed)->number : CLEAR_NOTHING;
    if (is_inbound)
        selector = packet_selector_reversed(&selector);
    const char *failure = clear_shape_can_tell(&selector)
                              ? clear_maps_set(&direction->maps, &selector, priority, chain)
                              : "types of ICMP cannot be told apart";
    if (failure != NULL && best != NULL)
        complain(direction->owner, best->policy_id, failure);
}

static void free_policy(void *context, struct claimed_policy *policy)
{
    struct direction *direction = context;
    list_append(&direction->owner->dead_chains, &CONTAINER_OF(policy, struct chain, claimed)->dead);
}

/* In force before the next order, which may be that of its routes: a flow's first packet decides. */
static void set_policy(void *context, const struct kernel_policy *wanted)
{
    struct address_translation *translation = context;
    if (!is_ready(translation, wanted->policy_id))
        return;
    const char *failure = set_direction(&translation->out, wanted, false);
    if (failure == NULL)
        failure = set_direction(&translation->in, wanted, true);
    int of_commit = commit(translation);
    if (failure == NULL && of_commit != 0)
        failure = strerror(of_commit);
    if (failure != NULL)
        complain(translation, wanted->policy_id, failure);
}

static void delete_policy(void *context, uint64_t policy_id)
{
    struct address_translation *translation = context;
    policy_slots_delete(&translation->out.slots, policy_id);
    policy_slots_delete(&translation->in.slots, policy_id);
}

/* ---- orders ---- */

void address_translation_set(struct address_translation *translation, const struct kernel_policy *policy)
{
    if (policy->translated_count == 0) {
        address_translation_delete(translation, policy->policy_id);
    } else if (translation != NULL) {
        translation->given++;
        policy_orders_set(&translation->orders, policy);
    }
}

void address_translation_delete(struct address_translation *translation, uint64_t policy_id)
{
    if (translation != NULL && translation->given > 0)
        policy_orders_forget(&translation->orders, policy_id);
}

/* ---- birth and death ---- */

static bool init_direction(struct address_translation *translation, struct direction *direction,
                           const char *chain)
{
    direction->owner = translation;
    direction->slots.install = install;
    direction->slots.free_policy = free_policy;
    direction->slots.context = direction;
    direction->maps.link = &translation->link;
    direction->maps.chain = direction->maps.map_name = chain;
    direction->maps.leads_to_chains = true;
    direction->maps.knows_way_back = true; /* it is not asked */
    (void)!getrandom(direction->maps.hash_key, sizeof(direction->maps.hash_key), 0);
    bool has_slots = policy_slots_init(&direction->slots), has_maps = clear_maps_init(&direction->maps);
    return has_slots && has_maps;
}

struct address_translation *address_translation_open(const struct address_translation_settings *settings,
                                                     struct order_queue *orders)
{
    struct address_translation *translation = calloc(1, sizeof(*translation));
    if (translation == NULL)
        return NULL;
    translation->settings = *settings;
    translation->orders = (struct policy_orders){
        .queue = orders, .set = set_policy, .forget = delete_policy, .context = translation};
    list_init(&translation->dead_chains);
    bool has_in = init_direction(translation, &translation->in, chain_in);
    bool has_out = init_direction(translation, &translation->out, chain_out);
    if (has_in && has_out)
        return translation;
    address_translation_close(translation);
    return NULL;
}

void address_translation_close(struct address_translation *translation)
{
    if (translation == NULL)
        return;
    if (translation->is_open) {
        nft_put_table(&translation->link, NFT_MSG_DELTABLE, 0);
        (void)nft_link_commit(&translation->link);
    }
    policy_slots_free(&translation->in.slots);
    policy_slots_free(&translation->out.slots);
    clear_maps_free(&translation->in.maps);
    clear_maps_free(&translation->out.maps);
    LIST_EACH(&translation->dead_chains, node)
    {
        free(CONTAINER_OF(node, struct chain, dead));
    }
    nft_link_close(&translation->link);
    free(translation);
}
