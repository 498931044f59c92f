/* --addresspoolstatus: the pools of addresses for road warriors, and who has which. */
#include "control/lease_text.h"
#include "control/listing.h"
#include "control/session.h"
#include "engine/identity.h"

enum { POOLS_A_PIECE = 128, LEASES_A_PIECE = 256 };

static const char *const pool_lines[] = {
    "address pool {range}: {size} addresses, {leases} leases, {in_use} in-use, {free} free ({unused} unused, "
    "{lingering} reusable)",
};
static const struct text_form pool_form = TEXT_FORM(RC_COMMENT, pool_lines);

static const char *const lease_lines[] = {
    "  lease {address}{is_in_use? in use by}{!is_in_use? was held by} {holder}{shared_by?, {shared_by} "
    "connections}",
};
static const struct text_form lease_form = TEXT_FORM(RC_COMMENT, lease_lines);

static bool next_pools(struct control_session *session, struct facts *facts)
{
    struct listing *listing = &session->listing;
    struct pool_view view;
    char range[RANGE_TEXT_SIZE];
    for (int i = 0; i < POOLS_A_PIECE; i++) {
        if (!engine_view_pool(session->control->engine, listing->after, &view))
            return false;
        listing->after = view.serial;
        uint64_t leases = view.in_use + view.lingering;
        facts_begin(facts, NULL, &pool_form);
        facts_number(facts, "serial", view.serial);
        facts_text(facts, "range", range_text(&view.range, range));
        facts_number(facts, "lease_length", view.lease_length);
        facts_number(facts, "size", view.size);
        facts_number(facts, "leases", leases);
        facts_number(facts, "in_use", view.in_use);
        facts_number(facts, "free", view.size - view.in_use);
        facts_number(facts, "unused", view.size - leases);
        facts_number(facts, "lingering", view.lingering);
        facts_number(facts, "connections", view.connections);
        facts_end(facts);
    }
    return true;
}

/* Who has no name that could come again is nobody in particular. */
static const char *holder_text(struct bytes holder, char out[static IDENTITY_TEXT_SIZE])
{
    struct identity id;
    if (holder.size > 1 && holder.data[0] == ID_NONE) { /* who has logged in */
        struct text text = text_of(out, IDENTITY_TEXT_SIZE);
        text_add_escaped(&text, bytes_of(holder.data + 1, holder.size - 1));
        return out;
    }
    if (holder.size == 0 ||
        !identity_of_wire(holder.data[0], bytes_of(holder.data + 1, holder.size - 1), &id, NULL))
        return NULL;
    identity_text(&id, out);
    identity_free(&id);
    return out;
}

/* A host without the length that says so. */
static const char *address_of(const struct ip_prefix *leased, char out[static LEASE_TEXT_SIZE])
{
    bool is_host = leased->address.family == IP_V4 && leased->length == 32;
    return is_host ? address_text(&leased->address, out) : prefix_text(leased, out);
}

static bool next_leases(struct control_session *session, struct facts *facts)
{
    struct listing *listing = &session->listing;
    struct lease_view view;
    char address[LEASE_TEXT_SIZE], holder[IDENTITY_TEXT_SIZE];
    for (int i = 0; i < LEASES_A_PIECE; i++) {
        if (!engine_view_lease(session->control->engine, listing->after, &view))
            return false;
        listing->after = view.serial;
        facts_begin(facts, NULL, &lease_form);
        facts_number(facts, "serial", view.serial);
        facts_number(facts, "pool_serial", view.pool_serial);
        facts_text(facts, "address", address_of(&view.address, address));
        facts_bool(facts, "is_in_use", view.users > 0);
        facts_limit(facts, "shared_by", view.users > 1 ? view.users : UINT64_MAX, "");
        facts_text_or(facts, "holder", holder_text(view.holder, holder), "an unknown peer");
        facts_end(facts);
    }
    return true;
}

const struct list_section section_address_pools = {
    .name = "address_pools", .is_array = true, .next = next_pools};
const struct list_section section_leases = {.name = "leases", .is_array = true, .next = next_leases};
