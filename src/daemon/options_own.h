/* pluto's options that set no keyword of `config setup`: one table. */
#ifndef STYX_DAEMON_OPTIONS_OWN_H
#define STYX_DAEMON_OPTIONS_OWN_H

#include "config/keyword.h"
#include "daemon/daemon.h"

#define DEFAULT_RUNDIR "/run/pluto"
#define DEFAULT_PEER_LOGS "/var/log/pluto/peer"

struct own_option {
    const char *name;
    enum option_argument argument;
    bool (*set)(struct daemon_options *options, const struct own_option *row, const char *value,
                struct error *error);
    const char *help; /* NULL: another spelling is preferred */
    size_t offset;    /* of the field that set_text and set_flag fill */
    const char *text; /* the value that the option stands for */
    const char *form; /* of its value, for --help */
};

extern const struct own_option own_options[];
extern const size_t own_option_count;

/* By its name without dashes; NULL: unknown. */
const struct own_option *own_option_find(const char *name);

/* options_help.c: what --help prints. */
void options_print_help(void);
/* The known option that is nearest to `name`; NULL: none is near. */
const char *options_nearest(const char *name);

#endif
