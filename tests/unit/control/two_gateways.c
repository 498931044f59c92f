/* Two gateways in one process: see two_gateways.h. */
#include "two_gateways.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/list.h"
#include "idle_world.h"

/* What has been asked of a world and is to happen. */
enum action_kind { ACTION_DATAGRAM, ACTION_JOB, ACTION_KERNEL, ACTION_WAKE };

struct action {
    enum action_kind kind;
    struct gateway *gateway;
    struct path path;
    uint8_t *data;
    size_t size;
    struct job *job;
    struct kernel_event event;
    uint64_t client;
};

static struct action actions[ACTIONS_MAX];
static size_t action_count, actions_done;
static usec_t clock_now;
static struct two_gateways *the_world;

static struct action *add_action(enum action_kind kind, struct gateway *gateway)
{
    if (actions_done == action_count)
        actions_done = action_count = 0;
    if (action_count == ACTIONS_MAX)
        abort();
    struct action *action = &actions[action_count++];
    *action = (struct action){.kind = kind, .gateway = gateway};
    return action;
}

/* ---- the engine's environment ---- */

static usec_t now(void *world)
{
    (void)world;
    return clock_now;
}

static int64_t wall_clock(void *world)
{
    (void)world;
    return 1700000000 + (int64_t)(clock_now / USEC_PER_SEC);
}

static void random_bytes(void *world, uint8_t *out, size_t size)
{
    struct gateway *gateway = world;
    while (size-- > 0)
        *out++ = gateway->next_random = (uint8_t)(gateway->next_random * 5 + 17);
}

static void send_datagram(void *world, const struct path *path, struct bytes datagram)
{
    struct gateway *gateway = world;
    if (gateway->is_cut_off)
        return;
    struct action *action = add_action(ACTION_DATAGRAM, gateway->peer);
    action->path = (struct path){.local = path->remote, .remote = path->local};
    action->data = malloc(datagram.size);
    memcpy(action->data, datagram.data, datagram.size);
    action->size = datagram.size;
}

static void submit_job(void *world, struct job *job)
{
    add_action(ACTION_JOB, world)->job = job;
}

static void kernel_request(void *world, const struct kernel_request *request)
{
    struct gateway *gateway = world;
    struct kernel_event event = {.request_id = request->request_id, .ok = true};
    if (request->operation == KERNEL_SA_QUERY) {
        if (gateway->data_plane_is_dead)
            return;
        event.kind = KERNEL_COUNTERS;
        event.child_serial = request->child_serial;
        event.in.bytes = gateway->in_bytes;
        event.out.bytes = gateway->out_bytes;
    } else if (request->request_id == 0) {
        return;
    }
    add_action(ACTION_KERNEL, gateway)->event = event;
}

static void report(void *world, const struct report *report)
{
    struct gateway *gateway = world;
    if (gateway->control != NULL)
        control_report(gateway->control, report);
}

/* ---- the control protocol's host ---- */

static void end_reply(void *context, uint64_t client)
{
    struct gateway *gateway = context;
    control_finish(gateway->control, client, 0);
}

static void end_shutdown(void *context, uint64_t client, bool leave_state)
{
    (void)leave_state;
    end_reply(context, client);
}

static void end_socket_change(void *context, uint64_t client, const struct control_socket_change *change)
{
    (void)change;
    end_reply(context, client);
}

static void wake_later(void *context, uint64_t client, usec_t delay)
{
    (void)delay;
    add_action(ACTION_WAKE, context)->client = client;
}

/* ---- the gateways ---- */

static void add_secret(struct secrets *secrets, const char *first, const char *second)
{
    const char *names[] = {first, second};
    struct secret_entry entry = {
        .key = (uint8_t *)strdup("secret"),
        .key_size = 6,
        .origin = strdup(first != NULL ? "/etc/ipsec.secrets:1" : "/etc/ipsec.secrets:2"),
    };
    if (first != NULL) {
        entry.ids = calloc(2, sizeof(*entry.ids));
        entry.id_forms = calloc(2, sizeof(*entry.id_forms));
        entry.id_count = 2;
        for (size_t i = 0; i < 2; i++)
            identity_parse(names[i], &entry.ids[i], NULL);
    }
    secrets_add(secrets, &entry);
}

static void start(struct gateway *gateway, const char *name, const char *address)
{
    const struct control_host host = {
        .context = gateway,
        .listen = end_reply,
        .unlisten = end_reply,
        .reread_secrets = end_reply,
        .shutdown = end_shutdown,
        .test_sandbox = end_reply,
        .change_sockets = end_socket_change,
        .session_ready = idle_session_ready,
        .wake_later = wake_later,
        .facts = idle_facts,
    };
    struct engine_settings settings = engine_settings_default();
    struct listen_address listen = {.interface = "eth0"};
    struct secrets *secrets = secrets_new();
    gateway->name = name;
    gateway->env = (struct engine_env){
        .world = gateway,
        .now = now,
        .wall_clock = wall_clock,
        .random = random_bytes,
        .send = send_datagram,
        .submit_job = submit_job,
        .kernel_request = kernel_request,
        .resolve = idle_resolve,
        .updown = idle_updown,
        .report = report,
        .trace = idle_trace,
    };
    gateway->engine = engine_new(&gateway->env, &settings);
    gateway->control = control_new(gateway->engine, &host);
    gateway->session = control_session_new(gateway->control, NULL);
    address_parse(address, &listen.address, NULL);
    gateway->address = listen.address;
    engine_command(gateway->engine,
                   &(struct command){.kind = COMMAND_LISTEN, .interfaces = &listen, .interface_count = 1});
    add_secret(secrets, "@west", "@east");
    add_secret(secrets, NULL, NULL);
    engine_command(gateway->engine, &(struct command){.kind = COMMAND_SECRETS, .secrets = secrets});
}

struct two_gateways *two_gateways_new(void)
{
    struct two_gateways *world = calloc(1, sizeof(*world));
    clock_now = 1000 * USEC_PER_SEC;
    the_world = world;
    world->near.peer = &world->far;
    world->far.peer = &world->near;
    world->near.next_random = 1;
    world->far.next_random = 2;
    start(&world->near, "near", "192.0.2.1");
    start(&world->far, "far", "192.0.2.2");
    return world;
}

static void stop(struct gateway *gateway)
{
    control_session_free(gateway->session);
    control_free(gateway->control);
    gateway->control = NULL;
    engine_free(gateway->engine);
}

void two_gateways_free(struct two_gateways *world)
{
    stop(&world->near);
    stop(&world->far);
    for (size_t i = actions_done; i < action_count; i++) {
        free(actions[i].data);
        if (actions[i].job != NULL)
            job_free(actions[i].job);
    }
    actions_done = action_count = 0;
    free(world);
}

static void carry_out(struct action *action)
{
    struct gateway *gateway = action->gateway;
    switch (action->kind) {
    case ACTION_DATAGRAM:
        engine_receive(gateway->engine, &action->path, bytes_of(action->data, action->size));
        free(action->data);
        break;
    case ACTION_JOB:
        job_run(action->job);
        engine_job_done(gateway->engine, action->job);
        break;
    case ACTION_KERNEL:
        engine_kernel_event(gateway->engine, &action->event);
        break;
    case ACTION_WAKE:
        control_wake(gateway->control, action->client);
        break;
    }
}

void two_gateways_settle(void)
{
    while (actions_done < action_count) {
        struct action action = actions[actions_done++];
        carry_out(&action);
    }
}

void two_gateways_wait(usec_t time)
{
    two_gateways_settle();
    clock_now += time;
    engine_advance(the_world->near.engine);
    engine_advance(the_world->far.engine);
    two_gateways_settle();
}

/* ---- talking ---- */

void session_ask(struct control_session *session, const char *request)
{
    char frame[4096];
    int size = snprintf(frame + 4, sizeof(frame) - 4, "{\"styx\":1,%s}", request);
    store_be32((uint8_t *)frame, (uint32_t)size);
    control_session_input(session, bytes_of(frame, (size_t)size + 4));
}

static void append(char **text, size_t *size, const void *data, size_t more)
{
    *text = realloc(*text, *size + more + 1);
    memcpy(*text + *size, data, more);
    *size += more;
    (*text)[*size] = '\0';
}

static void take_object(struct bytes frame, char **text, size_t *size, int *ret_code)
{
    json_t *object = json_loadb((const char *)frame.data, frame.size, 0, NULL);
    int code = (int)json_integer_value(json_object_get(object, "code"));
    const char *line = json_string_value(json_object_get(object, "text"));
    if (json_is_true(json_object_get(object, "final")))
        *ret_code = code;
    if (line != NULL) {
        char number[16];
        append(text, size, number, (size_t)snprintf(number, sizeof(number), "%03d ", code));
        append(text, size, line, strlen(line));
        append(text, size, "\n", 1);
    }
    json_decref(object);
}

char *session_read(struct control_session *session, int *ret_code)
{
    char *text = calloc(1, 1);
    size_t size = 0;
    *ret_code = -1;
    for (;;) {
        struct bytes output = control_session_output(session);
        if (output.size < 4)
            return text;
        uint32_t header = load_be32(output.data);
        struct bytes frame = bytes_of(output.data + 4, header & 0x7fffffff);
        if ((header & 0x80000000) != 0)
            append(&text, &size, frame.data, frame.size);
        else
            take_object(frame, &text, &size, ret_code);
        control_session_wrote(session, 4 + frame.size);
        two_gateways_settle();
    }
}

struct answer gateway_ask(struct gateway *gateway, const char *request)
{
    struct answer answer;
    session_ask(gateway->session, request);
    two_gateways_settle();
    answer.text = session_read(gateway->session, &answer.code);
    return answer;
}

void gateway_add(struct gateway *gateway, const char *name, const char *options)
{
    char request[2048];
    snprintf(request, sizeof(request), "\"command\":\"add\",\"name\":\"%s\",\"options\":%s", name, options);
    struct answer answer = gateway_ask(gateway, request);
    if (answer.code != 0) {
        fprintf(stderr, "%s", answer.text);
        abort();
    }
    free(answer.text);
}
