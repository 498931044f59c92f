/* An SA that moves is made anew from what the kernel tells of the one that it deleted, unless that will not
 * do. No kernel is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "kernel/netlink_attributes.h"
#include "kernel/xfrm_migrate.h"
#include "kernel/xfrm_selector.h"

enum { CHILD = 7, SPI = 0x1000, KEY_SIZE = 20, MESSAGE_SIZE = 1024 };

static size_t lost_count;

unsigned __wrap_mnl_socket_get_portid(const struct mnl_socket *socket);
unsigned __wrap_mnl_socket_get_portid(const struct mnl_socket *socket)
{
    (void)socket;
    return 1;
}

static void ignore_line(void *context, const char *line)
{
    (void)context;
    (void)line;
}

static void note(void *context, const struct kernel_event *event)
{
    (void)context;
    assert_int_equal(event->kind, KERNEL_LOST);
    assert_int_equal(event->child_serial, CHILD);
    lost_count++;
}

static void open_backend(struct backend *backend)
{
    struct ip_endpoint here = {.port = 500}, there = {.port = 500};
    struct xfrm_sa *sa = calloc(1, sizeof(*sa));
    assert_true(address_parse("192.0.2.1", &here.address, NULL));
    assert_true(address_parse("192.0.2.99", &there.address, NULL));
    lost_count = 0;
    memset(backend, 0, sizeof(*backend));
    backend->plane.settings.log = ignore_line;
    backend->link.batch = calloc(1, XFRM_BATCH_SIZE);
    list_init(&backend->plane.sas);
    assert_true(event_queue_init(&backend->plane.events, NULL));
    assert_true(hash_table_init(&backend->plane.sas_by_child) && hash_table_init(&backend->plane.sas_by_spi));
    sa->layers = (struct xfrm_layers){.count = 1, .at = {{IPPROTO_ESP, MODE_TUNNEL, SPI}}};
    assert_true(plane_sa_remember(&backend->plane, &sa->common,
                                  &(struct kernel_sa){.child_serial = CHILD,
                                                      .direction = SA_OUTBOUND,
                                                      .mode = MODE_TUNNEL,
                                                      .spi = SPI,
                                                      .local = here,
                                                      .remote = there}));
}

static void close_backend(struct backend *backend)
{
    plane_sas_free(&backend->plane);
    event_queue_free(&backend->plane.events);
    free(backend->link.batch);
}

/* What the kernel tells: an SA to 192.0.2.2 that has sent nine packets. */
static struct nlmsghdr *deleted(uint8_t *buffer, uint8_t key)
{
    uint8_t algorithm[sizeof(struct xfrm_algo_aead) + KEY_SIZE] = "rfc4106(gcm(aes))";
    struct xfrm_usersa_info info = {.id = {.spi = htonl(SPI), .proto = IPPROTO_ESP},
                                    .curlft = {.packets = 9}};
    struct xfrm_replay_state replay = {.oseq = 9};
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = XFRM_MSG_DELSA;
    mnl_nlmsg_put_extra_header(message, sizeof(struct xfrm_usersa_id));
    info.id.daddr.a4 = htonl(0xc0000202);
    memset(algorithm + sizeof(struct xfrm_algo_aead), key, KEY_SIZE);
    mnl_attr_put(message, XFRMA_SA, sizeof(info), &info);
    mnl_attr_put(message, XFRMA_ALG_AEAD, sizeof(algorithm), algorithm);
    mnl_attr_put(message, XFRMA_REPLAY_VAL, sizeof(replay), &replay);
    return message;
}

static void make_anew(struct backend *backend, const struct nlmsghdr *reply)
{
    const struct kernel_ticket ticket = {
        .child_serial = CHILD, .direction = SA_OUTBOUND, .purpose = XFRM_PURPOSE_MOVE};
    xfrm_sa_make_anew(backend, &ticket, reply);
    event_queue_drain(&backend->plane.events, note, NULL);
}

static void assert_is_moved(const struct nlmsghdr *message, uint16_t type)
{
    struct xfrm_usersa_info info;
    struct nlattr *attribute;
    uint32_t last_number = 0;
    memcpy(&info, mnl_nlmsg_get_payload(message), sizeof(info));
    assert_int_equal(message->nlmsg_type, type);
    assert_int_equal(ntohl(info.id.daddr.a4), 0xc0000263);
    assert_int_equal(info.id.spi, htonl(SPI));
    NETLINK_ATTRIBUTES(attribute, message, sizeof(info))
    {
        struct xfrm_replay_state replay;
        if (mnl_attr_get_type(attribute) != XFRMA_REPLAY_VAL)
            continue;
        memcpy(&replay, mnl_attr_get_payload(attribute), sizeof(replay));
        last_number = replay.oseq;
    }
    assert_int_equal(last_number, 9);
}

static void it_goes_on_with_its_numbers_at_its_new_address(void **state)
{
    (void)state;
    struct backend backend;
    uint8_t buffer[MESSAGE_SIZE] __attribute__((aligned(8))) = {0};
    open_backend(&backend);
    make_anew(&backend, deleted(buffer, 0x5a));
    assert_int_equal(lost_count, 0);
    assert_int_equal(backend.link.ticket_count, 2);
    const struct nlmsghdr *first = (const void *)backend.link.batch;
    assert_is_moved(first, XFRM_MSG_NEWSA);
    assert_is_moved((const void *)(backend.link.batch + NLMSG_ALIGN(first->nlmsg_len)), XFRM_MSG_UPDSA);
    close_backend(&backend);
}

/* What protects nothing is not made. */
static void without_its_keys_it_is_lost(void **state)
{
    (void)state;
    struct backend backend;
    uint8_t buffer[MESSAGE_SIZE] __attribute__((aligned(8))) = {0};
    open_backend(&backend);
    make_anew(&backend, deleted(buffer, 0));
    assert_int_equal(lost_count, 1);
    assert_int_equal(backend.link.ticket_count, 0);
    close_backend(&backend);
}

static void without_the_kernels_word_it_is_lost(void **state)
{
    (void)state;
    struct backend backend;
    open_backend(&backend);
    make_anew(&backend, NULL);
    assert_int_equal(lost_count, 1);
    assert_int_equal(backend.link.ticket_count, 0);
    close_backend(&backend);
}

static struct xfrm_sa elsewhere(const struct xfrm_sa *sa)
{
    struct xfrm_sa moved = *sa;
    assert_true(address_parse("192.0.2.77", &moved.common.remote.address, NULL));
    moved.common.remote.port = 4501;
    moved.common.udp_encapsulation = true;
    return moved;
}

/* Offsets are those of linux/xfrm.h of kernels that have it. */
static void a_kernel_that_can_is_told_the_spi_and_both_places(void **state)
{
    (void)state;
    struct backend backend;
    open_backend(&backend);
    const struct xfrm_sa *sa = xfrm_sa_of_child(&backend, CHILD, SA_OUTBOUND);
    const struct xfrm_sa moved = elsewhere(sa);
    const struct kernel_ticket ticket = {.child_serial = CHILD, .purpose = XFRM_PURPOSE_MIGRATE};
    xfrm_migrate_send(&backend, sa, &moved, &ticket);
    const struct nlmsghdr *message = (const void *)backend.link.batch;
    const uint8_t *header = mnl_nlmsg_get_payload(message);
    enum { SIZE = 132, SPI_AT = 16, NEW_DESTINATION_AT = 24, NEW_SOURCE_AT = 40, FAMILY_AT = 128 };
    uint16_t family;
    assert_int_equal(message->nlmsg_type, 0x29);
    assert_int_equal(load_be32(header), 0xc0000263);
    assert_int_equal(load_be32(header + SPI_AT), SPI);
    assert_int_equal(load_be32(header + NEW_DESTINATION_AT), 0xc000024d);
    assert_int_equal(load_be32(header + NEW_SOURCE_AT), 0xc0000201);
    memcpy(&family, header + FAMILY_AT, sizeof(family));
    assert_int_equal(family, AF_INET);
    assert_int_equal(mnl_attr_get_type((const void *)(header + SIZE)), XFRMA_ENCAP);
    close_backend(&backend);
}

static void a_kernel_that_cannot_is_asked_once(void **state)
{
    (void)state;
    static const int refusals[] = {EINVAL, ENOPROTOOPT};
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
        struct backend backend;
        const struct kernel_ticket ticket = {.child_serial = CHILD, .purpose = XFRM_PURPOSE_MIGRATE};
        open_backend(&backend);
        const struct xfrm_sa *sa = xfrm_sa_of_child(&backend, CHILD, SA_OUTBOUND);
        const struct xfrm_sa moved = elsewhere(sa);
        assert_true(xfrm_migrate_is_for(&backend, sa, &moved));
        xfrm_migrate_answered(&backend, &ticket, ESRCH);
        assert_false(backend.has_migrated);
        assert_true(xfrm_migrate_is_for(&backend, sa, &moved));
        xfrm_migrate_answered(&backend, &ticket, refusals[i]);
        assert_false(xfrm_migrate_is_for(&backend, sa, &moved));
        close_backend(&backend);
    }
}

static void bundles_transport_mode_and_streams_are_made_anew(void **state)
{
    (void)state;
    struct backend backend;
    open_backend(&backend);
    const struct xfrm_sa *sa = xfrm_sa_of_child(&backend, CHILD, SA_OUTBOUND);
    struct xfrm_sa bundle = elsewhere(sa), transport = bundle, stream = bundle, card = bundle;
    bundle.layers.count = 2;
    transport.common.mode = MODE_TRANSPORT;
    stream.tcp_encapsulation = true;
    card.nic_offload = NIC_OFFLOAD_CRYPTO;
    assert_false(xfrm_migrate_is_for(&backend, sa, &bundle));
    assert_false(xfrm_migrate_is_for(&backend, sa, &transport));
    assert_false(xfrm_migrate_is_for(&backend, sa, &stream));
    assert_false(xfrm_migrate_is_for(&backend, sa, &card));
    close_backend(&backend);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_that_can_is_told_the_spi_and_both_places),
        cmocka_unit_test(a_kernel_that_cannot_is_asked_once),
        cmocka_unit_test(bundles_transport_mode_and_streams_are_made_anew),
        cmocka_unit_test(it_goes_on_with_its_numbers_at_its_new_address),
        cmocka_unit_test(without_its_keys_it_is_lost),
        cmocka_unit_test(without_the_kernels_word_it_is_lost),
    };
    return cmocka_run_group_tests_name("xfrm_sa_move", tests, NULL, NULL);
}
