/* `explain`: why a connection is not up, or what it is up with. Lines for people, or one JSON object a
 * connection. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "control/session.h"
#include "engine/explain.h"

enum { CONNECTIONS_MAX = 64 };

/* ---- for people ---- */

static void tell_ends(struct control_session *session, const struct explanation *of)
{
    const struct connection_view *connection = &of->connection;
    char local[ADDRESS_TEXT_SIZE], remote[ADDRESS_TEXT_SIZE];
    char local_id[IDENTITY_TEXT_SIZE], remote_id[IDENTITY_TEXT_SIZE];
    bool is_any = !address_is_set(&connection->remote.address);
    session_line(session, RC_COMMENT, "  we are %s, as '%s' (%s)",
                 address_text(&connection->local.address, local),
                 identity_text(connection->local_id, local_id), connection->left_is_local ? "left" : "right");
    session_line(session, RC_COMMENT, "  the peer is %s, as '%s'",
                 is_any ? "%any" : address_text(&connection->remote.address, remote),
                 connection->remote_id->kind == ID_NONE ? "%any"
                                                        : identity_text(connection->remote_id, remote_id));
    session_line(session, RC_COMMENT, "  networks: %s === %s", of->local_selectors, of->remote_selectors);
}

static void tell_secret(struct control_session *session, const struct explanation *of)
{
    if (!of->needs_secret)
        return;
    session_line(session, RC_COMMENT, of->has_secret ? "  secret: found, %s" : "  secret: %s", of->secret);
}

static void tell_offers(struct control_session *session, const struct explanation *of)
{
    session_line(session, RC_COMMENT, "  IKE proposals: %s", of->ike_proposals);
    session_line(session, RC_COMMENT, "  %s proposals: %s",
                 of->connection.spec->protocol == PROTOCOL_AH ? "AH" : "ESP", of->child_proposals);
}

/* Without a port that nobody knew. */
static const char *peer_text(const struct failure *failure, char out[static ENDPOINT_TEXT_SIZE])
{
    return failure->path.remote.port != 0 ? endpoint_text(&failure->path.remote, out)
                                          : address_text(&failure->path.remote.address, out);
}

static void tell_failure(struct control_session *session, const struct explanation *of)
{
    const struct failure *failure = of->failure;
    char when[64], remote[ENDPOINT_TEXT_SIZE];
    time_t wall = (time_t)failure->wall;
    struct tm broken;
    strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", localtime_r(&wall, &broken));
    session_line(
        session, RC_COMMENT, "  last failure: %s, in %s with %s, begun by %s; %u since it was last up", when,
        failure->step, peer_text(failure, remote), failure->we_initiated ? "us" : "the peer", failure->count);
    session_line(session, RC_COMMENT, "  it was logged as: %s", failure->text);
    if (failure->network_errno != 0)
        session_line(session, RC_COMMENT, "  the network said: %s", strerror(failure->network_errno));
}

static void tell_sas(struct control_session *session, const struct explanation *of)
{
    char suite[256];
    usec_t now = engine_view_now(session->control->engine);
    if (of->has_ike && of->ike.suite != NULL) {
        struct text text = text_of(suite, sizeof(suite));
        suite_text(&text, of->ike.suite);
        session_line(session, RC_COMMENT, "  IKE SA #%llu: %s, %s", (unsigned long long)of->ike.serial,
                     of->ike.state_story, suite);
    }
    if (of->has_child && of->child.suite != NULL) {
        struct text text = text_of(suite, sizeof(suite));
        suite_text(&text, of->child.suite);
        session_line(session, RC_COMMENT, "  Child SA #%llu: %s, %s mode%s, up for %llu seconds",
                     (unsigned long long)of->child.serial, suite,
                     of->child.mode == MODE_TRANSPORT ? "transport" : "tunnel",
                     of->child.tcp_encapsulation   ? " in TCP"
                     : of->child.udp_encapsulation ? " in UDP"
                                                   : "",
                     (unsigned long long)((now - of->child.established_at) / USEC_PER_SEC));
    }
}

static bool is_group(const struct connection_spec *spec)
{
    return spec->left.host_kind == HOST_GROUP || spec->right.host_kind == HOST_GROUP;
}

static const char *story_of(const struct explanation *of)
{
    bool waits = of->verdict == EXPLAIN_WAITS || of->verdict == EXPLAIN_NOT_TRIED;
    if (waits && is_group(of->connection.spec))
        return "is a policy group: each network of its file has a connection of its own";
    if (waits && connection_spec_is_shunt(of->connection.spec))
        return "never negotiates: packets pass or are dropped while it is routed";
    switch (of->verdict) {
    case EXPLAIN_UP:
        return "is up";
    case EXPLAIN_UNDER_WAY:
        return "is being negotiated";
    case EXPLAIN_NOT_HEARING:
        return "cannot come up: pluto does not listen yet (ipsec listen)";
    case EXPLAIN_NOT_OURS:
        return "cannot come up: neither left= nor right= is an address of this host alone";
    case EXPLAIN_NO_SECRET:
        return "would fail: there is no secret for these two identities";
    case EXPLAIN_WAITS:
        return "waits for peers to begin: its peer's address is %any";
    case EXPLAIN_NOT_TRIED:
        return "is down; it has not failed, and nothing is known that would hinder it";
    default:
        return "";
    }
}

static void tell_interfaces(struct control_session *session, const struct explanation *of)
{
    const struct listen_address *interfaces;
    size_t count = engine_view_interfaces(session->control->engine, &interfaces);
    char address[ADDRESS_TEXT_SIZE], line[1024];
    struct text text = text_of(line, sizeof(line));
    const struct end_spec *ends[] = {&of->connection.spec->left, &of->connection.spec->right};
    for (size_t i = 0; i < 2; i++)
        session_line(session, RC_COMMENT, "  %s=%s", i == 0 ? "left" : "right",
                     address_is_set(&ends[i]->host) ? address_text(&ends[i]->host, address)
                     : ends[i]->host_name != NULL   ? ends[i]->host_name
                                                    : "%any");
    for (size_t i = 0; i < count; i++)
        text_add(&text, " %s(%s)", address_text(&interfaces[i].address, address), interfaces[i].interface);
    session_line(session, RC_COMMENT, "  this host listens on:%s", count > 0 ? line : " nothing");
}

static void tell(struct control_session *session, const struct explanation *of)
{
    const char *name = of->connection.spec->name;
    const char *cause = of->failure == NULL || of->failure->count == 0 ? NULL
                        : of->failure->cause[0] != '\0'                ? of->failure->cause
                                                                       : of->failure->text;
    if (of->verdict == EXPLAIN_FAILED)
        session_line(session, RC_COMMENT, "\"%s\": could not be brought up: %s", name, cause);
    else if (of->verdict == EXPLAIN_UNDER_WAY && cause != NULL)
        session_line(session, RC_COMMENT, "\"%s\": is being negotiated again; the last try failed: %s", name,
                     cause);
    else
        session_line(session, RC_COMMENT, "\"%s\": %s", name, story_of(of));
    if (of->connection.is_oriented)
        tell_ends(session, of);
    else
        tell_interfaces(session, of);
    tell_secret(session, of);
    if (of->verdict != EXPLAIN_UP && !connection_spec_is_shunt(of->connection.spec))
        tell_offers(session, of);
    tell_sas(session, of);
    if (of->failure != NULL)
        tell_failure(session, of);
}

/* ---- for programs ---- */

static json_t *text_value(const char *text)
{
    json_t *value = json_string(text);
    return value != NULL ? value : json_string("");
}

static json_t *failure_object(const struct failure *failure)
{
    char remote[ENDPOINT_TEXT_SIZE];
    return json_pack("{s:s, s:b, s:i, s:i, s:I, s:I, s:s, s:i, s:i, s:i, s:s, s:o, s:o}", "kind",
                     failure_kind_name(failure->kind), "we_initiated", failure->we_initiated, "notify",
                     failure->notify, "count", failure->count, "serial", (json_int_t)failure->serial, "time",
                     (json_int_t)failure->wall, "peer", peer_text(failure, remote), "sends",
                     (int)failure->sends, "waited_seconds", (int)failure->waited_seconds, "network_errno",
                     failure->network_errno, "step", failure->step, "text", text_value(failure->text),
                     "cause", text_value(failure->cause[0] != '\0' ? failure->cause : failure->text));
}

static void add_ends(json_t *object, const struct explanation *of)
{
    char text[IDENTITY_TEXT_SIZE];
    const struct connection_view *connection = &of->connection;
    json_object_set_new(object, "local", json_string(address_text(&connection->local.address, text)));
    json_object_set_new(object, "remote", json_string(address_text(&connection->remote.address, text)));
    json_object_set_new(object, "local_id", text_value(identity_text(connection->local_id, text)));
    json_object_set_new(object, "remote_id", text_value(identity_text(connection->remote_id, text)));
    json_object_set_new(object, "local_selectors", json_string(of->local_selectors));
    json_object_set_new(object, "remote_selectors", json_string(of->remote_selectors));
}

static void tell_json(struct control_session *session, const struct explanation *of)
{
    json_t *object = json_pack("{s:i, s:s, s:o, s:s, s:b, s:s, s:s}", "schema", 1, "command", "explain",
                               "connection", text_value(of->connection.spec->name), "verdict",
                               explain_verdict_name(of->verdict), "oriented", of->connection.is_oriented,
                               "ike_proposals", of->ike_proposals, "child_proposals", of->child_proposals);
    if (of->connection.is_oriented)
        add_ends(object, of);
    if (of->needs_secret)
        json_object_set_new(object, "secret",
                            json_pack("{s:b, s:o}", "found", of->has_secret,
                                      of->has_secret ? "origin" : "reason", text_value(of->secret)));
    if (of->has_ike)
        json_object_set_new(object, "ike_serial", json_integer((json_int_t)of->ike.serial));
    if (of->has_child)
        json_object_set_new(object, "child_serial", json_integer((json_int_t)of->child.serial));
    if (of->failure != NULL)
        json_object_set_new(object, "failure", failure_object(of->failure));
    session_json_line(session, object);
}

void session_explain(struct control_session *session, const char *name, bool as_json)
{
    struct explanation explanation;
    size_t number = 0;
    while (number < CONNECTIONS_MAX && engine_explain(session->control->engine, name, number, &explanation)) {
        if (as_json)
            tell_json(session, &explanation);
        else
            tell(session, &explanation);
        number++;
    }
    if (number == 0)
        session_line(session, RC_UNKNOWN_NAME, "no connection named \"%s\"", name);
    session_finish(session, number > 0 ? 0 : RC_UNKNOWN_NAME);
}
