/* ipsec verify: whether this machine can do IPsec as configured, in plain words, with what to do about it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/conf_file.h"
#include "config/secrets_file.h"
#include "tools/nss_place.h"
#include "tools/paths.h"
#include "tools/tools.h"
#include "tools/verify_machine.h"

enum { EXIT_FAULTS = 1, WIDTH = 26 };

static void print(const char *what, const struct finding *finding, size_t *faults)
{
    static const char *const words[] = {"OK", "WARNING", "FAILED"};
    printf("%-*s [%s]", WIDTH, what, words[finding->verdict]);
    if (finding->text[0] != '\0')
        printf(" %s", finding->text);
    putchar('\n');
    *faults += finding->verdict == VERDICT_FAILED;
}

static struct finding check_configuration(const char *config, struct setup *setup)
{
    struct finding finding = {VERDICT_OK, ""};
    struct error error;
    struct conf *conf = conf_load(&file_reader_system, config, NULL, &error);
    size_t faults = conf != NULL ? conf_tell_faults(conf, NULL) : 0;
    if (conf == NULL || !conf_apply_setup(conf, setup, NULL, &error)) {
        finding.verdict = VERDICT_FAILED;
        snprintf(finding.text, sizeof(finding.text), "%.*s", (int)strcspn(error.text, "\n"), error.text);
    } else if (faults > 0) {
        finding.verdict = VERDICT_FAILED;
        snprintf(finding.text, sizeof(finding.text), "%.200s: %zu bad values: ipsec check tells them", config,
                 faults);
    } else {
        snprintf(finding.text, sizeof(finding.text), "%.200s, %zu connections", config,
                 conf_conn_count(conf));
    }
    conf_free(conf);
    return finding;
}

static struct finding check_secrets(const char *path)
{
    struct finding finding = {VERDICT_OK, ""};
    struct error error;
    struct stat status;
    struct secrets *secrets = secrets_file_load(&file_reader_system, path, NULL, NULL, &error);
    if (stat(path, &status) == 0 && (status.st_mode & 077) != 0) {
        finding.verdict = VERDICT_FAILED;
        snprintf(finding.text, sizeof(finding.text), "%.200s can be read by others: chmod 600 it", path);
    } else if (secrets == NULL) {
        finding.verdict = VERDICT_FAILED;
        snprintf(finding.text, sizeof(finding.text), "%.*s", (int)strcspn(error.text, "\n"), error.text);
    } else {
        snprintf(finding.text, sizeof(finding.text), "%.200s, %zu keys", path, secrets->count);
    }
    secrets_free(secrets);
    return finding;
}

/* A host that has only pre-shared keys has no database, and PEM files are pluto's to judge. */
static struct finding check_private_keys(void)
{
    struct finding finding = {VERDICT_OK, ""};
    struct nss_place place;
    struct host_keys keys = {0};
    struct error error;
    nss_place_find(&place);
    if (!nss_database_exists(place.directory)) {
        snprintf(finding.text, sizeof(finding.text), "no NSS database in %.200s", place.directory);
        return finding;
    }
    struct nss_database *database = nss_database_open(place.directory, NSS_READ, &place.password, &error);
    bool is_read = database != NULL && nss_database_keys(database, &keys, NULL, &error);
    nss_database_close(database);
    finding.verdict = is_read ? VERDICT_OK : VERDICT_FAILED;
    if (is_read)
        snprintf(finding.text, sizeof(finding.text), "%.200s, %zu keys", place.directory, keys.count);
    else
        snprintf(finding.text, sizeof(finding.text), "%.*s", (int)sizeof(finding.text) - 1, error.text);
    host_keys_free(&keys);
    return finding;
}

int verify_main(int argc, char **argv)
{
    size_t faults = 0;
    struct setup *setup = setup_new();
    if (argc > 1 || setup == NULL) {
        bool is_help = argc > 1 && strcmp(argv[1], "--help") == 0;
        fprintf(is_help ? stdout : stderr, "Usage: ipsec verify\nChecks whether this machine can do IPsec. "
                                           "Exit status 1: something failed.\n");
        setup_free(setup);
        return is_help ? 0 : EXIT_FAULTS;
    }
    printf("Styx %s\n", STYX_VERSION);
    for (size_t i = 0; i < machine_check_count; i++) {
        const struct finding finding = machine_checks[i].check();
        print(machine_checks[i].what, &finding, &faults);
    }
    const struct finding configuration = check_configuration(paths_config_file(), setup);
    print("Configuration", &configuration, &faults);
    const struct finding secrets = check_secrets(setup->secretsfile);
    print("Secrets", &secrets, &faults);
    const struct finding private_keys = check_private_keys();
    print("Private keys", &private_keys, &faults);
    setup_free(setup);
    return faults > 0 ? EXIT_FAULTS : 0;
}
