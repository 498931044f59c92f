/* Every impairment does what it says, and the other side, which behaves, survives it: afterwards the tunnel
 * comes up as if nothing had been. */
#include "scenario.h"

#define V1 HOSTS SUBNETS " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2"
#define PLAIN HOSTS SUBNETS " ike=aes128-sha2;dh31 esp=aes128-sha2"
#define QUICK_TO_GIVE_UP " retransmit-timeout=4s"

enum { UP = 0, FAILS = 1 };

struct row {
    const char *impairments;
    const char *on;           /* whose they are */
    int result;               /* of east's --up */
    const char *log_of, *log; /* a line that it makes; NULL: none is looked for */
};

/* What a host sent in its life: enough to see that it sends otherwise. */
struct sent {
    size_t count;
    uint64_t hash;
};

static struct sent sent_by(struct sim *sim, const char *host)
{
    struct sent sent = {0, 14695981039346656037u};
    size_t count;
    const struct sim_record *records = sim_records(sim, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(records[i].from, host) != 0)
            continue;
        sent.count++;
        for (size_t at = 0; at < records[i].size; at++)
            sent.hash = (sent.hash ^ records[i].bytes[at]) * 1099511628211u;
    }
    return sent;
}

/* Up, both rekeys, down. */
static int live(struct sim *sim)
{
    int result = sim_up(sim, "east", "tunnel");
    sim_run_for(sim, seconds(20));
    sim_command(sim, "east", COMMAND_REKEY_CHILD, "tunnel");
    sim_run_for(sim, seconds(20));
    sim_command(sim, "west", COMMAND_REKEY_CHILD, "tunnel");
    sim_run_for(sim, seconds(20));
    sim_down(sim, "east", "tunnel");
    sim_run_for(sim, seconds(20));
    return result;
}

static struct sent live_unimpaired(const char *words, const char *host)
{
    struct sim *sim = gateways_with(words);
    sim_record(sim);
    live(sim);
    struct sent sent = sent_by(sim, host);
    sim_free(sim);
    return sent;
}

/* What a failure shows of a log. */
static const char *tail(const char *log)
{
    size_t size = strlen(log);
    return log + (size > 1200 ? size - 1200 : 0);
}

static void comes_up_afterwards(struct sim *sim, const struct row *row)
{
    if (sim_impair(sim, row->on, "none") != 0)
        fail_msg("%s: none is refused", row->impairments);
    sim_run_for(sim, minutes(12)); /* what was half done is over */
    sim_down(sim, "east", "tunnel");
    sim_down(sim, "west", "tunnel");
    sim_run_for(sim, minutes(1));
    int result = sim_up(sim, "east", "tunnel");
    sim_settle(sim, minutes(1));
    if (result != 0 || !sim_ping(sim, "east", "10.1.0.1", "10.2.0.1"))
        fail_msg("%s: the tunnel does not come up afterwards, --up ends with %d: %s---\n%s", row->impairments,
                 result, tail(sim_log(sim, "east")), tail(sim_log(sim, "west")));
    if (!sim_end(sim))
        fail_msg("%s", row->impairments);
}

static void try(const char *words, const struct row *row)
{
    struct sent usual = live_unimpaired(words, row->on);
    struct sim *sim = gateways_with(words);
    sim_record(sim);
    if (sim_impair(sim, row->on, row->impairments) != 0)
        fail_msg("%s is refused: %s", row->impairments, tail(sim_log(sim, row->on)));
    int result = live(sim);
    if ((result == 0) != (row->result == UP))
        fail_msg("%s: --up ends with %d: %s\n---\n%s", row->impairments, result, tail(sim_log(sim, "east")),
                 tail(sim_log(sim, "west")));
    struct sent sent = sent_by(sim, row->on);
    if (sent.count == usual.count && sent.hash == usual.hash)
        fail_msg("%s changes nothing that is sent", row->impairments);
    if (row->log != NULL && !sim_log_has(sim, row->log_of, row->log))
        fail_msg("%s: no line \"%s\": %s", row->impairments, row->log, tail(sim_log(sim, row->log_of)));
    comes_up_afterwards(sim, row);
}

static void try_all(const char *words, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        try(words, &rows[i]);
}

static void ikev2_messages_that_are_accepted_all_the_same(void **state)
{
    static const struct row rows[] = {
        {"minor_version_bump", "east", UP},
        {"send_bogus_isakmp_flag", "east", UP},
        {"send_bogus_payload_flag", "east", UP},
        {"send_nonzero_reserved", "east", UP},
        {"send_nonzero_reserved", "west", UP},
        {"send_nonzero_reserved_id", "east", UP},
        {"send_nonzero_reserved_id", "west", UP},
        {"add_unknown_v2_payload_to:IKE_SA_INIT", "east", UP},
        {"add_unknown_v2_payload_to_sk:IKE_AUTH", "east", UP},
        {"add_unknown_v2_payload_to_sk:CREATE_CHILD_SA", "west", UP},
        {"pad_with_unknown_v2_payloads:3", "east", UP},
        {"pad_with_unknown_v2_payloads:50", "east", UP}, /* more than fits into the small messages */
        {"add_v2_notification:50000", "east", UP},
        {"omit_v2_notification:IKEV2_FRAGMENTATION_SUPPORTED", "east", UP},
        {"omit_v2_notification:NAT_DETECTION_SOURCE_IP", "west", UP},
        {"send_no_idr", "east", UP},
        {"ike_initiator_nonce:7", "east", UP},
        {"ike_responder_nonce:0", "west", UP},
        {"ike_initiator_spi:77", "east", UP},
        {"ike_responder_spi:78", "west", UP},
        {"ikev2_add_ike_transform:0x1fffe", "east", UP},
        {"ikev2_add_child_transform:0x1fffe", "east", UP},
        {"ddos_cookie:add", "east", UP},
        {"replay_encrypted", "east", UP},
        {"jacob_two_two", "east", UP},
        {"send_no_delete", "east", UP},
        {"v2_delete_protoid:9", "east", UP},
    };
    (void)state;
    try_all(PLAIN QUICK_TO_GIVE_UP, rows, ARRAY_SIZE(rows));
}

static void ikev2_messages_that_are_refused(void **state)
{
    static const struct row rows[] = {
        {"major_version_bump", "east", FAILS},
        {"ke_payload:omit", "east", FAILS},
        {"ke_payload:empty", "east", FAILS},
        {"ke_payload:duplicate", "east", FAILS},
        {"ke_payload:0", "east", FAILS},
        {"ke_payload:omit", "west", FAILS},
        {"ke_payload:5", "west", FAILS},
        {"add_unknown_v2_payload_to:IKE_SA_INIT,unknown_v2_payload_critical", "east", FAILS, "east",
         "UNSUPPORTED_CRITICAL_PAYLOAD"},
        {"add_unknown_v2_payload_to_sk:IKE_AUTH,unknown_v2_payload_critical", "east", FAILS, "east",
         "UNSUPPORTED_CRITICAL_PAYLOAD"},
        {"bad_ike_auth_xchg", "east", FAILS},
        {"bad_ikev2_auth_xchg", "west", FAILS},
        {"corrupt_encrypted", "east", FAILS},
        {"send_no_ikev2_auth", "east", FAILS},
        {"force_v2_auth_method:rsa-digital-signature", "east", FAILS},
        {"force_v2_auth_method:200", "west", FAILS},
        {"ike_key_length_attribute:omit", "east", FAILS, "east", "NO_PROPOSAL_CHOSEN"},
        {"ike_key_length_attribute:empty", "east", FAILS},
        {"ike_key_length_attribute:duplicate", "east", FAILS},
        {"ike_key_length_attribute:17", "east", FAILS, "east", "NO_PROPOSAL_CHOSEN"},
        {"child_key_length_attribute:17", "east", FAILS, "east", "NO_PROPOSAL_CHOSEN"},
        {"v2_proposal_integ:omit", "east", FAILS},
        {"v2_proposal_integ:allow-none,v2_proposal_dh:omit", "east", FAILS},
        {"v2_proposal_protoid:9", "east", FAILS},
        {"number_of_tsi_selectors:0", "east", FAILS},
        {"number_of_tsr_selectors:200", "east", FAILS},
        {"omit_v2_ike_auth_child", "east", FAILS},
        {"omit_v2_ike_auth_child", "west", FAILS},
        {"ignore_v2_ike_auth_child", "west", FAILS},
        {"add_v2_notification:14", "west", FAILS},
        {"drop_i2", "west", FAILS},
        {"block_inbound", "west", FAILS},
        {"block_outbound", "west", FAILS},
        {"sa_creation", "east", FAILS},
    };
    (void)state;
    try_all(PLAIN QUICK_TO_GIVE_UP, rows, ARRAY_SIZE(rows));
}

static void ikev2_rekeys(void **state)
{
    static const struct row rows[] = {
        {"rekey_initiate_subnet", "east", UP},  {"rekey_initiate_supernet", "east", UP},
        {"rekey_respond_subnet", "west", UP},   {"rekey_respond_supernet", "west", UP},
        {"v2n_rekey_sa_protoid:9", "east", UP}, {"omit_v2_notification:REKEY_SA", "east", UP},
    };
    (void)state;
    try_all(PLAIN QUICK_TO_GIVE_UP, rows, ARRAY_SIZE(rows));
}

static void none_is_left_out_of_proposals(void **state)
{
    static const struct row row = {"v2_proposal_dh:drop-none", "east", UP};
    (void)state;
    try(TUNNEL " ms-dh-downgrade=yes" QUICK_TO_GIVE_UP, &row);
}

/* RFC 6023 3: a Child SA is left out only where the responder has said that it may be. */
static void nobody_speaks_of_ike_sas_without_a_child(void **state)
{
    static const char *const hosts[] = {"east", "west"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
        struct sim *sim = gateways_with(HOSTS " ike=aes_gcm128-sha2_256;dh31 ike-only=yes" QUICK_TO_GIVE_UP);
        assert_int_equal(sim_impair(sim, hosts[i], "childless_ikev2_supported"), 0);
        assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
        assert_int_equal(sim_impair(sim, hosts[i], "none"), 0);
        sim_down(sim, "east", "tunnel");
        sim_run_for(sim, minutes(12));
        assert_up(sim, "east");
        assert_int_equal(sim_ike_count(sim, "east"), 1);
        sim_free(sim);
    }
}

static void ikev1_messages(void **state)
{
    static const struct row rows[] = {
        {"send_bogus_payload_flag", "east", UP},
        {"send_bogus_isakmp_flag", "east", UP},
        {"minor_version_bump", "east", UP},
        {"major_version_bump", "east", FAILS},
        {"ke_payload:empty", "east", FAILS},
        {"ke_payload:omit", "west", FAILS},
        {"bust_mi2", "east", UP},
        {"bust_mr2", "west", UP},
        {"send_no_main_r2", "west", FAILS},
        {"drop_i2", "west", FAILS},
        {"ike_key_length_attribute:17", "east", FAILS},
        {"child_key_length_attribute:17", "east", FAILS},
        {"v1_hash_payload:omit", "east", FAILS},
        {"v1_hash_payload:empty", "east", FAILS},
        {"v1_hash_payload:duplicate", "east", FAILS},
        {"v1_hash_payload:0", "east", FAILS},
        {"v1_hash_payload:0,v1_hash_exchange:delete", "east", UP},
        {"v1_isakmp_delete_payload:omit", "east", UP},
        {"v1_ipsec_delete_payload:empty", "east", UP},
        {"v1_ipsec_delete_payload:duplicate", "east", UP},
        {"ikev1_del_with_notify", "east", UP},
        {"v1_emit_quick_id:0", "east", FAILS},
        {"v1_emit_quick_id:3", "east", FAILS},
        {"v1_remote_quick_id:200", "east", FAILS},
        {"jacob_two_two", "east", UP},
        {"ike_initiator_nonce:9", "east", UP},
    };
    (void)state;
    try_all(V1 QUICK_TO_GIVE_UP, rows, ARRAY_SIZE(rows));
}

static void a_wrong_hash_is_believed_on_request(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(V1 QUICK_TO_GIVE_UP);
    assert_int_equal(sim_impair(sim, "east", "v1_hash_payload:0"), 0);
    assert_int_equal(sim_impair(sim, "west", "v1_hash_check"), 0);
    assert_up(sim, "east");
    assert_ends_well(sim);
}

static void a_cookie_that_is_spoilt_or_not_heard_of_is_of_no_use(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(PLAIN QUICK_TO_GIVE_UP);
    sim_settings(sim, "west")->ddos_mode = DDOS_BUSY;
    sim_restart(sim, "west", seconds(1));
    sim_run_for(sim, seconds(2));
    assert_int_equal(sim_impair(sim, "east", "ddos_cookie:mangle"), 0);
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    sim_down(sim, "east", "tunnel");
    assert_int_equal(sim_impair(sim, "east", "none,ignore_v2_notification:COOKIE"), 0);
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_int_equal(sim_impair(sim, "east", "none"), 0);
    sim_run_for(sim, minutes(12));
    assert_up(sim, "east");
    assert_ends_well(sim);
}

static void no_packet_begins_anything(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    assert_int_equal(sim_impair(sim, "east", "cannot_ondemand"), 0);
    assert_int_equal(sim_command(sim, "east", COMMAND_ROUTE, "tunnel"), 0);
    sim_send_packet(sim, "east", "10.1.0.1", "10.2.0.1", NULL);
    sim_run_for(sim, seconds(5));
    assert_both_have(sim, 0, 0);
    assert_int_equal(sim_impair(sim, "east", "no-cannot_ondemand"), 0);
    sim_send_packet(sim, "east", "10.1.0.1", "10.2.0.1", NULL);
    sim_run_for(sim, seconds(5));
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void an_ike_sa_of_its_own_for_each_connection(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_add_connection(sim, "second", SECOND);
    assert_int_equal(sim_impair(sim, "east", "ignore_viable_parent"), 0);
    assert_up(sim, "east");
    assert_int_equal(sim_up(sim, "east", "second"), 0);
    assert_int_equal(sim_ike_count(sim, "east"), 2);
    assert_int_equal(sim_impair(sim, "east", "none"), 0);
    sim_free(sim);
}

static void messages_drip_one_at_a_time(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    assert_int_equal(sim_impair(sim, "west", "record_inbound,block_inbound"), 0);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(100));
    assert_int_equal(sim_impair(sim, "west", "drip_inbound:1"), 0);
    sim_run_for(sim, milliseconds(100));
    assert_true(sim_log_has(sim, "east", "sent IKE_AUTH request"));
    assert_int_equal(sim_ike_count(sim, "east"), 0);
    assert_int_equal(sim_impair(sim, "west", "drip_inbound:2"), 0);
    sim_run_for(sim, milliseconds(100));
    assert_both_have(sim, 1, 1);
    assert_int_equal(sim_impair(sim, "west", "none"), 0);
    assert_ends_well(sim);
}

static void messages_drip_out_one_at_a_time(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    assert_int_equal(sim_impair(sim, "east", "record_outbound,block_outbound"), 0);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(100));
    assert_int_equal(sim_ike_count(sim, "west"), 0);
    assert_int_equal(sim_impair(sim, "east", "drip_outbound:1"), 0);
    sim_run_for(sim, milliseconds(100));
    assert_true(sim_log_has(sim, "east", "sent IKE_AUTH request"));
    assert_both_have(sim, 0, 0);
    assert_int_equal(sim_impair(sim, "east", "drip_outbound:2"), 0);
    sim_run_for(sim, milliseconds(100));
    assert_both_have(sim, 1, 1);
    assert_int_equal(sim_impair(sim, "east", "none"), 0);
    assert_ends_well(sim);
}

static int trigger(struct sim *sim, const char *format, uint64_t serial)
{
    char words[64];
    snprintf(words, sizeof(words), format, (unsigned long long)serial);
    int result = sim_impair(sim, "east", words);
    sim_run_for(sim, seconds(2));
    return result;
}

static void a_peer_is_asked_for_life_at_once(void **state)
{
    (void)state;
    struct sim *sim = established();
    struct child_view child;
    assert_true(sim_newest_child(sim, "east", "tunnel", &child));
    sim_record(sim);
    assert_int_equal(trigger(sim, "trigger_v2_liveness:#%llu", child.ike_serial), 0);
    assert_int_equal(sent_by(sim, "east").count, 1);
    assert_int_equal(sent_by(sim, "west").count, 1);
    assert_ends_well(sim);
    sim = established_with(V1);
    assert_true(sim_newest_child(sim, "east", "tunnel", &child));
    assert_int_not_equal(trigger(sim, "trigger_v2_liveness:#%llu", child.ike_serial), 0);
    assert_true(sim_log_has(sim, "east", "only IKEv2 has a liveness exchange"));
    assert_ends_well(sim);
}

static void an_sa_ends_and_is_revived_at_once(void **state)
{
    (void)state;
    static const char *const words[] = {TUNNEL, V1};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        struct sim *sim = established_with(words[i]);
        struct child_view before, after;
        assert_true(sim_newest_child(sim, "east", "tunnel", &before));
        assert_int_equal(trigger(sim, "trigger:replace:#%llu", before.serial), 0);
        assert_false(sim_newest_child(sim, "east", "tunnel", &after) && after.serial == before.serial);
        sim_down(sim, "east", "tunnel");
        sim_run_for(sim, seconds(20));
        assert_int_equal(sim_child_count(sim, "east"), 0);
        assert_int_equal(trigger(sim, "trigger_revival:$%llu", before.connection_serial), 0);
        assert_true(sim_newest_child(sim, "east", "tunnel", &after));
        assert_int_not_equal(after.serial, before.serial);
        assert_ends_well(sim);
    }
}

static void events_of_an_sa_are_triggered(void **state)
{
    (void)state;
    struct sim *sim = established();
    struct child_view before, after;
    char words[64];
    assert_true(sim_newest_child(sim, "east", "tunnel", &before));
    snprintf(words, sizeof(words), "trigger:rekey:#%llu", (unsigned long long)before.serial);
    assert_int_equal(sim_impair(sim, "east", words), 0);
    if (!sim_settle(sim, minutes(1)))
        fail_msg("%s", sim_unrest(sim));
    assert_true(sim_newest_child(sim, "east", "tunnel", &after));
    assert_int_not_equal(before.serial, after.serial);
    assert_int_equal(sim_impair(sim, "east", "trigger:REINIT_SECRET,trigger:PENDING_DDNS"), 0);
    assert_int_not_equal(sim_impair(sim, "east", "trigger:liveness:#999"), 0);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ikev2_messages_that_are_accepted_all_the_same),
        cmocka_unit_test(ikev2_messages_that_are_refused),
        cmocka_unit_test(ikev2_rekeys),
        cmocka_unit_test(none_is_left_out_of_proposals),
        cmocka_unit_test(nobody_speaks_of_ike_sas_without_a_child),
        cmocka_unit_test(ikev1_messages),
        cmocka_unit_test(a_wrong_hash_is_believed_on_request),
        cmocka_unit_test(a_cookie_that_is_spoilt_or_not_heard_of_is_of_no_use),
        cmocka_unit_test(no_packet_begins_anything),
        cmocka_unit_test(an_ike_sa_of_its_own_for_each_connection),
        cmocka_unit_test(messages_drip_one_at_a_time),
        cmocka_unit_test(messages_drip_out_one_at_a_time),
        cmocka_unit_test(a_peer_is_asked_for_life_at_once),
        cmocka_unit_test(an_sa_ends_and_is_revived_at_once),
        cmocka_unit_test(events_of_an_sa_are_triggered),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
