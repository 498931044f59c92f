/* `config setup` of ipsec.conf(5), and warnings that know their place. */
#include <stdio.h>
#include <string.h>

#include "config/conf_detail.h"

struct conf_place conf_option_place(const struct conf_option *option, int byte)
{
    struct conf_place place = option->place;
    place.column = (uint16_t)(place.column + (byte > 0 ? byte : 0));
    return place;
}

void conf_warn_with_place(void *context, const char *text)
{
    const struct conf_placed_sink *placed = context;
    if (placed->option == NULL)
        warning_send(placed->inner, "%s", text);
    else
        warning_send(placed->inner, "%s:%u: %s", placed->option->place.source->path,
                     placed->option->place.line, text);
}

const struct conf_option *conf_setup_options(const struct conf *conf, size_t *ret_count)
{
    *ret_count = conf->setup.option_count;
    return conf->setup.options;
}

const char *conf_setup_value(const struct conf *conf, const struct keyword *keyword)
{
    for (size_t i = 0; i < conf->setup.option_count; i++)
        if (conf->setup.options[i].keyword == keyword)
            return conf->setup.options[i].value;
    return NULL;
}

char *conf_setup_text(const struct conf *conf)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL)
        return NULL;
    for (size_t i = 0; i < conf->setup.option_count; i++)
        fprintf(stream, "%s=%s\n", conf->setup.options[i].keyword->name, conf->setup.options[i].value);
    return fclose(stream) == 0 ? text : NULL;
}

bool conf_apply_setup(const struct conf *conf, struct setup *setup, const struct warning_sink *warnings,
                      struct error *error)
{
    struct conf_placed_sink placed = {.inner = warnings};
    struct warning_sink sink = {conf_warn_with_place, &placed};
    for (size_t i = 0; i < conf->setup.option_count; i++) {
        const struct conf_option *option = &conf->setup.options[i];
        struct error reason = {0};
        placed.option = option;
        if (setup_option(setup, option->keyword->name, option->value, true, &sink, &reason))
            continue;
        struct conf_place place = conf_option_place(option, reason.code);
        return conf_error(error, &place, "%s", reason.text);
    }
    return true;
}
