/* A connection's policy in the words that Libreswan 4.x uses in status and for updown scripts. */
#ifndef STYX_ENGINE_POLICY_TEXT_H
#define STYX_ENGINE_POLICY_TEXT_H

#include "engine/connection_spec.h"

enum { POLICY_WORDS_MAX = 48, POLICY_TEXT_SIZE = 512 };

/* IKEv2, PSK, ENCRYPT ... in their order; returns how many. */
size_t policy_words(const struct connection_spec *spec, bool is_kept_up,
                    const char *out[static POLICY_WORDS_MAX]);
/* "IKEv2+PSK+ENCRYPT+TUNNEL+PFS+UP"; returns out. */
const char *policy_text(const struct connection_spec *spec, bool is_kept_up,
                        char out[static POLICY_TEXT_SIZE]);

#endif
