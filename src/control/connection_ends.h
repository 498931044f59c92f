/*
 * The ends of a connection in status output: the topology on one line, as Libreswan draws it, and each end's
 * facts. An unoriented connection is shown as it is written: left, then right.
 */
#ifndef STYX_CONTROL_CONNECTION_ENDS_H
#define STYX_CONTROL_CONNECTION_ENDS_H

#include "control/facts.h"
#include "engine/view.h"

/* 10.1.0.0/16===192.0.2.1[@east]...192.0.2.2[@west]===10.2.0.0/16 */
void put_connection_topology(struct facts *facts, const struct connection_view *view);
/* An object of this name. */
void put_connection_end(struct facts *facts, const char *name, const struct connection_view *view,
                        bool is_local);
const struct end_spec *connection_shown_end(const struct connection_view *view, bool is_local);

#endif
