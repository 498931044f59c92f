/*
 * Listings: what status, list and traffic commands answer. A command is a list of sections; a section tells
 * of its things one piece after the other, as text in the shapes of Libreswan 4.x or as a JSON document
 * (docs/json.md), so that ten thousand connections never block the loop.
 */
#ifndef STYX_CONTROL_LISTING_H
#define STYX_CONTROL_LISTING_H

#include "control/census.h"
#include "control/facts.h"
#include "engine/view.h"

struct control_session;
struct list_command;

enum {
    LISTING_SCHEMA = 1,
    LISTING_SECTIONS = 16,

    NO_CODE = -1 /* text without a message number */
};

enum output_form {
    OUTPUT_LINES, /* a JSON frame for each line of text */
    OUTPUT_TEXT,  /* raw frames: the text as whack prints it */
    OUTPUT_JSON,  /* raw frames: pieces of one JSON document */
};

/* A listing under way. */
struct listing {
    const struct list_command *command; /* NULL: none */
    enum output_form form;
    bool is_waiting;     /* until control_wake() */
    bool has_asked;      /* the data plane for counters */
    bool has_counters;   /* of the data plane, or does not need them */
    bool is_begun;       /* the document */
    bool is_open;        /* the section */
    bool needs_comma;    /* where the document goes on */
    bool is_after_blank; /* the line before was blank */
    size_t section;
    uint64_t after, after_child; /* how far the section's walk, or two, have come */
    struct census census;
    uint64_t *chosen; /* serials of the only connections to tell of; NULL: all */
    size_t chosen_count, chosen_at;
};

struct list_section {
    const char *name; /* its member of the JSON document */
    bool is_array;
    const char *const *heading, *const *ending; /* lines of text around it, up to NULL; NULL: none */
    /* Tells of the next things, some; false: that was all. A section that is no array tells of one. */
    bool (*next)(struct control_session *session, struct facts *facts);
};

struct list_command {
    const char *name;
    bool shows_counters; /* of Child SAs: the data plane is asked first */
    bool takes_name;
    const struct list_section *const sections[LISTING_SECTIONS];
};

/* By its name; NULL: there is none. */
const struct list_command *list_command_find(const char *name);

/* Begins. False: there is no such connection, which has been said. */
bool listing_start(struct control_session *session, const struct list_command *command, const char *name,
                   enum output_form form);
/* Makes a piece; false: it was the last. */
bool listing_continue(struct control_session *session);
void listing_end(struct listing *listing);

/* At the start of a walk over all connections: it is to go by their names. */
void listing_order(struct control_session *session);
/* The next of all that are asked for; false: there are no more. */
bool listing_next_connection(struct control_session *session, struct connection_view *ret_view);
bool listing_next_child(struct control_session *session, struct child_view *ret_view);

/* "connection", "instance" and, in text, "name": "NAME" or "NAME"[1] 192.0.2.7. `peer` as it is shown; NULL:
 * "NAME"[1] will do. */
void put_connection_name(struct facts *facts, const char *name, unsigned instance_number, const char *peer);

extern const struct list_section section_daemon, section_interfaces, section_platform, section_setup,
    section_esp_algorithms, section_ike_algorithms, section_database, section_connections,
    section_connection_totals, section_totals, section_totals_of_status, section_states,
    section_states_of_status, section_shunts, section_traffic, section_processes, section_fips,
    section_brief_connections, section_public_keys, section_doubtful_public_keys, section_secrets_file,
    section_psks, section_end_certificates, section_ca_certificates, section_crls, section_address_pools,
    section_leases, section_clock, section_events, section_counters, section_loaded, section_loaded_setup;

#endif
