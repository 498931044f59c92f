#include "tools/conf_audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proposal/proposal.h"

enum {
    OVERLAPS_SHOWN = 50,
    NEIGHBOURS_COMPARED = 256, /* of one network, in the order of addresses */
    PSK_SIZE_SAFE = 16,        /* bytes; shorter ones can be guessed by whoever records one handshake */
};

static void report(const struct audit *audit, enum audit_severity severity, const char *file, uint32_t line,
                   uint32_t column, const char *hint, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

static void report(const struct audit *audit, enum audit_severity severity, const char *file, uint32_t line,
                   uint32_t column, const char *hint, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    audit->report(audit->user, &(struct audit_finding){severity, file, line, column, text, hint});
}

/* Where the connection says this keyword; its header if it does not. */
static struct conf_place place_of(const struct audit *audit, size_t index, const char *keyword,
                                  enum keyword_end end)
{
    size_t count = 0;
    struct conf_place place = conf_conn_place(audit->conf, index);
    struct conf_option *options = conf_conn_options(audit->conf, index, &count, NULL);
    for (size_t i = 0; i < count; i++)
        if (options[i].end == end && strcmp(options[i].keyword->name, keyword) == 0)
            place = options[i].place;
    free(options);
    return place;
}

/* ---- whose end is whose ---- */

static bool is_own(const struct audit *audit, const struct end_spec *end)
{
    for (size_t i = 0; i < audit->own_count; i++)
        if (end->host_kind == HOST_ADDRESS && address_equal(&audit->own[i], &end->host))
            return true;
    return false;
}

static bool is_own_by_definition(const struct end_spec *end)
{
    return end->host_kind == HOST_DEFAULTROUTE || end->host_kind == HOST_INTERFACE;
}

static void audit_orientation(const struct audit *audit, size_t index, const struct connection_spec *spec)
{
    const char *name = conf_conn_name(audit->conf, index);
    bool left = is_own(audit, &spec->left), right = is_own(audit, &spec->right);
    bool is_certain = spec->left.host_kind != HOST_NAME && spec->right.host_kind != HOST_NAME &&
                      !is_own_by_definition(&spec->left) && !is_own_by_definition(&spec->right);
    struct conf_place place = place_of(audit, index, "", END_LEFT);
    if (audit->own == NULL || !is_certain)
        return;
    if (left && right)
        report(audit, AUDIT_ERROR, place.source->path, place.line, place.column,
               "the other end must be the peer's address",
               "conn \"%s\": both left= and right= are addresses of this host", name);
    else if (!left && !right)
        report(audit, AUDIT_WARNING, place.source->path, place.line, place.column,
               "one end must be an address of this host, or %defaultroute; it may still come up later",
               "conn \"%s\": neither left= nor right= is an address of this host", name);
}

/* ---- secrets ---- */

static struct identity id_of(const struct end_spec *end)
{
    if (end->id.kind != ID_NONE)
        return identity_copy(&end->id);
    return address_is_set(&end->host) ? identity_of_address(&end->host) : (struct identity){0};
}

static bool is_known(const struct end_spec *end, const struct identity *id)
{
    return id->kind != ID_NONE && !end->id_is_any;
}

static void audit_secret(const struct audit *audit, size_t index, const struct connection_spec *spec)
{
    bool is_psk = ((spec->left.auth | spec->right.auth) & AUTH_PSK) != 0 &&
                  ((spec->left.auth & spec->right.auth) & AUTH_SIGNATURES) == 0;
    struct identity left = id_of(&spec->left), right = id_of(&spec->right);
    struct error error;
    bool is_certain = is_known(&spec->left, &left) && is_known(&spec->right, &right);
    if (is_psk && is_certain &&
        secrets_find_psk(audit->secrets, &left, &right, &spec->left.host, &spec->right.host, &error) ==
            NULL &&
        secrets_find_psk(audit->secrets, &right, &left, &spec->right.host, &spec->left.host, &error) ==
            NULL) {
        struct conf_place place = place_of(audit, index, "authby", END_NONE);
        char mine[IDENTITY_TEXT_SIZE], other[IDENTITY_TEXT_SIZE], hint[512];
        snprintf(hint, sizeof(hint), "%.120s needs a line: %.150s %.150s : PSK \"...\"", audit->secrets_file,
                 identity_text(&left, mine), identity_text(&right, other));
        report(audit, AUDIT_ERROR, place.source->path, place.line, place.column, hint,
               "conn \"%s\": no secret for '%.200s' and '%.200s'", conf_conn_name(audit->conf, index), mine,
               other);
    }
    identity_free(&left);
    identity_free(&right);
}

void conf_audit_secrets(const struct audit *audit)
{
    for (size_t i = 0; audit->secrets != NULL && i < audit->secrets->count; i++) {
        const struct secret_entry *entry = &audit->secrets->entries[i];
        if (entry->key_size < PSK_SIZE_SAFE)
            report(audit, AUDIT_WARNING, entry->origin, 0, 0, "openssl rand -base64 33 makes a better one",
                   "a pre-shared key of %zu bytes can be guessed", entry->key_size);
    }
}

/* ---- algorithms ---- */

static const char *weakness_of(const struct transform *transform)
{
    static const struct {
        enum transform_type type;
        uint16_t id;
        const char *why;
    } weak[] = {
        {TRANSFORM_ENCR, ENCR_3DES, "3DES has blocks of 64 bits, which collide after a few gigabytes"},
        {TRANSFORM_ENCR, ENCR_NULL, "no encryption"},
        {TRANSFORM_ENCR, ENCR_NULL_AUTH_AES_GMAC, "no encryption"},
        {TRANSFORM_ENCR, 2, "DES is broken"},
        {TRANSFORM_INTEG, 1, "MD5 is broken"},
        {TRANSFORM_PRF, 1, "MD5 is broken"},
        {TRANSFORM_INTEG, INTEG_HMAC_SHA1_96, "SHA-1 is outdated"},
        {TRANSFORM_PRF, PRF_HMAC_SHA1, "SHA-1 is outdated"},
        {TRANSFORM_KE, 1, "a group of 768 bits is broken"},
        {TRANSFORM_KE, 2, "a group of 1024 bits can be broken by the strong"},
        {TRANSFORM_KE, 5, "a group of 1536 bits is too small"},
        {TRANSFORM_KE, 22, "this group has subgroups and 1024 bits"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(weak); i++)
        if (weak[i].type == transform->type && weak[i].id == transform->id)
            return weak[i].why;
    return NULL;
}

static void audit_proposals(const struct audit *audit, size_t index, const struct proposal_list *list,
                            const char *keyword)
{
    struct conf_place place = place_of(audit, index, keyword, END_NONE);
    if (list == NULL)
        return;
    for (size_t p = 0; p < list->count; p++) {
        for (size_t t = 0; t < list->proposals[p].transform_count; t++) {
            const struct transform *transform = &list->proposals[p].transforms[t];
            const char *why = weakness_of(transform);
            const struct algorithm *algorithm =
                algorithm_by_id((enum transform_type)transform->type, transform->id);
            if (why == NULL)
                continue;
            report(audit, AUDIT_WARNING, place.source->path, place.line, place.column,
                   "aes_gcm256-sha2_512-dh31 is safe and fast", "conn \"%s\": %s= allows %s: %s",
                   conf_conn_name(audit->conf, index), keyword, algorithm ? algorithm->name : "it", why);
            return;
        }
    }
}

static bool says(const struct audit *audit, size_t index, const char *keyword)
{
    size_t count = 0;
    bool is_said = false;
    struct conf_option *options = conf_conn_options(audit->conf, index, &count, NULL);
    for (size_t i = 0; i < count; i++)
        is_said = is_said || strcmp(options[i].keyword->name, keyword) == 0;
    free(options);
    return is_said;
}

void conf_audit_connection(const struct audit *audit, size_t index, const struct connection_spec *spec)
{
    if (connection_spec_is_shunt(spec))
        return;
    audit_orientation(audit, index, spec);
    audit_secret(audit, index, spec);
    if (says(audit, index, "ike"))
        audit_proposals(audit, index, spec->ike_proposals, "ike");
    const char *child = spec->protocol == PROTOCOL_AH ? "ah" : "esp";
    if (says(audit, index, child))
        audit_proposals(audit, index, spec->child_proposals, child);
}

/* ---- sections ---- */

void conf_audit_sections(const struct audit *audit)
{
    for (size_t i = 0; i < conf_conn_count(audit->conf); i++) {
        struct conf_place place = conf_conn_place(audit->conf, i);
        if (conf_conn_is_template(audit->conf, i) && !conf_conn_is_taken_over(audit->conf, i))
            report(audit, AUDIT_WARNING, place.source->path, place.line, 0,
                   "name it in an also=, give it left= and right=, or take it out",
                   "conn \"%s\" has not both ends, and no also= names it", conf_conn_name(audit->conf, i));
    }
}

/* ---- networks that overlap ---- */

struct span {
    const struct connection_spec *spec;
    struct selector one, other;
};

static int compare_span(const void *a, const void *b)
{
    return address_compare(&((const struct span *)a)->one.range.start,
                           &((const struct span *)b)->one.range.start);
}

static size_t add_spans(struct span *spans, const struct connection_spec *spec)
{
    size_t count = 0;
    for (size_t l = 0; l < spec->left.client_count; l++)
        for (size_t r = 0; r < spec->right.client_count; r++)
            spans[count++] = (struct span){spec, spec->left.clients[l], spec->right.clients[r]};
    return count;
}

static struct span *make_spans(struct connection_spec *const *specs, size_t count, size_t *ret_count)
{
    size_t total = 1;
    for (size_t i = 0; i < count; i++)
        if (specs[i] != NULL)
            total += specs[i]->left.client_count * specs[i]->right.client_count;
    struct span *spans = calloc(total, sizeof(*spans));
    *ret_count = 0;
    for (size_t i = 0; spans != NULL && i < count; i++)
        if (specs[i] != NULL)
            *ret_count += add_spans(spans + *ret_count, specs[i]);
    return spans;
}

/* Two ways to one network at two different peers; those of one peer are several roads of one tunnel. */
static bool conflicts(const struct span *a, const struct span *b)
{
    struct selector common;
    bool is_other_peer = !address_equal(&a->spec->left.host, &b->spec->left.host) ||
                         !address_equal(&a->spec->right.host, &b->spec->right.host);
    return is_other_peer && a->spec != b->spec && selector_intersect(&a->one, &b->one, &common) &&
           selector_intersect(&a->other, &b->other, &common) && a->spec->priority == b->spec->priority;
}

static void report_overlap(const struct audit *audit, const struct span *a, const struct span *b)
{
    char one[SELECTOR_TEXT_SIZE], other[SELECTOR_TEXT_SIZE];
    size_t index = 0;
    conf_conn_find(audit->conf, b->spec->name, &index);
    struct conf_place place = place_of(audit, index, "subnet", END_RIGHT);
    report(
        audit, AUDIT_WARNING, place.source->path, place.line, place.column,
        "packets go where the narrower network is, else where priority= says; one of them may never be used",
        "conn \"%s\": %s === %s overlaps with conn \"%s\", which has another peer", b->spec->name,
        selector_text(&b->one, one), selector_text(&b->other, other), a->spec->name);
}

void conf_audit_overlaps(const struct audit *audit, struct connection_spec *const *specs, size_t count)
{
    size_t span_count, shown = 0;
    struct span *spans = make_spans(specs, count, &span_count);
    if (spans == NULL)
        return;
    qsort(spans, span_count, sizeof(*spans), compare_span);
    for (size_t i = 0; i < span_count && shown < OVERLAPS_SHOWN; i++) {
        for (size_t j = i + 1; j < span_count && j <= i + NEIGHBOURS_COMPARED && shown < OVERLAPS_SHOWN;
             j++) {
            if (address_compare(&spans[j].one.range.start, &spans[i].one.range.end) > 0)
                break;
            if (!conflicts(&spans[i], &spans[j]))
                continue;
            report_overlap(audit, &spans[i], &spans[j]);
            shown++;
        }
    }
    free(spans);
}

/* ---- files ---- */

void conf_audit_file_mode(const struct audit *audit, const char *path, bool is_secret)
{
    struct stat status;
    if (stat(path, &status) != 0) /* that was told when it was to be read */
        return;
    if (is_secret && (status.st_mode & 077) != 0)
        report(audit, AUDIT_ERROR, path, 0, 0, "chmod 600", "others than its owner can read it (mode %03o)",
               (unsigned)status.st_mode & 0777);
    if ((status.st_mode & 022) != 0)
        report(audit, AUDIT_ERROR, path, 0, 0, "chmod go-w", "others than its owner can write it (mode %03o)",
               (unsigned)status.st_mode & 0777);
}
