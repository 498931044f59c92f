/* ipsec newhostkey: a new key pair for this host in the NSS database. ipsec_newhostkey(8). */
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#include "tools/key_maker.h"
#include "tools/tools.h"

enum { EXIT_USAGE = 2, EXIT_NO_DATABASE = 255 };

enum {
    OPT_KEYTYPE = 256,
    OPT_BITS,
    OPT_CURVE,
    OPT_SEEDDEV,
    OPT_PASSWORD,
    OPT_QUIET,
    OPT_VERSION,
    OPT_OUTPUT,
    OPT_HOSTNAME,
};

static const struct option long_options[] = {
    {"keytype", required_argument, NULL, OPT_KEYTYPE},
    {"bits", required_argument, NULL, OPT_BITS},
    {"curve", required_argument, NULL, OPT_CURVE},
    {"curve-name", required_argument, NULL, OPT_CURVE},
    {"seeddev", required_argument, NULL, OPT_SEEDDEV},
    {"nssdir", required_argument, NULL, 'd'},
    {"configdir", required_argument, NULL, 'd'},
    {"password", required_argument, NULL, OPT_PASSWORD},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, OPT_VERSION},
    {"output", required_argument, NULL, OPT_OUTPUT},
    {"hostname", required_argument, NULL, OPT_HOSTNAME},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static const char usage[] =
    "Usage: ipsec newhostkey [--keytype rsa] [--bits BITS]\n"
    "       ipsec newhostkey --keytype ecdsa [--curve secp256r1|secp384r1|secp521r1]\n"
    "       ipsec newhostkey --keytype eddsa [--curve ed25519]\n"
    "  other options: [--quiet|--verbose] [--nssdir DIRECTORY] [--password PASSWORD] [--seeddev DEVICE]\n"
    "Makes a key pair in the NSS database; ipsec showhostkey shows the public key.\n";

struct request {
    struct key_maker maker;
    const char *keytype, *bits, *curve;
};

static int complain(const char *format, const char *word)
{
    fputs("ipsec newhostkey: ", stderr);
    fprintf(stderr, format, word);
    fputc('\n', stderr);
    return EXIT_USAGE;
}

static void warn_of_obsolete(const char *option)
{
    fprintf(stderr,
            "ipsec newhostkey: WARNING: obsolete option %s is ignored: keys stand in the NSS database\n",
            option);
}

/* -1: go on. */
static int take_option(struct request *request, int option, const char *argument)
{
    struct key_maker *maker = &request->maker;
    switch (option) {
    case OPT_KEYTYPE:
        request->keytype = argument;
        return -1;
    case OPT_BITS:
        request->bits = argument;
        return -1;
    case OPT_CURVE:
        request->curve = argument;
        return -1;
    case OPT_SEEDDEV:
        maker->seed_device = argument;
        return -1;
    case 'd':
        nss_place_set_directory(&maker->place, argument);
        return -1;
    case OPT_PASSWORD:
        nss_place_set_password(&maker->place, argument);
        return -1;
    case OPT_QUIET:
        maker->is_quiet = true;
        return -1;
    case 'v':
        maker->is_verbose = true;
        return -1;
    case OPT_OUTPUT:
        warn_of_obsolete("--output");
        return -1;
    case OPT_HOSTNAME:
        warn_of_obsolete("--hostname");
        return -1;
    case OPT_VERSION:
        puts("Styx " STYX_VERSION);
        return 0;
    default:
        fputs(usage, option == 'h' ? stdout : stderr);
        return option == 'h' ? 0 : EXIT_USAGE;
    }
}

/* 0: it fits together. */
static int choose_kind(struct request *request)
{
    static const struct {
        const char *name;
        const char *command; /* in whose name complaints come */
        enum key_kind kind;
    } kinds[] = {{"rsa", "rsasigkey", KEY_RSA},
                 {"ecdsa", "ecdsasigkey", KEY_ECDSA},
                 {"eddsa", "eddsasigkey", KEY_EDDSA}};
    const char *keytype = request->keytype != NULL ? request->keytype : request->curve ? "ecdsa" : "rsa";
    if (request->bits != NULL && request->curve != NULL)
        return complain("--bits and %s are mutually exclusive", "--curve");
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (strcmp(kinds[i].name, keytype) != 0)
            continue;
        bool is_rsa = kinds[i].kind == KEY_RSA;
        if (!is_rsa && request->bits != NULL)
            return complain("--bits and --keytype %s are mutually exclusive", keytype);
        if (is_rsa && request->curve != NULL)
            return complain("--curve and --keytype %s are mutually exclusive", keytype);
        request->maker.command = kinds[i].command;
        request->maker.wanted.kind = kinds[i].kind;
        return 0;
    }
    return complain("unknown key type `%s'; expected rsa, ecdsa or eddsa", keytype);
}

static int check_database(const struct nss_place *place)
{
    const char *directory = place->directory;
    struct stat status;
    if (stat(directory, &status) != 0 || !S_ISDIR(status.st_mode)) {
        fprintf(stderr, "No such directory: %s\n    Please %srun 'ipsec initnss%s%s'\n", directory,
                place->is_default ? "" : "make it and ", place->is_default ? "" : " --nssdir ",
                place->is_default ? "" : directory);
        return EXIT_NO_DATABASE;
    }
    if (nss_database_exists(directory))
        return 0;
    fprintf(stderr, "NSS database in %s not initialized.\n    Please run 'ipsec initnss --nssdir %s'\n",
            directory, directory);
    return EXIT_NO_DATABASE;
}

int newhostkey_main(int argc, char **argv)
{
    struct request request = {0};
    struct key_maker *maker = &request.maker;
    int option, status;
    key_maker_init(maker, "newhostkey", KEY_RSA);
    optind = 1;
    while ((option = getopt_long(argc, argv, "d:vh", long_options, NULL)) != -1)
        if ((status = take_option(&request, option, optarg)) >= 0)
            return status;
    if (optind < argc)
        return complain("unknown word `%s'", argv[optind]);
    if ((status = choose_kind(&request)) != 0 || (status = check_database(&maker->place)) != 0)
        return status;
    bool is_good = maker->wanted.kind == KEY_RSA ? key_maker_set_bits(maker, request.bits)
                                                 : key_maker_set_curve(maker, request.curve);
    return is_good ? key_maker_run(maker) : 1;
}
