/* Where the programs and files of Styx are: beside this binary in the build tree, or in PREFIX when
 * installed. */
#ifndef STYX_TOOLS_PATHS_H
#define STYX_TOOLS_PATHS_H

/* The folder of pluto and _updown. */
const char *paths_exec_dir(void);
/* pluto itself. */
const char *paths_pluto(void);
/* The configuration file when none is named: $IPSEC_CONF, or /etc/ipsec.conf. */
const char *paths_config_file(void);
/* This binary, to run `ipsec whack` and the like. */
const char *paths_ipsec(void);

#endif
