/* Starting and stopping pluto without an init system: ipsec start, stop, restart, status. */
#ifndef STYX_TOOLS_SERVICE_H
#define STYX_TOOLS_SERVICE_H

int service_start(int argc, char **argv);
int service_stop(int argc, char **argv);
int service_restart(int argc, char **argv);

#endif
