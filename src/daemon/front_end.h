/* Where `ipsec` of this installation is, wherever PATH leads. */
#ifndef STYX_DAEMON_FRONT_END_H
#define STYX_DAEMON_FRONT_END_H

/* The folder, without links in it; "": there is none. Valid until the next call. */
const char *front_end_dir(void);

#endif
