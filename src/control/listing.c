/* Listings: which commands there are, of which sections, and how they are made in pieces. */
#include "control/listing.h"

#include <stdio.h>
#include <stdlib.h>

#include "control/session.h"

enum { QUERIES_A_PIECE = 1024 };

#define COUNTERS_WAIT (20 * USEC_PER_MSEC) /* how long the data plane's answers are waited for */

static const struct list_command commands[] = {
    {"status",
     true,
     false,
     {&section_daemon, &section_interfaces, &section_platform, &section_setup, &section_esp_algorithms,
      &section_ike_algorithms, &section_database, &section_connections, &section_connection_totals,
      &section_totals_of_status, &section_states_of_status, &section_shunts}},
    {"briefstatus", false, false, {&section_totals}},
    {"connectionstatus", false, true, {&section_connections}},
    {"briefconnectionstatus", false, true, {&section_brief_connections}},
    {"trafficstatus", true, true, {&section_traffic}},
    {"showstates", true, false, {&section_states}},
    {"shuntstatus", false, false, {&section_shunts}},
    {"processstatus", false, false, {&section_processes}},
    {"fipsstatus", false, false, {&section_fips}},
    {"addresspoolstatus", false, false, {&section_address_pools, &section_leases}},
    {"globalstatus", true, false, {&section_counters}},
    {"listpubkeys", false, false, {&section_public_keys}},
    {"checkpubkeys", false, false, {&section_doubtful_public_keys}},
    {"listpsks", false, false, {&section_secrets_file, &section_psks}},
    {"listcerts", false, false, {&section_end_certificates}},
    {"listcacerts", false, false, {&section_ca_certificates}},
    {"listcrls", false, false, {&section_crls}},
    {"listall",
     false,
     false,
     {&section_public_keys, &section_secrets_file, &section_psks, &section_end_certificates,
      &section_ca_certificates, &section_crls}},
    {"loaded", false, false, {&section_loaded_setup, &section_loaded}},
    {"listevents", false, false, {&section_clock, &section_events}},
};

const struct list_command *list_command_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* ---- where it goes ---- */

static void put_line(void *context, int code, const char *line, size_t size)
{
    struct control_session *session = context;
    bool is_blank = size == 1 && line[0] == ' ';
    if (is_blank && session->listing.is_after_blank)
        return; /* where nothing stands between two blank lines, there is one */
    session->listing.is_after_blank = is_blank;
    if (session->listing.form == OUTPUT_LINES) {
        session_line_of(session, code == NO_CODE ? RC_COMMENT : code, line, size);
        return;
    }
    const char number[] = {(char)('0' + code / 100 % 10), (char)('0' + code / 10 % 10),
                           (char)('0' + code % 10), ' '};
    if (code != NO_CODE)
        buffer_add(&session->output, number, sizeof(number));
    buffer_add(&session->output, line, size);
    buffer_add(&session->output, "\n", 1);
}

static void put_lines(struct control_session *session, const char *const *lines)
{
    if (session->listing.form == OUTPUT_JSON || lines == NULL)
        return;
    for (; *lines != NULL; lines++)
        put_line(session, RC_COMMENT, *lines, strlen(*lines));
}

static struct facts *facts_of(struct control_session *session)
{
    struct facts *facts = &session->control->facts;
    if (session->listing.form == OUTPUT_JSON)
        facts_to_json(facts, &session->output);
    else
        facts_to_text(facts, put_line, session);
    return facts;
}

/* ---- pieces ---- */

static void begin_document(struct control_session *session, struct json_out *json)
{
    const struct engine *engine = session->control->engine;
    json->needs_comma = false;
    json_out_open(json, NULL, '{');
    json_out_number(json, "schema", LISTING_SCHEMA);
    json_out_text(json, "command", session->listing.command->name, strlen(session->listing.command->name));
    json_out_signed(json, "time", engine_view_wall_clock(engine));
}

static void rewind_walk(struct listing *listing)
{
    listing->after = listing->after_child = 0;
    listing->chosen_at = 0;
}

static void open_section(struct control_session *session, const struct list_section *section,
                         struct json_out *json)
{
    if (session->listing.form == OUTPUT_JSON && section->is_array)
        json_out_open(json, section->name, '[');
    put_lines(session, section->heading);
    session->listing.is_open = true;
    rewind_walk(&session->listing);
}

static void close_section(struct control_session *session, const struct list_section *section,
                          struct json_out *json)
{
    if (session->listing.form == OUTPUT_JSON && section->is_array)
        json_out_close(json, ']');
    put_lines(session, section->ending);
    session->listing.is_open = false;
    session->listing.section++;
}

/* Without output, nothing else would interrupt the listing. */
static void let_the_loop_go_on(struct control_session *session)
{
    struct control *control = session->control;
    session->listing.is_waiting = true;
    control->host.wake_later(control->host.context, session->id, 0);
}

/* The next piece of the section where it stands; false: the document is complete. */
static bool make_piece(struct control_session *session)
{
    struct listing *listing = &session->listing;
    struct facts *facts = facts_of(session);
    struct json_out *json = &facts->json;
    const struct list_section *section = listing->command->sections[listing->section];
    json->needs_comma = listing->needs_comma;
    if (!listing->is_begun && listing->form == OUTPUT_JSON)
        begin_document(session, json);
    listing->is_begun = true;
    if (section != NULL) {
        if (!listing->is_open)
            open_section(session, section, json);
        size_t told = session->output.size;
        if (!section->next(session, facts))
            close_section(session, section, json);
        else if (session->output.size == told)
            let_the_loop_go_on(session); /* it looks at many things of which there is nothing to tell */
    } else if (listing->form == OUTPUT_JSON) {
        json_out_close(json, '}');
        buffer_add(&session->output, "\n", 1);
    }
    listing->needs_comma = json->needs_comma;
    return section != NULL;
}

/* Asks for the counters of all Child SAs that will be shown, then waits a moment for the answers. */
static void ask_for_counters(struct control_session *session)
{
    struct listing *listing = &session->listing;
    struct control *control = session->control;
    struct child_view view;
    for (unsigned asked = 0; asked < QUERIES_A_PIECE; asked++) {
        if (!listing_next_child(session, &view)) {
            listing->has_counters = true;
            break;
        }
        engine_refresh_counters(control->engine, view.serial);
        listing->has_asked = true;
    }
    if (!listing->has_counters) {
        let_the_loop_go_on(session);
        return;
    }
    listing->is_waiting = listing->has_asked;
    if (listing->is_waiting)
        control->host.wake_later(control->host.context, session->id, COUNTERS_WAIT);
}

bool listing_continue(struct control_session *session)
{
    struct listing *listing = &session->listing;
    if (!listing->has_counters) {
        ask_for_counters(session);
        return true;
    }
    size_t begin = listing->form != OUTPUT_LINES ? session_raw_begin(session) : 0;
    bool more = make_piece(session);
    if (listing->form != OUTPUT_LINES)
        session_raw_end(session, begin);
    return more;
}

bool listing_start(struct control_session *session, const struct list_command *command, const char *name,
                   enum output_form form)
{
    struct listing *listing = &session->listing;
    *listing = (struct listing){.command = command, .form = form, .has_counters = !command->shows_counters};
    if (name == NULL || !command->takes_name)
        return true;
    listing->chosen = engine_view_serials_named(session->control->engine, name, &listing->chosen_count);
    if (listing->chosen != NULL)
        return true;
    session_line(session, RC_UNKNOWN_NAME, "no such connection or aliased connection named \"%s\"", name);
    session_finish(session, RC_UNKNOWN_NAME);
    return false;
}

void listing_end(struct listing *listing)
{
    free(listing->chosen);
    *listing = (struct listing){0};
}

bool listing_next_connection(struct control_session *session, struct connection_view *ret_view)
{
    const struct engine *engine = session->control->engine;
    struct listing *listing = &session->listing;
    if (listing->chosen == NULL) {
        bool found = engine_view_connection(engine, listing->after, ret_view);
        listing->after = found ? ret_view->serial : listing->after;
        return found;
    }
    while (listing->chosen_at < listing->chosen_count)
        if (engine_view_connection_at(engine, listing->chosen[listing->chosen_at++], ret_view))
            return true;
    return false;
}

bool listing_next_child(struct control_session *session, struct child_view *ret_view)
{
    const struct engine *engine = session->control->engine;
    struct listing *listing = &session->listing;
    bool found = false;
    if (listing->chosen == NULL)
        found = engine_view_child(engine, listing->after, ret_view);
    while (!found && listing->chosen_at < listing->chosen_count) {
        found = engine_view_child_of(engine, listing->chosen[listing->chosen_at], listing->after, ret_view);
        if (!found) {
            listing->chosen_at++;
            listing->after = 0;
        }
    }
    listing->after = found ? ret_view->serial : listing->after;
    return found;
}

void put_connection_name(struct facts *facts, const char *name, unsigned instance_number, const char *peer)
{
    char shown[512];
    struct text text = text_of(shown, sizeof(shown));
    facts_text(facts, "connection", name);
    facts_limit(facts, "instance", instance_number ? instance_number : UINT64_MAX, "");
    text_add(&text, "\"%s\"", name);
    if (instance_number != 0)
        text_add(&text, "[%u]", instance_number);
    if (instance_number != 0 && peer != NULL)
        text_add(&text, " %s", peer);
    facts_shown(facts, "name", shown);
}
