/* The tools that live in the one binary `ipsec`: each is a main() of its own, with argv[0] its name. */
#ifndef STYX_TOOLS_TOOLS_H
#define STYX_TOOLS_TOOLS_H

int addconn_main(int argc, char **argv);
int algparse_main(int argc, char **argv);
int auto_main(int argc, char **argv);
int barf_main(int argc, char **argv);
int check_main(int argc, char **argv);
int checkconfig_main(int argc, char **argv);
int checknss_main(int argc, char **argv);
int directory_main(int argc, char **argv);
int ecdsasigkey_main(int argc, char **argv);
int eddsasigkey_main(int argc, char **argv);
int explain_main(int argc, char **argv);
int help_main(int argc, char **argv);
int import_main(int argc, char **argv);
int initnss_main(int argc, char **argv);
int ipsec_main(int argc, char **argv);
int loadtest_main(int argc, char **argv);
int look_main(int argc, char **argv);
int newhostkey_main(int argc, char **argv);
int nss_program_main(int argc, char **argv);
int pluto_main(int argc, char **argv);
int readwriteconf_main(int argc, char **argv);
int reload_main(int argc, char **argv);
int rsasigkey_main(int argc, char **argv);
int secretcensor_main(int argc, char **argv);
int showhostkey_main(int argc, char **argv);
int showroute_main(int argc, char **argv);
int updown_main(int argc, char **argv);
int verify_main(int argc, char **argv);
int version_main(int argc, char **argv);
int whack_main(int argc, char **argv);

#endif
