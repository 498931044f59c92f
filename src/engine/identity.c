/* IKE identities: RFC 7296 3.5; texts as in ipsec.conf(5). */
#include "engine/identity.h"

#include <stdlib.h>
#include <strings.h>

#include "base/hash_table.h"
#include "crypto/distinguished_name.h"

static struct identity make(enum identity_kind kind, const void *data, size_t size)
{
    struct identity identity = {.kind = (uint8_t)kind, .size = (uint16_t)size};
    if (size == 0)
        return identity;
    identity.data = malloc(size);
    if (identity.data == NULL)
        return (struct identity){0};
    memcpy(identity.data, data, size);
    return identity;
}

struct identity identity_of_address(const struct ip_address *address)
{
    return make(address->family == IP_V4 ? ID_IPV4_ADDR : ID_IPV6_ADDR, address->bytes,
                address_size(address));
}

struct identity identity_copy(const struct identity *identity)
{
    return make(identity->kind, identity->data, identity->size);
}

void identity_free(struct identity *identity)
{
    free(identity->data);
    *identity = (struct identity){0};
}

static bool parse_hex(const char *digits, struct identity *out, struct error *error)
{
    uint8_t key[IDENTITY_SIZE_MAX];
    if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
        digits += 2;
    long size = hex_decode(digits, strlen(digits), key, sizeof(key));
    if (size <= 0)
        return error_set(error, 0, "\"%s\" is not an even number of hexadecimal digits", digits);
    *out = make(ID_KEY_ID, key, (size_t)size);
    return true;
}

static bool parse_name(const char *text, struct identity *out, struct error *error)
{
    uint8_t der[IDENTITY_SIZE_MAX];
    size_t size;
    struct error reason;
    if (!distinguished_name_parse(text, der, sizeof(der), &size, &reason))
        return error_set(error, 0, "identity \"%.160s\": %s", text, reason.text);
    *out = make(ID_DER_ASN1_DN, der, size);
    return true;
}

/* The DER of a distinguished name, in hexadecimal; taken as it is, for it may be one that no text can say. */
static bool parse_der(const char *digits, struct identity *out, struct error *error)
{
    if (!parse_hex(digits, out, error))
        return false;
    out->kind = ID_DER_ASN1_DN;
    return true;
}

/* As it stands, whatever is in it. */
static bool take(enum identity_kind kind, const char *text, size_t size, struct identity *out,
                 struct error *error)
{
    if (size > IDENTITY_SIZE_MAX)
        return error_set(error, 0, "identity is longer than %d bytes", IDENTITY_SIZE_MAX);
    *out = make(kind, text, size);
    return true;
}

/* @#hex, @[key id], @~hex (DER), C=CA, CN=east (a distinguished name), @fqdn, user@fqdn (also as @user@fqdn),
 * an address, or a bare name. */
bool identity_parse(const char *text, struct identity *out, struct error *error)
{
    size_t length = strlen(text);
    struct ip_address address;
    if (length == 0)
        return error_set(error, 0, "an identity may not be empty");
    if (length > IDENTITY_SIZE_MAX * 2 + 2 ||
        (length > IDENTITY_SIZE_MAX && strchr(text, '=') == NULL && text[0] != '@'))
        return error_set(error, 0, "identity is longer than %d bytes", IDENTITY_SIZE_MAX);
    if (strcmp(text, "%any") == 0 || strcmp(text, "%none") == 0) {
        *out = (struct identity){0};
        return true;
    }
    if (strcmp(text, "%null") == 0) {
        *out = (struct identity){.kind = ID_NULL};
        return true;
    }
    if (text[0] == '%' && strcmp(text, "%fromcert") != 0 && strcmp(text, "%cert") != 0)
        return error_set(error, 0, "identity \"%s\": expected %%any, %%none, %%null, %%myid or an identity",
                         text);
    if (text[0] == '%')
        return error_set(error, 0, "identity \"%s\" needs certificates, which are not supported yet", text);
    if (text[0] != '@' && strchr(text, '=') != NULL)
        return parse_name(text, out, error);
    if (text[0] != '@') {
        if (address_parse(text, &address, NULL)) {
            *out = identity_of_address(&address);
            return true;
        }
        *out = make(strchr(text, '@') ? ID_USER_FQDN : ID_FQDN, text, length);
        return true;
    }
    if (text[1] == '#')
        return parse_hex(text + 2, out, error);
    if (text[1] == '~')
        return parse_der(text + 2, out, error);
    if (text[1] == '[') {
        size_t size = length - 2 - (text[length - 1] == ']'); /* which may be missing */
        if (size == 0)
            return error_set(error, 0, "nothing stands in the brackets of the identity");
        return take(ID_KEY_ID, text + 2, size, out, error);
    }
    if (length == 1)
        return error_set(error, 0, "nothing follows the @ of the identity");
    return take(ID_FQDN, text + 1, length - 1, out, error);
}

bool identity_of_wire(uint8_t kind, struct bytes data, struct identity *out, struct error *error)
{
    size_t wanted = kind == ID_IPV4_ADDR ? 4 : kind == ID_IPV6_ADDR ? 16 : 0;
    if (wanted != 0 && data.size != wanted)
        return error_set(error, 0, "%s identity of %zu bytes", identity_kind_name(kind), data.size);
    if (kind == ID_NULL && data.size == 0) { /* RFC 7619 2.2 */
        *out = (struct identity){.kind = ID_NULL};
        return true;
    }
    if (data.size == 0 || data.size > IDENTITY_SIZE_MAX)
        return error_set(error, 0, "identity of %zu bytes; 1 to %d are accepted", data.size,
                         IDENTITY_SIZE_MAX);
    switch (kind) {
    case ID_IPV4_ADDR:
    case ID_IPV6_ADDR:
    case ID_FQDN:
    case ID_USER_FQDN:
    case ID_KEY_ID:
    case ID_DER_ASN1_DN:
        *out = make(kind, data.data, data.size);
        return true;
    default:
        return error_set(error, 0, "identity type %u is not supported", kind);
    }
}

bool identity_equal(const struct identity *a, const struct identity *b)
{
    bool are_names = a->kind == ID_DER_ASN1_DN && b->kind == ID_DER_ASN1_DN;
    if (are_names && distinguished_name_equal(bytes_of(a->data, a->size), bytes_of(b->data, b->size)))
        return true;
    if (a->kind != b->kind || a->size != b->size)
        return false;
    if (a->size == 0)
        return true;
    if (a->kind == ID_FQDN || a->kind == ID_USER_FQDN)
        return strncasecmp((const char *)a->data, (const char *)b->data, a->size) == 0;
    return memcmp(a->data, b->data, a->size) == 0;
}

bool identity_matches(const struct identity *wanted, const struct identity *identity)
{
    if (wanted->kind == ID_DER_ASN1_DN && identity->kind == ID_DER_ASN1_DN)
        return distinguished_name_matches(bytes_of(wanted->data, wanted->size),
                                          bytes_of(identity->data, identity->size));
    return wanted->kind == ID_NONE || identity_equal(wanted, identity);
}

bool identity_is_pattern(const struct identity *identity)
{
    return identity->kind == ID_NONE ||
           (identity->kind == ID_DER_ASN1_DN &&
            distinguished_name_has_wildcard(bytes_of(identity->data, identity->size)));
}

size_t identity_fold(const uint8_t key[static 16], const struct identity *id,
                     uint8_t out[static IDENTITY_SIZE_MAX])
{
    bool is_text = id->kind == ID_FQDN || id->kind == ID_USER_FQDN;
    uint64_t name =
        id->kind == ID_DER_ASN1_DN ? distinguished_name_hash(key, bytes_of(id->data, id->size)) : 0;
    if (name != 0) { /* else it is no name, which equals nothing but the same bytes */
        memcpy(out, &name, sizeof(name));
        return sizeof(name);
    }
    for (size_t i = 0; i < id->size; i++) {
        uint8_t c = id->data[i];
        out[i] = is_text && c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
    }
    return id->size;
}

uint64_t identity_hash(const uint8_t key[static 16], const struct identity *id)
{
    uint8_t folded[1 + IDENTITY_SIZE_MAX] = {id->kind};
    return hash_bytes(key, bytes_of(folded, 1u + identity_fold(key, id, folded + 1)));
}

const char *identity_text(const struct identity *identity, char out[static IDENTITY_TEXT_SIZE])
{
    struct text text = text_of(out, IDENTITY_TEXT_SIZE);
    char address[ADDRESS_TEXT_SIZE];
    struct ip_address ip;
    switch (identity->kind) {
    case ID_NONE:
        text_add(&text, "%%any");
        break;
    case ID_NULL:
        text_add(&text, "ID_NULL");
        break;
    case ID_IPV4_ADDR:
    case ID_IPV6_ADDR:
        ip = address_of_bytes(identity->kind == ID_IPV4_ADDR ? IP_V4 : IP_V6, identity->data);
        text_add(&text, "%s", address_text(&ip, address));
        break;
    case ID_FQDN:
        text_add(&text, "@");
        text_add_escaped(&text, bytes_of(identity->data, identity->size));
        break;
    case ID_USER_FQDN:
        text_add_escaped(&text, bytes_of(identity->data, identity->size));
        break;
    case ID_DER_ASN1_DN:
        if (distinguished_name_text(&text, bytes_of(identity->data, identity->size)))
            break;
        text_add(&text, "@~");
        text_add_hex(&text, bytes_of(identity->data, identity->size));
        break;
    default:
        text_add(&text, "@#0x");
        text_add_hex(&text, bytes_of(identity->data, identity->size));
        break;
    }
    return out;
}

const char *identity_kind_name(uint8_t kind)
{
    switch (kind) {
    case ID_NONE:
        return "%none";
    case ID_IPV4_ADDR:
        return "ID_IPV4_ADDR";
    case ID_FQDN:
        return "ID_FQDN";
    case ID_USER_FQDN:
        return "ID_USER_FQDN";
    case ID_IPV6_ADDR:
        return "ID_IPV6_ADDR";
    case ID_DER_ASN1_DN:
        return "ID_DER_ASN1_DN";
    case ID_KEY_ID:
        return "ID_KEY_ID";
    case ID_NULL:
        return "ID_NULL";
    default:
        return "ID_UNASSIGNED";
    }
}
