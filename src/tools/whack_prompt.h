/* Answers to what pluto asks on behalf of a peer: a user name (041) or a password (040). */
#ifndef STYX_TOOLS_WHACK_PROMPT_H
#define STYX_TOOLS_WHACK_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/control_client.h"

/* Writes the question to the terminal and reads one line of answer into out, unseen if it is secret; from
 * standard input when there is no terminal. False: there is none. */
bool whack_prompt(const char *question, bool is_secret, char *out, size_t size);

/* Answers the line, by `given` or, without that, as whack_prompt() does. */
void whack_prompt_answer(struct control_client *client, const struct control_line *line, const char *given);

#endif
