#include "tools/key_maker.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "base/secret.h"
#include "tools/tools.h"

enum {
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    BITS_MIN = 2192,
    BITS_MAX = 8192, /* as many as pluto takes of a peer */
    BITS_STEP = 16,
    BITS_USUAL_MIN = 3072, /* not always the same, so that precomputation for one size pays less */
    BITS_USUAL_MAX = 4096,
    SEED_BITS_MIN = 8,
    SEED_BITS_MAX = 65536,
};

void key_maker_init(struct key_maker *maker, const char *command, enum key_kind kind)
{
    *maker = (struct key_maker){.command = command,
                                .wanted.kind = kind,
                                .seed_device = "/dev/random",
                                .seed_bits = SEED_BITS_DEFAULT};
    nss_place_find(&maker->place);
}

static unsigned usual_bits(void)
{
    unsigned char random = 0;
    RAND_bytes(&random, 1);
    unsigned steps = (BITS_USUAL_MAX - BITS_USUAL_MIN) / BITS_STEP;
    return BITS_USUAL_MIN + BITS_STEP * (random % (steps + 1));
}

static bool read_number(const struct key_maker *maker, const char *what, const char *text,
                        unsigned *ret_number)
{
    size_t size = strlen(text);
    if (size == 0 || size > 6 || strspn(text, "0123456789") != size) {
        fprintf(stderr, "ipsec %s: %s specification is malformed: %s\n", maker->command, what,
                size > 6 ? "number too large" : "non-digit in number");
        return false;
    }
    *ret_number = (unsigned)strtoul(text, NULL, 10);
    return true;
}

bool key_maker_set_bits(struct key_maker *maker, const char *text)
{
    unsigned *bits = &maker->wanted.bits;
    if (text == NULL) {
        *bits = usual_bits();
        return true;
    }
    if (!read_number(maker, "keysize", text, bits))
        return false;
    if (*bits >= BITS_MIN && *bits <= BITS_MAX && *bits % BITS_STEP == 0)
        return true;
    fprintf(stderr, "ipsec %s: requested RSA key size (%u) is ", maker->command, *bits);
    if (*bits < BITS_MIN)
        fprintf(stderr, "too small - use %d or more\n", BITS_MIN);
    else if (*bits > BITS_MAX)
        fprintf(stderr, "too large - (max %d)\n", BITS_MAX);
    else
        fprintf(stderr, "not a multiple of %d\n", BITS_STEP);
    return false;
}

bool key_maker_set_curve(struct key_maker *maker, const char *name)
{
    bool is_ecdsa = maker->wanted.kind == KEY_ECDSA;
    maker->wanted.curve = name != NULL ? name : is_ecdsa ? "secp256r1" : "ed25519";
    if (nss_curve_is_known(maker->wanted.kind, maker->wanted.curve))
        return true;
    fprintf(stderr, "ipsec %s: curve specification is malformed: %s; expected %s\n", maker->command, name,
            is_ecdsa ? "secp256r1, secp384r1 or secp521r1" : "ed25519");
    return false;
}

bool key_maker_set_seed_bits(struct key_maker *maker, const char *text)
{
    if (!read_number(maker, "seedbits", text, &maker->seed_bits))
        return false;
    if (maker->seed_bits >= SEED_BITS_MIN && maker->seed_bits <= SEED_BITS_MAX)
        return true;
    fprintf(stderr, "ipsec %s: --seedbits is from %d to %d\n", maker->command, SEED_BITS_MIN, SEED_BITS_MAX);
    return false;
}

/* ---- making ---- */

static bool seed(const struct key_maker *maker, const struct nss_database *database)
{
    uint8_t bytes[SEED_BITS_MAX / 8];
    struct error error = {0};
    size_t size = (maker->seed_bits + 7) / 8, got = 0;
    if (maker->is_verbose)
        fprintf(stderr, "ipsec %s: getting %zu random seed bytes for NSS from %s...\n", maker->command, size,
                maker->seed_device);
    int descriptor = open(maker->seed_device, O_RDONLY | O_CLOEXEC);
    ssize_t more = descriptor < 0 ? -1 : 1;
    for (; more > 0 && got<size; got += more> 0 ? (size_t)more : 0)
        more = read(descriptor, bytes + got, size - got);
    if (got < size)
        fprintf(stderr, "ipsec %s: cannot read %zu bytes from %s\n", maker->command, size,
                maker->seed_device);
    bool is_seeded = got == size && nss_database_seed(database, bytes_of(bytes, size), &error);
    if (got == size && !is_seeded)
        fprintf(stderr, "ipsec %s: %s\n", maker->command, error.text);
    if (descriptor >= 0)
        close(descriptor);
    secret_wipe(bytes, sizeof(bytes));
    return is_seeded;
}

static void tell(const struct key_maker *maker, const struct public_key *key)
{
    char ckaid[CKAID_HEX_SIZE];
    ckaid_text(key->ckaid, ckaid);
    fprintf(stderr, "Generated %s key pair with CKAID %s was stored in the NSS database\n",
            key_kind_name(key->kind), ckaid);
    if (!maker->is_quiet)
        fprintf(stderr, "The public key can be displayed using: ipsec showhostkey --left --ckaid %s\n",
                ckaid);
}

int key_maker_run(const struct key_maker *maker)
{
    struct private_key *key = NULL;
    struct error error;
    if (maker->is_verbose)
        fprintf(stderr, "ipsec %s: Initializing NSS using read-write database \"sql:%s\"\n", maker->command,
                maker->place.directory);
    struct nss_database *database = nss_place_open(&maker->place, NSS_WRITE, maker->command);
    if (database == NULL)
        return EXIT_FAILED;
    bool is_seeded = seed(maker, database);
    if (is_seeded && (key = nss_database_generate(database, &maker->wanted, &error)) == NULL)
        fprintf(stderr, "ipsec %s: %s\n", maker->command, error.text);
    nss_database_close(database);
    if (key == NULL)
        return EXIT_FAILED;
    tell(maker, key->public_key);
    private_key_free(key);
    return 0;
}

/* ---- rsasigkey and its like ---- */

enum { OPT_PASSWORD = 256, OPT_SEEDDEV, OPT_SEEDBITS, OPT_VERSION, OPT_IGNORED, OPT_IGNORED_VALUE };

static const struct option long_options[] = {
    {"verbose", no_argument, NULL, 'v'},
    {"debug", no_argument, NULL, 'v'},
    {"nssdir", required_argument, NULL, 'd'},
    {"configdir", required_argument, NULL, 'd'},
    {"password", required_argument, NULL, OPT_PASSWORD},
    {"seeddev", required_argument, NULL, OPT_SEEDDEV},
    {"random", required_argument, NULL, OPT_SEEDDEV},
    {"seedbits", required_argument, NULL, OPT_SEEDBITS},
    {"noopt", no_argument, NULL, OPT_IGNORED},
    {"rounds", required_argument, NULL, OPT_IGNORED_VALUE},
    {"hostname", required_argument, NULL, OPT_IGNORED_VALUE},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static int show_usage(const struct key_maker *maker, const char *size_name, FILE *out, int status)
{
    fprintf(out,
            "Usage: ipsec %s [--verbose] [--seeddev DEVICE] [--seedbits BITS] [--nssdir DIRECTORY]\n"
            "        [--password PASSWORD] [%s]\n"
            "Makes a key pair in the NSS database; ipsec showhostkey shows the public key.\n",
            maker->command, size_name);
    return status;
}

/* -1: go on. */
static int take_option(struct key_maker *maker, int option, const char *argument, const char *size_name)
{
    switch (option) {
    case 'v':
        maker->is_verbose = true;
        return -1;
    case 'd':
        nss_place_set_directory(&maker->place, argument);
        return -1;
    case OPT_PASSWORD:
        nss_place_set_password(&maker->place, argument);
        return -1;
    case OPT_SEEDDEV:
        maker->seed_device = argument;
        return -1;
    case OPT_SEEDBITS:
        return key_maker_set_seed_bits(maker, argument) ? -1 : EXIT_FAILED;
    case OPT_IGNORED:
    case OPT_IGNORED_VALUE:
        fprintf(stderr, "ipsec %s: WARNING: an obsolete option is ignored (--noopt, --rounds, --hostname)\n",
                maker->command);
        return -1;
    case OPT_VERSION:
        puts("Styx " STYX_VERSION);
        return 0;
    default:
        return show_usage(maker, size_name, option == 'h' ? stdout : stderr, option == 'h' ? 0 : EXIT_USAGE);
    }
}

int key_maker_main(int argc, char **argv, enum key_kind kind,
                   bool (*set_size)(struct key_maker *maker, const char *text), const char *size_name)
{
    struct key_maker maker;
    int option;
    key_maker_init(&maker, argv[0], kind);
    optind = 1;
    while ((option = getopt_long(argc, argv, "vd:h", long_options, NULL)) != -1) {
        int status = take_option(&maker, option, optarg, size_name);
        if (status >= 0)
            return status;
    }
    if (argc - optind > 1)
        return show_usage(&maker, size_name, stderr, EXIT_USAGE);
    return set_size(&maker, optind < argc ? argv[optind] : NULL) ? key_maker_run(&maker) : EXIT_FAILED;
}
