/* What IKEv1 peers of other makes do that two of ours would not: L2TP clients with ports of their own choice,
 * INITIAL-CONTACT after phase 1, several Quick Modes of which one is refused, ports that are not IKE's. */
#include "engine/impair.h"
#include "ikev1_inject.h"
#include "scenario.h"
#include "wire/ikev1_build.h"

#define ALGORITHMS " authby=secret keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2 pfs=no"
#define EAST_AND_WEST "left=192.0.2.1 right=192.0.2.2 leftid=@east rightid=@west"

/* ---- L2TP ---- */

/* The server of every guide: whoever has the secret, from whatever port of UDP. */
#define L2TP_SERVER                                                                                          \
    "right=192.0.2.2 rightid=@west rightprotoport=17/1701 left=%any leftprotoport=17/%any type=transport"
#define L2TP_CLIENT "right=192.0.2.2 rightid=@west rightprotoport=17/1701 type=transport"

static struct sim *l2tp_server(const char *more_words)
{
    char words[512];
    struct sim *sim = sim_new(1);
    snprintf(words, sizeof(words), "%s%s", L2TP_SERVER ALGORITHMS, more_words);
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_connection_on(sim, "west", "tunnel", words);
    return sim;
}

/* The client's port in the server's newest IPsec SA of this connection; 0: any. */
static uint16_t agreed_port(struct sim *sim, const char *host, bool is_server)
{
    struct child_view child;
    assert_true(sim_newest_child(sim, host, "tunnel", &child));
    const struct selector *client = is_server ? &child.remote_selectors[0] : &child.local_selectors[0];
    assert_int_equal(client->protocol, 17);
    return client->port_start == client->port_end ? client->port_start : 0;
}

static void an_l2tp_client_has_the_port_that_it_names(void **state)
{
    (void)state;
    static const struct {
        const char *protoport;
        uint16_t agreed;
    } rows[] = {{"17/1701", 1701}, {"17/49152", 49152}, {"17/%any", 0}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char words[512];
        struct sim *sim = l2tp_server("");
        sim_add_host(sim, "east", "192.0.2.1");
        snprintf(words, sizeof(words), "left=192.0.2.1 leftid=@east leftprotoport=%s %s", rows[i].protoport,
                 L2TP_CLIENT ALGORITHMS);
        sim_add_connection_on(sim, "east", "tunnel", words);
        assert_established(sim);
        assert_int_equal(agreed_port(sim, "east", false), rows[i].agreed);
        assert_int_equal(agreed_port(sim, "west", true), rows[i].agreed);
        assert_ends_well(sim);
    }
}

static void l2tp_clients_behind_one_nat_are_told_apart_by_their_ports(void **state)
{
    (void)state;
    struct sim *sim = l2tp_server("");
    sim_add_host_behind_nat(sim, "east", "10.9.0.1", "192.0.2.99");
    sim_add_host_behind_nat(sim, "road", "10.9.0.2", "192.0.2.99");
    sim_add_connection_on(sim, "east", "tunnel",
                          "left=10.9.0.1 leftid=@east leftprotoport=17/50001 " L2TP_CLIENT ALGORITHMS);
    sim_add_connection_on(sim, "road", "tunnel",
                          "left=10.9.0.2 leftid=@road leftprotoport=17/50002 " L2TP_CLIENT ALGORITHMS);
    assert_up(sim, "east");
    assert_up(sim, "road");
    assert_settles(sim);
    assert_counts(sim, "west", 2, 2);
    assert_int_equal(agreed_port(sim, "east", false), 50001);
    assert_int_equal(agreed_port(sim, "road", false), 50002);
    sim_free(sim);
}

/* Packets to them look the same to the server: the last one has the place, and who wants it back waits longer
 * each time. */
static void l2tp_clients_behind_one_nat_with_one_port_take_turns_in_peace(void **state)
{
    (void)state;
    struct sim *sim = l2tp_server("");
    sim_add_host_behind_nat(sim, "east", "10.9.0.1", "192.0.2.99");
    sim_add_host_behind_nat(sim, "road", "10.9.0.2", "192.0.2.99");
    sim_add_connection_on(sim, "east", "tunnel",
                          "left=10.9.0.1 leftid=@east leftprotoport=17/1701 " L2TP_CLIENT ALGORITHMS);
    sim_add_connection_on(sim, "road", "tunnel",
                          "left=10.9.0.2 leftid=@road leftprotoport=17/1701 " L2TP_CLIENT ALGORITHMS);
    assert_up(sim, "east");
    assert_up(sim, "road");
    sim_run_for(sim, minutes(10));
    assert_true(engine_view_totals(sim_engine(sim, "west")).child_completed < 60);
    assert_true(engine_view_totals(sim_engine(sim, "west")).child_established <= 1);
    sim_free(sim);
}

static void a_server_rekeys_with_the_port_that_was_agreed_on(void **state)
{
    (void)state;
    struct sim *sim = l2tp_server(" ipsec-lifetime=10m rekeymargin=1m");
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_connection_on(sim, "east", "tunnel",
                          "left=192.0.2.1 leftid=@east leftprotoport=17/1701 " L2TP_CLIENT ALGORITHMS);
    assert_established(sim);
    struct child_view first, now;
    assert_true(sim_newest_child(sim, "west", "tunnel", &first));
    sim_run_for(sim, minutes(9));
    assert_settles(sim);
    assert_true(sim_newest_child(sim, "west", "tunnel", &now));
    assert_int_not_equal(now.serial, first.serial);
    assert_int_equal(agreed_port(sim, "west", true), 1701);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void another_protocol_is_not_that_of_the_l2tp_server(void **state)
{
    (void)state;
    static const char *const others[] = {"6/1701", "47", "0"};
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        char words[512];
        struct sim *sim = l2tp_server("");
        sim_add_host(sim, "east", "192.0.2.1");
        snprintf(words, sizeof(words), "left=192.0.2.1 leftid=@east leftprotoport=%s %s", others[i],
                 L2TP_CLIENT ALGORITHMS);
        sim_add_connection_on(sim, "east", "tunnel", words);
        assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
        assert_true(sim_log_has(sim, "west", "no connection is known for"));
        sim_free(sim);
    }
}

/* ---- INITIAL-CONTACT after phase 1 ---- */

static void say_initial_contact(struct sim *sim, uint32_t message_id, enum ikev1_hash hash,
                                bool is_of_another)
{
    static const struct ikev2_header header;
    struct ike_view ike;
    uint8_t bytes[256], cookies[16];
    assert_true(sim_newest_ike(sim, "east", "tunnel", &ike));
    memcpy(cookies, ike.spi_i, 8);
    memcpy(cookies + 8, ike.spi_r, 8);
    cookies[0] ^= is_of_another;
    struct message_builder builder = ikev1_build_start(bytes, sizeof(bytes), &header);
    ikev1_build_notify(&builder, V1_PROTO_ISAKMP, bytes_of(cookies, sizeof(cookies)), V1_INITIAL_CONTACT,
                       bytes_of(NULL, 0));
    assert_true(sim_inject_ikev1(
        sim, "east", "west",
        &(struct ikev1_injection){
            .exchange = ISAKMP_INFORMATIONAL,
            .message_id = message_id,
            .first = ISAKMP_NOTIFY,
            .chain = bytes_of(bytes + IKE_HEADER_SIZE, builder.writer.size - IKE_HEADER_SIZE),
            .is_encrypted = true,
            .hash = hash,
        }));
    sim_run_for(sim, seconds(1));
}

static void initial_contact_is_obeyed_after_phase_1_too(void **state)
{
    (void)state;
    struct sim *sim = established_with(EAST_AND_WEST SUBNETS ALGORITHMS);
    sim_restart(sim, "east", seconds(1));
    sim_run_for(sim, seconds(2));
    assert_int_equal(sim_up(sim, "east", "tunnel"), 0);
    sim_run_for(sim, milliseconds(100));
    size_t before = engine_view_totals(sim_engine(sim, "west")).ike_established;
    say_initial_contact(sim, 101, IKEV1_WRONG_HASH, false);
    say_initial_contact(sim, 102, IKEV1_HASH_1, true);
    assert_int_equal(engine_view_totals(sim_engine(sim, "west")).ike_established, before);
    assert_false(sim_log_has(sim, "west", "and INITIAL-CONTACT"));
    say_initial_contact(sim, 103, IKEV1_HASH_1, false);
    assert_true(sim_log_has(sim, "west", "and INITIAL-CONTACT"));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

/* ---- refusals ---- */

#define THIRD " leftsubnet=10.5.0.0/24 rightsubnet=10.6.0.0/24"
#define FOURTH " leftsubnet=10.7.0.0/24 rightsubnet=10.8.0.0/24"

static void a_refused_quick_mode_is_told_apart_from_others_under_way(void **state)
{
    (void)state;
    struct sim *sim = established_with(EAST_AND_WEST SUBNETS ALGORITHMS);
    sim_add_connection(sim, "third", EAST_AND_WEST THIRD ALGORITHMS);
    sim_add_connection_on(sim, "east", "fourth", EAST_AND_WEST FOURTH ALGORITHMS);
    uint64_t third = sim_start(sim, "east", COMMAND_INITIATE, "third");
    uint64_t fourth = sim_start(sim, "east", COMMAND_INITIATE, "fourth");
    sim_run_for(sim, milliseconds(400));
    assert_int_equal(sim_result(sim, "east", third), 0);
    assert_int_not_equal(sim_result(sim, "east", fourth), -1);
    assert_int_not_equal(sim_result(sim, "east", fourth), 0);
    sim_down(sim, "east", "fourth");
    assert_settles(sim);
    assert_both_have(sim, 1, 2);
    assert_ends_well(sim);
}

static void a_refusal_that_was_lost_is_said_again(void **state)
{
    (void)state;
    struct sim *sim = established_with(EAST_AND_WEST SUBNETS ALGORITHMS);
    sim_add_connection_on(sim, "east", "fourth", EAST_AND_WEST FOURTH ALGORITHMS);
    sim_drop(sim, "west", MESSAGE_ANY, PART_EITHER, 0, 1);
    uint64_t fourth = sim_start(sim, "east", COMMAND_INITIATE, "fourth");
    sim_run_for(sim, milliseconds(100));
    assert_int_equal(sim_result(sim, "east", fourth), -1);
    sim_run_for(sim, seconds(1));
    assert_int_not_equal(sim_result(sim, "east", fourth), -1);
    assert_int_not_equal(sim_result(sim, "east", fourth), 0);
    sim_down(sim, "east", "fourth");
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

/* ---- last messages that are lost ---- */

#define HALF                                                                                                 \
    "left=192.0.2.1 right=192.0.2.2 leftid=@east rightid=@west leftsubnet=10.5.0.0/24 "                      \
    "rightsubnet=10.6.0.0/24" ALGORITHMS

enum { REPETITIONS = 6 }; /* of an answer, until who sent it gives up */

/* East has the second connection's IPsec SA, west still waits for the last message of its Quick Mode; so many
 * of these are lost. */
static struct sim *half_a_quick_mode(unsigned lost)
{
    struct sim *sim = established_with(EAST_AND_WEST SUBNETS ALGORITHMS);
    sim_add_connection(sim, "half", HALF);
    sim_drop(sim, "east", MESSAGE_ANY, PART_EITHER, 1, lost);
    uint64_t command = sim_start(sim, "east", COMMAND_INITIATE, "half");
    sim_run_for(sim, milliseconds(300));
    assert_int_equal(sim_result(sim, "east", command), 0);
    return sim;
}

static bool half_is_up(const struct sim *sim, const char *host)
{
    struct child_view child;
    return sim_newest_child(sim, host, "half", &child);
}

static void packets_show_that_the_initiator_has_taken_the_answer(void **state)
{
    (void)state;
    struct sim *sim = half_a_quick_mode(2);
    assert_false(half_is_up(sim, "west"));
    assert_true(sim_ping(sim, "east", "10.5.0.1", "10.6.0.1"));
    sim_run_for(sim, seconds(2));
    assert_true(half_is_up(sim, "west"));
    assert_settles(sim);
    assert_both_have(sim, 1, 2);
    assert_ends_well(sim);
}

static void a_responder_that_gives_up_takes_its_answer_back(void **state)
{
    (void)state;
    struct sim *sim = half_a_quick_mode(1 + REPETITIONS);
    assert_true(half_is_up(sim, "east"));
    sim_run_for(sim, seconds(35));
    assert_true(sim_log_has(sim, "east", "received Delete SA payload: deleting IPsec SA"));
    sim_down(sim, "east", "half");
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

/* West has lost the IPsec SA, and what it said about that is lost, too. */
static void what_nobody_answers_is_made_anew(void **state)
{
    (void)state;
    struct sim *sim = half_a_quick_mode(1 + REPETITIONS);
    sim_drop(sim, "west", MESSAGE_ANY, PART_EITHER, REPETITIONS, 1);
    sim_run_for(sim, seconds(45));
    assert_true(half_is_up(sim, "east"));
    assert_false(half_is_up(sim, "west"));
    assert_false(sim_ping(sim, "east", "10.5.0.1", "10.6.0.1"));
    sim_run_for(sim, seconds(12));
    assert_true(sim_log_has(sim, "east", "another one is made in its place"));
    assert_settles(sim);
    assert_both_have(sim, 1, 2);
    assert_true(sim_ping(sim, "east", "10.5.0.1", "10.6.0.1"));
    assert_ends_well(sim);
}

/* A peer that has forgotten the exchange forgets another one each time it hears of it. */
static void an_answer_that_the_peer_cannot_read_is_not_said_again(void **state)
{
    (void)state;
    static const enum ikev1_hash hashes[] = {IKEV1_WRONG_HASH, IKEV1_HASH_1};
    uint8_t notify[] = {0, 0, 0, 12, 0, 0, 0, 1, 1, 0, 0, 16}; /* PAYLOAD_MALFORMED, of the ISAKMP SA */
    for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
        struct sim *sim = half_a_quick_mode(2);
        sim_run_for(sim, milliseconds(400));
        assert_true(sim_log_has(sim, "west", "STATE_QUICK_R1: retransmission"));
        assert_true(sim_inject_ikev1(sim, "east", "west",
                                     &(struct ikev1_injection){
                                         .exchange = ISAKMP_INFORMATIONAL,
                                         .message_id = 77,
                                         .first = ISAKMP_NOTIFY,
                                         .chain = bytes_of(notify, sizeof(notify)),
                                         .is_encrypted = true,
                                         .hash = hashes[i],
                                     }));
        sim_run_for(sim, milliseconds(100));
        sim_record(sim);
        sim_run_for(sim, seconds(10));
        size_t repeated = sim_count(sim, "west", MESSAGE_ANY, PART_EITHER);
        assert_true(hashes[i] == IKEV1_HASH_1 ? repeated == 0 : repeated > 0);
        sim_run_for(sim, seconds(30));
        sim_down(sim, "east", "half");
        assert_settles(sim);
        assert_ends_well(sim);
    }
}

/* ---- ports that are not IKE's ---- */

static void a_port_of_ones_own_needs_no_other_behind_a_nat(void **state)
{
    (void)state;
    static const char *const impairments[] = {"none", "old_natt_drafts"};
    for (size_t i = 0; i < ARRAY_SIZE(impairments); i++) {
        struct sim *sim = sim_new(1);
        struct error error = {0};
        struct child_view child;
        sim_add_host(sim, "west", "192.0.2.2");
        sim_add_host_behind_nat(sim, "east", "10.9.0.1", "192.0.2.99");
        sim_add_connection_on(
            sim, "east", "tunnel",
            "left=10.9.0.1 right=192.0.2.2 leftid=@east rightid=@west leftikeport=6500" SUBNETS ALGORITHMS);
        sim_add_connection_on(sim, "west", "tunnel",
                              "left=%any right=192.0.2.2 leftid=@east rightid=@west" SUBNETS ALGORITHMS);
        assert_true(impair_apply(sim_engine(sim, "east"), impairments[i], 0, &error));
        assert_up(sim, "east");
        assert_settles(sim);
        assert_true(sim_newest_child(sim, "east", "tunnel", &child));
        assert_int_equal(child.local.port, 6500);
        assert_int_equal(child.remote.port, 4500);
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest scenarios[] = {
        cmocka_unit_test(an_l2tp_client_has_the_port_that_it_names),
        cmocka_unit_test(l2tp_clients_behind_one_nat_are_told_apart_by_their_ports),
        cmocka_unit_test(l2tp_clients_behind_one_nat_with_one_port_take_turns_in_peace),
        cmocka_unit_test(a_server_rekeys_with_the_port_that_was_agreed_on),
        cmocka_unit_test(another_protocol_is_not_that_of_the_l2tp_server),
        cmocka_unit_test(initial_contact_is_obeyed_after_phase_1_too),
        cmocka_unit_test(a_refused_quick_mode_is_told_apart_from_others_under_way),
        cmocka_unit_test(a_refusal_that_was_lost_is_said_again),
        cmocka_unit_test(packets_show_that_the_initiator_has_taken_the_answer),
        cmocka_unit_test(a_responder_that_gives_up_takes_its_answer_back),
        cmocka_unit_test(what_nobody_answers_is_made_anew),
        cmocka_unit_test(an_answer_that_the_peer_cannot_read_is_not_said_again),
        cmocka_unit_test(a_port_of_ones_own_needs_no_other_behind_a_nat),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(scenarios, NULL, NULL);
}
