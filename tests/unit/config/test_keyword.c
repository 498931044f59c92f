/* src/config/keyword*.c, options_*.c: the tables agree with themselves and with the structs that they fill.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include <cmocka.h>

#include "config/setup.h"
#include "config/value.h"
#include "engine/connection_spec.h"

static void check_table(const struct keyword *table, size_t count, enum keyword_section section)
{
    for (size_t i = 0; i < count; i++) {
        const struct keyword *row = &table[i];
        assert_int_equal(row->section, section);
        if (i > 0 && strcasecmp(table[i - 1].name, row->name) >= 0)
            fail_msg("\"%s\" is out of order", row->name);
        char name[64];
        keyword_spelling(row, row->is_per_end ? END_RIGHT : END_NONE, name, sizeof(name));
        const struct keyword *found = keyword_find(section, name, NULL);
        if (found == NULL || (row->alias_of == NULL && found != row) ||
            (row->alias_of != NULL && strcmp(found->name, row->alias_of) != 0))
            fail_msg("\"%s\" is not found", name);
        if (row->alias_of != NULL)
            continue;
        assert_non_null(row->help);
        assert_non_null(row->default_text);
        struct error error = {0};
        if (*row->default_text != '\0' && !value_check(row, row->default_text, &error))
            fail_msg("%s: its default: %s", name, error.text);
    }
}

static void the_tables_are_in_order_and_their_defaults_are_valid(void **state)
{
    (void)state;
    check_table(setup_keywords, setup_keyword_count, SECTION_SETUP);
    check_table(conn_keywords, conn_keyword_count, SECTION_CONN);
}

static uint64_t load(const void *field, uint8_t width)
{
    uint64_t number = 0;
    memcpy(&number, field, width); /* little-endian hosts only, as are all that we test on */
    return number;
}

static void a_new_connection_has_the_defaults_of_the_table(void **state)
{
    (void)state;
    struct connection_spec *spec = connection_spec_new("x");
    for (size_t i = 0; i < conn_keyword_count; i++) {
        const struct keyword *row = &conn_keywords[i];
        uint64_t expected;
        if (row->alias_of != NULL || row->offset == SIZE_MAX || row->type == KEYWORD_STRING ||
            row->type == KEYWORD_SIZE || *row->default_text == '\0')
            continue;
        if (strcmp(row->name, "ikeport") == 0) /* 0: the port that pluto listens on, 500 unless told */
            continue;
        assert_true(value_number(row, row->default_text, &expected, NULL, NULL));
        const char *const owners[] = {row->is_per_end ? (char *)&spec->left : (char *)spec,
                                      row->is_per_end ? (char *)&spec->right : (char *)spec};
        for (size_t end = 0; end < ARRAY_SIZE(owners); end++)
            if (load(owners[end] + row->offset, row->width) != expected)
                fail_msg("default of %s", row->name);
    }
    assert_true(spec->ipsec_max_bytes >= (uint64_t)1 << 63);
    assert_true(spec->ipsec_max_packets >= (uint64_t)1 << 63);
    connection_spec_free(spec);
}

static void keywords_are_found_in_any_case_and_for_their_end(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name; /* NULL: unknown */
        enum keyword_end end;
    } rows[] = {
        {"left", "", END_LEFT},
        {"RIGHT", "", END_RIGHT},
        {"LeftID", "id", END_LEFT},
        {"right-subnet", "subnet", END_RIGHT},
        {"Authby", "authby", END_NONE},
        {"keylife", "ipsec-lifetime", END_NONE},
        {"leftxauthusername", "username", END_LEFT},
        {"x-anything", "x-comment", END_NONE},
        {"id", NULL, END_NONE},
        {"leftauthby", NULL, END_NONE},
        {"left-", NULL, END_NONE},
        {"", NULL, END_NONE},
        {"leftleft", NULL, END_NONE},
        {"nosuch", NULL, END_NONE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum keyword_end end = END_NONE;
        const struct keyword *keyword = keyword_find(SECTION_CONN, rows[i].text, &end);
        if ((keyword != NULL) != (rows[i].name != NULL))
            fail_msg("\"%s\"", rows[i].text);
        if (keyword == NULL)
            continue;
        assert_string_equal(keyword->name, rows[i].name);
        assert_int_equal(end, rows[i].end);
    }
}

static void a_misspelt_keyword_gets_a_suggestion(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"atuhby", "authby"},
                                          {"leftsubent", "leftsubnet"},
                                          {"rigth", "right"},
                                          {"ikelifetme", "ikelifetime"}};
    char nearest[64];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(keyword_suggest(SECTION_CONN, rows[i][0], nearest, sizeof(nearest)));
        assert_string_equal(nearest, rows[i][1]);
    }
    assert_false(keyword_suggest(SECTION_CONN, "zzzzzzzzzzzzzzzzzzz", nearest, sizeof(nearest)));
}

static void check_options(const struct keyword_option *options, size_t count, enum keyword_section section)
{
    for (size_t i = 0; i < count; i++) {
        const struct keyword_option *option = &options[i];
        if (i > 0 && strcmp(options[i - 1].name, option->name) >= 0)
            fail_msg("--%s is out of order", option->name);
        char left[64];
        snprintf(left, sizeof(left), "left%s", option->keyword);
        const struct keyword *keyword = keyword_find(section, option->keyword, NULL);
        if (keyword == NULL && section == SECTION_CONN)
            keyword = keyword_find(section, left, NULL);
        if (keyword == NULL)
            fail_msg("--%s sets \"%s\", which is no keyword", option->name, option->keyword);
        if (option->argument != ARGUMENT_REQUIRED && option->value == NULL)
            fail_msg("--%s has no value", option->name);
        struct error error = {0};
        if (option->value != NULL && !value_check(keyword, option->value, &error))
            fail_msg("--%s: %s", option->name, error.text);
    }
}

static void every_option_sets_a_keyword_to_a_valid_value(void **state)
{
    (void)state;
    check_options(whack_connection_options, whack_connection_option_count, SECTION_CONN);
    check_options(pluto_setup_options, pluto_setup_option_count, SECTION_SETUP);
    assert_non_null(whack_connection_option_find("psk"));
    assert_null(whack_connection_option_find("nosuch"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_are_in_order_and_their_defaults_are_valid),
        cmocka_unit_test(a_new_connection_has_the_defaults_of_the_table),
        cmocka_unit_test(keywords_are_found_in_any_case_and_for_their_end),
        cmocka_unit_test(a_misspelt_keyword_gets_a_suggestion),
        cmocka_unit_test(every_option_sets_a_keyword_to_a_valid_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
