/* _secretcensor: see secretcensor.h. What looks like a secret goes; it is better to lose too much. */
#include "tools/secretcensor.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "tools/tools.h"

enum {
    KEY_LENGTH = 32, /* of a word of hexadecimal digits from which it is taken for a key */
    DUMP_OCTETS = 8, /* the same of octets parted by blanks */
};

/* ---- ipsec.secrets ---- */

static const char *const kinds[] = {"PSK",   "RSA",    "ECDSA", "XAUTH", "PPKS", "PPK", "PIN",
                                    "PKCS8", "PUBKEY", "NULL",  "BLISS", "EAP",  "NTLM"};

/* The word behind the colon says what kind of secret it was; anything else is the secret itself. */
static void put_kind(const char *at, FILE *out)
{
    at += strspn(at, " \t");
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        size_t size = strlen(kinds[i]);
        if (strncasecmp(at, kinds[i], size) == 0 && !isalnum((unsigned char)at[size])) {
            fprintf(out, " %s", kinds[i]);
            break;
        }
    }
    fputs(" [removed]\n", out);
}

/* The colon that parts indices from the secret has a blank or the end behind it, or a blank before it: an
 * IPv6 address has not. */
static const char *find_colon(const char *line)
{
    for (const char *at = line; *at != '\0' && *at != '#'; at++) {
        bool begins = at == line || isspace((unsigned char)at[-1]);
        bool ends = isspace((unsigned char)at[1]) || at[1] == '\0' || at[1] == '"';
        if (*at == ':' && (begins || ends))
            return at;
    }
    return NULL;
}

void censor_secrets(FILE *in, FILE *out)
{
    char *line = NULL;
    size_t capacity = 0;
    bool is_behind_colon = false, in_braces = false;
    while (getline(&line, &capacity, in) > 0) {
        if (in_braces) {
            fputs("\t[removed]\n", out);
            in_braces = strchr(line, '}') == NULL;
            continue;
        }
        bool goes_on = line[0] == ' ' || line[0] == '\t' || line[0] == '}';
        const char *text = line + strspn(line, " \t");
        const char *colon = find_colon(line);
        bool is_plain = *text == '#' || *text == '\n' || *text == '\0';
        if (is_plain || (!goes_on && strncmp(line, "include", 7) == 0)) {
            fputs(*text == '#' ? "# [comment removed]\n" : line, out); /* a comment may hold an old secret */
            is_behind_colon = is_plain && is_behind_colon;
        } else if (goes_on && is_behind_colon) {
            fputs("\t[removed]\n", out);
        } else if (colon != NULL) {
            fwrite(line, 1, (size_t)(colon - line) + 1, out);
            put_kind(colon + 1, out);
            is_behind_colon = true;
            in_braces = strchr(colon, '{') != NULL && strchr(colon, '}') == NULL;
        } else { /* indices whose colon comes later; or what nobody should have written */
            bool is_doubtful = strpbrk(line, "\"'{") != NULL || strcasestr(line, "psk") != NULL ||
                               strstr(line, "0x") != NULL || strstr(line, "0s") != NULL;
            fputs(is_doubtful ? "[removed]\n" : line, out);
            is_behind_colon = false;
        }
    }
    free(line);
}

/* ---- any text ---- */

static bool is_hex(const char *word, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isxdigit((unsigned char)word[i]) && word[i] != '_')
            return false;
    return size > 0;
}

static bool is_key_character(char c)
{
    return isalnum((unsigned char)c) || c == '+' || c == '/' || c == '=' || c == '_';
}

static bool looks_like_key(const char *word, size_t size)
{
    if (size > 10 && word[0] == '0' && strchr("xX", word[1]) != NULL)
        return is_hex(word + 2, size - 2);
    if (size > 12 && word[0] == '0' && strchr("sStT", word[1]) != NULL)
        return true;
    return size >= KEY_LENGTH && is_hex(word, size);
}

/* Words behind which everything up to the end of the line is secret. */
static const char *const betrayers[] = {"PSK", "password", "passphrase", "passwd", "secret"};

static const char *find_betrayer(const char *line)
{
    const char *first = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(betrayers); i++) {
        const char *at = strcasestr(line, betrayers[i]);
        bool begins = at == line || (at != NULL && !isalnum((unsigned char)at[-1]) && at[-1] != '-');
        if (at != NULL && begins && strpbrk(at, "\"'") != NULL && (first == NULL || at < first))
            first = at + strlen(betrayers[i]);
    }
    return first;
}

/* "1f 2e 3d ...": the length of a run of octets, 0 if it is too short to be a key. */
static size_t dump_length(const char *text, size_t length)
{
    size_t octets = 0, at = 0;
    while (at + 2 <= length && is_hex(text + at, 2) &&
           (at + 2 == length || isspace((unsigned char)text[at + 2]))) {
        octets++;
        at += 2;
        while (at < length && (text[at] == ' ' || text[at] == '\t'))
            at++;
    }
    return octets >= DUMP_OCTETS ? at : 0;
}

static void censor_words(const char *line, size_t length, FILE *out)
{
    for (size_t i = 0; i < length;) {
        size_t size = 0;
        while (i + size < length && is_key_character(line[i + size]))
            size++;
        size_t dump = size == 2 ? dump_length(line + i, length - i) : 0;
        if (dump > 0) {
            fputs("[removed]", out);
            i += dump;
            continue;
        }
        if (size == 0)
            fputc(line[i++], out);
        else if (looks_like_key(line + i, size))
            fputs("[removed]", out);
        else
            fwrite(line + i, 1, size, out);
        i += size;
    }
}

void censor_text(FILE *in, FILE *out)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    bool in_key = false; /* between the lines of a PEM block */
    while ((length = getline(&line, &capacity, in)) > 0) {
        const char *secret = find_betrayer(line);
        if (strstr(line, "-----BEGIN") != NULL && strstr(line, "PRIVATE") != NULL)
            in_key = true;
        if (in_key) {
            fputs("[removed]\n", out);
            in_key = strstr(line, "-----END") == NULL;
        } else if (secret != NULL) {
            censor_words(line, (size_t)(secret - line), out);
            fputs(" [removed]\n", out);
        } else {
            censor_words(line, (size_t)length, out);
        }
    }
    free(line);
}

/* Files or standard input; ipsec.secrets' form. */
int secretcensor_main(int argc, char **argv)
{
    int status = 0;
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        puts("Usage: ipsec _secretcensor [FILE ...]\n"
             "Prints files of the form of ipsec.secrets(5), or standard input, without their secrets.");
        return 0;
    }
    if (argc < 2)
        censor_secrets(stdin, stdout);
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "re");
        if (file == NULL) {
            perror(argv[i]);
            status = 1;
            continue;
        }
        censor_secrets(file, stdout);
        fclose(file);
    }
    return status;
}
