/* The simulator's loop and what scenarios ask of it. */
#include "streams.h"
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

static const usec_t command_limit = 300 * USEC_PER_SEC;

struct sim *sim_new(uint64_t seed)
{
    struct sim *sim = sim_alloc(sizeof(*sim));
    sim->seed = seed;
    sim->prng = prng_of(seed);
    sim->network = (struct network){
        .queue = &sim->queue,
        .prng = &sim->prng,
        .now = &sim->now,
        .faults = {.delay_min = milliseconds(5), .delay_max = milliseconds(5)},
        .hook = wire_watch,
        .hook_context = sim,
    };
    const char *wants_trace = getenv("SIM_TRACE");
    sim->is_traced = wants_trace != NULL && wants_trace[0] == '1';
    return sim;
}

void sim_free(struct sim *sim)
{
    event_queue_clear(&sim->queue);
    for (size_t i = 0; i < sim->host_count; i++)
        host_free(sim->hosts[i]);
    streams_free(sim);
    event_queue_clear(&sim->queue);
    network_free(&sim->network);
    for (size_t i = 0; i < sim->record_count; i++)
        free(sim->records[i].bytes);
    free(sim->records);
    free(sim);
}

const char *sim_failure(const struct sim *sim)
{
    return sim->failure;
}

bool world_fail(struct sim *sim, const char *format, ...)
{
    char text[sizeof(sim->failure)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    world_trace(sim, NULL, "FAILURE: %s", text);
    if (sim->failure[0] == '\0')
        memcpy(sim->failure, text, sizeof(text));
    return false;
}

void world_trace(struct sim *sim, const struct sim_host *host, const char *format, ...)
{
    if (!sim->is_traced)
        return;
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%12.6f %-6s ", (double)sim->now / 1e6, host != NULL ? host->name : "");
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

void sim_trace(struct sim *sim, bool is_traced)
{
    sim->is_traced = is_traced;
}

void sim_note(struct sim *sim, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    world_trace(sim, NULL, "---- %s", text);
}

bool sim_fail(struct sim *sim, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return world_fail(sim, "%s", text);
}

void sim_forgive(struct sim *sim)
{
    sim->failure[0] = '\0';
}

struct prng *sim_prng(struct sim *sim)
{
    return &sim->prng;
}

usec_t sim_now(const struct sim *sim)
{
    return sim->now;
}

struct sim_host *world_host(const struct sim *sim, const char *name)
{
    for (size_t i = 0; i < sim->host_count; i++)
        if (strcmp(sim->hosts[i]->name, name) == 0)
            return sim->hosts[i];
    fprintf(stderr, "the simulation has no host '%s'\n", name);
    abort();
}

struct sim_host *world_host_of_address(const struct sim *sim, const struct ip_address *address)
{
    for (size_t i = 0; i < sim->host_count; i++)
        if (address_equal(&sim->hosts[i]->address, address))
            return sim->hosts[i];
    return NULL;
}

static struct ip_address parse_address(const char *text)
{
    struct ip_address address = {0};
    struct error error;
    if (!address_parse(text, &address, &error)) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
    return address;
}

static void add_host(struct sim *sim, const char *name, const char *address, struct nat_box *nat)
{
    if (sim->host_count == SIM_HOSTS_MAX)
        abort();
    struct ip_address parsed = parse_address(address);
    sim->hosts[sim->host_count++] = host_new(sim, name, &parsed, nat);
}

void sim_add_host(struct sim *sim, const char *name, const char *address)
{
    add_host(sim, name, address, NULL);
}

static struct nat_box *nat_of(struct sim *sim, const char *public_address)
{
    struct ip_address address = parse_address(public_address);
    for (struct nat_box *nat = sim->network.nats; nat != NULL; nat = nat->next)
        if (address_equal(&nat->public_address, &address))
            return nat;
    return network_add_nat(&sim->network, &address, seconds(120));
}

void sim_add_host_behind_nat(struct sim *sim, const char *name, const char *address,
                             const char *public_address)
{
    add_host(sim, name, address, nat_of(sim, public_address));
}

void sim_move_host(struct sim *sim, const char *host, const char *address, const char *public_address)
{
    struct sim_host *moved = world_host(sim, host);
    moved->address = moved->node->address = parse_address(address);
    moved->node->nat = public_address != NULL ? nat_of(sim, public_address) : NULL;
    host_listen(moved, true);
}

void sim_set_name(struct sim *sim, const char *name, const char *address)
{
    struct sim_name *row = sim->names;
    while (row < sim->names + sim->name_count && strcmp(row->name, name) != 0)
        row++;
    if (row == sim->names + SIM_NAMES_MAX)
        abort();
    sim->name_count += row == sim->names + sim->name_count;
    *row = (struct sim_name){name, address != NULL ? parse_address(address) : (struct ip_address){0}};
}

void sim_set_group(struct sim *sim, const char *host, const char *name, const char *networks)
{
    struct policy_groups *groups = sim_alloc(sizeof(*groups));
    groups->directory = strdup("policies");
    groups->groups = sim_alloc(sizeof(*groups->groups));
    groups->group_count = networks != NULL;
    groups->groups[0].name = networks ? strdup(name) : NULL;
    groups->groups[0].entries = sim_alloc(16 * sizeof(*groups->groups[0].entries));
    char *copy = strdup(networks ? networks : ""), *rest = copy;
    for (char *word; networks != NULL && (word = strsep(&rest, ",")) != NULL;)
        if (!prefix_parse(word, &groups->groups[0].entries[groups->groups[0].entry_count++].network, NULL))
            abort();
    if (networks == NULL)
        free(groups->groups[0].entries);
    free(copy);
    host_command(world_host(sim, host), (struct command){.kind = COMMAND_GROUPS, .groups = groups});
}

void sim_listen(struct sim *sim, const char *host, bool has_address)
{
    host_listen(world_host(sim, host), has_address);
}

struct engine_settings *sim_settings(struct sim *sim, const char *host)
{
    return &world_host(sim, host)->settings;
}

/* ---- time ---- */

/* Does the next thing at or before `limit`; false when there is none. */
static bool step(struct sim *sim, usec_t limit)
{
    usec_t next = event_queue_next(&sim->queue);
    struct sim_host *waking = NULL;
    for (size_t i = 0; i < sim->host_count; i++) {
        usec_t deadline = host_deadline(sim->hosts[i]);
        if (deadline < next) {
            next = deadline;
            waking = sim->hosts[i];
        }
    }
    if (next > limit || sim->failure[0] != '\0')
        return false;
    if (next > sim->now)
        sim->now = next;
    if (waking != NULL) {
        host_wake(waking);
        return true;
    }
    struct sim_event event;
    event_queue_pop(&sim->queue, &event);
    event.run(event.context);
    return true;
}

bool sim_run_until(struct sim *sim, bool (*condition)(struct sim *sim, void *context), void *context,
                   usec_t limit)
{
    usec_t end = sim->now + limit;
    while (!condition(sim, context))
        if (!step(sim, end)) {
            if (end > sim->now)
                sim->now = end;
            return condition(sim, context);
        }
    return true;
}

static bool never(struct sim *sim, void *context)
{
    (void)sim;
    (void)context;
    return false;
}

void sim_run_for(struct sim *sim, usec_t duration)
{
    sim_run_until(sim, never, NULL, duration);
}

/* What a host is busy with, into *text; false when it is at rest. */
static bool host_business(const struct sim_host *host, struct text *text)
{
    struct ike_view ike;
    struct child_view child;
    if (host->engine == NULL) {
        text_add(text, "%s is down", host->name);
        return true;
    }
    if (host->kernel_pending > 0 || host->jobs_pending > 0) {
        text_add(text, "%s: a job or a kernel request is under way", host->name);
        return true;
    }
    for (const struct waiting_command *command = host->commands; command != NULL; command = command->next)
        if (!command->is_final) {
            text_add(text, "%s: the command '%s' has not ended", host->name, command->what);
            return true;
        }
    for (uint64_t at = 0; engine_view_ike(host->engine, at, &ike); at = ike.serial)
        if (!ike.is_established || strcmp(ike.next_event, "RETRANSMIT") == 0) {
            text_add(text, "%s: #%llu in %s", host->name, (unsigned long long)ike.serial, ike.state_name);
            return true;
        }
    for (uint64_t at = 0; engine_view_child(host->engine, at, &child); at = child.serial)
        if (!child.is_established) {
            text_add(text, "%s: #%llu in %s", host->name, (unsigned long long)child.serial, child.state_name);
            return true;
        }
    return false;
}

const char *sim_unrest(struct sim *sim)
{
    struct text text = text_of(sim->unrest, sizeof(sim->unrest));
    if (sim->queue.count > 0)
        return "something is on its way";
    for (size_t i = 0; i < sim->host_count; i++)
        if (host_business(sim->hosts[i], &text))
            return sim->unrest;
    return NULL;
}

static bool is_settled(struct sim *sim, void *context)
{
    (void)context;
    return sim_unrest(sim) == NULL;
}

bool sim_settle(struct sim *sim, usec_t limit)
{
    return sim_run_until(sim, is_settled, NULL, limit);
}

void sim_jump_wall_clock(struct sim *sim, const char *host, int64_t jump_seconds)
{
    world_host(sim, host)->wall_offset_seconds += jump_seconds;
}

void sim_sleep_host(struct sim *sim, const char *host, usec_t duration)
{
    world_host(sim, host)->clock_offset += duration;
}

/* ---- faults ---- */

void sim_set_faults(struct sim *sim, struct faults faults)
{
    sim->network.faults = faults;
}

void sim_partition(struct sim *sim, const char *from, const char *to, usec_t duration)
{
    network_partition(&sim->network, from != NULL ? world_host(sim, from)->node : NULL,
                      to != NULL ? world_host(sim, to)->node : NULL, sim->now, sim->now + duration);
}

void sim_heal(struct sim *sim)
{
    network_heal(&sim->network);
    sim->drop_count = 0;
}

static void boot_later(void *context)
{
    host_boot(context);
}

static void stay_down(void *context)
{
    (void)context;
}

void sim_restart(struct sim *sim, const char *name, usec_t downtime)
{
    struct sim_host *host = world_host(sim, name);
    if (host->engine == NULL)
        return;
    world_trace(sim, host, "crashes for %.3f s", (double)downtime / 1e6);
    host_crash(host);
    if (downtime == 0)
        host_boot(host);
    else
        event_queue_add(&sim->queue, sim->now + downtime, boot_later, stay_down, host);
}

void sim_forget_nat_mappings(struct sim *sim, const char *public_address)
{
    network_forget_mappings(nat_of(sim, public_address));
}

void sim_set_nat_timeout(struct sim *sim, const char *public_address, usec_t timeout)
{
    nat_of(sim, public_address)->mapping_timeout = timeout;
}

void sim_set_delays(struct sim *sim, const char *host, usec_t job_max, usec_t kernel_max, usec_t updown_max)
{
    world_host(sim, host)->delays = (struct delays){job_max, kernel_max, updown_max};
}

const char *sim_scripts(const struct sim *sim, const char *host)
{
    return world_host(sim, host)->scripts;
}

void sim_fail_script(struct sim *sim, const char *host, const char *verb)
{
    world_host(sim, host)->failing_verb = verb;
}

void sim_fail_kernel(struct sim *sim, const char *host, enum kernel_operation operation, unsigned count)
{
    world_host(sim, host)->kernel_failures[operation] = count;
}

void sim_script_nonces(struct sim *sim, const char *name, const uint8_t *first_bytes, size_t count)
{
    struct sim_host *host = world_host(sim, name);
    if (count > SIM_NONCES_MAX)
        abort();
    memcpy(host->nonce_first_bytes, first_bytes, count);
    host->nonce_count = count;
}

/* ---- connections and commands ---- */

void sim_add_connection_on(struct sim *sim, const char *name, const char *connection, const char *words)
{
    struct sim_host *host = world_host(sim, name);
    if (host->connection_count == SIM_CONNECTIONS_MAX)
        abort();
    struct host_connection *added = &host->connections[host->connection_count++];
    *added = (struct host_connection){strdup(connection), strdup(words)};
    if (host->engine != NULL)
        host_load(host, added);
}

void sim_add_connection(struct sim *sim, const char *name, const char *words)
{
    for (size_t i = 0; i < sim->host_count; i++)
        sim_add_connection_on(sim, sim->hosts[i]->name, name, words);
}

void sim_reload_connection(struct sim *sim, const char *name, const char *connection)
{
    struct sim_host *host = world_host(sim, name);
    for (size_t i = 0; i < host->connection_count; i++)
        if (strcmp(host->connections[i].name, connection) == 0)
            host_load(host, &host->connections[i]);
}

void sim_change_connection(struct sim *sim, const char *name, const char *connection, const char *words)
{
    struct sim_host *host = world_host(sim, name);
    for (size_t i = 0; i < host->connection_count; i++)
        if (strcmp(host->connections[i].name, connection) == 0) {
            free(host->connections[i].words);
            host->connections[i].words = strdup(words);
        }
    sim_reload_connection(sim, name, connection);
}

void sim_change_secret(struct sim *sim, const char *name, const char *secret)
{
    struct sim_host *host = world_host(sim, name);
    free(host->secret);
    host->secret = strdup(secret);
    if (host->engine != NULL)
        host_load_secrets(host);
}

void sim_set_secret(struct sim *sim, const char *name, const char *secret)
{
    struct sim_host *host = world_host(sim, name);
    free(host->secret);
    host->secret = secret != NULL ? strdup(secret) : NULL;
    sim_restart(sim, name, 0);
}

void sim_add_private_key(struct sim *sim, const char *name, const char *pkcs8)
{
    struct sim_host *host = world_host(sim, name);
    if (host->private_key_count == SIM_PRIVATE_KEYS_MAX)
        abort();
    host->private_keys[host->private_key_count++] = strdup(pkcs8);
    host_load_private_keys(host);
}

void sim_crash_peer(struct sim *sim, const char *host, const char *peer)
{
    struct command command = {.kind = COMMAND_CRASH};
    if (!address_parse(peer, &command.remote_host, NULL))
        abort();
    host_command(world_host(sim, host), command);
}

int sim_impair(struct sim *sim, const char *host, const char *impairments)
{
    struct command command = {.kind = COMMAND_IMPAIR, .impairments = impairments};
    struct sim_host *there = world_host(sim, host);
    return there->engine == NULL ? -1 : sim_result(sim, host, host_command(there, command));
}

uint64_t sim_start(struct sim *sim, const char *name, enum command_kind kind, const char *connection)
{
    struct sim_host *host = world_host(sim, name);
    return host->engine == NULL ? 0 : host_command(host, (struct command){.kind = kind, .name = connection});
}

int sim_result(struct sim *sim, const char *host, uint64_t client)
{
    const struct waiting_command *command = host_waiting(world_host(sim, host), client);
    return command == NULL || !command->is_final ? -1 : command->code;
}

unsigned sim_line_count(struct sim *sim, const char *host, uint64_t client)
{
    const struct waiting_command *command = host_waiting(world_host(sim, host), client);
    return command != NULL ? command->line_count : 0;
}

struct awaited {
    const char *host;
    uint64_t client;
};

static bool has_ended(struct sim *sim, void *context)
{
    const struct awaited *awaited = context;
    return sim_result(sim, awaited->host, awaited->client) >= 0;
}

int sim_command(struct sim *sim, const char *host, enum command_kind kind, const char *connection)
{
    struct awaited awaited = {host, sim_start(sim, host, kind, connection)};
    sim_run_until(sim, has_ended, &awaited, command_limit);
    return sim_result(sim, host, awaited.client);
}

int sim_up(struct sim *sim, const char *host, const char *connection)
{
    return sim_command(sim, host, COMMAND_INITIATE, connection);
}

int sim_down(struct sim *sim, const char *host, const char *connection)
{
    return sim_command(sim, host, COMMAND_TERMINATE, connection);
}

/* ---- what can be seen ---- */

struct engine *sim_engine(const struct sim *sim, const char *host)
{
    return world_host(sim, host)->engine;
}

size_t sim_ike_count(const struct sim *sim, const char *host)
{
    struct ike_view view;
    size_t count = 0;
    for (uint64_t at = 0; engine_view_ike(sim_engine(sim, host), at, &view); at = view.serial)
        count += view.is_established;
    return count;
}

size_t sim_child_count(const struct sim *sim, const char *host)
{
    struct child_view view;
    size_t count = 0;
    for (uint64_t at = 0; engine_view_child(sim_engine(sim, host), at, &view); at = view.serial)
        count += view.is_established;
    return count;
}

size_t sim_plane_sa_count(const struct sim *sim, const char *host)
{
    return world_host(sim, host)->plane.sa_count;
}

/* The connection of that name or the first instance of it. */
static bool find_connection(const struct engine *engine, const char *name, bool wants_child,
                            struct connection_view *out)
{
    struct connection_view view;
    for (uint64_t at = 0; engine_view_connection(engine, at, &view); at = view.serial) {
        uint64_t newest = wants_child ? view.newest_child_serial : view.newest_ike_serial;
        if (strcmp(view.spec->name, name) == 0 && newest != 0) {
            *out = view;
            return true;
        }
    }
    return false;
}

bool sim_newest_ike(const struct sim *sim, const char *host, const char *connection, struct ike_view *out)
{
    struct connection_view view;
    const struct engine *engine = sim_engine(sim, host);
    return engine != NULL && find_connection(engine, connection, false, &view) &&
           engine_view_ike(engine, view.newest_ike_serial - 1, out) && out->serial == view.newest_ike_serial;
}

bool sim_newest_child(const struct sim *sim, const char *host, const char *connection, struct child_view *out)
{
    struct connection_view view;
    const struct engine *engine = sim_engine(sim, host);
    return engine != NULL && find_connection(engine, connection, true, &view) &&
           engine_view_child(engine, view.newest_child_serial - 1, out) &&
           out->serial == view.newest_child_serial;
}

bool sim_is_up(const struct sim *sim, const char *host, const char *connection)
{
    struct child_view child;
    return sim_newest_child(sim, host, connection, &child) && child.is_established;
}

bool sim_log_has(const struct sim *sim, const char *host, const char *text)
{
    return strstr(sim_log(sim, host), text) != NULL;
}

const char *sim_log(const struct sim *sim, const char *host)
{
    const char *log = world_host(sim, host)->log;
    return log != NULL ? log : "";
}
