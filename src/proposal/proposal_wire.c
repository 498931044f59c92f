/*
 * The body of an IKEv2 SA payload (RFC 7296 3.3): written from our proposals, and read, strictly, from a
 * peer. What is well formed but unknown (3.3.6) is kept and marked, so that the choice can pass over it and
 * explain it.
 */
#include "proposal/proposal.h"

enum {
    LAST_SUBSTRUCTURE = 0,
    MORE_PROPOSALS = 2,
    MORE_TRANSFORMS = 3,
    PROPOSAL_HEADER_SIZE = 8,
    TRANSFORM_HEADER_SIZE = 8,
    ATTRIBUTE_FORMAT_TV = 0x8000,
    ATTRIBUTE_KEY_LENGTH = 14,
};

/* --- writing --- */

/* The transform's header and, if it has one, its key length; is_last is set by finish_proposal. */
static void write_transform(struct writer *writer, uint8_t type, uint16_t id, uint16_t key_bits)
{
    uint16_t size = TRANSFORM_HEADER_SIZE + (key_bits != 0 ? 4 : 0);
    uint8_t *room = writer_reserve(writer, size);
    if (room == NULL)
        return;
    room[0] = MORE_TRANSFORMS;
    room[1] = 0;
    store_be16(room + 2, size);
    room[4] = type;
    room[5] = 0;
    store_be16(room + 6, id);
    if (key_bits != 0) {
        store_be16(room + 8, ATTRIBUTE_FORMAT_TV | ATTRIBUTE_KEY_LENGTH);
        store_be16(room + 10, key_bits);
    }
}

struct open_proposal {
    size_t start;
    size_t last_transform;
    uint8_t transform_count;
};

static struct open_proposal begin_proposal(struct writer *writer, uint8_t number, uint8_t protocol,
                                           struct bytes spi)
{
    struct open_proposal open = {.start = writer->size};
    writer_u32(writer, 0);
    writer_u8(writer, number);
    writer_u8(writer, protocol);
    writer_u8(writer, (uint8_t)spi.size);
    writer_u8(writer, 0);
    writer_bytes(writer, spi);
    return open;
}

static void add_transform(struct writer *writer, struct open_proposal *open, uint8_t type, uint16_t id,
                          uint16_t key_bits)
{
    open->last_transform = writer->size;
    open->transform_count++;
    write_transform(writer, type, id, key_bits);
}

static void finish_proposal(struct writer *writer, const struct open_proposal *open, bool is_last)
{
    if (writer->overflowed)
        return;
    uint8_t *header = writer->data + open->start;
    header[0] = is_last ? LAST_SUBSTRUCTURE : MORE_PROPOSALS;
    store_be16(header + 2, (uint16_t)(writer->size - open->start));
    header[7] = open->transform_count;
    if (open->transform_count > 0)
        writer->data[open->last_transform] = LAST_SUBSTRUCTURE;
}

static void write_proposal(struct writer *writer, const struct proposal_offer *offer, size_t index)
{
    const struct proposal *proposal = &offer->list->proposals[index];
    struct open_proposal open = begin_proposal(writer, (uint8_t)(index + 1), proposal->protocol, offer->spi);
    bool has_ke = false;
    for (size_t i = 0; i < proposal->transform_count; i++) {
        const struct transform *transform = &proposal->transforms[i];
        bool is_ke = transform->type == TRANSFORM_KE;
        has_ke = has_ke || is_ke;
        if (!is_ke || !offer->omit_ke)
            add_transform(writer, &open, transform->type, transform->id, transform->key_bits);
    }
    if (!has_ke && !offer->omit_ke && offer->add_ke != NULL)
        add_transform(writer, &open, TRANSFORM_KE, offer->add_ke->id, 0);
    if (offer->may_omit_ke && !offer->omit_ke)
        add_transform(writer, &open, TRANSFORM_KE, KE_NONE, 0);
    finish_proposal(writer, &open, index + 1 == offer->list->count);
}

void proposals_write(struct writer *writer, const struct proposal_offer *offer)
{
    for (size_t i = 0; i < offer->list->count; i++)
        write_proposal(writer, offer, i);
}

void suite_write(struct writer *writer, const struct suite *suite, struct bytes spi)
{
    struct open_proposal open = begin_proposal(writer, suite->proposal_number, suite->protocol, spi);
    if (suite->encr != NULL)
        add_transform(writer, &open, TRANSFORM_ENCR, suite->encr->id,
                      suite->encr->has_key_length ? suite->encr_key_bits : 0);
    if (suite->prf != NULL)
        add_transform(writer, &open, TRANSFORM_PRF, suite->prf->id, 0);
    if (suite->integ != NULL)
        add_transform(writer, &open, TRANSFORM_INTEG, suite->integ->id, 0);
    if (suite->ke != NULL)
        add_transform(writer, &open, TRANSFORM_KE, suite->ke->id, 0);
    if (suite->protocol != PROTOCOL_IKE)
        add_transform(writer, &open, TRANSFORM_ESN, suite->esn ? ESN_YES : ESN_NO, 0);
    finish_proposal(writer, &open, true);
}

/* --- reading --- */

/*
 * Attributes (3.3.5). A key length stands once, in the short form, and is not zero; only encryption takes
 * one. Anything else well formed makes the transform unusable.
 */
static bool read_attributes(struct reader *reader, struct transform *transform)
{
    bool has_key_length = false;
    while (reader->left > 0 && !reader->failed) {
        uint16_t type = reader_u16(reader);
        uint16_t value = reader_u16(reader);
        if (!(type & ATTRIBUTE_FORMAT_TV))
            reader_bytes(reader, value);
        if (type != (ATTRIBUTE_FORMAT_TV | ATTRIBUTE_KEY_LENGTH) || has_key_length || value == 0 ||
            transform->type != TRANSFORM_ENCR) {
            transform->is_unusable = true;
            continue;
        }
        has_key_length = true;
        transform->key_bits = value;
    }
    return !reader->failed;
}

static bool read_transform(struct reader *reader, bool is_last, struct transform *transform,
                           struct error *error)
{
    uint8_t more = reader_u8(reader);
    reader_u8(reader);
    uint16_t length = reader_u16(reader);
    transform->type = reader_u8(reader);
    reader_u8(reader);
    transform->id = reader_u16(reader);
    if (reader->failed || length < TRANSFORM_HEADER_SIZE)
        return error_set(error, 0, "SA payload: transform of %u bytes is truncated", length);
    if (more != (is_last ? LAST_SUBSTRUCTURE : MORE_TRANSFORMS))
        return error_set(error, 0, "SA payload: transform says %u, not %u, for what follows it", more,
                         is_last ? LAST_SUBSTRUCTURE : MORE_TRANSFORMS);
    struct reader attributes = reader_of(reader_bytes(reader, length - TRANSFORM_HEADER_SIZE));
    if (reader->failed || !read_attributes(&attributes, transform))
        return error_set(error, 0, "SA payload: attributes of a transform are truncated");
    return true;
}

static bool read_transforms(struct bytes body, struct proposal *proposal, struct arena *arena,
                            struct error *error)
{
    proposal->transforms = arena_take(arena, proposal->transform_count * sizeof(struct transform));
    if (proposal->transforms == NULL)
        return error_set(error, 0, "SA payload: too large");
    struct reader reader = reader_of(body);
    for (size_t i = 0; i < proposal->transform_count; i++)
        if (!read_transform(&reader, i + 1u == proposal->transform_count, &proposal->transforms[i], error))
            return false;
    if (reader.left > 0)
        return error_set(error, 0, "SA payload: %zu bytes follow the %u transforms of proposal %u",
                         reader.left, proposal->transform_count, proposal->number);
    return true;
}

struct proposal_header {
    uint8_t more;
    uint16_t length;
};

static bool read_proposal_header(struct reader *reader, struct proposal *proposal,
                                 struct proposal_header *header, struct error *error)
{
    header->more = reader_u8(reader);
    reader_u8(reader);
    header->length = reader_u16(reader);
    proposal->number = reader_u8(reader);
    proposal->protocol = reader_u8(reader);
    proposal->spi_size = reader_u8(reader);
    proposal->transform_count = reader_u8(reader);
    if (reader->failed || header->length < PROPOSAL_HEADER_SIZE + proposal->spi_size ||
        (size_t)header->length - PROPOSAL_HEADER_SIZE > reader->left)
        return error_set(error, 0, "SA payload: proposal of %u bytes is truncated", header->length);
    if (header->more != LAST_SUBSTRUCTURE && header->more != MORE_PROPOSALS)
        return error_set(error, 0, "SA payload: proposal says %u, neither 0 nor 2, for what follows it",
                         header->more);
    if (proposal->spi_size > PROPOSAL_SPI_MAX)
        return error_set(error, 0, "SA payload: SPI of %u bytes", proposal->spi_size);
    if (proposal->transform_count == 0 || proposal->transform_count > PROPOSAL_TRANSFORM_LIMIT)
        return error_set(error, 0, "SA payload: proposal %u has %u transforms, not 1 to %d", proposal->number,
                         proposal->transform_count, PROPOSAL_TRANSFORM_LIMIT);
    return true;
}

static bool read_proposal(struct reader *reader, struct proposal *proposal, struct arena *arena,
                          struct error *error)
{
    struct proposal_header header;
    if (!read_proposal_header(reader, proposal, &header, error))
        return false;
    struct reader content = reader_of(reader_bytes(reader, header.length - PROPOSAL_HEADER_SIZE));
    struct bytes spi = reader_bytes(&content, proposal->spi_size);
    if (spi.size > 0)
        memcpy(proposal->spi, spi.data, spi.size);
    bool is_last = reader->left == 0;
    if ((header.more == LAST_SUBSTRUCTURE) != is_last)
        return error_set(error, 0,
                         "SA payload: proposal %u says that it is %sthe last, but %zu bytes follow it",
                         proposal->number, is_last ? "not " : "", reader->left);
    return read_transforms(reader_rest(&content), proposal, arena, error);
}

/* How many proposals there are, going by their lengths; reading checks all else. */
static size_t count_proposals(struct bytes body)
{
    struct reader reader = reader_of(body);
    size_t count = 0;
    while (reader.left > 0 && count <= PROPOSAL_LIMIT) {
        reader_u16(&reader);
        uint16_t length = reader_u16(&reader);
        reader_bytes(&reader, length < PROPOSAL_HEADER_SIZE ? reader.left : length - 4u);
        if (reader.failed)
            return count + 1;
        count++;
    }
    return count;
}

struct proposal_list *proposals_read(struct bytes body, struct arena *arena, struct error *error)
{
    size_t count = count_proposals(body);
    if (count == 0 || count > PROPOSAL_LIMIT) {
        error_set(error, 0, "SA payload: %s%d proposals", count == 0 ? "none, not 1 to " : "more than ",
                  PROPOSAL_LIMIT);
        return NULL;
    }
    struct proposal_list *list = arena_take(arena, sizeof(*list));
    struct proposal *proposals = arena_take(arena, count * sizeof(*proposals));
    if (list == NULL || proposals == NULL) {
        error_set(error, 0, "SA payload: too large");
        return NULL;
    }
    *list = (struct proposal_list){.count = (uint16_t)count, .proposals = proposals};
    struct reader reader = reader_of(body);
    for (size_t i = 0; i < count; i++) {
        if (!read_proposal(&reader, &proposals[i], arena, error))
            return NULL;
        if (proposals[i].number != (i == 0 ? proposals[0].number : proposals[i - 1].number + 1) ||
            proposals[i].number == 0) {
            error_set(error, 0, "SA payload: proposal number %u is out of order", proposals[i].number);
            return NULL;
        }
    }
    return list;
}
