/* ipsec checknss: makes the NSS database if there is none; else whether it can be opened and its keys be
 * read. ipsec_checknss(8). */
#include <getopt.h>
#include <stdio.h>

#include "tools/nss_trust.h"
#include "tools/tools.h"

enum { EXIT_USAGE = 1, EXIT_DATABASE = 4, OPT_SETTRUSTS = 256 };

static const struct option long_options[] = {
    {"nssdir", required_argument, NULL, 'd'},
    {"settrusts", no_argument, NULL, OPT_SETTRUSTS},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static int show_usage(const struct nss_place *place, FILE *out, int status)
{
    fprintf(out, "Usage: ipsec checknss [--nssdir %s] [--settrusts]\n", place->directory);
    return status;
}

static void tell(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "ipsec checknss: %s\n", text);
}

static int check(const struct nss_place *place)
{
    struct host_keys keys = {0};
    struct error error;
    const struct warning_sink warnings = {tell, NULL};
    struct nss_database *database = nss_place_open(place, NSS_READ, "checknss");
    if (database == NULL)
        return EXIT_DATABASE;
    bool is_read = nss_database_keys(database, &keys, &warnings, &error);
    nss_database_close(database);
    host_keys_free(&keys);
    if (is_read)
        return 0;
    fprintf(stderr, "ipsec checknss: %s\n", error.text);
    return EXIT_DATABASE;
}

static int create(const struct nss_place *place)
{
    char *words[] = {"initnss", "--nssdir", (char *)(uintptr_t)place->directory, NULL};
    int count = place->is_default ? 1 : 3;
    words[count] = NULL;
    return initnss_main(count, words) == 0 ? 0 : EXIT_DATABASE;
}

int checknss_main(int argc, char **argv)
{
    struct nss_place place;
    bool sets_trusts = false;
    int option;
    nss_place_find(&place);
    optind = 1;
    while ((option = getopt_long(argc, argv, "d:h", long_options, NULL)) != -1) {
        if (option == OPT_SETTRUSTS)
            sets_trusts = true;
        else if (option == 'd')
            nss_place_set_directory(&place, optarg);
        else
            return show_usage(&place, option == 'h' ? stdout : stderr, option == 'h' ? 0 : EXIT_USAGE);
    }
    if (optind < argc)
        return show_usage(&place, stderr, EXIT_USAGE);
    int status = nss_database_exists(place.directory) ? check(&place) : create(&place);
    if (status == 0 && sets_trusts && !nss_trust_authorities(&place, "checknss"))
        status = EXIT_DATABASE;
    return status;
}
