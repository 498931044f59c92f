/* What is known of a failure afterwards (`ipsec explain`): the true reason, on both sides. */
#include <string.h>

#include "engine/explain.h"
#include "scenario.h"

#define V1 HOSTS " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2"

static const char *cause_at(struct sim *sim, const char *host, const char *connection)
{
    static struct explanation explanation;
    assert_true(engine_explain(sim_engine(sim, host), connection, 0, &explanation));
    if (explanation.failure == NULL)
        return "";
    return explanation.failure->cause[0] != '\0' ? explanation.failure->cause : explanation.failure->text;
}

static void expect_cause(struct sim *sim, const char *host, const char *connection, const char *wanted)
{
    const char *cause = cause_at(sim, host, connection);
    if (strstr(cause, wanted) == NULL)
        fail_msg("%s: \"%s\" is not in: %s", host, wanted, cause);
}

/* East begins; an empty text: that side need not know. */
static void fails_because(const char *east, const char *west, const char *of_initiator,
                          const char *of_responder)
{
    struct sim *sim = gateways_that_differ(east, west);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, seconds(2));
    expect_cause(sim, "east", "tunnel", of_initiator);
    expect_cause(sim, "west", "tunnel", of_responder);
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_ends_well(sim);
}

static void a_mode_that_the_peer_did_not_take_is_named(void **state)
{
    (void)state;
    fails_because(HOSTS CIPHERS " type=transport", HOSTS CIPHERS, "peer chose tunnel mode; type=transport",
                  "");
    fails_because(V1 " type=transport", V1, "", "peer wants transport mode; we want tunnel mode");
}

static void what_the_peer_narrowed_to_is_named(void **state)
{
    (void)state;
    fails_because(HOSTS CIPHERS " leftsubnet=10.1.0.0/16 rightsubnet=10.2.0.0/24", TUNNEL,
                  "narrowed the traffic selectors to [10.1.0.0-10.1.0.255:0-65535 0] === "
                  "[10.2.0.0-10.2.0.255:0-65535 0]; narrowing=yes",
                  "");
}

static void proposals_of_ah_are_not_called_esp(void **state)
{
    (void)state;
    fails_because(HOSTS SUBNETS " ike=aes_gcm128-sha2_256;dh31 phase2=ah phase2alg=sha1", TUNNEL,
                  "none of our ah= proposals", "they offer AH");
}

static void another_way_to_authenticate_is_named(void **state)
{
    (void)state;
    fails_because(V1, V1 " authby=rsasig", "",
                  "peer wants to authenticate by a pre-shared key; we by RSA signatures");
}

static void a_connection_of_the_other_version_is_named(void **state)
{
    (void)state;
    fails_because(HOSTS CIPHERS, V1, "or has no connection for us", "\"tunnel\" is for IKEv1");
    fails_because(V1, HOSTS CIPHERS, "", "\"tunnel\" is for IKEv2");
    fails_because(V1 " aggressive=yes", V1, "", "\"tunnel\" is for Main Mode");
}

static void extended_sequence_numbers_that_differ_are_named(void **state)
{
    (void)state;
    fails_because(TUNNEL " esn=yes", TUNNEL " esn=no", "AES_GCM_16_128-NONE with esn=yes;", "ESN");
    fails_because(TUNNEL " esn=no", TUNNEL " esn=yes", "AES_GCM_16_128-NONE with esn=no;", "ESN");
}

static void the_networks_of_both_sides_are_named_in_ikev1(void **state)
{
    (void)state;
    fails_because(V1 " leftsubnet=10.1.0.0/24", V1 " leftsubnet=10.7.0.0/24", "",
                  "no connection is known for 192.0.2.2/32===10.1.0.0/24; \"tunnel\" has "
                  "192.0.2.2/32===10.7.0.0/24");
}

/* Main Mode's initiator sees the name last: the responder knows no more than that a Delete follows. */
static void the_responder_knows_that_the_initiator_did_not_believe_its_name_in_ikev1(void **state)
{
    (void)state;
    fails_because(
        "left=192.0.2.1 right=192.0.2.2 leftid=@east rightid=@other authby=secret "
        "keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2",
        V1, "peer is '@west'; \"tunnel\" expects '@other'",
        "the peer ended the ISAKMP SA without asking for an IPsec SA; its log may tell why: does it expect "
        "another identity than '@west'?");
}

static void whose_the_route_is_that_cannot_be_had_is_named(void **state)
{
    (void)state;
    struct sim *sim = established();
    sim_add_connection_on(sim, "east", "other", TUNNEL);
    assert_int_equal(sim_up(sim, "east", "other"), RC_ROUTE);
    expect_cause(sim, "east", "other", "cannot install eroute -- it is in use for \"tunnel\"");
    sim_command(sim, "east", COMMAND_TERMINATE, "other");
    assert_settles(sim);
    assert_ends_well(sim);
}

/* Every end of a failed --up has its line. */
static void who_waits_for_what_is_deleted_is_told(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_add_connection(sim, "second", SECOND);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_start(sim, "east", COMMAND_INITIATE, "second"); /* waits for its IKE SA */
    assert_int_equal(sim_command(sim, "east", COMMAND_DELETE, "tunnel"), 0);
    assert_true(sim_log_has(sim, "east", "given up: the connection was deleted or replaced meanwhile"));
    assert_true(sim_log_has(sim, "east", "\"second\": given up: the IKE SA that it waited for has ended"));
    sim_down(sim, "east", "second");
    assert_ends_well(sim);
}

static void a_script_that_failed_is_named_with_its_status(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(TUNNEL " leftupdown=/script");
    sim_fail_script(sim, "east", "up-client");
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    expect_cause(sim, "east", "tunnel", "its up-client command \"/script\" exited with status");
    assert_int_equal(sim_down(sim, "east", "tunnel"), 0);
    assert_ends_well(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mode_that_the_peer_did_not_take_is_named),
        cmocka_unit_test(what_the_peer_narrowed_to_is_named),
        cmocka_unit_test(proposals_of_ah_are_not_called_esp),
        cmocka_unit_test(another_way_to_authenticate_is_named),
        cmocka_unit_test(a_connection_of_the_other_version_is_named),
        cmocka_unit_test(extended_sequence_numbers_that_differ_are_named),
        cmocka_unit_test(the_networks_of_both_sides_are_named_in_ikev1),
        cmocka_unit_test(the_responder_knows_that_the_initiator_did_not_believe_its_name_in_ikev1),
        cmocka_unit_test(who_waits_for_what_is_deleted_is_told),
        cmocka_unit_test(a_script_that_failed_is_named_with_its_status),
        cmocka_unit_test(whose_the_route_is_that_cannot_be_had_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
