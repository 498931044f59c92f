/* What a Child SA consists of, for people. */
#ifndef STYX_ENGINE_CHILD_TEXT_H
#define STYX_ENGINE_CHILD_TEXT_H

#include "engine/state.h"

/* ESP=>0x11112222 <0x33334444 xfrm=AES_CBC_128-HMAC_SHA1_96, then AH and IPCOMP if it has them; with_ke: the
 * key exchange goes behind the algorithms. */
void child_describe_protocols(struct text *text, const struct child_sa *child, bool with_ke);

#endif
