#include "engine/secret_names.h"

static bool is_possible_name(const struct identity *identity, char out[static IDENTITY_SIZE_MAX + 1])
{
    if (identity->size > IDENTITY_SIZE_MAX)
        return false;
    memcpy(out, identity->data, identity->size);
    out[identity->size] = '\0';
    return true;
}

void secret_names_ask(struct engine *engine)
{
    struct secrets *secrets = engine->secrets;
    char name[IDENTITY_SIZE_MAX + 1];
    if (secrets == NULL || engine->env->resolve == NULL)
        return;
    secrets->first_query = engine->last_request_id + 1;
    engine->last_request_id += secrets->name_count;
    for (size_t i = 0; i < secrets->name_count; i++)
        if (is_possible_name(secrets_name(secrets, i), name))
            engine->env->resolve(engine->env->world, secrets->first_query + i, name, IP_NONE);
}

void secret_names_answered(struct engine *engine, uint64_t query_id, const struct ip_address *addresses,
                           size_t count)
{
    struct secrets *secrets = engine->secrets;
    if (secrets != NULL && count > 0 && query_id - secrets->first_query < secrets->name_count)
        secrets_name_is_at(secrets, (size_t)(query_id - secrets->first_query), &addresses[0]);
}
