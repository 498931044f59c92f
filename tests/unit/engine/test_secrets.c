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
    entry.id_forms = calloc(8, sizeof(*entry.id_forms));
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
        bool is_any = strcmp(word, "%any") == 0;
        if (!is_any)
            assert_true(identity_parse(word, &entry.ids[entry.id_count], NULL));
        bool is_name = entry.ids[entry.id_count].kind == ID_FQDN && word[0] != '@';
        entry.id_forms[entry.id_count] = is_any ? SECRET_ID_ANY : is_name ? SECRET_ID_NAME : SECRET_ID_PLAIN;
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

/* Known before the first look-up, or later; several indexes or one. */
static void a_host_name_stands_for_its_address_once_that_is_known(void **state)
{
    static const char *const indexes[] = {"us.example them.example", "us.example"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(indexes); i++)
        for (unsigned is_late = 0; is_late < 2; is_late++) {
            struct ip_address ours, theirs;
            struct secrets *secrets = secrets_new();
            add(secrets, "@other.example other.example", "another");
            add(secrets, indexes[i], "named");
            assert_int_equal(secrets->name_count, 3 - i);
            if (is_late)
                expect(secrets, "192.0.2.1", "192.0.2.2", NULL);
            assert_true(address_parse("192.0.2.1", &ours, NULL));
            assert_true(address_parse("192.0.2.2", &theirs, NULL));
            secrets_name_is_at(secrets, 1, &ours);
            if (secrets->name_count == 3)
                secrets_name_is_at(secrets, 2, &theirs);
            expect(secrets, "192.0.2.1", "192.0.2.2", "named");
            expect(secrets, "@us.example", "@them.example", "named");
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
    add(secrets, "@them", "not the peer alone");
    expect(secrets, "@us", "@them", NULL);
    secrets_free(secrets);
}

/* The rules that ipsec.secrets(5) states, each with the entry that it prefers. */
static void the_rules_of_the_manual_page_hold(void **state)
{
    (void)state;
    static const struct {
        const char *indexes[4]; /* of the entries, whose keys are "0", "1" ... */
        const char *ours, *theirs, *key;
    } rows[] = {
        {{""}, "@us", "@them", "0"},
        {{"", "@us"}, "@us", "@them", "1"},
        {{"", "@them"}, "@us", "@them", "0"},
        {{"@us", "@us @them"}, "@us", "@them", "1"},
        {{"@us", "@us %any"}, "@us", "@them", "1"},
        {{"@us", "@us %any"}, "@us", "203.0.113.9", "1"},
        {{"@us %any", "@us 203.0.113.9"}, "@us", "203.0.113.9", "1"},
        {{"@us %any", "@us 203.0.113.9"}, "@us", "203.0.113.10", "0"},
        {{"%any %any", "@us %any"}, "@us", "@them", "1"},
        {{"%any", "%any @them"}, "@us", "@them", "1"},
        {{"%any"}, "@us", "@them", "0"},
        {{"192.0.2.1 192.0.2.2"}, "192.0.2.1", "192.0.2.2", "0"},
        {{"192.0.2.1 192.0.2.2"}, "192.0.2.2", "192.0.2.1", "0"},
        {{"192.0.2.1 192.0.2.2"}, "@us", "@them", "0"},
        {{"192.0.2.1 192.0.2.2", "@us @them"}, "@us", "@them", "1"},
        {{"192.0.2.1", ""}, "@us", "@them", "0"},
        {{"@a @b @c", "@a @c"}, "@a", "@c", "0"},
        {{"@a @b", "@b @c"}, "@a", "@c", NULL},
        {{"@us @us"}, "@us", "@them", NULL},
        {{"@US @Them"}, "@us", "@them", "0"},
        {{"us@example.com @them"}, "us@example.com", "@them", "0"},
        {{"@#7573 @them"}, "@#7573", "@them", "0"},
        {{"@[us] @them"}, "@#7573", "@them", "0"},
        {{"2001:db8::1 2001:db8::2"}, "2001:db8::1", "2001:db8::2", "0"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct secrets *secrets = secrets_new();
        for (size_t j = 0; j < 4 && rows[i].indexes[j] != NULL; j++)
            add(secrets, rows[i].indexes[j], (const char *[]){"0", "1", "2", "3"}[j]);
        expect(secrets, rows[i].ours, rows[i].theirs, rows[i].key);
        secrets_free(secrets);
    }
}

static void add_kind(struct secrets *secrets, enum secret_kind kind, const char *index, const char *ppk_id,
                     const char *key)
{
    add(secrets, index, key);
    struct secret_entry *entry = &secrets->entries[secrets->count - 1];
    entry->kind = kind;
    if (ppk_id != NULL) {
        entry->ppk_id = (uint8_t *)strdup(ppk_id);
        entry->ppk_id_size = strlen(ppk_id);
    }
}

static void passwords_are_found_by_user_and_serve_no_pair(void **state)
{
    (void)state;
    struct secrets *secrets = secrets_new();
    add_kind(secrets, SECRET_XAUTH, "@alice", NULL, "a");
    add_kind(secrets, SECRET_XAUTH, "@bob @carol", NULL, "b");
    add_kind(secrets, SECRET_XAUTH, "@bob", NULL, "later");
    add_kind(secrets, SECRET_XAUTH, "user@example.com", NULL, "u");
    add_kind(secrets, SECRET_XAUTH, "@other@example.com", NULL, "o");
    expect(secrets, "@alice", "@bob", NULL);
    assert_memory_equal(secrets_find_xauth(secrets, "alice")->key, "a", 1);
    assert_memory_equal(secrets_find_xauth(secrets, "carol")->key, "b", 1);
    assert_memory_equal(secrets_find_xauth(secrets, "bob")->key, "b", 1);
    assert_memory_equal(secrets_find_xauth(secrets, "user@example.com")->key, "u", 1);
    assert_memory_equal(secrets_find_xauth(secrets, "other@example.com")->key, "o", 1);
    assert_null(secrets_find_xauth(secrets, "mallory"));
    assert_null(secrets_find_xauth(secrets, ""));
    assert_null(secrets_find_xauth(NULL, "alice"));
    add_kind(secrets, SECRET_XAUTH, "", NULL, "default");
    assert_memory_equal(secrets_find_xauth(secrets, "mallory")->key, "default", 7);
    assert_memory_equal(secrets_find_xauth(secrets, "alice")->key, "a", 1);
    secrets_free(secrets);
}

static void ppks_are_found_by_their_ids_and_serve_no_pair(void **state)
{
    (void)state;
    struct secrets *secrets = secrets_new();
    add_kind(secrets, SECRET_PPK, "@a @b", "one", "1");
    add_kind(secrets, SECRET_PPK, "", "two", "2");
    add_kind(secrets, SECRET_PPK, "@a @b", "one", "later");
    expect(secrets, "@a", "@b", NULL);
    assert_memory_equal(secrets_find_ppk(secrets, bytes_of_text("one"))->key, "1", 1);
    assert_memory_equal(secrets_find_ppk(secrets, bytes_of_text("two"))->key, "2", 1);
    assert_null(secrets_find_ppk(secrets, bytes_of_text("on")));
    assert_null(secrets_find_ppk(secrets, bytes_of_text("ONE")));
    assert_null(secrets_find_ppk(NULL, bytes_of_text("one")));
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
        cmocka_unit_test(the_rules_of_the_manual_page_hold),
        cmocka_unit_test(passwords_are_found_by_user_and_serve_no_pair),
        cmocka_unit_test(ppks_are_found_by_their_ids_and_serve_no_pair),
        cmocka_unit_test(a_host_name_stands_for_its_address_once_that_is_known),
        cmocka_unit_test(an_entry_for_another_pair_does_not_serve),
        cmocka_unit_test(lists_of_more_than_two_serve_any_pair_in_them),
        cmocka_unit_test(among_equals_the_first_wins),
        cmocka_unit_test(ten_thousand_pairs_are_all_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
