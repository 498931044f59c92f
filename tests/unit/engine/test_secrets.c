/* src/engine/secrets.c: which secret serves a pair of peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/secrets.h"

/* index: identities parted by blanks, as in ipsec.secrets. */
static void add(struct secrets *secrets, const char *index, const char *key)
{
    struct secret_entry entry = {0};
    char copy[256];
    snprintf(copy, sizeof(copy), "%s", index);
    entry.ids = calloc(8, sizeof(*entry.ids));
    entry.id_is_any = calloc(8, sizeof(*entry.id_is_any));
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
        entry.id_is_any[entry.id_count] = strcmp(word, "%any") == 0;
        if (!entry.id_is_any[entry.id_count])
            assert_true(identity_parse(word, &entry.ids[entry.id_count], NULL));
        entry.id_count++;
    }
    entry.key = (uint8_t *)strdup(key);
    entry.key_size = strlen(key);
    assert_true(secrets_add(secrets, &entry));
}

static void expect(struct secrets *secrets, const char *ours, const char *theirs, const char *key)
{
    struct identity our_id, their_id;
    struct ip_address our_host, their_host;
    struct error error = {0};
    assert_true(identity_parse(ours, &our_id, NULL));
    assert_true(identity_parse(theirs, &their_id, NULL));
    assert_true(address_parse("192.0.2.1", &our_host, NULL));
    assert_true(address_parse("192.0.2.2", &their_host, NULL));
    const struct secret_entry *found =
        secrets_find_psk(secrets, &our_id, &their_id, &our_host, &their_host, &error);
    if (key == NULL) {
        assert_null(found);
        assert_non_null(strstr(error.text, ours));
        assert_non_null(strstr(error.text, theirs));
    } else {
        assert_non_null(found);
        assert_int_equal(found->key_size, strlen(key));
        assert_memory_equal(found->key, key, found->key_size);
    }
    identity_free(&our_id);
    identity_free(&their_id);
}

static void the_best_match_wins_in_any_order(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"", "none"},
        {"%any", "any"},
        {"@us", "us"},
        {"@us %any", "us-any"},
        {"@us 192.0.2.2", "us-address"},
        {"@us @them", "us-them"},
    };
    for (size_t missing = 0; missing <= ARRAY_SIZE(lines); missing++) {
        struct secrets *secrets = secrets_new();
        size_t kept = ARRAY_SIZE(lines) - missing;
        for (size_t i = 0; i < kept; i++)
            add(secrets, lines[missing % 2 ? kept - 1 - i : i][0], lines[missing % 2 ? kept - 1 - i : i][1]);
        expect(secrets, "@us", "@them", kept ? lines[kept - 1][1] : NULL);
        secrets_free(secrets);
    }
}

static void an_entry_for_another_pair_does_not_serve(void **state)
{
    (void)state;
    struct secrets *secrets = secrets_new();
    add(secrets, "@us @other", "wrong");
    add(secrets, "@them @other", "wrong");
    add(secrets, "@other", "wrong");
    expect(secrets, "@us", "@them", NULL);
    add(secrets, "@them", "theirs");
    expect(secrets, "@us", "@them", "theirs");
    secrets_free(secrets);
}

static void lists_of_more_than_two_serve_any_pair_in_them(void **state)
{
    (void)state;
    struct secrets *secrets = secrets_new();
    add(secrets, "@a @b @c", "group");
    expect(secrets, "@a", "@c", "group");
    expect(secrets, "@b", "@a", "group");
    expect(secrets, "@a", "@d", NULL);
    secrets_free(secrets);
}

static void among_equals_the_first_wins(void **state)
{
    (void)state;
    struct secrets *secrets = secrets_new();
    add(secrets, "@a @b", "first");
    add(secrets, "@b @a", "second");
    expect(secrets, "@a", "@b", "first");
    secrets_free(secrets);
}

static void ten_thousand_pairs_are_all_found(void **state)
{
    (void)state;
    struct secrets *secrets = secrets_new();
    char index[64], key[32], peer[32];
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(index, sizeof(index), "@gateway @road%u", i);
        snprintf(key, sizeof(key), "key%u", i);
        add(secrets, index, key);
    }
    for (unsigned i = 0; i < 10000; i += 97) {
        snprintf(peer, sizeof(peer), "@road%u", i);
        snprintf(key, sizeof(key), "key%u", i);
        expect(secrets, "@gateway", peer, key);
    }
    secrets_free(secrets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_match_wins_in_any_order),
        cmocka_unit_test(an_entry_for_another_pair_does_not_serve),
        cmocka_unit_test(lists_of_more_than_two_serve_any_pair_in_them),
        cmocka_unit_test(among_equals_the_first_wins),
        cmocka_unit_test(ten_thousand_pairs_are_all_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
