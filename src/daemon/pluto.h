/* pluto: started with its command line, it goes on until it is told to end. */
#ifndef STYX_DAEMON_PLUTO_H
#define STYX_DAEMON_PLUTO_H

/* The daemon; returns its exit status (ipsec_pluto(8), EXIT STATUS). */
int pluto_main(int argc, char **argv);

#endif
