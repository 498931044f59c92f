/* The data-plane back ends by their names of protostack=. */
#include "kernel/backend.h"

#include <stdio.h>
#include <strings.h>

static const struct {
    const char *name;
    const struct backend_functions *functions; /* NULL: known, and not in this version */
} names[] = {
    {"userspace", &backend_userspace},
    {"none", &backend_none},
    {"noklips", &backend_none},
    {"nokernel", &backend_none},
    {"xfrm", &backend_xfrm},
    {"netkey", &backend_xfrm},
    {"native", &backend_xfrm},
    {"klips", NULL},
    {"mast", NULL},
    {"pfkey", &backend_pfkey},
    {"pfkeyv2", &backend_pfkey},
    {"bsdkame", &backend_pfkey},
};

const struct backend_functions *backend_by_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcasecmp(names[i].name, name) == 0)
            return names[i].functions;
    }
    return NULL;
}

static bool is_known(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcasecmp(names[i].name, name) == 0)
            return true;
    }
    return false;
}

/* The kernel is asked once whether it can do ESP. */
static const struct backend_functions *choose_for_user(const struct backend_settings *settings)
{
    struct error why;
    char line[256];
    if (xfrm_is_available(&why))
        return &backend_xfrm;
    snprintf(line, sizeof(line), "%.160s; using the userspace data plane", why.text);
    settings->log(settings->context, line);
    return &backend_userspace;
}

const struct backend_functions *backend_choose(const char *protostack,
                                               const struct backend_settings *settings, struct error *error)
{
    if (protostack == NULL || *protostack == '\0' || strcasecmp(protostack, "auto") == 0)
        return choose_for_user(settings);
    const struct backend_functions *functions = backend_by_name(protostack);
    if (functions == &backend_xfrm) /* what every ipsec.conf(5) of Linux says: a wish, not a condition */
        return choose_for_user(settings);
    if (functions == NULL && is_known(protostack))
        error_set(error, 0, "protostack=%s is not supported yet; use protostack=xfrm or userspace",
                  protostack);
    else if (functions == NULL)
        error_set(error, 0, "protostack=%s is unknown; expected xfrm, pfkey, userspace, none or auto",
                  protostack);
    return functions;
}
