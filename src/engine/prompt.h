/*
 * Questions to whoever waits for a command: a user name or a password that a peer demands (XAUTH, EAP). The
 * question is a report of code RC_USERPROMPT or RC_ENTERSECRET for the waiting client; the answer comes by
 * COMMAND_ANSWER, or never.
 */
#ifndef STYX_ENGINE_PROMPT_H
#define STYX_ENGINE_PROMPT_H

#include "engine/state.h"

/* Called once for every question that was asked, unless its IKE SA has gone or the command has ended.
 * `answer` is borrowed; NULL: there is nobody, or nobody who knows. The IKE SA may be gone afterwards. */
typedef void prompt_answered(struct engine *engine, struct ike_sa *ike, const char *answer);

/* Asks `client` on behalf of the IKE SA. False: nobody waits, `answered` will not be called. A client has one
 * question at a time; a further one takes the place of that before, which goes unanswered. */
bool prompt_ask(struct engine *engine, struct ike_sa *ike, uint64_t client, bool is_secret,
                const char *question, prompt_answered *answered);

/* COMMAND_ANSWER; false: nothing was asked. */
bool prompt_answer(struct engine *engine, uint64_t client, const char *answer);
/* The client has gone: there will be no answer. */
void prompt_forget(struct engine *engine, uint64_t client);
/* The command has ended: no answer is wanted any more. */
void prompt_discard(struct engine *engine, uint64_t client);
void prompts_free(struct engine *engine);

#endif
