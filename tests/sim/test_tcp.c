/* IKE and ESP in TCP connections: RFC 9329. */
#include "scenario.h"

#define IN_TCP TUNNEL " enable-tcp=yes"

/* East is the originator. */
static struct sim *in_tcp(void)
{
    struct sim *sim = established_with(IN_TCP);
    struct child_view child;
    assert_true(sim_newest_child(sim, "west", "tunnel", &child));
    assert_true(child.tcp_encapsulation);
    assert_ping(sim);
    return sim;
}

static struct ike_view newest_ike(struct sim *sim, const char *host)
{
    struct ike_view view = {0};
    assert_true(sim_newest_ike(sim, host, "tunnel", &view));
    return view;
}

/* One connection serves both ends' IKE SA and their Child SAs. */
static void assert_served(struct sim *sim)
{
    struct ike_view east = newest_ike(sim, "east"), west = newest_ike(sim, "west");
    assert_both_have(sim, 1, 1);
    assert_true(east.path.is_tcp && west.path.is_tcp);
    assert_int_equal(east.path.local.port, west.path.remote.port);
    assert_int_equal(sim_stream_count(sim), 1);
    assert_ping(sim);
}

static void the_tunnel_is_set_up_in_tcp_and_taken_down(void **state)
{
    (void)state;
    struct sim *sim = in_tcp();
    assert_served(sim);
    assert_true(sim_log_has(sim, "east", "using TCP"));
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_int_equal(sim_stream_count(sim), 0);
    assert_ends_well(sim);
}

static void either_end_rekeys_on_the_same_connection(void **state)
{
    (void)state;
    static const char *const hosts[] = {"east", "west"};
    struct sim *sim = in_tcp();
    uint16_t port = newest_ike(sim, "east").path.local.port;
    for (size_t i = 0; i < 4; i++) {
        struct ike_view before = newest_ike(sim, "east");
        assert_int_equal(sim_command(sim, hosts[i % 2], COMMAND_REKEY_CHILD, "tunnel"), 0);
        assert_int_equal(sim_command(sim, hosts[i % 2], COMMAND_REKEY_IKE, "tunnel"), 0);
        sim_run_for(sim, minutes(2)); /* nobody closes what the old IKE SA has left */
        assert_settles(sim);
        assert_served(sim);
        assert_memory_not_equal(before.spi_i, newest_ike(sim, "east").spi_i, IKE_SPI_SIZE);
        assert_int_equal(newest_ike(sim, "east").path.local.port, port);
    }
    assert_ends_well(sim);
}

static void assert_survives(struct sim *sim, const struct ike_view *before)
{
    sim_run_for(sim, minutes(2));
    assert_settles(sim);
    assert_memory_equal(before->spi_i, newest_ike(sim, "east").spi_i, IKE_SPI_SIZE);
    assert_int_not_equal(before->path.local.port, newest_ike(sim, "east").path.local.port);
    assert_served(sim);
}

static void a_broken_connection_is_made_anew_by_its_originator(void **state)
{
    (void)state;
    struct sim *sim = in_tcp();
    struct ike_view before = newest_ike(sim, "east");
    sim_break_streams(sim);
    assert_no_ping(sim);
    assert_survives(sim, &before);
    assert_true(sim_log_has(sim, "west", "peer has made a new TCP connection"));
    assert_ends_well(sim);
}

static void the_originator_is_the_same_after_the_peer_has_rekeyed(void **state)
{
    (void)state;
    struct sim *sim = in_tcp();
    assert_int_equal(sim_command(sim, "west", COMMAND_REKEY_IKE, "tunnel"), 0);
    assert_settles(sim);
    struct ike_view before = newest_ike(sim, "east");
    sim_break_streams(sim);
    assert_survives(sim, &before);
    assert_true(sim_log_has(sim, "east", "making a new one"));
    assert_true(sim_log_has(sim, "west", "waiting for the peer's next one"));
    assert_ends_well(sim);
}

/* Whenever it breaks during a rekey, both ends come to agree, by one connection. */
static void a_break_during_a_rekey_ends_in_one_tunnel(void **state)
{
    (void)state;
    static const enum command_kind kinds[] = {COMMAND_REKEY_CHILD, COMMAND_REKEY_IKE};
    static const char *const hosts[] = {"east", "west"};
    for (unsigned i = 0; i < 48; i++) {
        struct sim *sim = in_tcp();
        uint64_t client = sim_start(sim, hosts[i & 1], kinds[i >> 1 & 1], "tunnel");
        sim_run_for(sim, milliseconds(1 + 2 * (i >> 2)));
        sim_break_streams(sim);
        sim_run_for(sim, minutes(3));
        assert_settles(sim);
        assert_int_equal(sim_result(sim, hosts[i & 1], client), 0);
        assert_served(sim);
        assert_ends_well(sim);
    }
}

/* No later than by the first question on the next connection. */
static void a_break_during_the_set_up_ends_in_one_tunnel(void **state)
{
    (void)state;
    for (unsigned after = 1; after < 40; after += 2) {
        struct sim *sim = gateways_with(IN_TCP);
        sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
        sim_run_for(sim, milliseconds(after));
        sim_break_streams(sim);
        sim_run_for(sim, seconds(5));
        assert_served(sim);
        assert_ends_well(sim);
    }
}

/* The answer was lost with the connection: the question comes again by the next one, which moves nothing. */
static void what_was_answered_on_the_broken_connection_does_not_keep_the_peer_there(void **state)
{
    (void)state;
    struct sim *sim = in_tcp();
    sim_drop(sim, "west", MESSAGE_DELETE, PART_RESPONSE, 0, 1);
    assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_CHILD, "tunnel"), 0);
    sim_run_for(sim, seconds(1));
    sim_break_streams(sim);
    sim_run_for(sim, seconds(2));
    assert_served(sim);
    assert_ends_well(sim);
}

static void nothing_is_sent_again_by_a_timer(void **state)
{
    (void)state;
    struct sim *sim = in_tcp();
    sim_record(sim);
    sim_drop(sim, "west", MESSAGE_CREATE, PART_RESPONSE, 0, 1);
    sim_start(sim, "east", COMMAND_REKEY_CHILD, "tunnel");
    sim_run_for(sim, seconds(20));
    assert_int_equal(sim_count(sim, "east", MESSAGE_CREATE, PART_REQUEST), 1);
    sim_forgive(sim);
    sim_free(sim);
}

/* East has connected, and cannot prove itself: west has half an IKE SA. */
static struct sim *half_open_in_tcp(void)
{
    struct sim *sim = gateways_with(IN_TCP);
    sim_record(sim);
    sim_drop(sim, "east", MESSAGE_AUTH, PART_REQUEST, 0, 100);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(200));
    assert_int_equal(engine_view_totals(sim_engine(sim, "west")).ike_halfopen, 1);
    return sim;
}

static void a_connection_has_one_half_open_ike_sa(void **state)
{
    (void)state;
    struct sim *sim = half_open_in_tcp();
    uint8_t copy[1024];
    size_t count;
    const struct sim_record *first = sim_records(sim, &count);
    assert_true(count > 0 && first->kind == MESSAGE_INIT && first->size <= sizeof(copy));
    struct ike_view ike;
    assert_true(engine_view_ike_at(sim_engine(sim, "west"), 1, &ike));
    struct path path = ike.path;
    memcpy(copy, first->bytes, first->size);
    for (uint8_t i = 1; i < 50; i++) {
        copy[0] = (uint8_t)(first->bytes[0] ^ i);
        engine_receive(sim_engine(sim, "west"), &path, bytes_of(copy, first->size));
    }
    sim_run_for(sim, milliseconds(200));
    assert_int_equal(engine_view_totals(sim_engine(sim, "west")).ike_halfopen, 1);
    sim_forgive(sim);
    sim_free(sim);
}

/* And whoever has failed on it may try again there. */
static void a_connection_may_carry_the_next_attempt(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(IN_TCP);
    sim_set_secret(sim, "east", "another");
    sim_run_for(sim, seconds(1));
    sim_record(sim);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(300));
    assert_true(sim_count_errors(sim, "west", AUTHENTICATION_FAILED) > 0);
    size_t count;
    const struct sim_record *first = sim_records(sim, &count);
    uint8_t copy[1024];
    assert_true(count > 0 && first->kind == MESSAGE_INIT && first->size <= sizeof(copy));
    struct ike_view ike;
    assert_true(engine_view_ike_at(sim_engine(sim, "west"), 1, &ike));
    memcpy(copy, first->bytes, first->size);
    copy[0] ^= 1;
    uint64_t before = engine_view_totals(sim_engine(sim, "west")).ike_halfopen;
    engine_receive(sim_engine(sim, "west"), &ike.path, bytes_of(copy, first->size));
    assert_int_equal(engine_view_totals(sim_engine(sim, "west")).ike_halfopen, before + 1);
    sim_forgive(sim);
    sim_free(sim);
}

static void what_was_half_open_soon_follows_its_connection(void **state)
{
    (void)state;
    struct sim *sim = half_open_in_tcp();
    sim_command(sim, "east", COMMAND_DELETE, "tunnel");
    sim_break_streams(sim);
    sim_run_for(sim, seconds(4));
    assert_int_equal(engine_view_totals(sim_engine(sim, "west")).ike_halfopen, 0);
    assert_int_equal(sim_ike_count(sim, "west"), 0);
    assert_true(sim_log_has(sim, "west", "no IKE_AUTH request came within 3 seconds"));
    assert_ends_well(sim);
}

static void nobody_listens_and_the_command_fails(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(IN_TCP " tcp-remoteport=443");
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_true(sim_log_has(sim, "east", "Connection refused"));
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

/* Many a peer refuses and hangs up: the refusal is the reason, and nothing better can come. */
static void a_refusal_is_believed_when_the_connection_ends_behind_it(void **state)
{
    (void)state;
    struct sim *sim = gateways_that_differ(IN_TCP, HOSTS SUBNETS " enable-tcp=yes ike=aes256-sha1;modp2048");
    uint64_t client = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(500));
    assert_true(sim_log_has(sim, "east", "waiting 1 second for another"));
    assert_int_equal(sim_result(sim, "east", client), -1);
    sim_break_streams(sim);
    sim_run_for(sim, milliseconds(100));
    assert_int_equal(sim_result(sim, "east", client), RC_FATAL);
    assert_true(sim_log_has(sim, "east", "IKE_SA_INIT request rejected by peer: NO_PROPOSAL_CHOSEN"));
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_ends_well(sim);
}

static void the_connection_is_deleted_while_it_connects(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(IN_TCP);
    uint64_t client = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    assert_int_equal(sim_command(sim, "east", COMMAND_DELETE, "tunnel"), 0);
    assert_settles(sim);
    assert_true(sim_result(sim, "east", client) > 0);
    assert_int_equal(sim_ike_count(sim, "east"), 0);
    assert_int_equal(sim_stream_count(sim), 0);
    assert_ends_well(sim);
}

static void a_restarted_peer_is_reached_again(void **state)
{
    (void)state;
    struct sim *sim = established_with(IN_TCP " dpddelay=10 dpdtimeout=30 dpdaction=restart auto=keep"
                                              " retransmit-timeout=10s");
    sim_restart(sim, "west", seconds(20));
    sim_run_for(sim, minutes(5));
    assert_settles(sim);
    assert_served(sim);
    assert_ends_well(sim);
}

static void who_hears_nothing_by_udp_falls_back_to_tcp(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " enable-tcp=fallback retransmit-timeout=5s");
    sim_partition(sim, "east", "west", minutes(1)); /* of datagrams */
    assert_up(sim, "east");
    assert_settles(sim);
    assert_true(sim_log_has(sim, "east", "falling back to TCP"));
    assert_served(sim);
    assert_ends_well(sim);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tunnel_is_set_up_in_tcp_and_taken_down),
        cmocka_unit_test(either_end_rekeys_on_the_same_connection),
        cmocka_unit_test(a_broken_connection_is_made_anew_by_its_originator),
        cmocka_unit_test(the_originator_is_the_same_after_the_peer_has_rekeyed),
        cmocka_unit_test(a_break_during_a_rekey_ends_in_one_tunnel),
        cmocka_unit_test(a_break_during_the_set_up_ends_in_one_tunnel),
        cmocka_unit_test(what_was_answered_on_the_broken_connection_does_not_keep_the_peer_there),
        cmocka_unit_test(nothing_is_sent_again_by_a_timer),
        cmocka_unit_test(a_connection_has_one_half_open_ike_sa),
        cmocka_unit_test(a_connection_may_carry_the_next_attempt),
        cmocka_unit_test(what_was_half_open_soon_follows_its_connection),
        cmocka_unit_test(nobody_listens_and_the_command_fails),
        cmocka_unit_test(a_refusal_is_believed_when_the_connection_ends_behind_it),
        cmocka_unit_test(the_connection_is_deleted_while_it_connects),
        cmocka_unit_test(a_restarted_peer_is_reached_again),
        cmocka_unit_test(who_hears_nothing_by_udp_falls_back_to_tcp),
    };
    choose_scenarios(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
