/* ipsec algparse: what an ike=, esp= or ah= string means, one proposal a line; and the algorithms there are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proposal/proposal.h"
#include "tools/tools.h"

struct kind {
    const char *prefix;
    enum security_protocol protocol;
};

static const struct kind kinds[] = {{"ike=", PROTOCOL_IKE}, {"esp=", PROTOCOL_ESP}, {"ah=", PROTOCOL_AH}};

static const char usage[] =
    "Usage: ipsec algparse [-v1|-v2] [-pfs|-nopfs] [ike=|esp=|ah=]STRING ...\n"
    "       ipsec algparse -v\n"
    "Prints the proposals that each STRING stands for, one a line; \"ike=\" and the like alone print the "
    "defaults.\n"
    "Without a prefix STRING is read as ike=. The options are for the strings behind them.\n"
    "  -v1, -v2            IKE version; IKEv2 unless told\n"
    "  -pfs, -nopfs        whether esp= and ah= may name a key exchange; they may unless told\n"
    "                      (also -pfs=yes, -pfs=no)\n"
    "  -v                  list every algorithm, with its key lengths (* the default) and what this build "
    "uses it for\n"
    "  -h, --help          print this\n"
    "The exit status is 0, or 1 when a string is refused.\n";

static void print_list(const struct proposal_list *list)
{
    char line[4096];
    for (uint16_t i = 0; i < list->count; i++) {
        struct text text = text_of(line, sizeof(line));
        const struct proposal_list one = {.count = 1, .proposals = list->proposals + i};
        proposals_text(&text, &one);
        printf("\t%s\n", line);
    }
}

/* The string with a caret under the word that the error is about. */
static void print_error(const char *string, const struct error *error)
{
    fflush(stdout);
    if (string[0] != '\0') {
        fprintf(stderr, "\t%s\n", string);
        if (error->code >= 0 && (size_t)error->code <= strlen(string))
            fprintf(stderr, "\t%*s^\n", error->code, "");
    }
    fprintf(stderr, "\tERROR: %s\n", error->text);
}

static bool parse_one(const char *argument, unsigned flags)
{
    const struct kind *kind = &kinds[0];
    const char *string = argument;
    struct error error = {.text = "this build runs none of the default algorithms"};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        size_t length = strlen(kinds[i].prefix);
        if (strncmp(argument, kinds[i].prefix, length) == 0) {
            kind = &kinds[i];
            string = argument + length;
        }
    }
    printf("algparse -v%d '%s%s'\n", flags & PROPOSAL_IKEV1 ? 1 : 2, kind->prefix, string);
    struct proposal_list *list = string[0] != '\0' ? proposals_parse(kind->protocol, flags, string, &error)
                                                   : proposals_default(kind->protocol, flags);
    if (list == NULL) {
        print_error(string, &error);
        return false;
    }
    const struct algorithm *ignored = proposals_ignored_ke(kind->protocol, flags, string);
    if (ignored != NULL)
        fprintf(stderr, "ipsec algparse: ignoring %s DH algorithm %s as PFS policy is disabled\n",
                kind->protocol == PROTOCOL_AH ? "AH" : "ESP", ignored->name);
    print_list(list);
    proposals_free(list);
    return true;
}

/* {256,192,*128}, [*192] for a length that goes without saying, [] for none; the longest first. */
static void key_lengths_text(struct text *text, const struct algorithm *encr)
{
    text_add(text, "%s", encr->has_key_length ? "{" : "[");
    const char *comma = "";
    for (unsigned below = UINT16_MAX;;) {
        uint16_t next = 0;
        for (size_t i = 0; i < ALGORITHM_KEY_LENGTHS; i++)
            if (encr->key_bits[i] < below && encr->key_bits[i] > next)
                next = encr->key_bits[i];
        if (next == 0)
            break;
        text_add(text, "%s%s%u", comma, next == encr->key_bits[0] ? "*" : "", next);
        comma = ",";
        below = next;
    }
    text_add(text, "%s", encr->has_key_length ? "}" : "]");
}

static void print_uses(const char *version, unsigned uses, unsigned ike, unsigned esp, unsigned ah)
{
    printf(" %s: %-3s %-3s %-2s ", version, uses & ike ? "IKE" : "", uses & esp ? "ESP" : "",
           uses & ah ? "AH" : "");
}

static void print_algorithm(const struct algorithm *algorithm)
{
    char lengths[32];
    struct text text = text_of(lengths, sizeof(lengths));
    if (algorithm->type == TRANSFORM_ENCR)
        key_lengths_text(&text, algorithm);
    printf("  %-18s %-14s", algorithm->name, lengths);
    print_uses("IKEv1", algorithm->uses, USE_IKEV1_IKE, USE_IKEV1_ESP, USE_IKEV1_AH);
    print_uses("IKEv2", algorithm->uses, USE_IKEV2_IKE, USE_IKEV2_ESP, USE_IKEV2_AH);
    for (size_t i = 0; i < ALGORITHM_ALIASES && algorithm->aliases[i] != NULL; i++)
        printf("%s%s", i > 0 ? ", " : " ", algorithm->aliases[i]);
    printf("%s\n", algorithm->uses == 0 ? "  (not supported by this build)" : "");
}

static void list_algorithms(void)
{
    static const struct {
        enum transform_type type;
        const char *title;
    } sections[] = {
        {TRANSFORM_ENCR, "Encryption Algorithm (cipher)"},
        {TRANSFORM_PRF, "Pseudorandom Function (KDF)"},
        {TRANSFORM_INTEG, "Integrity Algorithm"},
        {TRANSFORM_KE, "Key Exchange Method (DH)"},
        {TRANSFORM_ESN, "Sequence Number"},
    };
    const struct algorithm *algorithm;
    for (size_t section = 0; section < ARRAY_SIZE(sections); section++) {
        printf("%s:\n", sections[section].title);
        for (size_t i = 0; (algorithm = algorithm_at(i)) != NULL; i++)
            if (algorithm->type == sections[section].type)
                print_algorithm(algorithm);
    }
}

/* Sets or clears the flags that the option stands for; false when it is unknown. */
static bool apply_option(const char *option, unsigned *flags)
{
    static const struct {
        const char *name;
        unsigned clear;
        unsigned set;
    } options[] = {
        {"-v1", 0, PROPOSAL_IKEV1},    {"-v2", PROPOSAL_IKEV1, 0},  {"-pfs", 0, PROPOSAL_PFS},
        {"-pfs=yes", 0, PROPOSAL_PFS}, {"-nopfs", PROPOSAL_PFS, 0}, {"-pfs=no", PROPOSAL_PFS, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (strcmp(option, options[i].name) == 0) {
            *flags = (*flags & ~options[i].clear) | options[i].set;
            return true;
        }
    return false;
}

int algparse_main(int argc, char **argv)
{
    unsigned flags = PROPOSAL_PFS;
    bool all_parsed = true;
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
        if (strcmp(word, "-v") == 0) {
            list_algorithms();
        } else if (word[0] != '-') {
            all_parsed = parse_one(word, flags) && all_parsed;
        } else if (!apply_option(word, &flags)) {
            fprintf(stderr, "ipsec algparse: unknown option %s; --help lists them\n", word);
            return 1;
        }
    }
    return all_parsed ? 0 : 1;
}
