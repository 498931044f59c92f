/* The table of whack's own options. Those that set a keyword of a connection come from config/keyword.h
 * instead. */
#ifndef STYX_TOOLS_WHACK_OPTIONS_H
#define STYX_TOOLS_WHACK_OPTIONS_H

#include "tools/whack_arguments.h"

enum whack_option_kind {
    OPTION_ACTION, /* asks for `action` */
    OPTION_TEXT, /* its argument goes to the `const char *` at `offset`, and asks for `action` if there is one
                  */
    OPTION_FLAG, /* sets the bool at `offset`; an argument yes or no may say which */
    OPTION_TO,   /* from here on it is the right end */
    OPTION_DEBUG,       /* debug classes to set; `fixed` when the option names them itself */
    OPTION_DEBUG_CLEAR, /* debug classes to clear */
    OPTION_DDOS,        /* a mode, or `fixed` */
    OPTION_NOT_YET,     /* known, refused by name */
};

struct whack_option {
    const char *name;
    enum option_argument argument;
    enum whack_option_kind kind;
    enum whack_action action; /* WHACK_ACTION_COUNT: none */
    size_t offset;            /* in struct whack_arguments */
    const char *fixed;
    const char *argument_text; /* for --help */
    const char *help;          /* NULL: another spelling of an option that has its help */
};

extern const struct whack_option whack_options[];
extern const size_t whack_option_count;

/* By its name without dashes; NULL: unknown. */
const struct whack_option *whack_option_find(const char *name);
/* The keyword that an option of the connection form sets; NULL: none in this build. */
const struct keyword *whack_connection_keyword(const struct keyword_option *option);
/* The known option, of either table, that is nearest to `name`; NULL: none is near. */
const char *whack_option_nearest(const char *name);

#endif
