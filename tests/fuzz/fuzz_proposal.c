/*
 * SA payload bodies. The first byte picks the protocol and whether the bytes are an offer or an answer; the
 * rest is the body. What parses is negotiated against our defaults, and the outcome is written and read back.
 */
#include <stdlib.h>

#include "proposal/proposal.h"

enum { ARENA_LIMIT = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* The answer that we write must be readable, one proposal with the number that was chosen. */
static void answer(const struct suite *suite, const struct proposal_offer *ours, struct arena *arena)
{
    uint8_t buffer[256];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    suite_write(&writer, suite, ours->spi);
    require(!writer.overflowed);
    struct proposal_list *read = proposals_read(writer_bytes_so_far(&writer), arena, NULL);
    require(read != NULL && read->count == 1 && read->proposals[0].number == suite->proposal_number);
}

static void negotiate(const struct proposal_offer *ours, struct bytes body, bool is_answer)
{
    struct arena arena = arena_make(ARENA_LIMIT);
    struct error error = {0};
    struct suite suite;
    const struct proposal *taken;
    struct proposal_list *theirs = proposals_read(body, &arena, &error);
    if (theirs != NULL) {
        char buffer[512];
        struct text text = text_of(buffer, sizeof(buffer));
        proposals_text(&text, theirs);
        bool found = is_answer ? proposals_accept_answer(ours, theirs, &suite, &taken, &error)
                               : proposals_select(ours, theirs, KE_X25519, &suite, &taken, &error);
        if (found)
            answer(&suite, ours, &arena);
    }
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t spi[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    static struct proposal_list *lists[PROTOCOL_ESP + 1];
    if (size == 0)
        return 0;
    enum security_protocol protocol = (enum security_protocol)(PROTOCOL_IKE + (data[0] & 3) % 3);
    if (lists[protocol] == NULL)
        lists[protocol] = proposals_default(protocol, PROPOSAL_PFS);
    bool is_rekey = data[0] & 8;
    struct proposal_offer ours = {
        .list = lists[protocol],
        .spi = bytes_of(spi, protocol != PROTOCOL_IKE ? 4
                             : is_rekey               ? 8
                                                      : 0),
        .omit_ke = data[0] & 16,
        .add_ke = data[0] & 32 ? algorithm_by_id(TRANSFORM_KE, KE_X25519) : NULL,
    };
    negotiate(&ours, bytes_of(data + 1, size - 1), data[0] & 4);
    return 0;
}
