/* The window of RFC 7296 2.3, as a bystander sees it who cannot read what is protected. */
#include "window.h"

#include <stdlib.h>

#include "event_queue.h"
#include "wire/ikev2_parse.h"

struct window {
    struct hash_node by_spis;
    uint8_t spis[2 * IKE_SPI_SIZE];
    uint32_t next; /* the id of the request that may leave */
};

void windows_init(struct windows *windows)
{
    if (!hash_table_init(&windows->by_spis))
        abort();
}

static void forget(struct hash_node *node, void *table)
{
    hash_table_remove(table, node);
    free(CONTAINER_OF(node, struct window, by_spis));
}

void windows_free(struct windows *windows)
{
    hash_table_each(&windows->by_spis, forget, &windows->by_spis);
    hash_table_free(&windows->by_spis);
}

static struct window *find(struct windows *windows, const struct ikev2_header *header, bool may_make)
{
    uint8_t spis[2 * IKE_SPI_SIZE];
    memcpy(spis, header->spi_i, IKE_SPI_SIZE);
    memcpy(spis + IKE_SPI_SIZE, header->spi_r, IKE_SPI_SIZE);
    uint64_t hash = hash_number(load_be64(spis) ^ load_be64(spis + IKE_SPI_SIZE));
    for (struct hash_node *node = hash_table_find(&windows->by_spis, hash); node; node = hash_node_next(node))
        if (memcmp(CONTAINER_OF(node, struct window, by_spis)->spis, spis, sizeof(spis)) == 0)
            return CONTAINER_OF(node, struct window, by_spis);
    if (!may_make)
        return NULL;
    struct window *made = sim_alloc(sizeof(*made));
    memcpy(made->spis, spis, sizeof(spis));
    made->next = header->message_id;
    hash_table_insert(&windows->by_spis, &made->by_spis, hash);
    return made;
}

/* IKE_SA_INIT has no place yet: its SPIs are not settled. */
static bool read_header(struct bytes message, struct ikev2_header *header)
{
    return ikev2_header_read(message, header) && header->version >> 4 == 2 && header->exchange != IKE_SA_INIT;
}

bool windows_sent(struct windows *windows, struct bytes message, uint32_t *ret_unanswered)
{
    struct ikev2_header header;
    if (!read_header(message, &header) || (header.flags & IKEV2_FLAG_RESPONSE) != 0)
        return true;
    struct window *window = find(windows, &header, true);
    *ret_unanswered = window->next;
    return header.message_id <= window->next;
}

void windows_received(struct windows *windows, struct bytes message)
{
    struct ikev2_header header;
    if (!read_header(message, &header) || (header.flags & IKEV2_FLAG_RESPONSE) == 0)
        return;
    struct window *window = find(windows, &header, false);
    if (window != NULL && header.message_id >= window->next)
        window->next = header.message_id + 1;
}
