/* What a Child SA consists of, in Libreswan's words. */
#include "engine/child_text.h"

#include "engine/compression.h"

static void describe_main(struct text *text, const struct child_sa *child)
{
    const struct suite *suite = &child->suite;
    text_add(text, "%s%s%s=>0x%08x <0x%08x xfrm=", suite->protocol == PROTOCOL_AH ? "AH" : "ESP",
             child->tcp_encapsulation   ? "inTCP"
             : child->udp_encapsulation ? "inUDP"
                                        : "",
             suite->esn ? "/ESN" : "", child->spi_out, child->spi_in);
    if (suite->encr != NULL)
        text_add(text, "%s", suite->encr->name);
    if (suite->encr != NULL && suite->encr->has_key_length)
        text_add(text, "_%u", suite->encr_key_bits);
    text_add(text, "%s%s", suite->encr != NULL ? "-" : "",
             suite->integ != NULL ? suite->integ->name : "NONE");
}

void child_describe_protocols(struct text *text, const struct child_sa *child, bool with_ke)
{
    const struct suite *suite = &child->suite;
    describe_main(text, child);
    if (with_ke && suite->ke != NULL && suite->ke->id != KE_NONE)
        text_add(text, "-%s", suite->ke->name);
    if (suite->ah_integ != NULL)
        text_add(text, " AH=>0x%08x <0x%08x xfrm=%s", child->ah_spi_out, child->spi_in,
                 suite->ah_integ->name);
    if (child_compresses(child))
        text_add(text, " IPCOMP=>0x%08x <0x%08x", child->cpi_out, child->cpi_in);
}
