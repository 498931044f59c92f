/* What the kernel is told of each state: addresses, flags, algorithms, replay windows (linux/xfrm.h). */
#include "kernel/xfrm_state.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "kernel/backend.h"
#include "kernel/xfrm_algorithm.h"
#include "kernel/xfrm_per_cpu.h"
#include "kernel/xfrm_selector.h"

enum { BITS_PER_BYTE = 8, WORD_BITS = 32, PLAIN_REPLAY_WINDOW_MAX = 32, LEAST_ESN_WINDOW = 32 };

struct xfrm_layers xfrm_layers_of(const struct kernel_sa *sa)
{
    struct xfrm_layers layers = {.count = 0};
    enum sa_mode mode = sa->mode;
    if (sa->compression_cpi != 0) {
        layers.at[layers.count++] = (struct xfrm_layer){IPPROTO_COMP, mode, sa->compression_cpi};
        mode = MODE_TRANSPORT;
    }
    layers.main = layers.count;
    layers.at[layers.count++] =
        (struct xfrm_layer){sa->protocol == PROTOCOL_AH ? IPPROTO_AH : IPPROTO_ESP, mode, sa->spi};
    if (sa->outer_ah_spi != 0)
        layers.at[layers.count++] = (struct xfrm_layer){IPPROTO_AH, MODE_TRANSPORT, sa->outer_ah_spi};
    return layers;
}

static const struct ip_endpoint *source_of(const struct kernel_sa *sa)
{
    return sa->direction == SA_INBOUND ? &sa->remote : &sa->local;
}

static const struct ip_endpoint *destination_of(const struct kernel_sa *sa)
{
    return sa->direction == SA_INBOUND ? &sa->local : &sa->remote;
}

static uint64_t limit_of(uint64_t value)
{
    return value == UINT64_MAX ? XFRM_INF : value;
}

/* In transport mode the states themselves name the traffic, as far as one selector can. */
static struct xfrm_selector traffic_of(const struct kernel_sa *sa)
{
    struct xfrm_selector traffic = {0};
    size_t count = 0;
    bool is_one = sa->mode == MODE_TRANSPORT && sa->local_count == 1 && sa->remote_count == 1;
    bool is_inbound = sa->direction == SA_INBOUND;
    struct packet_selector *list =
        is_one ? packet_selectors_between(is_inbound ? sa->remote_selectors : sa->local_selectors,
                                          is_inbound ? sa->local_selectors : sa->remote_selectors, &count)
               : NULL;
    if (count == 1)
        traffic = xfrm_selector_of(&list[0]);
    free(list);
    return traffic;
}

/* The limits are those of the Child SA, told once. */
static struct xfrm_lifetime_cfg limits_of(const struct kernel_sa *sa, bool is_main)
{
    if (!is_main)
        return (struct xfrm_lifetime_cfg){XFRM_INF, XFRM_INF, XFRM_INF, XFRM_INF, 0, 0, 0, 0};
    return (struct xfrm_lifetime_cfg){.soft_byte_limit = limit_of(sa->soft_bytes),
                                      .hard_byte_limit = limit_of(sa->hard_bytes),
                                      .soft_packet_limit = limit_of(sa->soft_packets),
                                      .hard_packet_limit = limit_of(sa->hard_packets)};
}

/* All of a bundle in tunnel mode may meet packets of either family. The kernel pads AH to eight bytes unless
 * it is told that four are right with IPv4 (RFC 4302 3.3.3.2.1). */
static uint8_t flags_of(const struct kernel_sa *sa, const struct xfrm_layer *layer, uint16_t family)
{
    bool is_ah = layer->protocol == IPPROTO_AH, is_ipcomp = layer->protocol == IPPROTO_COMP;
    return (uint8_t)((sa->mode == MODE_TUNNEL ? XFRM_STATE_AF_UNSPEC : 0) |
                     (sa->decap_dscp && !sa->has_cpu ? XFRM_STATE_DECAP_DSCP : 0) |
                     (sa->nopmtudisc ? XFRM_STATE_NOPMTUDISC : 0) |
                     (sa->esn && !is_ipcomp ? XFRM_STATE_ESN : 0) |
                     (is_ah && family == AF_INET ? XFRM_STATE_ALIGN4 : 0));
}

void xfrm_state_describe(const struct kernel_sa *sa, const struct xfrm_layers *layers, size_t index,
                         uint32_t sequence, struct xfrm_usersa_info *info)
{
    const struct xfrm_layer *layer = &layers->at[index];
    const struct ip_endpoint *source = source_of(sa), *destination = destination_of(sa);
    bool has_bitmap = sa->esn || sa->replay_window > PLAIN_REPLAY_WINDOW_MAX;
    bool has_window = !has_bitmap && sa->direction == SA_INBOUND && layer->protocol != IPPROTO_COMP;
    *info = (struct xfrm_usersa_info){
        .sel = traffic_of(sa),
        .id = {.daddr = xfrm_address_of(&destination->address),
               .spi = htonl(layer->spi),
               .proto = layer->protocol},
        .saddr = xfrm_address_of(&source->address),
        .lft = limits_of(sa, index == layers->main),
        .seq = sequence,
        .reqid = sa->reqid,
        .family = xfrm_family_of(&destination->address),
        .mode = layer->mode == MODE_TUNNEL ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT,
        .replay_window = has_window ? (uint8_t)sa->replay_window : 0,
    };
    info->flags = flags_of(sa, layer, info->family);
}

static void put_aead(struct nlmsghdr *message, const struct kernel_sa *sa, const char *name)
{
    uint8_t buffer[sizeof(struct xfrm_algo_aead) + CIPHER_KEY_MAX] = {0};
    struct xfrm_algo_aead *algorithm = (struct xfrm_algo_aead *)(void *)buffer;
    size_t size = packet_encr_key_size(sa->encr, sa->encr_key_bits);
    snprintf(algorithm->alg_name, sizeof(algorithm->alg_name), "%s", name);
    algorithm->alg_key_len = (unsigned)(size * BITS_PER_BYTE);
    algorithm->alg_icv_len = sa->encr->icv_size * BITS_PER_BYTE;
    memcpy(buffer + sizeof(*algorithm), sa->encr_key, size);
    mnl_attr_put(message, XFRMA_ALG_AEAD, sizeof(*algorithm) + size, buffer);
    secret_wipe(buffer, sizeof(buffer));
}

static void put_cipher(struct nlmsghdr *message, const struct kernel_sa *sa, const char *name)
{
    uint8_t buffer[sizeof(struct xfrm_algo) + CIPHER_KEY_MAX] = {0};
    struct xfrm_algo *algorithm = (struct xfrm_algo *)(void *)buffer;
    size_t size = packet_encr_key_size(sa->encr, sa->encr_key_bits);
    snprintf(algorithm->alg_name, sizeof(algorithm->alg_name), "%s", name);
    algorithm->alg_key_len = (unsigned)(size * BITS_PER_BYTE);
    memcpy(buffer + sizeof(*algorithm), sa->encr_key, size);
    mnl_attr_put(message, XFRMA_ALG_CRYPT, sizeof(*algorithm) + size, buffer);
    secret_wipe(buffer, sizeof(buffer));
}

static void put_integrity(struct nlmsghdr *message, const struct algorithm *integ, const uint8_t *key)
{
    uint8_t buffer[sizeof(struct xfrm_algo_auth) + INTEG_KEY_MAX] = {0};
    struct xfrm_algo_auth *algorithm = (struct xfrm_algo_auth *)(void *)buffer;
    size_t size = packet_integ_key_size(integ);
    snprintf(algorithm->alg_name, sizeof(algorithm->alg_name), "%s", xfrm_algorithm_name(integ));
    algorithm->alg_key_len = (unsigned)(size * BITS_PER_BYTE);
    algorithm->alg_trunc_len = integ->icv_size * BITS_PER_BYTE;
    memcpy(buffer + sizeof(*algorithm), key, size);
    mnl_attr_put(message, XFRMA_ALG_AUTH_TRUNC, sizeof(*algorithm) + size, buffer);
    secret_wipe(buffer, sizeof(buffer));
}

static void put_compression(struct nlmsghdr *message)
{
    struct xfrm_algo algorithm = {.alg_name = "deflate"};
    mnl_attr_put(message, XFRMA_ALG_COMP, sizeof(algorithm), &algorithm);
}

static bool has_integrity(const struct algorithm *integ)
{
    return integ != NULL && integ->key_size != 0;
}

const struct algorithm *xfrm_state_unknown_algorithm(const struct kernel_sa *sa)
{
    const struct algorithm *used[] = {sa->encr, has_integrity(sa->integ) ? sa->integ : NULL,
                                      sa->outer_ah_spi != 0 ? sa->ah_integ : NULL};
    for (size_t i = 0; i < ARRAY_SIZE(used); i++)
        if (used[i] != NULL && xfrm_algorithm_name(used[i]) == NULL)
            return used[i];
    return NULL;
}

static void put_algorithms(struct nlmsghdr *message, const struct kernel_sa *sa,
                           const struct xfrm_layer *layer)
{
    if (layer->protocol == IPPROTO_COMP) {
        put_compression(message);
        return;
    }
    if (layer->protocol == IPPROTO_AH && sa->protocol != PROTOCOL_AH) {
        put_integrity(message, sa->ah_integ, sa->ah_integ_key);
        return;
    }
    if (sa->encr != NULL && sa->encr->is_aead)
        put_aead(message, sa, xfrm_algorithm_name(sa->encr));
    else if (sa->encr != NULL)
        put_cipher(message, sa, xfrm_algorithm_name(sa->encr));
    if (has_integrity(sa->integ))
        put_integrity(message, sa->integ, sa->integ_key);
}

static void put_replay_bitmap(struct nlmsghdr *message, const struct kernel_sa *sa)
{
    uint32_t window = sa->esn && sa->replay_window < LEAST_ESN_WINDOW ? LEAST_ESN_WINDOW : sa->replay_window;
    if (sa->has_cpu) /* which the kernel is told to be outbound: then it wants none */
        window = 0;
    struct xfrm_replay_state_esn state = {
        .bmp_len = (window + WORD_BITS - 1) / WORD_BITS,
        .replay_window = window,
    };
    uint8_t buffer[sizeof(state) + 4096 / BITS_PER_BYTE] = {0};
    size_t size = sizeof(state) + state.bmp_len * sizeof(uint32_t);
    if (size > sizeof(buffer))
        return;
    memcpy(buffer, &state, sizeof(state));
    mnl_attr_put(message, XFRMA_REPLAY_ESN_VAL, size, buffer);
}

void xfrm_state_put_encapsulation(struct nlmsghdr *message, bool is_tcp, uint16_t source_port,
                                  uint16_t destination_port)
{
    struct xfrm_encap_tmpl encapsulation = {
        .encap_type = is_tcp ? TCP_ENCAP_ESPINTCP : UDP_ENCAP_ESPINUDP,
        .encap_sport = htons(source_port),
        .encap_dport = htons(destination_port),
    };
    mnl_attr_put(message, XFRMA_ENCAP, sizeof(encapsulation), &encapsulation);
}

/* What comes out of an SA of a tunnel interface must not be routed into that interface again: it bears the
 * mark that our routing rules skip. */
static void put_interface(struct nlmsghdr *message, const struct kernel_sa *sa)
{
    if (sa->interface_id != 0)
        mnl_attr_put_u32(message, XFRMA_IF_ID, sa->interface_id);
    if (sa->direction == SA_INBOUND)
        return;
    mnl_attr_put_u32(message, XFRMA_SET_MARK, BACKEND_SOCKET_MARK);
    mnl_attr_put_u32(message, XFRMA_SET_MARK_MASK, UINT32_MAX);
}

void xfrm_state_put_details(struct nlmsghdr *message, const struct kernel_sa *sa,
                            const struct xfrm_layer *layer)
{
    bool is_ipcomp = layer->protocol == IPPROTO_COMP;
    bool checks_replays = sa->direction == SA_INBOUND && sa->replay_window > PLAIN_REPLAY_WINDOW_MAX;
    put_algorithms(message, sa, layer);
    if (!is_ipcomp && (sa->esn || checks_replays))
        put_replay_bitmap(message, sa);
    if ((sa->udp_encapsulation || sa->tcp_encapsulation) && layer->protocol == IPPROTO_ESP)
        xfrm_state_put_encapsulation(message, sa->tcp_encapsulation, source_of(sa)->port,
                                     destination_of(sa)->port);
    if (sa->interface_id != 0 || sa->serves_interface)
        put_interface(message, sa);
    if (sa->tfc_pad != 0 && layer->protocol == IPPROTO_ESP && layer->mode == MODE_TUNNEL)
        mnl_attr_put_u32(message, XFRMA_TFCPAD, sa->tfc_pad);
    xfrm_per_cpu_put_state(message, sa);
    if (!sa->encap_dscp)
        mnl_attr_put_u32(message, XFRMA_SA_EXTRA_FLAGS, XFRM_SA_XFLAG_DONT_ENCAP_DSCP);
}
