/* Neighbour discovery passes as long as there are policies of IPv6: what the kernel is told, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>

#include "kernel/neighbour_bypass.h"

static size_t put_count, removed_count;
static struct packet_selector last_put;

static void put_bypass(struct kernel_plane *plane, const struct packet_selector *selector, bool is_there)
{
    (void)plane;
    if (is_there) {
        put_count++;
        last_put = *selector;
    } else {
        removed_count++;
    }
}

static const struct plane_policies policies = {.put_bypass = put_bypass};

static struct kernel_plane plane_at_rest(void)
{
    put_count = removed_count = 0;
    return (struct kernel_plane){.kernel_policies = &policies};
}

static struct policy_slot slot_of(enum ip_family family)
{
    struct policy_slot slot;
    memset(&slot, 0, sizeof(slot));
    slot.key.selector.source.address.family = slot.key.selector.destination.address.family = (uint8_t)family;
    return slot;
}

static void come(struct kernel_plane *plane, struct policy_slot *slot)
{
    neighbour_bypass_before(plane, slot, true);
    slot->installed = 1;
    neighbour_bypass_after(plane, slot, false);
}

static void go(struct kernel_plane *plane, struct policy_slot *slot)
{
    neighbour_bypass_before(plane, slot, false);
    slot->installed = 0;
    neighbour_bypass_after(plane, slot, true);
}

static void it_is_there_from_the_first_policy_of_ipv6_to_the_last(void **state)
{
    (void)state;
    struct kernel_plane plane = plane_at_rest();
    struct policy_slot old = slot_of(IP_V4), first = slot_of(IP_V6), second = slot_of(IP_V6);
    come(&plane, &old);
    assert_int_equal(put_count, 0);
    come(&plane, &first);
    size_t all = put_count;
    assert_true(all > 0);
    come(&plane, &second);
    go(&plane, &first);
    assert_int_equal(put_count, all);
    assert_int_equal(removed_count, 0);
    go(&plane, &second);
    assert_int_equal(removed_count, all);
}

static struct policy_slot slot_of_solicitations(void)
{
    struct policy_slot slot = slot_of(IP_V6);
    slot.key.selector.protocol = IPPROTO_ICMPV6;
    slot.key.selector.source_port = ND_NEIGHBOR_SOLICIT;
    slot.key.selector.source_mask = UINT16_MAX;
    return slot;
}

static void it_is_put_again_when_a_connection_leaves_its_place(void **state)
{
    (void)state;
    struct kernel_plane plane = plane_at_rest();
    struct policy_slot other = slot_of(IP_V6), same = slot_of_solicitations();
    come(&plane, &other);
    come(&plane, &same);
    size_t before = put_count;
    go(&plane, &same);
    assert_int_equal(put_count, before + 1);
    assert_memory_equal(&last_put, &same.key.selector, sizeof(last_put));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_there_from_the_first_policy_of_ipv6_to_the_last),
        cmocka_unit_test(it_is_put_again_when_a_connection_leaves_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
