/* What has brought down other IKEv1 daemons: a first message refused after half of it was kept, no secret to
 * prove anything with, Quick Modes for whom no address is named, and too many of them at once. */
#include "ikev1_inject.h"
#include "scenario.h"
#include "wire/ikev1_build.h"

#define V1 SUBNETS " authby=secret keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2 pfs=no"
#define EAST_AND_WEST "left=192.0.2.1 right=192.0.2.2 leftid=@east rightid=@west"

static size_t half_open(const struct sim *sim, const char *host)
{
    return engine_view_totals(sim_engine(sim, host)).ike_halfopen;
}

static const struct sim_record *last_of(struct sim *sim, const char *host)
{
    size_t count;
    const struct sim_record *records = sim_records(sim, &count);
    for (size_t i = count; i > 0; i--)
        if (strcmp(records[i - 1].from, host) == 0)
            return &records[i - 1];
    fail_msg("%s has sent nothing", host);
    return NULL;
}

/* ---- a first message that is refused ---- */

/* The refusal names no state of ours, and whoever makes one up finds none (CVE-2023-30570). */
static void assert_refusal_leaves_nothing(const char *east_words)
{
    static const uint8_t zero[IKE_SPI_SIZE];
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_connection_on(sim, "east", "tunnel", east_words);
    sim_add_connection_on(sim, "west", "tunnel", EAST_AND_WEST V1 " aggressive=yes");
    sim_record(sim);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(100));
    const struct sim_record *refusal = last_of(sim, "west");
    assert_memory_equal(refusal->bytes + IKE_SPI_SIZE, zero, IKE_SPI_SIZE);
    assert_int_equal(refusal->bytes[16], ISAKMP_NOTIFY);
    assert_int_equal(half_open(sim, "west"), 0);
    size_t answers = sim_count(sim, "west", MESSAGE_ANY, PART_EITHER), size = last_of(sim, "east")->size;
    uint8_t first[2048];
    memcpy(first, last_of(sim, "east")->bytes, size);
    for (int i = 0; i < 3; i++) {
        memset(first + IKE_SPI_SIZE, i == 0 ? 0 : 0x5a + i, IKE_SPI_SIZE);
        sim_inject(sim, "east", "west", 500, bytes_of(first, size));
        sim_run_for(sim, milliseconds(100));
        assert_int_equal(half_open(sim, "west"), 0);
    }
    /* Only the first of the three is a beginning. */
    assert_int_equal(sim_count(sim, "west", MESSAGE_ANY, PART_EITHER), answers + 1);
    sim_down(sim, "east", "tunnel");
    assert_ends_well(sim);
}

static void an_aggressive_mode_that_is_refused_leaves_no_cookie_behind(void **state)
{
    (void)state;
    assert_refusal_leaves_nothing(EAST_AND_WEST SUBNETS
                                  " authby=secret keyexchange=ikev1 aggressive=yes ike=aes256-sha2;dh31");
    assert_refusal_leaves_nothing("left=192.0.2.1 right=192.0.2.2 leftid=@mallory rightid=@west" V1
                                  " aggressive=yes");
}

/* ---- no secret ---- */

/* CVE-2024-2357: nothing can be said, so nothing may wait for an answer. */
static void assert_fails_without_secret(const char *words, const char *who_has_none)
{
    struct sim *sim = gateways_with(words);
    sim_set_secret(sim, who_has_none, NULL);
    uint64_t client = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, seconds(1));
    assert_int_equal(half_open(sim, who_has_none), 0);
    assert_both_have(sim, 0, 0);
    sim_run_for(sim, minutes(5));
    assert_int_not_equal(sim_result(sim, "east", client), 0);
    sim_down(sim, "east", "tunnel");
    sim_set_secret(sim, who_has_none, "styx");
    assert_up(sim, "east");
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void who_has_no_secret_keeps_no_state(void **state)
{
    (void)state;
    static const char *const words[] = {TUNNEL, EAST_AND_WEST V1, EAST_AND_WEST V1 " aggressive=yes"};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        print_message("%s\n", words[i]);
        assert_fails_without_secret(words[i], "east");
        assert_fails_without_secret(words[i], "west");
    }
}

/* ---- what comes back ---- */

/* All that east has said since goes back to it, from mallory. */
static size_t reflect(struct sim *sim, size_t from)
{
    size_t count;
    sim_records(sim, &count);
    for (size_t i = from; i < count; i++) {
        const struct sim_record *record = &sim_records(sim, &(size_t){0})[i];
        uint8_t copy[4096];
        size_t size = record->size;
        memcpy(copy, record->bytes, size);
        if (strcmp(record->from, "east") == 0)
            sim_inject(sim, "mallory", "east", record->source.port, bytes_of(copy, size));
        sim_run_for(sim, milliseconds(20));
    }
    return count;
}

/* HASH says nothing of who speaks. */
static void reflected_messages_change_nothing(void **state)
{
    (void)state;
    struct sim *sim = gateways_with("left=192.0.2.1 right=192.0.2.2 leftid=@east rightid=@west authby=secret "
                                    "keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2 pfs=no");
    sim_add_host(sim, "mallory", "192.0.2.66");
    sim_record(sim);
    assert_up(sim, "east");
    sim_run_for(sim, minutes(3)); /* the Quick Mode is forgotten */
    size_t answers = sim_count(sim, "east", MESSAGE_ANY, PART_EITHER);
    reflect(sim, 1); /* the first one is a stranger's beginning when mallory says it */
    assert_int_equal(sim_count(sim, "east", MESSAGE_ANY, PART_EITHER), answers);
    assert_false(sim_log_has(sim, "east", "responding to Quick Mode proposal"));
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void whoever_reflects_our_probes_does_not_keep_a_dead_peer_alive(void **state)
{
    (void)state;
    struct sim *sim = established_with(EAST_AND_WEST V1 " dpddelay=10s dpdtimeout=30s");
    sim_add_host(sim, "mallory", "192.0.2.66");
    sim_partition(sim, "west", NULL, minutes(30));
    sim_record(sim);
    size_t reflected = 0;
    for (int i = 0; i < 120; i++) {
        reflected = reflect(sim, reflected);
        sim_run_for(sim, seconds(1));
    }
    assert_true(sim_log_has(sim, "east", "peer is declared dead"));
    sim_down(sim, "east", "tunnel");
    assert_ends_well(sim);
}

/* ---- Quick Modes ---- */

/* One proposal: AES-CBC with 128 bits and HMAC-SHA2-256, in a tunnel. */
static const uint8_t esp_proposal[] = {0,    0, 0,  1,  0,    0, 0, 1,  0,    0,  0, 40, 1,    3, 4, 1,
                                       9,    9, 9,  9,  0,    0, 0, 28, 1,    12, 0, 0,  0x80, 1, 0, 1,
                                       0x80, 2, 14, 16, 0x80, 4, 0, 1,  0x80, 5,  0, 5,  0x80, 6, 0, 128};

struct named {
    uint8_t type;
    size_t size; /* of the whole body, with its four bytes before the value */
    uint8_t value[8];
};

static const struct named east_clients = {V1_ID_IPV4_ADDR_SUBNET, 12, {10, 1, 0, 0, 255, 255, 255, 0}};
static const struct named west_clients = {V1_ID_IPV4_ADDR_SUBNET, 12, {10, 2, 0, 0, 255, 255, 255, 0}};

/* east begins a Quick Mode of its own making with so many identities, the last of them again and again. */
static void begin_quick_mode(struct sim *sim, uint32_t message_id, const struct named *const *names,
                             size_t count)
{
    static const struct ikev2_header header;
    static const uint8_t nonce[16] = {7};
    uint8_t bytes[1024], body[64];
    struct message_builder builder = ikev1_build_start(bytes, sizeof(bytes), &header);
    message_build_body(&builder, ISAKMP_SA, bytes_of(esp_proposal, sizeof(esp_proposal)));
    message_build_body(&builder, ISAKMP_NONCE, bytes_of(nonce, sizeof(nonce)));
    for (size_t i = 0; i < count; i++) {
        const struct named *name = names[i < 2 ? i : 1];
        memset(body, 0, sizeof(body));
        body[0] = name->type;
        memcpy(body + 4, name->value, sizeof(name->value));
        message_build_body(&builder, ISAKMP_ID, bytes_of(body, name->size));
    }
    assert_true(sim_inject_ikev1(
        sim, "east", "west",
        &(struct ikev1_injection){
            .exchange = ISAKMP_QUICK,
            .message_id = message_id,
            .first = ISAKMP_SA,
            .chain = bytes_of(bytes + IKE_HEADER_SIZE, builder.writer.size - IKE_HEADER_SIZE),
            .is_encrypted = true,
            .hash = IKEV1_HASH_1,
        }));
    sim_run_for(sim, milliseconds(100));
}

static size_t answers_to(struct sim *sim, uint32_t message_id, const struct named *first,
                         const struct named *second, size_t count)
{
    const struct named *const names[] = {first, second};
    size_t before = sim_count(sim, "west", MESSAGE_ANY, PART_EITHER);
    begin_quick_mode(sim, message_id, names, count);
    return sim_count(sim, "west", MESSAGE_ANY, PART_EITHER) - before;
}

/* CVE-2023-38711. What is too short to be an identity at all is dropped, what names no network is refused. */
static void quick_mode_identities_of_any_type_are_refused(void **state)
{
    (void)state;
    static const uint8_t types[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 127, 255};
    struct sim *sim = established_with(EAST_AND_WEST V1);
    uint32_t id = 1000;
    sim_record(sim);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        for (size_t size = 0; size <= 36; size += size < 5 ? 1 : size < 20 ? 3 : 4) {
            const struct named name = {types[i], size, {10, 9, 9, 9, 255, 255, 255, 255}};
            size_t wanted = size < 4 ? 0 : 1;
            assert_int_equal(answers_to(sim, id++, &name, &name, 2), wanted);
            assert_int_equal(answers_to(sim, id++, &east_clients, &name, 2), wanted);
            assert_int_equal(answers_to(sim, id++, &name, &west_clients, 2), wanted);
        }
    assert_true(sim_log_has(sim, "west", "refusing Quick Mode request with INVALID_ID_INFORMATION"));
    assert_false(sim_log_has(sim, "west", "responding to Quick Mode proposal {msgid:00000"));
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void quick_mode_takes_two_identities_or_none(void **state)
{
    (void)state;
    static const size_t answers[] = {1, 1, 1, 0, 0};
    struct sim *sim = established_with(EAST_AND_WEST V1);
    sim_record(sim);
    for (uint32_t count = 0; count < ARRAY_SIZE(answers); count++) {
        assert_int_equal(answers_to(sim, 1 + count, &east_clients, &west_clients, count), answers[count]);
        assert_int_equal(sim_log_has(sim, "west", "responding to Quick Mode proposal {msgid:00000003}"),
                         count >= 2);
    }
    assert_true(sim_log_has(sim, "west", "one identity instead of two"));
    sim_free(sim);
}

/* What finds no room is not a replay when it comes again. */
static void a_quick_mode_too_many_may_come_again(void **state)
{
    (void)state;
    struct sim *sim = established_with(EAST_AND_WEST V1);
    const struct named *const names[] = {&east_clients, &west_clients};
    for (uint32_t id = 1; id <= 300; id++)
        begin_quick_mode(sim, id, names, 2);
    assert_true(sim_log_has(sim, "west", "responding to Quick Mode proposal {msgid:00000001}"));
    assert_false(sim_log_has(sim, "west", "responding to Quick Mode proposal {msgid:0000012c}"));
    sim_run_for(sim, minutes(3));
    begin_quick_mode(sim, 300, names, 2);
    assert_true(sim_log_has(sim, "west", "responding to Quick Mode proposal {msgid:0000012c}"));
    sim_free(sim);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest scenarios[] = {
        cmocka_unit_test(an_aggressive_mode_that_is_refused_leaves_no_cookie_behind),
        cmocka_unit_test(who_has_no_secret_keeps_no_state),
        cmocka_unit_test(reflected_messages_change_nothing),
        cmocka_unit_test(whoever_reflects_our_probes_does_not_keep_a_dead_peer_alive),
        cmocka_unit_test(quick_mode_identities_of_any_type_are_refused),
        cmocka_unit_test(quick_mode_takes_two_identities_or_none),
        cmocka_unit_test(a_quick_mode_too_many_may_come_again),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(scenarios, NULL, NULL);
}
