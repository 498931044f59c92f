/* The request to bring up what a packet would meet: whack --oppohere --oppothere. */
#include "config/value.h"
#include "control/request.h"

static bool take_port(struct control_session *session, const struct request *request, const char *member,
                      uint16_t *port)
{
    json_t *value = json_object_get(request->json, member);
    bool is_port =
        json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= UINT16_MAX;
    if (value == NULL || is_port) {
        *port = value ? (uint16_t)json_integer_value(value) : *port;
        return true;
    }
    request_fail(session, RC_WHACK_PROBLEM, "%s: expected a number up to 65535", member);
    return false;
}

static struct selector one_packet(const struct ip_address *address, uint8_t protocol, uint16_t port)
{
    return (struct selector){
        .range = {*address, *address}, .protocol = protocol, .port_start = port, .port_end = port};
}

/* Without a protocol it is a ping; of ICMP the ports are type and code. */
void request_packet(struct control_session *session, const struct request *request)
{
    enum { ICMP = 1, ICMPV6 = 58, ECHO_REQUEST = 8, ECHO_REQUEST_V6 = 128 };
    struct ip_address here = {0}, there = {0};
    const char *protocol_text = request_text(request, "protocol");
    struct error error;
    uint8_t protocol = ICMP;
    uint16_t from = 0, to = 0, unused;
    if (!request_address(session, request, "here", &here) ||
        !request_address(session, request, "there", &there))
        return;
    if (here.family != there.family) {
        request_fail(session, RC_WHACK_PROBLEM, "here and there differ in address family");
        return;
    }
    if (protocol_text != NULL && !value_protoport(protocol_text, &protocol, &unused, &error)) {
        request_fail(session, RC_WHACK_PROBLEM, "protocol: %s", error.text);
        return;
    }
    if (protocol_text == NULL && here.family == IP_V6)
        protocol = ICMPV6;
    if (!take_port(session, request, "source-port", &from) ||
        !take_port(session, request, "destination-port", &to))
        return;
    if (protocol == ICMP || protocol == ICMPV6) {
        unsigned type = from != 0 ? from : to;
        if (type == 0)
            type = protocol == ICMP ? ECHO_REQUEST : ECHO_REQUEST_V6;
        from = to = (uint16_t)(type << 8);
    }
    struct selector packet_here = one_packet(&here, protocol, from);
    struct selector packet_there = one_packet(&there, protocol, to);
    engine_command(session->control->engine, &(struct command){.kind = COMMAND_PACKET,
                                                               .client = session->id,
                                                               .packet_here = &packet_here,
                                                               .packet_there = &packet_there});
}
