/* Quick Mode: what both roles share. RFC 2409 5.5, RFC 2407 4.6.2. */
#include "engine/ikev1/quick_mode.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/reader.h"
#include "base/secret.h"
#include "engine/child_install.h"
#include "engine/child_text.h"
#include "engine/compression.h"
#include "engine/ikev1/hearing.h"
#include "engine/ikev1/informational.h"
#include "engine/ikev1/lifetimes.h"
#include "engine/ikev1/nat_traversal.h"
#include "engine/login.h"
#include "engine/updown.h"

#define RESPONDER_NEEDS (30 * USEC_PER_MSEC)

static uint32_t kilobytes_of(uint64_t bytes)
{
    if (bytes == UINT64_MAX)
        return 0;
    uint64_t kilobytes = bytes / 1024 + (bytes < 1024);
    return kilobytes < UINT32_MAX ? (uint32_t)kilobytes : UINT32_MAX;
}

struct ikev1_offer quick_mode_offer(const struct ike_sa *ike, const struct connection *connection,
                                    const struct child_sa *child, bool is_responder)
{
    const struct connection_spec *spec = connection->spec;
    const struct algorithm *named = ikev1_first_group(spec->child_proposals);
    const struct algorithm *group = named != NULL ? named : ike->suite.ke;
    return (struct ikev1_offer){
        .list = spec->child_proposals,
        .protocol = spec->protocol,
        .group = !spec->pfs || (is_responder && named != NULL) ? NULL : group,
        .takes_any_group = is_responder && named == NULL,
        .encapsulation_mode = nat_traversal_mode(ike, connection),
        .spi = child != NULL ? child->spi_in : 0,
        .ah_list = spec->ah_proposals,
        .compresses = is_responder ? spec->compress : child != NULL && child->cpi_in != 0,
        .cpi = child != NULL ? child->cpi_in : 0,
        .lifetime_kilobytes = kilobytes_of(spec->ipsec_max_bytes),
        .lifetime_seconds = spec->ipsec_lifetime / USEC_PER_SEC,
    };
}

void quick_mode_take_choice(struct engine *engine, const struct ike_sa *ike, struct quick_mode *quick,
                            const struct ikev1_choice *choice)
{
    struct child_sa *child = quick->child;
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    child->suite = choice->suite;
    child->spi_out = choice->spi;
    child->ah_spi_out = choice->ah_spi;
    child->cpi_out = choice->cpi;
    child->mode = connection->spec->type == TYPE_TRANSPORT ? MODE_TRANSPORT : MODE_TUNNEL;
    child->udp_encapsulation = ike->uses_natt;
    child->has_non_ike_marker = nat_traversal_stays_on_port(engine, ike);
    quick->lifetime_seconds = choice->lifetime_seconds;
    quick->lifetime_kilobytes = choice->lifetime_kilobytes;
    if (choice->cpi == 0)
        compression_drop_cpi(engine, child);
}

bool quick_mode_passes_nat(const struct ike_sa *ike, const struct suite *suite, struct error *error)
{
    bool has_ah = suite->protocol == PROTOCOL_AH || suite->ah_integ != NULL;
    return !ike->uses_natt || !has_ah ||
           error_set(error, V1_NO_PROPOSAL_CHOSEN,
                     "AH does not go through the NAT between the peers; ESP does");
}

bool quick_mode_submit_job(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                           enum job_kind kind, const struct algorithm *ke)
{
    struct job *job = engine_new_job(engine, ike, kind, ke);
    if (job == NULL)
        return false;
    job->child_serial = quick->child->serial;
    if (kind == JOB_KE_DERIVE)
        job->own = quick->child->setup->own;
    if (kind != JOB_KE_GENERATE) {
        job->peer_size = (uint16_t)quick->peer_public.size;
        memcpy(job->peer_public, quick->peer_public.data, quick->peer_public.size);
    }
    quick->job_id = job->job_id;
    engine->env->submit_job(engine->env->world, job);
    return true;
}

/* ---- identities as selectors ---- */

static uint8_t id_type_of(const struct selector *selector, struct ip_prefix *ret_prefix)
{
    bool is_v4 = selector->range.start.family == IP_V4;
    if (address_equal(&selector->range.start, &selector->range.end))
        return is_v4 ? V1_ID_IPV4_ADDR : V1_ID_IPV6_ADDR;
    if (range_is_prefix(&selector->range, ret_prefix))
        return is_v4 ? V1_ID_IPV4_ADDR_SUBNET : V1_ID_IPV6_ADDR_SUBNET;
    return is_v4 ? V1_ID_IPV4_ADDR_RANGE : V1_ID_IPV6_ADDR_RANGE;
}

static void write_mask(struct writer *writer, const struct ip_prefix *prefix)
{
    size_t bytes = address_size(&prefix->address);
    for (size_t i = 0; i < bytes; i++) {
        int bits = (int)prefix->length - (int)(8 * i);
        writer_u8(writer, (uint8_t)(bits >= 8 ? 0xff : bits <= 0 ? 0 : 0xff << (8 - bits)));
    }
}

void quick_mode_build_id(struct message_builder *builder, const struct selector *selector)
{
    struct writer *writer = &builder->writer;
    struct ip_prefix prefix;
    uint8_t type = id_type_of(selector, &prefix);
    size_t size = address_size(&selector->range.start);
    message_build_begin(builder, ISAKMP_ID);
    writer_u8(writer, type);
    writer_u8(writer, selector->protocol);
    writer_u16(writer, selector->port_start == selector->port_end ? selector->port_start : 0);
    writer_bytes(writer, bytes_of(selector->range.start.bytes, size));
    if (type == V1_ID_IPV4_ADDR_SUBNET || type == V1_ID_IPV6_ADDR_SUBNET)
        write_mask(writer, &prefix);
    else if (type == V1_ID_IPV4_ADDR_RANGE || type == V1_ID_IPV6_ADDR_RANGE)
        writer_bytes(writer, bytes_of(selector->range.end.bytes, size));
    message_build_end(builder);
}

static bool read_mask(struct bytes mask, uint8_t *ret_length)
{
    unsigned length = 0;
    bool has_ended = false;
    for (size_t i = 0; i < 8 * mask.size; i++) {
        bool is_set = (mask.data[i / 8] >> (7 - i % 8)) & 1;
        if (is_set && has_ended)
            return false;
        has_ended = !is_set;
        length += is_set;
    }
    *ret_length = (uint8_t)length;
    return true;
}

static bool read_range(const struct ikev1_id *id, struct ip_range *out)
{
    bool is_v4 = id->kind == V1_ID_IPV4_ADDR || id->kind == V1_ID_IPV4_ADDR_SUBNET ||
                 id->kind == V1_ID_IPV4_ADDR_RANGE;
    bool is_host = id->kind == V1_ID_IPV4_ADDR || id->kind == V1_ID_IPV6_ADDR;
    bool is_subnet = id->kind == V1_ID_IPV4_ADDR_SUBNET || id->kind == V1_ID_IPV6_ADDR_SUBNET;
    bool is_range = id->kind == V1_ID_IPV4_ADDR_RANGE || id->kind == V1_ID_IPV6_ADDR_RANGE;
    enum ip_family family = is_v4 ? IP_V4 : IP_V6;
    size_t size = is_v4 ? 4 : 16;
    struct reader reader = reader_of(id->data);
    struct bytes first = reader_bytes(&reader, size);
    struct bytes second = reader_bytes(&reader, is_host ? 0 : size);
    if (!(is_host || is_subnet || is_range) || reader.failed || reader.left != 0)
        return false;
    out->start = out->end = address_of_bytes(family, first.data);
    if (is_range)
        out->end = address_of_bytes(family, second.data);
    struct ip_prefix prefix = {.address = out->start};
    if (is_subnet && !read_mask(second, &prefix.length))
        return false;
    if (is_subnet)
        *out = range_of_prefix(&prefix);
    return address_compare(&out->start, &out->end) <= 0;
}

bool quick_mode_read_id(const struct ikev1_id *id, struct selector *out, struct error *error)
{
    *out = (struct selector){.protocol = id->protocol, .port_start = id->port, .port_end = id->port};
    if (id->port == 0)
        out->port_end = UINT16_MAX;
    return read_range(id, &out->range) ||
           error_set(error, V1_INVALID_ID_INFORMATION, "identity of type %u and %zu bytes names no network",
                     id->kind, id->data.size);
}

bool quick_mode_is_port_of(const struct selector *one, const struct selector *any_port)
{
    return any_port->protocol != 0 && any_port->port_start == 0 && any_port->port_end == UINT16_MAX &&
           one->protocol == any_port->protocol && one->port_start == one->port_end &&
           address_equal(&one->range.start, &any_port->range.start) &&
           address_equal(&one->range.end, &any_port->range.end);
}

/* ---- keys ---- */

static struct bytes own_nonce(const struct quick_mode *quick)
{
    return bytes_of(quick->child->setup->nonce, NONCE_SIZE);
}

struct bytes quick_nonce_i(const struct quick_mode *quick)
{
    return quick->is_initiator ? own_nonce(quick) : owned_bytes(&quick->peer_nonce);
}

struct bytes quick_nonce_r(const struct quick_mode *quick)
{
    return quick->is_initiator ? owned_bytes(&quick->peer_nonce) : own_nonce(quick);
}

/* KEYMAT of one direction: each protocol has its own, after its number and SPI (RFC 2409 5.5). */
static bool derive(const struct ike_sa *ike, const struct quick_mode *quick, struct bytes shared_secret,
                   uint32_t spi, uint32_t ah_spi, uint8_t *out)
{
    const struct suite *suite = &quick->child->suite;
    size_t ah_size = child_ah_keymat_size(suite), size = child_keymat_size(suite) / 2 - ah_size;
    struct ikev1_keymat_inputs inputs = {
        .shared_secret = shared_secret,
        .protocol = suite->protocol,
        .spi = spi,
        .nonce_i = quick_nonce_i(quick),
        .nonce_r = quick_nonce_r(quick),
    };
    if (!ikev1_keymat(ike->suite.prf, ike->v1->keys.skeyid_d, &inputs, out, size))
        return false;
    inputs.protocol = PROTOCOL_AH;
    inputs.spi = ah_spi;
    return ah_size == 0 || ikev1_keymat(ike->suite.prf, ike->v1->keys.skeyid_d, &inputs, out + size, ah_size);
}

/* The SA that the responder receives on carries what the initiator sends. */
bool quick_mode_install(struct engine *engine, const struct ike_sa *ike, struct quick_mode *quick,
                        struct bytes shared_secret)
{
    struct child_sa *child = quick->child;
    uint8_t keymat[CHILD_KEYMAT_MAX];
    size_t half = child_keymat_size(&child->suite) / 2;
    uint8_t *inbound = quick->is_initiator ? keymat + half : keymat;
    uint8_t *outbound = quick->is_initiator ? keymat : keymat + half;
    bool ok = child->selectors != NULL &&
              derive(ike, quick, shared_secret, child->spi_in, child->spi_in, inbound) &&
              derive(ike, quick, shared_secret, child->spi_out, child->ah_spi_out, outbound);
    child->agreed_bytes = (uint64_t)quick->lifetime_kilobytes * 1024;
    if (ok)
        child_install(engine, child, keymat, quick->is_initiator);
    secret_wipe(keymat, sizeof(keymat));
    return ok;
}

/* ---- the end ---- */

static void announce(struct engine *engine, const struct ike_sa *ike, const struct child_sa *child,
                     uint64_t client)
{
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    char line[512], remote[ENDPOINT_TEXT_SIZE];
    struct text text = text_of(line, sizeof(line));
    text_add(&text, "IPsec SA established %s mode {", child->mode == MODE_TUNNEL ? "tunnel" : "transport");
    child_describe_protocols(&text, child, false);
    if (child->udp_encapsulation)
        text_add(&text, " NATOA=none NATD=%s", endpoint_text(&ike->path.remote, remote));
    const char *user = login_user(ike);
    text_add(&text, " DPD=%s%s%s}", connection->spec->dpd_delay ? "active" : "passive",
             user[0] != '\0' ? " username=" : "", user);
    say_child(engine, RC_SUCCESS, child, client, "%s", line);
}

/* Many responders have their SAs only some time after QM3. Packets that wait in a trap may as well wait that
 * long; nobody notices, and the first one is not lost. */
static void lead_packets(struct engine *engine, const struct quick_mode *quick)
{
    struct child_sa *child = quick->child;
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    if (quick->is_initiator && connection->routing == ROUTING_NEGOTIATING)
        engine_timer_arm(engine, &child->switch_timer, engine_now(engine) + RESPONDER_NEEDS);
    else
        child_take_policy(engine, child);
}

void quick_mode_established(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick)
{
    struct child_sa *child = quick->child;
    uint64_t client = child->client, serial = child->serial;
    quick->state = quick->is_initiator ? STATE_QUICK_I2 : STATE_QUICK_R2;
    child->client = 0;
    quick_has_asked(engine, quick);
    lead_packets(engine, quick);
    lifecycle_child_is_up(engine, child);
    lifetimes_arm_child(engine, child, quick->lifetime_seconds);
    quick_drop_inputs(engine, quick);
    child_drop_setup(engine, child);
    announce(engine, ike, child, client);
    struct connection *connection = connection_by_serial(engine, child->connection_serial);
    say_event(engine, EVENT_CHILD_UP, connection->spec->name, ike->serial, child->serial, "");
    lifetimes_child_replaces(engine, child);
    updown_finish_client(engine, connection, client);
    if ((child = child_by_serial(engine, serial)) != NULL && child->is_unwanted)
        child_delete(engine, child, 0);
}

static void fail(struct engine *engine, struct child_sa *child, enum failure_kind kind, int code,
                 const char *text)
{
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    uint64_t client = child->client;
    const char *cause = failure_keep(engine, connection, ike_by_serial(engine, child->ike_serial),
                                     child->we_initiated, kind, 0, text);
    say_child(engine, code, child, client, "%s", text);
    if (cause != NULL)
        say_child(engine, code, child, client, "%s", cause);
    say_event(engine, EVENT_FAILED, connection->spec->name, child->ike_serial, child->serial, text);
    child->client = 0;
    child_destroy(engine, child);
    finish_client(engine, client, code);
}

void quick_mode_fail(struct engine *engine, struct child_sa *child, int code, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fail(engine, child, FAILURE_OTHER, code, text);
}

void quick_mode_fail_because(struct engine *engine, struct child_sa *child, enum failure_kind kind, int code,
                             const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fail(engine, child, kind, code, text);
}

void quick_mode_retransmit(struct engine *engine, struct child_sa *child)
{
    struct quick_mode *quick = child->quick;
    struct ike_sa *ike = ike_by_serial(engine, child->ike_serial);
    uint64_t ike_serial = child->ike_serial;
    unsigned waited;
    if (quick == NULL)
        return;
    if (child->state != CHILD_STATE_LARVAL) {
        if (!hearing_goes_on(engine, child)) /* the other side has had time to ask again */
            quick_drop(engine, child);
        return;
    }
    if (hearing_waits(engine, child))
        return;
    usec_t interval = quick->exchange.retransmit_interval;
    switch (ikev1_retransmit(engine, ike, &quick->exchange, &quick->retransmit_timer, &waited)) {
    case RETRANSMIT_GIVE_UP:
        ike->request_first_sent = quick->exchange.first_sent; /* for the record of the failure */
        ike->retransmits = quick->exchange.retransmits;
        if (child->is_installed) /* the peer may have taken our answer, and its own word have been lost */
            ikev1_disown_child(engine, ike, child);
        quick_mode_fail_because(engine, child, FAILURE_NO_ANSWER, RC_NORETRANSMISSION,
                                "%s: %u second timeout exceeded after %u retransmits.  No response (or no "
                                "acceptable response) to our Quick Mode message",
                                ikev1_state_name(quick->state), waited, quick->exchange.retransmits);
        ike = ike_by_serial(engine, ike_serial);
        if (ike != NULL && ike->v1->is_unconfirmed) /* the peer never took phase 1 for done */
            ikev1_delete_ike(engine, ike, 0);
        break;
    case RETRANSMITTED:
        quick->last_repeated = engine_now(engine);
        if (child->is_installed)
            child_query(engine, child);
        say_child(engine, RC_RETRANSMISSION, child, child->client,
                  "%s: retransmission; will wait %g seconds for response", ikev1_state_name(quick->state),
                  (double)interval / (double)USEC_PER_SEC);
        break;
    case RETRANSMIT_SUPPRESSED:
        break;
    }
}
