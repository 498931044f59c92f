/* ipsec_whack(8): tells a running pluto what to do and shows what it answers. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/argument_file.h"
#include "tools/id_lookup.h"
#include "tools/tools.h"
#include "tools/whack_arguments.h"
#include "tools/whack_prompt.h"

enum {
    FIRST_FAILURE = 20, /* message numbers from here ... */
    LAST_FAILURE = 99,  /* to here are failures */
};

/* A conversation with pluto. */
struct conversation {
    const struct whack_arguments *arguments;
    struct control_client *client;
    int status; /* the first failure that was told; 0: none yet */
};

static void note_failure(struct conversation *conversation, int code)
{
    if (conversation->status == 0 && code >= FIRST_FAILURE && code <= LAST_FAILURE)
        conversation->status = code;
}

/* pluto needs a user name or a password: from the command line, or from who sits there. */
static void answer(struct conversation *conversation, const struct control_line *line)
{
    const struct whack_arguments *arguments = conversation->arguments;
    whack_prompt_answer(conversation->client, line, line->is_secret ? arguments->password : arguments->user);
}

static void show(void *user, const struct control_line *line)
{
    struct conversation *conversation = user;
    control_print_line(NULL, line);
    if (line->wants_answer)
        answer(conversation, line);
    else
        note_failure(conversation, line->number);
}

/* Our own problems: a wrong option. */
static int complain(const struct whack_arguments *arguments, const struct error *error)
{
    const char *label = arguments->label != NULL ? arguments->label : "";
    fprintf(stderr, "whack error: %s%s%s\n", label, label[0] != '\0' ? " " : "", error->text);
    return CONTROL_EXIT_WHACK_PROBLEM;
}

/* Problems with pluto: it does not run, it hangs up. */
static int complain_of_pluto(const struct whack_arguments *arguments, const struct error *error)
{
    const char *label = arguments->label != NULL ? arguments->label : "";
    fprintf(stderr, "whack: %s%s%s\n", label, label[0] != '\0' ? " " : "", error->text);
    return CONTROL_EXIT_WHACK_PROBLEM;
}

/* The stream of events has no end but this. */
static void end_stream(int signal_number)
{
    (void)signal_number;
    _exit(0);
}

static void watch_for_end(const json_t *request)
{
    const char *command = json_string_value(json_object_get(request, "command"));
    if (strcmp(command, "events") != 0)
        return;
    signal(SIGINT, end_stream);
    signal(SIGTERM, end_stream);
}

/* One after the other; the first that fails ends it, for the later ones were to build on it. */
static int send_requests(const struct whack_arguments *arguments, const json_t *requests)
{
    struct error error;
    struct conversation conversation = {.arguments = arguments};
    conversation.client = control_client_open(&arguments->location, &error);
    if (conversation.client == NULL)
        return complain_of_pluto(arguments, &error);
    for (size_t i = 0; i < json_array_size(requests) && conversation.status == 0; i++) {
        const json_t *request = json_array_get(requests, i);
        watch_for_end(request);
        id_lookup(json_object_get(request, "options"));
        int code = control_client_call(conversation.client, request, show, &conversation, &error);
        if (error.text[0] != '\0') {
            conversation.status = complain_of_pluto(arguments, &error);
            break;
        }
        note_failure(&conversation, code);
    }
    control_client_close(conversation.client);
    return conversation.status;
}

static int run(int argc, char **argv)
{
    struct error error;
    struct whack_arguments arguments;
    json_t *requests = NULL;
    int status = 0;
    if (!whack_arguments_parse(&arguments, argc, argv, &error)) {
        status = complain(&arguments, &error);
    } else if (arguments.wants_help) {
        whack_print_help();
    } else if (arguments.wants_version) {
        puts("Styx " STYX_VERSION);
    } else if (arguments.names != WHACK_NAMES_NONE) {
        whack_print_names(arguments.names);
    } else {
        requests = whack_arguments_requests(&arguments, &error);
        status = requests != NULL ? send_requests(&arguments, requests) : complain(&arguments, &error);
    }
    json_decref(requests);
    whack_arguments_free(&arguments);
    return status;
}

int whack_main(int argc, char **argv)
{
    struct error error;
    struct argument_list list;
    if (!argument_list_expand(&list, argc, argv, &error))
        return complain(&(struct whack_arguments){0}, &error);
    int status = run((int)list.count, list.words);
    argument_list_free(&list);
    return status;
}
