#include "pki/nss_database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "pki/nss_detail.h"
#include "pki/nss_password.h"

enum { PATH_SIZE = 4096 };

const char *nss_directory(const char *name)
{
    return strncmp(name, "sql:", 4) == 0 ? name + 4 : name;
}

static bool has_file(const char *directory, const char *name)
{
    char path[PATH_SIZE];
    return snprintf(path, sizeof(path), "%s/%s", directory, name) < (int)sizeof(path) &&
           access(path, F_OK) == 0;
}

bool nss_database_exists(const char *directory)
{
    return has_file(directory, "cert9.db") && has_file(directory, "key4.db");
}

/* ---- making one ---- */

/* How NSS's own programs are to open it: the internal module, without which they ask for none. */
static bool write_module_list(const char *directory, struct error *error)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof(path), "%s/pkcs11.txt", directory);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return errno == EEXIST || error_set(error, 0, "%s: %s", path, strerror(errno));
    int written =
        dprintf(descriptor,
                "library=\nname=NSS Internal PKCS #11 Module\nparameters=configdir='sql:%s' certPrefix='' "
                "keyPrefix='' secmod='secmod.db' flags= updatedir='' updateCertPrefix='' "
                "updateKeyPrefix='' updateid='' updateTokenDescription='' \n"
                "NSS=Flags=internal,critical trustOrder=75 cipherOrder=100 slotParams=(1={slotFlags=[ECC,"
                "RSA,DSA,DH,RC2,RC4,DES,RANDOM,SHA1,MD5,MD2,SSL,TLS,AES,Camellia,SEED,SHA256,SHA512] "
                "askpw=any timeout=30})\n\n",
                directory);
    if (written < 0)
        error_set(error, 0, "%s: %s", path, strerror(errno));
    close(descriptor);
    return written > 0;
}

bool nss_database_create(const char *directory, const char *password, struct error *error)
{
    struct softoken softoken;
    struct stat status;
    if (nss_database_exists(directory))
        return error_set(error, EEXIST, "there is an NSS database in %s", directory);
    if (stat(directory, &status) != 0 || !S_ISDIR(status.st_mode) || access(directory, W_OK) != 0)
        return error_set(error, ENOENT, "folder \"%s\" is missing, or may not be written", directory);
    mode_t mask = umask(077);
    bool is_open = softoken_open(&softoken, directory, SOFTOKEN_CREATE, error);
    bool is_made = is_open && softoken_set_first_password(&softoken, password, error);
    if (is_open)
        softoken_close(&softoken);
    is_made = is_made && write_module_list(directory, error);
    umask(mask);
    return is_made;
}

/* ---- opening one ---- */

static bool log_in(const struct softoken *softoken, const struct nss_password *password, struct error *error)
{
    char found[NSS_PASSWORD_SIZE];
    if (!softoken_wants_password(softoken))
        return true;
    if (password->text != NULL)
        return softoken_log_in(softoken, password->text, error);
    if (password->file == NULL)
        return error_set(error, 0, "the NSS database has a password, and none is given");
    bool is_in = nss_password_find(password->file, softoken_token_name(softoken), found, error) &&
                 softoken_log_in(softoken, found, error);
    secret_wipe(found, sizeof(found));
    return is_in;
}

static bool may_be_opened(const char *directory, enum nss_access access_wanted, struct error *error)
{
    static const char *const names[] = {"cert9.db", "key4.db"};
    char path[PATH_SIZE];
    if (has_file(directory, "key3.db") && !nss_database_exists(directory))
        return error_set(error, ENOENT,
                         "%s has an NSS database of the old form; NSS's certutil makes a new one of it: "
                         "certutil --upgrade-merge",
                         directory);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        if (access(path, R_OK | (access_wanted == NSS_WRITE ? W_OK : 0)) == 0)
            continue;
        if (errno == ENOENT)
            return error_set(error, ENOENT,
                             "there is no NSS database in %s; \"ipsec initnss --nssdir %s\" makes one",
                             directory, directory);
        return error_set(error, errno, "%s: %s", path, strerror(errno));
    }
    return true;
}

struct nss_database *nss_database_open(const char *directory, enum nss_access access_wanted,
                                       const struct nss_password *password, struct error *error)
{
    enum softoken_access access_of_token = access_wanted == NSS_WRITE ? SOFTOKEN_WRITE : SOFTOKEN_READ;
    if (!may_be_opened(directory, access_wanted, error))
        return NULL;
    struct nss_database *database = calloc(1, sizeof(*database));
    if (database == NULL) {
        error_set(error, ENOMEM, "out of memory");
        return NULL;
    }
    if (!softoken_open(&database->softoken, directory, access_of_token, error)) {
        free(database);
        return NULL;
    }
    if (log_in(&database->softoken, password, error))
        return database;
    nss_database_close(database);
    return NULL;
}

void nss_database_close(struct nss_database *database)
{
    if (database == NULL)
        return;
    softoken_close(&database->softoken);
    free(database);
}

bool nss_database_seed(const struct nss_database *database, struct bytes seed, struct error *error)
{
    const struct softoken *softoken = &database->softoken;
    CK_RV result = softoken->calls->C_SeedRandom(softoken->session, (unsigned char *)(uintptr_t)seed.data,
                                                 (CK_ULONG)seed.size);
    return result == CKR_OK || softoken_failed(error, "cannot seed NSS's random generator", result);
}
