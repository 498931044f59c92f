/* Addresses that were leased, as status output has them. */
#ifndef STYX_CONTROL_LEASE_TEXT_H
#define STYX_CONTROL_LEASE_TEXT_H

#include "base/address.h"

enum { LEASE_TEXT_SIZE = 2 * (ADDRESS_TEXT_SIZE + 5) };

/* 10.9.0.1/32 of IPv4, 2001:db8::1/128 of IPv6, both parted by a comma: of the two those that are set. */
const char *lease_text(const struct ip_prefix leased[static 2], char out[static LEASE_TEXT_SIZE]);

#endif
