/* ipsec.d/passwd: see passwd_file.h. */
#include "config/passwd_file.h"

#include <string.h>

#include "base/bytes.h"

enum { FIELDS = 4 };

/* The fields of one line; those that it does not have are empty. */
struct fields {
    struct bytes field[FIELDS];
    size_t count;
};

static struct fields split(struct bytes line)
{
    struct fields fields = {.count = 1};
    const char *start = (const char *)line.data, *end = start + line.size;
    for (size_t i = 0; i < FIELDS; i++)
        fields.field[i] = bytes_of(end, 0);
    for (const char *at = start;; at++) {
        /* The last field keeps its colons: it may be an IPv6 address. */
        bool is_parted = at < end && *at == ':' && fields.count < FIELDS;
        if (at < end && !is_parted)
            continue;
        fields.field[fields.count - 1] = bytes_of(start, (size_t)(at - start));
        if (at == end)
            return fields;
        start = at + 1;
        fields.count++;
    }
}

static bool is_text(struct bytes field, const char *text)
{
    return field.size == strlen(text) && memcmp(field.data, text, field.size) == 0;
}

static bool names_connection(const struct fields *fields)
{
    return fields->field[2].size != 0 && !is_text(fields->field[2], "*");
}

static bool is_for(const struct fields *fields, const char *user, const char *connection)
{
    return is_text(fields->field[0], user) &&
           (!names_connection(fields) || is_text(fields->field[2], connection));
}

static bool read_entry(const struct fields *fields, struct passwd_entry *out, struct error *error)
{
    struct bytes hash = fields->field[1], address = fields->field[3];
    char text[ADDRESS_TEXT_SIZE];
    struct error reason;
    if (hash.size == 0 || hash.size >= sizeof(out->hash))
        return error_set(error, (int)out->line,
                         "expected USER:HASH[:CONNECTION[:ADDRESS]], the hash being one of crypt(5)");
    memcpy(out->hash, hash.data, hash.size);
    out->hash[hash.size] = '\0';
    out->is_for_one = names_connection(fields);
    out->address = (struct ip_address){0};
    if (address.size == 0)
        return true;
    size_t size = address.size < sizeof(text) ? address.size : sizeof(text) - 1;
    memcpy(text, address.data, size);
    text[size] = '\0';
    return address_parse(text, &out->address, &reason) ||
           error_set(error, (int)out->line, "the address of the user: %.200s", reason.text);
}

bool passwd_file_next(struct passwd_walk *walk, const char *user, const char *connection,
                      struct passwd_entry *out, struct error *error)
{
    error->code = 0;
    while (*walk->at != '\0') {
        struct bytes line = bytes_of(walk->at, strcspn(walk->at, "\n"));
        walk->at += line.size + (walk->at[line.size] == '\n');
        walk->line++;
        if (line.size > 0 && line.data[line.size - 1] == '\r')
            line.size--;
        struct fields fields = split(line);
        if (line.size == 0 || line.data[0] == '#' || !is_for(&fields, user, connection))
            continue;
        out->line = walk->line;
        return read_entry(&fields, out, error);
    }
    return false;
}
