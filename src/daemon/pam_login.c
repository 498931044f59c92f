/*
 * _pamlogin: asks PAM, as service "pluto", whether a user may log in. pluto runs it for xauthby=pam, beside
 * its loop. User, address of the peer and password come on standard input, each with a terminating zero. Exit
 * status 0: the user is let in; otherwise a line says why not.
 */
#include <security/pam_appl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_SIZE = 2048, PARTS = 3 };

/* To everything that PAM asks without showing it the password is the answer, to all else the user's name. */
static int converse(int count, const struct pam_message **messages, struct pam_response **ret_responses,
                    void *context)
{
    const char *const *parts = context;
    struct pam_response *responses = count > 0 ? calloc((size_t)count, sizeof(*responses)) : NULL;
    if (responses == NULL)
        return PAM_CONV_ERR;
    for (int i = 0; i < count; i++) {
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
            responses[i].resp = strdup(parts[2]);
        else if (messages[i]->msg_style == PAM_PROMPT_ECHO_ON)
            responses[i].resp = strdup(parts[0]);
    }
    *ret_responses = responses;
    return PAM_SUCCESS;
}

static int ask(const char *const *parts)
{
    const struct pam_conv conversation = {converse, (void *)(uintptr_t)parts};
    pam_handle_t *pam = NULL;
    int result = pam_start("pluto", parts[0], &conversation, &pam);
    if (result == PAM_SUCCESS)
        result = pam_set_item(pam, PAM_RHOST, parts[1]);
    if (result == PAM_SUCCESS)
        result = pam_authenticate(pam, PAM_SILENT);
    if (result == PAM_SUCCESS)
        result = pam_acct_mgmt(pam, PAM_SILENT);
    if (result != PAM_SUCCESS)
        puts(pam_strerror(pam, result));
    pam_end(pam, result);
    return result == PAM_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(void)
{
    char input[INPUT_SIZE] = "";
    const char *parts[PARTS], *at = input;
    size_t size = 0;
    ssize_t got;
    while (size < sizeof(input) - 1 && (got = read(STDIN_FILENO, input + size, sizeof(input) - 1 - size)) > 0)
        size += (size_t)got;
    for (size_t i = 0; i < PARTS; i++) {
        const char *end = memchr(at, '\0', (size_t)(input + size - at));
        if (end == NULL) {
            puts("user, address and password are expected on standard input");
            return EXIT_FAILURE;
        }
        parts[i] = at;
        at = end + 1;
    }
    int result = ask(parts);
    explicit_bzero(input, sizeof(input));
    return result;
}
