/* The client's end of the control protocol: see control_client.h and docs/control-protocol.md. */
#include "tools/control_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "base/text.h"

#define PROTOCOL_VERSION 1
#define READ_SIZE 65536
#define FRAME_IS_RAW 0x80000000u /* in the size of a frame: it is output as it is, no JSON object */

struct control_client {
    int socket;
    struct sockaddr_un address;
    uint8_t *input; /* what was read and not yet handed out: [start, end) of capacity */
    size_t start, end, capacity;
    control_output_function *on_output;
    void *output_user;
};

static const char *of_environment(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static bool fill_address(const struct control_location *location, struct sockaddr_un *address,
                         struct error *error)
{
    const char *base = CONTROL_DEFAULT_RUNDIR, *suffix = "/pluto.ctl", *named;
    if (location->ctlsocket != NULL) {
        base = location->ctlsocket;
        suffix = "";
    } else if (location->ctlbase != NULL) {
        base = location->ctlbase;
        suffix = ".ctl";
    } else if (location->rundir != NULL) {
        base = location->rundir;
    } else if ((named = of_environment("IPSEC_CTLSOCKET")) != NULL) {
        base = named;
        suffix = "";
    } else if ((named = of_environment("IPSEC_RUNDIR")) != NULL) {
        base = named;
    }
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int length = snprintf(address->sun_path, sizeof(address->sun_path), "%s%s", base, suffix);
    if (length < 0 || (size_t)length >= sizeof(address->sun_path))
        return error_set(error, ENAMETOOLONG,
                         "the path of the control socket is too long: \"%s%s\" (at most %zu bytes)", base,
                         suffix, sizeof(address->sun_path) - 1);
    return true;
}

static bool connect_failed(const char *path, int reason, struct error *error)
{
    if (reason == ENOENT || reason == ENOTDIR)
        return error_set(error, reason, "Pluto is not running (no \"%s\"); \"ipsec start\" starts it", path);
    if (reason == EACCES || reason == EPERM)
        return error_set(error, reason,
                         "no right to connect to \"%s\": be the user that pluto runs as, or root", path);
    return error_set(error, reason, "is Pluto running?  connect() for \"%s\" failed (%d %s)", path, reason,
                     strerror(reason));
}

struct control_client *control_client_open(const struct control_location *location, struct error *error)
{
    struct control_client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        error_set(error, ENOMEM, "out of memory");
        return NULL;
    }
    client->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->socket < 0)
        error_set(error, errno, "cannot create a socket: %s", strerror(errno));
    else if (fill_address(location, &client->address, error)) {
        if (connect(client->socket, (struct sockaddr *)&client->address, sizeof(client->address)) == 0)
            return client;
        connect_failed(client->address.sun_path, errno, error);
    }
    control_client_close(client);
    return NULL;
}

void control_client_close(struct control_client *client)
{
    if (client == NULL)
        return;
    if (client->socket >= 0)
        close(client->socket);
    free(client->input);
    free(client);
}

const char *control_client_path(const struct control_client *client)
{
    return client->address.sun_path;
}

static bool send_all(struct control_client *client, const void *data, size_t size, struct error *error)
{
    const char *at = data;
    while (size > 0) {
        ssize_t sent = send(client->socket, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return error_set(error, errno, "cannot write to pluto: %s", strerror(errno));
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool send_request(struct control_client *client, const json_t *request, struct error *error)
{
    json_t *versioned = json_copy((json_t *)request);
    bool has_version = json_object_get(request, "styx") != NULL;
    if (versioned == NULL ||
        (!has_version && json_object_set_new(versioned, "styx", json_integer(PROTOCOL_VERSION)) != 0)) {
        json_decref(versioned);
        return error_set(error, ENOMEM, "out of memory");
    }
    char *text = json_dumps(versioned, JSON_COMPACT);
    json_decref(versioned);
    size_t size = text != NULL ? strlen(text) : 0;
    bool ok;
    if (size == 0 || size > CONTROL_MESSAGE_SIZE_MAX) {
        ok = error_set(error, EMSGSIZE, "a request of %zu bytes is more than pluto takes (%u)", size,
                       CONTROL_MESSAGE_SIZE_MAX);
    } else {
        uint8_t header[4];
        store_be32(header, (uint32_t)size);
        ok = send_all(client, header, sizeof(header), error) && send_all(client, text, size, error);
    }
    if (text != NULL)
        secret_wipe(text, size); /* it may hold a password */
    free(text);
    return ok;
}

/* Makes room so that `size` bytes from `start` on fit. */
static bool reserve_input(struct control_client *client, size_t size, struct error *error)
{
    if (client->start > 0) {
        memmove(client->input, client->input + client->start, client->end - client->start);
        client->end -= client->start;
        client->start = 0;
    }
    if (client->capacity >= size)
        return true;
    uint8_t *grown = realloc(client->input, size + READ_SIZE);
    if (grown == NULL)
        return error_set(error, ENOMEM, "out of memory");
    client->input = grown;
    client->capacity = size + READ_SIZE;
    return true;
}

/* Reads until `size` bytes are there. */
static bool fill_input(struct control_client *client, size_t size, struct error *error)
{
    if (client->capacity - client->start < size && !reserve_input(client, size, error))
        return false;
    while (client->end - client->start < size) {
        ssize_t got = read(client->socket, client->input + client->end, client->capacity - client->end);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set(error, errno, "cannot read from pluto: %s", strerror(errno));
        if (got == 0)
            return error_set(error, EPIPE, "pluto hung up before its answer was complete");
        client->end += (size_t)got;
    }
    return true;
}

void control_client_on_output(struct control_client *client, control_output_function *on_output, void *user)
{
    client->on_output = on_output;
    client->output_user = user;
}

static bool put_out(struct control_client *client, size_t size, struct error *error)
{
    const uint8_t *data = client->input + client->start;
    client->start += size;
    bool ok = client->on_output != NULL ? client->on_output(client->output_user, data, size)
                                        : fwrite(data, 1, size, stdout) == size && fflush(stdout) == 0;
    return ok || error_set(error, errno, "cannot write the answer: %s", strerror(errno));
}

/* The size of the next frame, all of which is there then; 0 with the reason. */
static size_t next_frame(struct control_client *client, bool *ret_is_raw, struct error *error)
{
    if (!fill_input(client, 4, error))
        return 0;
    uint32_t header = load_be32(client->input + client->start);
    size_t size = header & ~FRAME_IS_RAW;
    client->start += 4;
    *ret_is_raw = (header & FRAME_IS_RAW) != 0;
    if (size == 0 || size > CONTROL_MESSAGE_SIZE_MAX) {
        error_set(error, EPROTO, "pluto's answer makes no sense: a frame of %zu bytes", size);
        return 0;
    }
    return fill_input(client, size, error) ? size : 0;
}

/* The next frame that is no output, for the caller to decref; NULL with the reason. */
static json_t *read_frame(struct control_client *client, struct error *error)
{
    bool is_raw;
    size_t size;
    while ((size = next_frame(client, &is_raw, error)) > 0 && is_raw)
        if (!put_out(client, size, error))
            return NULL;
    if (size == 0)
        return NULL;
    json_error_t json_error;
    json_t *frame =
        json_loadb((const char *)client->input + client->start, size, JSON_REJECT_DUPLICATES, &json_error);
    client->start += size;
    if (json_is_object(frame) && json_is_integer(json_object_get(frame, "code")))
        return frame;
    error_set(error, EPROTO, "pluto's answer makes no sense: %s",
              frame == NULL ? json_error.text : "no code in it");
    json_decref(frame);
    return NULL;
}

bool control_client_send(struct control_client *client, const json_t *request, struct error *error)
{
    error->text[0] = '\0';
    /* Who hangs up on us has usually said why. */
    return send_request(client, request, error) || error->code == EPIPE;
}

int control_client_receive(struct control_client *client, control_line_function *on_line, void *user,
                           struct error *error)
{
    for (;;) {
        json_t *frame = read_frame(client, error);
        if (frame == NULL)
            return CONTROL_EXIT_WHACK_PROBLEM;
        int code = (int)json_integer_value(json_object_get(frame, "code"));
        const char *said = json_string_value(json_object_get(frame, "text"));
        char *text = said != NULL ? strdup(said) : NULL; /* it may repeat what a stranger named */
        bool is_final = json_is_true(json_object_get(frame, "final"));
        const char *prompt = json_string_value(json_object_get(frame, "prompt"));
        if (text != NULL)
            text_keep_to_one_line(text);
        if (text != NULL && on_line != NULL)
            on_line(user,
                    &(struct control_line){.number = code,
                                           .text = text,
                                           .wants_answer = prompt != NULL,
                                           .is_secret = prompt != NULL && strcmp(prompt, "secret") == 0});
        free(text);
        json_decref(frame);
        if (is_final)
            return code;
    }
}

int control_client_call(struct control_client *client, const json_t *request, control_line_function *on_line,
                        void *user, struct error *error)
{
    if (!control_client_send(client, request, error))
        return CONTROL_EXIT_WHACK_PROBLEM;
    return control_client_receive(client, on_line, user, error);
}

bool control_client_answer(struct control_client *client, const char *answer, struct error *error)
{
    json_t *request = json_pack("{s:s}", "command", "answer");
    if (answer != NULL)
        json_object_set_new(request, "text", json_string(answer));
    bool ok = send_request(client, request, error);
    json_decref(request);
    return ok;
}

void control_print_line(void *user, const struct control_line *line)
{
    (void)user;
    printf("%03d %s\n", line->number, line->text);
    fflush(stdout);
}
