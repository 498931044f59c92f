/* The suite of an IKE SA as a list of proposals: to be offered, or taken, as it is. */
#include "proposal/proposal.h"

static void add(struct proposal *proposal, uint8_t type, const struct algorithm *algorithm, uint16_t key_bits)
{
    if (algorithm != NULL)
        proposal->transforms[proposal->transform_count++] =
            (struct transform){.type = type, .id = algorithm->id, .key_bits = key_bits};
}

void suite_list_make(const struct suite *suite, struct suite_list *out)
{
    *out = (struct suite_list){.list = {.count = 1}};
    out->list.proposals = &out->proposal;
    out->proposal =
        (struct proposal){.number = 1, .protocol = suite->protocol, .transforms = out->transforms};
    bool has_length = suite->encr != NULL && suite->encr->has_key_length;
    add(&out->proposal, TRANSFORM_ENCR, suite->encr, has_length ? suite->encr_key_bits : 0);
    add(&out->proposal, TRANSFORM_PRF, suite->prf, 0);
    add(&out->proposal, TRANSFORM_INTEG, suite->integ, 0);
    add(&out->proposal, TRANSFORM_KE, suite->ke, 0);
}
