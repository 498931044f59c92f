#include "base/domain_name.h"

static bool may_be_in_label(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool domain_name_is_valid(struct bytes text)
{
    size_t label_start = 0;
    if (text.size == 0 || text.size > DOMAIN_NAME_SIZE)
        return false;
    for (size_t i = 0; i <= text.size; i++) {
        bool is_end = i == text.size || text.data[i] == '.';
        if (!is_end && !may_be_in_label(text.data[i]))
            return false;
        if (!is_end)
            continue;
        size_t size = i - label_start;
        bool is_after_last_dot = i == text.size && size == 0 && i > 1;
        if ((size == 0 && !is_after_last_dot) || size > DOMAIN_LABEL_SIZE)
            return false;
        if (size > 0 && (text.data[label_start] == '-' || text.data[i - 1] == '-'))
            return false;
        label_start = i + 1;
    }
    return true;
}
