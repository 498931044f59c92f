/* IKEv1: Main Mode, Aggressive Mode, Quick Mode, Informational exchanges (RFC 2407, 2408, 2409). */
#include "engine/explain.h"
#include "engine/impair.h"
#include "scenario.h"

#define V1 HOSTS SUBNETS " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2"
#define V1_SECOND                                                                                            \
    HOSTS " leftsubnet=10.3.0.0/24 rightsubnet=10.4.0.0/24 keyexchange=ikev1 ike=aes128-sha2;dh31 "          \
          "esp=aes128-sha2"

static void main_mode_and_quick_mode_carry_traffic(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(V1);
    assert_no_ping(sim);
    assert_up(sim, "east");
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void set_up_takes_nine_messages(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(V1);
    size_t count;
    sim_record(sim);
    assert_up(sim, "west");
    assert_settles(sim);
    sim_records(sim, &count);
    assert_int_equal(count, 9);
    assert_ends_well(sim);
}

/* How many messages in clear, of identities of odd length, are no multiple of four bytes. */
static size_t unpadded(const char *word)
{
    char words[512];
    snprintf(words, sizeof(words), "%s aggressive=yes leftid=@eas rightid=@wes %s", V1, word);
    struct sim *sim = gateways_with(words);
    size_t count, found = 0;
    sim_record(sim);
    assert_up(sim, "east");
    assert_settles(sim);
    const struct sim_record *records = sim_records(sim, &count);
    for (size_t i = 0; i < count; i++)
        found += records[i].size % 4 != 0;
    assert_ping(sim);
    assert_ends_well(sim);
    return found;
}

static void messages_in_clear_are_padded_unless_ikepad_says_no(void **state)
{
    (void)state;
    assert_int_equal(unpadded("ikepad=auto"), 0);
    assert_int_equal(unpadded("ikepad=yes"), 0);
    assert_int_not_equal(unpadded("ikepad=no"), 0);
}

static void quick_mode_without_perfect_forward_secrecy(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1 " pfs=no");
    assert_ping(sim);
    assert_ends_well(sim);
}

/* It hears of that before the initiator has confirmed. */
static void a_data_plane_that_refuses_the_responders_sa_ends_it_on_both_sides(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(V1);
    sim_fail_kernel(sim, "east", KERNEL_SA_ADD, 1);
    sim_start(sim, "west", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, seconds(1));
    assert_true(sim_log_has(sim, "east", "data plane refused the IPsec SA"));
    assert_true(sim_log_has(sim, "east", "deleting state (STATE_QUICK_R2)"));
    sim_run_for(sim, seconds(60)); /* the initiator begins anew */
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void aggressive_mode_carries_traffic(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1 " aggressive=yes");
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_second_connection_is_a_second_quick_mode(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(V1);
    sim_add_connection(sim, "second", V1_SECOND);
    assert_up(sim, "east");
    assert_int_equal(sim_up(sim, "west", "second"), 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 2);
    assert_ping(sim);
    assert_true(sim_ping(sim, "east", "10.3.0.1", "10.4.0.1"));
    assert_ends_well(sim);
}

static void transport_mode_protects_the_hosts_themselves(void **state)
{
    (void)state;
    struct sim *sim =
        established_with(HOSTS " type=transport keyexchange=ikev1 ike=aes128-sha1;dh31 esp=aes_gcm128");
    struct child_view child;
    assert_true(sim_newest_child(sim, "west", "tunnel", &child));
    assert_int_equal(child.mode, MODE_TRANSPORT);
    assert_true(sim_ping(sim, "east", "192.0.2.1", "192.0.2.2"));
    assert_ends_well(sim);
}

static void down_takes_both_ends_down(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_no_ping(sim);
    assert_ends_well(sim);
}

static void a_rekeyed_ipsec_sa_replaces_the_old_one(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1);
    struct child_view old, new;
    assert_true(sim_newest_child(sim, "east", "tunnel", &old));
    assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_true(sim_newest_child(sim, "east", "tunnel", &new));
    assert_int_not_equal(old.serial, new.serial);
    assert_ping(sim);
    sim_run_for(sim, seconds(20));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_rekeyed_isakmp_sa_inherits_the_ipsec_sas(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1);
    struct child_view old, new;
    assert_true(sim_newest_child(sim, "east", "tunnel", &old));
    assert_int_equal(sim_command(sim, "west", COMMAND_REKEY_IKE, "tunnel"), 0);
    sim_run_for(sim, seconds(20));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_true(sim_newest_child(sim, "east", "tunnel", &new));
    assert_int_equal(old.serial, new.serial);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void lifetimes_pass_and_the_tunnel_stays(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1 " ikelifetime=30m ipsec-lifetime=20m rekeymargin=2m");
    for (int i = 0; i < 24; i++) {
        sim_run_for(sim, minutes(10));
        assert_ping(sim);
    }
    assert_ends_well(sim);
}

static void different_secrets_are_told(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(V1);
    sim_set_secret(sim, "west", "other");
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_true(sim_log_has(sim, "west", "mismatch of preshared secrets"));
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

static void a_nat_is_found_and_crossed(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_host_behind_nat(sim, "east", "10.9.0.1", "192.0.2.99");
    sim_add_connection_on(sim, "east", "tunnel",
                          "left=10.9.0.1 right=192.0.2.2 leftid=@east rightid=@west authby=secret" SUBNETS
                          " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2");
    sim_add_connection_on(sim, "west", "tunnel",
                          "left=%any right=192.0.2.2 leftid=@east rightid=@west authby=secret" SUBNETS
                          " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2");
    assert_up(sim, "east");
    assert_settles(sim);
    struct child_view child;
    assert_true(sim_newest_child(sim, "east", "tunnel", &child));
    assert_true(child.udp_encapsulation);
    assert_int_equal(child.local.port, 4500);
    assert_ping(sim);
    assert_ends_well(sim);
}

#define V1_ANY "left=%any right=192.0.2.2 rightid=@west authby=secret"
#define V1_OTHER_SUBNETS " leftsubnet=10.8.0.0/24 rightsubnet=10.2.0.0/24"
#define V1_ALGORITHMS " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2"

/* East, behind a NAT, knows these forms of NAT traversal only, and is up. */
static struct sim *nat_crossed_by(const char *east_words, const char *impairments)
{
    char words[512];
    struct sim *sim = sim_new(1);
    struct error error = {0};
    bool is_aggressive = strstr(east_words, "aggressive") != NULL;
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_host_behind_nat(sim, "east", "10.9.0.1", "192.0.2.99");
    snprintf(words, sizeof(words),
             "left=10.9.0.1 right=192.0.2.2 leftid=@east rightid=@west authby=secret%s%s%s", SUBNETS,
             V1_ALGORITHMS, east_words);
    sim_add_connection_on(sim, "east", "tunnel", words);
    sim_add_connection_on(sim, "west", "tunnel",
                          is_aggressive ? V1_ANY " leftid=@east aggressive=yes" SUBNETS V1_ALGORITHMS
                                        : V1_ANY " leftid=@east" SUBNETS V1_ALGORITHMS);
    assert_true(impair_apply(sim_engine(sim, "east"), impairments, 0, &error));
    return sim;
}

static void the_drafts_of_nat_traversal_cross_a_nat_too(void **state)
{
    (void)state;
    static const struct {
        const char *words, *impairments, *said;
        uint16_t port;
    } rows[] = {
        {"", "none", "RFC 3947", 4500},
        {" nat-ikev1-method=rfc", "none", "RFC 3947", 4500},
        {" nat-ikev1-method=drafts", "none", "draft-ietf-ipsec-nat-t-ike-02/03", 4500},
        {"", "old_natt_drafts", "draft-ietf-ipsec-nat-t-ike-00/01", 500},
        {" aggressive=yes", "old_natt_drafts", "draft-ietf-ipsec-nat-t-ike-00/01", 500},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sim *sim = nat_crossed_by(rows[i].words, rows[i].impairments);
        struct child_view child;
        assert_up(sim, "east");
        assert_settles(sim);
        assert_true(sim_log_has(sim, "west", rows[i].said));
        assert_true(sim_newest_child(sim, "west", "tunnel", &child));
        assert_true(child.udp_encapsulation);
        assert_int_equal(child.local.port, rows[i].port);
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

static void a_tunnel_on_port_500_is_rekeyed_there(void **state)
{
    (void)state;
    struct sim *sim = nat_crossed_by(" ikelifetime=30m ipsec-lifetime=20m rekeymargin=2m", "old_natt_drafts");
    sim_set_nat_timeout(sim, "192.0.2.99", seconds(50));
    assert_up(sim, "east");
    for (int i = 0; i < 8; i++) {
        struct child_view child;
        sim_run_for(sim, minutes(10));
        assert_true(sim_newest_child(sim, "west", "tunnel", &child));
        assert_int_equal(child.local.port, 500);
        assert_true(sim_ping(sim, "west", "10.2.0.1", "10.1.0.1"));
    }
    assert_ends_well(sim);
}

static void a_plane_without_the_old_marker_takes_no_old_draft(void **state)
{
    (void)state;
    static const struct plane_limits limits = {.stack = "xfrm", .lacks_non_ike_marker = true};
    struct sim *sim = sim_new(1);
    struct child_view child;
    struct error error = {0};
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_host(sim, "east", "192.0.2.1");
    sim_settings(sim, "west")->plane_limits = &limits;
    sim_restart(sim, "west", seconds(1));
    sim_run_for(sim, seconds(2));
    sim_add_connection(sim, "tunnel", V1);
    assert_true(impair_apply(sim_engine(sim, "east"), "old_natt_drafts", 0, &error));
    assert_up(sim, "east");
    assert_settles(sim);
    assert_true(
        sim_log_has(sim, "west", "no NAT-Traversal: the peer knows only draft-ietf-ipsec-nat-t-ike-00"));
    assert_true(sim_newest_child(sim, "west", "tunnel", &child));
    assert_false(child.udp_encapsulation);
    assert_ping(sim);
    assert_ends_well(sim);
}

/* In Main Mode the peer's name comes when the keys are made: the connection that bears it is gone over to. */
static void a_road_warrior_gets_the_connection_of_its_name(void **state)
{
    (void)state;
    static const char *const modes[] = {"", " aggressive=yes"};
    for (size_t i = 0; i < 2; i++) {
        char words[2][512];
        struct sim *sim = two_hosts();
        snprintf(words[0], sizeof(words[0]), "%s leftid=@other%s%s%s", V1_ANY, V1_OTHER_SUBNETS,
                 V1_ALGORITHMS, modes[i]);
        snprintf(words[1], sizeof(words[1]), "%s leftid=@east%s%s%s", V1_ANY, SUBNETS, V1_ALGORITHMS,
                 modes[i]);
        sim_add_connection_on(sim, "west", "other", words[0]);
        sim_add_connection_on(sim, "west", "tunnel", words[1]);
        snprintf(words[0], sizeof(words[0]), "%s%s", V1, modes[i]);
        sim_add_connection_on(sim, "east", "tunnel", words[0]);
        assert_up(sim, "east");
        assert_settles(sim);
        assert_both_have(sim, 1, 1);
        assert_true(sim_is_up(sim, "west", "tunnel"));
        assert_false(sim_is_up(sim, "west", "other"));
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

/* What the connection of the name does not allow cannot be had by way of another between the same hosts. */
static void the_connection_of_the_name_must_allow_what_was_agreed_on(void **state)
{
    (void)state;
    static const char *const strict[] = {" keyexchange=ikev1 ike=aes256-sha2;dh31 esp=aes128-sha2",
                                         V1_ALGORITHMS " aggressive=yes"};
    for (size_t i = 0; i < 2; i++) {
        char words[512];
        struct sim *sim = two_hosts();
        sim_add_connection_on(sim, "east", "tunnel", V1);
        sim_add_connection_on(sim, "west", "other", V1_ANY " leftid=@other" V1_OTHER_SUBNETS V1_ALGORITHMS);
        snprintf(words, sizeof(words), "%s leftid=@east%s%s", V1_ANY, SUBNETS, strict[i]);
        sim_add_connection_on(sim, "west", "tunnel", words);
        assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
        assert_true(
            sim_log_has(sim, "west", i == 0 ? "does not have what was agreed on" : "has aggressive=yes"));
        assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
        assert_ends_well(sim);
    }
}

/* One connection for all who share a secret; each gets an instance. */
static void several_road_warriors_share_a_connection(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host(sim, "road", "192.0.2.3");
    sim_add_connection_on(sim, "west", "tunnel", V1_ANY " leftid=%any rightsubnet=10.2.0.0/24" V1_ALGORITHMS);
    sim_add_connection_on(sim, "east", "tunnel",
                          "left=192.0.2.1 leftid=@east right=192.0.2.2 rightid=@west authby=secret "
                          "rightsubnet=10.2.0.0/24" V1_ALGORITHMS);
    sim_add_connection_on(sim, "road", "tunnel",
                          "left=192.0.2.3 leftid=@road right=192.0.2.2 rightid=@west authby=secret "
                          "rightsubnet=10.2.0.0/24" V1_ALGORITHMS);
    assert_up(sim, "east");
    assert_up(sim, "road");
    assert_settles(sim);
    assert_counts(sim, "west", 2, 2);
    assert_true(sim_ping(sim, "east", "192.0.2.1", "10.2.0.1"));
    assert_true(sim_ping(sim, "road", "192.0.2.3", "10.2.0.1"));
    assert_ends_well(sim);
}

static void a_responder_that_wants_less_says_so(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    struct child_view child;
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_connection_on(sim, "east", "tunnel", V1 " ipsec-lifetime=8h rekey=no");
    sim_add_connection_on(sim, "west", "tunnel", V1 " ipsec-lifetime=1h rekey=no");
    assert_up(sim, "east");
    assert_settles(sim);
    assert_true(sim_newest_child(sim, "east", "tunnel", &child));
    assert_int_equal(child.expire_at - child.established_at, minutes(60));
    assert_ends_well(sim);
}

/* Groups are of the connection; the initiator's fall short: nothing is agreed that was not offered. */
static void no_common_proposal_is_told_at_both_ends(void **state)
{
    (void)state;
    struct sim *sim = gateways_that_differ(HOSTS SUBNETS " keyexchange=ikev1 ike=aes128-sha2;dh31",
                                           HOSTS SUBNETS " keyexchange=ikev1 ike=aes256-sha1;dh19");
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_true(sim_log_has(sim, "west", "peer offers AES_CBC_128-HMAC_SHA2_256-DH31"));
    assert_true(sim_log_has(sim, "east", "NO_PROPOSAL_CHOSEN"));
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_ends_well(sim);
}

static void a_lost_message_of_any_kind_is_repeated(void **state)
{
    (void)state;
    for (unsigned skip = 0; skip < 5; skip++)
        for (int side = 0; side < 2; side++) {
            struct sim *sim = gateways_with(V1);
            sim_drop(sim, side ? "west" : "east", MESSAGE_ANY, PART_EITHER, skip, 1);
            assert_up(sim, "east");
            sim_run_for(sim, seconds(10));
            assert_settles(sim);
            assert_both_have(sim, 1, 1);
            assert_ping(sim);
            assert_ends_well(sim);
        }
}

static void a_lost_message_of_aggressive_mode_is_repeated(void **state)
{
    (void)state;
    for (unsigned skip = 0; skip < 4; skip++)
        for (int side = 0; side < 2; side++) {
            struct sim *sim = gateways_with(V1 " aggressive=yes");
            sim_drop(sim, side ? "west" : "east", MESSAGE_ANY, PART_EITHER, skip, 1);
            assert_up(sim, "east");
            sim_run_for(sim, seconds(10));
            assert_settles(sim);
            assert_both_have(sim, 1, 1);
            assert_ping(sim);
            assert_ends_well(sim);
        }
}

static void an_ikev1_peer_is_not_taken_for_an_ikev2_one(void **state)
{
    (void)state;
    struct sim *sim = gateways_that_differ(V1, TUNNEL);
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_int_not_equal(sim_up(sim, "west", "tunnel"), 0);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_int_equal(sim_down(sim, "west", "tunnel"), 0);
    assert_ends_well(sim);
}

static const struct failure *failure_of(struct sim *sim, const char *host)
{
    static struct explanation explanation;
    assert_true(engine_explain(sim_engine(sim, host), "tunnel", 0, &explanation));
    assert_non_null(explanation.failure);
    return explanation.failure;
}

static void expect_cause(struct sim *sim, const char *host, enum failure_kind kind, const char *text)
{
    const struct failure *failure = failure_of(sim, host);
    if (failure->kind != kind || strstr(failure->cause, text) == NULL)
        fail_msg("%s: %s: %s", host, failure_kind_name(failure->kind), failure->cause);
}

static void expect_causes(const char *east, const char *west, enum failure_kind kind,
                          const char *of_initiator, const char *of_responder)
{
    struct sim *sim = gateways_that_differ(east, west);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, seconds(40));
    expect_cause(sim, "west", kind, of_responder);
    if (of_initiator != NULL)
        expect_cause(sim, "east", kind, of_initiator);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_ends_well(sim);
}

static void the_cause_of_a_failure_is_known_on_both_sides(void **state)
{
    (void)state;
    expect_causes(V1, HOSTS SUBNETS " keyexchange=ikev1 ike=aes256-sha2;dh31 esp=aes128-sha2",
                  FAILURE_IKE_PROPOSAL, NULL, "no ike= proposal in common: peer offers AES_CBC_128");
    expect_causes(V1, HOSTS SUBNETS " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes256-sha1",
                  FAILURE_CHILD_PROPOSAL, "we offered: AES_CBC_128", "esp= proposal in common");
    expect_causes(V1,
                  HOSTS " leftsubnet=10.9.0.0/24 rightsubnet=10.2.0.0/24 keyexchange=ikev1 "
                        "ike=aes128-sha2;dh31 esp=aes128-sha2",
                  FAILURE_SELECTORS, "10.1.0.0-10.1.0.255", "networks of both sides differ");
    expect_causes(V1 " leftid=@stranger", V1, FAILURE_IDENTITY, NULL, "@stranger");
}

static void a_secret_that_differs_is_the_cause(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(V1);
    sim_set_secret(sim, "west", "another");
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, seconds(40));
    expect_cause(sim, "west", FAILURE_PEER_PROOF, "the pre-shared keys differ; the secret in use is that of");
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_ends_well(sim);
}

static void an_isakmp_sa_may_be_all_that_is_wanted(void **state)
{
    (void)state;
    static const char *const modes[] = {"", " aggressive=yes"};
    for (size_t i = 0; i < 2; i++) {
        char words[512];
        snprintf(words, sizeof(words), HOSTS " keyexchange=ikev1 ike=aes128-sha2;dh31 ike-only=yes%s",
                 modes[i]);
        struct sim *sim = gateways_with(words);
        assert_up(sim, "east");
        assert_settles(sim);
        assert_both_have(sim, 1, 0);
        assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_IKE, "tunnel"), 0);
        sim_run_for(sim, minutes(2));
        assert_settles(sim);
        assert_both_have(sim, 1, 0);
        assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
        assert_settles(sim);
        assert_both_have(sim, 0, 0);
        assert_ends_well(sim);
    }
}

static void a_connection_for_an_isakmp_sa_takes_no_quick_mode(void **state)
{
    (void)state;
    struct sim *sim = gateways_that_differ(V1, HOSTS " keyexchange=ikev1 ike=aes128-sha2;dh31 ike-only=yes");
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, seconds(40));
    assert_true(sim_log_has(sim, "west", "is for an ISAKMP SA alone"));
    assert_int_equal(sim_child_count(sim, "east"), 0);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_ends_well(sim);
}

static void des_and_md5_carry_traffic_where_they_are_named(void **state)
{
    (void)state;
    struct sim *sim = established_with(HOSTS SUBNETS " keyexchange=ikev1 ike=des-md5;dh31 esp=des-md5");
    assert_ping(sim);
    assert_ends_well(sim);
    sim = established_with(HOSTS SUBNETS " keyexchange=ikev1 ike=des-md5;dh31 ah=md5");
    assert_ping(sim);
    assert_ends_well(sim);
}

/* The Quick Mode's next try would come after the end of the ISAKMP SA that it began under. */
static void a_rekey_that_outlasts_its_replaced_isakmp_sa_begins_again_under_the_new_one(void **state)
{
    (void)state;
    static const char base[] = HOSTS SUBNETS " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2 ";
    char east[512], west[512];
    snprintf(east, sizeof(east), "%ssalifetime=3599s ikelifetime=3600s rekeymargin=5m rekeyfuzz=0%%", base);
    snprintf(west, sizeof(west), "%srekey=no", base);
    struct sim *sim = gateways_that_differ(east, west);
    assert_up(sim, "east");
    assert_settles(sim);
    sim_run_for(sim, minutes(54) + seconds(57));
    sim_partition(sim, "east", "west", seconds(18));
    sim_run_for(sim, minutes(7));
    assert_true(sim_log_has(sim, "east", "Main Mode to replace"));
    assert_false(sim_log_has(sim, "east", "IPsec SA expired"));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest scenarios[] = {
        cmocka_unit_test(main_mode_and_quick_mode_carry_traffic),
        cmocka_unit_test(set_up_takes_nine_messages),
        cmocka_unit_test(messages_in_clear_are_padded_unless_ikepad_says_no),
        cmocka_unit_test(quick_mode_without_perfect_forward_secrecy),
        cmocka_unit_test(a_data_plane_that_refuses_the_responders_sa_ends_it_on_both_sides),
        cmocka_unit_test(aggressive_mode_carries_traffic),
        cmocka_unit_test(a_second_connection_is_a_second_quick_mode),
        cmocka_unit_test(transport_mode_protects_the_hosts_themselves),
        cmocka_unit_test(down_takes_both_ends_down),
        cmocka_unit_test(a_rekeyed_ipsec_sa_replaces_the_old_one),
        cmocka_unit_test(a_rekeyed_isakmp_sa_inherits_the_ipsec_sas),
        cmocka_unit_test(lifetimes_pass_and_the_tunnel_stays),
        cmocka_unit_test(different_secrets_are_told),
        cmocka_unit_test(a_nat_is_found_and_crossed),
        cmocka_unit_test(the_drafts_of_nat_traversal_cross_a_nat_too),
        cmocka_unit_test(a_tunnel_on_port_500_is_rekeyed_there),
        cmocka_unit_test(a_plane_without_the_old_marker_takes_no_old_draft),
        cmocka_unit_test(a_road_warrior_gets_the_connection_of_its_name),
        cmocka_unit_test(the_connection_of_the_name_must_allow_what_was_agreed_on),
        cmocka_unit_test(several_road_warriors_share_a_connection),
        cmocka_unit_test(a_responder_that_wants_less_says_so),
        cmocka_unit_test(no_common_proposal_is_told_at_both_ends),
        cmocka_unit_test(a_lost_message_of_any_kind_is_repeated),
        cmocka_unit_test(a_lost_message_of_aggressive_mode_is_repeated),
        cmocka_unit_test(an_ikev1_peer_is_not_taken_for_an_ikev2_one),
        cmocka_unit_test(the_cause_of_a_failure_is_known_on_both_sides),
        cmocka_unit_test(a_secret_that_differs_is_the_cause),
        cmocka_unit_test(an_isakmp_sa_may_be_all_that_is_wanted),
        cmocka_unit_test(a_connection_for_an_isakmp_sa_takes_no_quick_mode),
        cmocka_unit_test(des_and_md5_carry_traffic_where_they_are_named),
        cmocka_unit_test(a_rekey_that_outlasts_its_replaced_isakmp_sa_begins_again_under_the_new_one),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(scenarios, NULL, NULL);
}
