/*
 * IKEv1 as others spoke it: captured conversations with their keys (vectors/ikev1_captures.txt) are decrypted
 * and read, all messages of them. The chain of IVs begins with the public values of phase 1 and goes on
 * through each exchange (RFC 2409 Appendix B).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/ikev1_keys.h"
#include "wire/ikev1_parse.h"
#include "wire/ikev2_parse.h"

enum { LINE_SIZE = 16384, MESSAGE_SIZE = 4096, EXCHANGES_MAX = 16 };

struct exchange {
    uint32_t message_id;
    uint8_t iv[CIPHER_IV_MAX];
};

struct conversation {
    const struct algorithm *encr, *prf;
    uint8_t key_bytes[CIPHER_KEY_MAX];
    struct bytes key;
    uint8_t ke_bytes[2][MESSAGE_SIZE];
    struct bytes ke[2];
    struct exchange exchanges[EXCHANGES_MAX]; /* the first one is phase 1 */
    size_t exchange_count, encrypted_count;
    uint8_t plain[MESSAGE_SIZE]; /* of the last message */
    struct ikev1_message message;
};

static const struct algorithm *algorithm_named(enum transform_type type, const char *name)
{
    const struct algorithm *algorithm = algorithm_by_name(type, name, strlen(name));
    if (algorithm == NULL)
        fail_msg("no algorithm called %s", name);
    return algorithm;
}

static struct bytes decode(const char *hex, uint8_t *out, size_t capacity)
{
    long size = hex_decode(hex, strlen(hex), out, capacity);
    assert_true(size > 0);
    return bytes_of(out, (size_t)size);
}

static void begin(struct conversation *conversation, const char *cipher, const char *hash, const char *key)
{
    memset(conversation, 0, sizeof(*conversation));
    conversation->encr = algorithm_named(TRANSFORM_ENCR, cipher);
    conversation->prf = algorithm_named(TRANSFORM_PRF, hash);
    conversation->key = decode(key, conversation->key_bytes, sizeof(conversation->key_bytes));
}

static void keep_public(struct conversation *conversation, bool is_initiator)
{
    struct bytes ke = conversation->message.ke;
    uint8_t *copy = conversation->ke_bytes[is_initiator];
    memcpy(copy, ke.data, ke.size);
    conversation->ke[is_initiator] = bytes_of(copy, ke.size);
}

/* The exchange with its IV: known, or begun by this message. */
static struct exchange *exchange_of(struct conversation *conversation, uint32_t message_id)
{
    const struct algorithm *prf = conversation->prf, *encr = conversation->encr;
    struct exchange *exchanges = conversation->exchanges;
    if (conversation->exchange_count == 0) {
        conversation->exchange_count = 1;
        assert_true(
            ikev1_first_iv(prf, encr, conversation->ke[true], conversation->ke[false], exchanges[0].iv));
    }
    for (size_t i = 0; i < conversation->exchange_count; i++)
        if (exchanges[i].message_id == message_id)
            return &exchanges[i];
    assert_true(conversation->exchange_count < EXCHANGES_MAX);
    struct exchange *fresh = &exchanges[conversation->exchange_count++];
    fresh->message_id = message_id;
    assert_true(ikev1_exchange_iv(prf, encr, exchanges[0].iv, message_id, fresh->iv));
    return fresh;
}

static void take_message(struct conversation *conversation, const char *hex, bool is_initiator)
{
    uint8_t datagram[MESSAGE_SIZE];
    struct ikev2_header header;
    struct error error;
    struct bytes whole = decode(hex, datagram, sizeof(datagram));
    assert_true(ikev2_header_read(whole, &header));
    bool is_encrypted = (header.flags & ISAKMP_ENCRYPTED) != 0;
    size_t size = whole.size - IKE_HEADER_SIZE;
    memcpy(conversation->plain, datagram + IKE_HEADER_SIZE, size);
    if (is_encrypted) {
        struct exchange *exchange = exchange_of(conversation, header.message_id);
        assert_true(
            ikev1_decrypt(conversation->encr, conversation->key, exchange->iv, conversation->plain, size));
        conversation->encrypted_count++;
    }
    if (!ikev1_message_read(header.next_payload, bytes_of(conversation->plain, size), is_encrypted,
                            &conversation->message, &error))
        fail_msg("exchange %u, message id %08x: %s", header.exchange, header.message_id, error.text);
    if (!is_encrypted && ikev1_has(&conversation->message, ISAKMP_KE))
        keep_public(conversation, is_initiator);
}

static void assert_hash(const struct conversation *conversation, const char *hex)
{
    uint8_t bytes[PRF_OUTPUT_MAX];
    struct bytes expected = decode(hex, bytes, sizeof(bytes)), hash = conversation->message.hash;
    assert_true(hash.size >= expected.size);
    assert_memory_equal(hash.data, expected.data, expected.size);
}

static void take_line(struct conversation *conversation, char *line)
{
    char *rest = NULL;
    const char *kind = strtok_r(line, " \n", &rest), *first = strtok_r(NULL, " \n", &rest);
    const char *second = strtok_r(NULL, " \n", &rest), *third = strtok_r(NULL, " \n", &rest);
    assert_non_null(first);
    if (strcmp(kind, "sa") == 0)
        begin(conversation, first, second, third);
    else if (strcmp(kind, "hash") == 0)
        assert_hash(conversation, first);
    else
        take_message(conversation, first, kind[0] == 'i');
}

static size_t read_conversations(struct conversation *conversation)
{
    static char line[LINE_SIZE];
    size_t encrypted = 0;
    FILE *file = fopen(VECTORS_FOLDER "/ikev1_captures.txt", "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        if (line[0] != '#') {
            encrypted += strncmp(line, "sa ", 3) == 0 ? conversation->encrypted_count : 0;
            take_line(conversation, line);
        }
    fclose(file);
    return encrypted + conversation->encrypted_count;
}

static void conversations_of_others_are_decrypted_and_read(void **state)
{
    (void)state;
    static struct conversation conversation;
    assert_int_equal(read_conversations(&conversation), 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversations_of_others_are_decrypted_and_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
