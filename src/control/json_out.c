/* Writes JSON as it comes. */
#include "control/json_out.h"

#include "base/text.h"

/* The length of the UTF-8 sequence (RFC 3629) at the start of `bytes`, 0 when there is none. */
static size_t sequence_length(struct bytes bytes)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = bytes.data[0];
    size_t length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
    if (length < 2 || length > bytes.size)
        return length < 2 ? length : 0;
    uint32_t point = first & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes.data[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (bytes.data[i] & 0x3fu);
    }
    bool is_sound = point >= least[length] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
    return is_sound ? length : 0;
}

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* Returns how many bytes it was. */
static size_t put_special(struct buffer *to, struct bytes bytes)
{
    uint8_t byte = bytes.data[0];
    size_t length = sequence_length(bytes);
    char escape[16];
    struct text text = text_of(escape, sizeof(escape));
    if (byte == '"' || byte == '\\')
        text_add(&text, "\\%c", byte);
    else if (byte < 0x20 || byte == 0x7f)
        text_add(&text, "\\u%04x", byte);
    else if (length == 0)
        text_add(&text, "\\\\%03o", byte);
    if (text.size > 0)
        buffer_add(to, escape, text.size);
    else
        buffer_add(to, bytes.data, length);
    return length > 0 ? length : 1;
}

static void put_string(struct buffer *to, const char *value, size_t size)
{
    const uint8_t *at = (const uint8_t *)value, *end = at + size;
    buffer_add(to, "\"", 1);
    while (at < end) {
        const uint8_t *from = at;
        while (at < end && is_plain(*at))
            at++;
        buffer_add(to, from, (size_t)(at - from));
        if (at < end)
            at += put_special(to, bytes_of(at, (size_t)(end - at)));
    }
    buffer_add(to, "\"", 1);
}

static void begin(struct json_out *json, const char *name)
{
    if (json->needs_comma)
        buffer_add(json->to, ",", 1);
    json->needs_comma = true;
    if (name == NULL)
        return;
    put_string(json->to, name, strlen(name));
    buffer_add(json->to, ":", 1);
}

void json_out_open(struct json_out *json, const char *name, char bracket)
{
    begin(json, name);
    buffer_add(json->to, &bracket, 1);
    json->needs_comma = false;
}

void json_out_close(struct json_out *json, char bracket)
{
    buffer_add(json->to, &bracket, 1);
    json->needs_comma = true;
}

void json_out_number(struct json_out *json, const char *name, uint64_t value)
{
    begin(json, name);
    buffer_add_number(json->to, value);
}

void json_out_signed(struct json_out *json, const char *name, int64_t value)
{
    begin(json, name);
    if (value < 0)
        buffer_add(json->to, "-", 1);
    buffer_add_number(json->to, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_out_boolean(struct json_out *json, const char *name, bool value)
{
    begin(json, name);
    buffer_add_text(json->to, value ? "true" : "false");
}

void json_out_null(struct json_out *json, const char *name)
{
    begin(json, name);
    buffer_add_text(json->to, "null");
}

void json_out_text(struct json_out *json, const char *name, const char *value, size_t size)
{
    begin(json, name);
    put_string(json->to, value, size);
}

void json_out_newline(struct json_out *json)
{
    if (json->needs_comma)
        buffer_add(json->to, ",", 1);
    json->needs_comma = false;
    buffer_add(json->to, "\n", 1);
}
