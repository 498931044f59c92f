/* Walking through the attributes of a netlink message, behind its fixed header. */
#ifndef STYX_KERNEL_NETLINK_ATTRIBUTES_H
#define STYX_KERNEL_NETLINK_ATTRIBUTES_H

#include <libmnl/libmnl.h>

#define NETLINK_ATTRIBUTES(attribute, message, header_size)                                                  \
    for ((attribute) = mnl_nlmsg_get_payload_offset((message), (header_size));                               \
         mnl_attr_ok((attribute), (int)((char *)mnl_nlmsg_get_payload_tail(message) - (char *)(attribute))); \
         (attribute) = mnl_attr_next(attribute))

#endif
