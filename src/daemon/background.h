/*
 * Going into the background, unless --nofork: the parent waits until the child is ready or has failed, for
 * then its exit status is known (ipsec_pluto(8)).
 */
#ifndef STYX_DAEMON_BACKGROUND_H
#define STYX_DAEMON_BACKGROUND_H

#include <stdbool.h>

/* -1: we are the child, which owes *ret_ready the news; else the parent, with its exit status. */
int background_detach(int *ret_ready);
/* 0: all is ready. Nothing, if there is no parent (-1). */
void background_tell_parent(int ready, int status);
void background_leave_terminal(bool keeps_errors);

#endif
