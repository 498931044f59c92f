/* The options of ipsec loadtest. */
#ifndef STYX_TOOLS_LOADTEST_OPTIONS_H
#define STYX_TOOLS_LOADTEST_OPTIONS_H

#include "base/address.h"

struct loadtest_options {
    struct ip_address local, remote;
    unsigned count, concurrency, first;
    const char *psk, *ike, *esp, *id_prefix, *remote_id;
    unsigned responder_pid;
    unsigned timeout_seconds, hold_seconds;
    bool json, leases;
};

/* With the defaults for what is not named. False with the reason; *ret_help: only help is wanted. */
bool loadtest_options_read(int argc, char **argv, struct loadtest_options *out, bool *ret_help,
                           struct error *error);
void loadtest_options_print_help(void);

#endif
