/* Policies that somebody has flushed are made anew at once, and once. No kernel is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <stdlib.h>

#include "kernel/xfrm.h"

static size_t installed_count, sent_count;

void __wrap_xfrm_link_flush(struct xfrm_link *link);
void __wrap_xfrm_link_flush(struct xfrm_link *link)
{
    (void)link;
    sent_count = installed_count;
}

static void ignore_line(void *context, const char *line)
{
    (void)context;
    (void)line;
}

static void install(void *context, struct policy_slot *slot, struct claimed_policy *best)
{
    (void)context;
    (void)slot;
    (void)best;
    installed_count++;
}

static void free_policy(void *context, struct claimed_policy *policy)
{
    (void)context;
    free(policy);
}

static void add_policy(struct backend *backend)
{
    struct ip_prefix here = {.length = 24}, there = {.length = 24};
    struct claimed_policy *policy = calloc(1, sizeof(*policy));
    assert_true(address_parse("10.1.0.0", &here.address, NULL));
    assert_true(address_parse("10.2.0.0", &there.address, NULL));
    struct selector local = selector_of_prefix(&here, 0, 0), remote = selector_of_prefix(&there, 0, 0);
    const struct kernel_policy wanted = {.policy_id = 7,
                                         .local_selectors = &local,
                                         .local_count = 1,
                                         .remote_selectors = &remote,
                                         .remote_count = 1};
    policy->policy_id = 7;
    assert_null(policy_slots_set(&backend->plane.policies, policy, &wanted));
}

static void tell_of_flush(struct backend *backend)
{
    uint8_t buffer[64] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = XFRM_MSG_FLUSHPOLICY;
    xfrm_event(backend, message);
}

static void policies_are_made_anew_once_for_all_flushes_that_were_read(void **state)
{
    static struct backend backend;
    (void)state;
    backend.plane.settings.log = ignore_line;
    backend.plane.policies.install = install;
    backend.plane.policies.free_policy = free_policy;
    backend.plane.policies.context = &backend;
    assert_true(event_queue_init(&backend.plane.events, NULL) && policy_slots_init(&backend.plane.policies));
    add_policy(&backend);
    size_t before = installed_count;
    xfrm_restore_policies(&backend);
    assert_int_equal(installed_count, before);
    tell_of_flush(&backend);
    tell_of_flush(&backend);
    xfrm_restore_policies(&backend);
    assert_int_equal(installed_count, before + 1);
    assert_int_equal(sent_count, installed_count); /* nobody else may come to send them for a long time */
    xfrm_restore_policies(&backend);
    assert_int_equal(installed_count, before + 1);
    policy_slots_free(&backend.plane.policies);
    event_queue_free(&backend.plane.events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_are_made_anew_once_for_all_flushes_that_were_read)};
    return cmocka_run_group_tests_name("xfrm_event", tests, NULL, NULL);
}
