/* What a connection asks of the data plane that not every one has. */
#include "engine/kernel_extras.h"

#include "engine/connection_spec.h"

static const char *keyword_of_kernel(const struct connection_spec *spec)
{
    if (spec->interface.vti.name[0] != '\0')
        return "vti-interface=";
    if (spec->mark_is_unique || spec->mark_in.mask != 0 || spec->mark_out.mask != 0)
        return "mark=";
    if (spec->tfc_pad != 0)
        return "tfc=";
    if (spec->nic_offload != NIC_OFFLOAD_NO)
        return "nic-offload=";
    return spec->interface.is_wanted ? "ipsec-interface=" : NULL;
}

bool kernel_extras_check(const char *stack, const struct connection_spec *spec, struct error *error)
{
    const char *keyword = keyword_of_kernel(spec);
    if (keyword == NULL || stack == NULL || strcmp(stack, "xfrm") == 0 || strcmp(stack, "none") == 0)
        return true;
    return error_set(error, 0, "%s needs the kernel's IPsec (protostack=xfrm); this pluto uses protostack=%s",
                     keyword, stack);
}
