/* CREATE_CHILD_SA for Child SAs, new ones and replacements: RFC 7296 1.3.1, 1.3.3, 2.8, 2.25. */
#ifndef STYX_ENGINE_IKEV2_CREATE_CHILD_H
#define STYX_ENGINE_IKEV2_CREATE_CHILD_H

#include "engine/ikev2/exchange.h"

/* Takes the window for a new Child SA. */
void create_child_start(struct engine *engine, struct ike_sa *ike, const struct task *task);
/* The same for a larval Child SA that is already there (rekey_child.c). */
void create_child_begin(struct engine *engine, struct ike_sa *ike, struct child_sa *child,
                        enum task_kind kind);
/* Our KE value of the exchange in the window has been made (of a Child SA or of a rekeyed IKE SA). */
void create_child_generated(struct engine *engine, struct ike_sa *ike, struct job *job);
void create_child_response(struct engine *engine, struct ike_sa *ike, struct incoming *incoming);
void create_child_request(struct engine *engine, struct ike_sa *ike, struct incoming *incoming);

#endif
