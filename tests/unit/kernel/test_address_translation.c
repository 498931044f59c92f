/* Policies whose addresses are translated (cat=): what is sent to nf_tables when many go at once. No kernel
 * is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <linux/netfilter/nf_tables.h>
#include <sched.h>
#include <stdlib.h>

#include "kernel/address_translation.h"
#include "kernel/former_leases.h"
#include "kernel/nft_message.h"

enum { POLICIES = 3000 };

static size_t largest_transaction, chain_deletions, elements_added, elements_deleted;

bool __wrap_nft_link_open(struct nft_link *link, const char *table, struct error *error);
int __wrap_nft_link_commit(struct nft_link *link);
void __wrap_nft_put_chain_deletion(struct nft_link *link, const char *name);
void __real_nft_put_chain_deletion(struct nft_link *link, const char *name);

bool __wrap_nft_link_open(struct nft_link *link, const char *table, struct error *error)
{
    (void)error;
    *link = (struct nft_link){.table = table, .batch = malloc(NFT_BATCH_SIZE)};
    return link->batch != NULL;
}

int __wrap_nft_link_commit(struct nft_link *link)
{
    largest_transaction = link->size > largest_transaction ? link->size : largest_transaction;
    link->size = 0;
    return 0;
}

void __wrap_nft_put_chain_deletion(struct nft_link *link, const char *name)
{
    chain_deletions++;
    __real_nft_put_chain_deletion(link, name);
}

void __wrap_nft_put_element(struct nft_link *link, uint16_t type, const char *set, const void *key,
                            size_t key_size, int verdict);
void __real_nft_put_element(struct nft_link *link, uint16_t type, const char *set, const void *key,
                            size_t key_size, int verdict);

void __wrap_nft_put_element(struct nft_link *link, uint16_t type, const char *set, const void *key,
                            size_t key_size, int verdict)
{
    elements_added += type == NFT_MSG_NEWSETELEM;
    elements_deleted += type == NFT_MSG_DELSETELEM;
    __real_nft_put_element(link, type, set, key, key_size, verdict);
}

static struct ip_prefix prefix_of(const char *text, uint8_t length)
{
    struct ip_prefix prefix = {.length = length};
    assert_true(address_parse(text, &prefix.address, NULL));
    return prefix;
}

static void set_policy(struct address_translation *translation, uint32_t number)
{
    struct ip_prefix leased = prefix_of("192.0.2.1", 32), clients = prefix_of("10.9.0.0", 16);
    struct ip_prefix peers = prefix_of("10.128.0.0", 24);
    store_be16(peers.address.bytes + 1, (uint16_t)number);
    struct selector local = selector_of_prefix(&leased, 0, 0),
                    translated = selector_of_prefix(&clients, 0, 0);
    struct selector remote = selector_of_prefix(&peers, 0, 0);
    struct kernel_policy policy = {.policy_id = number,
                                   .action = POLICY_PROTECT,
                                   .local_host = leased.address,
                                   .local_selectors = &local,
                                   .local_count = 1,
                                   .remote_selectors = &remote,
                                   .remote_count = 1,
                                   .translated_selectors = &translated,
                                   .translated_count = 1};
    address_translation_set(translation, &policy);
}

static void wait_for_orders(const struct order_queue *queue)
{
    while (order_queue_done(queue) < queue->given)
        sched_yield();
}

static void chains_of_many_policies_go_in_transactions_that_fit(void **state)
{
    struct event_queue events;
    struct order_queue orders;
    struct address_translation_settings settings = {.name = "test", .events = &events};
    (void)state;
    largest_transaction = chain_deletions = 0;
    assert_true(event_queue_init(&events, NULL));
    struct address_translation *translation = address_translation_open(&settings, &orders);
    assert_non_null(translation);
    assert_true(order_queue_start(&orders, &events, NULL, NULL, NULL));
    for (uint32_t i = 1; i <= POLICIES; i++)
        set_policy(translation, i);
    for (uint32_t i = 1; i <= POLICIES; i++)
        address_translation_delete(translation, i);
    wait_for_orders(&orders);
    order_queue_stop(&orders);
    address_translation_commit(translation);
    assert_int_equal(chain_deletions, 2 * POLICIES); /* one for each direction */
    assert_in_range(largest_transaction, NFT_BATCH_FULL, NFT_BATCH_SIZE);
    address_translation_close(translation);
    event_queue_free(&events);
}

static size_t remembered(void)
{
    return elements_added - elements_deleted;
}

static void the_last_leases_are_remembered_and_no_more(void **state)
{
    static struct former_leases leases;
    struct nft_link link = {.table = "test", .batch = malloc(NFT_BATCH_SIZE)};
    struct ip_address address = prefix_of("192.0.2.1", 32).address;
    (void)state;
    assert_non_null(link.batch);
    elements_added = elements_deleted = 0;
    for (uint32_t i = 0; i < FORMER_LEASES_MAX; i++) {
        store_be32(address.bytes, 0xc0000200 + i);
        former_leases_add(&leases, &link, &address);
        link.size = 0;
    }
    assert_int_equal(remembered(), FORMER_LEASES_MAX);
    former_leases_add(&leases, &link, &address);
    assert_int_equal(elements_deleted, 0); /* it was there */
    store_be32(address.bytes, 0xc0001000);
    former_leases_add(&leases, &link, &address);
    assert_int_equal(elements_deleted, 1);
    free(link.batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_of_many_policies_go_in_transactions_that_fit),
        cmocka_unit_test(the_last_leases_are_remembered_and_no_more),
    };
    return cmocka_run_group_tests_name("address_translation", tests, NULL, NULL);
}
