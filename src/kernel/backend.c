/* The data-plane back ends by their names of protostack=. */
#include "kernel/backend.h"

#include <strings.h>

static const struct {
    const char *name;
    const struct backend_functions *functions; /* NULL: known, and not in this version */
} names[] = {
    {"userspace", &backend_userspace},
    {"auto", &backend_userspace},
    {"none", &backend_none},
    {"noklips", &backend_none},
    {"nokernel", &backend_none},
    {"xfrm", NULL},
    {"netkey", NULL},
    {"native", NULL},
    {"klips", NULL},
    {"mast", NULL},
    {"bsdkame", NULL},
    {"pfkey", NULL},
    {"pfkeyv2", NULL},
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

const struct backend_functions *backend_choose(const char *protostack,
                                               const struct backend_settings *settings, struct error *error)
{
    if (protostack == NULL || *protostack == '\0' || strcasecmp(protostack, "auto") == 0) {
        settings->log(settings->context, "protostack=auto: using the userspace data plane");
        return &backend_userspace;
    }
    const struct backend_functions *functions = backend_by_name(protostack);
    if (functions == NULL && is_known(protostack))
        error_set(error, 0, "protostack=%s is not supported yet; use protostack=userspace", protostack);
    else if (functions == NULL)
        error_set(error, 0, "protostack=%s is unknown; expected userspace, none or auto", protostack);
    return functions;
}
