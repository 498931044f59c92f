/* XAUTH (draft-beaulieu-ike-xauth): west is the server, east the client whose user logs in. */
#include "ikev1_inject.h"
#include "scenario.h"
#include "wire/ikev1_build.h"

#define V1 HOSTS SUBNETS " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2 retransmit-timeout=20s"
#define XAUTH V1 " leftxauthclient=yes rightxauthserver=yes"
#define ALICE XAUTH " leftusername=alice"

/* alice:secret may log in at west; east knows her password. */
static struct sim *gateways_of_alice(const char *words)
{
    struct sim *sim = gateways_with(words);
    sim_set_password(sim, "west", "alice", "secret");
    sim_set_xauth_secret(sim, "east", "alice", "secret");
    sim_run_for(sim, seconds(1));
    return sim;
}

static struct sim *logged_in_with(const char *words)
{
    struct sim *sim = gateways_of_alice(words);
    assert_established(sim);
    return sim;
}

static void a_user_logs_in_and_has_a_tunnel(void **state)
{
    (void)state;
    struct sim *sim = logged_in_with(ALICE);
    struct ike_view ike;
    assert_ping(sim);
    assert_true(sim_log_has(sim, "west", "XAUTH: User alice: Authentication Successful"));
    assert_true(sim_log_has(sim, "east", "XAUTH: Answering XAUTH challenge with user='alice'"));
    assert_true(sim_log_has(sim, "east", "XAUTH: Successfully Authenticated"));
    assert_true(sim_log_has(sim, "east", "XAUTH completed; ModeCFG skipped as per configuration"));
    assert_true(sim_newest_ike(sim, "west", "tunnel", &ike));
    assert_string_equal(ike.user, "alice");
    assert_true(sim_newest_ike(sim, "east", "tunnel", &ike));
    assert_string_equal(ike.user, "alice");
    assert_ends_well(sim);
}

/* Whether the bytes that were logged in hexadecimal hold the text. */
static bool shows(const char *log, const char *text)
{
    char wanted[64] = "", *shown = malloc(strlen(log) + 1), *end = shown;
    for (size_t i = 0; text[i] != '\0'; i++)
        snprintf(wanted + 2 * i, sizeof(wanted) - 2 * i, "%02x", (unsigned)text[i]);
    for (const char *line = log; (line = strstr(line, "  plaintext ")) != NULL; line += strcspn(line, "\n"))
        for (const char *digit = strchr(line, ':') + 1; *digit != '\n'; digit++)
            if (*digit != ' ')
                *end++ = *digit;
    *end = '\0';
    bool found = strstr(shown, wanted) != NULL;
    free(shown);
    return found;
}

static void no_class_of_debugging_shows_the_password(void **state)
{
    (void)state;
    static const char *const hosts[] = {"east", "west"};
    struct sim *sim = gateways_of_alice(ALICE);
    for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
        sim_settings(sim, hosts[i])->debug = UINT64_MAX;
        sim_restart(sim, hosts[i], 0);
    }
    sim_run_for(sim, seconds(1));
    assert_established(sim);
    for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
        const char *log = sim_log(sim, hosts[i]);
        assert_true(sim_log_has(sim, hosts[i], "its plaintext is not shown"));
        assert_true(shows(log, "west")); /* the identity: others are told */
        assert_false(shows(log, "secret"));
    }
    assert_ends_well(sim);
}

static void a_user_logs_in_with_padded_attributes(void **state)
{
    (void)state;
    struct sim *sim = logged_in_with(ALICE " ikepad=yes");
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_user_logs_in_over_aggressive_mode(void **state)
{
    (void)state;
    struct sim *sim = logged_in_with(ALICE " aggressive=yes");
    assert_ping(sim);
    assert_ends_well(sim);
}

/* The server began: the responder is asked. */
static void the_server_may_begin(void **state)
{
    (void)state;
    struct sim *sim = gateways_of_alice(ALICE);
    assert_up(sim, "west");
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_true(sim_log_has(sim, "west", "XAUTH: User alice: Authentication Successful"));
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_wrong_password_ends_the_negotiation(void **state)
{
    (void)state;
    struct sim *sim = gateways_of_alice(ALICE);
    sim_set_password(sim, "west", "alice", "another");
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    sim_down(sim, "east", "tunnel");
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_true(sim_log_has(sim, "west", "XAUTH: User alice: Authentication Failed: Incorrect"));
    assert_true(sim_log_has(sim, "east", "XAUTH: aborting entire IKE Exchange"));
    assert_no_ping(sim);
    assert_ends_well(sim);
}

static void a_soft_failure_lets_the_user_in_and_says_so(void **state)
{
    (void)state;
    struct sim *sim = gateways_of_alice(ALICE " xauthfail=soft");
    sim_set_password(sim, "west", "alice", "another");
    assert_established(sim);
    assert_true(sim_log_has(sim, "west", "Authentication Failed"));
    assert_true(sim_log_has(sim, "west", "XAUTH_FAILED=1"));
    assert_ping(sim);
    assert_ends_well(sim);
}

static void alwaysok_asks_nobody_for_a_password(void **state)
{
    (void)state;
    struct sim *sim = gateways_of_alice(ALICE " xauthby=alwaysok");
    sim_set_password(sim, "west", "alice", "another");
    assert_established(sim);
    assert_ends_well(sim);
}

static void who_waits_is_asked_for_name_and_password(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(XAUTH);
    sim_set_password(sim, "west", "bob", "hidden");
    sim_set_answers(sim, "east", "bob", "hidden");
    assert_established(sim);
    assert_true(sim_log_has(sim, "east", "prompt for Username:"));
    assert_true(sim_log_has(sim, "east", "prompt for Password:"));
    assert_false(sim_log_has(sim, "east", "hidden"));
    assert_false(sim_log_has(sim, "west", "hidden"));
    assert_ping(sim);
    assert_ends_well(sim);
}

/* The questions go to the first; the lines and the end are everyone's. */
static void who_asks_again_while_a_user_logs_in_ends_alike(void **state)
{
    (void)state;
    for (unsigned knows = 0; knows < 2; knows++) {
        struct sim *sim = gateways_with(XAUTH);
        sim_set_password(sim, "west", "bob", "hidden");
        sim_set_answers(sim, "east", knows ? "bob" : NULL, knows ? "hidden" : NULL);
        uint64_t first = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
        uint64_t second = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
        sim_run_for(sim, seconds(5));
        assert_int_not_equal(sim_result(sim, "east", first), -1);
        assert_int_equal(sim_result(sim, "east", second), sim_result(sim, "east", first));
        assert_int_equal(sim_result(sim, "east", first) == 0, knows);
        assert_true(sim_line_count(sim, "east", second) >= 3);
        assert_true(sim_line_count(sim, "east", second) < sim_line_count(sim, "east", first));
        sim_down(sim, "east", "tunnel");
        assert_ends_well(sim);
    }
}

static void without_a_user_the_server_is_told_at_once(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(XAUTH);
    sim_set_answers(sim, "east", NULL, NULL);
    usec_t before = sim_now(sim);
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_true(sim_now(sim) - before < seconds(5));
    sim_down(sim, "east", "tunnel");
    assert_settles(sim);
    assert_true(sim_log_has(sim, "west", "the client gives up"));
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

static void a_client_that_knows_nothing_of_it_finds_no_proposal(void **state)
{
    (void)state;
    struct sim *sim = gateways_that_differ(V1, V1 " rightxauthserver=yes leftxauthclient=yes");
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    sim_down(sim, "east", "tunnel");
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

/* Every message of the set-up is lost once, one after the other. */
static void any_message_may_be_lost(void **state)
{
    (void)state;
    for (int is_aggressive = 0; is_aggressive < 2; is_aggressive++)
        for (unsigned lost = 0; lost < 16; lost++) {
            struct sim *sim = gateways_of_alice(is_aggressive ? ALICE " aggressive=yes" : ALICE);
            sim_drop(sim, lost % 2 ? "east" : "west", MESSAGE_ANY, PART_EITHER, lost / 2, 1);
            assert_established(sim);
            assert_ping(sim);
            assert_ends_well(sim);
        }
}

static void loss_duplication_and_reordering_do_no_harm(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct sim *sim = gateways_of_alice(ALICE);
        sim_set_faults(sim, (struct faults){.loss_per_mille = 200,
                                            .duplication_per_mille = 200,
                                            .delay_min = milliseconds(1),
                                            .delay_max = milliseconds(400)});
        prng_next(sim_prng(sim));
        for (uint64_t i = 0; i < seed; i++)
            prng_next(sim_prng(sim));
        sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
        sim_run_for(sim, minutes(2));
        sim_heal(sim);
        sim_up(sim, "east", "tunnel");
        assert_settles(sim);
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

static void a_new_isakmp_sa_asks_again_and_gets_the_answer_from_memory(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(XAUTH);
    sim_set_password(sim, "west", "bob", "hidden");
    sim_set_answers(sim, "east", "bob", "hidden");
    assert_up(sim, "east");
    assert_settles(sim);
    assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_IKE, "tunnel"), 0);
    assert_settles(sim);
    sim_run_for(sim, minutes(3));
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_int_equal(sim_command(sim, "west", COMMAND_REKEY_IKE, "tunnel"), 0);
    assert_settles(sim);
    sim_run_for(sim, minutes(3));
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void dead_peer_detection_goes_on(void **state)
{
    (void)state;
    struct sim *sim = logged_in_with(ALICE " dpddelay=10s dpdtimeout=30s");
    sim_run_for(sim, minutes(10));
    assert_both_have(sim, 1, 1);
    sim_restart(sim, "west", seconds(60));
    sim_run_for(sim, minutes(10));
    assert_true(sim_log_has(sim, "east", "declared dead"));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

/* The check takes its time; the client sends its reply again and again meanwhile. */
static void a_slow_check_is_waited_for(void **state)
{
    (void)state;
    struct sim *sim = gateways_of_alice(ALICE);
    sim_set_delays(sim, "west", seconds(8), 0, 0);
    assert_established(sim);
    assert_ends_well(sim);
}

/* Who has the pre-shared key and asks for Quick Mode, or says "OK" to himself, has no tunnel. */
static void nothing_is_negotiated_before_the_login(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(ALICE);
    uint8_t status[8];
    struct writer list = writer_of(status, sizeof(status));
    ikev1_write_attribute(&list, XAUTH_STATUS, XAUTH_OK);
    uint8_t bytes[256];
    static const struct ikev2_header header;
    sim_drop(sim, "west", MESSAGE_ANY, PART_EITHER, 3, 1000); /* its questions are not heard */
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, seconds(2));
    static const uint8_t types[] = {ISAKMP_CFG_SET, ISAKMP_CFG_REPLY, ISAKMP_CFG_ACK, ISAKMP_CFG_REQUEST};
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct message_builder builder = ikev1_build_start(bytes, sizeof(bytes), &header);
        ikev1_build_attributes(&builder, types[i], 0, writer_bytes_so_far(&list), 0);
        sim_inject_ikev1(
            sim, "east", "west",
            &(struct ikev1_injection){
                .exchange = ISAKMP_TRANSACTION,
                .message_id = 100 + (uint32_t)i,
                .first = ISAKMP_ATTRIBUTES,
                .chain = bytes_of(bytes + IKE_HEADER_SIZE, builder.writer.size - IKE_HEADER_SIZE),
                .is_encrypted = true,
                .hash = IKEV1_HASH_1,
            });
        sim_run_for(sim, seconds(1));
    }
    assert_int_equal(sim_ike_count(sim, "west"), 0);
    assert_false(sim_log_has(sim, "west", "Authentication Successful"));
    sim_heal(sim);
    sim_run_for(sim, minutes(3));
    sim_down(sim, "east", "tunnel");
    assert_settles(sim);
    assert_int_equal(sim_child_count(sim, "west"), 0);
    assert_ends_well(sim);
}

/* Two users with the same pre-shared key and the same name of their group, behind one NAT. */
static void users_of_one_group_do_not_take_each_others_place(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_host_behind_nat(sim, "east", "10.1.0.2", "192.0.2.1");
    sim_add_host_behind_nat(sim, "south", "10.1.0.3", "192.0.2.1");
#define GROUP                                                                                                \
    "leftid=@group right=192.0.2.2 rightid=@west authby=secret keyexchange=ikev1 ike=aes128-sha2;dh31 "      \
    "esp=aes128-sha2 rightsubnet=10.2.0.0/24 leftxauthclient=yes rightxauthserver=yes "
    sim_add_connection_on(sim, "west", "tunnel", GROUP "left=%any leftsubnet=vhost:%no,%priv");
    sim_settings(sim, "west");
    sim_add_connection_on(sim, "east", "tunnel", GROUP "left=10.1.0.2 leftusername=alice");
    sim_add_connection_on(sim, "south", "tunnel", GROUP "left=10.1.0.3 leftusername=bob");
    sim_set_password(sim, "west", "alice", "secret");
    sim_set_password(sim, "west", "bob", "hidden");
    sim_set_xauth_secret(sim, "east", "alice", "secret");
    sim_set_xauth_secret(sim, "south", "bob", "hidden");
    sim_run_for(sim, seconds(1));
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, seconds(10));
    sim_start(sim, "south", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, seconds(10));
    assert_int_equal(sim_ike_count(sim, "west"), 2);
    sim_run_for(sim, minutes(3));
    assert_int_equal(sim_ike_count(sim, "west"), 2);
    assert_int_equal(sim_ike_count(sim, "east"), 1);
    assert_int_equal(sim_ike_count(sim, "south"), 1);
    sim_down(sim, "east", "tunnel");
    sim_down(sim, "south", "tunnel");
    assert_ends_well(sim);
}

/* Bob says that he is Alice; while his password is looked at, he deletes her SA. */
static void nothing_is_deleted_before_the_login(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    struct child_view child;
    uint8_t delete[] = {0, 0, 0, 16, 0, 0, 0, 1, 3, 4, 0, 1, 0, 0, 0, 0};
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_host_behind_nat(sim, "east", "10.1.0.2", "192.0.2.1");
    sim_add_host_behind_nat(sim, "south", "10.1.0.3", "192.0.2.1");
    sim_add_connection_on(sim, "west", "tunnel", GROUP "left=%any");
    sim_add_connection_on(sim, "east", "tunnel",
                          GROUP "left=10.1.0.2 leftsubnet=192.0.2.1/32 leftusername=alice");
    sim_add_connection_on(sim, "south", "tunnel", GROUP "left=10.1.0.3 leftusername=alice");
    sim_set_password(sim, "west", "alice", "secret");
    sim_set_xauth_secret(sim, "east", "alice", "secret");
    sim_set_xauth_secret(sim, "south", "alice", "wrong");
    sim_run_for(sim, seconds(1));
    assert_up(sim, "east");
    assert_true(sim_newest_child(sim, "east", "tunnel", &child));
    store_be32(delete + 12, child.spi_in);
    sim_start(sim, "south", COMMAND_INITIATE, "tunnel");
    for (int i = 0; i < 1000 && !sim_log_has(sim, "west", "#3: XAUTH: Sending"); i++)
        sim_run_for(sim, milliseconds(1));
    sim_set_delays(sim, "west", minutes(1), 0, 0);
    sim_run_for(sim, milliseconds(100));
    assert_true(sim_log_has(sim, "west", "#3: XAUTH: User alice: Attempting"));
    assert_true(sim_inject_ikev1(sim, "south", "west",
                                 &(struct ikev1_injection){.exchange = ISAKMP_INFORMATIONAL,
                                                           .message_id = 42,
                                                           .first = ISAKMP_DELETE,
                                                           .chain = bytes_of(delete, sizeof(delete)),
                                                           .is_encrypted = true,
                                                           .hash = IKEV1_HASH_1}));
    sim_run_for(sim, seconds(1));
    assert_int_equal(sim_child_count(sim, "west"), 1);
    sim_set_delays(sim, "west", 0, 0, 0);
    sim_down(sim, "south", "tunnel");
    sim_down(sim, "east", "tunnel");
    assert_ends_well(sim);
}

/* Alice has an address of her own outside the pool, Bob one in it. */
static void each_user_of_a_group_has_an_address(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    struct child_view child;
    char text[SELECTOR_TEXT_SIZE];
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_host_behind_nat(sim, "east", "10.1.0.2", "192.0.2.1");
    sim_add_host_behind_nat(sim, "south", "10.1.0.3", "192.0.2.1");
    sim_add_host_behind_nat(sim, "north", "10.1.0.4", "192.0.2.1");
#define LEASES GROUP "rightmodecfgserver=yes leftmodecfgclient=yes modecfgpull=yes "
    sim_add_connection_on(sim, "west", "tunnel", LEASES "left=%any leftaddresspool=10.7.0.1-10.7.0.9");
    sim_add_connection_on(sim, "east", "tunnel", LEASES "left=10.1.0.2 leftusername=alice");
    sim_add_connection_on(sim, "south", "tunnel", LEASES "left=10.1.0.3 leftusername=bob");
    sim_add_connection_on(sim, "north", "tunnel", LEASES "left=10.1.0.4 leftusername=carol");
    static const struct {
        const char *host, *user, *own, *got;
    } users[] = {{"east", "alice", "10.8.0.1", "10.8.0.1/32"},
                 {"south", "bob", "10.7.0.5", "10.7.0.5/32"},
                 {"north", "carol", NULL, "10.7.0.1/32"}};
    for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
        sim_set_password(sim, "west", users[i].user, "secret");
        if (users[i].own != NULL)
            sim_set_user_address(sim, "west", users[i].user, users[i].own);
        sim_set_xauth_secret(sim, users[i].host, users[i].user, "secret");
    }
    sim_run_for(sim, seconds(1));
    for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
        assert_int_equal(sim_up(sim, users[i].host, "tunnel"), 0);
        assert_true(sim_newest_child(sim, users[i].host, "tunnel", &child));
        assert_string_equal(selector_text(&child.local_selectors[0], text), users[i].got);
    }
    sim_run_for(sim, seconds(1));
    assert_int_equal(sim_child_count(sim, "west"), 3);
    assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_IKE, "tunnel"), 0);
    sim_run_for(sim, minutes(3));
    assert_int_equal(sim_child_count(sim, "west"), 3);
    for (size_t i = 0; i < ARRAY_SIZE(users); i++)
        sim_down(sim, users[i].host, "tunnel");
    assert_ends_well(sim);
}

/* A line of the password file that names a connection opens no other one on the same ISAKMP SA. */
static void a_login_for_one_connection_is_none_for_another(void **state)
{
    (void)state;
    for (int is_restricted = 0; is_restricted < 2; is_restricted++) {
        struct sim *sim = gateways_of_alice(ALICE);
        sim_add_connection(sim, "second",
                           HOSTS " leftsubnet=10.3.0.0/24 rightsubnet=10.4.0.0/24 keyexchange=ikev1 "
                                 "ike=aes128-sha2;dh31 esp=aes128-sha2 retransmit-timeout=20s "
                                 "leftxauthclient=yes rightxauthserver=yes leftusername=alice");
        if (is_restricted)
            sim_restrict_user(sim, "west", "alice");
        assert_int_equal(sim_up(sim, "east", "second"), 0); /* the one that west finds for these hosts */
        assert_settles(sim);
        sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
        sim_run_for(sim, seconds(10));
        assert_int_equal(sim_child_count(sim, "west"), is_restricted ? 1 : 2);
        sim_down(sim, "east", "second");
        sim_down(sim, "east", "tunnel");
        assert_settles(sim);
        assert_ends_well(sim);
    }
}

static void a_user_is_deleted_by_name(void **state)
{
    (void)state;
    struct sim *sim = logged_in_with(ALICE);
    assert_int_not_equal(sim_command(sim, "west", COMMAND_DELETE_USER, "bob"), 0);
    assert_both_have(sim, 1, 1);
    assert_int_equal(sim_command(sim, "west", COMMAND_DELETE_USER, "alice"), 0);
    assert_int_equal(sim_ike_count(sim, "west"), 0);
    assert_int_equal(sim_child_count(sim, "west"), 0);
    sim_down(sim, "east", "tunnel");
    assert_settles(sim);
    assert_ends_well(sim);
}

/* A server that asks again under the message id of before, as Cisco's do: the chain of IVs goes on. */
static void a_message_id_may_carry_several_transactions(void **state)
{
    (void)state;
    struct sim *sim = logged_in_with(ALICE);
    struct ikev1_injection injection = {.exchange = ISAKMP_TRANSACTION,
                                        .message_id = 42,
                                        .first = ISAKMP_ATTRIBUTES,
                                        .is_encrypted = true,
                                        .hash = IKEV1_HASH_1};
    static const uint8_t request[] = {0, 0, 0, 8, ISAKMP_CFG_REQUEST, 0, 0, 1},
                         set[] = {0, 0, 0, 8, ISAKMP_CFG_SET, 0, 0, 2};
    sim_record(sim);
    injection.chain = bytes_of(request, sizeof(request));
    sim_inject_ikev1(sim, "west", "east", &injection);
    sim_run_for(sim, seconds(1));
    assert_int_equal(sim_count(sim, "east", MESSAGE_ANY, PART_EITHER), 1);
    injection.chain = bytes_of(set, sizeof(set));
    sim_inject_ikev1(sim, "west", "east", &injection); /* a chain that begins anew is none */
    sim_run_for(sim, seconds(1));
    assert_int_equal(sim_count(sim, "east", MESSAGE_ANY, PART_EITHER), 1);
    injection.goes_on = true;
    sim_inject_ikev1(sim, "west", "east", &injection);
    sim_run_for(sim, seconds(1));
    assert_int_equal(sim_count(sim, "east", MESSAGE_ANY, PART_EITHER), 2);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest scenarios[] = {
        cmocka_unit_test(a_user_logs_in_and_has_a_tunnel),
        cmocka_unit_test(a_user_logs_in_over_aggressive_mode),
        cmocka_unit_test(no_class_of_debugging_shows_the_password),
        cmocka_unit_test(a_user_logs_in_with_padded_attributes),
        cmocka_unit_test(the_server_may_begin),
        cmocka_unit_test(a_wrong_password_ends_the_negotiation),
        cmocka_unit_test(a_soft_failure_lets_the_user_in_and_says_so),
        cmocka_unit_test(alwaysok_asks_nobody_for_a_password),
        cmocka_unit_test(who_waits_is_asked_for_name_and_password),
        cmocka_unit_test(who_asks_again_while_a_user_logs_in_ends_alike),
        cmocka_unit_test(without_a_user_the_server_is_told_at_once),
        cmocka_unit_test(a_client_that_knows_nothing_of_it_finds_no_proposal),
        cmocka_unit_test(any_message_may_be_lost),
        cmocka_unit_test(loss_duplication_and_reordering_do_no_harm),
        cmocka_unit_test(a_new_isakmp_sa_asks_again_and_gets_the_answer_from_memory),
        cmocka_unit_test(dead_peer_detection_goes_on),
        cmocka_unit_test(a_slow_check_is_waited_for),
        cmocka_unit_test(nothing_is_negotiated_before_the_login),
        cmocka_unit_test(users_of_one_group_do_not_take_each_others_place),
        cmocka_unit_test(each_user_of_a_group_has_an_address),
        cmocka_unit_test(a_login_for_one_connection_is_none_for_another),
        cmocka_unit_test(nothing_is_deleted_before_the_login),
        cmocka_unit_test(a_user_is_deleted_by_name),
        cmocka_unit_test(a_message_id_may_carry_several_transactions),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(scenarios, NULL, NULL);
}
