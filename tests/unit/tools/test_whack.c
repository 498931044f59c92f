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

#include "base/bytes.h"
#include "config/argument_file.h"
#include "tools/whack_options.h"

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
         "\"rightsubnet\":\"10.0.2.0/24\",\"type\":\"tunnel\"},\"replace\":false}]");
}

static void a_connection_between_two_hosts_is_transport_unless_tunnel_is_given(void **state)
{
    (void)state;
    assert_non_null(
        strstr(requests_of("--name n --host a --to --host b --encrypt"), "\"type\":\"transport\""));
    assert_non_null(
        strstr(requests_of("--name n --host a --to --host b --encrypt --tunnel"), "\"type\":\"tunnel\""));
    static const char *const of_clients[] = {
        "--name n --host a --to --host b --client 10.0.0.0/8 --encrypt",
        "--name n --host a --to --host %any --addresspool 10.0.0.0/8 --encrypt",
        "--name n --host a --sourceip 10.0.0.1 --to --host b --encrypt",
        "--name n --host a --to --host %opportunistic --encrypt",
    };
    for (size_t i = 0; i < sizeof(of_clients) / sizeof(of_clients[0]); i++)
        assert_non_null(strstr(requests_of(of_clients[i]), "\"type\":\"tunnel\""));
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
    REFUSES("--initiate", "missing --name <connection_name>");
    REFUSES("--deleteid", "missing --name <identity> for --deleteid");
    REFUSES("--deleteuser", "missing --name <user_name> for --deleteuser");
    REFUSES("--host a --to --host b --encrypt", "missing --name <connection_name>");
    REFUSES("--listen --name x", "no reason for --name");
    REFUSES("--showstates --name x", "no reason for --name");
}

static void an_incomplete_connection_is_refused_in_the_words_that_are_known(void **state)
{
    (void)state;
    REFUSES("--name n --host a --encrypt", "connection description option, but no --to");
    REFUSES("--name n --host a --to --psk", "connection missing --host after --to");
    REFUSES("--name n --to --host a --psk", "connection missing --host before --to");
    REFUSES("--name n --host %any --to --host 0.0.0.0 --psk", "hosts cannot be both 0.0.0.0 or 0::0");
    REFUSES("--name n --host a --to --host b --pass --psk", "shunt connection cannot have authentication");
    REFUSES("--name n --host a --to --host b --client 10.0.0.0/8",
            "must not specify clients for ISAKMP-only");
    assert_non_null(strstr(requests_of("--name n --host a --to --host b --psk"), "\"ike-only\":true"));
    assert_null(strstr(requests_of("--name n --host a --to --host b --psk --pfs"), "ike-only"));
    REFUSES("--name n --host a --to --to", "only one --to allowed");
    REFUSES("--name n --host a --to --host b --encrypt --ikelifetime 3x", "--ikelifetime: found \"3x\"");
}

static void without_delete_the_name_of_a_connection_must_be_free(void **state)
{
    (void)state;
    assert_non_null(strstr(requests_of("--name n --host a --to --host b --encrypt"), "\"replace\":false"));
    assert_null(strstr(requests_of("--name n --delete --host a --to --host b --encrypt"), "replace"));
    ASKS("--name n --delete", "[{\"command\":\"delete\",\"name\":\"n\"}]");
}

static void a_user_name_is_of_an_end_or_of_an_initiation(void **state)
{
    (void)state;
    assert_non_null(strstr(requests_of("--name n --host a --to --host b --encrypt --username u"),
                           "\"rightusername\":\"u\""));
    ASKS("--name n --initiate --xauthuser u --xauthpass p",
         "[{\"command\":\"initiate\",\"name\":\"n\",\"password\":\"p\",\"user\":\"u\"}]");
    REFUSES("--status --xauthuser u", "go with --initiate");
}

static void pfsgroup_is_added_to_the_algorithms(void **state)
{
    (void)state;
    assert_non_null(strstr(requests_of("--name n --host a --to --host b --esp aes --pfsgroup modp2048"),
                           "\"esp\":\"aes;modp2048\""));
    assert_non_null(strstr(requests_of("--name n --host a --to --host b --encrypt --pfsgroup modp2048"),
                           "\"esp\":\"ke=modp2048\""));
    assert_non_null(strstr(requests_of("--name n --host a --to --host b --authenticate --pfsgroup modp2048"),
                           "\"ah\":\"ke=modp2048\""));
    assert_non_null(strstr(requests_of("--name n --host a --to --host b --ah sha1 --pfsgroup modp2048"),
                           "\"ah\":\"sha1;modp2048\""));
}

static void the_family_of_clients_is_checked(void **state)
{
    (void)state;
    const char *asked =
        requests_of("--name n --host a --client 10.0.0.0/8 --to --host b --encrypt --tunnelipv4");
    assert_non_null(strstr(asked, "\"leftsubnet\":\"10.0.0.0/8\""));
    assert_null(strstr(asked, "clientaddrfamily"));
    REFUSES("--name n --host a --client 10.0.0.0/8 --to --host b --encrypt --tunnelipv6",
            "--tunnelipv6, but --client 10.0.0.0/8 is of ipv4");
    REFUSES("--name n --host a --to --host b --client fd00::/8 --encrypt --tunnelipv4", "is of ipv6");
}

static void a_key_needs_its_identity(void **state)
{
    (void)state;
    ASKS("--keyid @east --pubkeyrsa 0sAQ --addkey",
         "[{\"add\":true,\"command\":\"add-key\",\"id\":\"@east\",\"key\":\"0sAQ\"}]");
    REFUSES("--pubkeyrsa 0sAQ", "--addkey and --pubkeyrsa require --keyid");
    REFUSES("--keyid @east", "--keyid needs --pubkeyrsa");
}

static void opportunistic_initiation_needs_both_addresses(void **state)
{
    (void)state;
    ASKS("--oppohere 10.0.0.1 --oppothere 10.0.0.2 --oppodport 80",
         "[{\"command\":\"initiate-opportunistic\",\"destination-port\":80,\"here\":\"10.0.0.1\",\"there\":"
         "\"10.0.0.2\"}]");
    ASKS("--oppohere 10.0.0.1 --oppothere 10.0.0.2 --tunnelipv4",
         "[{\"command\":\"initiate-opportunistic\",\"here\":\"10.0.0.1\",\"there\":\"10.0.0.2\"}]");
    REFUSES("--oppohere 10.0.0.1 --oppothere 10.0.0.2 --tunnelipv6",
            "--tunnelipv6, but 10.0.0.1 is an address of ipv4");
    REFUSES("--oppohere 10.0.0.1", "--oppohere and --oppothere must be used together");
}

static const struct {
    const char *name;
    enum option_argument argument;
} reference[] = {
#include "whack_reference.inc"
};

static void every_option_of_the_references_is_known_with_its_argument(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(reference); i++) {
        const struct whack_option *own = whack_option_find(reference[i].name);
        const struct keyword_option *option = whack_connection_option_find(reference[i].name);
        if ((own != NULL) == (option != NULL))
            fail_msg("--%s is in %s table", reference[i].name, own != NULL ? "more than one" : "no");
        enum option_argument argument = own != NULL ? own->argument : option->argument;
        /* An optional argument is attached by "=": nothing else changes. */
        if ((argument == ARGUMENT_REQUIRED) != (reference[i].argument == ARGUMENT_REQUIRED))
            fail_msg("--%s takes another argument than in the reference", reference[i].name);
        if (option != NULL && whack_connection_keyword(option) == NULL)
            fail_msg("--%s sets \"%s\", which is no keyword", option->name, option->keyword);
    }
}

static void every_old_spelling_names_one_that_is_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < whack_connection_option_count; i++) {
        char name[64];
        const char *replaced_by = whack_connection_options[i].replaced_by;
        if (replaced_by == NULL)
            continue;
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(replaced_by, " "), replaced_by);
        if (whack_connection_option_find(name) == NULL)
            fail_msg("--%s: no option --%s", whack_connection_options[i].name, name);
    }
}

static void the_beginning_of_a_name_is_enough_where_there_is_only_one(void **state)
{
    (void)state;
    ASKS("--trafficst", "[{\"command\":\"trafficstatus\",\"output\":\"text\"}]");
    REFUSES("--list", "unrecognized option");
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
    ASKS("--debug base,tmi --no-debug crypt,private --debug-parsing",
         "[{\"classes\":\"base,tmi,no-crypt,no-private,parsing\",\"command\":\"debug\"}]");
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
    REFUSES("--global-redirect yes", "--global-redirect is not supported yet: redirection");
    REFUSES("--suspend", "--suspend is not supported yet: session resumption");
    REFUSES("--rereadcrls", "--rereadcrls was removed; use --fetchcrls");
    REFUSES("--initiateontraffic", "--initiateontraffic was removed");
}

static void nonsense_is_refused_with_the_nearest_word(void **state)
{
    (void)state;
    REFUSES("--initate --name x", "did you mean --initiate?");
    REFUSES("--listen=yes", "doesn't allow an argument");
    REFUSES("--deletestate seven", "expected a number");
    REFUSES("--status --asynchronous", "--asynchronous goes with --initiate");
    REFUSES("--oppoproto 6", "--oppoproto goes with --oppohere");
    REFUSES("--name", "option '--name' requires an argument");
    REFUSES("", "no action specified; try --help for hints");
    REFUSES("--name x", "no action specified");
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
        cmocka_unit_test(an_incomplete_connection_is_refused_in_the_words_that_are_known),
        cmocka_unit_test(without_delete_the_name_of_a_connection_must_be_free),
        cmocka_unit_test(a_user_name_is_of_an_end_or_of_an_initiation),
        cmocka_unit_test(pfsgroup_is_added_to_the_algorithms),
        cmocka_unit_test(the_family_of_clients_is_checked),
        cmocka_unit_test(a_key_needs_its_identity),
        cmocka_unit_test(opportunistic_initiation_needs_both_addresses),
        cmocka_unit_test(every_option_of_the_references_is_known_with_its_argument),
        cmocka_unit_test(every_old_spelling_names_one_that_is_known),
        cmocka_unit_test(the_beginning_of_a_name_is_enough_where_there_is_only_one),
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
