/*
 * Lines for debugging (plutodebug=, debug=), one class of them for each question: what was decided (base),
 * what each message says in the clear (crypt), with which keys (private), what went over the network, byte by
 * byte (tmi), what came into being and went (refcnt), and how long it took (cpu-usage).
 */
#include <stdarg.h>
#include <stdio.h>

#include "engine/connection.h"
#include "engine/ike_trace.h"

enum { LINE_SIZE = 2048, BYTES_IN_A_LINE = 32 };

static void put_line(struct engine *engine, const char *format, va_list arguments)
{
    char line[LINE_SIZE];
    vsnprintf(line, sizeof(line), format, arguments);
    engine->env->trace(engine->env->world, line);
}

static bool is_traced(const struct engine *engine, const struct ike_sa *ike, uint64_t debug_class)
{
    if ((engine->settings.debug & debug_class) != 0)
        return true;
    const struct connection *connection =
        ike != NULL ? connection_by_serial(engine, ike->connection_serial) : NULL;
    return connection != NULL && (connection->debug & debug_class) != 0;
}

void trace(struct engine *engine, uint64_t debug_class, const char *format, ...)
{
    va_list arguments;
    if ((engine->settings.debug & debug_class) == 0)
        return;
    va_start(arguments, format);
    put_line(engine, format, arguments);
    va_end(arguments);
}

void trace_ike(struct engine *engine, const struct ike_sa *ike, uint64_t debug_class, const char *format, ...)
{
    va_list arguments;
    if (!is_traced(engine, ike, debug_class))
        return;
    va_start(arguments, format);
    put_line(engine, format, arguments);
    va_end(arguments);
}

/* ---- bytes ---- */

static void put_bytes(struct engine *engine, const char *what, struct bytes data)
{
    char line[LINE_SIZE];
    for (size_t at = 0; at < data.size; at += BYTES_IN_A_LINE) {
        struct text text = text_of(line, sizeof(line));
        text_add(&text, "  %s %04zx:", what, at);
        for (size_t i = at; i < data.size && i < at + BYTES_IN_A_LINE; i++)
            text_add(&text, "%s%02x", i % 4 == 0 ? " " : "", data.data[i]);
        engine->env->trace(engine->env->world, line);
    }
    secret_wipe(line, sizeof(line));
}

void trace_bytes(struct engine *engine, const struct ike_sa *ike, uint64_t debug_class, const char *what,
                 struct bytes data)
{
    if (is_traced(engine, ike, debug_class))
        put_bytes(engine, what, data);
}

void trace_datagram(struct engine *engine, const struct path *path, bool is_sent, struct bytes datagram)
{
    char local[ENDPOINT_TEXT_SIZE], remote[ENDPOINT_TEXT_SIZE];
    if ((engine->settings.debug & DEBUG_TMI) == 0)
        return;
    trace(engine, DEBUG_TMI, "%s %zu bytes %s %s %s %s", is_sent ? "sent" : "received", datagram.size,
          is_sent ? "from" : "at", endpoint_text(&path->local, local), is_sent ? "to" : "from",
          endpoint_text(&path->remote, remote));
    put_bytes(engine, is_sent ? "sent" : "received", datagram);
}

void trace_message(struct engine *engine, const struct ike_sa *ike, bool is_sent, const char *exchange,
                   uint32_t message_id, size_t size)
{
    trace_ike(engine, ike, DEBUG_BASE, "#%llu: %s %s, message id %u, %zu bytes of payloads",
              (unsigned long long)ike->serial, is_sent ? "sending" : "received", exchange, message_id, size);
}

void trace_payloads(struct engine *engine, const struct ike_sa *ike, bool is_sent, const char *exchange,
                    uint32_t message_id, struct bytes payloads)
{
    trace_message(engine, ike, is_sent, exchange, message_id, payloads.size);
    trace_bytes(engine, ike, DEBUG_CRYPT, "plaintext", payloads);
}

/* ---- keys ---- */

void trace_ikev2_keys(struct engine *engine, const struct ike_sa *ike, const struct ikev2_key_inputs *inputs,
                      const struct ikev2_keys *keys)
{
    size_t prf_size = inputs->prf->output_size;
    size_t integ_size = inputs->integ != NULL ? packet_integ_key_size(inputs->integ) : 0;
    size_t encr_size = packet_encr_key_size(inputs->encr, inputs->encr_key_bits);
    const struct {
        const char *name;
        struct bytes key;
    } rows[] = {
        {"SK_d", bytes_of(keys->sk_d, prf_size)},     {"SK_ai", bytes_of(keys->sk_ai, integ_size)},
        {"SK_ar", bytes_of(keys->sk_ar, integ_size)}, {"SK_ei", bytes_of(keys->sk_ei, encr_size)},
        {"SK_er", bytes_of(keys->sk_er, encr_size)},  {"SK_pi", bytes_of(keys->sk_pi, prf_size)},
        {"SK_pr", bytes_of(keys->sk_pr, prf_size)},
    };
    if (!is_traced(engine, ike, DEBUG_PRIVATE))
        return;
    put_bytes(engine, "SPIi", bytes_of(inputs->spi_i, sizeof(inputs->spi_i)));
    put_bytes(engine, "SPIr", bytes_of(inputs->spi_r, sizeof(inputs->spi_r)));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        put_bytes(engine, rows[i].name, rows[i].key);
}

/* ---- time ---- */

bool trace_is_timed(const struct engine *engine, const struct ike_sa *ike)
{
    return is_traced(engine, ike, DEBUG_CPU_USAGE);
}

void trace_job(struct engine *engine, const struct ike_sa *ike, const struct job *job)
{
    static const char *const names[] = {"making a key pair",     "deriving a shared secret",
                                        "key exchange and keys", "signing",
                                        "verifying a signature", "waiting for leave"};
    if (job->is_timed)
        trace_ike(engine, ike, DEBUG_CPU_USAGE, "#%llu: %llu us of processor time for %s",
                  (unsigned long long)ike->serial, (unsigned long long)job->cpu_usec, names[job->kind]);
}
