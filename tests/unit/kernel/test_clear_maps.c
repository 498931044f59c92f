/* What the maps of the table believe to be in the kernel when transactions fail; no kernel is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/clear_maps.h"
#include "kernel/nft_message.h"

struct bench {
    struct nft_link link;
    struct clear_maps maps;
};

static size_t additions, removals;
static bool is_one_element_enough; /* for a transaction */
static int failures[4];            /* of the transactions to come */
static size_t commits;

void __wrap_nft_put_element(struct nft_link *link, uint16_t type, const char *set, const void *key,
                            size_t key_size, int verdict);
int __wrap_nft_link_commit(struct nft_link *link);

void __wrap_nft_put_element(struct nft_link *link, uint16_t type, const char *set, const void *key,
                            size_t key_size, int verdict)
{
    (void)set, (void)key, (void)key_size, (void)verdict;
    *(type == NFT_MSG_NEWSETELEM ? &additions : &removals) += 1;
    link->size = is_one_element_enough ? NFT_BATCH_FULL : link->size + 1;
}

int __wrap_nft_link_commit(struct nft_link *link)
{
    link->size = 0;
    additions = failures[commits] != 0 ? 0 : additions;
    return commits < sizeof(failures) / sizeof(failures[0]) ? failures[commits++] : 0;
}

static void begin_counting(bool one_is_enough, int second_failure)
{
    additions = removals = commits = 0;
    is_one_element_enough = one_is_enough;
    memset(failures, 0, sizeof(failures));
    failures[1] = second_failure;
}

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    bench->link = (struct nft_link){.table = "test", .batch = malloc(NFT_BATCH_SIZE)};
    bench->maps.link = &bench->link;
    bench->maps.knows_way_back = true;
    assert_true(clear_maps_init(&bench->maps));
    begin_counting(false, 0);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    clear_maps_free(&bench->maps);
    free(bench->link.batch);
    free(bench);
    return 0;
}

static struct packet_selector selector_of(const char *network, uint8_t length)
{
    struct packet_selector selector;
    memset(&selector, 0, sizeof(selector));
    assert_true(address_parse(network, &selector.source.address, NULL));
    selector.destination.address.family = selector.source.address.family;
    selector.source.length = length;
    return selector;
}

static void want(struct bench *bench, const char *network, uint8_t length, int verdict)
{
    struct packet_selector selector = selector_of(network, length);
    assert_null(clear_maps_set(&bench->maps, &selector, 100, verdict));
}

static void test_what_went_with_its_map_is_put_there_again(void **state)
{
    struct bench *bench = *state;
    want(bench, "10.1.0.0", 16, NF_DROP);
    assert_int_equal(clear_maps_commit(&bench->maps), 0);
    want(bench, "10.1.1.0", 24, NF_DROP);
    want(bench, "10.1.2.0", 24, NF_DROP);
    want(bench, "10.1.0.0", 16, CLEAR_NOTHING);
    begin_counting(true,
                   EAGAIN); /* the map of /16 goes in the first one, in the second its element had its turn */
    assert_int_equal(clear_maps_commit(&bench->maps), EAGAIN);
    want(bench, "10.1.0.0", 16, NF_DROP);
    begin_counting(false, 0);
    assert_int_equal(clear_maps_commit(&bench->maps), 0);
    assert_int_equal(additions, 2);
    assert_int_equal(removals, 0);
}

static void test_what_failed_is_tried_again(void **state)
{
    struct bench *bench = *state;
    want(bench, "10.1.1.0", 24, NF_DROP);
    failures[0] = EAGAIN;
    assert_int_equal(clear_maps_commit(&bench->maps), EAGAIN);
    begin_counting(false, 0);
    assert_int_equal(clear_maps_commit(&bench->maps), 0);
    assert_int_equal(additions, 1);
}

static void test_a_selector_without_room_at_its_new_priority_leaves_the_old_one(void **state)
{
    struct bench *bench = *state;
    struct packet_selector selector = selector_of("10.1.0.0", 16);
    uint32_t priority = 1;
    assert_null(clear_maps_set(&bench->maps, &selector, priority, NF_DROP));
    assert_int_equal(clear_maps_commit(&bench->maps), 0);
    struct packet_selector other = selector_of("10.2.0.0", 16);
    const char *failure = NULL;
    while (failure == NULL) { /* each priority is a shape, until there are too many */
        struct packet_selector filler = other;
        filler.source.address.bytes[2] = (uint8_t)(priority & 0xff);
        failure = clear_maps_set(&bench->maps, &filler, ++priority, NF_DROP);
    }
    assert_int_equal(clear_maps_commit(&bench->maps), 0);
    begin_counting(false, 0);
    assert_non_null(clear_maps_set(&bench->maps, &selector, priority + 1, NF_ACCEPT));
    assert_true(bench->maps.changed_count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_went_with_its_map_is_put_there_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_failed_is_tried_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_selector_without_room_at_its_new_priority_leaves_the_old_one,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
