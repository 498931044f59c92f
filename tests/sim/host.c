/* One virtual machine: the environment of its engine, its clocks, its data plane's timing, its log. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "config/spec_build.h"
#include "streams.h"
#include "world.h"

enum { STORM_LIMIT = 4000, SPIN_LIMIT = 100, TICK_USEC = 1024 };

/* ---- actions that take time ---- */

struct action {
    struct sim_host *host;
    unsigned incarnation;
    void (*run)(struct sim_host *host, void *context);
    void (*discard)(void *context);
    void *context;
};

static void discard_action(void *context)
{
    struct action *action = context;
    if (action->discard != NULL)
        action->discard(action->context);
    free(action);
}

static void run_action(void *context)
{
    struct action *action = context;
    struct action copy = *action;
    if (copy.host->engine == NULL || copy.incarnation != copy.host->incarnation) {
        discard_action(action);
        return;
    }
    free(action);
    copy.run(copy.host, copy.context);
}

void host_later(struct sim_host *host, usec_t delay, void (*run)(struct sim_host *host, void *context),
                void (*discard)(void *context), void *context)
{
    struct action *action = sim_alloc(sizeof(*action));
    *action = (struct action){host, host->incarnation, run, discard, context};
    event_queue_add(&host->sim->queue, host->sim->now + delay, run_action, discard_action, action);
}

static usec_t draw(struct sim_host *host, usec_t max)
{
    return max == 0 ? 0 : prng_between(&host->sim->prng, 0, max);
}

/* ---- the environment ---- */

usec_t host_clock(const struct sim_host *host)
{
    return host->sim->now + host->clock_offset;
}

static usec_t env_now(void *world)
{
    return host_clock(world);
}

static int64_t env_wall_clock(void *world)
{
    struct sim_host *host = world;
    return host->wall_offset_seconds + (int64_t)(host->sim->now / USEC_PER_SEC);
}

static void env_random(void *world, uint8_t *out, size_t size)
{
    enum { NONCE_SIZE = 32 };
    struct sim_host *host = world;
    prng_bytes(&host->random, out, size);
    if (size == NONCE_SIZE && host->nonce_count > 0) {
        out[0] = host->nonce_first_bytes[0];
        memmove(host->nonce_first_bytes, host->nonce_first_bytes + 1, --host->nonce_count);
    }
}

static void watch_for_storm(struct sim_host *host)
{
    if (host->sim->now - host->storm_window_start > USEC_PER_SEC) {
        host->storm_window_start = host->sim->now;
        host->storm_count = 0;
    }
    if (++host->storm_count == STORM_LIMIT)
        world_fail(host->sim, "%s sends a storm: %u datagrams within a second", host->name, STORM_LIMIT);
}

static void watch_window(struct sim_host *host, struct bytes message)
{
    uint32_t unanswered;
    if (!windows_sent(&host->windows, message, &unanswered))
        world_fail(host->sim, "%s sends a request before its request %u is answered", host->name,
                   (unsigned)unanswered);
}

static void env_send(void *world, const struct path *path, struct bytes datagram)
{
    struct sim_host *host = world;
    host->datagrams_sent++;
    watch_for_storm(host);
    watch_window(host, datagram);
    if (!address_equal(&path->local.address, &host->address))
        world_fail(host->sim, "%s sends from an address that is not its own", host->name);
    if (path->is_tcp)
        streams_send(host, path, datagram);
    else
        network_send(&host->sim->network, host->node, &path->local, &path->remote, datagram);
}

static void discard_job(void *context)
{
    job_free(context);
}

static void finish_job(struct sim_host *host, void *context)
{
    struct job *job = context;
    host->jobs_pending--;
    job_run(job);
    key_ring_learn(&host->keys, job);
    world_trace(host->sim, host, "job %llu of #%llu %s", (unsigned long long)job->job_id,
                (unsigned long long)job->ike_serial, job->ok ? "done" : job->error.text);
    engine_job_done(host->engine, job);
}

static void env_submit_job(void *world, struct job *job)
{
    struct sim_host *host = world;
    host->jobs_pending++;
    host_later(host, draw(host, host->delays.job_max), finish_job, discard_job, job);
}

struct kernel_answer {
    struct kernel_event event;
};

static void answer_kernel_request(struct sim_host *host, void *context)
{
    struct kernel_answer *answer = context;
    struct kernel_event event = answer->event;
    free(answer);
    host->kernel_pending--;
    engine_kernel_event(host->engine, &event);
}

static const char *const operation_names[] = {"SA_ADD",   "SA_DELETE",  "SA_MOVE",
                                              "SA_QUERY", "POLICY_SET", "POLICY_DELETE"};

static void trace_request(const struct sim_host *host, const struct kernel_request *request, bool ok)
{
    const char *name = operation_names[request->operation];
    const char *result = ok ? "" : " FAILED";
    if (request->operation <= KERNEL_SA_MOVE)
        world_trace(host->sim, host, "kernel %s #%llu %s %08x%s", name,
                    (unsigned long long)request->sa->child_serial,
                    request->sa->direction == SA_INBOUND ? "in" : "out", request->sa->spi, result);
    else if (request->operation == KERNEL_POLICY_SET)
        world_trace(host->sim, host, "kernel %s %llu action %d to #%llu%s", name,
                    (unsigned long long)request->policy->policy_id, request->policy->action,
                    (unsigned long long)request->policy->child_serial, result);
    else
        world_trace(host->sim, host, "kernel %s %llu%s", name, (unsigned long long)request->policy_id,
                    result);
}

static bool apply_or_fail(struct sim_host *host, struct plane_request *request,
                          struct kernel_event *ret_event)
{
    unsigned *failures = &host->kernel_failures[request->request.operation];
    if (*failures == 0)
        return data_plane_apply(&host->plane, request, ret_event);
    --*failures;
    if (request->request.operation == KERNEL_SA_MOVE) {
        *ret_event =
            (struct kernel_event){.kind = KERNEL_LOST, .child_serial = request->request.sa->child_serial};
        return true;
    }
    *ret_event = (struct kernel_event){
        .kind = KERNEL_DONE,
        .request_id = request->request.request_id,
        .child_serial = request->request.operation == KERNEL_SA_QUERY ? request->request.child_serial : 0};
    snprintf(ret_event->text, sizeof(ret_event->text), "refused by the scenario");
    return request->request.request_id != 0;
}

static void discard_request(void *context)
{
    plane_request_free(context);
}

static void release_held(struct sim_host *host, void *context)
{
    (void)context;
    host_release_held(host);
}

static void carry_out_request(struct sim_host *host, void *context)
{
    struct plane_request *request = context;
    struct kernel_answer *answer = sim_alloc(sizeof(*answer));
    bool wants_answer = apply_or_fail(host, request, &answer->event);
    trace_request(host, &request->request, answer->event.ok);
    if (!answer->event.ok && request->request.operation == KERNEL_SA_ADD &&
        strcmp(answer->event.text, "this SA is there already") == 0)
        world_fail(host->sim, "%s adds an SA to its data plane that is there already", host->name);
    bool may_release = request->request.operation == KERNEL_POLICY_SET;
    plane_request_free(request);
    if (may_release) /* the peer of a responder has its half when our answer has come */
        host_later(host, milliseconds(20), release_held, NULL, NULL);
    if (wants_answer) {
        host_later(host, draw(host, host->delays.kernel_max), answer_kernel_request, free, answer);
    } else {
        host->kernel_pending--;
        free(answer);
    }
}

static void env_kernel_request(void *world, const struct kernel_request *request)
{
    struct sim_host *host = world;
    host->kernel_pending++;
    usec_t at = host->sim->now + draw(host, host->delays.kernel_max);
    if (at < host->kernel_free_at)
        at = host->kernel_free_at;
    host->kernel_free_at = at;
    host_later(host, at - host->sim->now, carry_out_request, discard_request, plane_request_copy(request));
}

struct query {
    uint64_t id;
    struct ip_address address;
};

static void answer_resolve(struct sim_host *host, void *context)
{
    struct query *query = context;
    if (address_is_set(&query->address))
        engine_resolved(host->engine, query->id, &query->address, 1);
    else
        engine_resolve_failed(host->engine, query->id, "Name or service not known");
    free(query);
}

static void env_resolve(void *world, uint64_t query_id, const char *name, enum ip_family family)
{
    struct sim_host *host = world;
    struct query *query = sim_alloc(sizeof(*query));
    (void)family;
    query->id = query_id;
    for (size_t i = 0; i < host->sim->name_count; i++)
        if (strcmp(host->sim->names[i].name, name) == 0)
            query->address = host->sim->names[i].address;
    host_later(host, milliseconds(20), answer_resolve, free, query);
}

static void env_open_port(void *world, const struct ip_endpoint *local)
{
    struct sim_host *host = world;
    host->own_port = local->port;
}

static void finish_updown(struct sim_host *host, void *context)
{
    struct updown_result *result = context;
    engine_updown_done(host->engine, result);
    free(result);
}

static void note_script(struct sim_host *host, const char *verb)
{
    size_t size = strlen(host->scripts);
    snprintf(host->scripts + size, sizeof(host->scripts) - size, "%s ", verb);
}

static void host_log(struct sim_host *host, const char *line)
{
    size_t size = strlen(line);
    if (host->log_size + size + 2 > SIM_LOG_MAX)
        return;
    host->log = sim_grow(host->log, host->log_size + size + 2);
    memcpy(host->log + host->log_size, line, size);
    host->log[host->log_size + size] = '\n';
    host->log_size += size + 1;
    host->log[host->log_size] = '\0';
}

static const char *value_in(const char *const *environment, size_t count, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < count; i++)
        if (strncmp(environment[i], name, size) == 0 && environment[i][size] == '=')
            return environment[i] + size + 1;
    return NULL;
}

/* What scripts are told of hosts, for sim_log_has(). */
static void log_script(struct sim_host *host, const struct updown_request *request,
                       const struct updown_step *step)
{
    static const char *const names[] = {"PLUTO_ME", "PLUTO_PEER", "PLUTO_MY_SOURCEIP", "PLUTO_MOBIKE_EVENT"};
    char line[512];
    struct text text = text_of(line, sizeof(line));
    text_add(&text, "script: %s", step->verb);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const char *value = value_in(step->environment, step->environment_count, names[i]);
        if (value == NULL)
            value = value_in(request->environment, request->environment_count, names[i]);
        text_add(&text, " %s=%s", names[i], value != NULL ? value : "");
    }
    host_log(host, line);
}

static void env_updown(void *world, const struct updown_request *request)
{
    struct sim_host *host = world;
    struct updown_result *copy = sim_alloc(sizeof(*copy));
    copy->request_id = request->request_id;
    copy->connection_serial = request->connection_serial;
    for (size_t i = 0; i < request->step_count; i++) {
        const struct updown_step *step = &request->steps[i];
        bool fails = host->failing_verb != NULL &&
                     strncmp(step->verb, host->failing_verb, strlen(host->failing_verb)) == 0;
        world_trace(host->sim, host, "updown %s of %s", step->verb, request->prefix);
        note_script(host, step->verb);
        log_script(host, request, step);
        if (fails && copy->exit_status == 0) {
            copy->verb = host->failing_verb;
            copy->exit_status = 1;
        }
        if (fails && request->ends_at_failure)
            break;
    }
    host_later(host, draw(host, host->delays.updown_max), finish_updown, free, copy);
}

static void end_command(struct sim_host *host, const struct report *report)
{
    struct waiting_command *command = host_waiting(host, report->client);
    if (command == NULL) {
        world_fail(host->sim, "%s ends a command that nobody gave", host->name);
        return;
    }
    if (command->is_final)
        world_fail(host->sim, "%s ends the command '%s' twice", host->name, command->what);
    command->is_final = true;
    command->code = report->code;
    world_trace(host->sim, host, "'%s' ended with %d", command->what, report->code);
}

static void env_report(void *world, const struct report *report)
{
    struct sim_host *host = world;
    if (report->text != NULL && report->text[0] != '\0' && report->event == EVENT_NONE) {
        struct waiting_command *command = host_waiting(host, report->client);
        if (command != NULL)
            command->line_count++;
        if (!report->is_repeated)
            host_log(host, report->text);
        world_trace(host->sim, host, "%03d %s", report->code, report->text);
    }
    host_answer_prompt(host, report);
    if (report->is_final)
        end_command(host, report);
}

static void env_trace(void *world, const char *line)
{
    struct sim_host *host = world;
    world_trace(host->sim, host, "| %s", line);
    host_log(host, line);
}

static void host_receive(void *context, const struct ip_endpoint *local, const struct ip_endpoint *remote,
                         struct bytes datagram)
{
    struct sim_host *host = context;
    if (host->engine == NULL || (local->port != host->settings.ike_port &&
                                 local->port != host->settings.natt_port && local->port != host->own_port))
        return;
    struct path path = {.local = *local, .remote = *remote};
    windows_received(&host->windows, datagram);
    engine_receive(host->engine, &path, datagram);
}

/* ---- life ---- */

struct sim_host *host_new(struct sim *sim, const char *name, const struct ip_address *address,
                          struct nat_box *nat)
{
    struct sim_host *host = sim_alloc(sizeof(*host));
    host->sim = sim;
    host->name = name;
    host->address = *address;
    host->random = prng_of(prng_next(&sim->prng));
    host->clock_offset = seconds(prng_between(&sim->prng, 1000, 100000));
    host->wall_offset_seconds = 1750000000 + (int64_t)prng_below(&sim->prng, 100000);
    windows_init(&host->windows);
    host->settings = engine_settings_default();
    host->settings.ikev1_policy = IKEV1_ACCEPT;
    host->secret = strdup("styx");
    host->xauth_secret = (struct sim_login){.user = "alice", .password = "styx"};
    host->node = network_attach(&sim->network, name, address, nat);
    host->node->receive = host_receive;
    host->node->context = host;
    host->env = (struct engine_env){
        .world = host,
        .now = env_now,
        .wall_clock = env_wall_clock,
        .random = env_random,
        .send = env_send,
        .submit_job = env_submit_job,
        .kernel_request = env_kernel_request,
        .resolve = env_resolve,
        .open_port = env_open_port,
        .open_stream = streams_open,
        .claim_stream = streams_claim,
        .release_stream = streams_release,
        .updown = env_updown,
        .check_login = host_check_login,
        .report = env_report,
        .trace = env_trace,
    };
    host_boot(host);
    return host;
}

static void free_commands(struct sim_host *host)
{
    while (host->commands != NULL) {
        struct waiting_command *gone = host->commands;
        host->commands = gone->next;
        free(gone);
    }
}

void host_crash(struct sim_host *host)
{
    engine_free(host->engine);
    host->engine = NULL;
    host->incarnation++;
    host->kernel_pending = host->jobs_pending = 0;
    host->kernel_free_at = 0;
    streams_reset_host(host);
    data_plane_clear(&host->plane);
    free_commands(host);
}

void host_free(struct sim_host *host)
{
    host_crash(host);
    for (size_t i = 0; i < host->connection_count; i++) {
        free(host->connections[i].name);
        free(host->connections[i].words);
    }
    key_ring_free(&host->keys);
    windows_free(&host->windows);
    for (size_t i = 0; i < host->private_key_count; i++)
        free(host->private_keys[i]);
    free(host->secret);
    free(host->log);
    free(host);
}

static void add_xauth_secret(struct secrets *secrets, const struct sim_login *login)
{
    char index[300];
    snprintf(index, sizeof(index), "@%s", login->user);
    struct secret_entry entry = {
        .kind = SECRET_XAUTH,
        .ids = calloc(1, sizeof(*entry.ids)),
        .id_forms = calloc(1, sizeof(*entry.id_forms)),
        .id_count = 1,
        .key = (uint8_t *)strdup(login->password),
        .key_size = strlen(login->password),
        .origin = strdup("sim:2"),
    };
    if (!identity_parse(index, &entry.ids[0], NULL) || !secrets_add(secrets, &entry))
        abort();
}

static void add_pre_shared_key(struct secrets *secrets, const char *key)
{
    struct secret_entry entry = {
        .key = (uint8_t *)strdup(key), .key_size = strlen(key), .origin = strdup("sim:1")};
    if (!secrets_add(secrets, &entry))
        abort();
}

static struct secrets *secrets_of(const struct sim_host *host)
{
    struct secrets *secrets = secrets_new();
    if (secrets == NULL)
        abort();
    if (host->secret != NULL)
        add_pre_shared_key(secrets, host->secret);
    if (host->xauth_secret.user != NULL)
        add_xauth_secret(secrets, &host->xauth_secret);
    return secrets;
}

void host_load_secrets(struct sim_host *host)
{
    host_command(host, (struct command){.kind = COMMAND_SECRETS, .secrets = secrets_of(host)});
}

void host_load_private_keys(struct sim_host *host)
{
    struct private_keys *keys = private_keys_new();
    for (size_t i = 0; i < host->private_key_count; i++) {
        uint8_t der[2048];
        const char *text = host->private_keys[i];
        long size = base64_decode(text, strlen(text), der, sizeof(der));
        struct private_key *key = size > 0 ? private_key_of_pkcs8(bytes_of(der, (size_t)size), NULL) : NULL;
        if (keys == NULL || key == NULL || !private_keys_add(keys, key, "sim"))
            abort();
    }
    host_command(host, (struct command){.kind = COMMAND_PRIVATE_KEYS, .private_keys = keys});
}

void host_listen(struct sim_host *host, bool has_address)
{
    struct listen_address interface = {
        .address = host->address, .interface = "eth0", .is_default_source = true};
    host_command(host, (struct command){.kind = COMMAND_LISTEN,
                                        .interfaces = &interface,
                                        .interface_count = has_address ? 1 : 0});
}

void host_boot(struct sim_host *host)
{
    host->engine = engine_new(&host->env, &host->settings);
    if (host->engine == NULL)
        abort();
    host_load_secrets(host);
    host_load_private_keys(host);
    host_listen(host, true);
    host->empty_bytes = engine_view_totals(host->engine).bytes_owned;
    for (size_t i = 0; i < host->connection_count; i++)
        host_load(host, &host->connections[i]);
}

usec_t host_deadline(const struct sim_host *host)
{
    if (host->engine == NULL)
        return USEC_NEVER;
    usec_t deadline = engine_next_deadline(host->engine);
    if (deadline == USEC_NEVER)
        return USEC_NEVER;
    usec_t due = deadline <= host_clock(host) ? host->sim->now : deadline - host->clock_offset;
    return host->idle_wakes > 0 && due < host->last_wake + TICK_USEC ? host->last_wake + TICK_USEC : due;
}

void host_wake(struct sim_host *host)
{
    host->last_wake = host->sim->now;
    engine_advance(host->engine);
    bool is_idle = engine_next_deadline(host->engine) <= host_clock(host);
    host->idle_wakes = is_idle ? host->idle_wakes + 1 : 0;
    if (host->idle_wakes == SPIN_LIMIT)
        world_fail(host->sim, "%s spins: after engine_advance() the deadline is still due", host->name);
}

/* ---- commands ---- */

struct waiting_command *host_waiting(const struct sim_host *host, uint64_t client)
{
    struct waiting_command *command = host->commands;
    while (command != NULL && command->client != client)
        command = command->next;
    return command;
}

uint64_t host_command(struct sim_host *host, struct command command)
{
    static const char *const names[COMMAND_SHUTDOWN + 1] = {
        [COMMAND_ADD] = "add",
        [COMMAND_DELETE] = "delete",
        [COMMAND_INITIATE] = "up",
        [COMMAND_TERMINATE] = "down",
        [COMMAND_REKEY_IKE] = "rekey IKE SA",
        [COMMAND_REKEY_CHILD] = "rekey Child",
        [COMMAND_ROUTE] = "route",
        [COMMAND_UNROUTE] = "unroute",
        [COMMAND_LISTEN] = "listen",
        [COMMAND_SHUTDOWN] = "shutdown",
    };
    const char *verb = names[command.kind] ? names[command.kind] : "command";
    struct waiting_command *waiting = sim_alloc(sizeof(*waiting));
    waiting->next = host->commands;
    waiting->client = command.client = ++host->sim->last_client;
    snprintf(waiting->what, sizeof(waiting->what), "%s %s", verb, command.name != NULL ? command.name : "");
    host->commands = waiting;
    world_trace(host->sim, host, "command '%s'", waiting->what);
    engine_command(host->engine, &command);
    return command.client;
}

static struct connection_spec *spec_of_words(const char *name, const char *words, struct error *error)
{
    struct spec_builder *builder = spec_builder_new(name, NULL);
    bool is_ike_only = false;
    char *copy = strdup(words), *rest = copy;
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        char *value = strchr(word, '=');
        if (value == NULL)
            continue;
        *value++ = '\0';
        if (strcmp(word, "ike-only") == 0) { /* whack's connections without --encrypt and the like */
            is_ike_only = true;
            continue;
        }
        /* A list is written with commas here, as blanks part the words. */
        if (!spec_build_option(builder, word, value, error)) {
            spec_builder_free(builder);
            free(copy);
            return NULL;
        }
    }
    free(copy);
    struct connection_spec *spec = spec_build_finish(builder, error);
    if (spec != NULL)
        spec->ike_only = is_ike_only;
    return spec;
}

void host_load(struct sim_host *host, const struct host_connection *connection)
{
    struct error error = {0};
    struct connection_spec *spec = spec_of_words(connection->name, connection->words, &error);
    if (spec == NULL) {
        world_fail(host->sim, "connection %s: %s", connection->name, error.text);
        return;
    }
    bool starts = spec->auto_start == AUTO_START, routes = spec->auto_start == AUTO_ONDEMAND;
    host_command(host, (struct command){.kind = COMMAND_ADD, .name = connection->name, .spec = spec});
    if (starts) /* as addconn does after loading */
        host_command(
            host, (struct command){.kind = COMMAND_INITIATE, .name = connection->name, .asynchronous = true});
    if (routes)
        host_command(host, (struct command){.kind = COMMAND_ROUTE, .name = connection->name});
}
