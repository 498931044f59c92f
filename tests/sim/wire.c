/* Watching the wire: naming messages, losing the ones that a scenario names, keeping records, injecting. */
#include <stdio.h>
#include <stdlib.h>

#include "world.h"

static const struct sim_host *host_of_node(const struct sim *sim, const struct node *node)
{
    for (size_t i = 0; i < sim->host_count; i++)
        if (sim->hosts[i]->node == node)
            return sim->hosts[i];
    return NULL;
}

static enum message_kind kind_of_answer(const struct sim *sim, const struct decoded *answer)
{
    size_t known = sim->request_count < SIM_REQUESTS_KNOWN ? sim->request_count : SIM_REQUESTS_KNOWN;
    for (size_t i = 0; i < known; i++) {
        const struct known_request *request = &sim->requests[i];
        if (request->message_id == answer->header.message_id &&
            request->is_from_initiator != answer->is_from_initiator &&
            memcmp(request->spi_i, answer->header.spi_i, IKE_SPI_SIZE) == 0)
            return request->kind;
    }
    return MESSAGE_INFORMATIONAL;
}

static enum message_kind kind_of(struct sim *sim, const struct decoded *decoded)
{
    switch (decoded->header.exchange) {
    case IKE_SA_INIT:
        return MESSAGE_INIT;
    case IKE_AUTH:
        return MESSAGE_AUTH;
    case CREATE_CHILD_SA:
        return MESSAGE_CREATE;
    default:
        break;
    }
    if (decoded->is_response)
        return kind_of_answer(sim, decoded);
    bool deletes = decoded->is_readable && decoded->message.delete_count > 0;
    struct known_request *known = &sim->requests[sim->request_count++ % SIM_REQUESTS_KNOWN];
    *known = (struct known_request){.message_id = decoded->header.message_id,
                                    .is_from_initiator = decoded->is_from_initiator,
                                    .kind = deletes ? MESSAGE_DELETE : MESSAGE_INFORMATIONAL};
    memcpy(known->spi_i, decoded->header.spi_i, IKE_SPI_SIZE);
    return known->kind;
}

static bool kind_matches(enum message_kind wanted, enum message_kind kind)
{
    return wanted == MESSAGE_ANY || wanted == kind ||
           (wanted == MESSAGE_INFORMATIONAL && kind == MESSAGE_DELETE);
}

static bool part_matches(enum message_part wanted, bool is_response)
{
    return wanted == PART_EITHER || (wanted == PART_RESPONSE) == is_response;
}

static bool is_to_be_dropped(struct sim *sim, const struct sim_host *from, enum message_kind kind,
                             bool is_response)
{
    for (size_t i = 0; i < sim->drop_count; i++) {
        struct sim_drop *drop = &sim->drops[i];
        if (drop->from != from || drop->count == 0 || !kind_matches(drop->kind, kind) ||
            !part_matches(drop->part, is_response))
            continue;
        if (drop->skip > 0) {
            drop->skip--;
            continue;
        }
        drop->count--;
        return true;
    }
    return false;
}

static void describe(struct sim_record *record, const struct decoded *decoded)
{
    const struct ikev2_message *message = &decoded->message;
    record->is_readable = decoded->is_readable;
    if (!decoded->is_readable)
        return;
    const struct ike_notify *error = ikev2_find_error(message);
    record->error_notify = error != NULL ? error->type : 0;
    for (size_t i = 0; i < message->delete_count; i++) {
        const struct ike_delete *gone = &message->deletes[i];
        record->deletes_ike |= gone->protocol == PROTOCOL_IKE;
        if (gone->spi_size == 4 && gone->count > 0 && record->deleted_spi == 0)
            record->deleted_spi = load_be32(gone->spis.data);
    }
}

static void keep_record(struct sim *sim, const struct datagram *datagram, const struct decoded *decoded,
                        enum message_kind kind)
{
    if (sim->record_count == sim->record_capacity) {
        sim->record_capacity = sim->record_capacity ? 2 * sim->record_capacity : 64;
        sim->records = sim_grow(sim->records, sim->record_capacity * sizeof(*sim->records));
    }
    struct sim_record *record = &sim->records[sim->record_count++];
    *record = (struct sim_record){
        .time = datagram->time,
        .from = datagram->from->name,
        .source = datagram->source,
        .destination = datagram->destination,
        .bytes = sim_alloc(datagram->bytes.size),
        .size = datagram->bytes.size,
        .kind = kind,
        .is_response = decoded->is_response,
    };
    memcpy(record->bytes, datagram->bytes.data, datagram->bytes.size);
    describe(record, decoded);
}

enum verdict wire_watch(void *context, const struct datagram *datagram)
{
    struct sim *sim = context;
    struct decoded decoded;
    if (!sim->is_traced && !sim->is_recorded && sim->drop_count == 0)
        return VERDICT_PASS;
    const struct sim_host *from = host_of_node(sim, datagram->from);
    bool is_ike = decode_message(&from->keys, datagram->bytes, &decoded);
    enum message_kind kind = is_ike ? kind_of(sim, &decoded) : MESSAGE_ANY;
    bool drops = is_to_be_dropped(sim, from, kind, decoded.is_response);
    char text[512] = "not IKE", to[ENDPOINT_TEXT_SIZE];
    if (is_ike)
        decoded_text(&decoded, text, sizeof(text));
    world_trace(sim, from, "-> %s %s%s", endpoint_text(&datagram->destination, to), text,
                drops ? " (dropped)" : "");
    if (sim->is_recorded)
        keep_record(sim, datagram, &decoded, kind);
    decoded_free(&decoded);
    return drops ? VERDICT_DROP : VERDICT_PASS;
}

void sim_drop(struct sim *sim, const char *from, enum message_kind kind, enum message_part part,
              unsigned skip, unsigned count)
{
    if (sim->drop_count == SIM_DROPS_MAX)
        abort();
    sim->drops[sim->drop_count++] = (struct sim_drop){world_host(sim, from), kind, part, skip, count};
}

void sim_record(struct sim *sim)
{
    sim->is_recorded = true;
}

const struct sim_record *sim_records(const struct sim *sim, size_t *ret_count)
{
    *ret_count = sim->record_count;
    return sim->records;
}

size_t sim_count(const struct sim *sim, const char *from, enum message_kind kind, enum message_part part)
{
    size_t count = 0;
    for (size_t i = 0; i < sim->record_count; i++) {
        const struct sim_record *record = &sim->records[i];
        count += strcmp(record->from, from) == 0 && kind_matches(kind, record->kind) &&
                 part_matches(part, record->is_response);
    }
    return count;
}

void sim_inject(struct sim *sim, const char *from, const char *to, uint16_t port, struct bytes datagram)
{
    struct sim_host *source_host = world_host(sim, from);
    struct ip_endpoint source = {source_host->address, port};
    struct ip_endpoint destination = {world_host(sim, to)->address, port};
    network_send(&sim->network, source_host->node, &source, &destination, datagram);
}

size_t sim_count_errors(const struct sim *sim, const char *from, uint16_t notify)
{
    size_t count = 0;
    for (size_t i = 0; i < sim->record_count; i++)
        count += strcmp(sim->records[i].from, from) == 0 && sim->records[i].error_notify == notify;
    return count;
}

/* The newest IKE SA of the host whose keys are known. */
static const struct ike_keys *newest_keys(const struct sim_host *host, struct ike_view *ret_ike)
{
    for (const struct ike_keys *keys = host->keys.newest; keys != NULL; keys = keys->next)
        for (uint64_t at = 0; engine_view_ike(host->engine, at, ret_ike); at = ret_ike->serial)
            if (memcmp(ret_ike->spi_i, keys->spi_i, IKE_SPI_SIZE) == 0 &&
                memcmp(ret_ike->spi_r, keys->spi_r, IKE_SPI_SIZE) == 0)
                return keys;
    return NULL;
}

bool sim_inject_protected(struct sim *sim, const char *from, const char *to, uint8_t exchange,
                          bool is_response, uint32_t message_id, uint8_t first_payload, struct bytes chain)
{
    struct ike_view ike;
    uint8_t message[16384];
    const struct sim_host *host = world_host(sim, from);
    const struct ike_keys *keys = host->engine != NULL ? newest_keys(host, &ike) : NULL;
    if (keys == NULL)
        return false;
    struct ikev2_header header = {.version = IKEV2_VERSION,
                                  .exchange = exchange,
                                  .flags = (uint8_t)((ike.is_initiator ? IKEV2_FLAG_INITIATOR : 0) |
                                                     (is_response ? IKEV2_FLAG_RESPONSE : 0)),
                                  .message_id = message_id};
    memcpy(header.spi_i, ike.spi_i, IKE_SPI_SIZE);
    memcpy(header.spi_r, ike.spi_r, IKE_SPI_SIZE);
    size_t size = forge_protected(keys, &header, first_payload, chain, message, sizeof(message));
    if (size > 0)
        sim_inject(sim, from, to, ike.path.local.port, bytes_of(message, size));
    return size > 0;
}
