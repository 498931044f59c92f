/*
 * Fuzzing the configuration: the first byte chooses ipsec.conf or ipsec.secrets; the rest is the file, parted
 * by bytes of zero into files that it may include as 1, 2, 3 ...; all connections are built.
 */
#include <stdio.h>
#include <stdlib.h>

#include "config/conf_file.h"
#include "config/secrets_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILES = 4, READS_MAX = 64 };

struct world {
    struct bytes files[FILES];
    unsigned read_count; /* a small input that includes much is no fault, but takes the fuzzer's time */
};

static char *read_part(void *context, const char *path, size_t *ret_size, struct error *error)
{
    struct world *world = context;
    size_t index =
        path[0] >= '0' && path[0] < '0' + FILES && path[1] == '\0' ? (size_t)(path[0] - '0') : FILES;
    if (index == FILES || world->read_count++ > READS_MAX) {
        error_set(error, 0, "no such file");
        return NULL;
    }
    struct bytes file = world->files[index];
    char *copy = malloc(file.size + 1);
    if (copy == NULL)
        abort();
    if (file.size > 0)
        memcpy(copy, file.data, file.size);
    copy[file.size] = '\0';
    *ret_size = file.size;
    return copy;
}

/* A star matches all, anything else itself. */
static bool glob_parts(void *context, const char *pattern, char ***ret_paths, size_t *ret_count,
                       struct error *error)
{
    (void)context, (void)error;
    static const char *const names[FILES] = {"0", "1", "2", "3"};
    char **paths = calloc(FILES, sizeof(*paths));
    size_t count = 0;
    for (size_t i = 0; paths != NULL && i < FILES; i++)
        if (strcmp(pattern, "*") == 0 || strcmp(pattern, names[i]) == 0)
            paths[count++] = strdup(names[i]);
    *ret_paths = paths;
    *ret_count = count;
    return paths != NULL;
}

static void ignore(void *context, const char *text)
{
    (void)context;
    if (strchr(text, '\n') != NULL)
        abort(); /* a warning is one line */
}

static void part(struct world *world, struct bytes input)
{
    for (size_t i = 0; i < FILES; i++) {
        const uint8_t *zero = input.size > 0 ? memchr(input.data, '\0', input.size) : NULL;
        size_t size = zero != NULL && i < FILES - 1 ? (size_t)(zero - input.data) : input.size;
        world->files[i] = bytes_of(input.data, size);
        size_t used = size < input.size ? size + 1 : size;
        input = bytes_of(input.data + used, input.size - used);
    }
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

static void try_secrets(const struct file_reader *reader, const struct warning_sink *sink)
{
    struct error error = {0};
    struct secrets *secrets = secrets_file_load(reader, "0", sink, &error);
    if (secrets == NULL)
        check_error(&error);
    for (size_t i = 0; secrets != NULL && i < secrets->count; i++)
        if (secrets->entries[i].key_size == 0)
            abort();
    secrets_free(secrets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world = {.read_count = 0};
    struct file_reader reader = {&world, read_part, glob_parts};
    struct warning_sink sink = {ignore, NULL};
    if (size == 0)
        return 0;
    part(&world, bytes_of(data + 1, size - 1));
    if ((data[0] & 1) == 0)
        try_conf(&reader, &sink);
    else
        try_secrets(&reader, &sink);
    return 0;
}
