/*
 * statsbin=: a program that is told of every change of an SA, as Libreswan tells it: a list of
 * ipsec-tunnel-NAME groups, separated by ";". It runs beside the loop; a connection that changes again before
 * the program could be run is told of once, with its latest state.
 */
#ifndef STYX_DAEMON_STATS_PROGRAM_H
#define STYX_DAEMON_STATS_PROGRAM_H

#include "daemon/process.h"
#include "engine/engine.h"

struct stats_program;

/* NULL: out of memory. */
struct stats_program *stats_program_new(struct event_base *base, struct process_group *processes,
                                        const char *command);
void stats_program_free(struct stats_program *program);
/* An event of the engine; interface: of the connection, "" if unknown. */
void stats_program_tell(struct stats_program *program, const struct report *event, const char *interface);

#endif
