/* Domain names as people and configuration files write them: RFC 1035 2.3.1, RFC 1123 2.1. */
#ifndef STYX_BASE_DOMAIN_NAME_H
#define STYX_BASE_DOMAIN_NAME_H

#include "base/bytes.h"

enum { DOMAIN_NAME_SIZE = 253, DOMAIN_LABEL_SIZE = 63 };

/* Labels of letters, digits, '-' and '_', parted by dots, none empty but for one dot at the end. Nothing else
 * is in it, so it is safe anywhere. */
bool domain_name_is_valid(struct bytes text);

#endif
