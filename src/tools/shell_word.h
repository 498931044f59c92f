/* Words as a shell takes them back: quoted where they must be. */
#ifndef STYX_TOOLS_SHELL_WORD_H
#define STYX_TOOLS_SHELL_WORD_H

#include <stdio.h>

/* As it is if nothing in it means anything to a shell, else in quotes. */
void shell_word_print(FILE *out, const char *word);
/* In quotes in any case. */
void shell_word_print_quoted(FILE *out, const char *word);

#endif
