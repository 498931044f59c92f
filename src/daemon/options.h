/* pluto's command line and `config setup`: ipsec_pluto(8). */
#ifndef STYX_DAEMON_OPTIONS_H
#define STYX_DAEMON_OPTIONS_H

#include "daemon/daemon.h"

/* -1: go on; otherwise the exit status (help, version, a fault that has been said). */
int options_read(int argc, char **argv, struct daemon_options *out);
void options_free(struct daemon_options *options);

#endif
