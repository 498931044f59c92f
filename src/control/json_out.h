/* Writes JSON (RFC 8259) as it comes, without a tree: ten thousand connections are no document in memory. */
#ifndef STYX_CONTROL_JSON_OUT_H
#define STYX_CONTROL_JSON_OUT_H

#include "control/buffer.h"

struct json_out {
    struct buffer *to;
    bool needs_comma;
};

/* Before each value: the name of a member, NULL for an element of an array. */
void json_out_open(struct json_out *json, const char *name, char bracket);
void json_out_close(struct json_out *json, char bracket);
void json_out_number(struct json_out *json, const char *name, uint64_t value);
void json_out_signed(struct json_out *json, const char *name, int64_t value);
void json_out_boolean(struct json_out *json, const char *name, bool value);
void json_out_null(struct json_out *json, const char *name);
/* Any bytes: what is not UTF-8 comes out as \ooo. */
void json_out_text(struct json_out *json, const char *name, const char *value, size_t size);
/* The next element stands on a line of its own. */
void json_out_newline(struct json_out *json);

#endif
