#include "control/spec_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/spec_build.h"
#include "engine/report.h"

static bool set_options(struct spec_builder *builder, const json_t *options, struct error *error)
{
    const char *keyword;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)options, keyword, value)
    {
        if (!json_is_string(value))
            return error_set(error, RC_BADWHACKMESSAGE, "bad whack message: option \"%s\" is no text",
                             keyword);
        if (!spec_build_option(builder, keyword, json_string_value(value), error)) {
            error->code = RC_FATAL;
            return false;
        }
    }
    return true;
}

/* What the plan of a reload compares with. */
static bool remember(struct connection_spec *spec, const json_t *options, const json_t *origin)
{
    spec->origin = calloc(1, sizeof(*spec->origin));
    if (spec->origin == NULL)
        return false;
    spec->origin->options = json_dumps(options, JSON_COMPACT | JSON_SORT_KEYS);
    if (json_is_string(origin))
        spec->origin->file = strdup(json_string_value(origin));
    return spec->origin->options != NULL && json_is_string(origin) == (spec->origin->file != NULL);
}

struct connection_spec *spec_of_request(const char *name, const json_t *options, const json_t *origin,
                                        const struct warning_sink *warnings, struct error *error)
{
    if (!json_is_object(options)) {
        error_set(error, RC_BADWHACKMESSAGE, "bad whack message: \"options\" is missing or no object");
        return NULL;
    }
    if (*name == '\0' || !text_is_one_line(name)) {
        error_set(error, RC_FATAL, "the name of a connection may not be empty or have control characters");
        return NULL;
    }
    struct spec_builder *builder = spec_builder_new(name, warnings);
    if (builder == NULL) {
        error_set(error, RC_FATAL, "out of memory");
        return NULL;
    }
    if (!set_options(builder, options, error)) {
        spec_builder_free(builder);
        return NULL;
    }
    struct connection_spec *spec = spec_build_finish(builder, error);
    if (spec == NULL) {
        error->code = RC_FATAL;
    } else if (!remember(spec, options, origin)) {
        error_set(error, RC_FATAL, "out of memory");
        connection_spec_free(spec);
        return NULL;
    }
    return spec;
}
