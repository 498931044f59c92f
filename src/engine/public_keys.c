/* Public keys of peers: RFC 3110 2, RFC 2537 2. See public_keys.h. */
#include "engine/public_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/reader.h"
#include "engine/state.h"

/* ---- reading ---- */

static bool decode(const char *text, uint8_t *out, size_t capacity, size_t *ret_size, struct error *error)
{
    long size = -1;
    bool is_base64 = strncasecmp(text, "0s", 2) == 0, is_hex = strncasecmp(text, "0x", 2) == 0;
    if (!is_base64 && !is_hex)
        return error_set(error, 0, "a public key is written 0s... (base64) or 0x... (hexadecimal)");
    if (is_base64)
        size = base64_decode(text + 2, strlen(text + 2), out, capacity);
    else
        size = hex_decode(text + 2, strlen(text + 2), out, capacity);
    if (size <= 0)
        return error_set(error, 0, "RSA public key: not %s, or more than %d bits",
                         is_base64 ? "base64" : "hexadecimal", RSA_BITS_MAX);
    *ret_size = (size_t)size;
    return true;
}

/* The length of the exponent is one octet, or a zero octet and two. */
static bool split(struct bytes blob, struct bytes *exponent, struct bytes *modulus, struct error *error)
{
    struct reader reader = reader_of(blob);
    size_t size = reader_u8(&reader);
    if (size == 0)
        size = reader_u16(&reader);
    *exponent = reader_bytes(&reader, size);
    *modulus = reader_rest(&reader);
    if (reader.failed || size == 0 || modulus->size == 0)
        return error_set(error, 0, "RSA public key: cut short, or the length of its exponent is wrong");
    return true;
}

static unsigned bits_of(struct bytes number)
{
    unsigned bits = (unsigned)number.size * 8;
    for (uint8_t top = number.data[0]; top < 0x80; top = (uint8_t)(top << 1))
        bits--;
    return bits;
}

/* What no RSA key looks like, and sizes that are not safe or not sensible. */
static bool check(struct bytes exponent, struct bytes modulus, struct error *error)
{
    if (exponent.data[0] == 0 || modulus.data[0] == 0)
        return error_set(error, 0, "RSA public key: leading zeroes (RFC 3110 2)");
    bool is_odd = (exponent.data[exponent.size - 1] & 1) && (modulus.data[modulus.size - 1] & 1);
    bool is_one = exponent.size == 1 && exponent.data[0] == 1;
    if (!is_odd || is_one)
        return error_set(error, 0, "RSA public key: exponent or modulus are impossible");
    unsigned bits = bits_of(modulus);
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
        return error_set(error, 0, "RSA public key: %u bits; %d to %d are accepted", bits, RSA_BITS_MIN,
                         RSA_BITS_MAX);
    if (exponent.size > modulus.size)
        return error_set(error, 0, "RSA public key: the exponent is longer than the modulus");
    return true;
}

static void write_key_id(const uint8_t *blob, char out[static KEY_ID_SIZE])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < KEY_ID_SIZE - 1; i++) {
        size_t bit = 6 * i;
        unsigned two = (unsigned)blob[bit / 8] << 8 | blob[bit / 8 + 1];
        out[i] = digits[two >> (10 - bit % 8) & 63];
    }
    out[KEY_ID_SIZE - 1] = '\0';
}

struct public_key *public_key_parse_rsa(const char *text, struct error *error)
{
    uint8_t blob[PUBLIC_KEY_SIZE_MAX];
    size_t size = 0;
    struct bytes exponent, modulus;
    if (!decode(text, blob, sizeof(blob), &size, error) ||
        !split(bytes_of(blob, size), &exponent, &modulus, error) || !check(exponent, modulus, error))
        return NULL;
    struct public_key *key = calloc(1, sizeof(*key));
    uint8_t *data = malloc(exponent.size + modulus.size);
    if (key == NULL || data == NULL) {
        free(key);
        free(data);
        error_set(error, 0, "out of memory");
        return NULL;
    }
    memcpy(data, exponent.data, exponent.size);
    memcpy(data + exponent.size, modulus.data, modulus.size);
    *key = (struct public_key){
        .data = data, .exponent_size = exponent.size, .modulus_size = modulus.size, .bits = bits_of(modulus)};
    list_init(&key->all);
    write_key_id(blob, key->key_id);
    return key;
}

void public_key_free(struct public_key *key)
{
    if (key == NULL)
        return;
    identity_free(&key->id);
    free(key->data);
    free(key);
}

/* ---- the table ---- */

static struct public_key *of_node(struct hash_node *node)
{
    return node != NULL ? CONTAINER_OF(node, struct public_key, by_id) : NULL;
}

static struct public_key *of_identity(struct public_key *key, const struct identity *id)
{
    while (key != NULL && !identity_equal(&key->id, id))
        key = of_node(hash_node_next(&key->by_id));
    return key;
}

static struct public_key *first_of(const struct engine *engine, const struct identity *id)
{
    return of_identity(of_node(hash_table_find(&engine->public_keys_by_id, identity_hash(id))), id);
}

static void drop(struct engine *engine, struct public_key *key)
{
    hash_table_remove(&engine->public_keys_by_id, &key->by_id);
    hash_table_remove(&engine->public_keys_by_serial, &key->by_serial);
    list_remove(&key->all);
    public_key_free(key);
}

void public_keys_set(struct engine *engine, const struct identity *id, struct public_key *key, bool add)
{
    struct public_key *old;
    while (!add && (old = first_of(engine, id)) != NULL)
        drop(engine, old);
    key->id = identity_copy(id);
    key->serial = ++engine->last_public_key_serial;
    key->added_at_wall = engine->env->wall_clock(engine->env->world);
    hash_table_insert(&engine->public_keys_by_id, &key->by_id, identity_hash(id));
    hash_table_insert(&engine->public_keys_by_serial, &key->by_serial, key->serial);
    list_append(&engine->public_keys, &key->all);
}

const struct public_key *public_keys_next_of(const struct engine *engine, const struct identity *id,
                                             const struct public_key *previous)
{
    if (previous == NULL)
        return first_of(engine, id);
    return of_identity(of_node(hash_node_next(&previous->by_id)), id);
}

const struct public_key *public_keys_after(const struct engine *engine, uint64_t after)
{
    const struct hash_node *last = after != 0 ? hash_table_find(&engine->public_keys_by_serial, after) : NULL;
    const struct list_node *next = engine->public_keys.next;
    if (last != NULL)
        next = CONTAINER_OF(last, const struct public_key, by_serial)->all.next;
    while (next != &engine->public_keys && CONTAINER_OF(next, const struct public_key, all)->serial <= after)
        next = next->next;
    return next != &engine->public_keys ? CONTAINER_OF(next, const struct public_key, all) : NULL;
}

void public_keys_free(struct engine *engine)
{
    while (!list_is_empty(&engine->public_keys))
        drop(engine, CONTAINER_OF(engine->public_keys.next, struct public_key, all));
}
