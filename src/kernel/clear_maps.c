/* Shapes, elements, and bringing the table up to date: see clear_maps.h. */
#include "kernel/clear_maps.h"

#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/clear_table.h"

enum { SHAPES_MAX = 128 };

struct map_shape {
    struct list_node node;
    struct clear_shape shape;
    unsigned number;
    size_t users; /* elements that are wanted */
    bool is_installed;
};

/* One selector in one shape's map. */
struct element {
    struct hash_node node;
    struct packet_selector selector;
    struct map_shape *shape;
    struct list_node changed; /* of maps->changed, or alone */
    int wanted, installed;    /* verdicts; CLEAR_NOTHING */
};

bool clear_maps_init(struct clear_maps *maps)
{
    list_init(&maps->shapes);
    list_init(&maps->changed);
    if (maps->chain == NULL)
        maps->chain = CLEAR_CHAIN;
    if (maps->map_name == NULL)
        maps->map_name = "shape";
    return hash_table_init(&maps->elements);
}

static bool shapes_are_same(const struct clear_shape *a, const struct clear_shape *b)
{
    return a->priority == b->priority && a->family == b->family && a->source_length == b->source_length &&
           a->destination_length == b->destination_length && a->has_protocol == b->has_protocol &&
           a->source_port_mask == b->source_port_mask && a->destination_port_mask == b->destination_port_mask;
}

/* In front of the first that comes later: the rules stand in this order. */
static void file_shape(struct clear_maps *maps, struct map_shape *shape)
{
    struct list_node *before = maps->shapes.next;
    while (before != &maps->shapes &&
           CONTAINER_OF(before, struct map_shape, node)->shape.priority <= shape->shape.priority)
        before = before->next;
    list_append(before, &shape->node);
    maps->shape_count++;
}

static struct map_shape *shape_like(struct clear_maps *maps, const struct clear_shape *wanted)
{
    LIST_EACH(&maps->shapes, node)
    {
        struct map_shape *shape = CONTAINER_OF(node, struct map_shape, node);
        if (shapes_are_same(&shape->shape, wanted))
            return shape;
    }
    struct map_shape *shape = maps->shape_count < SHAPES_MAX ? calloc(1, sizeof(*shape)) : NULL;
    if (shape == NULL)
        return NULL;
    shape->shape = *wanted;
    shape->number = ++maps->last_number;
    file_shape(maps, shape);
    return shape;
}

static uint64_t hash_of(const struct clear_maps *maps, const struct packet_selector *selector)
{
    return hash_bytes(maps->hash_key, bytes_of(selector, sizeof(*selector)));
}

static struct element *find_element(const struct clear_maps *maps, const struct packet_selector *selector,
                                    const struct map_shape *shape)
{
    struct hash_node *node = hash_table_find(&maps->elements, hash_of(maps, selector));
    for (; node != NULL; node = hash_node_next(node)) {
        struct element *element = CONTAINER_OF(node, struct element, node);
        if (element->shape == shape && memcmp(&element->selector, selector, sizeof(*selector)) == 0)
            return element;
    }
    return NULL;
}

static struct element *new_element(struct clear_maps *maps, const struct packet_selector *selector,
                                   struct map_shape *shape)
{
    struct element *element = calloc(1, sizeof(*element));
    if (element == NULL)
        return NULL;
    element->selector = *selector;
    element->shape = shape;
    element->wanted = element->installed = CLEAR_NOTHING;
    list_init(&element->changed);
    if (hash_table_insert(&maps->elements, &element->node, hash_of(maps, selector)))
        return element;
    free(element);
    return NULL;
}

static void want(struct clear_maps *maps, struct element *element, int verdict)
{
    if (element->wanted == verdict)
        return;
    element->shape->users += (size_t)(verdict != CLEAR_NOTHING) - (size_t)(element->wanted != CLEAR_NOTHING);
    element->wanted = verdict;
    if (!list_is_empty(&element->changed))
        return;
    list_append(&maps->changed, &element->changed);
    maps->changed_count++;
}

/* It may have had the selector at another priority, which is another shape. */
static void withdraw_others(struct clear_maps *maps, const struct packet_selector *selector,
                            const struct map_shape *kept)
{
    struct hash_node *node = hash_table_find(&maps->elements, hash_of(maps, selector));
    for (; node != NULL; node = hash_node_next(node)) {
        struct element *element = CONTAINER_OF(node, struct element, node);
        if (element->shape != kept && memcmp(&element->selector, selector, sizeof(*selector)) == 0)
            want(maps, element, CLEAR_NOTHING);
    }
}

/* NULL with the reason. */
static struct element *element_at(struct clear_maps *maps, const struct packet_selector *selector,
                                  uint32_t priority, const char **ret_failure)
{
    struct clear_shape wanted = clear_shape_of(selector, priority);
    *ret_failure = NULL;
    if (!maps->knows_way_back && clear_shape_is_of_everywhere(&wanted)) {
        *ret_failure = "this kernel's nf_tables cannot tell where a tunnel to everywhere ends";
        return NULL;
    }
    struct map_shape *shape = shape_like(maps, &wanted);
    if (shape == NULL) {
        *ret_failure = "too many shapes of selectors";
        return NULL;
    }
    struct element *element = find_element(maps, selector, shape);
    if (element == NULL)
        element = new_element(maps, selector, shape);
    if (element == NULL)
        *ret_failure = "out of memory";
    return element;
}

/* Where the verdict cannot stand, no former one of that selector stays either. */
const char *clear_maps_set(struct clear_maps *maps, const struct packet_selector *selector, uint32_t priority,
                           int verdict)
{
    const char *failure = NULL;
    struct element *element =
        verdict != CLEAR_NOTHING ? element_at(maps, selector, priority, &failure) : NULL;
    withdraw_others(maps, selector, element != NULL ? element->shape : NULL);
    if (element != NULL)
        want(maps, element, verdict);
    return failure;
}

/* ---- the table in the kernel ---- */

static void name_map(const struct clear_maps *maps, const struct map_shape *shape, char out[static 16])
{
    snprintf(out, 16, "%s%u", maps->map_name, shape->number);
}

void clear_maps_name_chain(unsigned number, char out[static CLEAR_CHAIN_NAME_SIZE])
{
    snprintf(out, CLEAR_CHAIN_NAME_SIZE, "group%u", number);
}

static bool is_wanted(const struct map_shape *shape)
{
    return shape->users > 0;
}

/* The rules are written anew when a shape comes or goes, which is rare. */
static void put_shapes(struct clear_maps *maps)
{
    char map[16];
    bool has_changed = false;
    LIST_EACH(&maps->shapes, node)
    {
        const struct map_shape *shape = CONTAINER_OF(node, struct map_shape, node);
        name_map(maps, shape, map);
        if (is_wanted(shape) && !shape->is_installed)
            clear_shape_put_map(&shape->shape, maps->link, map);
        has_changed = has_changed || is_wanted(shape) != shape->is_installed;
    }
    if (!has_changed)
        return;
    nft_put_flush(maps->link, maps->chain);
    LIST_EACH(&maps->shapes, node)
    {
        const struct map_shape *shape = CONTAINER_OF(node, struct map_shape, node);
        name_map(maps, shape, map);
        if (is_wanted(shape))
            clear_shape_put_rule(&shape->shape, maps->link, maps->chain, map, maps->device);
    }
}

static void put_element(struct clear_maps *maps, const struct element *element)
{
    char map[16];
    uint8_t key[CLEAR_KEY_MAX];
    int verdict = element->wanted;
    if (!is_wanted(element->shape) || verdict == element->installed)
        return; /* its map goes, or nothing has changed */
    size_t size = clear_shape_key(&element->selector, key);
    name_map(maps, element->shape, map);
    if (element->installed != CLEAR_NOTHING)
        nft_put_element(maps->link, NFT_MSG_DELSETELEM, map, key, size, CLEAR_NOTHING);
    if (verdict != CLEAR_NOTHING && maps->leads_to_chains) {
        char chain[CLEAR_CHAIN_NAME_SIZE];
        clear_maps_name_chain((unsigned)verdict, chain);
        nft_put_chain_element(maps->link, map, key, size, chain);
    } else if (verdict != CLEAR_NOTHING) {
        nft_put_element(maps->link, NFT_MSG_NEWSETELEM, map, key, size, verdict);
    }
}

static void put_dead_shapes(struct clear_maps *maps)
{
    char map[16];
    LIST_EACH(&maps->shapes, node)
    {
        const struct map_shape *shape = CONTAINER_OF(node, struct map_shape, node);
        name_map(maps, shape, map);
        if (!is_wanted(shape) && shape->is_installed)
            nft_put_set_deletion(maps->link, map);
    }
}

static void settle_elements(struct clear_maps *maps, struct list_node *done)
{
    LIST_EACH(done, node)
    {
        struct element *element = CONTAINER_OF(node, struct element, changed);
        list_remove(node);
        maps->changed_count--;
        element->installed = element->wanted;
        if (element->wanted != CLEAR_NOTHING)
            continue;
        hash_table_remove(&maps->elements, &element->node);
        free(element);
    }
}

/* The map has gone with all that was in it: what still waits for its turn is not there any more. */
static void forget_installed(struct clear_maps *maps, const struct map_shape *shape)
{
    LIST_EACH(&maps->changed, node)
    {
        struct element *element = CONTAINER_OF(node, struct element, changed);
        if (element->shape == shape)
            element->installed = CLEAR_NOTHING;
    }
}

/* Shapes that are no longer wanted go, unless elements of theirs still wait for their turn. */
static void settle_shapes(struct clear_maps *maps)
{
    LIST_EACH(&maps->shapes, node)
    {
        struct map_shape *shape = CONTAINER_OF(node, struct map_shape, node);
        if (shape->is_installed && !is_wanted(shape))
            forget_installed(maps, shape);
        shape->is_installed = is_wanted(shape);
        if (is_wanted(shape) || !list_is_empty(&maps->changed))
            continue;
        list_remove(node);
        maps->shape_count--;
        free(shape);
    }
}

/* One transaction: as many changes as it holds. 0, or an errno value: refused as a whole, to be tried again.
 */
static int commit_some(struct clear_maps *maps)
{
    struct list_node done;
    list_init(&done);
    put_shapes(maps);
    LIST_EACH(&maps->changed, node)
    {
        if (maps->link->size >= NFT_BATCH_FULL)
            break;
        put_element(maps, CONTAINER_OF(node, struct element, changed));
        list_remove(node);
        list_append(&done, node);
    }
    put_dead_shapes(maps);
    int failure = nft_link_commit(maps->link);
    if (failure == 0) {
        settle_elements(maps, &done);
        settle_shapes(maps);
        return 0;
    }
    LIST_EACH(&done, node)
    {
        list_remove(node);
        list_append(&maps->changed, node);
    }
    return failure;
}

int clear_maps_commit(struct clear_maps *maps)
{
    int failure = 0;
    while (failure == 0 && !list_is_empty(&maps->changed))
        failure = commit_some(maps);
    return failure;
}

static void lose_element(struct hash_node *node, void *context)
{
    struct clear_maps *maps = context;
    struct element *element = CONTAINER_OF(node, struct element, node);
    element->installed = CLEAR_NOTHING;
    if (!list_is_empty(&element->changed))
        return;
    list_append(&maps->changed, &element->changed);
    maps->changed_count++;
}

void clear_maps_are_lost(struct clear_maps *maps)
{
    LIST_EACH(&maps->shapes, node)
    {
        CONTAINER_OF(node, struct map_shape, node)->is_installed = false;
    }
    hash_table_each(&maps->elements, lose_element, maps);
}

static void free_element(struct hash_node *node, void *context)
{
    (void)context;
    free(CONTAINER_OF(node, struct element, node));
}

void clear_maps_free(struct clear_maps *maps)
{
    hash_table_each(&maps->elements, free_element, NULL);
    hash_table_free(&maps->elements);
    LIST_EACH(&maps->shapes, node)
    {
        free(CONTAINER_OF(node, struct map_shape, node));
    }
}
