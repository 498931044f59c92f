/* Private to command*.c: what commands share. Each ends with one final report for its client. */
#ifndef STYX_ENGINE_COMMAND_H
#define STYX_ENGINE_COMMAND_H

#include "engine/state.h"

/* Why the command is not carried out, and its end. */
void command_fail(struct engine *engine, const struct command *command, int code,
                  const struct connection *connection, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* command_add.c: these take the command's specs. */
void command_add(struct engine *engine, const struct command *command);
/* What is known of a connection beside what it does (auto=, where it stands); nothing that runs takes notice.
 */
void command_describe(struct engine *engine, const struct command *command);

/* command_initiate.c */
void command_initiate(struct engine *engine, const struct command *command, struct connection *connection);

/* command_sa.c: rekeying and ending SAs. Those of a connection first. */
void command_rekey(struct engine *engine, const struct command *command, struct connection *connection);
/* COMMAND_DELETE_IKE, DELETE_CHILD, DOWN_IKE, DOWN_CHILD */
void command_end_sa(struct engine *engine, const struct command *command, struct connection *connection);
void command_delete_state(struct engine *engine, const struct command *command);
void command_delete_user(struct engine *engine, const struct command *command);
void command_delete_id(struct engine *engine, const struct command *command);
void command_crash(struct engine *engine, const struct command *command);

/* Whether the table of commands has a place for it that is filled. */
bool command_has_handler(enum command_kind kind);

#endif
