/*
 * Keyword = text value, one after the other -> a connection as the engine wants it. The pairs come from
 * ipsec.conf (conf_file.h) or from whack by the control protocol; both get the same checks and the same
 * words.
 */
#ifndef STYX_CONFIG_SPEC_BUILD_H
#define STYX_CONFIG_SPEC_BUILD_H

#include "config/keyword.h"
#include "config/warning.h"
#include "engine/connection_spec.h"

struct spec_builder;

/* `name` is copied; warnings (obsolete keywords ...) go to `warnings`, which is borrowed and may be NULL. */
struct spec_builder *spec_builder_new(const char *name, const struct warning_sink *warnings);
/* NULL is fine. */
void spec_builder_free(struct spec_builder *builder);

/*
 * Sets one keyword of a `conn` ("leftid", "authby" ...; aliases too); a later one replaces an earlier. The
 * error names connection, keyword and value: `conn "x": keyword "mobike" is not supported yet`. error->code
 * is the byte of the value that was wrong, or -1.
 */
bool spec_build_option(struct spec_builder *builder, const char *keyword, const char *value,
                       struct error *error);

/* Whether the value of a keyword that acts has a meaning, whatever else the connection says. */
bool spec_check_value(const struct keyword *keyword, enum keyword_end end, const char *value,
                      struct error *error);

/* Checks the whole and hands over the connection; NULL with the reason, error->code being which of the pairs
 * (from 0) is at fault, or -1. The builder is freed in either case. */
struct connection_spec *spec_build_finish(struct spec_builder *builder, struct error *error);

#endif
