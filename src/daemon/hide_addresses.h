/* logip=no: IP addresses in log lines become "<address>". */
#ifndef STYX_DAEMON_HIDE_ADDRESSES_H
#define STYX_DAEMON_HIDE_ADDRESSES_H

#include <stddef.h>

/* The line with every IPv4 and IPv6 address replaced, cut to fit; returns out. */
const char *hide_addresses(const char *line, char *out, size_t size);

#endif
