/*
 * The keyword table: every word of ipsec.conf(5), once. The ipsec.conf parser, whack's and pluto's options,
 * the control protocol's "options" object, readwriteconf and the man page all come from it.
 */
#ifndef STYX_CONFIG_KEYWORD_H
#define STYX_CONFIG_KEYWORD_H

#include "base/error.h"
#include "base/timer_wheel.h"

enum keyword_section { SECTION_SETUP, SECTION_CONN };

/* Which end a per-end keyword was written for. */
enum keyword_end { END_NONE, END_LEFT, END_RIGHT };

enum keyword_type {
    KEYWORD_BOOL,
    KEYWORD_UINT,    /* a number between minimum and maximum */
    KEYWORD_INT,     /* the same, -1 allowed */
    KEYWORD_SIZE,    /* a number with Ki, Mi, Gi, Ti ... */
    KEYWORD_TIME,    /* a number with ms, s, m, h, d, w; unit when there is none */
    KEYWORD_PERCENT, /* 100% */
    KEYWORD_ENUM,    /* one of words */
    KEYWORD_STRING,
    KEYWORD_SPECIAL, /* a form of its own: addresses, identities, proposals, lists ... */
};

enum keyword_status {
    KEYWORD_ACTS,
    KEYWORD_NOT_YET,           /* its default is accepted, any other value refused by name */
    KEYWORD_OBSOLETE,          /* accepted with a warning, has no effect in any version */
    KEYWORD_IKEV1_ONLY,        /* accepted with a warning on an IKEv2 connection, which it does not concern */
    KEYWORD_OBSOLETE_IN_IKEV2, /* the same, and said to be obsolete there */
    KEYWORD_COMMAND_LINE,      /* an option of pluto only, refused in a file */
};

/* What a keyword that is not supported yet matters to; elsewhere it is accepted with a warning. */
enum keyword_concern {
    CONCERNS_ALL,
    CONCERNS_PUBLIC_KEYS, /* connections of which an end proves its identity by a key or a certificate */
    CONCERNS_NAMES,       /* how names are looked up, which works without it */
};

/* One word of an enumeration. */
struct keyword_word {
    const char *word; /* NULL ends the list */
    int value;
};

struct keyword {
    const char *name; /* per end without left/right; "" is left= or right= itself */
    enum keyword_section section;
    bool is_per_end;
    bool appends;              /* written twice, both count (connalias, subnets) */
    bool is_capped;            /* above the maximum, the maximum is taken with a warning */
    bool zero_is_unset;        /* 0 is accepted below the minimum */
    bool empty_is_unset;       /* of KEYWORD_SPECIAL: without a value it is as if it were not there */
    bool is_checked_when_read; /* of KEYWORD_SPECIAL: a word that it does not know is a fault of the file */
    enum keyword_type type;
    enum keyword_status status;
    enum keyword_concern concern; /* of KEYWORD_NOT_YET */
    const char *alias_of; /* NULL, or the name of the keyword it stands for; all below is that keyword's */
    const struct keyword_word *words;
    const char *values;       /* the accepted forms, for people */
    const char *default_text; /* "" when unset is the default */
    const char *inert;  /* a further value accepted though it does not act: what this build does anyway */
    const char *help;   /* one line */
    const char *reason; /* of KEYWORD_NOT_YET: what is done instead; NULL: nothing that would tell more */
    uint64_t minimum, maximum;
    usec_t unit;   /* KEYWORD_TIME */
    size_t offset; /* of the field in struct setup, connection_spec or end_spec; SIZE_MAX: none */
    uint8_t width; /* bytes of the field, numbers only */
};

extern const struct keyword setup_keywords[];
extern const size_t setup_keyword_count;
extern const struct keyword conn_keywords[];
extern const size_t conn_keyword_count;

/*
 * Finds a keyword in any letter case, aliases resolved: "leftid", "right-id", "Authby", "keylife". NULL:
 * unknown. ret_end (may be NULL) is END_NONE for keywords that are not per end.
 */
const struct keyword *keyword_find(enum keyword_section section, const char *name, enum keyword_end *ret_end);
/* The nearest known spelling to an unknown one, into out; false when none is near. */
bool keyword_suggest(enum keyword_section section, const char *name, char *out, size_t size);
/* "leftid", "authby", "right". */
const char *keyword_spelling(const struct keyword *keyword, enum keyword_end end, char *out, size_t size);

/* "keyword "leftcat" is not supported yet", with the reason. Returns false. */
bool keyword_refuse_not_yet(const struct keyword *keyword, const char *spelling, struct error *error);

enum option_argument { ARGUMENT_NONE, ARGUMENT_OPTIONAL, ARGUMENT_REQUIRED };

/* A long option of whack or pluto that sets a keyword. */
struct keyword_option {
    const char *name;    /* without the dashes */
    const char *keyword; /* canonical name in the table; per-end ones go to the end that is being described */
    enum option_argument argument;
    const char *value; /* set when no argument is given: "yes", "secret" ...; NULL with ARGUMENT_REQUIRED */
    bool appends;      /* joins earlier ones with a comma (--rsasig --psk -> authby=rsasig,secret) */
    bool is_obsolete;  /* another spelling is preferred; not shown in --help */
    const char *replaced_by; /* whack warns of this one and names that */
};

extern const struct keyword_option whack_connection_options[];
extern const size_t whack_connection_option_count;
extern const struct keyword_option pluto_setup_options[];
extern const size_t pluto_setup_option_count;

/* By name without dashes; NULL: not an option that sets a keyword. */
const struct keyword_option *whack_connection_option_find(const char *name);
/* A keyword that no option of the table takes as its argument is one by its own name, so that whatever
 * ipsec.conf can say of a connection can be said to whack. */
const struct keyword_option *whack_keyword_option_find(const char *name);
const struct keyword_option *pluto_setup_option_find(const char *name);

#endif
