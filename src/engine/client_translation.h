/*
 * leftcat=: client address translation. An end that asks for an address keeps its own addresses, and those of
 * its clients, on its own side: its packets have the leased one from where they enter the tunnel, and what
 * comes back has theirs again. The data plane does it (kernel_policy.translated_selectors).
 */
#ifndef STYX_ENGINE_CLIENT_TRANSLATION_H
#define STYX_ENGINE_CLIENT_TRANSLATION_H

#include "engine/state.h"

bool client_translation_is_wanted(const struct connection *connection);
/* There is an address to translate to. */
bool client_translation_is_in_force(const struct connection *connection);
/* The packets on our side that go through the tunnel: those of leftsubnet= and the host's own. */
size_t client_translation_selectors(const struct connection *connection,
                                    struct selector out[static SELECTORS_MAX]);

#endif
