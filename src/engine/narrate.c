/* Lines for people: the log and the progress of commands, with the prefixes that Libreswan's users grep for.
 */
#include <stdarg.h>
#include <stdio.h>

#include "engine/client_batch.h"
#include "engine/client_group.h"
#include "engine/prompt.h"

enum { LINE_SIZE = 2048 };

static void emit(struct engine *engine, struct report *report)
{
    client_group_report(engine, report);
}

void connection_add_prefix(struct text *text, const struct connection *connection)
{
    if (connection == NULL)
        return;
    text_add(text, "\"%s\"", connection->spec->name);
    if (connection->is_instance) {
        char address[ADDRESS_TEXT_SIZE];
        text_add(text, "[%u] %s", connection->instance_number, address_text(&connection->remote, address));
    }
}

void describe_child(struct text *text, const struct engine *engine, const struct child_sa *child)
{
    connection_add_prefix(text, connection_by_serial(engine, child->connection_serial));
    text_add(text, " #%llu", (unsigned long long)child->serial);
}

static void say(struct engine *engine, int code, const struct connection *connection, uint64_t ike_serial,
                uint64_t child_serial, uint64_t client, const char *format, va_list arguments)
{
    char line[LINE_SIZE], body[LINE_SIZE / 2];
    struct text text = text_of(line, sizeof(line));
    uint64_t serial = child_serial ? child_serial : ike_serial;
    connection_add_prefix(&text, connection);
    if (serial != 0)
        text_add(&text, " #%llu", (unsigned long long)serial);
    vsnprintf(body, sizeof(body), format, arguments);
    text_add(&text, text.size > 0 ? ": %s" : "%s", body);
    text_keep_to_one_line(line);
    emit(engine, &(struct report){
                     .code = code,
                     .client = client,
                     .connection = connection ? connection->spec->name : NULL,
                     .ike_serial = ike_serial,
                     .child_serial = child_serial,
                     .text = line,
                 });
}

void say_connection(struct engine *engine, int code, const struct connection *connection, uint64_t client,
                    const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(engine, code, connection, 0, 0, client, format, arguments);
    va_end(arguments);
}

void say_ike(struct engine *engine, int code, const struct ike_sa *ike, uint64_t client, const char *format,
             ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(engine, code, connection_by_serial(engine, ike->connection_serial), ike->serial, 0, client, format,
        arguments);
    va_end(arguments);
}

void say_child(struct engine *engine, int code, const struct child_sa *child, uint64_t client,
               const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(engine, code, connection_by_serial(engine, child->connection_serial), child->ike_serial,
        child->serial, client, format, arguments);
    va_end(arguments);
}

void say_plain(struct engine *engine, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(engine, code, NULL, 0, 0, 0, format, arguments);
    va_end(arguments);
}

void say_event(struct engine *engine, enum event_kind event, const char *connection, uint64_t ike_serial,
               uint64_t child_serial, const char *text)
{
    emit(engine, &(struct report){
                     .code = RC_COMMENT,
                     .event = event,
                     .connection = connection,
                     .ike_serial = ike_serial,
                     .child_serial = child_serial,
                     .text = text,
                 });
}

void finish_client(struct engine *engine, uint64_t client, int code)
{
    if (client == 0 || client_group_finish(engine, client, code) ||
        !client_batch_part_ended(engine, client, &code))
        return;
    prompt_discard(engine, client);
    emit(engine, &(struct report){.code = code, .client = client, .is_final = true, .text = ""});
}

void abandon_client(struct engine *engine, const struct connection *connection, uint64_t client,
                    const char *reason)
{
    if (client == 0)
        return;
    say_connection(engine, RC_FATAL, connection, client, "given up: %s",
                   engine->is_shutting_down ? "pluto ends" : reason);
    finish_client(engine, client, RC_FATAL);
}
