/* What the scenarios share: two gateways, the usual connection, and assertions that print what they saw. */
#ifndef STYX_SIM_SCENARIO_H
#define STYX_SIM_SCENARIO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim.h"

/* Cheap cryptography; the algorithms have their own tests. */
#define HOSTS "left=192.0.2.1 right=192.0.2.2 leftid=@east rightid=@west authby=secret"
#define SUBNETS " leftsubnet=10.1.0.0/24 rightsubnet=10.2.0.0/24"
#define CIPHERS " ike=aes_gcm128-sha2_256;dh31 esp=aes_gcm128"
#define TUNNEL HOSTS SUBNETS CIPHERS

/* Two further subnets between the same gateways. */
#define SECOND HOSTS " leftsubnet=10.3.0.0/24 rightsubnet=10.4.0.0/24" CIPHERS

/* East 192.0.2.1 and west 192.0.2.2. */
static inline struct sim *two_hosts(void)
{
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host(sim, "west", "192.0.2.2");
    return sim;
}

/* Each with this connection loaded under the name "tunnel". */
static inline struct sim *gateways_with(const char *words)
{
    struct sim *sim = two_hosts();
    sim_add_connection(sim, "tunnel", words);
    return sim;
}

/* Each with its own idea of that connection. */
static inline struct sim *gateways_that_differ(const char *east, const char *west)
{
    struct sim *sim = two_hosts();
    sim_add_connection_on(sim, "east", "tunnel", east);
    sim_add_connection_on(sim, "west", "tunnel", west);
    return sim;
}

static inline struct sim *gateways(void)
{
    return gateways_with(TUNNEL);
}

#define assert_up(sim, host) assert_int_equal(sim_up(sim, host, "tunnel"), 0)
#define assert_ping(sim) assert_true(sim_ping(sim, "east", "10.1.0.1", "10.2.0.1"))
#define assert_no_ping(sim) assert_false(sim_ping(sim, "east", "10.1.0.1", "10.2.0.1"))
#define assert_counts(sim, host, ikes, children)                                                             \
    do {                                                                                                     \
        assert_int_equal(sim_ike_count(sim, host), ikes);                                                    \
        assert_int_equal(sim_child_count(sim, host), children);                                              \
        assert_int_equal(sim_plane_sa_count(sim, host), 2 * (children));                                     \
    } while (0)
#define assert_both_have(sim, ikes, children)                                                                \
    do {                                                                                                     \
        assert_counts(sim, "east", ikes, children);                                                          \
        assert_counts(sim, "west", ikes, children);                                                          \
    } while (0)
#define assert_settles(sim) assert_true(sim_settle(sim, minutes(10)))
#define assert_ends_well(sim) assert_true(sim_end(sim))
#define assert_established(sim)                                                                              \
    do {                                                                                                     \
        assert_up(sim, "east");                                                                              \
        assert_settles(sim);                                                                                 \
        assert_both_have(sim, 1, 1);                                                                         \
    } while (0)

/* An established tunnel. */
static inline struct sim *established_with(const char *words)
{
    struct sim *sim = gateways_with(words);
    assert_established(sim);
    return sim;
}

static inline struct sim *established(void)
{
    return established_with(TUNNEL);
}

/* All, or those that the first argument names (with * and ?). */
static inline void choose_scenarios(int argument_count, char **arguments)
{
    if (argument_count > 1)
        cmocka_set_test_filter(arguments[1]);
}

#endif
