/* Asking whoever sits at the terminal: see whack_prompt.h. */
#include "tools/whack_prompt.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/secret.h"

enum { ANSWER_SIZE_MAX = 512 };

/* Byte by byte, so that nothing of a further answer is lost in a buffer. */
static bool read_line(char *out, size_t size)
{
    size_t length = 0;
    char byte;
    ssize_t got;
    while ((got = read(STDIN_FILENO, &byte, 1)) == 1 && byte != '\n') {
        if (length + 1 < size)
            out[length++] = byte;
    }
    out[length] = '\0';
    return got == 1 || length > 0;
}

bool whack_prompt(const char *question, bool is_secret, char *out, size_t size)
{
    struct termios before, quiet;
    bool is_terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    fprintf(stderr, "%s ", question);
    fflush(stderr);
    if (is_terminal && is_secret) {
        quiet = before;
        quiet.c_lflag &= (tcflag_t)~ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    bool ok = read_line(out, size);
    if (is_terminal && is_secret) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    return ok;
}

void whack_prompt_answer(struct control_client *client, const struct control_line *line, const char *given)
{
    char typed[ANSWER_SIZE_MAX];
    struct error error;
    if (given == NULL && whack_prompt(line->text, line->is_secret, typed, sizeof(typed)))
        given = typed;
    control_client_answer(client, given, &error);
    secret_wipe(typed, sizeof(typed));
}
