/* What the two roles of making a Child SA share, private to child_*.c. */
#ifndef STYX_ENGINE_IKEV2_CHILD_PARTS_H
#define STYX_ENGINE_IKEV2_CHILD_PARTS_H

#include "engine/ikev2/exchange.h"

/* Whether the peer may leave out the key exchange that pfs=yes wants. */
bool child_may_omit_ke(const struct connection_spec *spec, bool is_rekey);
/* ESP_TFC_PADDING_NOT_SUPPORTED in the peer's message. */
void child_note_tfc_notify(struct child_sa *child, const struct ikev2_message *message);
/* Selectors of one side as they count here, at most SELECTORS_MAX: of transport mode through a NAT (2.23.1)
 * those of a host are what we see of it. Returns the count. */
size_t child_substitute_nat_addresses(const struct ip_address *seen, bool is_behind_nat,
                                      const struct ikev2_selectors *from, struct selector *out, size_t max);
/* Whether the protocol that was chosen goes through what lies between the peers. */
bool child_passes_nat(const struct ike_sa *ike, const struct suite *suite, struct error *error);

#endif
