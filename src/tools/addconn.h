/* What the files of addconn share: addconn.c loads, addconn_show.c prints, addconn_options.c reads the
 * command line. */
#ifndef STYX_TOOLS_ADDCONN_H
#define STYX_TOOLS_ADDCONN_H

#include "config/conf_file.h"
#include "tools/control_client.h"

struct addconn {
    struct control_location location;
    const char *config_file;
    const char *name; /* --name */
    bool autoall, checkconfig, configsetup, liststack, showonly, verbose, quiet;
    const char *variable_prefix; /* --varprefix */
    bool no_export;
    int list;    /* a connection_auto, -1: none, LIST_ALL */
    int auto_as; /* --auto: taken instead of auto=; -1: none */
    bool asynchronous;
    struct conf *conf;
    struct control_client *client;
    unsigned unanswered;  /* requests */
    bool faults_are_told; /* bad values of the file were shown already */
    int status;
};

enum { LIST_NONE = -1, LIST_ALL = -2 };

/* Reads the command line; names are argv[optind] and on. False: over, with *ret_status. */
bool addconn_parse(struct addconn *addconn, int argc, char **argv, int *ret_status);

/* The beginning of a command line of whack, for the pluto that we talk to; name may be NULL. */
void addconn_show_whack(const struct addconn *addconn, const char *name);
/* The whole of one that makes the connection. */
void addconn_show_connection(const struct addconn *addconn, size_t index);
void addconn_show_names(const struct addconn *addconn);
void addconn_show_setup(const struct addconn *addconn);
void addconn_show_stack(const struct addconn *addconn);

#endif
