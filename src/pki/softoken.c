#include "pki/softoken.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#include "base/text.h"

enum {
    SLOT_OF_KEYS = 2, /* slot 1 computes only */
    PARAMETERS_SIZE = 2 * 4096 + 256,
};

/* C_Initialize's argument as NSS reads it: with its own parameters before the reserved pointer. */
struct nss_initialize_arguments {
    CK_CREATEMUTEX create_mutex;
    CK_DESTROYMUTEX destroy_mutex;
    CK_LOCKMUTEX lock_mutex;
    CK_UNLOCKMUTEX unlock_mutex;
    CK_FLAGS flags;
    char *parameters;
    void *reserved;
};

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static CK_FUNCTION_LIST *loaded; /* under `turn`; never unloaded: NSPR leaves threads' data behind */

static const struct {
    CK_RV result;
    const char *text;
} results[] = {
    {CKR_HOST_MEMORY, "out of memory"},
    {CKR_DEVICE_ERROR, "the database cannot be read or written"},
    {CKR_DEVICE_MEMORY, "the token is out of memory"},
    {CKR_PIN_INCORRECT, "wrong password"},
    {CKR_PIN_LEN_RANGE, "the password is too short or too long"},
    {CKR_PIN_INVALID, "the password has characters that it may not have"},
    {CKR_TOKEN_WRITE_PROTECTED, "the database may only be read"},
    {CKR_SESSION_READ_ONLY, "the database is open for reading only"},
    {CKR_USER_NOT_LOGGED_IN, "the database wants its password"},
    {CKR_MECHANISM_INVALID, "the NSS that is installed does not have it"},
    {CKR_KEY_SIZE_RANGE, "keys of that size are not made"},
    {CKR_DOMAIN_PARAMS_INVALID, "unknown curve"},
    {CKR_KEY_UNEXTRACTABLE, "the key was made so that it never leaves the database"},
    {CKR_KEY_NOT_WRAPPABLE, "the key was made so that it never leaves the database"},
};

bool softoken_failed(struct error *error, const char *what, CK_RV result)
{
    for (size_t i = 0; i < ARRAY_SIZE(results); i++)
        if (results[i].result == result)
            return error_set(error, 0, "%s: %s", what, results[i].text);
    return error_set(error, 0, "%s: NSS says 0x%lx", what, result);
}

static bool load(struct error *error)
{
    CK_C_GetFunctionList get_function_list = NULL;
    if (loaded != NULL)
        return true;
    void *library = dlopen("libsoftokn3.so", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return error_set(
            error, 0, "private keys need NSS's libsoftokn3.so (package libnss3, nss-softokn): %s", dlerror());
    *(void **)(void *)&get_function_list = dlsym(library, "C_GetFunctionList");
    if (get_function_list == NULL || get_function_list(&loaded) != CKR_OK) {
        loaded = NULL;
        return error_set(error, 0, "libsoftokn3.so is no PKCS#11 module");
    }
    return true;
}

/* configdir='sql:DIR'; a quote or a backslash in DIR has a backslash before it. */
static bool write_parameters(const char *directory, enum softoken_access access, char *out, size_t size)
{
    struct text text = text_of(out, size);
    text_add(&text, "configdir='sql:");
    for (const char *at = directory; *at != '\0'; at++)
        text_add(&text, "%s%c", *at == '\'' || *at == '\\' ? "\\" : "", *at);
    text_add(&text, "' certPrefix='' keyPrefix='' secmod='secmod.db' flags=%s",
             access == SOFTOKEN_READ ? "readOnly" : "");
    return text.size + 1 < size;
}

static bool initialize(const char *directory, enum softoken_access access, struct error *error)
{
    char parameters[PARAMETERS_SIZE];
    struct nss_initialize_arguments arguments = {.flags = CKF_OS_LOCKING_OK, .parameters = parameters};
    if (!write_parameters(directory, access, parameters, sizeof(parameters)))
        return error_set(error, 0, "NSS database: the name of its folder is too long");
    CK_RV result = loaded->C_Initialize(&arguments);
    return result == CKR_OK || softoken_failed(error, "cannot open the NSS database", result);
}

static bool open_session(struct softoken *softoken, enum softoken_access access, struct error *error)
{
    CK_FLAGS flags = CKF_SERIAL_SESSION | (access == SOFTOKEN_READ ? 0 : CKF_RW_SESSION);
    CK_RV result = loaded->C_GetTokenInfo(SLOT_OF_KEYS, &softoken->token);
    if (result == CKR_OK)
        result = loaded->C_OpenSession(SLOT_OF_KEYS, flags, NULL, NULL, &softoken->session);
    return result == CKR_OK || softoken_failed(error, "cannot open the NSS database", result);
}

bool softoken_open(struct softoken *softoken, const char *directory, enum softoken_access access,
                   struct error *error)
{
    pthread_mutex_lock(&turn);
    bool is_initialized = load(error) && initialize(directory, access, error);
    if (is_initialized && open_session(softoken, access, error)) {
        softoken->calls = loaded;
        return true;
    }
    if (is_initialized)
        loaded->C_Finalize(NULL);
    pthread_mutex_unlock(&turn);
    return false;
}

void softoken_close(struct softoken *softoken)
{
    softoken->calls->C_CloseSession(softoken->session);
    softoken->calls->C_Finalize(NULL);
    softoken->calls = NULL;
    pthread_mutex_unlock(&turn);
}

struct bytes softoken_token_name(const struct softoken *softoken)
{
    size_t size = sizeof(softoken->token.label);
    while (size > 0 && softoken->token.label[size - 1] == ' ')
        size--;
    return bytes_of(softoken->token.label, size);
}

bool softoken_wants_password(const struct softoken *softoken)
{
    return (softoken->token.flags & CKF_LOGIN_REQUIRED) != 0;
}

static CK_RV log_in(const struct softoken *softoken, CK_USER_TYPE user, const char *password)
{
    return softoken->calls->C_Login(softoken->session, user, (unsigned char *)(uintptr_t)password,
                                    strlen(password));
}

bool softoken_log_in(const struct softoken *softoken, const char *password, struct error *error)
{
    CK_RV result = log_in(softoken, CKU_USER, password);
    return result == CKR_OK || result == CKR_USER_ALREADY_LOGGED_IN ||
           softoken_failed(error, "cannot log in to the NSS database", result);
}

bool softoken_set_first_password(const struct softoken *softoken, const char *password, struct error *error)
{
    CK_RV result = log_in(softoken, CKU_SO, "");
    if (result == CKR_OK)
        result = softoken->calls->C_InitPIN(softoken->session, (unsigned char *)(uintptr_t)password,
                                            strlen(password));
    return result == CKR_OK || softoken_failed(error, "cannot set the password of the NSS database", result);
}
