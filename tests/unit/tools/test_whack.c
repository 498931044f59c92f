/* whack's command line: what each form asks of pluto, and what is refused before pluto is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* clang-format off */
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/argument_file.h"
#include "tools/whack_arguments.h"

#define MAXIMUM_WORDS 40

/* The requests that a command line (words separated by blanks) makes, as compact JSON; or "!" and the error.
 */
static char *requests_of(const char *line)
{
    static char text[4096];
    char words[1024], *argv[MAXIMUM_WORDS + 1] = {0};
    int argc = 0;
    snprintf(words, sizeof(words), "whack %s", line);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    struct whack_arguments arguments;
    struct error error = {0};
    json_t *requests = NULL;
    if (whack_arguments_parse(&arguments, argc, argv, &error))
        requests = whack_arguments_requests(&arguments, &error);
    char *dump = json_dumps(requests, JSON_COMPACT | JSON_SORT_KEYS);
    snprintf(text, sizeof(text), "%s%s", requests != NULL ? "" : "!", requests != NULL ? dump : error.text);
    free(dump);
    json_decref(requests);
    whack_arguments_free(&arguments);
    return text;
}

#define ASKS(line, expected) assert_string_equal(requests_of(line), expected)
#define REFUSES(line, part)                                                                                  \
    do {                                                                                                     \
        const char *told = requests_of(line);                                                                \
        if (told[0] != '!' || strstr(told, part) == NULL)                                                    \
            fail_msg("%s: expected a refusal with \"%s\", got %s", line, part, told);                        \
    } while (0)

static void options_before_to_describe_left_and_after_it_right(void **state)
{
    (void)state;
    ASKS("--name n --host 10.0.0.1 --client 10.0.1.0/24 --to --host 10.0.0.2 --client 10.0.2.0/24 --encrypt "
         "--psk",
         "[{\"command\":\"add\",\"name\":\"n\",\"options\":{\"authby\":\"secret\",\"left\":\"10.0.0.1\","
         "\"leftsubnet\":\"10.0.1.0/24\",\"pfs\":\"no\",\"phase2\":\"esp\",\"right\":\"10.0.0.2\","
         "\"rightsubnet\":\"10.0.2.0/24\",\"type\":\"tunnel\"}}]");
}

static void a_connection_between_two_hosts_is_transport_unless_tunnel_is_given(void **state)
{
    (void)state;
    assert_non_null(
        strstr(requests_of("--name n --host a --to --host b --encrypt"), "\"type\":\"transport\""));
    assert_non_null(
        strstr(requests_of("--name n --host a --to --host b --encrypt --tunnel"), "\"type\":\"tunnel\""));
}

static void ways_to_authenticate_add_up(void **state)
{
    (void)state;
    assert_non_null(strstr(requests_of("--name n --host a --to --host b --encrypt --rsasig --psk"),
                           "\"authby\":\"rsasig,secret\""));
}

static void a_command_without_its_name_is_refused(void **state)
{
    (void)state;
    REFUSES("--initiate", "--initiate needs --name");
    REFUSES("--host a --to --host b --encrypt", "--to needs --name");
}

static void the_name_may_stand_alone(void **state)
{
    (void)state;
    ASKS("--route net", "[{\"command\":\"route\",\"name\":\"net\"}]");
}

static void several_things_are_asked_in_the_order_that_makes_sense(void **state)
{
    (void)state;
    ASKS("--initiate --asynchronous --listen --name net",
         "[{\"command\":\"listen\"},{\"asynchronous\":true,\"command\":\"initiate\",\"name\":\"net\"}]");
}

static void debug_classes_add_up_in_both_spellings(void **state)
{
    (void)state;
    ASKS("--debug base,tmi --no-debug crypt --debug-parsing",
         "[{\"classes\":\"base,tmi,no-crypt,parsing\",\"command\":\"debug\"}]");
}

static void old_spellings_mean_the_new(void **state)
{
    (void)state;
    ASKS("--name x --down", "[{\"command\":\"terminate\",\"name\":\"x\"}]");
    ASKS("--name x --rekey-ipsec", "[{\"command\":\"rekey-child\",\"name\":\"x\"}]");
    ASKS("--ddos-busy", "[{\"command\":\"ddos\",\"mode\":\"busy\"}]");
    ASKS("--deletestate #7", "[{\"command\":\"delete-state\",\"serial\":7}]");
}

static void what_is_known_and_does_not_act_is_refused_by_name(void **state)
{
    (void)state;
    REFUSES("--impair none", "--impair is not supported yet");
    REFUSES("--pfsgroup modp2048", "--pfsgroup is not supported yet");
    REFUSES("--name n --host a --to --host b", "IKE SA alone is not supported yet");
}

static void nonsense_is_refused_with_the_nearest_word(void **state)
{
    (void)state;
    REFUSES("--initate --name x", "did you mean --initiate?");
    REFUSES("--listen=yes", "takes no argument");
    REFUSES("--deletestate seven", "expected the number");
    REFUSES("--status --asynchronous", "--asynchronous goes with --initiate");
    REFUSES("--name", "--name needs an argument");
    REFUSES("", "nothing to do");
}

static char *file_with(const char *content)
{
    static char path[64];
    snprintf(path, sizeof(path), "%s", "/tmp/styx-whack-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    close(fd);
    return path;
}

static void options_come_from_a_file_with_quotes_and_comments(void **state)
{
    (void)state;
    char *path = file_with("# a comment\n--name 'two words'  --id \"a b\"\n--listen\n");
    char *argv[] = {"whack", "--optionsfrom", path, "--status", NULL};
    struct argument_list list;
    struct error error;
    assert_true(argument_list_expand(&list, 4, argv, &error));
    assert_int_equal(list.count, 7);
    assert_string_equal(list.words[2], "two words");
    assert_string_equal(list.words[4], "a b");
    assert_string_equal(list.words[6], "--status");
    argument_list_free(&list);
    unlink(path);
}

static void a_file_that_names_itself_is_an_error_and_not_a_loop(void **state)
{
    (void)state;
    char *path = file_with("");
    FILE *file = fopen(path, "w");
    fprintf(file, "--optionsfrom %s", path);
    fclose(file);
    char *argv[] = {"whack", "--optionsfrom", path, NULL};
    struct argument_list list;
    struct error error;
    assert_false(argument_list_expand(&list, 3, argv, &error));
    assert_non_null(strstr(error.text, "deep"));
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_before_to_describe_left_and_after_it_right),
        cmocka_unit_test(a_connection_between_two_hosts_is_transport_unless_tunnel_is_given),
        cmocka_unit_test(ways_to_authenticate_add_up),
        cmocka_unit_test(a_command_without_its_name_is_refused),
        cmocka_unit_test(the_name_may_stand_alone),
        cmocka_unit_test(several_things_are_asked_in_the_order_that_makes_sense),
        cmocka_unit_test(debug_classes_add_up_in_both_spellings),
        cmocka_unit_test(old_spellings_mean_the_new),
        cmocka_unit_test(what_is_known_and_does_not_act_is_refused_by_name),
        cmocka_unit_test(nonsense_is_refused_with_the_nearest_word),
        cmocka_unit_test(options_come_from_a_file_with_quotes_and_comments),
        cmocka_unit_test(a_file_that_names_itself_is_an_error_and_not_a_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
