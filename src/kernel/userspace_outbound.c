/*
 * The outbound thread: host -> TUN -> policy -> SA (RFC 4301 5.1). What is to be protected goes on in
 * userspace_protect.c; it is sent when the TUN device is empty or the room is full.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/sockaddr.h"
#include "esp/reassembly.h"
#include "kernel/device_watch.h"
#include "kernel/userspace_protect.h"

enum {
    ACQUIRE_INTERVAL_USEC = 2000000,
    ACQUIRES_A_SECOND = 1000,
    PACKETS_BETWEEN_CHECKS = 64,
    RETRY_MSEC = 1000, /* while the device cannot be made anew */
};

struct outbound {
    struct backend *backend;
    struct protector protector;
    struct reassembly reassembly;
    uint64_t acquire_window_usec;
    unsigned acquire_count;
    uint8_t *tun_buffer;
    struct device_watch watch;
    bool has_lost_device, has_complained;
    uint64_t retry_usec; /* when the lost device is tried again */
};

/* No policy speaks of it: out as the host would have sent it without us, but not what was meant for the
 * device. */
static void pass_in_clear(struct outbound *out, const struct gso *gso, const struct ip_packet *ip)
{
    const struct socket_set *sockets = &out->backend->sockets;
    bool is_v6 = ip->destination.family == IP_V6;
    bool is_link_local =
        is_v6 ? ip->destination.bytes[0] == 0xff || (load_be16(ip->destination.bytes) & 0xffc0) == 0xfe80
              : ip->destination.bytes[0] >= 224;
    int fd = is_v6 ? sockets->clear_v6 : sockets->clear_v4;
    if (fd < 0 || is_link_local)
        return;
    struct ip_endpoint to = {.address = ip->destination};
    struct sockaddr_storage address;
    socklen_t address_size_bytes = endpoint_to_sockaddr(&to, &address);
    uint8_t *room = protector_lend_arena(&out->protector);
    for (size_t i = 0; i < gso->count; i++) {
        gso_write_segment(gso, i, room);
        (void)sendto(fd, room, gso_segment_size(gso, i), MSG_DONTWAIT, (struct sockaddr *)&address,
                     address_size_bytes);
    }
}

/* Hosts behind us choose what meets traps: so many new ones a second are told, the others later. */
static bool may_tell(struct outbound *out)
{
    if (out->protector.now - out->acquire_window_usec >= 1000000) {
        out->acquire_window_usec = out->protector.now;
        out->acquire_count = 0;
    }
    return out->acquire_count++ < ACQUIRES_A_SECOND;
}

/* With the tables locked: tells the engine, at most every ACQUIRE_INTERVAL, and holds the packet. */
static void acquire(struct outbound *out, struct spd_policy *policy, const struct gso *gso,
                    const struct ip_packet *ip)
{
    held_add(&out->backend->held, policy->policy_id, out->protector.now, gso->packet, &gso->offload);
    if (out->protector.now < policy->acquire_after_usec || !may_tell(out))
        return;
    policy->acquire_after_usec = out->protector.now + ACQUIRE_INTERVAL_USEC;
    struct kernel_event event = {
        .kind = KERNEL_ACQUIRE,
        .policy_id = policy->policy_id,
        .packet_local = {.range = {ip->source, ip->source},
                         .protocol = ip->protocol,
                         .port_start = ip->has_ports ? ip->source_port : 0,
                         .port_end = ip->has_ports ? ip->source_port : UINT16_MAX},
        .packet_remote = {.range = {ip->destination, ip->destination},
                          .protocol = ip->protocol,
                          .port_start = ip->has_ports ? ip->destination_port : 0,
                          .port_end = ip->has_ports ? ip->destination_port : UINT16_MAX},
    };
    event_queue_push(&out->backend->events, &event);
}

/* With the tables locked: the SA to protect with and a copy of where it leads. */
static bool find_flow(struct outbound *out, const struct spd_policy *policy, struct flow *ret_flow)
{
    struct esp_sa *sa = sad_find_child(&out->backend->sad, policy->child_serial, true);
    if (sa == NULL || !esp_sa_is_usable(sa))
        return false;
    *ret_flow = (struct flow){
        .sa = esp_sa_ref(sa),
        .destination = {.local = sa->local,
                        .remote = sa->remote,
                        .udp_encapsulation = sa->udp_encapsulation,
                        .tcp_encapsulation = sa->tcp_encapsulation,
                        .may_fragment = sa->nopmtudisc,
                        .is_whole = bundle_has_ah(sa)},
    };
    return true;
}

/* Whether the SA takes no fragments, only whole packets. */
static bool needs_whole_packets(const struct esp_sa *sa)
{
    bool names_ports = false;
    for (size_t i = 0; i < (size_t)sa->local_count + sa->remote_count; i++)
        names_ports |= sa->selectors[i].port_start != 0 || sa->selectors[i].port_end != UINT16_MAX;
    return sa->is_transport || names_ports;
}

static void handle_parsed(struct outbound *out, const struct ip_packet *ip, struct bytes packet,
                          const struct offload *offload)
{
    struct gso gso;
    if (!gso_init(&gso, packet, offload))
        return;
    struct flow flow;
    pthread_mutex_lock(&out->backend->tables_lock);
    struct spd_policy *policy = spd_lookup(&out->backend->spd, ip);
    enum policy_action action = policy != NULL ? (enum policy_action)policy->action : POLICY_PASS;
    bool is_found = action == POLICY_PROTECT && find_flow(out, policy, &flow);
    if (action == POLICY_TRAP)
        acquire(out, policy, &gso, ip);
    pthread_mutex_unlock(&out->backend->tables_lock);
    if (action == POLICY_PASS)
        pass_in_clear(out, &gso, ip);
    if (!is_found)
        return;
    if (ip->is_fragment && needs_whole_packets(flow.sa) && reassembly_start(&out->reassembly, packet)) {
        esp_sa_unref(flow.sa);
        return;
    }
    protector_enter(&out->protector, &flow);
    protector_packet(&out->protector, &gso, ip);
}

/* What the host has sent in fragments may be sent so again. */
static void handle_reassembled(struct outbound *out, struct bytes packet)
{
    struct ip_packet ip;
    struct offload none = {.kind = OFFLOAD_NONE};
    if (packet.size == 0 || !ip_packet_parse(packet, &ip))
        return;
    ip.dont_fragment = false;
    handle_parsed(out, &ip, packet, &none);
}

static void handle_packet(struct outbound *out, struct bytes packet, const struct offload *offload)
{
    struct ip_packet ip;
    struct bytes whole;
    if (!ip_packet_parse(packet, &ip))
        return;
    packet.size = ip.total_size; /* nothing behind the packet goes out */
    if (ip.is_fragment && reassembly_continue(&out->reassembly, packet, &whole))
        handle_reassembled(out, whole);
    else
        handle_parsed(out, &ip, packet, offload);
}

/* Held packets whose policy traps no longer go the way that it leads now. */
static void retry_held(struct outbound *out)
{
    struct backend *backend = out->backend;
    struct list_node ready;
    list_init(&ready);
    pthread_mutex_lock(&backend->tables_lock);
    struct list_node *node = backend->held.list.next;
    while (node != &backend->held.list) {
        uint64_t policy_id = CONTAINER_OF(node, struct held_packet, node)->policy_id;
        const struct spd_policy *policy = spd_find(&backend->spd, policy_id);
        if (policy != NULL && policy->action == POLICY_TRAP) {
            node = node->next;
            continue;
        }
        held_take(&backend->held, policy_id, &ready);
        node = backend->held.list.next;
    }
    pthread_mutex_unlock(&backend->tables_lock);
    LIST_EACH(&ready, taken)
    {
        struct held_packet *packet = CONTAINER_OF(taken, struct held_packet, node);
        handle_packet(out, bytes_of(packet->data, packet->size), &packet->offload);
        free(packet);
    }
}

static void say(const struct outbound *out, const char *format, const char *reason)
{
    char what[160], line[200];
    snprintf(what, sizeof(what), format, reason);
    snprintf(line, sizeof(line), "the device %s %s", out->backend->tun.name, what);
    out->backend->settings.log(out->backend->settings.context, line);
}

/* Somebody has deleted it, and our routes with it; beneath them are barriers (shared_routes.h). */
static void replace_device(struct outbound *out)
{
    struct error error = {0};
    if (tun_is_there(&out->backend->tun))
        return;
    out->has_lost_device = !tun_reopen(&out->backend->tun, &error);
    if (out->has_lost_device) {
        out->retry_usec = userspace_now(out->backend) + RETRY_MSEC * 1000;
        if (!out->has_complained)
            say(out, "is gone and cannot be made anew (%.60s): tunnels carry nothing; it is tried again",
                error.text);
        out->has_complained = true;
        return;
    }
    out->has_complained = false;
    (void)device_watch_read(&out->watch); /* of the old one, and of the new one's birth */
    out->watch.is_up = true;
    router_restore(out->backend->router);
    say(out, "was gone and is made anew%s", ", with its addresses and routes");
}

/* What others have done to it, to addresses and to rules. */
static void look_after_device(struct outbound *out)
{
    struct device_news news = device_watch_read(&out->watch);
    if (news.has_vanished && !out->has_lost_device)
        replace_device(out);
    if (news.went_down && !news.has_vanished)
        say(out, "%s: packets for tunnels are refused until it is up again", "was taken down");
    if (news.came_up)
        say(out, "is up again%s", "");
    if (news.came_up || news.may_lack_routes) {
        router_restore(out->backend->router);
        return;
    }
    if (news.may_lack_rules)
        router_restore_rules(out->backend->router);
    for (size_t i = 0; i < news.lost_count; i++)
        router_restore_source(out->backend->router, &news.lost_addresses[i]);
}

/* Reads until the device is empty or it is time to look at other things; true: it is empty. */
static bool read_packets(struct outbound *out)
{
    for (int i = 0; i < PACKETS_BETWEEN_CHECKS; i++) {
        struct bytes packet;
        struct offload offload;
        enum tun_read_result result = out->has_lost_device
                                          ? TUN_EMPTY
                                          : tun_read(&out->backend->tun, out->tun_buffer, &packet, &offload);
        if (result == TUN_FAILED)
            replace_device(out);
        if (result != TUN_PACKET)
            return true;
        handle_packet(out, packet, &offload);
    }
    return false;
}

static void wait_for_work(struct outbound *out)
{
    int device = out->has_lost_device ? -1 : out->backend->tun.fd;
    struct pollfd wanted[3] = {{.fd = device, .events = POLLIN},
                               {.fd = out->backend->outbound.wake_fd, .events = POLLIN},
                               {.fd = device_watch_fd(&out->watch), .events = POLLIN}};
    (void)poll(wanted, ARRAY_SIZE(wanted), out->has_lost_device ? RETRY_MSEC : -1);
    if (out->has_lost_device && userspace_now(out->backend) >= out->retry_usec)
        replace_device(out);
    if (wanted[2].revents != 0)
        look_after_device(out);
    if (wanted[1].revents == 0)
        return;
    eventfd_t count;
    (void)!eventfd_read(out->backend->outbound.wake_fd, &count);
    out->protector.now = userspace_now(out->backend);
    retry_held(out);
}

static bool outbound_open(struct outbound *out, struct backend *backend)
{
    *out = (struct outbound){
        .backend = backend,
        .tun_buffer = malloc(TUN_HEADER_SIZE + TUN_PACKET_MAX + PROTECTOR_TRAILING_MAX),
    };
    bool is_open = protector_open(&out->protector, backend);
    if (out->tun_buffer == NULL)
        return false;
    out->protector.writable_packet = out->tun_buffer + TUN_HEADER_SIZE;
    device_watch_open(&out->watch, backend->tun.interface_index, router_port(backend->router));
    return is_open;
}

static void outbound_close(struct outbound *out)
{
    device_watch_close(&out->watch);
    protector_close(&out->protector);
    reassembly_free(&out->reassembly);
    free(out->tun_buffer);
}

void *userspace_outbound_run(void *argument)
{
    struct backend *backend = argument;
    struct outbound *out = malloc(sizeof(*out));
    bool is_ready = out != NULL && outbound_open(out, backend);
    if (!is_ready)
        backend->settings.log(backend->settings.context,
                              "ERROR: the data plane cannot send: out of memory; restart pluto");
    while (is_ready && !__atomic_load_n(&backend->is_closing, __ATOMIC_ACQUIRE)) {
        out->protector.now = userspace_now(backend);
        bool is_empty = read_packets(out);
        protector_flush(&out->protector);
        if (is_empty) {
            /* An idle thread keeps no deleted SA's keys alive. */
            protector_leave(&out->protector);
            wait_for_work(out);
        }
    }
    if (out != NULL)
        outbound_close(out);
    free(out);
    return NULL;
}
