/* Why a connection is not up: what `explain` tells of each kind of failure, on both sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "two_gateways.h"

#define ENDS                                                                                                 \
    "\"left\":\"192.0.2.1\",\"leftid\":\"@west\",\"right\":\"192.0.2.2\",\"rightid\":\"@east\",\"authby\":"  \
    "\"secret\","
#define GCM "\"ike\":\"aes_gcm128-sha2_256;dh31\",\"esp\":\"aes_gcm128\""

static struct two_gateways *world;

static int make_world(void **state)
{
    (void)state;
    world = two_gateways_new();
    return 0;
}

static int unmake_world(void **state)
{
    (void)state;
    two_gateways_free(world);
    return 0;
}

/* What explain says of "t", as JSON; to be decref'd. */
static json_t *explain(struct gateway *gateway)
{
    struct answer answer = gateway_ask(gateway, "\"command\":\"explain\",\"name\":\"t\",\"json\":true");
    assert_int_equal(answer.code, 0);
    json_t *object = json_loads(answer.text + 4, JSON_DISABLE_EOF_CHECK, NULL);
    assert_non_null(object);
    free(answer.text);
    return object;
}

static void expect(struct gateway *gateway, const char *verdict, const char *kind, const char *in_cause)
{
    json_t *told = explain(gateway);
    const json_t *failure = json_object_get(told, "failure");
    assert_string_equal(json_string_value(json_object_get(told, "verdict")), verdict);
    assert_string_equal(json_string_value(json_object_get(failure, "kind")), kind);
    const char *cause = json_string_value(json_object_get(failure, "cause"));
    if (strstr(cause, in_cause) == NULL)
        fail_msg("\"%s\" is not in: %s", in_cause, cause);
    json_decref(told);
}

/* Brings "t" up from the near side; the text of the answer, to be freed. */
static char *initiate(const char *near, const char *far)
{
    int code;
    gateway_add(&world->near, "t", near);
    if (far != NULL)
        gateway_add(&world->far, "t", far);
    session_ask(world->near.session, "\"command\":\"initiate\",\"name\":\"t\"");
    two_gateways_wait(2 * USEC_PER_SEC); /* a refusal in clear is not believed sooner */
    char *text = session_read(world->near.session, &code);
    assert_int_not_equal(code, 0);
    return text;
}

static void proposals_of_both_sides_are_told(void **state)
{
    (void)state;
    char *text =
        initiate("{" ENDS GCM "}", "{" ENDS "\"ike\":\"aes256-sha2_512;dh19\",\"esp\":\"aes_gcm128\"}");
    assert_non_null(strstr(text, "we offered: AES_GCM_16_128-HMAC_SHA2_256-DH31"));
    free(text);
    expect(&world->near, "failed", "ike-proposal", "AES_GCM_16_128");
    expect(&world->far, "failed", "ike-proposal",
           "they offer encryption AES_GCM_16_128; we accept AES_CBC_256");
}

static void a_child_proposal_is_told_apart(void **state)
{
    (void)state;
    free(initiate("{" ENDS GCM "}",
                  "{" ENDS "\"ike\":\"aes_gcm128-sha2_256;dh31\",\"esp\":\"aes256-sha2_256\"}"));
    expect(&world->far, "failed", "child-proposal", "AES_CBC_256");
    expect(&world->near, "failed", "child-proposal", "esp=");
}

static void networks_of_both_sides_are_told(void **state)
{
    (void)state;
    free(initiate("{" ENDS GCM ",\"leftsubnet\":\"10.1.0.0/24\",\"rightsubnet\":\"10.2.0.0/24\"}",
                  "{" ENDS GCM ",\"leftsubnet\":\"10.9.0.0/24\",\"rightsubnet\":\"10.2.0.0/24\"}"));
    expect(&world->far, "failed", "selectors", "10.9.0.0");
    expect(&world->near, "failed", "selectors", "10.1.0.0");
}

static void send_into_the_void(void *at, const struct path *path, struct bytes datagram)
{
    (void)at;
    (void)path;
    (void)datagram;
}

static void silence_is_told_with_whom_and_how_often(void **state)
{
    int code = -1;
    (void)state;
    gateway_add(&world->near, "t",
                "{\"left\":\"192.0.2.1\",\"right\":\"192.0.2.9\",\"authby\":\"secret\",\"retransmit-"
                "timeout\":\"3s\"}");
    world->near.env.send = send_into_the_void;
    session_ask(world->near.session, "\"command\":\"initiate\",\"name\":\"t\"");
    for (int i = 0; i < 40 && code < 0; i++) {
        two_gateways_wait(200 * USEC_PER_MSEC);
        free(session_read(world->near.session, &code));
    }
    assert_int_equal(code, 31);
    json_t *told = explain(&world->near);
    const char *cause = json_string_value(json_object_get(json_object_get(told, "failure"), "cause"));
    assert_non_null(strstr(cause, "no answer from 192.0.2.9:500 to 4 messages (IKE_SA_INIT) in 3 seconds"));
    json_decref(told);
}

static void icmp_is_remembered_for_it(void **state)
{
    int code;
    (void)state;
    struct path path = {.local = {.address = world->near.address, .port = 500}, .remote = {.port = 500}};
    address_parse("192.0.2.9", &path.remote.address, NULL);
    gateway_add(&world->near, "t",
                "{\"left\":\"192.0.2.1\",\"right\":\"192.0.2.9\",\"authby\":\"secret\",\"retransmit-"
                "timeout\":\"1s\"}");
    world->near.env.send = send_into_the_void;
    session_ask(world->near.session, "\"command\":\"initiate\",\"name\":\"t\"");
    two_gateways_settle();
    engine_network_error(world->near.engine, &path, 113); /* EHOSTUNREACH */
    for (int i = 0; i < 10; i++)
        two_gateways_wait(200 * USEC_PER_MSEC);
    free(session_read(world->near.session, &code));
    json_t *told = explain(&world->near);
    const json_t *failure = json_object_get(told, "failure");
    assert_int_equal(json_integer_value(json_object_get(failure, "network_errno")), 113);
    assert_non_null(strstr(json_string_value(json_object_get(failure, "cause")), strerror(113)));
    json_decref(told);
}

static void a_wrong_identity_is_told(void **state)
{
    (void)state;
    free(initiate("{" ENDS GCM "}", "{\"left\":\"192.0.2.1\",\"leftid\":\"@nobody\",\"right\":\"192.0.2.2\","
                                    "\"rightid\":\"@east\",\"authby\":\"secret\"," GCM "}"));
    expect(&world->far, "failed", "identity", "@nobody");
    expect(&world->near, "failed", "authentication", "/etc/ipsec.secrets:1");
}

static void what_is_up_has_no_failure(void **state)
{
    (void)state;
    gateway_add(&world->near, "t", "{" ENDS GCM "}");
    gateway_add(&world->far, "t", "{" ENDS GCM "}");
    free(gateway_ask(&world->near, "\"command\":\"initiate\",\"name\":\"t\"").text);
    json_t *told = explain(&world->near);
    assert_string_equal(json_string_value(json_object_get(told, "verdict")), "up");
    assert_null(json_object_get(told, "failure"));
    json_decref(told);
}

static void a_port_that_is_not_known_is_not_told(void **state)
{
    (void)state;
    const char *networks = "\"leftsubnet\":\"10.1.0.0/16\",\"rightsubnet\":\"10.2.0.0/16\"";
    char options[512];
    snprintf(options, sizeof(options), "{" ENDS GCM ",%s}", networks);
    gateway_add(&world->near, "first", options);
    gateway_add(&world->far, "first", options);
    free(gateway_ask(&world->near, "\"command\":\"initiate\",\"name\":\"first\"").text);
    snprintf(options, sizeof(options),
             "{\"left\":\"192.0.2.1\",\"right\":\"192.0.2.3\",\"authby\":\"secret\",%s}", networks);
    free(initiate(options, NULL));
    json_t *told = explain(&world->near);
    const json_t *failure = json_object_get(told, "failure");
    assert_string_equal(json_string_value(json_object_get(failure, "peer")), "192.0.2.3");
    json_decref(told);
}

static void before_the_first_try_it_is_told_what_would_hinder_it(void **state)
{
    (void)state;
    gateway_add(&world->near, "t",
                "{\"left\":\"198.51.100.1\",\"right\":\"198.51.100.2\",\"authby\":\"secret\"}");
    json_t *told = explain(&world->near);
    assert_string_equal(json_string_value(json_object_get(told, "verdict")), "not-ours");
    json_decref(told);
    gateway_add(&world->near, "t", "{" ENDS GCM "}");
    told = explain(&world->near);
    assert_string_equal(json_string_value(json_object_get(told, "verdict")), "not-tried");
    assert_string_equal(json_string_value(json_object_get(json_object_get(told, "secret"), "origin")),
                        "/etc/ipsec.secrets:1");
    json_decref(told);
}

static void assert_said(const char *options, const char *part)
{
    gateway_add(&world->near, "t", options);
    struct answer answer = gateway_ask(&world->near, "\"command\":\"explain\",\"name\":\"t\"");
    if (strstr(answer.text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, answer.text);
    free(answer.text);
}

static void what_never_negotiates_is_not_said_to_be_down(void **state)
{
    (void)state;
    assert_said("{\"left\":\"192.0.2.1\",\"right\":\"%group\",\"authby\":\"never\",\"type\":\"passthrough\"}",
                "is a policy group");
    assert_said("{\"left\":\"192.0.2.1\",\"right\":\"192.0.2.9\",\"authby\":\"never\",\"type\":\"drop\"}",
                "never negotiates");
    assert_said("{\"left\":\"192.0.2.1\",\"right\":\"%any\",\"authby\":\"secret\"}", "=== %any");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, unmake_world)
    const struct CMUnitTest tests[] = {
        TEST(proposals_of_both_sides_are_told),
        TEST(a_child_proposal_is_told_apart),
        TEST(networks_of_both_sides_are_told),
        TEST(silence_is_told_with_whom_and_how_often),
        TEST(icmp_is_remembered_for_it),
        TEST(a_wrong_identity_is_told),
        TEST(what_is_up_has_no_failure),
        TEST(a_port_that_is_not_known_is_not_told),
        TEST(before_the_first_try_it_is_told_what_would_hinder_it),
        TEST(what_never_negotiates_is_not_said_to_be_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
