/* ipsec.d/passwd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "config/passwd_file.h"

static const char file[] = "# users\n"
                           "alice:hash1:office\n"
                           "alice:hash2:home:10.9.0.7\n"
                           "bob:hash3\r\n"
                           "carol:hash4:\n"
                           "dave:hash5:*:2001:db8::7\n"
                           "erin\n"
                           "frank::office\n"
                           "gina:hash6:office:10.9.0\n"
                           "\n"
                           ":hash7\n"
                           "last:hash8:office";

static bool find(const char *user, const char *connection, struct passwd_entry *out, struct error *error)
{
    struct passwd_walk walk = {.at = file};
    return passwd_file_next(&walk, user, connection, out, error);
}

static void a_line_is_for_its_user_and_connection(void **state)
{
    struct passwd_entry entry;
    struct error error;
    (void)state;
    assert_true(find("alice", "office", &entry, &error));
    assert_string_equal(entry.hash, "hash1");
    assert_int_equal(entry.line, 2);
    assert_true(entry.is_for_one);
    assert_false(address_is_set(&entry.address));
    assert_true(find("alice", "home", &entry, &error));
    assert_string_equal(entry.hash, "hash2");
    assert_false(find("alice", "elsewhere", &entry, &error));
    assert_int_equal(error.code, 0);
    assert_false(find("ali", "office", &entry, &error));
    assert_false(find("alicea", "office", &entry, &error));
    assert_false(find("# users", "office", &entry, &error));
    assert_true(find("last", "office", &entry, &error));
}

static void without_a_connection_a_line_is_for_all(void **state)
{
    static const char *const users[] = {"bob", "carol", "dave"}, *const hashes[] = {"hash3", "hash4",
                                                                                    "hash5"};
    struct passwd_entry entry;
    struct error error;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(find(users[i], "any", &entry, &error));
        assert_string_equal(entry.hash, hashes[i]);
        assert_false(entry.is_for_one);
    }
}

static void an_address_goes_with_the_user(void **state)
{
    struct passwd_entry entry;
    struct error error;
    char text[ADDRESS_TEXT_SIZE];
    (void)state;
    assert_true(find("alice", "home", &entry, &error));
    assert_string_equal(address_text(&entry.address, text), "10.9.0.7");
    assert_true(find("dave", "home", &entry, &error));
    assert_string_equal(address_text(&entry.address, text), "2001:db8::7");
}

static void several_lines_of_one_user_are_tried_in_order(void **state)
{
    struct passwd_walk walk = {.at = "a:h1\na:h2:other\na:h3:mine\n"};
    struct passwd_entry entry;
    struct error error;
    (void)state;
    assert_true(passwd_file_next(&walk, "a", "mine", &entry, &error));
    assert_string_equal(entry.hash, "h1");
    assert_true(passwd_file_next(&walk, "a", "mine", &entry, &error));
    assert_string_equal(entry.hash, "h3");
    assert_false(passwd_file_next(&walk, "a", "mine", &entry, &error));
}

static void a_line_with_a_fault_is_told_of_by_number(void **state)
{
    static const struct {
        const char *user;
        int line;
    } rows[] = {{"erin", 7}, {"frank", 8}, {"gina", 9}};
    struct passwd_entry entry;
    struct error error;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_false(find(rows[i].user, "office", &entry, &error));
        assert_int_equal(error.code, rows[i].line);
    }
}

static void a_hash_that_is_too_long_is_none(void **state)
{
    char text[2 * PASSWD_HASH_SIZE] = "a:";
    struct passwd_walk walk = {.at = text};
    struct passwd_entry entry;
    struct error error;
    (void)state;
    memset(text + 2, 'x', PASSWD_HASH_SIZE);
    assert_false(passwd_file_next(&walk, "a", "c", &entry, &error));
    assert_int_equal(error.code, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_for_its_user_and_connection),
        cmocka_unit_test(without_a_connection_a_line_is_for_all),
        cmocka_unit_test(an_address_goes_with_the_user),
        cmocka_unit_test(several_lines_of_one_user_are_tried_in_order),
        cmocka_unit_test(a_line_with_a_fault_is_told_of_by_number),
        cmocka_unit_test(a_hash_that_is_too_long_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
