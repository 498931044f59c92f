/* A Child SA in the data plane: its two SAs, and its connection's outbound policy. */
#include "engine/child_install.h"

#include "base/secret.h"
#include "engine/compression.h"
#include "engine/connection.h"
#include "engine/farewell.h"
#include "engine/ike_trace.h"
#include "engine/per_cpu.h"
#include "engine/routing.h"
#include "engine/sa.h"

static size_t encr_key_size(const struct suite *suite)
{
    return suite->encr ? packet_encr_key_size(suite->encr, suite->encr_key_bits) : 0;
}

static size_t integ_key_size(const struct suite *suite)
{
    return suite->integ ? packet_integ_key_size(suite->integ) : 0;
}

size_t child_ah_keymat_size(const struct suite *suite)
{
    return suite->ah_integ ? packet_integ_key_size(suite->ah_integ) : 0;
}

size_t child_keymat_size(const struct suite *suite)
{
    return 2 * (encr_key_size(suite) + integ_key_size(suite) + child_ah_keymat_size(suite));
}

uint64_t child_max_bytes(const struct engine *engine, const struct child_sa *child)
{
    uint64_t ours = connection_by_serial(engine, child->connection_serial)->spec->ipsec_max_bytes;
    return child->agreed_bytes != 0 && child->agreed_bytes < ours ? child->agreed_bytes : ours;
}

static void send_request(struct engine *engine, const struct kernel_request *request)
{
    engine->env->kernel_request(engine->env->world, request);
}

/* The soft limit leaves room to rekey: an eighth of the hard one, twice that at random. */
static uint64_t soft_limit(struct engine *engine, uint64_t hard)
{
    uint64_t random;
    if (hard == UINT64_MAX || hard == 0)
        return UINT64_MAX;
    engine_random(engine, &random, sizeof(random));
    return hard - hard / 8 - random % (hard / 8 + 1);
}

uint32_t child_reqid(const struct connection *connection)
{
    return connection->spec->reqid ? connection->spec->reqid : (uint32_t)(16384 + connection->serial * 4);
}

/* sha2-truncbug=: kernels of old and what imitates them send 96 bits of a hash for which 128 were agreed on.
 */
static const struct algorithm *integrity_of(const struct connection_spec *spec,
                                            const struct algorithm *agreed)
{
    bool is_cut = agreed != NULL && spec->sha2_truncbug && agreed->id == INTEG_HMAC_SHA2_256_128;
    return is_cut ? algorithm_by_id(TRANSFORM_INTEG, INTEG_HMAC_SHA2_256_TRUNCBUG) : agreed;
}

/* Only tunnel mode can pad behind the packet (RFC 4303 2.7), and only for a peer that can take it off. */
static uint32_t padding_of(const struct connection_spec *spec, const struct child_sa *child,
                           enum sa_direction direction)
{
    bool is_possible = direction == SA_OUTBOUND && child->mode == MODE_TUNNEL &&
                       child->suite.protocol == PROTOCOL_ESP && !child->peer_refuses_tfc;
    return is_possible ? spec->tfc_pad : 0;
}

static struct kernel_sa describe(const struct engine *engine, const struct child_sa *child,
                                 enum sa_direction direction)
{
    const struct ike_sa *ike = ike_by_serial(engine, child->ike_serial);
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    const struct connection_spec *spec = connection->spec;
    bool is_inbound = direction == SA_INBOUND;
    uint32_t ah_spi = is_inbound ? child->spi_in : child->ah_spi_out;
    uint16_t cpi = is_inbound ? child->cpi_in : child->cpi_out;
    return (struct kernel_sa){
        .child_serial = child->serial,
        .direction = direction,
        .protocol = child->suite.protocol,
        .mode = child->mode,
        .spi = is_inbound ? child->spi_in : child->spi_out,
        .local = ike->path.local,
        .remote = ike->path.remote,
        .udp_encapsulation = child->udp_encapsulation,
        .has_non_ike_marker = child->has_non_ike_marker,
        .tcp_encapsulation = child->tcp_encapsulation,
        .esn = child->suite.esn,
        .decap_dscp = spec->decap_dscp,
        .encap_dscp = spec->encap_dscp,
        .nopmtudisc = spec->nopmtudisc,
        .encr = child->suite.encr,
        .encr_key_bits = child->suite.encr_key_bits,
        .integ = integrity_of(spec, child->suite.integ),
        .compression_cpi = child_compresses(child) ? cpi : 0,
        .outer_ah_spi = child->suite.ah_integ != NULL ? ah_spi : 0,
        .ah_integ = integrity_of(spec, child->suite.ah_integ),
        .tfc_pad = padding_of(spec, child, direction),
        .nic_offload = spec->nic_offload,
        .replay_window = spec->replay_window,
        .reqid = child_reqid(connection),
        .has_cpu = child->has_cpu && !is_inbound,
        .cpu = child->cpu,
        .interface_id = tunnel_interface_id(&spec->interface),
        .serves_interface = tunnel_interface_is_any(&spec->interface),
        .local_selectors = child->selectors,
        .local_count = child->local_count,
        .remote_selectors = child_remote_selectors(child),
        .remote_count = child->remote_count,
        .soft_bytes = UINT64_MAX,
        .soft_packets = UINT64_MAX,
        .hard_bytes = UINT64_MAX,
        .hard_packets = UINT64_MAX,
    };
}

static void add_sa(struct engine *engine, const struct child_sa *child, enum sa_direction direction,
                   const uint8_t *key)
{
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    struct kernel_sa sa = describe(engine, child, direction);
    const struct suite *suite = &child->suite;
    size_t encr_size = encr_key_size(suite);
    memcpy(sa.encr_key, key, encr_size);
    memcpy(sa.integ_key, key + encr_size, integ_key_size(suite));
    memcpy(sa.ah_integ_key, key + encr_size + integ_key_size(suite), child_ah_keymat_size(suite));
    sa.hard_bytes = child_max_bytes(engine, child);
    sa.hard_packets = connection->spec->ipsec_max_packets;
    sa.soft_bytes = soft_limit(engine, sa.hard_bytes);
    sa.soft_packets = soft_limit(engine, sa.hard_packets);
    send_request(engine, &(struct kernel_request){
                             .request_id = child->serial,
                             .operation = KERNEL_SA_ADD,
                             .sa = &sa,
                         });
    secret_wipe(&sa, sizeof(sa));
}

/* Of SAs that the policy tells apart by CPU, not by SPI. */
static bool takes_over_at_once(const struct child_sa *child)
{
    return child->has_cpu || (child->allows_clones && child->replaces_serial != 0);
}

static bool hold(struct engine *engine, struct child_sa *child, const uint8_t *key)
{
    return owned_set(engine, &child->memory_bytes, &child->held_key,
                     bytes_of(key, child_keymat_size(&child->suite) / 2));
}

static bool is_held(const struct child_sa *child, int direction)
{
    return direction == SA_OUTBOUND && child->held_key.size != 0;
}

void child_install(struct engine *engine, struct child_sa *child, const uint8_t *keymat, bool we_initiated)
{
    trace_bytes(engine, ike_by_serial(engine, child->ike_serial), DEBUG_PRIVATE, "KEYMAT",
                bytes_of(keymat, child_keymat_size(&child->suite)));
    const uint8_t *from_initiator = keymat;
    const uint8_t *from_responder = keymat + child_keymat_size(&child->suite) / 2;
    add_sa(engine, child, SA_INBOUND, we_initiated ? from_responder : from_initiator);
    const uint8_t *outbound = we_initiated ? from_initiator : from_responder;
    if (!takes_over_at_once(child) || we_initiated || !hold(engine, child, outbound))
        add_sa(engine, child, SA_OUTBOUND, outbound);
    child->is_installed = true;
}

void child_begin_to_send(struct engine *engine, struct child_sa *child)
{
    if (child->held_key.size == 0)
        return;
    add_sa(engine, child, SA_OUTBOUND, child->held_key.data);
    owned_clear(engine, &child->memory_bytes, &child->held_key);
    per_cpu_follow(engine, connection_by_serial(engine, child->connection_serial));
}

void child_take_policy(struct engine *engine, struct child_sa *child)
{
    struct connection *connection = connection_by_serial(engine, child->connection_serial);
    engine_timer_cancel(engine, &child->switch_timer);
    child_begin_to_send(engine, child);
    if (connection->policy_child_serial == child->serial)
        return;
    routing_protect(engine, connection, child);
}

void child_uninstall(struct engine *engine, struct child_sa *child)
{
    if (!child->is_installed)
        return;
    struct connection *connection = connection_by_serial(engine, child->connection_serial);
    if (connection->policy_child_serial == child->serial)
        routing_lost(engine, connection, child);
    farewell_begin(engine, child);
    for (int direction = SA_INBOUND; direction <= SA_OUTBOUND && !is_held(child, direction); direction++) {
        struct kernel_sa sa = describe(engine, child, (enum sa_direction)direction);
        send_request(engine, &(struct kernel_request){.operation = KERNEL_SA_DELETE, .sa = &sa});
    }
    owned_clear(engine, &child->memory_bytes, &child->held_key);
    child->is_installed = false;
}

void child_follow_path(struct engine *engine, struct child_sa *child)
{
    if (!child->is_installed)
        return;
    for (int direction = SA_INBOUND; direction <= SA_OUTBOUND && !is_held(child, direction); direction++) {
        struct kernel_sa sa = describe(engine, child, (enum sa_direction)direction);
        send_request(engine, &(struct kernel_request){.operation = KERNEL_SA_MOVE, .sa = &sa});
    }
}

void child_query(struct engine *engine, const struct child_sa *child)
{
    send_request(engine,
                 &(struct kernel_request){.operation = KERNEL_SA_QUERY, .child_serial = child->serial});
}

void child_query_last(struct engine *engine, const struct child_sa *child)
{
    send_request(engine, &(struct kernel_request){.operation = KERNEL_SA_QUERY,
                                                  .request_id = child->serial,
                                                  .child_serial = child->serial});
}
