/* Packets held while a tunnel is negotiated. */
#include "kernel/userspace_held.h"

#include <stdlib.h>

void held_init(struct held_packets *held)
{
    *held = (struct held_packets){0};
    list_init(&held->list);
}

static size_t count_of_policy(const struct held_packets *held, uint64_t policy_id)
{
    size_t count = 0;
    for (const struct list_node *node = held->list.next; node != &held->list; node = node->next)
        count += CONTAINER_OF(node, const struct held_packet, node)->policy_id == policy_id;
    return count;
}

static void unlink_packet(struct held_packets *held, struct held_packet *packet)
{
    list_remove(&packet->node);
    held->count--;
    held->bytes -= packet->size;
}

static void drop_old(struct held_packets *held, uint64_t now_usec)
{
    while (!list_is_empty(&held->list)) {
        struct held_packet *oldest = CONTAINER_OF(held->list.next, struct held_packet, node);
        if (now_usec - oldest->since_usec < HELD_USEC_MAX)
            return;
        unlink_packet(held, oldest);
        free(oldest);
    }
}

void held_add(struct held_packets *held, uint64_t policy_id, uint64_t now_usec, struct bytes packet,
              const struct offload *offload)
{
    drop_old(held, now_usec);
    if (held->count >= HELD_PACKETS_MAX || held->bytes + packet.size > HELD_BYTES_MAX ||
        count_of_policy(held, policy_id) >= HELD_PACKETS_A_POLICY)
        return;
    struct held_packet *copy = malloc(sizeof(*copy) + packet.size);
    if (copy == NULL)
        return;
    copy->policy_id = policy_id;
    copy->since_usec = now_usec;
    copy->offload = *offload;
    copy->size = packet.size;
    memcpy(copy->data, packet.data, packet.size);
    list_append(&held->list, &copy->node);
    held->count++;
    held->bytes += packet.size;
}

void held_take(struct held_packets *held, uint64_t policy_id, struct list_node *taken)
{
    LIST_EACH(&held->list, node)
    {
        struct held_packet *packet = CONTAINER_OF(node, struct held_packet, node);
        if (packet->policy_id != policy_id)
            continue;
        unlink_packet(held, packet);
        list_append(taken, node);
    }
}

void held_free(struct held_packets *held)
{
    LIST_EACH(&held->list, node)
    {
        list_remove(node);
        free(CONTAINER_OF(node, struct held_packet, node));
    }
}
