/* ipsec algparse: what an ike=, esp= or ah= string means, one proposal a line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proposal/proposal.h"
#include "tools/tools.h"

struct kind {
    const char *prefix;
    enum security_protocol protocol;
};

static const struct kind kinds[] = {{"ike", PROTOCOL_IKE}, {"esp", PROTOCOL_ESP}, {"ah", PROTOCOL_AH}};

static const char usage[] =
    "Usage: ipsec algparse [-v1|-v2] [-pfs=yes|no] [ike=|esp=|ah=]STRING ...\n"
    "Prints the proposals that STRING stands for; \"ike=\" and the like alone print the defaults.\n"
    "Without a prefix STRING is read as ike=.\n"
    "  -v     lists every algorithm, and what this build uses it for\n";

static void print_list(const struct kind *kind, const struct proposal_list *list)
{
    char line[8192];
    for (uint16_t i = 0; i < list->count; i++) {
        struct text text = text_of(line, sizeof(line));
        const struct proposal_list one = {.count = 1, .proposals = list->proposals + i};
        proposals_text(&text, &one);
        printf("\t%s\n", line);
    }
    (void)kind;
}

static bool parse_one(const char *argument, unsigned flags)
{
    const struct kind *kind = &kinds[0];
    const char *string = argument;
    struct error error = {0};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        size_t length = strlen(kinds[i].prefix);
        if (strncmp(argument, kinds[i].prefix, length) == 0 && argument[length] == '=') {
            kind = &kinds[i];
            string = argument + length + 1;
        }
    }
    printf("algparse -v2 '%s=%s'\n", kind->prefix, string);
    struct proposal_list *list = string[0] ? proposals_parse(kind->protocol, flags, string, &error)
                                           : proposals_default(kind->protocol, flags);
    if (list == NULL) {
        fflush(stdout);
        fprintf(stderr, "\t%s\n", string);
        if (error.code >= 0 && (size_t)error.code <= strlen(string))
            fprintf(stderr, "\t%*s^\n", error.code, "");
        fprintf(stderr, "\tERROR: %s\n", error.text);
        return false;
    }
    print_list(kind, list);
    proposals_free(list);
    return true;
}

static void list_algorithms(void)
{
    static const char *const titles[] = {"",
                                         "Encryption Algorithm",
                                         "Pseudorandom Function",
                                         "Integrity Algorithm",
                                         "Key Exchange Method",
                                         "Sequence Number"};
    const struct algorithm *algorithm;
    for (unsigned type = TRANSFORM_ENCR; type <= TRANSFORM_ESN; type++) {
        printf("%s:\n", titles[type]);
        for (size_t i = 0; (algorithm = algorithm_at(i)) != NULL; i++) {
            if (algorithm->type != type)
                continue;
            printf("  %-22s IKEv2: %-3s %-3s %-2s ", algorithm->name,
                   algorithm->uses & USE_IKEV2_IKE ? "IKE" : "", algorithm->uses & USE_IKEV2_ESP ? "ESP" : "",
                   algorithm->uses & USE_IKEV2_AH ? "AH" : "");
            for (size_t j = 0; j < ALGORITHM_ALIASES && algorithm->aliases[j] != NULL; j++)
                printf("%s%s", j ? ", " : " ", algorithm->aliases[j]);
            printf("\n");
        }
    }
}

int algparse_main(int argc, char **argv)
{
    unsigned flags = PROPOSAL_PFS;
    bool ok = true;
    if (argc < 2) {
        fputs(usage, stderr);
        return 1;
    }
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            fputs(usage, stdout);
            return 0;
        }
        if (strcmp(word, "-v1") == 0) {
            fprintf(stderr, "ipsec algparse: IKEv1 is not supported yet\n");
            return 1;
        }
        if (strcmp(word, "-v") == 0)
            list_algorithms();
        else if (strcmp(word, "-pfs=no") == 0 || strcmp(word, "-nopfs") == 0)
            flags = 0;
        else if (strcmp(word, "-pfs=yes") == 0 || strcmp(word, "-pfs") == 0)
            flags = PROPOSAL_PFS;
        else if (word[0] == '-' && strcmp(word, "-v2") != 0 && strcmp(word, "-t") != 0)
            ok = !fprintf(stderr, "ipsec algparse: unknown option %s; --help lists them\n", word);
        else if (word[0] != '-')
            ok = parse_one(word, flags) && ok;
    }
    return ok ? 0 : 1;
}
