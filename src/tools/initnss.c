/* ipsec initnss: an empty NSS database for the host's keys. ipsec_initnss(8). */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#include "tools/nss_place.h"
#include "tools/tools.h"

enum { EXIT_FAILED = 1, EXIT_EXISTS = 42, OPT_PASSWORD = 256 };

static const struct option long_options[] = {
    {"nssdir", required_argument, NULL, 'd'},
    {"password", required_argument, NULL, OPT_PASSWORD},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static int show_usage(const struct nss_place *place, FILE *out, int status)
{
    fprintf(out, "Usage: ipsec initnss [--nssdir %s] [--password PASSWORD]\n", place->directory);
    return status;
}

/* The built-in folder need not be there; one that somebody named is not made for him. */
static void make_default_folder(const struct nss_place *place)
{
    char path[PATH_MAX];
    if (!place->is_default)
        return;
    for (size_t i = 1; place->directory[i - 1] != '\0'; i++) {
        if (place->directory[i] != '/' && place->directory[i] != '\0')
            continue;
        snprintf(path, sizeof(path), "%.*s", (int)i, place->directory);
        mkdir(path, place->directory[i] == '\0' ? 0700 : 0755);
    }
}

static int create(const struct nss_place *place)
{
    struct error error;
    const char *password = place->password.text != NULL ? place->password.text : "";
    make_default_folder(place);
    if (nss_database_exists(place->directory)) {
        fprintf(stderr,
                "NSS database already initialised - aborted\nTo wipe the old NSS database, issue: rm "
                "%s/*.db\n",
                place->directory);
        return EXIT_EXISTS;
    }
    if (!nss_database_create(place->directory, password, &error)) {
        if (error.code == ENOENT)
            fprintf(stderr, "ERROR: destination directory \"%s\" is missing or permission denied\n",
                    place->directory);
        else
            fprintf(stderr, "ERROR: %s\n", error.text);
        return EXIT_FAILED;
    }
    puts("Initializing NSS database\n");
    return 0;
}

int initnss_main(int argc, char **argv)
{
    struct nss_place place;
    int option;
    nss_place_find(&place);
    optind = 1;
    while ((option = getopt_long(argc, argv, "d:h", long_options, NULL)) != -1) {
        if (option == 'd')
            nss_place_set_directory(&place, optarg);
        else if (option == OPT_PASSWORD)
            nss_place_set_password(&place, optarg);
        else
            return show_usage(&place, option == 'h' ? stdout : stderr, option == 'h' ? 0 : EXIT_FAILED);
    }
    return optind < argc ? show_usage(&place, stderr, EXIT_FAILED) : create(&place);
}
