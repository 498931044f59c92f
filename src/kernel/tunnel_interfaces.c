/* XFRM interfaces ipsecN, counted by their users. */
#include "kernel/tunnel_interfaces.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>

static struct tunnel_interface_use *find(struct tunnel_interfaces *interfaces, uint32_t number)
{
    for (size_t i = 0; i < interfaces->count; i++)
        if (interfaces->list[i].number == number)
            return &interfaces->list[i];
    return NULL;
}

static int make(struct netlink *netlink, const struct tunnel_interface *wanted, int below,
                struct tunnel_interface_use *use)
{
    char name[IF_NAMESIZE];
    snprintf(name, sizeof(name), "ipsec%u", wanted->number);
    int failure = netlink_xfrm_interface_add(netlink, name, below, tunnel_interface_id(wanted));
    *use = (struct tunnel_interface_use){
        .number = wanted->number, .index = (int)if_nametoindex(name), .is_ours = failure == 0};
    if (failure != 0 && failure != EEXIST)
        return failure;
    return use->index != 0 ? netlink_link_up(netlink, use->index) : ENODEV;
}

int tunnel_interfaces_use(struct tunnel_interfaces *interfaces, struct netlink *netlink,
                          const struct tunnel_interface *wanted, int below, int *ret_index)
{
    struct tunnel_interface_use *use = find(interfaces, wanted->number);
    int failure = 0;
    if (use == NULL) {
        if (interfaces->count == TUNNEL_INTERFACES_MAX)
            return ENOSPC;
        use = &interfaces->list[interfaces->count];
        failure = make(netlink, wanted, below, use);
        if (failure != 0)
            return failure;
        interfaces->count++;
    }
    if (address_is_set(&wanted->address.address))
        failure = netlink_prefix_add(netlink, use->index, &wanted->address.address, wanted->address.length);
    use->users++;
    *ret_index = use->index;
    return failure;
}

static void forget(struct tunnel_interfaces *interfaces, struct netlink *netlink,
                   struct tunnel_interface_use *use)
{
    if (use->is_ours)
        (void)netlink_link_delete(netlink, use->index);
    *use = interfaces->list[--interfaces->count];
}

void tunnel_interfaces_release(struct tunnel_interfaces *interfaces, struct netlink *netlink,
                               const struct tunnel_interface *interface)
{
    struct tunnel_interface_use *use = interface->is_wanted ? find(interfaces, interface->number) : NULL;
    if (use != NULL && --use->users == 0)
        forget(interfaces, netlink, use);
}

void tunnel_interfaces_remove_all(struct tunnel_interfaces *interfaces, struct netlink *netlink)
{
    while (interfaces->count > 0)
        forget(interfaces, netlink, &interfaces->list[0]);
}
