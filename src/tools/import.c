/* ipsec import: private key, certificate and authorities of a PKCS#12 file into the NSS database, by NSS's
 * pk12util, which asks for the password of the file. ipsec_import(8). */
#include <errno.h>
#include <getopt.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/nss_trust.h"
#include "tools/tools.h"

enum { EXIT_FAILED = 1, EXIT_DATABASE = 4 };

extern char **environ;

static const struct option long_options[] = {
    {"nssdir", required_argument, NULL, 'd'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static int show_usage(const struct nss_place *place, FILE *out, int status)
{
    fprintf(out, "Usage: ipsec import [--nssdir %s] [-w PASSWORD_FILE] /path/to/pkcs.12\n", place->directory);
    return status;
}

/* On our terminal. */
static int run_program(const char *const *words)
{
    pid_t process;
    int status = 0;
    int failure = posix_spawnp(&process, words[0], NULL, NULL, (char *const *)(uintptr_t)words, environ);
    if (failure != 0) {
        fprintf(stderr, "ipsec import: NSS's program %s cannot be run (package libnss3-tools, nss-tools)\n",
                words[0]);
        return EXIT_FAILED;
    }
    while (waitpid(process, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
}

static int import(const struct nss_place *place, const char *file, const char *password_file)
{
    const char *words[5 + NSS_OPENING_WORDS + 1] = {"pk12util", "-i", file};
    struct nss_opening opening;
    size_t count = 3;
    if (access(file, R_OK) != 0) {
        perror(file);
        return EXIT_FAILED;
    }
    if (!nss_database_exists(place->directory)) {
        fprintf(stderr,
                "ipsec import: there is no NSS database in %s; \"ipsec initnss --nssdir %s\" makes one\n",
                place->directory, place->directory);
        return EXIT_DATABASE;
    }
    if (password_file != NULL) {
        words[count++] = "-w";
        words[count++] = password_file;
    }
    words[count + nss_opening_words(place, &opening, "-k", words + count)] = NULL;
    int status = run_program(words);
    if (status != 0)
        return status;
    return nss_trust_authorities(place, "import") ? 0 : EXIT_DATABASE;
}

int import_main(int argc, char **argv)
{
    struct nss_place place;
    const char *password_file = NULL;
    int option;
    nss_place_find(&place);
    optind = 1;
    while ((option = getopt_long(argc, argv, "d:w:h", long_options, NULL)) != -1) {
        if (option == 'd')
            nss_place_set_directory(&place, optarg);
        else if (option == 'w')
            password_file = optarg;
        else
            return show_usage(&place, option == 'h' ? stdout : stderr, option == 'h' ? 0 : EXIT_FAILED);
    }
    return argc - optind == 1 ? import(&place, argv[optind], password_file)
                              : show_usage(&place, stderr, EXIT_FAILED);
}
