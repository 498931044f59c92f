#include "tools/nss_trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tools/run_command.h"

enum { WORDS_MAX = 16, LINE_SIZE = 1024, NAMES_MAX = 4096 };

#define UNTRUSTED ",,"
#define TRUSTED "CT,,"

struct names {
    char **list;
    size_t count;
};

size_t nss_opening_words(const struct nss_place *place, struct nss_opening *opening,
                         const char *password_option, const char **words)
{
    size_t count = 0;
    snprintf(opening->database, sizeof(opening->database), "sql:%s", place->directory);
    words[count++] = "-d";
    words[count++] = opening->database;
    if (access(place->password_file, R_OK) == 0) {
        words[count++] = password_option;
        words[count++] = place->password_file;
    }
    return count;
}

static FILE *certutil(const struct nss_place *place, const char *const *arguments)
{
    const char *words[WORDS_MAX + NSS_OPENING_WORDS + 2] = {"certutil"};
    struct nss_opening opening;
    size_t count = 1;
    for (; *arguments != NULL && count < WORDS_MAX; arguments++)
        words[count++] = *arguments;
    count += nss_opening_words(place, &opening, "-f", words + count);
    words[count] = NULL;
    return run_command(words);
}

static void cut_blanks(char *line)
{
    size_t size = strcspn(line, "\n");
    while (size > 0 && line[size - 1] == ' ')
        size--;
    line[size] = '\0';
}

/* "NICK NAME      TRUST"; what is trusted for nothing. */
static void take_line(struct names *names, char *line)
{
    cut_blanks(line);
    char *trust = strrchr(line, ' ');
    if (trust == NULL || strcmp(trust + 1, UNTRUSTED) != 0 || names->count >= NAMES_MAX)
        return;
    *trust = '\0';
    cut_blanks(line);
    char **more = realloc(names->list, (names->count + 1) * sizeof(*more));
    if (more == NULL)
        return;
    names->list = more;
    char *name = strdup(line);
    if (name != NULL)
        names->list[names->count++] = name;
}

static bool list_untrusted(const struct nss_place *place, struct names *names)
{
    char line[LINE_SIZE];
    FILE *output = certutil(place, (const char *[]){"-L", NULL});
    while (output != NULL && fgets(line, sizeof(line), output) != NULL)
        take_line(names, line);
    return output != NULL && run_command_end(output) == 0;
}

static bool is_authority(const struct nss_place *place, const char *name)
{
    FILE *output = certutil(place, (const char *[]){"-L", "-n", name, "-a", NULL});
    X509 *certificate = output != NULL ? PEM_read_X509(output, NULL, NULL, NULL) : NULL;
    bool is_one = certificate != NULL && X509_check_ca(certificate) > 0;
    X509_free(certificate);
    if (output != NULL)
        run_command_end(output);
    return is_one;
}

static bool trust(const struct nss_place *place, const char *name)
{
    FILE *output = certutil(place, (const char *[]){"-M", "-n", name, "-t", TRUSTED, NULL});
    return output != NULL && run_command_end(output) == 0;
}

bool nss_trust_authorities(const struct nss_place *place, const char *command)
{
    struct names names = {0};
    bool is_done = list_untrusted(place, &names);
    if (!is_done)
        fprintf(stderr,
                "ipsec %s: certutil (package libnss3-tools, nss-tools) cannot list the certificates of %s\n",
                command, place->directory);
    for (size_t i = 0; i < names.count; i++) {
        if (is_authority(place, names.list[i])) {
            bool is_trusted = trust(place, names.list[i]);
            fprintf(is_trusted ? stdout : stderr, "ipsec %s: \"%s\" is %s trusted as an authority\n", command,
                    names.list[i], is_trusted ? "now" : "not");
            is_done = is_done && is_trusted;
        }
        free(names.list[i]);
    }
    free(names.list);
    return is_done;
}
