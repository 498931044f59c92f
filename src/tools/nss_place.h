/* Where the NSS database is that a command works on, and how its password is known. */
#ifndef STYX_TOOLS_NSS_PLACE_H
#define STYX_TOOLS_NSS_PLACE_H

#include <limits.h>

#include "pki/nss_database.h"

struct nss_place {
    char directory[PATH_MAX];
    bool is_default; /* of ipsec.conf or built in: nobody named it */
    char password_file[PATH_MAX];
    struct nss_password password;
};

/* $IPSEC_NSSDIR, else nssdir= of ipsec.conf, or its default; the passwords are in nsspassword of ipsecdir=.
 */
void nss_place_find(struct nss_place *place);
/* --nssdir */
void nss_place_set_directory(struct nss_place *place, const char *name);
/* --password: the text itself, unless it is the name of the file that holds the passwords. */
void nss_place_set_password(struct nss_place *place, const char *password);

/* NULL after telling standard error why, with the command's name before it. */
struct nss_database *nss_place_open(const struct nss_place *place, enum nss_access access_wanted,
                                    const char *command);

#endif
