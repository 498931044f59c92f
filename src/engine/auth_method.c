/* Names and kinds of authentication methods. See auth_method.h. */
#include "engine/auth_method.h"

unsigned auth_methods_of_key(enum key_kind kind)
{
    static const unsigned methods[] = {
        [KEY_RSA] = AUTH_RSASIG | AUTH_RSASIG_V1_5, [KEY_ECDSA] = AUTH_ECDSA, [KEY_EDDSA] = AUTH_EDDSA};
    return methods[kind];
}

/* A set that holds several goes by its first, as Libreswan tells it. */
const char *auth_methods_name(unsigned methods)
{
    static const struct {
        unsigned methods;
        const char *name;
    } names[] = {
        {AUTH_RSASIG | AUTH_RSASIG_V1_5, "rsasig"},
        {AUTH_ECDSA, "ecdsa"},
        {AUTH_EDDSA, "eddsa"},
        {AUTH_PSK, "secret"},
        {AUTH_NULL, "null"},
        {AUTH_NEVER, "never"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if ((methods & names[i].methods) != 0)
            return names[i].name;
    return "unset";
}

void auth_hashes_add(struct text *text, unsigned hashes)
{
    const char *between = "";
    for (unsigned hash = SIGNATURE_HASH_SHA1; hash <= SIGNATURE_HASH_IDENTITY; hash++) {
        if ((hashes & 1u << hash) == 0)
            continue;
        text_add(text, "%s%s", between, signature_hash_name((enum signature_hash)hash));
        between = "+";
    }
    if (*between == '\0')
        text_add(text, "none");
}
