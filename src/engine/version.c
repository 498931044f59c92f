/* Which version of IKE an SA or a connection is of. */
#include "engine/version.h"

const struct ike_version *ike_version_of(const struct connection *connection)
{
    return connection->spec->ike_version == 1 ? &ikev1_version : &ikev2_version;
}

const struct ike_version *child_version(const struct engine *engine, const struct child_sa *child)
{
    return ike_by_serial(engine, child->ike_serial)->version;
}
