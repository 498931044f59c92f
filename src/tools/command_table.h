/* What comes after `ipsec`: every command once, with its other spellings. The front end and --help read it.
 */
#ifndef STYX_TOOLS_COMMAND_TABLE_H
#define STYX_TOOLS_COMMAND_TABLE_H

#include <stddef.h>

enum command_kind_of_tool {
    COMMAND_TOOL,       /* main() of its own */
    COMMAND_OF_AUTO,    /* `ipsec auto --WORD` */
    COMMAND_OF_WHACK,   /* `whack --WORD`; a bare word is a connection's name */
    COMMAND_NOT_NEEDED, /* says why, and that is all right */
    COMMAND_NOT_YET,    /* says why not */
};

struct command_row {
    const char *name;
    const char *aliases; /* parted by blanks; each, and the name, also with -- before it */
    enum command_kind_of_tool kind;
    int (*main)(int argc, char **argv);
    const char *word; /* of auto or whack (NULL: none); the reason */
    const char *help; /* NULL: not listed */
};

extern const struct command_row command_rows[];
extern const size_t command_row_count;

/* NULL: there is none. */
const struct command_row *command_find(const char *name);
/* The nearest name to one that there is not; NULL: none is near. */
const char *command_suggest(const char *name);
void command_table_print(void);

#endif
