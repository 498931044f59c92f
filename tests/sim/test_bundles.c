/* AH alone, ESP with AH around it, and IPComp with each, in both versions of IKE. */
#include "scenario.h"
#include "world.h"

#define V2 HOSTS SUBNETS " ike=aes_gcm128-sha2_256;dh31"
#define V1 HOSTS SUBNETS " keyexchange=ikev1 ike=aes128-sha2;dh31"
#define ESP_V2 V2 " esp=aes_gcm128"
#define ESP_V1 V1 " esp=aes128-sha2"

static const struct kernel_sa *plane_sa(struct sim *sim, const char *host, enum sa_direction direction)
{
    struct child_view child;
    assert_true(sim_newest_child(sim, host, "tunnel", &child));
    const struct virtual_sa *sa = data_plane_find(&world_host(sim, host)->plane, child.serial, direction);
    assert_non_null(sa);
    return &sa->sa;
}

static bool is_zero(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != 0)
            return false;
    return true;
}

/* sim_check() compares the two ends; here is what the SAs are. */
static void assert_protocols(struct sim *sim, bool is_ah, bool has_outer_ah, bool compresses)
{
    static const char *const hosts[] = {"east", "west"};
    for (size_t i = 0; i < 4; i++) {
        const struct kernel_sa *sa = plane_sa(sim, hosts[i / 2], i % 2 ? SA_INBOUND : SA_OUTBOUND);
        assert_int_equal(sa->protocol, is_ah ? PROTOCOL_AH : PROTOCOL_ESP);
        assert_int_equal(sa->encr == NULL, is_ah);
        assert_int_equal(sa->outer_ah_spi != 0, has_outer_ah);
        assert_int_equal(sa->ah_integ != NULL, has_outer_ah);
        assert_int_equal(is_zero(sa->ah_integ_key, sizeof(sa->ah_integ_key)), !has_outer_ah);
        assert_int_equal(sa->compression_cpi != 0, compresses);
        if (has_outer_ah && sa->integ != NULL)
            assert_memory_not_equal(sa->ah_integ_key, sa->integ_key, 20);
    }
    assert_ping(sim);
}

static void rekey(struct sim *sim, const char *host)
{
    sim_start(sim, host, COMMAND_REKEY_CHILD, "tunnel");
    sim_run_for(sim, minutes(2));
    assert_settles(sim);
    assert_counts(sim, "east", 1, 1);
    assert_counts(sim, "west", 1, 1);
}

/* Both sides begin once, both sides rekey once, and the end leaves nothing. */
static void carries(const char *words, bool is_ah, bool has_outer_ah, bool compresses)
{
    struct sim *sim = gateways_with(words);
    assert_up(sim, "east");
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_protocols(sim, is_ah, has_outer_ah, compresses);
    rekey(sim, "west");
    assert_protocols(sim, is_ah, has_outer_ah, compresses);
    rekey(sim, "east");
    assert_protocols(sim, is_ah, has_outer_ah, compresses);
    assert_true(sim_check(sim));
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_settles(sim);
    assert_both_have(sim, 0, 0);
    assert_ends_well(sim);
}

static void ikev2_ah_carries_traffic(void **state)
{
    (void)state;
    carries(V2 " phase2=ah", true, false, false);
    carries(V2 " ah=sha1;dh31", true, false, false);
    carries(V2 " phase2=ah phase2alg=sha2_512 type=tunnel pfs=no", true, false, false);
}

static void ikev1_ah_carries_traffic(void **state)
{
    (void)state;
    carries(V1 " phase2=ah", true, false, false);
    carries(V1 " ah=sha2 pfs=no", true, false, false);
}

static void ikev1_esp_and_ah_carry_traffic(void **state)
{
    (void)state;
    carries(ESP_V1 " phase2=ah+esp", false, true, false);
    carries(V1 " phase2=esp+ah esp=aes-none ah=sha1 pfs=no", false, true, false);
    carries(V1 " phase2=ah+esp", false, true, false);
}

static void compression_goes_with_esp_and_ah(void **state)
{
    (void)state;
    carries(ESP_V2 " compress=yes", false, false, true);
    carries(V2 " phase2=ah compress=yes", true, false, true);
    carries(ESP_V1 " compress=yes", false, false, true);
    carries(V1 " phase2=ah compress=yes", true, false, true);
    carries(ESP_V1 " phase2=ah+esp compress=yes", false, true, true);
    carries(ESP_V1 " compress=yes pfs=no", false, false, true);
}

static void who_does_not_compress_does_well_with_who_would(const char *yes, const char *no)
{
    for (int i = 0; i < 2; i++) {
        struct sim *sim = gateways_that_differ(i ? yes : no, i ? no : yes);
        assert_up(sim, "east");
        assert_settles(sim);
        assert_protocols(sim, false, false, false);
        assert_ends_well(sim);
    }
}

static void compression_is_an_offer_not_a_demand(void **state)
{
    (void)state;
    who_does_not_compress_does_well_with_who_would(ESP_V2 " compress=yes", ESP_V2);
    who_does_not_compress_does_well_with_who_would(ESP_V1 " compress=yes", ESP_V1);
}

static void refused_with(const char *east, const char *west, const char *line)
{
    struct sim *sim = gateways_that_differ(east, west);
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    assert_int_equal(sim_child_count(sim, "east") + sim_child_count(sim, "west"), 0);
    if (!sim_log_has(sim, "west", line))
        fail_msg("no \"%s\" in:\n%s", line, sim_log(sim, "west"));
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_ends_well(sim);
}

static void other_protocols_than_those_wanted_are_refused(void **state)
{
    (void)state;
    refused_with(ESP_V1, V1 " phase2=ah", "peer offers ESP; we accept AH with HMAC_SHA1_96");
    refused_with(V1 " phase2=ah", ESP_V1, "peer offers AH; we accept AES_CBC_128-HMAC_SHA2_256_128");
    refused_with(ESP_V1 " phase2=ah+esp", ESP_V1, "with AH; we accept");
    refused_with(ESP_V1, ESP_V1 " phase2=ah+esp", "and AH with HMAC_SHA1_96");
    refused_with(ESP_V2, V2 " phase2=ah", "NO_PROPOSAL_CHOSEN");
}

static void the_line_tells_every_protocol(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(V1 " phase2=ah+esp esp=aes128-sha1 ah=sha1 compress=yes");
    assert_up(sim, "east");
    assert_true(sim_log_has(sim, "east", "xfrm=AES_CBC_128-HMAC_SHA1_96 AH=>0x"));
    assert_true(sim_log_has(sim, "east", "xfrm=HMAC_SHA1_96 IPCOMP=>0x0000"));
    assert_settles(sim);
    assert_ends_well(sim);
    sim = gateways_with(V2 " ah=sha2");
    assert_up(sim, "west");
    assert_true(sim_log_has(sim, "east", "{AH/ESN=>0x"));
    assert_true(sim_log_has(sim, "west", "xfrm=HMAC_SHA2_256_128"));
    assert_settles(sim);
    assert_ends_well(sim);
}

static void ah_stops_at_a_nat(void **state)
{
    (void)state;
    const char *versions[] = {"phase2=ah", "phase2=ah keyexchange=ikev1", "phase2=ah+esp keyexchange=ikev1"};
    for (size_t i = 0; i < 3; i++) {
        char words[256];
        struct sim *sim = sim_new(1);
        sim_add_host(sim, "west", "192.0.2.1");
        sim_add_host_behind_nat(sim, "east", "10.9.0.5", "203.0.113.9");
        snprintf(words, sizeof(words),
                 "right=%%any leftid=@east rightid=@road authby=secret left=192.0.2.1 " SUBNETS " %s",
                 versions[i]);
        sim_add_connection_on(sim, "west", "tunnel", words);
        snprintf(words, sizeof(words),
                 "right=10.9.0.5 leftid=@east rightid=@road authby=secret left=192.0.2.1 " SUBNETS " %s",
                 versions[i]);
        sim_add_connection_on(sim, "east", "tunnel", words);
        uint64_t client = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
        sim_run_for(sim, seconds(5));
        assert_int_not_equal(sim_result(sim, "east", client), 0);
        assert_int_equal(sim_child_count(sim, "west"), 0);
        assert_true(sim_log_has(sim, "west", "AH does not go through the NAT"));
        assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
        assert_ends_well(sim);
    }
}

static void kilobytes_of_lifetime_bind_both_sides(void **state)
{
    (void)state;
    struct sim *sim = gateways_that_differ(ESP_V1 " ipsec-max-bytes=1Mi", ESP_V1);
    struct child_view child;
    assert_up(sim, "east");
    assert_settles(sim);
    assert_true(sim_newest_child(sim, "west", "tunnel", &child));
    assert_int_equal(child.max_bytes, 1024 * 1024);
    assert_int_equal(plane_sa(sim, "west", SA_OUTBOUND)->hard_bytes, 1024 * 1024);
    assert_ends_well(sim);
}

static void a_responder_tells_its_kilobytes(void **state)
{
    (void)state;
    struct sim *sim = gateways_that_differ(ESP_V1 " ipsec-max-bytes=1Mi", ESP_V1);
    struct child_view child;
    assert_up(sim, "west");
    assert_settles(sim);
    assert_true(sim_newest_child(sim, "west", "tunnel", &child));
    assert_int_equal(child.max_bytes, 1024 * 1024);
    assert_ends_well(sim);
}

static void spent_kilobytes_replace_the_sa(void **state)
{
    (void)state;
    struct sim *sim = established_with(ESP_V1 " ipsec-max-bytes=64Ki");
    struct child_view before, after;
    assert_true(sim_newest_child(sim, "east", "tunnel", &before));
    for (int i = 0; i < 60; i++) {
        sim_send_bytes(sim, "east", "10.1.0.1", "10.2.0.1", 1000, NULL);
        sim_run_for(sim, seconds(1));
    }
    assert_settles(sim);
    assert_true(sim_newest_child(sim, "east", "tunnel", &after));
    assert_int_not_equal(before.spi_in, after.spi_in);
    assert_ping(sim);
    assert_ends_well(sim);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ikev2_ah_carries_traffic),
        cmocka_unit_test(ikev1_ah_carries_traffic),
        cmocka_unit_test(ikev1_esp_and_ah_carry_traffic),
        cmocka_unit_test(compression_goes_with_esp_and_ah),
        cmocka_unit_test(compression_is_an_offer_not_a_demand),
        cmocka_unit_test(other_protocols_than_those_wanted_are_refused),
        cmocka_unit_test(the_line_tells_every_protocol),
        cmocka_unit_test(ah_stops_at_a_nat),
        cmocka_unit_test(kilobytes_of_lifetime_bind_both_sides),
        cmocka_unit_test(a_responder_tells_its_kilobytes),
        cmocka_unit_test(spent_kilobytes_replace_the_sa),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
