/* Distinguished names in text and DER; X.501, RFC 4514, RFC 5280 7.1. */
#include "crypto/distinguished_name.h"

#include <ctype.h>
#include <string.h>

#include <openssl/x509.h>

#include "base/hash_table.h"

enum { VALUE_MAX = 256, TYPE_MAX = 64, ENTRIES_MAX = 32 };

/* Spellings that libcrypto does not know; it knows C, ST, L, O, OU, CN, DC, UID, GN, SN and dotted numbers.
 */
static const struct {
    const char *word;
    int nid;
} type_words[] = {
    {"E", NID_pkcs9_emailAddress},
    {"EMAIL", NID_pkcs9_emailAddress},
    {"EMAILADDRESS", NID_pkcs9_emailAddress},
    {"S", NID_stateOrProvinceName},
    {"G", NID_givenName},
    {"N", NID_name},
    {"I", NID_initials},
    {"D", NID_description},
    {"T", NID_title},
    {"TITLE", NID_title},
    {"UN", NID_pkcs9_unstructuredName},
    {"UA", NID_pkcs9_unstructuredAddress},
    {"SERIALNUMBER", NID_serialNumber},
    {"USERID", NID_userId},
};

/* ---- text to name ---- */

struct part {
    char type[TYPE_MAX];
    char value[VALUE_MAX];
    size_t size; /* of the value */
};

static bool is_separator(char c, char separator)
{
    return c == separator || (separator == ',' && c == ';');
}

/* What a backslash stands before: two hexadecimal digits, or the character itself. */
static size_t take_escaped(const char *at, char *out)
{
    uint8_t byte;
    if (hex_decode(at + 1, at[1] != '\0' && at[2] != '\0' ? 2 : 0, &byte, 1) == 1) {
        *out = (char)byte;
        return 3;
    }
    *out = at[1];
    return at[1] == '\0' ? 1 : 2;
}

/* The value up to a separator; blanks before the separator do not belong to it. */
static bool take_value(const char **at, char separator, struct part *part, struct error *error)
{
    size_t kept = 0;
    part->size = 0;
    while (**at != '\0') {
        bool is_doubled = is_separator(**at, separator) && (*at)[1] == **at;
        if (is_separator(**at, separator) && !is_doubled)
            break;
        if (part->size == sizeof(part->value))
            return error_set(error, 0, "the value of %s is longer than %d bytes", part->type, VALUE_MAX);
        char c = **at;
        size_t used = **at == '\\' ? take_escaped(*at, &c) : is_doubled ? 2 : 1;
        part->value[part->size++] = c;
        if (used > 1 || !isspace((unsigned char)c))
            kept = part->size;
        *at += used;
    }
    part->size = kept;
    return kept != 0 || error_set(error, 0, "%s has no value", part->type);
}

static bool take_part(const char **at, char separator, struct part *part, struct error *error)
{
    *at += strspn(*at, " \t");
    size_t length = strcspn(*at, "=,/;");
    if ((*at)[length] != '=' || length == 0 || length >= sizeof(part->type))
        return error_set(error, 0, "expected TYPE=VALUE at \"%.40s\"", *at);
    memcpy(part->type, *at, length);
    part->type[length] = '\0';
    while (length > 0 && isspace((unsigned char)part->type[length - 1]))
        part->type[--length] = '\0';
    *at = strchr(*at, '=') + 1;
    *at += strspn(*at, " \t");
    return take_value(at, separator, part, error);
}

static int type_nid(const char *type)
{
    char upper[TYPE_MAX];
    size_t i = 0;
    for (; type[i] != '\0'; i++)
        upper[i] = (char)toupper((unsigned char)type[i]);
    upper[i] = '\0';
    for (i = 0; i < ARRAY_SIZE(type_words); i++)
        if (strcmp(type_words[i].word, upper) == 0)
            return type_words[i].nid;
    int nid = OBJ_txt2nid(upper);
    return nid != NID_undef ? nid : OBJ_txt2nid(type);
}

static int string_type(int nid, const struct part *part)
{
    if (nid == NID_pkcs9_emailAddress || nid == NID_domainComponent)
        return V_ASN1_IA5STRING;
    bool is_printable =
        ASN1_PRINTABLE_type((const unsigned char *)part->value, (int)part->size) == V_ASN1_PRINTABLESTRING;
    /* '*' is not in PrintableString's alphabet; a pattern must be writable all the same. */
    return is_printable ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING;
}

static bool add_part(X509_NAME *name, const struct part *part, struct error *error)
{
    int nid = type_nid(part->type);
    if (nid == NID_undef)
        return error_set(error, 0,
                         "\"%s\" is not a type of a distinguished name (C, ST, L, O, OU, CN, E, ...)",
                         part->type);
    return X509_NAME_add_entry_by_NID(name, nid, string_type(nid, part), (const unsigned char *)part->value,
                                      (int)part->size, -1, 0) == 1 ||
           error_set(error, 0, "the value of %s is not acceptable", part->type);
}

static bool add_parts(X509_NAME *name, const char *text, struct error *error)
{
    char separator = *text == '/' ? '/' : ',';
    struct part part;
    if (separator == '/')
        text++;
    for (int count = 0; count < ENTRIES_MAX; count++) {
        if (!take_part(&text, separator, &part, error) || !add_part(name, &part, error))
            return false;
        if (*text == '\0')
            return true;
        text++;
    }
    return error_set(error, 0, "a distinguished name has at most %d parts", ENTRIES_MAX);
}

bool distinguished_name_parse(const char *text, uint8_t *out, size_t capacity, size_t *ret_size,
                              struct error *error)
{
    X509_NAME *name = X509_NAME_new();
    if (name == NULL)
        return error_set(error, 0, "out of memory");
    bool ok = add_parts(name, text, error);
    int size = ok ? i2d_X509_NAME(name, NULL) : 0;
    if (ok && (size <= 0 || (size_t)size > capacity))
        ok = error_set(error, 0, "the distinguished name is longer than %zu bytes", capacity);
    if (ok)
        *ret_size = (size_t)i2d_X509_NAME(name, &out);
    X509_NAME_free(name);
    return ok;
}

/* ---- DER to parts ---- */

static X509_NAME *read_name(struct bytes der)
{
    const unsigned char *at = der.data;
    X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)der.size);
    bool is_whole = name != NULL && at == der.data + der.size && X509_NAME_entry_count(name) <= ENTRIES_MAX;
    if (is_whole)
        return name;
    X509_NAME_free(name);
    return NULL;
}

static void add_value(struct text *text, const unsigned char *value, int size)
{
    for (int i = 0; i < size; i++) {
        char c = (char)value[i];
        bool is_edge_blank = c == ' ' && (i == 0 || i == size - 1);
        if (c < ' ' || c > '~' || is_edge_blank)
            text_add(text, "\\%02X", value[i]);
        else
            text_add(text, strchr(",;\\/\"'", c) != NULL ? "\\%c" : "%c", c);
    }
}

static void add_entry(struct text *text, const X509_NAME_ENTRY *entry)
{
    char number[TYPE_MAX];
    const ASN1_OBJECT *type = X509_NAME_ENTRY_get_object(entry);
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);
    unsigned char *utf8 = NULL;
    int nid = OBJ_obj2nid(type), size = ASN1_STRING_to_UTF8(&utf8, value);
    OBJ_obj2txt(number, sizeof(number), type, 1);
    text_add(text, "%s=", nid == NID_pkcs9_emailAddress ? "E" : nid == NID_undef ? number : OBJ_nid2sn(nid));
    if (size >= 0)
        add_value(text, utf8, size);
    OPENSSL_free(utf8);
}

bool distinguished_name_text(struct text *text, struct bytes der)
{
    X509_NAME *name = read_name(der);
    if (name == NULL)
        return false;
    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        text_add(text, "%s", i == 0 ? "" : ", ");
        add_entry(text, X509_NAME_get_entry(name, i));
    }
    X509_NAME_free(name);
    return true;
}

/* ---- comparing ---- */

struct folded {
    int nid;
    size_t size;
    char value[VALUE_MAX];
};

/* Without case, without blanks at the ends, runs of blanks as one (RFC 5280 7.1). */
static bool fold(const X509_NAME_ENTRY *entry, struct folded *out)
{
    unsigned char *utf8 = NULL;
    int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
    out->nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    out->size = 0;
    if (size > VALUE_MAX)
        size = -1;
    for (int i = 0; i < size; i++) {
        bool is_blank = utf8[i] == ' ';
        if (is_blank && (out->size == 0 || out->value[out->size - 1] == ' '))
            continue;
        out->value[out->size++] = (char)(utf8[i] < 0x80 ? tolower(utf8[i]) : utf8[i]);
    }
    if (out->size != 0 && out->value[out->size - 1] == ' ')
        out->size--;
    OPENSSL_free(utf8);
    return size >= 0 && out->nid != NID_undef;
}

static bool is_wildcard(const struct folded *part)
{
    return part->size == 1 && part->value[0] == '*';
}

struct folded_name {
    int count;
    struct folded parts[ENTRIES_MAX];
};

static bool fold_name(struct bytes der, struct folded_name *out)
{
    X509_NAME *name = read_name(der);
    bool ok = name != NULL;
    out->count = ok ? X509_NAME_entry_count(name) : 0;
    for (int i = 0; ok && i < out->count; i++)
        ok = fold(X509_NAME_get_entry(name, i), &out->parts[i]);
    X509_NAME_free(name);
    return ok;
}

static bool part_equal(const struct folded *a, const struct folded *b)
{
    return a->nid == b->nid && a->size == b->size && memcmp(a->value, b->value, a->size) == 0;
}

/* Finds each part of ours, those that `are_open` or those that are not, a part of theirs of its own. */
static bool take_parts(const struct folded_name *ours, const struct folded_name *theirs, const bool *are_open,
                       bool open, bool *is_taken)
{
    for (int i = 0; i < ours->count; i++) {
        const struct folded *part = &ours->parts[i];
        int j = 0;
        if (are_open[i] != open)
            continue;
        while (j < theirs->count && (is_taken[j] || !(open ? part->nid == theirs->parts[j].nid
                                                           : part_equal(part, &theirs->parts[j]))))
            j++;
        if (j == theirs->count)
            return false;
        is_taken[j] = true;
    }
    return true;
}

/* Those without a wildcard choose first, so that none loses its part to one that takes any. */
static bool match(struct bytes pattern, struct bytes name, bool with_wildcards)
{
    struct folded_name ours, theirs;
    bool is_taken[ENTRIES_MAX] = {false}, are_open[ENTRIES_MAX] = {false};
    if (!fold_name(pattern, &ours) || !fold_name(name, &theirs) || ours.count != theirs.count)
        return false;
    for (int i = 0; with_wildcards && i < ours.count; i++)
        are_open[i] = is_wildcard(&ours.parts[i]);
    return take_parts(&ours, &theirs, are_open, false, is_taken) &&
           take_parts(&ours, &theirs, are_open, true, is_taken);
}

bool distinguished_name_equal(struct bytes a, struct bytes b)
{
    return match(a, b, false);
}

bool distinguished_name_matches(struct bytes pattern, struct bytes name)
{
    return match(pattern, name, true);
}

bool distinguished_name_has_wildcard(struct bytes name)
{
    struct folded_name parts;
    if (!fold_name(name, &parts))
        return false;
    for (int i = 0; i < parts.count; i++)
        if (is_wildcard(&parts.parts[i]))
            return true;
    return false;
}

uint64_t distinguished_name_hash(const uint8_t key[static 16], struct bytes der)
{
    struct folded_name name;
    uint64_t sum = 0;
    if (!fold_name(der, &name))
        return 0;
    for (int i = 0; i < name.count; i++) /* in any order, but CN=a, O=b is not CN=b, O=a */
        sum += hash_bytes(key, bytes_of(name.parts[i].value, name.parts[i].size)) *
               (2 * (uint64_t)name.parts[i].nid + 1);
    return sum;
}
