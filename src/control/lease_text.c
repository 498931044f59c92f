#include "control/lease_text.h"

#include "base/text.h"

const char *lease_text(const struct ip_prefix leased[static 2], char out[static LEASE_TEXT_SIZE])
{
    struct text text = text_of(out, LEASE_TEXT_SIZE);
    char address[ADDRESS_TEXT_SIZE + 4];
    for (unsigned i = 0; i < 2; i++) {
        if (address_is_set(&leased[i].address))
            text_add(&text, "%s%s", text.size > 0 ? "," : "", prefix_text(&leased[i], address));
    }
    return out;
}
