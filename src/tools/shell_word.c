#include "tools/shell_word.h"

#include <string.h>

void shell_word_print_quoted(FILE *out, const char *word)
{
    fputc('\'', out);
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    }
    fputc('\'', out);
}

void shell_word_print(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@%+=,";
    if (word[0] != '\0' && strspn(word, plain) == strlen(word))
        fputs(word, out);
    else
        shell_word_print_quoted(out, word);
}
