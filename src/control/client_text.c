/* See client_text.h. */
#include "control/client_text.h"

#include "base/bytes.h"
#include "base/text.h"

static void add_protocol(struct text *text, uint8_t protocol)
{
    static const struct {
        uint8_t number;
        const char *name;
    } names[] = {{0, "0"},          {1, "ICMP"},  {2, "IGMP"},   {4, "IPIP"},   {6, "TCP"},
                 {17, "UDP"},       {41, "IPv6"}, {47, "GRE"},   {50, "ESP"},   {51, "AH"},
                 {58, "IPv6-ICMP"}, {89, "OSPF"}, {115, "L2TP"}, {132, "SCTP"}, {136, "UDPLITE"}};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (names[i].number == protocol) {
            text_add(text, ":%s", names[i].name);
            return;
        }
    }
    text_add(text, ":%u", protocol);
}

const char *client_text(const struct selector *client, char out[static CLIENT_TEXT_SIZE])
{
    struct text text = text_of(out, CLIENT_TEXT_SIZE);
    char plain[SELECTOR_TEXT_SIZE];
    const struct selector range = {.range = client->range, .port_end = UINT16_MAX};
    bool has_ports = client->port_start != 0 || client->port_end != UINT16_MAX;
    text_add(&text, "%s", selector_text(&range, plain));
    if (client->protocol == 0 && !has_ports)
        return out;
    add_protocol(&text, client->protocol);
    if (client->port_start > client->port_end)
        text_add(&text, "/opaque");
    else if (client->port_start == client->port_end)
        text_add(&text, "/%u", client->port_start);
    else
        text_add(&text, "/%u-%u", client->port_start, client->port_end);
    return out;
}
