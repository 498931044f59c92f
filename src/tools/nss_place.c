#include "tools/nss_place.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/conf_file.h"
#include "tools/paths.h"

static void copy(char out[static PATH_MAX], const char *text)
{
    snprintf(out, PATH_MAX, "%s", text);
}

/* A configuration that cannot be read is not what these commands are for: then the built-in places. */
static void apply_configuration(struct setup *setup)
{
    struct conf *conf = conf_load(&file_reader_system, paths_config_file(), NULL, NULL);
    if (conf != NULL)
        conf_apply_setup(conf, setup, NULL, NULL);
    conf_free(conf);
}

void nss_place_find(struct nss_place *place)
{
    const char *named = getenv("IPSEC_NSSDIR");
    struct setup *setup = setup_new();
    *place = (struct nss_place){.is_default = true};
    place->password.file = place->password_file;
    if (setup != NULL) {
        apply_configuration(setup);
        copy(place->directory, nss_directory(setup->nssdir));
        snprintf(place->password_file, PATH_MAX, "%s/nsspassword", setup->ipsecdir);
    }
    setup_free(setup);
    if (named != NULL && named[0] != '\0')
        nss_place_set_directory(place, named);
}

void nss_place_set_directory(struct nss_place *place, const char *name)
{
    copy(place->directory, nss_directory(name));
    place->is_default = false;
}

void nss_place_set_password(struct nss_place *place, const char *password)
{
    place->password.text = strcmp(password, place->password_file) == 0 ? NULL : password;
}

struct nss_database *nss_place_open(const struct nss_place *place, enum nss_access access_wanted,
                                    const char *command)
{
    struct error error;
    struct nss_database *database =
        nss_database_open(place->directory, access_wanted, &place->password, &error);
    if (database == NULL)
        fprintf(stderr, "ipsec %s: %s\n", command, error.text);
    return database;
}
