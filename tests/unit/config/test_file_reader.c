/* src/config/file_reader.c: the real file system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/file_reader.h"

static void names_are_relative_to_the_including_file(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"/etc/ipsec.conf", "a.conf", "/etc/a.conf"},  {"/etc/ipsec.conf", "d/*.conf", "/etc/d/*.conf"},
        {"/etc/ipsec.conf", "/b/a.conf", "/b/a.conf"}, {"ipsec.conf", "a.conf", "a.conf"},
        {"d/ipsec.conf", "a.conf", "d/a.conf"},        {"/ipsec.conf", "a.conf", "/a.conf"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *path = file_reader_resolve(rows[i][0], rows[i][1]);
        assert_string_equal(path, rows[i][2]);
        free(path);
    }
}

static void a_file_of_many_buffers_is_read_whole(void **state)
{
    (void)state;
    enum { SIZE = 100000 };
    char path[] = "/tmp/styx-file-reader-XXXXXX";
    int fd = mkstemp(path);
    char *text = malloc(SIZE);
    memset(text, 'x', SIZE);
    text[SIZE - 1] = 'y';
    assert_int_equal(write(fd, text, SIZE), SIZE);
    close(fd);
    size_t size;
    char *read = file_reader_system.read(NULL, path, &size, NULL);
    assert_int_equal(size, SIZE);
    assert_memory_equal(read, text, SIZE);
    assert_int_equal(read[SIZE], '\0');
    char **paths;
    size_t count;
    assert_true(file_reader_system.glob(NULL, path, &paths, &count, NULL));
    assert_int_equal(count, 1);
    assert_string_equal(paths[0], path);
    file_reader_free_paths(paths, count);
    free(read);
    free(text);
    unlink(path);
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    struct error error = {0};
    size_t size, count;
    char **paths;
    assert_null(file_reader_system.read(NULL, "/nosuch/file", &size, &error));
    assert_string_equal(error.text, "/nosuch/file: No such file or directory");
    assert_null(file_reader_system.read(NULL, "/", &size, &error));
    assert_string_equal(error.text, "/: Is a directory");
    assert_true(file_reader_system.glob(NULL, "/nosuch/*", &paths, &count, &error));
    assert_int_equal(count, 0);
    file_reader_free_paths(paths, count);
}

static void an_endless_file_is_given_up(void **state)
{
    (void)state;
    struct error error = {0};
    size_t size;
    assert_null(file_reader_system.read(NULL, "/dev/zero", &size, &error));
    assert_string_equal(error.text, "/dev/zero: File too large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_relative_to_the_including_file),
        cmocka_unit_test(a_file_of_many_buffers_is_read_whole),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(an_endless_file_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
