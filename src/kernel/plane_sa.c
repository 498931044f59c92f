/* What the kernel has from us: see plane_sa.h. */
#include "kernel/plane_sa.h"

#include <stdlib.h>

#include "kernel/kernel_plane.h"

const struct ip_endpoint *plane_sa_source(const struct plane_sa *sa)
{
    return sa->direction == SA_INBOUND ? &sa->remote : &sa->local;
}

const struct ip_endpoint *plane_sa_destination(const struct plane_sa *sa)
{
    return sa->direction == SA_INBOUND ? &sa->local : &sa->remote;
}

struct plane_sa *plane_sa_of_child(const struct kernel_plane *plane, uint64_t child_serial,
                                   enum sa_direction direction)
{
    struct hash_node *node = hash_table_find(&plane->sas_by_child, hash_number(child_serial));
    for (; node != NULL; node = hash_node_next(node)) {
        struct plane_sa *sa = CONTAINER_OF(node, struct plane_sa, by_child);
        if (sa->child_serial == child_serial && sa->direction == direction)
            return sa;
    }
    return NULL;
}

struct plane_sa *plane_sa_by_spi(const struct kernel_plane *plane, uint32_t spi, uint8_t protocol,
                                 const struct ip_address *destination)
{
    struct hash_node *node = hash_table_find(&plane->sas_by_spi, hash_number(spi));
    for (; node != NULL; node = hash_node_next(node)) {
        struct plane_sa *sa = CONTAINER_OF(node, struct plane_sa, by_spi);
        if (sa->spi == spi && sa->protocol == protocol &&
            (destination == NULL ? sa->direction == SA_INBOUND
                                 : address_equal(&plane_sa_destination(sa)->address, destination)))
            return sa;
    }
    return NULL;
}

bool plane_sa_remember(struct kernel_plane *plane, struct plane_sa *sa, const struct kernel_sa *wanted)
{
    *sa = (struct plane_sa){
        .child_serial = wanted->child_serial,
        .direction = wanted->direction,
        .protocol = wanted->protocol,
        .spi = wanted->spi,
        .mode = wanted->mode,
        .udp_encapsulation = wanted->udp_encapsulation,
        .local = wanted->local,
        .remote = wanted->remote,
    };
    if (!hash_table_insert(&plane->sas_by_child, &sa->by_child, hash_number(sa->child_serial)))
        return false;
    if (!hash_table_insert(&plane->sas_by_spi, &sa->by_spi, hash_number(sa->spi))) {
        hash_table_remove(&plane->sas_by_child, &sa->by_child);
        return false;
    }
    list_append(&plane->sas, &sa->of_all);
    return true;
}

/* Events about packets from there may still come: they tell nothing new. */
void plane_sa_move(struct plane_sa *sa, const struct ip_endpoint *local, const struct ip_endpoint *remote)
{
    sa->local = *local;
    sa->remote = sa->told_remote = *remote;
}

void plane_sa_forget(struct kernel_plane *plane, struct plane_sa *sa)
{
    hash_table_remove(&plane->sas_by_child, &sa->by_child);
    hash_table_remove(&plane->sas_by_spi, &sa->by_spi);
    list_remove(&sa->of_all);
    free(sa);
}

void plane_sas_each(struct kernel_plane *plane,
                    void (*visit)(struct plane_sa *sa, struct kernel_plane *plane))
{
    LIST_EACH(&plane->sas, node)
    visit(CONTAINER_OF(node, struct plane_sa, of_all), plane);
}

static void free_one(struct hash_node *node, void *context)
{
    (void)context;
    free(CONTAINER_OF(node, struct plane_sa, by_child));
}

void plane_sas_free(struct kernel_plane *plane)
{
    hash_table_each(&plane->sas_by_child, free_one, NULL);
    hash_table_free(&plane->sas_by_child);
    hash_table_free(&plane->sas_by_spi);
}
