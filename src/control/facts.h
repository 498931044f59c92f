/*
 * What is to be told of one thing, told once: a listing puts each fact by name, and it comes out as a member
 * of a JSON object or at its places in lines of text (text_form.h). Every thing of one form puts the same
 * facts in the same order; what it does not have it puts as absent.
 */
#ifndef STYX_CONTROL_FACTS_H
#define STYX_CONTROL_FACTS_H

#include "control/json_out.h"
#include "control/text_form.h"

enum { FACTS_MAX = 160, FORMS_MAX = 64 };

/* Takes a line of text, without the message number. */
typedef void facts_line(void *context, int code, const char *line, size_t size);

struct facts {
    bool is_json;
    struct json_out json;
    facts_line *on_line;
    void *context;
    const struct text_form *form;
    const char *object; /* facts are members of this object; NULL: of the thing itself */
    struct fact list[FACTS_MAX];
    size_t count;
    struct buffer texts, line;
    char separator; /* of the list that is open */
    struct compiled_form *compiled[FORMS_MAX];
    size_t compiled_count;
};

/* The same `facts` may be used again and again; its memory is kept. */
void facts_to_json(struct facts *facts, struct buffer *to);
void facts_to_text(struct facts *facts, facts_line *on_line, void *context);
void facts_free(struct facts *facts);

/* One thing, from begin to end. In JSON it is the object `name` or, NULL, an element of an array. */
void facts_begin(struct facts *facts, const char *name, const struct text_form *form);
void facts_end(struct facts *facts);

/* Those that follow, up to NULL, are members of an object of this name. */
void facts_object(struct facts *facts, const char *name);

void facts_number(struct facts *facts, const char *name, uint64_t value);
/* UINT64_MAX is absent, shown as `absent`. */
void facts_limit(struct facts *facts, const char *name, uint64_t value, const char *absent);
void facts_bool(struct facts *facts, const char *name, bool value);
/* NULL is absent, shown as nothing. */
void facts_text(struct facts *facts, const char *name, const char *value);
void facts_text_or(struct facts *facts, const char *name, const char *value, const char *absent);
void facts_absent(struct facts *facts, const char *name, const char *shown);
/* Only in text: what is made of other facts. */
void facts_shown(struct facts *facts, const char *name, const char *value);
/* An array in JSON, in text its elements with the separator between. */
void facts_list_begin(struct facts *facts, const char *name, char separator);
void facts_list_add(struct facts *facts, const char *value);
void facts_list_end(struct facts *facts);

#endif
