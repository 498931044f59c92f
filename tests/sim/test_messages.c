/*
 * Messages on a bad line and from bad people: retransmission (RFC 7296 2.1, 2.2), the window (2.3), versions
 * and critical payloads (2.5), replayed, corrupted and forged messages (2.21).
 */
#include "engine/strongswan_vendor_id.h"
#include "scenario.h"

/* The messages of a kind that a host sent, in order. */
static size_t sent(struct sim *sim, const char *host, enum message_kind kind, bool is_response,
                   const struct sim_record *out[], size_t capacity)
{
    size_t count, found = 0;
    const struct sim_record *records = sim_records(sim, &count);
    for (size_t i = 0; i < count && found < capacity; i++)
        if (strcmp(records[i].from, host) == 0 && records[i].kind == kind &&
            records[i].is_response == is_response)
            out[found++] = &records[i];
    return found;
}

enum { COPY_SIZE = 1024 };

/* Of the first IKE_SA_INIT request that east sent, to be changed and sent again; its size. */
static size_t copy_first_request(struct sim *sim, uint8_t out[static COPY_SIZE])
{
    const struct sim_record *first[1];
    assert_int_equal(sent(sim, "east", MESSAGE_INIT, false, first, 1), 1);
    memcpy(out, first[0]->bytes, first[0]->size);
    return first[0]->size;
}

static void assert_same_bytes(const struct sim_record *a, const struct sim_record *b)
{
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->bytes, b->bytes, a->size);
}

static void requests_are_repeated_with_identical_bytes_and_growing_intervals(void **state)
{
    (void)state;
    struct sim *sim = established();
    sim_record(sim);
    sim_partition(sim, "east", "west", seconds(10));
    sim_start(sim, "east", COMMAND_REKEY_CHILD, "tunnel");
    sim_run_for(sim, seconds(10));
    const struct sim_record *requests[32];
    size_t count = sent(sim, "east", MESSAGE_CREATE, false, requests, ARRAY_SIZE(requests));
    assert_in_range(count, 4, 12);
    for (size_t i = 1; i < count; i++) {
        assert_same_bytes(requests[0], requests[i]);
        if (i >= 3) /* the first two intervals are the same */
            assert_in_range(requests[i]->time - requests[i - 1]->time,
                            2 * (requests[i - 1]->time - requests[i - 2]->time) - milliseconds(100),
                            2 * (requests[i - 1]->time - requests[i - 2]->time) + milliseconds(100));
    }
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void a_repeated_request_gets_the_same_answer_and_is_done_once(void **state)
{
    (void)state;
    struct sim *sim = established();
    sim_record(sim);
    sim_drop(sim, "west", MESSAGE_CREATE, PART_RESPONSE, 0, 2);
    assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_settles(sim);
    const struct sim_record *answers[8];
    assert_int_equal(sent(sim, "west", MESSAGE_CREATE, true, answers, ARRAY_SIZE(answers)), 3);
    assert_same_bytes(answers[0], answers[1]);
    assert_same_bytes(answers[0], answers[2]);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void every_single_loss_of_set_up_is_survived(void **state)
{
    (void)state;
    static const enum message_kind kinds[] = {MESSAGE_INIT, MESSAGE_AUTH};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        for (unsigned losses = 1; losses <= 3; losses++) {
            struct sim *sim = gateways();
            sim_drop(sim, "east", kinds[i], PART_REQUEST, 0, losses);
            sim_drop(sim, "west", kinds[i], PART_RESPONSE, 0, losses);
            assert_up(sim, "east");
            assert_settles(sim);
            assert_both_have(sim, 1, 1);
            assert_ping(sim);
            assert_ends_well(sim);
        }
}

static void a_dead_peer_ends_the_attempt_after_the_timeout(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " retransmit-timeout=20s");
    sim_partition(sim, NULL, NULL, minutes(5));
    usec_t start = sim_now(sim);
    int code = sim_up(sim, "east", "tunnel");
    assert_int_not_equal(code, 0);
    assert_int_not_equal(code, -1);
    assert_in_range(sim_now(sim) - start, seconds(10), seconds(45));
    sim_down(sim, "east", "tunnel");
    assert_ends_well(sim);
}

static void the_timeout_counts_although_the_interval_is_longer(void **state)
{
    (void)state;
    static const char *const versions[] = {" keyexchange=ikev2",
                                           " keyexchange=ikev1 ike=aes256-sha2_256;dh14"};
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        char options[512];
        snprintf(options, sizeof(options), "%s retransmit-interval=60s retransmit-timeout=10s%s", TUNNEL,
                 versions[i]);
        struct sim *sim = gateways_with(options);
        sim_partition(sim, NULL, NULL, minutes(5));
        usec_t start = sim_now(sim);
        assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
        assert_in_range(sim_now(sim) - start, seconds(10), seconds(11));
        sim_down(sim, "east", "tunnel");
        assert_ends_well(sim);
    }
}

static void a_replayed_conversation_does_nothing(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_record(sim);
    assert_up(sim, "east");
    assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_settles(sim);
    size_t count;
    sim_records(sim, &count);
    for (size_t i = 0; i < count; i++) {
        const struct sim_record *record = &sim_records(sim, &(size_t){0})[i];
        uint8_t copy[4096];
        memcpy(copy, record->bytes, record->size);
        sim_inject(sim, record->from, strcmp(record->from, "east") == 0 ? "west" : "east", 500,
                   bytes_of(copy, record->size));
        sim_run_for(sim, milliseconds(20));
    }
    /* A replayed IKE_SA_INIT may leave a half-open SA for a while. */
    sim_run_for(sim, minutes(2));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void every_corrupted_byte_is_survived(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " dpddelay=5s");
    sim_set_faults(sim, (struct faults){.corruption_per_mille = 300,
                                        .delay_min = milliseconds(5),
                                        .delay_max = milliseconds(5)});
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, minutes(20));
    sim_heal(sim);
    sim_run_for(sim, minutes(5));
    assert_settles(sim);
    assert_true(sim_is_up(sim, "east", "tunnel"));
    assert_ping(sim);
    assert_ends_well(sim);
}

/* Set-up with a flipped bit in the n-th byte of the first message. */
static void a_flipped_bit_in_sa_init_never_yields_a_tunnel_with_different_keys(void **state)
{
    (void)state;
    for (size_t at = 0; at < 250; at += 3) {
        struct sim *sim = gateways();
        sim_record(sim);
        sim_drop(sim, "east", MESSAGE_INIT, PART_REQUEST, 0, 1);
        sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
        sim_run_for(sim, milliseconds(50));
        uint8_t copy[COPY_SIZE];
        size_t size = copy_first_request(sim, copy);
        copy[at % size] ^= 0x10;
        sim_inject(sim, "east", "west", 500, bytes_of(copy, size));
        sim_run_for(sim, minutes(5));
        assert_settles(sim);
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

static void heavy_loss_and_reordering_are_survived(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " auto=start");
    sim_set_faults(sim, (struct faults){.loss_per_mille = 400,
                                        .duplication_per_mille = 200,
                                        .delay_min = milliseconds(1),
                                        .delay_max = milliseconds(3000)});
    sim_run_for(sim, minutes(10));
    sim_heal(sim);
    sim_run_for(sim, minutes(6));
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void an_unknown_critical_payload_in_a_protected_request_is_refused_by_type(void **state)
{
    (void)state;
    struct sim *sim = established();
    uint8_t chain[] = {PAYLOAD_NONE, 0x80, 0, 8, 1, 2, 3, 4};
    sim_record(sim);
    /* East has sent two requests (0 and 1): the next is 2. */
    assert_true(sim_inject_protected(sim, "east", "west", INFORMATIONAL, false, 2, 200,
                                     bytes_of(chain, sizeof(chain))));
    sim_run_for(sim, seconds(1));
    assert_int_equal(sim_count_errors(sim, "west", UNSUPPORTED_CRITICAL_PAYLOAD), 1);
    assert_both_have(sim, 1, 1);
    sim_free(sim);
}

static void an_unknown_payload_that_is_not_critical_is_skipped(void **state)
{
    (void)state;
    struct sim *sim = established();
    uint8_t chain[] = {PAYLOAD_NONE, 0, 0, 8, 1, 2, 3, 4};
    sim_record(sim);
    assert_true(sim_inject_protected(sim, "east", "west", INFORMATIONAL, false, 2, 200,
                                     bytes_of(chain, sizeof(chain))));
    sim_run_for(sim, seconds(1));
    assert_int_equal(sim_count(sim, "west", MESSAGE_INFORMATIONAL, PART_RESPONSE), 1);
    assert_int_equal(sim_count_errors(sim, "west", UNSUPPORTED_CRITICAL_PAYLOAD), 0);
    assert_both_have(sim, 1, 1);
    sim_free(sim);
}

static void a_malformed_protected_request_is_answered_with_invalid_syntax(void **state)
{
    (void)state;
    struct sim *sim = established();
    uint8_t chain[] = {PAYLOAD_NONE, 0, 0, 200, 1, 2, 3, 4};
    sim_record(sim);
    assert_true(sim_inject_protected(sim, "east", "west", CREATE_CHILD_SA, false, 2, PAYLOAD_SA,
                                     bytes_of(chain, sizeof(chain))));
    sim_run_for(sim, seconds(1));
    assert_int_equal(sim_count_errors(sim, "west", INVALID_SYNTAX), 1);
    sim_free(sim);
}

static void a_message_outside_the_window_is_not_answered(void **state)
{
    (void)state;
    struct sim *sim = established();
    sim_record(sim);
    static const uint32_t ids[] = {0, 3, 4, 100, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
        assert_true(sim_inject_protected(sim, "east", "west", INFORMATIONAL, false, ids[i], PAYLOAD_NONE,
                                         bytes_of(NULL, 0)));
    sim_run_for(sim, seconds(1));
    assert_int_equal(sim_count(sim, "west", MESSAGE_INFORMATIONAL, PART_RESPONSE), 0);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void an_answer_nobody_waits_for_is_ignored(void **state)
{
    (void)state;
    struct sim *sim = established();
    for (uint32_t id = 0; id < 5; id++)
        assert_true(sim_inject_protected(sim, "west", "east", INFORMATIONAL, true, id, PAYLOAD_NONE,
                                         bytes_of(NULL, 0)));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_higher_major_version_is_answered_with_ours(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_record(sim);
    uint8_t message[IKE_HEADER_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8};
    message[17] = 0x30;
    message[18] = IKE_SA_INIT;
    message[19] = IKEV2_FLAG_INITIATOR;
    store_be32(message + 24, sizeof(message));
    sim_inject(sim, "east", "west", 500, bytes_of(message, sizeof(message)));
    sim_run_for(sim, seconds(1));
    assert_int_equal(sim_count_errors(sim, "west", INVALID_MAJOR_VERSION), 1);
    assert_up(sim, "east");
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void a_higher_minor_version_is_no_obstacle(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_record(sim);
    sim_drop(sim, "east", MESSAGE_INIT, PART_REQUEST, 0, 1);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(50));
    uint8_t copy[COPY_SIZE];
    size_t size = copy_first_request(sim, copy);
    copy[17] = 0x21;
    sim_inject(sim, "east", "west", 500, bytes_of(copy, size));
    sim_run_for(sim, milliseconds(8));
    assert_int_equal(sim_count(sim, "west", MESSAGE_INIT, PART_RESPONSE), 1);
    assert_int_equal(sim_count_errors(sim, "west", INVALID_MAJOR_VERSION), 0);
    /* AUTH then fails, for the message was changed on its way, and another attempt succeeds. */
    sim_run_for(sim, minutes(5));
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void noise_is_not_answered(void **state)
{
    (void)state;
    struct sim *sim = established();
    sim_record(sim);
    size_t injected = 0;
    for (size_t size = 0; size < 300; size += 7, injected++) {
        uint8_t noise[300];
        prng_bytes(sim_prng(sim), noise, size);
        if (size > 17)
            noise[17] = IKEV2_VERSION;
        sim_inject(sim, "west", "east", 500, bytes_of(noise, size));
    }
    assert_settles(sim);
    assert_int_equal(sim_count(sim, "east", MESSAGE_ANY, PART_EITHER), 0);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void half_open_sas_of_strangers_go_away(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_record(sim);
    sim_drop(sim, "west", MESSAGE_INIT, PART_RESPONSE, 0, 100);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, seconds(5));
    uint8_t copy[COPY_SIZE];
    size_t size = copy_first_request(sim, copy);
    for (uint8_t i = 0; i < 50; i++) {
        copy[0] = i;
        sim_inject(sim, "east", "west", 500, bytes_of(copy, size));
    }
    sim_run_for(sim, seconds(1));
    assert_in_range(engine_view_totals(sim_engine(sim, "west")).ike_halfopen, 1, 51);
    sim_down(sim, "east", "tunnel");
    sim_run_for(sim, minutes(5));
    assert_int_equal(engine_view_totals(sim_engine(sim, "west")).ike_halfopen, 0);
    assert_ends_well(sim);
}

static void cookies_are_demanded_when_many_are_half_open(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_settings(sim, "west")->ddos_ike_threshold = 10;
    sim_restart(sim, "west", 0);
    sim_record(sim);
    assert_up(sim, "east");
    assert_settles(sim);
    uint8_t copy[COPY_SIZE];
    size_t size = copy_first_request(sim, copy);
    for (uint8_t i = 0; i < 100; i++) {
        copy[0] = i;
        copy[1] ^= 1;
        sim_inject(sim, "east", "west", 500, bytes_of(copy, size));
        sim_run_for(sim, milliseconds(1));
    }
    sim_run_for(sim, seconds(1));
    assert_in_range(engine_view_totals(sim_engine(sim, "west")).ike_halfopen, 5, 12);
    assert_true(engine_view_totals(sim_engine(sim, "west")).ddos_cookies_required);
    sim_run_for(sim, minutes(5));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

/* Whether east says this about itself on the wire. */
static bool says(const char *words, struct bytes vendor_id)
{
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host(sim, "west", "192.0.2.2");
    sim_settings(sim, "east")->vendor_id = "Acme-7";
    sim_add_connection(sim, "tunnel", words);
    sim_restart(sim, "east", 0);
    sim_run_for(sim, seconds(1));
    size_t count;
    bool found = false;
    sim_record(sim);
    assert_up(sim, "east");
    assert_settles(sim);
    const struct sim_record *records = sim_records(sim, &count);
    for (size_t i = 0; i < count; i++)
        found = found || (strcmp(records[i].from, "east") == 0 &&
                          memmem(records[i].bytes, records[i].size, vendor_id.data, vendor_id.size) != NULL);
    assert_ends_well(sim);
    return found;
}

static bool says_strongswan(const char *words)
{
    return says(words, bytes_of(strongswan_vendor_id, STRONGSWAN_VENDOR_ID_SIZE));
}

static void send_vendorid_sends_what_myvendorid_says(void **state)
{
    (void)state;
    assert_false(says(TUNNEL, bytes_of_text("Acme-7")));
    assert_true(says(TUNNEL " send-vendorid=yes", bytes_of_text("Acme-7")));
}

static void max_halfopen_ike_bounds_what_strangers_begin(void **state)
{
    (void)state;
    for (unsigned limit = 0; limit <= 1; limit++) {
        struct sim *sim = gateways();
        sim_settings(sim, "west")->max_halfopen_ike = limit;
        sim_restart(sim, "west", 0);
        sim_run_for(sim, seconds(1));
        sim_record(sim);
        sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
        sim_run_for(sim, seconds(3));
        assert_int_equal(sim_count(sim, "west", MESSAGE_INIT, PART_RESPONSE), limit);
        sim_free(sim);
    }
}

/* Of Cisco's client: IKEv1's vendor id that asks for its ways. */
static void cisco_unity_sends_its_vendor_id(void **state)
{
    (void)state;
    static const uint8_t unity[] = {0x12, 0xf5, 0xf2, 0x8c, 0x45, 0x71, 0x68, 0xa9,
                                    0x70, 0x2d, 0x9f, 0xe2, 0x74, 0xcc, 0x01, 0x00};
    static const char v1[] = HOSTS SUBNETS " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2";
    char words[512];
    assert_false(says(v1, bytes_of(unity, sizeof(unity))));
    snprintf(words, sizeof(words), "%s cisco-unity=yes", v1);
    assert_true(says(words, bytes_of(unity, sizeof(unity))));
    snprintf(words, sizeof(words), "%s remote-peer-type=cisco", v1);
    assert_true(says(words, bytes_of(unity, sizeof(unity))));
}

/* drop-oppo-null=: as if nobody were there, before anything is kept; others are answered. */
static void drop_oppo_null_gives_no_answer_to_who_is_nobody(void **state)
{
    (void)state;
    static const char null[] =
        "left=192.0.2.1 right=192.0.2.2 leftid=@east rightid=@west authby=null" SUBNETS CIPHERS;
    static const char secret[] = TUNNEL;
    for (int drops = 0; drops <= 1; drops++)
        for (int is_null = 0; is_null <= 1; is_null++) {
            struct sim *sim = sim_new(1);
            sim_add_host(sim, "east", "192.0.2.1");
            sim_add_host(sim, "west", "192.0.2.2");
            sim_settings(sim, "west")->drop_oppo_null = drops;
            sim_add_connection(sim, "tunnel", is_null ? null : secret);
            sim_restart(sim, "west", 0);
            sim_run_for(sim, seconds(1));
            sim_record(sim);
            bool is_up = sim_up(sim, "east", "tunnel") == 0;
            assert_int_equal(is_up, !(drops && is_null));
            if (drops && is_null)
                assert_int_equal(sim_count(sim, "west", MESSAGE_ANY, PART_EITHER), 0);
            assert_ends_well(sim);
        }
}

static void fake_strongswan_sends_its_vendor_id(void **state)
{
    (void)state;
    static const char v1[] = HOSTS SUBNETS " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2";
    char words[512];
    assert_false(says_strongswan(TUNNEL));
    assert_true(says_strongswan(TUNNEL " fake-strongswan=yes"));
    assert_false(says_strongswan(v1));
    snprintf(words, sizeof(words), "%s fake-strongswan=yes", v1);
    assert_true(says_strongswan(words));
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_repeated_with_identical_bytes_and_growing_intervals),
        cmocka_unit_test(a_repeated_request_gets_the_same_answer_and_is_done_once),
        cmocka_unit_test(every_single_loss_of_set_up_is_survived),
        cmocka_unit_test(a_dead_peer_ends_the_attempt_after_the_timeout),
        cmocka_unit_test(the_timeout_counts_although_the_interval_is_longer),
        cmocka_unit_test(a_replayed_conversation_does_nothing),
        cmocka_unit_test(every_corrupted_byte_is_survived),
        cmocka_unit_test(a_flipped_bit_in_sa_init_never_yields_a_tunnel_with_different_keys),
        cmocka_unit_test(heavy_loss_and_reordering_are_survived),
        cmocka_unit_test(an_unknown_critical_payload_in_a_protected_request_is_refused_by_type),
        cmocka_unit_test(an_unknown_payload_that_is_not_critical_is_skipped),
        cmocka_unit_test(a_malformed_protected_request_is_answered_with_invalid_syntax),
        cmocka_unit_test(a_message_outside_the_window_is_not_answered),
        cmocka_unit_test(an_answer_nobody_waits_for_is_ignored),
        cmocka_unit_test(a_higher_major_version_is_answered_with_ours),
        cmocka_unit_test(a_higher_minor_version_is_no_obstacle),
        cmocka_unit_test(noise_is_not_answered),
        cmocka_unit_test(half_open_sas_of_strangers_go_away),
        cmocka_unit_test(cookies_are_demanded_when_many_are_half_open),
        cmocka_unit_test(fake_strongswan_sends_its_vendor_id),
        cmocka_unit_test(max_halfopen_ike_bounds_what_strangers_begin),
        cmocka_unit_test(cisco_unity_sends_its_vendor_id),
        cmocka_unit_test(drop_oppo_null_gives_no_answer_to_who_is_nobody),
        cmocka_unit_test(send_vendorid_sends_what_myvendorid_says),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
