/* The service: ipsec start, stop, restart, setup. By systemd where that runs and has our unit, else directly.
 */
#ifndef STYX_TOOLS_SERVICE_H
#define STYX_TOOLS_SERVICE_H

/* With the name of a connection: `ipsec auto --start NAME`. */
int service_start(int argc, char **argv);
int service_stop(int argc, char **argv);
int service_restart(int argc, char **argv);
/* setup start|stop|restart|condrestart|reload|status */
int service_setup(int argc, char **argv);

#endif
