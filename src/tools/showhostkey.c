/* ipsec showhostkey: public keys of this host, as ipsec.conf(5), DNS and other programs take them.
 * ipsec_showhostkey(8); IPSECKEY records: RFC 4025, RFC 9373. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/address.h"
#include "tools/nss_place.h"
#include "tools/tools.h"

enum { EXIT_USAGE = 1, EXIT_DATABASE = 1, EXIT_NO_KEY = 20, HOST_NAME_SIZE = 256 };

enum operation { OPERATION_NONE, LIST, DUMP, LEFT, RIGHT, IPSECKEY, PEM };

/* The algorithms of IPSECKEY records: IANA; a SubjectPublicKeyInfo has 4, as Libreswan writes it. */
enum { IPSECKEY_RSA = 2, IPSECKEY_ECDSA = 3, IPSECKEY_EDDSA = 4, IPSECKEY_SPKI = 4, PRECEDENCE_DEFAULT = 10 };

struct request {
    enum operation operation;
    struct nss_place place;
    const char *ckaid, *rsaid;
    struct ip_address gateway; /* unset: none */
    unsigned precedence;
    bool as_spki; /* --pubkey */
    bool is_verbose;
};

enum {
    OPT_OPERATION = 256,
    OPT_CKAID = OPT_OPERATION + PEM + 1,
    OPT_RSAID,
    OPT_GATEWAY,
    OPT_PRECEDENCE,
    OPT_PASSWORD,
    OPT_PUBKEY,
    OPT_TXT,
    OPT_VERSION,
};

static const struct option long_options[] = {
    {"list", no_argument, NULL, OPT_OPERATION + LIST},
    {"dump", no_argument, NULL, OPT_OPERATION + DUMP},
    {"left", no_argument, NULL, OPT_OPERATION + LEFT},
    {"right", no_argument, NULL, OPT_OPERATION + RIGHT},
    {"ipseckey", no_argument, NULL, OPT_OPERATION + IPSECKEY},
    {"pem", no_argument, NULL, OPT_OPERATION + PEM},
    {"ckaid", required_argument, NULL, OPT_CKAID},
    {"rsaid", required_argument, NULL, OPT_RSAID},
    {"gateway", required_argument, NULL, OPT_GATEWAY},
    {"precedence", required_argument, NULL, OPT_PRECEDENCE},
    {"nssdir", required_argument, NULL, 'd'},
    {"configdir", required_argument, NULL, 'd'},
    {"password", required_argument, NULL, OPT_PASSWORD},
    {"pubkey", no_argument, NULL, OPT_PUBKEY},
    {"txt", required_argument, NULL, OPT_TXT},
    {"verbose", no_argument, NULL, 'v'},
    {"debug", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static const char usage[] = "Usage:\n"
                            "   showhostkey --version\n"
                            "   showhostkey { --dump | --list }\n"
                            "   showhostkey { --left | --right } [ --pubkey ]\n"
                            "               { --rsaid <rsaid> | --ckaid <ckaid> }\n"
                            "   showhostkey --ipseckey [ --pubkey ]\n"
                            "               { --rsaid <rsaid> | --ckaid <ckaid> }\n"
                            "               [ --precedence <precedence> ] [ --gateway <gateway> ]\n"
                            "   showhostkey --pem\n"
                            "               { --rsaid <rsaid> | --ckaid <ckaid> }\n"
                            "Additional options:\n"
                            "   --verbose\n"
                            "   --debug\n"
                            "   --nssdir <nssdir>\n"
                            "   --password <password>\n";

static int complain(const char *text)
{
    fprintf(stderr, "ipsec showhostkey: %s\n%s", text, usage);
    return EXIT_USAGE;
}

/* ---- the forms ---- */

/* Raw, or as SubjectPublicKeyInfo; malloc'd base64. */
static char *base64_of(const struct public_key *key, bool as_spki)
{
    uint8_t form[PUBLIC_KEY_DER_MAX];
    size_t size = as_spki ? public_key_write_spki(key, form) : host_key_raw(key, form);
    char *text = malloc(4 * (size / 3 + 1) + 1);
    if (text != NULL)
        EVP_EncodeBlock((unsigned char *)text, form, (int)size);
    return text;
}

static void print_list_line(const struct public_key *key, size_t number, bool with_details)
{
    char id[KEY_ID_SIZE], ckaid[CKAID_HEX_SIZE];
    printf("<%2zu> %s keyid: %s ckaid: %s\n", number, key_kind_name(key->kind), host_key_id(key, id),
           ckaid_text(key->ckaid, ckaid));
    if (with_details)
        printf("     %s\n", public_key_describe(key, (char[32]){0}));
}

static int print_list(const struct request *request, const struct host_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        print_list_line(keys->list[i]->public_key, i + 1, request->operation == DUMP);
    return 0;
}

static void print_for_conf(const struct request *request, const struct public_key *key)
{
    static const struct {
        const char *comment, *keyword;
    } forms[] = {[KEY_RSA] = {"rsakey", "rsasigkey"},
                 [KEY_ECDSA] = {"ecdsakey", "ecdsakey"},
                 [KEY_EDDSA] = {"eddsakey", "eddsakey"}};
    const char *end = request->operation == LEFT ? "left" : "right";
    char id[KEY_ID_SIZE], *base64 = base64_of(key, request->as_spki);
    if (request->is_verbose && request->rsaid != NULL)
        printf("\t# picking by rsaid=%s\n", request->rsaid);
    else if (request->is_verbose)
        printf("\t# picking by ckaid=%s\n", request->ckaid);
    if (request->as_spki)
        printf("\t%spubkey=%s\n", end, base64);
    else
        printf("\t# %s %s\n\t%s%s=0s%s\n", forms[key->kind].comment, host_key_id(key, id), end,
               forms[key->kind].keyword, base64);
    free(base64);
}

/* RFC 4025 2: precedence, type of the gateway, algorithm, gateway, key. */
static void print_ipseckey(const struct request *request, const struct public_key *key)
{
    static const int algorithms[] = {
        [KEY_RSA] = IPSECKEY_RSA, [KEY_ECDSA] = IPSECKEY_ECDSA, [KEY_EDDSA] = IPSECKEY_EDDSA};
    const struct ip_address *gateway = &request->gateway;
    bool has_gateway = address_is_set(gateway);
    char host[HOST_NAME_SIZE] = "", text[ADDRESS_TEXT_SIZE];
    char *base64 = base64_of(key, request->as_spki);
    gethostname(host, sizeof(host) - 1);
    printf("%s.    IN    IPSECKEY  %u %d %d %s %s\n", host, request->precedence,
           !has_gateway               ? 0
           : gateway->family == IP_V4 ? 1
                                      : 2,
           request->as_spki ? IPSECKEY_SPKI : algorithms[key->kind],
           has_gateway ? address_text(gateway, text) : ".", base64);
    free(base64);
}

/* ---- which key ---- */

static bool is_chosen(const struct request *request, const struct public_key *key)
{
    char ckaid[CKAID_HEX_SIZE], id[KEY_ID_SIZE];
    if (request->ckaid != NULL)
        return strcasecmp(ckaid_text(key->ckaid, ckaid), request->ckaid) == 0;
    return key->kind == KEY_RSA && strcmp(host_key_id(key, id), request->rsaid) == 0;
}

static int show_one(const struct request *request, const struct host_keys *keys)
{
    size_t at = 0;
    while (at < keys->count && !is_chosen(request, keys->list[at]->public_key))
        at++;
    if (at == keys->count) {
        fputs("ipsec showhostkey: No keys found\n", stderr);
        return EXIT_NO_KEY;
    }
    if (request->operation == IPSECKEY)
        print_ipseckey(request, keys->list[at]->public_key);
    else if (request->operation == PEM)
        PEM_write_PUBKEY(stdout, keys->list[at]->handle);
    else
        print_for_conf(request, keys->list[at]->public_key);
    return 0;
}

static void warn(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "ipsec showhostkey: %s\n", text);
}

static int show(const struct request *request)
{
    const struct warning_sink warnings = {warn, NULL};
    struct host_keys keys;
    struct error error;
    if (request->is_verbose)
        fprintf(stderr, "ipsec showhostkey: using nss directory \"%s\"\n", request->place.directory);
    struct nss_database *database = nss_place_open(&request->place, NSS_READ, "showhostkey");
    if (database == NULL)
        return EXIT_DATABASE;
    bool is_read = nss_database_keys(database, &keys, &warnings, &error);
    nss_database_close(database);
    if (!is_read) {
        fprintf(stderr, "ipsec showhostkey: %s\n", error.text);
        return EXIT_DATABASE;
    }
    bool is_list = request->operation == LIST || request->operation == DUMP;
    int status = is_list ? print_list(request, &keys) : show_one(request, &keys);
    host_keys_free(&keys);
    return status;
}

/* ---- options ---- */

static int take_precedence(struct request *request, const char *text)
{
    size_t size = strlen(text);
    if (size == 0 || size > 3 || strspn(text, "0123456789") != size || atoi(text) > 255)
        return complain("--precedence is from 0 to 255");
    request->precedence = (unsigned)atoi(text);
    return -1;
}

static int take_gateway(struct request *request, const char *text)
{
    struct error error;
    if (address_parse(text, &request->gateway, &error))
        return -1;
    fprintf(stderr, "ipsec showhostkey: --gateway: %s\n", error.text);
    return EXIT_USAGE;
}

static int take_operation(struct request *request, enum operation operation)
{
    if (request->operation != OPERATION_NONE)
        return complain("You must specify only one operation");
    request->operation = operation;
    return -1;
}

/* -1: go on. */
static int take_option(struct request *request, int option, const char *argument)
{
    switch (option) {
    case OPT_CKAID:
        request->ckaid = argument;
        return -1;
    case OPT_RSAID:
        request->rsaid = argument;
        return -1;
    case OPT_GATEWAY:
        return take_gateway(request, argument);
    case OPT_PRECEDENCE:
        return take_precedence(request, argument);
    case 'd':
        nss_place_set_directory(&request->place, argument);
        return -1;
    case OPT_PASSWORD:
        nss_place_set_password(&request->place, argument);
        return -1;
    case OPT_PUBKEY:
        request->as_spki = true;
        return -1;
    case OPT_TXT:
        return complain("--txt is not supported: keys in DNS stand in IPSECKEY records (--ipseckey)");
    case 'v':
        request->is_verbose = true;
        return -1;
    case OPT_VERSION:
        puts("Styx " STYX_VERSION);
        return 0;
    case 'h':
        fputs(usage, stdout);
        return 0;
    case '?':
        fputs(usage, stderr);
        return EXIT_USAGE;
    default:
        return take_operation(request, (enum operation)(option - OPT_OPERATION));
    }
}

static int check_request(const struct request *request)
{
    bool is_list = request->operation == LIST || request->operation == DUMP;
    bool is_chosen_by_id = request->ckaid != NULL || request->rsaid != NULL;
    if (request->operation == OPERATION_NONE)
        return complain("You must specify an operation");
    if (request->ckaid != NULL && request->rsaid != NULL)
        return complain("--ckaid and --rsaid are mutually exclusive");
    if (is_list && is_chosen_by_id)
        return complain("--list and --dump show all keys: neither --ckaid nor --rsaid");
    if (!is_list && !is_chosen_by_id)
        return complain("You must select a key using --ckaid or --rsaid");
    if (request->operation != IPSECKEY &&
        (address_is_set(&request->gateway) || request->precedence != PRECEDENCE_DEFAULT))
        return complain("--gateway and --precedence are for --ipseckey");
    if (request->as_spki && (is_list || request->operation == PEM))
        return complain("--pubkey is for --left, --right and --ipseckey");
    return -1;
}

int showhostkey_main(int argc, char **argv)
{
    struct request request = {.precedence = PRECEDENCE_DEFAULT};
    int option, status;
    nss_place_find(&request.place);
    optind = 1;
    while ((option = getopt_long(argc, argv, "d:vh", long_options, NULL)) != -1)
        if ((status = take_option(&request, option, optarg)) >= 0)
            return status;
    if (optind < argc)
        return complain("unexpected word after the options");
    status = check_request(&request);
    return status >= 0 ? status : show(&request);
}
