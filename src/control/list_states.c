/* SAs in status output: --showstates and --trafficstatus. */
#include <stdio.h>

#include "base/text.h"
#include "control/lease_text.h"
#include "control/session.h"

enum { STATES_A_PIECE = 64 };

static const char *const state_lines[] = {
    "#{serial}: {name}:{remote_port} {state} ({story}); "
    "{rekey_in_seconds?REKEY in {rekey_in_seconds}s; }"
    "{replace_in_seconds?REPLACE in {replace_in_seconds}s; }"
    "{event?{event} in {event_in_seconds}s; }"
    "{is_newest?newest; {routing_owner?eroute owner; }}"
    "{is_child?{is_ikev1?ISAKMP}{!is_ikev1?IKE} SA #{ike_serial}; }"
    "{!is_child?{is_ikev1?lastdpd=-1s(seq in:0 out:0); }}idle;",
    "{esp.spi_in?#{serial}: {name} {esp.ah_spi_in?ah.{esp.ah_spi_out}@{remote} ah.{esp.ah_spi_in}@{local} }"
    "{esp.protocol}.{esp.spi_out}@{remote} {esp.protocol}.{esp.spi_in}@{local} "
    "{esp.cpi_in?comp.{esp.cpi_out}@{remote} comp.{esp.cpi_in}@{local} }"
    "{esp.is_tunnel?tun}{!esp.is_tunnel?tpt}.0@{remote} {esp.is_tunnel?tun}{!esp.is_tunnel?tpt}.0@{local} "
    "Traffic: {esp.label}in={esp.in_readable} {esp.label}out={esp.out_readable} "
    "{esp.label}max={esp.max_bytes}B "
    "{user?username={user}}}",
    "{pending?#{serial}: pending {pending} for {name}}",
};

static const struct text_form state_form = TEXT_FORM(RC_COMMENT, state_lines);

static const char *const traffic_lines[] = {
    "#{serial}: {name}, {user?username={user}, }type={type}, add_time={add_time}, inBytes={in_bytes}, "
    "outBytes={out_bytes}, maxBytes={max_bytes}B{!user?, id='{id}'}{lease?, lease={lease}}",
};

static const struct text_form traffic_form = TEXT_FORM(RC_INFORMATIONAL_TRAFFIC, traffic_lines);

/* What is common to both kinds, before and after what is not. */
struct state {
    uint64_t serial, ike_serial, connection_serial;
    unsigned ike_version;
    bool is_child, is_established, is_newest, is_initiator, awaits_child;
    const char *connection_name, *state_name, *story, *event, *user;
    unsigned instance_number;
    const struct ip_endpoint *local, *remote;
    const struct suite *suite;
    usec_t rekey_at, expire_at, event_at;
    int64_t established_wall;
    uint64_t memory_bytes;
};

static uint64_t seconds_until(usec_t at, usec_t now)
{
    return at != USEC_NEVER && at >= now ? (at - now) / USEC_PER_SEC : UINT64_MAX;
}

static void put_state(struct facts *facts, const struct state *state, usec_t now)
{
    char local[ADDRESS_TEXT_SIZE], remote[ADDRESS_TEXT_SIZE], list[256];
    struct text text = text_of(list, sizeof(list));
    address_text(&state->local->address, local);
    address_text(&state->remote->address, remote);
    facts_number(facts, "serial", state->serial);
    facts_text(facts, "type", state->is_child ? "child" : "ike");
    facts_bool(facts, "is_child", state->is_child);
    facts_number(facts, "ike_version", state->ike_version);
    facts_shown(facts, "is_ikev1", state->ike_version == 1 ? "yes" : "");
    facts_limit(facts, "ike_serial", state->ike_serial ? state->ike_serial : UINT64_MAX, "0");
    put_connection_name(facts, state->connection_name, state->instance_number, remote);
    facts_number(facts, "connection_serial", state->connection_serial);
    facts_text(facts, "user", state->user[0] != '\0' ? state->user : NULL);
    facts_text(facts, "state", state->state_name);
    facts_text(facts, "story", state->story);
    facts_bool(facts, "is_established", state->is_established);
    if (state->is_child)
        facts_absent(facts, "is_initiator", "");
    else
        facts_bool(facts, "is_initiator", state->is_initiator);
    facts_bool(facts, "is_newest", state->is_newest);
    facts_text(facts, "local", local);
    facts_text(facts, "remote", remote);
    facts_number(facts, "local_port", state->local->port);
    facts_number(facts, "remote_port", state->remote->port);
    if (state->suite != NULL)
        suite_text(&text, state->suite);
    facts_text(facts, "algorithms", state->suite ? list : NULL);
    /* In IKEv1 an SA is not rekeyed but replaced by another. */
    bool is_ikev1 = state->ike_version == 1;
    usec_t replace_at = is_ikev1 && state->rekey_at < state->expire_at ? state->rekey_at : state->expire_at;
    facts_limit(facts, "rekey_in_seconds", is_ikev1 ? UINT64_MAX : seconds_until(state->rekey_at, now), "");
    facts_limit(facts, "replace_in_seconds", seconds_until(replace_at, now), "");
    bool has_event = state->event_at != USEC_NEVER && state->event_at >= now;
    facts_text(facts, "event", has_event ? state->event : NULL);
    facts_limit(facts, "event_in_seconds", seconds_until(state->event_at, now), "");
    facts_number(facts, "memory_bytes", state->memory_bytes);
    facts_shown(facts, "pending", !state->awaits_child ? "" : is_ikev1 ? "Phase 2" : "CHILD SA");
}

static void put_selectors(struct facts *facts, const char *name, const struct selector *list, size_t count)
{
    char text[SELECTOR_TEXT_SIZE];
    facts_list_begin(facts, name, ',');
    for (size_t i = 0; i < count; i++)
        facts_list_add(facts, selector_text(&list[i], text));
    facts_list_end(facts);
}

static void put_spi(struct facts *facts, const char *name, uint32_t spi)
{
    char text[16];
    snprintf(text, sizeof(text), "%08x", spi);
    facts_text(facts, name, spi ? text : NULL);
}

/* AH around ESP, and IPComp. */
static void put_companions(struct facts *facts, const struct child_view *child)
{
    char in[8], out[8];
    snprintf(in, sizeof(in), "%x", child->cpi_in);
    snprintf(out, sizeof(out), "%x", child->cpi_out);
    put_spi(facts, "ah_spi_in", child->ah_spi_in);
    put_spi(facts, "ah_spi_out", child->ah_spi_out);
    facts_text(facts, "cpi_in", child->cpi_in ? in : NULL);
    facts_text(facts, "cpi_out", child->cpi_in ? out : NULL);
}

static void put_counters(struct facts *facts, const struct sa_counters *in, const struct sa_counters *out)
{
    facts_number(facts, "in_bytes", in->bytes);
    facts_number(facts, "out_bytes", out->bytes);
    facts_number(facts, "in_packets", in->packets);
    facts_number(facts, "out_packets", out->packets);
}

static void put_readable(struct facts *facts, const char *name, uint64_t bytes)
{
    char readable[32];
    struct text text = text_of(readable, sizeof(readable));
    text_add_bytes(&text, bytes);
    facts_shown(facts, name, readable);
}

static const char *protocol_name(const struct child_view *view)
{
    return view->suite != NULL && view->suite->protocol == PROTOCOL_AH ? "AH" : "ESP";
}

/* An IKE SA, or a Child SA that is not there yet, has none of it. */
static void put_esp(struct facts *facts, const struct child_view *view)
{
    static const struct child_view nothing;
    bool is_there = view != NULL && view->suite != NULL && view->established_at != 0;
    const struct child_view *child = is_there ? view : &nothing;
    const char *protocol = protocol_name(child);
    if (facts->is_json && !is_there) {
        facts_absent(facts, "esp", "");
        return;
    }
    facts_object(facts, "esp");
    facts_text(facts, "protocol", protocol[0] == 'A' ? "ah" : "esp");
    facts_shown(facts, "label", protocol);
    put_spi(facts, "spi_in", child->spi_in);
    put_spi(facts, "spi_out", child->spi_out);
    put_companions(facts, child);
    facts_bool(facts, "is_tunnel", child->mode == MODE_TUNNEL);
    facts_bool(facts, "udp_encapsulation", child->udp_encapsulation);
    facts_bool(facts, "tcp_encapsulation", child->tcp_encapsulation);
    put_counters(facts, &child->in, &child->out);
    put_readable(facts, "in_readable", child->in.bytes);
    put_readable(facts, "out_readable", child->out.bytes);
    facts_limit(facts, "max_bytes", is_there ? child->max_bytes : UINT64_MAX, "2^63");
    put_selectors(facts, "local_selectors", child->local_selectors, child->local_count);
    put_selectors(facts, "remote_selectors", child->remote_selectors, child->remote_count);
    facts_object(facts, NULL);
}

static void put_ike(struct facts *facts, const struct ike_view *view, usec_t now)
{
    facts_begin(facts, NULL, &state_form);
    put_state(facts,
              &(struct state){
                  .serial = view->serial,
                  .ike_version = view->version,
                  .connection_serial = view->connection_serial,
                  .connection_name = view->connection_name,
                  .instance_number = view->instance_number,
                  .user = view->user,
                  .state_name = view->state_name,
                  .story = view->state_story,
                  .is_established = view->is_established,
                  .is_initiator = view->is_initiator,
                  .awaits_child = view->awaits_child,
                  .is_newest = view->is_newest,
                  .local = &view->path.local,
                  .remote = &view->path.remote,
                  .suite = view->suite,
                  .rekey_at = view->is_established ? view->rekey_at : USEC_NEVER,
                  .expire_at = view->is_established ? view->expire_at : USEC_NEVER,
                  .event = view->next_event,
                  .event_at = view->is_established ? USEC_NEVER : view->next_event_at,
                  .memory_bytes = view->memory_bytes,
              },
              now);
    facts_bool(facts, "routing_owner", false);
    put_esp(facts, NULL);
    facts_end(facts);
}

static void put_child(struct facts *facts, const struct child_view *view, usec_t now)
{
    bool was_established = view->established_at != 0;
    facts_begin(facts, NULL, &state_form);
    put_state(facts,
              &(struct state){
                  .serial = view->serial,
                  .is_child = true,
                  .ike_version = view->ike_version,
                  .ike_serial = view->ike_serial,
                  .connection_serial = view->connection_serial,
                  .connection_name = view->connection_name,
                  .instance_number = view->instance_number,
                  .user = view->user,
                  .state_name = view->state_name,
                  .story = view->state_story,
                  .is_established = view->is_established,
                  .is_newest = view->is_newest,
                  .local = &view->local,
                  .remote = &view->remote,
                  .suite = view->suite,
                  .rekey_at = was_established ? view->rekey_at : USEC_NEVER,
                  .expire_at = was_established ? view->expire_at : USEC_NEVER,
                  .event_at = USEC_NEVER,
                  .memory_bytes = view->memory_bytes,
              },
              now);
    facts_bool(facts, "routing_owner", view->is_newest);
    put_esp(facts, view);
    facts_end(facts);
}

/* IKE SAs and Child SAs in one order, that of their serials. */
static bool next_states(struct control_session *session, struct facts *facts)
{
    const struct engine *engine = session->control->engine;
    struct listing *listing = &session->listing;
    usec_t now = engine_view_now(engine);
    struct ike_view ike;
    struct child_view child;
    bool has_ike = engine_view_ike(engine, listing->after, &ike);
    bool has_child = engine_view_child(engine, listing->after_child, &child);
    for (int i = 0; i < STATES_A_PIECE && (has_ike || has_child); i++) {
        if (has_ike && (!has_child || ike.serial < child.serial)) {
            put_ike(facts, &ike, now);
            listing->after = ike.serial;
            has_ike = engine_view_ike(engine, listing->after, &ike);
        } else {
            put_child(facts, &child, now);
            listing->after_child = child.serial;
            has_child = engine_view_child(engine, listing->after_child, &child);
        }
    }
    return has_ike || has_child;
}

static const char *const after_states[] = {" ", NULL};

const struct list_section section_states = {.name = "states", .is_array = true, .next = next_states};
const struct list_section section_states_of_status = {
    .name = "states", .is_array = true, .ending = after_states, .next = next_states};

static void put_traffic(struct facts *facts, const struct child_view *view)
{
    char id[IDENTITY_TEXT_SIZE], remote[ADDRESS_TEXT_SIZE], lease[LEASE_TEXT_SIZE];
    facts_begin(facts, NULL, &traffic_form);
    facts_number(facts, "serial", view->serial);
    facts_number(facts, "ike_serial", view->ike_serial);
    put_connection_name(facts, view->connection_name, view->instance_number,
                        address_text(&view->remote.address, remote));
    facts_number(facts, "connection_serial", view->connection_serial);
    facts_text(facts, "type", protocol_name(view));
    facts_text(facts, "remote", remote);
    facts_number(facts, "add_time", (uint64_t)view->established_wall);
    put_counters(facts, &view->in, &view->out);
    facts_limit(facts, "max_bytes", view->max_bytes, "2^63");
    facts_text(facts, "id", identity_text(view->remote_id, id));
    facts_text(facts, "user", view->user[0] != '\0' ? view->user : NULL);
    facts_text(facts, "lease", view->leased != NULL ? lease_text(view->leased, lease) : NULL);
    facts_end(facts);
}

static bool next_traffic(struct control_session *session, struct facts *facts)
{
    struct child_view view;
    for (int i = 0; i < STATES_A_PIECE; i++) {
        if (!listing_next_child(session, &view))
            return false;
        if (view.is_established)
            put_traffic(facts, &view);
    }
    return true;
}

const struct list_section section_traffic = {.name = "traffic", .is_array = true, .next = next_traffic};
