#include "control/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "control/session.h"
#include "control/spec_request.h"

void batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        free(batch->changes[i].name);
        connection_spec_free(batch->changes[i].spec);
    }
    free(batch->changes);
    *batch = (struct batch){0};
}

/* ---- gathering ---- */

static struct batch_change *new_change(struct batch *batch)
{
    if (batch->count == BATCH_CHANGES_MAX)
        return NULL;
    if (batch->count == batch->capacity) {
        size_t capacity = batch->capacity ? batch->capacity * 2 : 64;
        struct batch_change *grown = realloc(batch->changes, capacity * sizeof(*grown));
        if (grown == NULL)
            return NULL;
        batch->changes = grown;
        batch->capacity = capacity;
    }
    struct batch_change *change = &batch->changes[batch->count++];
    *change = (struct batch_change){0};
    return change;
}

static bool kind_of(const json_t *operation, enum command_kind *ret_kind)
{
    static const struct {
        const char *name;
        enum command_kind kind;
    } kinds[] = {{"add", COMMAND_ADD}, {"delete", COMMAND_DELETE}, {"describe", COMMAND_DESCRIBE}};
    const char *command = json_string_value(json_object_get(operation, "command"));
    for (size_t i = 0; command != NULL && i < ARRAY_SIZE(kinds); i++) {
        if (strcmp(kinds[i].name, command) == 0) {
            *ret_kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

/* Warnings were told by whoever read the file. */
static void say_nothing(void *context, const char *text)
{
    (void)context;
    (void)text;
}

static bool add_change(struct batch *batch, const json_t *operation, struct error *error)
{
    static const struct warning_sink silent = {say_nothing, NULL};
    const char *name = json_string_value(json_object_get(operation, "name"));
    enum command_kind kind;
    if (name == NULL || !kind_of(operation, &kind))
        return error_set(
            error, RC_BADWHACKMESSAGE,
            "bad whack message: an operation of a batch is an object with \"name\" and \"command\" "
            "add, delete or describe");
    struct batch_change *change = new_change(batch);
    if (change == NULL)
        return error_set(error, RC_FATAL, "a batch of more than %d changes", BATCH_CHANGES_MAX);
    change->kind = kind;
    change->name = strdup(name);
    if (kind != COMMAND_DELETE)
        change->spec = spec_of_request(name, json_object_get(operation, "options"),
                                       json_object_get(operation, "origin"), &silent, error);
    return (change->name != NULL || error_set(error, RC_FATAL, "out of memory")) &&
           (kind == COMMAND_DELETE || change->spec != NULL);
}

static bool gather(struct batch *batch, const json_t *operations, struct error *error)
{
    size_t i;
    json_t *operation;
    if (operations != NULL && !json_is_array(operations))
        return error_set(error, RC_BADWHACKMESSAGE, "bad whack message: \"operations\" is no array");
    json_array_foreach((json_t *)(uintptr_t)operations, i, operation)
    {
        if (!add_change(batch, operation, error))
            return false;
    }
    return true;
}

void batch_request(struct control_session *session, const json_t *request)
{
    struct batch *batch = &session->batch;
    struct error error;
    if (!gather(batch, json_object_get(request, "operations"), &error)) {
        batch_clear(batch);
        if (error.code == RC_BADWHACKMESSAGE) {
            session_refuse(session, "%s", error.text);
            return;
        }
        session_line(session, RC_FATAL, "%s", error.text);
        session_finish(session, RC_FATAL);
    } else if (!json_is_true(json_object_get(request, "commit"))) {
        session_finish(session, 0);
    } else {
        batch->is_running = true;
        batch_continue(session);
    }
}

/* ---- making the changes ---- */

static void make(struct control_session *session, struct batch_change *change)
{
    struct command command = {
        .kind = change->kind, .client = session->id, .name = change->name, .spec = change->spec};
    change->spec = NULL; /* the engine's now */
    session->batch.unfinished++;
    engine_command(session->control->engine, &command);
}

static void finish(struct control_session *session)
{
    int code = session->batch.code;
    batch_clear(&session->batch);
    session_finish(session, code);
}

void batch_continue(struct control_session *session)
{
    struct batch *batch = &session->batch;
    batch->is_making = true;
    for (unsigned i = 0; i < BATCH_PIECE && batch->next < batch->count; i++)
        make(session, &batch->changes[batch->next++]);
    batch->is_making = false;
    if (batch->next < batch->count)
        session->control->host.wake_later(session->control->host.context, session->id, 0);
    else if (batch->unfinished == 0)
        finish(session);
}

void batch_complete_alone(struct control_session *session)
{
    struct batch *batch = &session->batch;
    while (batch->is_running && batch->next < batch->count) {
        struct batch_change *change = &batch->changes[batch->next++];
        engine_command(session->control->engine,
                       &(struct command){.kind = change->kind, .name = change->name, .spec = change->spec});
        change->spec = NULL;
    }
}

void batch_change_ended(struct control_session *session, int code)
{
    struct batch *batch = &session->batch;
    if (code != 0 && batch->code == 0)
        batch->code = code;
    /* The last one ends inside batch_continue(), or later. */
    if (--batch->unfinished == 0 && batch->next == batch->count && !batch->is_making)
        finish(session);
}
