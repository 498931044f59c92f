/* Questions to whoever waits for a command: see prompt.h. */
#include "engine/prompt.h"

#include <stdlib.h>

#include "engine/client_group.h"

struct prompt {
    struct hash_node by_client;
    uint64_t client, ike_serial;
    prompt_answered *answered;
};

static struct prompt *find(const struct engine *engine, uint64_t client)
{
    struct hash_node *node = client != 0 ? hash_table_find(&engine->prompts, client) : NULL;
    return node != NULL ? CONTAINER_OF(node, struct prompt, by_client) : NULL;
}

static void drop(struct engine *engine, struct prompt *prompt)
{
    hash_table_remove(&engine->prompts, &prompt->by_client);
    free(prompt);
}

bool prompt_ask(struct engine *engine, struct ike_sa *ike, uint64_t client, bool is_secret,
                const char *question, prompt_answered *answered)
{
    client = client_group_first(engine, client);
    prompt_forget(engine, client);
    struct prompt *prompt = client != 0 ? calloc(1, sizeof(*prompt)) : NULL;
    if (prompt == NULL)
        return false;
    prompt->client = client;
    prompt->ike_serial = ike->serial;
    prompt->answered = answered;
    hash_table_insert(&engine->prompts, &prompt->by_client, client);
    say_ike(engine, is_secret ? RC_ENTERSECRET : RC_USERPROMPT, ike, client, "%s", question);
    return true;
}

/* The prompt goes before the answer is acted on: that may ask the next question. */
bool prompt_answer(struct engine *engine, uint64_t client, const char *answer)
{
    struct prompt *prompt = find(engine, client);
    if (prompt == NULL)
        return false;
    prompt_answered *answered = prompt->answered;
    struct ike_sa *ike = ike_by_serial(engine, prompt->ike_serial);
    drop(engine, prompt);
    if (ike != NULL)
        answered(engine, ike, answer);
    return true;
}

void prompt_forget(struct engine *engine, uint64_t client)
{
    prompt_answer(engine, client, NULL);
}

void prompt_discard(struct engine *engine, uint64_t client)
{
    struct prompt *prompt = find(engine, client_group_first(engine, client));
    if (prompt != NULL)
        drop(engine, prompt);
}

static void free_prompt(struct hash_node *node, void *context)
{
    (void)context;
    free(CONTAINER_OF(node, struct prompt, by_client));
}

void prompts_free(struct engine *engine)
{
    hash_table_each(&engine->prompts, free_prompt, NULL);
}
