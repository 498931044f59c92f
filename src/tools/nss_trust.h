/* Authorities that NSS's programs have brought into the database: trusted to vouch for IKE peers. */
#ifndef STYX_TOOLS_NSS_TRUST_H
#define STYX_TOOLS_NSS_TRUST_H

#include "tools/nss_place.h"

/* What certutil and its like need to open the database, put to the end of a list of words that has room for
 * NSS_OPENING_WORDS more. */
enum { NSS_OPENING_WORDS = 4 };
struct nss_opening {
    char database[PATH_MAX + 8];
};
size_t nss_opening_words(const struct nss_place *place, struct nss_opening *opening,
                         const char *password_option, const char **words);

/* Marks every certificate of an authority that is not trusted for anything yet ("CT,,"). False after telling
 * standard error why not. */
bool nss_trust_authorities(const struct nss_place *place, const char *command);

#endif
