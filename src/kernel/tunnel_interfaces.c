/* XFRM interfaces ipsecN and VTIs, counted by their users. */
#include "kernel/tunnel_interfaces.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void name_interface(const struct tunnel_interface *wanted, char out[static INTERFACE_NAME_SIZE])
{
    if (wanted->is_wanted)
        snprintf(out, INTERFACE_NAME_SIZE, "ipsec%u", wanted->number);
    else
        memcpy(out, wanted->vti.name, INTERFACE_NAME_SIZE);
}

static struct tunnel_interface_use *find(struct tunnel_interfaces *interfaces,
                                         const struct tunnel_interface *wanted)
{
    char name[INTERFACE_NAME_SIZE];
    name_interface(wanted, name);
    for (size_t i = 0; i < interfaces->count; i++)
        if (strcmp(interfaces->list[i].name, name) == 0)
            return &interfaces->list[i];
    return NULL;
}

/* What comes out of a VTI has passed the policies of its mark already. */
static void disable_policy(const char *name, const char *family)
{
    char path[96];
    snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/disable_policy", family, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)!write(fd, "1", 1);
    close(fd);
}

/* A shared one has no single peer: it takes the packets of all. */
static struct netlink_vti describe_vti(const struct tunnel_interface *wanted,
                                       const struct tunnel_interface_site *site)
{
    struct netlink_vti vti = {.name = wanted->vti.name,
                              .local = site->local,
                              .remote = site->remote,
                              .key_in = wanted->vti.key_in,
                              .key_out = wanted->vti.key_out};
    if (wanted->vti.is_shared)
        vti.remote = (struct ip_address){.family = site->remote.family};
    return vti;
}

static int make_vti(struct netlink *netlink, const struct tunnel_interface *wanted,
                    const struct tunnel_interface_site *site)
{
    struct netlink_vti vti = describe_vti(wanted, site);
    int failure = netlink_vti_add(netlink, &vti);
    if (failure == 0) {
        disable_policy(vti.name, "ipv4");
        disable_policy(vti.name, "ipv6");
    }
    return failure;
}

static int make(const struct tunnel_interfaces *interfaces, struct netlink *netlink,
                const struct tunnel_interface *wanted, const struct tunnel_interface_site *site,
                struct tunnel_interface_use *use)
{
    int failure = EEXIST;
    *use = (struct tunnel_interface_use){.is_shared = wanted->is_wanted || wanted->vti.is_shared};
    name_interface(wanted, use->name);
    if (!wanted->is_wanted)
        failure = make_vti(netlink, wanted, site);
    else if (!interfaces->uses_them_as_they_are)
        failure = netlink_xfrm_interface_add(netlink, use->name, site->below, tunnel_interface_id(wanted));
    use->is_ours = failure == 0;
    use->local = site->local;
    use->remote = site->remote;
    use->index = (int)if_nametoindex(use->name);
    if (failure != 0 && failure != EEXIST)
        return failure;
    return use->index != 0 ? netlink_link_up(netlink, use->index) : ENODEV;
}

/* A VTI takes only what comes between its two addresses. 0, or an errno value. */
static int follow(struct netlink *netlink, const struct tunnel_interface *wanted,
                  const struct tunnel_interface_site *site, struct tunnel_interface_use *use)
{
    struct netlink_vti vti = describe_vti(wanted, site);
    bool has_moved = !address_equal(&use->local, &site->local) ||
                     (!wanted->vti.is_shared && !address_equal(&use->remote, &site->remote));
    if (!use->is_ours || wanted->is_wanted || !has_moved)
        return 0;
    int failure = netlink_vti_change(netlink, use->index, &vti);
    if (failure == 0) {
        use->local = site->local;
        use->remote = site->remote;
    }
    return failure;
}

static void forget(struct tunnel_interfaces *interfaces, struct netlink *netlink,
                   struct tunnel_interface_use *use)
{
    if (use->is_ours)
        (void)netlink_link_delete(netlink, use->index);
    *use = interfaces->list[--interfaces->count];
}

int tunnel_interfaces_use(struct tunnel_interfaces *interfaces, struct netlink *netlink,
                          const struct tunnel_interface *wanted, const struct tunnel_interface_site *site,
                          int *ret_index)
{
    struct tunnel_interface_use *use = find(interfaces, wanted);
    int failure = 0;
    if (use != NULL && !use->is_shared && use->owner != site->owner)
        return EBUSY;
    if (use == NULL) {
        if (interfaces->count == TUNNEL_INTERFACES_MAX)
            return ENOSPC;
        use = &interfaces->list[interfaces->count];
        failure = make(interfaces, netlink, wanted, site, use);
        interfaces->count++;
    } else {
        failure = follow(netlink, wanted, site, use);
    }
    if (failure == 0 && address_is_set(&wanted->address.address))
        failure = netlink_prefix_add(netlink, use->index, &wanted->address.address, wanted->address.length);
    if (failure != 0) {
        if (use->users == 0)
            forget(interfaces, netlink, use);
        return failure;
    }
    use->owner = site->owner;
    use->users++;
    *ret_index = use->index;
    return 0;
}

void tunnel_interfaces_release(struct tunnel_interfaces *interfaces, struct netlink *netlink,
                               const struct tunnel_interface *interface)
{
    struct tunnel_interface_use *use =
        tunnel_interface_is_any(interface) ? find(interfaces, interface) : NULL;
    if (use != NULL && --use->users == 0)
        forget(interfaces, netlink, use);
}

void tunnel_interfaces_remove_all(struct tunnel_interfaces *interfaces, struct netlink *netlink)
{
    while (interfaces->count > 0)
        forget(interfaces, netlink, &interfaces->list[0]);
}
