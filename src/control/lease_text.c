#include "control/lease_text.h"

#include "base/text.h"

const char *lease_text(const struct ip_prefix leased[static 2], char out[static LEASE_TEXT_SIZE])
{
    struct text text = text_of(out, LEASE_TEXT_SIZE);
    char address[ADDRESS_TEXT_SIZE + 4];
    for (unsigned i = 0; i < 2; i++) {
        bool is_host = leased[i].address.family == IP_V4 && leased[i].length == 32;
        if (address_is_set(&leased[i].address))
            text_add(&text, "%s%s", text.size > 0 ? "," : "",
                     is_host ? address_text(&leased[i].address, address) : prefix_text(&leased[i], address));
    }
    return out;
}
