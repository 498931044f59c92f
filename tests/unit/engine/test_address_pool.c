/* Pools of addresses, and what a server may tell a client: leases, their holders, hostile values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/domain_name.h"
#include "engine/address_pool.h"
#include "engine/configuration.h"

/* ---- an engine in an empty world ---- */

static usec_t world_now(void *world)
{
    (void)world;
    return 0;
}

static void world_random(void *world, uint8_t *out, size_t size)
{
    (void)world;
    memset(out, 7, size);
}

static struct engine *make_engine(void)
{
    static const struct engine_env env = {.now = world_now, .random = world_random};
    struct engine_settings settings = engine_settings_default();
    struct engine *engine = engine_new(&env, &settings);
    assert_non_null(engine);
    return engine;
}

static struct pool_range range_of(const char *start, const char *end)
{
    struct pool_range range;
    assert_true(address_parse(start, &range.range.start, NULL) && address_parse(end, &range.range.end, NULL));
    range.lease_length = (uint8_t)(address_size(&range.range.start) * 8);
    return range;
}

struct fixture {
    struct engine *engine;
    struct connection_spec *spec;
    struct pool_range range;
};

static struct fixture make(const char *start, const char *end)
{
    struct fixture fixture = {make_engine(), connection_spec_new("c"), range_of(start, end)};
    fixture.spec->right.pools = malloc(sizeof(fixture.range));
    *fixture.spec->right.pools = fixture.range;
    fixture.spec->right.pool_count = 1;
    assert_true(address_pools_use(fixture.engine, fixture.spec));
    return fixture;
}

static void clear(struct fixture *fixture)
{
    address_pools_leave(fixture->engine, fixture->spec);
    connection_spec_free(fixture->spec);
    engine_free(fixture->engine);
}

static struct address_lease *lease(struct fixture *fixture, const char *holder, bool is_shared)
{
    struct lease_request request = {.holder = bytes_of_text(holder), .is_shared = is_shared};
    return address_pool_lease(fixture->engine, &fixture->range, &request);
}

static void assert_is(const struct address_lease *lease, const char *expected)
{
    char text[ADDRESS_TEXT_SIZE + 4];
    assert_non_null(lease);
    struct ip_prefix prefix = address_lease_prefix(lease);
    assert_string_equal(prefix_text(&prefix, text), expected);
}

/* ---- leases ---- */

static void addresses_are_leased_in_order_until_none_is_left(void **state)
{
    struct fixture fixture = make("10.9.0.254", "10.9.1.1");
    (void)state;
    assert_is(lease(&fixture, "a", true), "10.9.0.254/32");
    assert_is(lease(&fixture, "b", true), "10.9.0.255/32");
    assert_is(lease(&fixture, "c", true), "10.9.1.0/32");
    assert_is(lease(&fixture, "d", true), "10.9.1.1/32");
    assert_null(lease(&fixture, "e", true));
    clear(&fixture);
}

static void a_holder_shares_what_it_has_only_if_it_may(void **state)
{
    struct fixture fixture = make("10.9.0.1", "10.9.0.9");
    (void)state;
    struct address_lease *first = lease(&fixture, "a", true);
    assert_ptr_equal(lease(&fixture, "a", true), first);
    assert_is(lease(&fixture, "a", false), "10.9.0.2/32");
    address_lease_release(fixture.engine, first);
    assert_is(lease(&fixture, "b", true), "10.9.0.3/32");
    clear(&fixture);
}

static void who_comes_back_gets_its_own_though_others_came(void **state)
{
    struct fixture fixture = make("10.9.0.1", "10.9.0.9");
    (void)state;
    address_lease_release(fixture.engine, lease(&fixture, "a", true));
    assert_is(lease(&fixture, "b", true), "10.9.0.2/32");
    assert_is(lease(&fixture, "a", true), "10.9.0.1/32");
    clear(&fixture);
}

static void the_address_given_back_longest_ago_goes_first(void **state)
{
    struct fixture fixture = make("10.9.0.1", "10.9.0.3");
    (void)state;
    struct address_lease *a = lease(&fixture, "a", true), *b = lease(&fixture, "b", true);
    lease(&fixture, "c", true);
    address_lease_release(fixture.engine, b);
    address_lease_release(fixture.engine, a);
    assert_is(lease(&fixture, "d", true), "10.9.0.2/32");
    assert_is(lease(&fixture, "a", true), "10.9.0.1/32");
    assert_null(lease(&fixture, "b", true));
    clear(&fixture);
}

static void asking_for_what_one_has_is_no_way_around_sharing(void **state)
{
    struct fixture fixture = make("10.9.0.1", "10.9.0.9");
    struct ip_prefix asked;
    (void)state;
    struct address_lease *first = lease(&fixture, "a", false);
    asked = address_lease_prefix(first);
    struct lease_request request = {.holder = bytes_of_text("a"), .asked = &asked};
    assert_is(address_pool_lease(fixture.engine, &fixture.range, &request), "10.9.0.2/32");
    address_lease_release(fixture.engine, first);
    assert_ptr_equal(address_pool_lease(fixture.engine, &fixture.range, &request), first);
    clear(&fixture);
}

static void what_is_asked_for_is_given_if_nobody_had_it(void **state)
{
    struct fixture fixture = make("10.9.0.1", "10.9.0.9");
    struct ip_prefix asked;
    (void)state;
    prefix_parse("10.9.0.5/32", &asked, NULL);
    struct lease_request request = {.holder = bytes_of_text("a"), .asked = &asked};
    assert_is(address_pool_lease(fixture.engine, &fixture.range, &request), "10.9.0.5/32");
    request.holder = bytes_of_text("b");
    assert_is(address_pool_lease(fixture.engine, &fixture.range, &request), "10.9.0.1/32");
    prefix_parse("10.8.0.5/32", &asked, NULL);
    request.holder = bytes_of_text("c");
    assert_is(address_pool_lease(fixture.engine, &fixture.range, &request), "10.9.0.2/32");
    clear(&fixture);
}

static void an_address_of_ones_own_is_taken_from_who_merely_had_it(void **state)
{
    struct fixture fixture = make("10.9.0.1", "10.9.0.9");
    struct ip_prefix own;
    (void)state;
    prefix_parse("10.9.0.1/32", &own, NULL);
    struct lease_request request = {.holder = bytes_of_text("b"), .asked = &own, .takes_only_asked = true};
    struct address_lease *a = lease(&fixture, "a", true);
    assert_null(address_pool_lease(fixture.engine, &fixture.range, &request));
    address_lease_release(fixture.engine, a);
    assert_is(address_pool_lease(fixture.engine, &fixture.range, &request), "10.9.0.1/32");
    assert_is(lease(&fixture, "a", true), "10.9.0.2/32");
    clear(&fixture);
}

static void ipv6_and_prefixes_are_leased_too(void **state)
{
    struct fixture fixture = make("2001:db8::ffff", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff");
    (void)state;
    assert_is(lease(&fixture, "a", true), "2001:db8::ffff/128");
    assert_is(lease(&fixture, "b", true), "2001:db8::1:0/128");
    clear(&fixture);
    fixture = make("2001:db8::", "2001:db8:0:ffff:ffff:ffff:ffff:ffff");
    address_pools_leave(fixture.engine, fixture.spec);
    fixture.range.lease_length = fixture.spec->right.pools->lease_length = 64;
    assert_true(address_pools_use(fixture.engine, fixture.spec));
    assert_is(lease(&fixture, "a", true), "2001:db8::/64");
    assert_is(lease(&fixture, "b", true), "2001:db8:0:1::/64");
    clear(&fixture);
}

static void overlapping_pools_are_refused_by_name(void **state)
{
    struct fixture fixture = make("10.9.0.1", "10.9.0.9");
    struct connection_spec *other = connection_spec_new("d");
    struct error error;
    (void)state;
    other->left.pools = malloc(sizeof(*other->left.pools));
    other->left.pool_count = 1;
    *other->left.pools = range_of("10.9.0.1", "10.9.0.9");
    assert_true(address_pools_check(fixture.engine, other, NULL, &error));
    *other->left.pools = range_of("10.9.0.9", "10.9.0.20");
    assert_false(address_pools_check(fixture.engine, other, NULL, &error));
    assert_non_null(
        strstr(error.text, "leftaddresspool=10.9.0.9-10.9.0.20 overlaps the pool 10.9.0.1-10.9.0.9"));
    assert_true(address_pools_check(fixture.engine, other, fixture.spec, &error));
    *other->left.pools = range_of("10.9.0.10", "10.9.0.20");
    assert_true(address_pools_check(fixture.engine, other, NULL, &error));
    connection_spec_free(other);
    clear(&fixture);
}

static void many_pools_are_told_apart(void **state)
{
    enum { COUNT = 2000 };
    struct range_map map = {0};
    struct range_node *nodes = calloc(COUNT, sizeof(*nodes));
    (void)state;
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t at = i * 7919 % COUNT; /* in no particular order */
        nodes[at].range =
            (struct ip_range){address_of_v4(0x0a000000 + 16 * at), address_of_v4(0x0a000007 + 16 * at)};
        nodes[at].priority = at * UINT64_C(0x9e3779b97f4a7c15);
        range_map_insert(&map, &nodes[at]);
    }
    for (uint32_t i = 0; i < COUNT; i += 2)
        range_map_remove(&map, &nodes[i]);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct ip_range inside = {address_of_v4(0x0a000007 + 16 * i), address_of_v4(0x0a00000f + 16 * i)};
        struct ip_range between = {address_of_v4(0x0a000008 + 16 * i), address_of_v4(0x0a00000f + 16 * i)};
        assert_ptr_equal(range_map_overlapping(&map, &inside), i % 2 == 0 ? NULL : &nodes[i]);
        assert_null(range_map_overlapping(&map, &between));
    }
    free(nodes);
}

static void a_hundred_thousand_come_and_go(void **state)
{
    enum { COUNT = 100000 };
    struct fixture fixture = make("10.0.0.0", "10.255.255.255");
    struct address_lease **leases = calloc(COUNT, sizeof(struct address_lease *));
    struct pool_view pool;
    char holder[32];
    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < COUNT; i++) {
            snprintf(holder, sizeof(holder), "holder-%u", i);
            struct address_lease *had = leases[i];
            leases[i] = lease(&fixture, holder, true);
            assert_true(leases[i] != NULL && (had == NULL || had == leases[i]));
        }
        for (unsigned i = 0; i < COUNT; i++)
            address_lease_release(fixture.engine, leases[i]);
    }
    assert_true(engine_view_pool(fixture.engine, 0, &pool));
    assert_int_equal(pool.in_use, 0);
    assert_int_equal(pool.lingering, COUNT);
    free(leases);
    clear(&fixture);
}

/* ---- what a server tells ---- */

struct client {
    struct engine *engine;
    struct connection_spec *spec;
    struct connection *connection;
};

static struct client make_client(void)
{
    struct client client = {make_engine(), connection_spec_new("c"), calloc(1, sizeof(struct connection))};
    client.spec->left.modecfg_client = true;
    client.connection->spec = client.spec;
    client.connection->local_end = &client.spec->left;
    client.connection->remote_end = &client.spec->right;
    client.connection->local = address_of_v4(0xc0000201);
    return client;
}

static void clear_client(struct client *client)
{
    configuration_release(client->engine, client->connection);
    assert_int_equal(client->connection->memory_bytes, 0);
    free(client->connection);
    connection_spec_free(client->spec);
    engine_free(client->engine);
}

static struct configuration reply(uint32_t address)
{
    struct configuration reply = {.kind = CFG_REPLY};
    reply.address[CONFIGURATION_V4] = (struct ip_prefix){address_of_v4(address), 32};
    return reply;
}

static void addresses_that_no_host_can_have_are_not_taken(void **state)
{
    static const uint32_t bad[] = {0x7f000001, 0xe0000001, 0xffffffff, 0x00000001};
    struct client client = make_client();
    struct error error;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct configuration told = reply(bad[i]);
        assert_false(configuration_take(client.engine, client.connection, &told, &error));
        told = reply(0x0a090001);
        told.dns[told.dns_count++] = address_of_v4(bad[i]);
        assert_true(configuration_take(client.engine, client.connection, &told, &error));
        assert_int_equal(client.connection->assignment->told->dns_count, 0);
        configuration_release(client.engine, client.connection);
    }
    clear_client(&client);
}

static const char *domains_taken(const char *said)
{
    static char taken[DOMAINS_TEXT_SIZE];
    struct client client = make_client();
    struct configuration told = reply(0x0a090001);
    struct error error;
    told.domains[told.domain_count++] = bytes_of_text(said);
    assert_true(configuration_take(client.engine, client.connection, &told, &error));
    memcpy(taken, client.connection->assignment->told->domains, sizeof(taken));
    clear_client(&client);
    return taken;
}

static void only_names_of_domains_are_taken_for_such(void **state)
{
    (void)state;
    assert_string_equal(domains_taken("example.com"), "example.com");
    assert_string_equal(domains_taken("a.example b.example,c.example"), "a.example b.example c.example");
    assert_string_equal(domains_taken("$(reboot) example.com"), "example.com");
    assert_string_equal(domains_taken("`id`"), "");
    assert_string_equal(domains_taken("a;b"), "");
    assert_string_equal(domains_taken("a\nnameserver"), "");
    assert_string_equal(domains_taken("-rf"), "");
    assert_string_equal(domains_taken("a..b"), "");
    assert_string_equal(domains_taken("../../etc"), "");
}

static void a_banner_is_plain_text_of_one_line(void **state)
{
    struct client client = make_client();
    struct configuration told = reply(0x0a090001);
    struct error error;
    (void)state;
    told.banner = bytes_of("Hi\n$(x) `y` \"z\" 'q' \\ ; | \0\x1b[2J", 30);
    assert_true(configuration_take(client.engine, client.connection, &told, &error));
    const char *banner = client.connection->assignment->told->banner;
    assert_memory_equal(banner, "Hi ??x? ?y? ?z? ?q? ? ? ? ", 26);
    assert_null(strpbrk(banner, "$`\"'\\;|\n\x1b"));
    clear_client(&client);
}

static void long_values_are_cut_and_many_are_left_out(void **state)
{
    static uint8_t bytes[8192];
    struct client client = make_client();
    struct configuration told = reply(0x0a090001);
    struct error error;
    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    told.banner = bytes_of(bytes, sizeof(bytes));
    for (size_t i = 0; i < CONFIGURATION_DOMAIN_LIMIT; i++)
        told.domains[told.domain_count++] = bytes_of(bytes, DOMAIN_LABEL_SIZE);
    told.domains[0] = bytes_of(bytes, sizeof(bytes));
    assert_true(configuration_take(client.engine, client.connection, &told, &error));
    assert_int_equal(strlen(client.connection->assignment->told->banner), BANNER_TEXT_SIZE - 1);
    assert_true(strlen(client.connection->assignment->told->domains) < DOMAINS_TEXT_SIZE);
    assert_int_equal(strlen(client.connection->assignment->told->domains) % (DOMAIN_LABEL_SIZE + 1),
                     DOMAIN_LABEL_SIZE);
    clear_client(&client);
}

static void servers_are_not_taken_where_the_user_does_not_want_them(void **state)
{
    struct client client = make_client();
    struct configuration told = reply(0x0a090001);
    struct error error;
    (void)state;
    client.spec->modecfg.ignore_peer_dns = true;
    told.dns[told.dns_count++] = address_of_v4(0x0a010035);
    told.domains[told.domain_count++] = bytes_of_text("example.com");
    assert_true(configuration_take(client.engine, client.connection, &told, &error));
    assert_int_equal(client.connection->assignment->told->dns_count, 0);
    assert_string_equal(client.connection->assignment->told->domains, "");
    clear_client(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_leased_in_order_until_none_is_left),
        cmocka_unit_test(a_holder_shares_what_it_has_only_if_it_may),
        cmocka_unit_test(who_comes_back_gets_its_own_though_others_came),
        cmocka_unit_test(the_address_given_back_longest_ago_goes_first),
        cmocka_unit_test(asking_for_what_one_has_is_no_way_around_sharing),
        cmocka_unit_test(what_is_asked_for_is_given_if_nobody_had_it),
        cmocka_unit_test(an_address_of_ones_own_is_taken_from_who_merely_had_it),
        cmocka_unit_test(ipv6_and_prefixes_are_leased_too),
        cmocka_unit_test(overlapping_pools_are_refused_by_name),
        cmocka_unit_test(many_pools_are_told_apart),
        cmocka_unit_test(a_hundred_thousand_come_and_go),
        cmocka_unit_test(addresses_that_no_host_can_have_are_not_taken),
        cmocka_unit_test(only_names_of_domains_are_taken_for_such),
        cmocka_unit_test(a_banner_is_plain_text_of_one_line),
        cmocka_unit_test(long_values_are_cut_and_many_are_left_out),
        cmocka_unit_test(servers_are_not_taken_where_the_user_does_not_want_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
