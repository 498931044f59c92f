/*
 * The NSS database in which Libreswan's users keep the private keys of their hosts (cert9.db, key4.db,
 * pkcs11.txt in nssdir=): read, made, and added to. Keys come out of it for libcrypto to sign with.
 * Everything here may wait for files and locks: off the event loop.
 */
#ifndef STYX_PKI_NSS_DATABASE_H
#define STYX_PKI_NSS_DATABASE_H

#include "config/warning.h"
#include "pki/host_key.h"

/* How its password is known, if it has one. */
struct nss_password {
    const char *text; /* NULL: look into `file` */
    const char *file; /* ipsec.d/nsspassword */
};

enum nss_access { NSS_READ, NSS_WRITE };

struct nss_database;

/* The folder's name without the "sql:" that NSS's own programs want before it. */
const char *nss_directory(const char *name);
/* Whether there is a database in the folder. */
bool nss_database_exists(const char *directory);
/* Makes an empty one in a folder that is there; password "": none. */
bool nss_database_create(const char *directory, const char *password, struct error *error);

/* NULL: the reason. The calling thread has it for itself until it closes it. */
struct nss_database *nss_database_open(const char *directory, enum nss_access access,
                                       const struct nss_password *password, struct error *error);
void nss_database_close(struct nss_database *database);

/* All private keys that can be had, for host_keys_free(); `warnings` hears of the others. */
bool nss_database_keys(const struct nss_database *database, struct host_keys *ret_keys,
                       const struct warning_sink *warnings, struct error *error);

/* What is generated: an RSA key of so many bits, or one on a curve. */
struct nss_key_wanted {
    enum key_kind kind;
    unsigned bits;     /* RSA */
    const char *curve; /* secp256r1, secp384r1, secp521r1; ed25519 */
};

bool nss_curve_is_known(enum key_kind kind, const char *curve);
/* More randomness for the token. */
bool nss_database_seed(const struct nss_database *database, struct bytes seed, struct error *error);
/* Generates a key pair in the database, for private_key_free(). NULL: the reason, and the database is as it
 * was. */
struct private_key *nss_database_generate(const struct nss_database *database,
                                          const struct nss_key_wanted *wanted, struct error *error);

#endif
