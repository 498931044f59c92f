/* What a data plane cannot do that connections may ask for, so that it is refused when a connection is added
 * and never offered to a peer. */
#ifndef STYX_ENGINE_PLANE_LIMITS_H
#define STYX_ENGINE_PLANE_LIMITS_H

#include "base/error.h"
#include "base/text.h"
#include "proposal/proposal.h"

struct connection_spec;

struct plane_limits {
    const char *stack; /* protostack= */
    /* protocol: PROTOCOL_ESP or PROTOCOL_AH, what it is for */
    bool (*has_algorithm)(const void *context, const struct algorithm *algorithm,
                          enum security_protocol protocol);
    const void *context;
    bool lacks_esn, lacks_port_ranges, lacks_encap_dscp, lacks_decap_dscp, lacks_nopmtudisc, lacks_tcp;
    bool lacks_non_ike_marker; /* ESP in UDP on port 500, as the drafts 00 and 01 of IKEv1's NAT traversal
                                  have it */
    uint32_t priority_max;     /* of priority=; 0: any */
    bool lacks_clones;         /* SAs of single CPUs */
    unsigned cpu_count;        /* that can have SAs; 0: any number */
};

/*
 * Takes out of the spec (and all behind it in the chain) what cannot be done and need not be, with their
 * names in `ret_dropped` if the user has named them. False, with the keyword, when what is left would not be
 * what the user asked for. NULL limits: nothing to do.
 */
bool plane_limits_apply(const struct plane_limits *limits, struct connection_spec *spec,
                        struct text *ret_dropped, struct error *error);

#endif
