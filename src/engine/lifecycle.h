/* What the birth and death of SAs mean for their connection: which is newest, routing, scripts, revival. */
#ifndef STYX_ENGINE_LIFECYCLE_H
#define STYX_ENGINE_LIFECYCLE_H

#include "engine/state.h"

void lifecycle_ike_is_up(struct engine *engine, struct ike_sa *ike);
void lifecycle_ike_is_going(struct engine *engine, struct ike_sa *ike);
/* The Child SA is established and installed. */
void lifecycle_child_is_up(struct engine *engine, struct child_sa *child);
/* Traffic moves to this one, if no newer one has come meanwhile. */
void lifecycle_switch_to(struct engine *engine, struct child_sa *child);
void lifecycle_child_is_going(struct engine *engine, struct child_sa *child);

/* A try to bring the connection up has failed: it is tried again later if it should stay up. */
void lifecycle_schedule_revival(struct engine *engine, struct connection *connection);

/* Lifetimes, with margin and fuzz as ipsec.conf(5) describes rekeymargin= and rekeyfuzz=. */
usec_t lifecycle_rekey_delay(struct engine *engine, const struct connection_spec *spec, usec_t lifetime,
                             bool is_initiator);
void lifecycle_arm_ike(struct engine *engine, struct ike_sa *ike);
/* Keep-alives for the NAT before us, as far as they are wanted; none without a NAT. */
void lifecycle_arm_keepalive(struct engine *engine, struct ike_sa *ike);
/* What was to replace the SA cannot even be queued: its life timer goes off again soon, at the latest when it
 * expires. */
void lifecycle_replace_later(struct engine *engine, struct engine_timer *life_timer, usec_t expire_at);
void lifecycle_arm_child(struct engine *engine, struct child_sa *child, bool is_initiator);

/* Whoever waits for an exchange of it, or for the IKE SA itself, is told why that is not to be. */
void lifecycle_abandon_clients(struct engine *engine, struct ike_sa *ike);
/* An IKE SA that goes without a word to the peer. */
void say_forgetting(struct engine *engine, const struct ike_sa *ike, uint64_t client);
/* The IKE SA has failed for good: told to whoever waits, then destroyed. */
void ike_fail(struct engine *engine, struct ike_sa *ike, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same with what it was, for `ipsec explain`; the cause is told as a line of its own. notify: 0 none. */
void ike_fail_because(struct engine *engine, struct ike_sa *ike, enum failure_kind kind, uint16_t notify,
                      int code, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* A Child SA will not be, for the peer refused it (notify) or for what the text says: told to `client` and
 * kept. The caller ends the rest. */
void child_fail_because(struct engine *engine, const struct child_sa *child, uint64_t client, uint16_t notify,
                        const char *format, ...) __attribute__((format(printf, 5, 6)));

/* An attempt to bring it up ended before there was an SA of it: packets are no longer held for it, and it is
 * tried again if it shall be up. */
void lifecycle_gave_up(struct engine *engine, struct connection *connection);

#endif
