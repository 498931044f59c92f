/*
 * Public keys in all their forms, and the AlgorithmIdentifiers of digital signatures (RFC 7427). The first
 * byte picks the parser, the rest is its input. A key that is read is written and read back, and verifies a
 * signature that is none.
 */
#include <stdlib.h>

#include "crypto/public_key_text.h"
#include "crypto/signature.h"

enum { TEXT_MAX = 4096, FORMS = 9 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct public_key *parse_text(enum public_key_form form, struct bytes input)
{
    char text[TEXT_MAX];
    size_t size = input.size < sizeof(text) - 1 ? input.size : sizeof(text) - 1;
    memcpy(text, input.data, size);
    text[size] = '\0';
    return public_key_parse(text, form, NULL);
}

static struct public_key *parse(uint8_t form, struct bytes input)
{
    switch (form) {
    case 0:
        return public_key_of_spki(input, NULL);
    case 1:
        return public_key_of_rfc3110(input, NULL);
    case 2:
        return public_key_of_point(input, NULL);
    case 3:
        return public_key_of_edwards(input, NULL);
    default:
        return parse_text((enum public_key_form)(form - 4), input);
    }
}

static void verify(const struct public_key *key, struct bytes input)
{
    static const enum signature_form forms[] = {
        [KEY_RSA] = SIGNATURE_PSS, [KEY_ECDSA] = SIGNATURE_ECDSA, [KEY_EDDSA] = SIGNATURE_EDDSA};
    enum signature_hash hash = key->kind == KEY_EDDSA ? SIGNATURE_HASH_IDENTITY : SIGNATURE_HASH_SHA2_256;
    const struct signature_algorithm *algorithm =
        signature_algorithm_of(key->kind, forms[key->kind], hash, key->curve);
    require(algorithm != NULL);
    signature_verify(algorithm, key, bytes_of("message", 7), input, NULL);
}

static void check_key(struct public_key *key, struct bytes input)
{
    uint8_t der[PUBLIC_KEY_DER_MAX];
    if (key == NULL)
        return;
    size_t size = public_key_write_spki(key, der);
    struct public_key *again = public_key_of_spki(bytes_of(der, size), NULL);
    require(size > 0 && again != NULL && public_key_equal(key, again));
    verify(key, input);
    public_key_free(again);
    public_key_free(key);
}

static void check_identifier(struct bytes input)
{
    const struct signature_algorithm *algorithm = signature_algorithm_parse(input, NULL);
    require(algorithm == NULL || signature_algorithm_parse(algorithm->identifier, NULL) == algorithm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bytes input = bytes_of(data + 1, size - 1);
    uint8_t form = data[0] % FORMS;
    if (form == FORMS - 1)
        check_identifier(input);
    else
        check_key(parse(form, input), input);
    return 0;
}
