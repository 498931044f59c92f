/*
 * leftid= and rightid= with a host's name: without @ the name stands for the host's address, looked up at
 * once (pluto(8), --id). Here, where waiting for an answer holds up nobody else.
 */
#ifndef STYX_TOOLS_ID_LOOKUP_H
#define STYX_TOOLS_ID_LOOKUP_H

#include <jansson.h>

/* Puts addresses in place of names in the options of a connection; a name without address stays, and stands
 * for itself, which is said on stderr once. */
void id_lookup(json_t *options);

#endif
