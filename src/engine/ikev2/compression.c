/* IPComp of Child SAs: each side tells the CPI on which it receives (RFC 7296 2.22, 3.10.1). */
#include "engine/ikev2/compression.h"

#include "base/reader.h"
#include "engine/compression.h"

enum { OFFER_SIZE = 3 }; /* CPI, transform */

static void build(const struct child_sa *child, struct message_builder *builder)
{
    uint8_t data[OFFER_SIZE];
    store_be16(data, child->cpi_in);
    data[2] = IPCOMP_DEFLATE;
    ikev2_build_notify(builder, PROTOCOL_NONE, bytes_of(NULL, 0), IPCOMP_SUPPORTED,
                       bytes_of(data, sizeof(data)));
}

/* 0: it is of another algorithm, or its CPI is none. */
static uint16_t read_cpi(const struct ike_notify *notify)
{
    struct reader reader = reader_of(notify->data);
    uint16_t cpi = reader_u16(&reader);
    bool is_deflate = reader_u8(&reader) == IPCOMP_DEFLATE;
    return !reader.failed && is_deflate && ipcomp_cpi_is_usable(cpi) ? cpi : 0;
}

void compression_build_offer(struct engine *engine, const struct connection *connection,
                             struct child_sa *child, struct message_builder *builder)
{
    if (!connection->spec->compress)
        return;
    compression_draw_cpi(engine, child);
    if (child->cpi_in != 0)
        build(child, builder);
}

void compression_choose(struct engine *engine, const struct connection *connection, struct child_sa *child,
                        const struct ikev2_message *message)
{
    uint16_t cpi = 0;
    for (size_t i = 0; i < message->notify_count && cpi == 0; i++)
        if (message->notifies[i].type == IPCOMP_SUPPORTED)
            cpi = read_cpi(&message->notifies[i]);
    if (cpi == 0 || !connection->spec->compress)
        return;
    compression_draw_cpi(engine, child);
    child->cpi_out = child->cpi_in != 0 ? cpi : 0;
}

void compression_build_answer(const struct child_sa *child, struct message_builder *builder)
{
    if (child_compresses(child))
        build(child, builder);
}

bool compression_accept(struct engine *engine, struct child_sa *child, const struct ikev2_message *message,
                        struct error *error)
{
    const struct ike_notify *notify = ikev2_find_notify(message, IPCOMP_SUPPORTED);
    if (notify == NULL) {
        compression_drop_cpi(engine, child);
        return true;
    }
    child->cpi_out = child->cpi_in != 0 ? read_cpi(notify) : 0;
    return child->cpi_out != 0 ||
           error_set(error, INVALID_SYNTAX, "peer answered with a compression that was not offered");
}
