/* What the tests of proposals share: short ways to make and to print lists. */
#ifndef STYX_TESTS_PROPOSAL_FIXTURE_H
#define STYX_TESTS_PROPOSAL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proposal/proposal.h"

enum { LIST_TEXT_SIZE = 4096, BODY_SIZE = 8192, ARENA_LIMIT = 1 << 20 };

/* The list; the test fails with the reason when the text is refused. */
static inline struct proposal_list *list_of(enum security_protocol protocol, unsigned flags, const char *text)
{
    struct error error = {0};
    struct proposal_list *list = proposals_parse(protocol, flags, text, &error);
    if (list == NULL)
        fail_msg("%s", error.text);
    return list;
}

/* The body of an SA payload that offers the text. */
static inline struct bytes body_of(enum security_protocol protocol, unsigned flags, const char *text,
                                   struct bytes spi, uint8_t buffer[static BODY_SIZE])
{
    struct proposal_list *list = list_of(protocol, flags, text);
    struct writer writer = writer_of(buffer, BODY_SIZE);
    proposals_write(&writer, &(struct proposal_offer){.list = list, .spi = spi});
    assert_false(writer.overflowed);
    proposals_free(list);
    return writer_bytes_so_far(&writer);
}

static inline const char *list_text(const struct proposal_list *list, char buffer[static LIST_TEXT_SIZE])
{
    struct text text = text_of(buffer, LIST_TEXT_SIZE);
    proposals_text(&text, list);
    return buffer;
}

static inline const char *one_suite_text(const struct suite *suite, char buffer[static LIST_TEXT_SIZE])
{
    struct text text = text_of(buffer, LIST_TEXT_SIZE);
    suite_text(&text, suite);
    return buffer;
}

#endif
