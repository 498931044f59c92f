/* Names and kinds of authentication methods. See auth_method.h. */
#include "engine/auth_method.h"

unsigned auth_methods_of_key(enum key_kind kind)
{
    static const unsigned methods[] = {
        [KEY_RSA] = AUTH_RSASIG | AUTH_RSASIG_V1_5, [KEY_ECDSA] = AUTH_ECDSA, [KEY_EDDSA] = AUTH_EDDSA};
    return methods[kind];
}

static const struct {
    unsigned method;
    const char *word;
} policy_words[] = {
    {AUTH_PSK, "PSK"},
    {AUTH_RSASIG, "RSASIG"},
    {AUTH_ECDSA, "ECDSA"},
    {AUTH_EDDSA, "EDDSA"},
    {AUTH_NEVER, "AUTH_NEVER"},
    {AUTH_NULL, "AUTH_NULL"},
    {AUTH_RSASIG_V1_5, "RSASIG_v1_5"},
};

void auth_methods_add(struct text *text, unsigned methods)
{
    const char *between = "";
    for (size_t i = 0; i < ARRAY_SIZE(policy_words); i++) {
        if ((methods & policy_words[i].method) == 0)
            continue;
        text_add(text, "%s%s", between, policy_words[i].word);
        between = "+";
    }
}

void auth_methods_describe(struct text *text, unsigned methods, bool is_ours)
{
    unsigned rsa = AUTH_RSASIG | AUTH_RSASIG_V1_5;
    unsigned shown = is_ours && (methods & rsa) != 0 ? methods & rsa : methods;
    bool is_one = (shown & (shown - 1)) == 0;
    if (is_ours || is_one)
        text_add(text, "%s", auth_methods_name(shown));
    if (is_one)
        return;
    text_add(text, is_ours ? "(" : "");
    auth_methods_add(text, shown);
    text_add(text, is_ours ? ")" : "");
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
