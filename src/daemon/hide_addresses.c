/* Addresses out of log lines: see hide_addresses.h. */
#include "daemon/hide_addresses.h"

#include <ctype.h>
#include <string.h>

#include "base/address.h"
#include "base/text.h"

static bool is_address(const char *text, size_t length)
{
    char copy[ADDRESS_TEXT_SIZE];
    struct ip_address address;
    if (length == 0 || length >= sizeof(copy))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return address_parse(copy, &address, NULL);
}

static size_t count_of(char wanted, const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += text[i] == wanted;
    return count;
}

/* How many characters of an address the text begins with; 0: none. A port may follow an IPv4 address, and a
 * sentence any. */
static size_t address_length(const char *text)
{
    size_t v4 = strspn(text, "0123456789."), v6 = strspn(text, "0123456789abcdefABCDEF:.");
    while (v4 > 0 && text[v4 - 1] == '.')
        v4--;
    if (v4 > 0 && count_of('.', text, v4) == 3 && is_address(text, v4))
        return v4;
    for (; v6 > 0 && count_of(':', text, v6) >= 2; v6--)
        if (is_address(text, v6))
            return v6;
    return 0;
}

const char *hide_addresses(const char *line, char *out, size_t size)
{
    struct text text = text_of(out, size);
    bool is_within_word = false;
    while (*line != '\0') {
        bool may_begin = !is_within_word && (isxdigit((unsigned char)*line) || *line == ':');
        size_t length = may_begin ? address_length(line) : 0;
        if (length > 0)
            text_add(&text, "<address>");
        else
            text_add(&text, "%c", *line);
        is_within_word = length > 0 || isalnum((unsigned char)*line);
        line += length > 0 ? length : 1;
    }
    return out;
}
