/* ipsec_whack(8): tells a running pluto what to do and shows what it answers. */
#include <stdio.h>
#include <string.h>

#include "tools/argument_file.h"
#include "tools/tools.h"
#include "tools/whack_arguments.h"

static int complain(const struct whack_arguments *arguments, const struct error *error)
{
    const char *label = arguments->label != NULL ? arguments->label : "";
    fprintf(stderr, "whack: %s%s%s\n", label, label[0] != '\0' ? " " : "", error->text);
    return CONTROL_EXIT_WHACK_PROBLEM;
}

/* One after the other; the first that fails ends it, for the later ones were to build on it. */
static int send_requests(const struct whack_arguments *arguments, const json_t *requests)
{
    struct error error;
    struct control_client *client = control_client_open(&arguments->location, &error);
    if (client == NULL)
        return complain(arguments, &error);
    int status = 0;
    for (size_t i = 0; i < json_array_size(requests) && status == 0; i++) {
        const json_t *request = json_array_get(requests, i);
        status = control_client_call(client, request, control_print_line, NULL, &error);
        if (error.text[0] != '\0')
            status = complain(arguments, &error);
    }
    control_client_close(client);
    return status;
}

static int run(int argc, char **argv)
{
    struct error error;
    struct whack_arguments arguments;
    json_t *requests = NULL;
    int status;
    if (!whack_arguments_parse(&arguments, argc, argv, &error)) {
        status = complain(&arguments, &error);
    } else if (arguments.wants_help) {
        whack_print_help();
        status = 0;
    } else if (arguments.wants_version) {
        puts("Styx " STYX_VERSION);
        status = 0;
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
