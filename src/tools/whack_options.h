/* The table of whack's own options. Those that set a keyword of a connection come from config/keyword.h
 * instead. */
#ifndef STYX_TOOLS_WHACK_OPTIONS_H
#define STYX_TOOLS_WHACK_OPTIONS_H

#include "tools/whack_arguments.h"

enum whack_option_kind {
    OPTION_GROUP,  /* no option: a headline of --help */
    OPTION_ACTION, /* asks for `action` */
    OPTION_FIELD,  /* its argument goes to the `const char *` at `offset` */
    OPTION_SWITCH, /* sets the bool at `offset` */
    OPTION_USER,   /* the user name: of a connection's end, or the answer to a prompt */
    OPTION_MAGIC,  /* another version of the control protocol */
    OPTION_TO,     /* from here on it is the right end */
    /* These set the member `member` of the request of `action`: */
    OPTION_TEXT,
    OPTION_NUMBER,
    OPTION_YES_NO,
    OPTION_FIXED,     /* to the text `fixed` */
    OPTION_WORDS,     /* each word of its argument, or of `fixed`, is added to a list */
    OPTION_WORDS_OFF, /* the same, each with "no-" before it */
    OPTION_NOT_YET,   /* known, refused by name; `fixed`: why, or what to use */
    OPTION_REFUSED,   /* known and never to come back; `fixed`: what to use instead */
    OPTION_IGNORED,   /* has no effect in any version: a warning */
};

struct whack_option {
    const char *name; /* without the dashes; NULL: a headline */
    enum option_argument argument;
    enum whack_option_kind kind;
    enum whack_action action; /* WHACK_ACTION_COUNT: none */
    bool asks;                /* for `action`; otherwise it needs another option that does */
    size_t offset;            /* in struct whack_arguments */
    const char *member;
    const char *fixed;
    const char *argument_text; /* for --help */
    const char *replaced_by;   /* an old spelling: the warning names this one */
    const char *help;          /* NULL: not shown */
};

extern const struct whack_option whack_options[];
extern const size_t whack_option_count;

/* By its name without dashes; NULL: unknown. */
const struct whack_option *whack_option_find(const char *name);
/* The option that sets this member of the request of `action`. */
const char *whack_option_of_member(enum whack_action action, const char *member);
/* The keyword that an option of the connection form sets; NULL: none in this build. */
const struct keyword *whack_connection_keyword(const struct keyword_option *option);
/* The known option, of either table, that is nearest to `name`; NULL: none is near. */
const char *whack_option_nearest(const char *name);
/* The whole name of which `name` is the beginning, if there is just one, in either table. */
const char *whack_option_complete(const char *name);

#endif
