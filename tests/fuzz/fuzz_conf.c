/*
 * Fuzzing ipsec.conf: the input is the file, parted by bytes of zero into files that it may include as 1, 2,
 * 3; all connections are built.
 */
#include <stdio.h>
#include <stdlib.h>

#include "config/conf_file.h"
#include "part_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *context, const char *text)
{
    (void)context;
    if (text[0] == '\0' || text[strlen(text) - 1] == '\n')
        abort();
}

static void check_error(const struct error *error)
{
    if (error->text[0] == '\0')
        abort(); /* a refusal without a reason */
}

static void try_conf(const struct file_reader *reader, const struct warning_sink *sink)
{
    struct error error = {0};
    struct conf *conf = conf_load(reader, "0", sink, &error);
    struct setup *setup = setup_new();
    if (conf == NULL)
        check_error(&error);
    if (conf != NULL && setup != NULL && !conf_apply_setup(conf, setup, sink, &error))
        check_error(&error);
    for (size_t i = 0; conf != NULL && i < conf_conn_count(conf); i++) {
        size_t found;
        if (!conf_conn_find(conf, conf_conn_name(conf, i), &found) || found != i)
            abort();
        error.text[0] = '\0';
        struct connection_spec *spec = conf_conn_build(conf, i, sink, &error);
        if (spec == NULL)
            check_error(&error);
        else if (!connection_spec_check(spec, &error) || spec->ike_proposals == NULL)
            abort();
        connection_spec_free(spec);
        (void)conf_conn_auto(conf, i);
    }
    size_t index = 0;
    if (conf != NULL)
        (void)conf_conn_find_alias(conf, "a", &index);
    setup_free(setup);
    conf_free(conf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parts parts = parts_of(bytes_of(data, size));
    struct file_reader reader = part_reader(&parts);
    struct warning_sink sink = {ignore, NULL};
    try_conf(&reader, &sink);
    return 0;
}
