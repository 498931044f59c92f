/* Rekeying of IKE and Child SAs without collisions: by command, by lifetime, by bytes, for a day (RFC
 * 7296 2.8). */
#include "engine/state.h"
#include "scenario.h"

static uint32_t newest_spi(struct sim *sim, const char *host)
{
    struct child_view child;
    assert_true(sim_newest_child(sim, host, "tunnel", &child));
    return child.spi_in;
}

static void rekeys_child_from(const char *host)
{
    struct sim *sim = established();
    uint32_t old_spi = newest_spi(sim, "east");
    assert_int_equal(sim_command(sim, host, COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_int_not_equal(newest_spi(sim, "east"), old_spi);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void the_initiator_rekeys_a_child(void **state)
{
    (void)state;
    rekeys_child_from("east");
}

static void the_responder_rekeys_a_child(void **state)
{
    (void)state;
    rekeys_child_from("west");
}

static void rekeys_ike_from(const char *host)
{
    struct sim *sim = established();
    struct ike_view old, new;
    uint32_t spi = newest_spi(sim, "east");
    assert_true(sim_newest_ike(sim, "east", "tunnel", &old));
    assert_int_equal(sim_command(sim, host, COMMAND_REKEY_IKE, "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_true(sim_newest_ike(sim, "east", "tunnel", &new));
    assert_memory_not_equal(old.spi_i, new.spi_i, IKE_SPI_SIZE);
    assert_int_equal(new.is_initiator, strcmp(host, "east") == 0);
    /* The Child SA was inherited, not made anew. */
    assert_int_equal(newest_spi(sim, "east"), spi);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void the_initiator_rekeys_the_ike_sa(void **state)
{
    (void)state;
    rekeys_ike_from("east");
}

static void the_responder_rekeys_the_ike_sa(void **state)
{
    (void)state;
    rekeys_ike_from("west");
}

static void an_inherited_child_can_be_rekeyed_and_deleted(void **state)
{
    (void)state;
    struct sim *sim = established();
    assert_int_equal(sim_command(sim, "west", COMMAND_REKEY_IKE, "tunnel"), 0);
    assert_settles(sim);
    assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_int_equal(sim_command(sim, "west", COMMAND_REKEY_CHILD, "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

static void every_child_moves_to_the_new_ike_sa(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_add_connection(sim, "second", SECOND);
    assert_up(sim, "east");
    assert_int_equal(sim_up(sim, "west", "second"), 0);
    assert_int_equal(sim_command(sim, "east", COMMAND_REKEY_IKE, "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 2);
    assert_ping(sim);
    assert_true(sim_ping(sim, "east", "10.3.0.1", "10.4.0.1"));
    assert_ends_well(sim);
}

struct watch {
    unsigned failures, pings;
};

static bool ping_at_every_step(struct sim *sim, void *context)
{
    struct watch *watch = context;
    watch->pings++;
    watch->failures += !sim_ping(sim, "east", "10.1.0.1", "10.2.0.1");
    return false;
}

static void traffic_never_stops_during(enum command_kind kind, const char *host)
{
    struct sim *sim = established();
    struct watch watch = {0};
    sim_start(sim, host, kind, "tunnel");
    sim_run_until(sim, ping_at_every_step, &watch, seconds(30));
    assert_in_range(watch.pings, 5, 10000);
    assert_int_equal(watch.failures, 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void traffic_never_stops_during_a_rekey(void **state)
{
    (void)state;
    traffic_never_stops_during(COMMAND_REKEY_CHILD, "east");
    traffic_never_stops_during(COMMAND_REKEY_CHILD, "west");
    traffic_never_stops_during(COMMAND_REKEY_IKE, "east");
    traffic_never_stops_during(COMMAND_REKEY_IKE, "west");
}

static struct sim *reauthenticating(const char *second)
{
    static const char lives[] = " reauth=yes ikelifetime=20m rekeymargin=5m ipsec-lifetime=8h";
    char words[512];
    struct sim *sim;
    snprintf(words, sizeof(words), "%s%s", TUNNEL, lives);
    sim = gateways_with(words);
    snprintf(words, sizeof(words), "%s%s", SECOND, lives);
    if (second != NULL)
        sim_add_connection(sim, second, words);
    assert_up(sim, "east");
    if (second != NULL)
        assert_int_equal(sim_up(sim, "east", second), 0);
    assert_settles(sim);
    return sim;
}

/* RFC 7296 2.8.3. */
static void with_reauth_the_initiator_begins_anew_and_traffic_never_stops(void **state)
{
    (void)state;
    struct sim *sim = reauthenticating("second");
    struct watch watch = {0};
    struct ike_view old, new;
    uint32_t old_spi = newest_spi(sim, "east");
    assert_true(sim_newest_ike(sim, "east", "tunnel", &old));
    sim_run_until(sim, ping_at_every_step, &watch, minutes(25));
    assert_int_equal(watch.failures, 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 2);
    assert_true(sim_newest_ike(sim, "east", "tunnel", &new));
    assert_memory_not_equal(old.spi_i, new.spi_i, IKE_SPI_SIZE);
    assert_true(new.is_initiator);
    assert_int_not_equal(newest_spi(sim, "east"), old_spi);
    assert_true(sim_ping(sim, "east", "10.3.0.1", "10.4.0.1"));
    assert_ends_well(sim);
}

static void traffic_never_stops_when_a_road_warrior_reauthenticates(void **state)
{
    (void)state;
    static const char lives[] =
        " reauth=yes ikelifetime=20m rekeymargin=5m ipsec-lifetime=8h" SUBNETS CIPHERS;
    struct sim *sim = sim_new(1);
    struct watch watch = {0};
    char words[512];
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host(sim, "road", "198.51.100.7");
    snprintf(words, sizeof(words), "left=192.0.2.1 right=%%any leftid=@east rightid=@road authby=secret%s",
             lives);
    sim_add_connection_on(sim, "east", "tunnel", words);
    snprintf(words, sizeof(words),
             "left=192.0.2.1 right=198.51.100.7 leftid=@east rightid=@road authby=secret%s", lives);
    sim_add_connection_on(sim, "road", "tunnel", words);
    assert_up(sim, "road");
    assert_settles(sim);
    sim_run_until(sim, ping_at_every_step, &watch, minutes(25));
    assert_int_equal(watch.failures, 0);
    assert_settles(sim);
    assert_true(sim_log_has(sim, "road", "reauthenticating: takes the place"));
    assert_counts(sim, "east", 1, 1);
    assert_ends_well(sim);
}

static void reauth_does_not_bring_back_what_was_taken_down(void **state)
{
    (void)state;
    struct sim *sim = reauthenticating("second");
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    sim_run_for(sim, minutes(25));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_false(sim_is_up(sim, "east", "tunnel"));
    assert_true(sim_log_has(sim, "east", "reauthenticating: takes the place"));
    assert_true(sim_ping(sim, "east", "10.3.0.1", "10.4.0.1"));
    assert_ends_well(sim);
}

/* Nobody has heard of it for a while: it may have taken the connection down, and the message was lost. */
static void who_does_not_answer_is_not_reauthenticated(void **state)
{
    (void)state;
    static const char lives[] = " reauth=yes ikelifetime=20m rekeymargin=5m rekeyfuzz=0% ipsec-lifetime=8h "
                                "dpddelay=30s retransmit-timeout=60s";
    char words[512];
    snprintf(words, sizeof(words), "%s%s", TUNNEL, lives);
    struct sim *sim = gateways_with(words);
    snprintf(words, sizeof(words), "%s%s", SECOND, lives);
    sim_add_connection(sim, "second", words);
    assert_up(sim, "west");
    assert_int_equal(sim_up(sim, "east", "second"), 0);
    assert_int_equal(sim_down(sim, "west", "tunnel"), 0);
    sim_run_for(sim, minutes(14) + seconds(20));
    sim_partition(sim, NULL, NULL, seconds(90));
    sim_start(sim, "east", COMMAND_TERMINATE, "second");
    sim_run_for(sim, minutes(5));
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_false(sim_log_has(sim, "west", "reauthenticating"));
    assert_ends_well(sim);
}

static void a_day_of_reauthentications_leaves_nothing_behind(void **state)
{
    (void)state;
    struct sim *sim = reauthenticating(NULL);
    for (int minute = 0; minute < 24 * 60; minute++) {
        sim_run_for(sim, minutes(1));
        assert_ping(sim);
    }
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

#define SHORT_LIVES TUNNEL " ikelifetime=60m ipsec-lifetime=20m rekeymargin=5m"

static void a_day_of_rekeys_with_traffic_every_minute(void **state)
{
    (void)state;
    struct sim *sim = established_with(SHORT_LIVES);
    uint64_t base = engine_view_totals(sim_engine(sim, "east")).bytes_owned;
    for (int minute = 0; minute < 24 * 60; minute++) {
        sim_run_for(sim, minutes(1));
        assert_ping(sim);
    }
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    uint64_t end = engine_view_totals(sim_engine(sim, "east")).bytes_owned;
    assert_true(end <= base + base / 10);
    struct engine_totals totals = engine_view_totals(sim_engine(sim, "east"));
    assert_in_range(totals.child_completed, 24 * 3, 24 * 8);
    assert_ends_well(sim);
}

static void a_day_of_rekeys_on_a_bad_line(void **state)
{
    (void)state;
    struct sim *sim = established_with(SHORT_LIVES " dpddelay=30s");
    sim_set_faults(sim, (struct faults){.loss_per_mille = 100,
                                        .duplication_per_mille = 50,
                                        .corruption_per_mille = 20,
                                        .delay_min = milliseconds(1),
                                        .delay_max = milliseconds(900)});
    sim_set_delays(sim, "east", milliseconds(50), milliseconds(20), milliseconds(500));
    sim_run_for(sim, minutes(24 * 60));
    sim_heal(sim);
    sim_run_for(sim, minutes(10));
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

/* One end rekeys the IKE SA, the other one its Child SAs, and each puts the other one off by
 * TEMPORARY_FAILURE again and again. */
static void rekeys_that_are_put_off_succeed_before_the_end_of_short_lives(void **state)
{
    (void)state;
    struct sim *sim = two_hosts();
#define LIVES(ike, child) " ikelifetime=" ike "s ipsec-lifetime=" child "s rekeymargin=7s rekeyfuzz=0%"
    sim_add_connection_on(sim, "east", "tunnel", TUNNEL LIVES("10", "30"));
    sim_add_connection_on(sim, "east", "second", SECOND LIVES("10", "30"));
    sim_add_connection_on(sim, "west", "tunnel", TUNNEL LIVES("30", "10"));
    sim_add_connection_on(sim, "west", "second", SECOND LIVES("30", "10"));
    sim_set_faults(sim, (struct faults){.delay_min = milliseconds(1), .delay_max = milliseconds(150)});
    sim_set_delays(sim, "east", milliseconds(100), 0, 0);
    sim_set_delays(sim, "west", milliseconds(100), 0, 0);
    assert_up(sim, "east");
    assert_int_equal(sim_up(sim, "west", "second"), 0);
    for (int i = 0; i < 20 * 60; i++) {
        sim_run_for(sim, milliseconds(500));
        assert_ping(sim);
        assert_true(sim_ping(sim, "west", "10.4.0.1", "10.3.0.1"));
    }
    sim_free(sim);
}

/* So many tasks wait on the IKE SA that there is no place for the rekeys when they are due. */
static void rekeys_that_find_the_queue_full_are_tried_again(void **state)
{
    (void)state;
    static const char *const lives[] = {
        " ikelifetime=120m ipsec-lifetime=30m rekeymargin=12m rekeyfuzz=0%",
        " ikelifetime=30m ipsec-lifetime=120m rekeymargin=12m rekeyfuzz=0%",
        " ikelifetime=30m ipsec-lifetime=120m rekeymargin=12m rekeyfuzz=0% reauth=yes",
    };
    for (size_t i = 0; i < ARRAY_SIZE(lives); i++) {
        char east[512], west[512], trigger[64];
        struct ike_view ike;
        snprintf(east, sizeof(east), "%s%s", TUNNEL, lives[i]);
        snprintf(west, sizeof(west), "%s%s rekey=no", TUNNEL, lives[i]);
        struct sim *sim = gateways_that_differ(east, west);
        assert_up(sim, "east");
        assert_true(sim_newest_ike(sim, "east", "tunnel", &ike));
        snprintf(trigger, sizeof(trigger), "trigger_v2_liveness:%llu", (unsigned long long)ike.serial);
        sim_run_for(sim, minutes(18) - seconds(3));
        sim_partition(sim, "east", "west", seconds(6));
        for (unsigned j = 0; j <= TASK_LIMIT; j++)
            assert_int_equal(sim_impair(sim, "east", trigger), 0);
        sim_run_for(sim, minutes(13));
        assert_false(sim_log_has(sim, "west", "SA expired"));
        assert_settles(sim);
        assert_both_have(sim, 1, 1);
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

static void rekey_no_lets_the_child_expire_and_the_connection_begin_anew(void **state)
{
    (void)state;
    struct sim *sim = established_with(TUNNEL " ikelifetime=20m ipsec-lifetime=10m rekey=no");
    uint32_t old_spi = newest_spi(sim, "east");
    sim_record(sim);
    sim_run_for(sim, minutes(9));
    assert_int_equal(newest_spi(sim, "east"), old_spi);
    assert_int_equal(sim_count(sim, "east", MESSAGE_CREATE, PART_REQUEST), 0);
    sim_run_for(sim, minutes(3));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_int_not_equal(newest_spi(sim, "east"), old_spi);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_child_is_rekeyed_when_its_bytes_run_out(void **state)
{
    (void)state;
    struct sim *sim = established_with(TUNNEL " ipsec-max-bytes=100000");
    uint32_t old_spi = newest_spi(sim, "east");
    for (int i = 0; i < 95; i++) {
        assert_true(sim_send_bytes(sim, "east", "10.1.0.1", "10.2.0.1", 1000, NULL));
        sim_run_for(sim, milliseconds(100));
    }
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_int_not_equal(newest_spi(sim, "east"), old_spi);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_child_that_is_out_of_bytes_at_once_is_replaced(void **state)
{
    (void)state;
    struct sim *sim = established_with(TUNNEL " ipsec-max-bytes=1000");
    sim_send_bytes(sim, "east", "10.1.0.1", "10.2.0.1", 5000, NULL);
    sim_run_for(sim, minutes(2));
    assert_settles(sim);
    assert_true(sim_is_up(sim, "east", "tunnel"));
    assert_ends_well(sim);
}

static void rekey_no_lets_a_child_run_out_of_packets(void **state)
{
    (void)state;
    struct sim *sim = established_with(TUNNEL " ipsec-max-packets=100 rekey=no");
    sim_record(sim);
    for (int i = 0; i < 99; i++)
        assert_true(sim_send_bytes(sim, "east", "10.1.0.1", "10.2.0.1", 100, NULL));
    sim_run_for(sim, seconds(5));
    assert_int_equal(sim_count(sim, "east", MESSAGE_CREATE, PART_REQUEST), 0);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void the_wall_clock_may_jump(void **state)
{
    (void)state;
    struct sim *sim = established_with(SHORT_LIVES);
    sim_jump_wall_clock(sim, "east", 10L * 365 * 86400);
    sim_jump_wall_clock(sim, "west", -10L * 365 * 86400);
    sim_run_for(sim, minutes(90));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_machine_that_slept_past_every_lifetime_recovers(void **state)
{
    (void)state;
    struct sim *sim = established_with(SHORT_LIVES " dpddelay=30s");
    sim_sleep_host(sim, "east", minutes(48 * 60));
    sim_run_for(sim, minutes(15));
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_rekey_of_a_connection_that_is_down_is_refused(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    int code = sim_command(sim, "east", COMMAND_REKEY_CHILD, "tunnel");
    assert_int_not_equal(code, 0);
    assert_int_not_equal(code, -1);
    code = sim_command(sim, "east", COMMAND_REKEY_IKE, "tunnel");
    assert_int_not_equal(code, 0);
    assert_int_not_equal(code, -1);
    assert_ends_well(sim);
}

/* West wants no key exchange with a Child SA; east wants one, with these words besides. Whether the rekey
 * that `host` begins goes through. */
static bool rekeys_without_pfs(const char *words, const char *host)
{
    char near[512];
    snprintf(near, sizeof(near), "%s %s", TUNNEL, words);
    struct sim *sim = gateways_that_differ(near, TUNNEL " pfs=no");
    assert_up(sim, "east");
    uint32_t old_spi = newest_spi(sim, "east");
    sim_command(sim, host, COMMAND_REKEY_CHILD, "tunnel");
    assert_true(sim_settle(sim, minutes(1)));
    bool is_rekeyed = newest_spi(sim, "east") != old_spi;
    assert_ping(sim);
    assert_ends_well(sim);
    return is_rekeyed;
}

static void a_peer_without_pfs_is_rekeyed_with_only_where_that_is_allowed(void **state)
{
    (void)state;
    static const char *const hosts[] = {"east", "west"};
    for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
        assert_false(rekeys_without_pfs("", hosts[i]));
        assert_true(rekeys_without_pfs("ms-dh-downgrade=yes", hosts[i]));
        assert_true(rekeys_without_pfs("pfs-rekey-workaround=yes", hosts[i]));
        assert_true(rekeys_without_pfs("pfs-rekey-workaround=yes esp=aes_gcm128;dh31", hosts[i]));
    }
}

static void an_ike_sa_keeps_its_suite_whoever_rekeys_it(void **state)
{
    (void)state;
    static const char *const hosts[] = {"east", "west"};
    for (size_t begins = 0; begins < ARRAY_SIZE(hosts); begins++) {
        struct sim *sim =
            gateways_that_differ(HOSTS SUBNETS " ike=aes128-sha2_256;dh31,aes_gcm256-sha2_512;dh31",
                                 HOSTS SUBNETS " ike=aes_gcm256-sha2_512;dh31,aes128-sha2_256;dh31");
        struct ike_view before, after;
        assert_up(sim, hosts[begins]);
        assert_true(sim_newest_ike(sim, "east", "tunnel", &before));
        const struct algorithm *prf = before.suite->prf;
        for (size_t i = 0; i < 2 * ARRAY_SIZE(hosts); i++) {
            assert_int_equal(sim_command(sim, hosts[i % 2], COMMAND_REKEY_IKE, "tunnel"), 0);
            assert_settles(sim);
            assert_true(sim_newest_ike(sim, "east", "tunnel", &after));
            assert_ptr_equal(after.suite->prf, prf);
        }
        assert_ping(sim);
        assert_ends_well(sim);
    }
}

static void an_ike_sa_whose_suite_is_not_wanted_again_gets_another(void **state)
{
    (void)state;
    uint8_t refusal[] = {0, 0, 0, 8, 0, 0, 0, NO_PROPOSAL_CHOSEN};
    struct sim *sim = established();
    sim_record(sim);
    sim_partition(sim, "west", NULL, minutes(10));
    sim_partition(sim, "east", NULL, minutes(10));
    sim_start(sim, "east", COMMAND_REKEY_IKE, "tunnel");
    sim_run_for(sim, milliseconds(100));
    sim_heal(sim);
    assert_true(sim_inject_protected(sim, "west", "east", CREATE_CHILD_SA, true, 2, PAYLOAD_NOTIFY,
                                     bytes_of(refusal, sizeof(refusal))));
    sim_run_for(sim, milliseconds(15));
    assert_int_equal(sim_count(sim, "east", MESSAGE_CREATE, PART_REQUEST), 2);
    sim_free(sim);
}

/* With the whole list, or another group; but not when there is something to delete first. */
static void a_refused_rekey_is_not_repeated_when_the_ike_sa_is_to_end(void **state)
{
    (void)state;
    uint8_t no_proposal[] = {0, 0, 0, 8, 0, 0, 0, NO_PROPOSAL_CHOSEN};
    uint8_t other_group[] = {0, 0, 0, 10, 0, 0, 0, INVALID_KE_PAYLOAD, 0, 19};
    const struct bytes refusals[] = {bytes_of(no_proposal, sizeof(no_proposal)),
                                     bytes_of(other_group, sizeof(other_group))};
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
        struct sim *sim =
            established_with(HOSTS SUBNETS " ike=aes_gcm128-sha2_256;dh31,aes_gcm128-sha2_256;dh19");
        sim_record(sim);
        sim_partition(sim, "west", NULL, minutes(10));
        sim_partition(sim, "east", NULL, minutes(10));
        sim_start(sim, "east", COMMAND_REKEY_IKE, "tunnel");
        sim_run_for(sim, milliseconds(100));
        sim_start(sim, "east", COMMAND_DELETE_IKE, "tunnel");
        sim_heal(sim);
        assert_true(
            sim_inject_protected(sim, "west", "east", CREATE_CHILD_SA, true, 2, PAYLOAD_NOTIFY, refusals[i]));
        sim_run_for(sim, milliseconds(100));
        assert_int_equal(sim_count(sim, "east", MESSAGE_CREATE, PART_REQUEST), 1);
        assert_int_equal(sim_count(sim, "east", MESSAGE_DELETE, PART_REQUEST), 1);
        sim_free(sim);
    }
}

static bool say_delete(struct sim *sim, uint32_t id, uint32_t spi)
{
    uint8_t chain[] = {PAYLOAD_NONE, 0, 0, 12, PROTOCOL_ESP, 4, 0, 1, 0, 0, 0, 0};
    store_be32(chain + 8, spi);
    return sim_inject_protected(sim, "east", "west", INFORMATIONAL, false, id, PAYLOAD_DELETE,
                                bytes_of(chain, sizeof(chain)));
}

/* As peers do whose data plane does not take the new one. */
static void a_peer_that_takes_its_rekey_back_leaves_the_old_child(void **state)
{
    (void)state;
    struct sim *sim = established();
    uint32_t old_spi = newest_spi(sim, "west");
    sim_drop(sim, "east", MESSAGE_DELETE, PART_REQUEST, 0, 1);
    sim_start(sim, "east", COMMAND_REKEY_CHILD, "tunnel");
    sim_run_for(sim, milliseconds(100));
    assert_int_equal(sim_child_count(sim, "west"), 1);
    assert_int_not_equal(newest_spi(sim, "west"), old_spi);
    assert_true(say_delete(sim, 3, newest_spi(sim, "east")));
    sim_run_for(sim, milliseconds(100));
    assert_int_equal(newest_spi(sim, "west"), old_spi);
    assert_int_equal(sim_child_count(sim, "west"), 1);
    assert_true(sim_log_has(sim, "west", "peer has given up the rekey"));
    sim_free(sim);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_initiator_rekeys_a_child),
        cmocka_unit_test(the_responder_rekeys_a_child),
        cmocka_unit_test(the_initiator_rekeys_the_ike_sa),
        cmocka_unit_test(the_responder_rekeys_the_ike_sa),
        cmocka_unit_test(an_inherited_child_can_be_rekeyed_and_deleted),
        cmocka_unit_test(every_child_moves_to_the_new_ike_sa),
        cmocka_unit_test(traffic_never_stops_during_a_rekey),
        cmocka_unit_test(with_reauth_the_initiator_begins_anew_and_traffic_never_stops),
        cmocka_unit_test(traffic_never_stops_when_a_road_warrior_reauthenticates),
        cmocka_unit_test(reauth_does_not_bring_back_what_was_taken_down),
        cmocka_unit_test(who_does_not_answer_is_not_reauthenticated),
        cmocka_unit_test(a_day_of_reauthentications_leaves_nothing_behind),
        cmocka_unit_test(a_day_of_rekeys_with_traffic_every_minute),
        cmocka_unit_test(a_day_of_rekeys_on_a_bad_line),
        cmocka_unit_test(rekeys_that_are_put_off_succeed_before_the_end_of_short_lives),
        cmocka_unit_test(rekeys_that_find_the_queue_full_are_tried_again),
        cmocka_unit_test(rekey_no_lets_the_child_expire_and_the_connection_begin_anew),
        cmocka_unit_test(a_child_is_rekeyed_when_its_bytes_run_out),
        cmocka_unit_test(a_child_that_is_out_of_bytes_at_once_is_replaced),
        cmocka_unit_test(rekey_no_lets_a_child_run_out_of_packets),
        cmocka_unit_test(the_wall_clock_may_jump),
        cmocka_unit_test(a_machine_that_slept_past_every_lifetime_recovers),
        cmocka_unit_test(a_rekey_of_a_connection_that_is_down_is_refused),
        cmocka_unit_test(an_ike_sa_keeps_its_suite_whoever_rekeys_it),
        cmocka_unit_test(an_ike_sa_whose_suite_is_not_wanted_again_gets_another),
        cmocka_unit_test(a_refused_rekey_is_not_repeated_when_the_ike_sa_is_to_end),
        cmocka_unit_test(a_peer_that_takes_its_rekey_back_leaves_the_old_child),
        cmocka_unit_test(a_peer_without_pfs_is_rekeyed_with_only_where_that_is_allowed),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
