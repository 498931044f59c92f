/* The files of policy groups: ipsec.d/policies/NAME (engine/policy_group.h). */
#ifndef STYX_CONFIG_POLICY_GROUP_FILE_H
#define STYX_CONFIG_POLICY_GROUP_FILE_H

#include "config/file_reader.h"
#include "config/warning.h"
#include "engine/policy_group.h"

/*
 * Reads every file of the directory. A line is CIDR [PROTOCOL LOCALPORT REMOTEPORT], or `include GLOB`; #
 * begins a comment. A line that cannot be read is left out with a warning FILE:LINE:COLUMN. NULL: out of
 * memory.
 */
struct policy_groups *policy_groups_read(const struct file_reader *reader, const char *directory,
                                         const struct warning_sink *warnings);

#endif
