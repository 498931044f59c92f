/* Several commands that wait for the same: each is told what becomes of it, and ends as the others do. */
#ifndef STYX_ENGINE_CLIENT_GROUP_H
#define STYX_ENGINE_CLIENT_GROUP_H

#include "engine/state.h"

/* `client` waits for what `watching` (0: nobody) waits for. Returns who waits from now on: a client as any
 * other for say_...(), finish_client() and prompt_ask(). Out of memory: `client` ends with RC_INTERNAL_ERROR.
 */
uint64_t client_group_join(struct engine *engine, uint64_t watching, uint64_t client);
/* Whom questions go to: who came first and is still there, 0 none; any other client is its own. */
uint64_t client_group_first(const struct engine *engine, uint64_t client);
/* The client has gone: it is in no group any more. */
void client_groups_leave(struct engine *engine, uint64_t client);
/* The report for each that waits as its client. */
void client_group_report(const struct engine *engine, const struct report *report);
/* Ends the commands of the group. False: `client` is none. */
bool client_group_finish(struct engine *engine, uint64_t client, int code);
void client_groups_free(struct engine *engine);

#endif
