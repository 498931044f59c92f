/* ipsec certutil, crlutil, pk12util, modutil, vfychain: NSS's own programs, on the database of the keys. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/nss_place.h"
#include "tools/tools.h"

enum { EXIT_NOT_RUN = 1, WORDS_OF_OURS = 4 };

static bool names_database(int argc, char **argv, const char *option)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], option) == 0)
            return true;
    return false;
}

int nss_program_main(int argc, char **argv)
{
    struct nss_place place;
    char database[PATH_MAX + 8];
    const char *program = strncmp(argv[0], "--", 2) == 0 ? argv[0] + 2 : argv[0];
    const char *option = strcmp(program, "modutil") == 0 ? "-dbdir" : "-d";
    char **words = calloc((size_t)argc + WORDS_OF_OURS, sizeof(*words));
    int count = 0;
    if (words == NULL)
        return EXIT_NOT_RUN;
    nss_place_find(&place);
    snprintf(database, sizeof(database), "sql:%s", place.directory);
    words[count++] = (char *)(uintptr_t)program;
    for (int i = 1; i < argc; i++)
        words[count++] = argv[i];
    if (!names_database(argc, argv, option)) {
        words[count++] = (char *)(uintptr_t)option;
        words[count++] = database;
    }
    execvp(program, words);
    fprintf(stderr, "ipsec %s: NSS's program %s cannot be run (package libnss3-tools, nss-tools): %s\n",
            program, program, strerror(errno));
    free(words);
    return EXIT_NOT_RUN;
}
