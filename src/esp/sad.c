/* The SA database (RFC 4301 4.4.2). */
#include "esp/sad.h"

#include "base/list.h"

/* SPIs and serials are ours, so a mixing function is enough; no peer chooses what is in the table
 * (the finalizer of SplitMix64, Steele, Lea, Flood 2014). */
bool sad_init(struct sad *sad)
{
    if (!hash_table_init(&sad->by_spi))
        return false;
    if (hash_table_init(&sad->by_child))
        return true;
    hash_table_free(&sad->by_spi);
    return false;
}

static void release(struct hash_node *node, void *context)
{
    sad_remove(context, CONTAINER_OF(node, struct esp_sa, child_node));
}

void sad_free(struct sad *sad)
{
    hash_table_each(&sad->by_child, release, sad);
    hash_table_free(&sad->by_child);
    hash_table_free(&sad->by_spi);
}

struct esp_sa *sad_find_inbound(const struct sad *sad, bool is_ah, uint32_t spi)
{
    struct hash_node *node = hash_table_find(&sad->by_spi, hash_number(spi));
    for (; node != NULL; node = hash_node_next(node)) {
        struct esp_sa *sa = CONTAINER_OF(node, struct esp_sa, spi_node);
        if (sa->spi == spi && sa->is_ah == is_ah)
            return sa->bundle != NULL ? sa->bundle : sa;
    }
    return NULL;
}

struct esp_sa *sad_find_child(const struct sad *sad, uint64_t child_serial, bool is_outbound)
{
    struct hash_node *node = hash_table_find(&sad->by_child, hash_number(child_serial));
    for (; node != NULL; node = hash_node_next(node)) {
        struct esp_sa *sa = CONTAINER_OF(node, struct esp_sa, child_node);
        if (sa->child_serial == child_serial && sa->is_outbound == is_outbound)
            return sa;
    }
    return NULL;
}

struct esp_sa *sad_find(const struct sad *sad, uint64_t child_serial, bool is_outbound, uint32_t spi)
{
    struct hash_node *node = hash_table_find(&sad->by_child, hash_number(child_serial));
    for (; node != NULL; node = hash_node_next(node)) {
        struct esp_sa *sa = CONTAINER_OF(node, struct esp_sa, child_node);
        if (sa->child_serial == child_serial && sa->is_outbound == is_outbound && sa->spi == spi)
            return sa;
    }
    return NULL;
}

static void remove_spis(struct sad *sad, struct esp_sa *sa)
{
    if (sa->is_outbound)
        return;
    hash_table_remove(&sad->by_spi, &sa->spi_node);
    if (sa->outer_ah != NULL)
        hash_table_remove(&sad->by_spi, &sa->outer_ah->spi_node);
}

/* False: out of memory, and nothing was added. */
static bool add_spis(struct sad *sad, struct esp_sa *sa)
{
    struct esp_sa *ah = sa->outer_ah;
    if (sa->is_outbound)
        return true;
    if (!hash_table_insert(&sad->by_spi, &sa->spi_node, hash_number(sa->spi)))
        return false;
    if (ah == NULL || hash_table_insert(&sad->by_spi, &ah->spi_node, hash_number(ah->spi)))
        return true;
    hash_table_remove(&sad->by_spi, &sa->spi_node);
    return false;
}

bool sad_add(struct sad *sad, struct esp_sa *sa)
{
    struct esp_sa *old = sad_find(sad, sa->child_serial, sa->is_outbound, sa->spi);
    if (!hash_table_insert(&sad->by_child, &sa->child_node, hash_number(sa->child_serial)))
        return false;
    if (!add_spis(sad, sa)) {
        hash_table_remove(&sad->by_child, &sa->child_node);
        return false;
    }
    if (old != NULL)
        sad_remove(sad, old);
    return true;
}

void sad_remove(struct sad *sad, struct esp_sa *sa)
{
    hash_table_remove(&sad->by_child, &sa->child_node);
    remove_spis(sad, sa);
    esp_sa_unref(sa);
}
