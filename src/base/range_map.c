/* Disjoint ranges of addresses in order. */
#include "base/range_map.h"

struct range_node *range_map_overlapping(const struct range_map *map, const struct ip_range *range)
{
    struct range_node *node = map->root;
    while (node != NULL) {
        if (address_compare(&range->end, &node->range.start) < 0)
            node = node->left;
        else if (address_compare(&range->start, &node->range.end) > 0)
            node = node->right;
        else
            return node;
    }
    return NULL;
}

static bool is_before(const struct range_node *a, const struct range_node *b)
{
    return address_compare(&a->range.start, &b->range.start) < 0;
}

/* Parts a tree into what is before `at` and what is behind it. */
static void split(struct range_node *tree, const struct range_node *at, struct range_node **before,
                  struct range_node **behind)
{
    while (tree != NULL) {
        if (is_before(tree, at)) {
            *before = tree;
            before = &tree->right;
            tree = tree->right;
        } else {
            *behind = tree;
            behind = &tree->left;
            tree = tree->left;
        }
    }
    *before = *behind = NULL;
}

void range_map_insert(struct range_map *map, struct range_node *node)
{
    struct range_node **link = &map->root;
    while (*link != NULL && (*link)->priority >= node->priority)
        link = is_before(node, *link) ? &(*link)->left : &(*link)->right;
    split(*link, node, &node->left, &node->right);
    *link = node;
}

void range_map_remove(struct range_map *map, struct range_node *node)
{
    struct range_node **link = &map->root, *left = node->left, *right = node->right;
    while (*link != NULL && *link != node)
        link = is_before(node, *link) ? &(*link)->left : &(*link)->right;
    if (*link == NULL)
        return;
    while (left != NULL && right != NULL) {
        if (left->priority >= right->priority) {
            *link = left;
            link = &left->right;
            left = left->right;
        } else {
            *link = right;
            link = &right->left;
            right = right->left;
        }
    }
    *link = left != NULL ? left : right;
    node->left = node->right = NULL;
}
