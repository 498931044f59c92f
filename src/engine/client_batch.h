/* A command that acts on several connections (an alias) ends once, when the last of them is through. */
#ifndef STYX_ENGINE_CLIENT_BATCH_H
#define STYX_ENGINE_CLIENT_BATCH_H

#include "engine/state.h"

/* The command of `client` ends with the count-th finish_client(); out of memory: with the first. */
void client_batch_expect(struct engine *engine, uint64_t client, size_t count);
/* The command, which has not ended yet, has one part more than was thought. */
void client_batch_expect_another(struct engine *engine, uint64_t client);
/* One part has ended with *code. False: parts are left. True: all is over, with the code of the whole in
 * *code: the first one that made whack's exit status. */
bool client_batch_part_ended(struct engine *engine, uint64_t client, int *code);
/* Nobody waits any more. */
void client_batch_forget(struct engine *engine, uint64_t client);
void client_batches_free(struct engine *engine);

#endif
