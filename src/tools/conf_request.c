#include "tools/conf_request.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { SPELLING_SIZE = 64 };

json_t *conf_request_options(const struct conf *conf, size_t index, struct error *error)
{
    size_t count;
    struct conf_option *options = conf_conn_options(conf, index, &count, error);
    if (options == NULL)
        return NULL;
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++) {
        char spelling[SPELLING_SIZE];
        keyword_spelling(options[i].keyword, options[i].end, spelling, sizeof(spelling));
        if (json_object_set_new(object, spelling, json_string(options[i].value)) != 0) {
            error_set(error, 0, "%s:%u: the value of %s is not UTF-8 text", options[i].place.source->path,
                      options[i].place.line, spelling);
            json_decref(object);
            object = NULL;
            break;
        }
    }
    free(options);
    return object;
}

json_t *conf_request(const char *command, const char *name, json_t *options, const char *file)
{
    return json_pack("{s:s, s:s, s:o, s:s}", "command", command, "name", name, "options", options, "origin",
                     conf_request_origin(file));
}

const char *conf_request_origin(const char *file)
{
    static char path[PATH_MAX];
    static const char *known; /* always the same in one run */
    if (known != file && realpath(file, path) == NULL)
        snprintf(path, sizeof(path), "%s", file);
    known = file;
    return path;
}
