/*
 * Fuzzing the attributes that a server sends with our address, in the form of either version of IKE: whatever
 * they are, what is handed on to scripts is harmless. The input: one byte (bit 0: IKEv1's form), then the
 * payload's body, or IKEv1's list of attributes.
 */
#include <stdlib.h>

#include "engine/configuration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static usec_t world_now(void *world)
{
    (void)world;
    return 0;
}

static void world_random(void *world, uint8_t *out, size_t size)
{
    (void)world;
    memset(out, 7, size);
}

static bool is_plain(const char *text)
{
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@.:-_=,/%# ?")] == '\0';
}

static void check_told(const struct connection *connection)
{
    struct selector out[SELECTORS_MAX];
    const struct told_configuration *told = connection->assignment->told;
    if (!is_plain(told->domains) || strpbrk(told->domains, "?=/%#:@,") != NULL || !is_plain(told->banner))
        abort();
    for (size_t i = 0; i < told->dns_count; i++) {
        bool is_loopback = told->dns[i].family == IP_V4 && told->dns[i].bytes[0] == 127;
        if (address_is_any(&told->dns[i]) || is_loopback)
            abort();
    }
    size_t count = configuration_selectors(connection, true, out);
    if (count == 0 || count > SELECTORS_MAX)
        abort();
}

static void take(const struct configuration *told)
{
    static const struct engine_env env = {.now = world_now, .random = world_random};
    struct engine_settings settings = engine_settings_default();
    struct engine *engine = engine_new(&env, &settings);
    struct connection_spec *spec = connection_spec_new("c");
    struct connection connection = {.spec = spec, .local_end = &spec->left, .remote_end = &spec->right};
    spec->left.modecfg_client = true;
    spec->modecfg.cisco_split = true;
    connection.local = address_of_v4(0xc0000201);
    if (configuration_take(engine, &connection, told, NULL))
        check_told(&connection);
    configuration_release(engine, &connection);
    connection_spec_free(spec);
    engine_free(engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct configuration told;
    struct error error;
    if (size == 0)
        return 0;
    struct bytes body = bytes_of(data + 1, size - 1);
    bool is_read = data[0] & 1 ? configuration_read_ikev1(CFG_REPLY, 0, body, &told, &error)
                               : configuration_read_ikev2(body, &told, &error);
    if (is_read)
        take(&told);
    return 0;
}
