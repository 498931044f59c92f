/* ESP and AH SAs: one block of memory each (RFC 4301 4.4.2). */
#include "esp/esp_sa.h"

#include <stdlib.h>

#include "base/secret.h"
#include "esp/ah.h"

enum { SELECTORS_MAX = 256 };

static bool spec_is_sound(const struct esp_sa_spec *spec, struct error *error)
{
    if (spec->is_ah && (spec->integ == NULL || spec->udp_encapsulation))
        return error_set(error, 0, "an AH SA needs an integrity algorithm and cannot pass a NAT");
    if (spec->outer_ah_spi != 0 && (spec->is_ah || spec->ah_integ == NULL || spec->udp_encapsulation))
        return error_set(error, 0, "AH around ESP needs an integrity algorithm and cannot pass a NAT");
    if (!spec->is_ah && spec->encr == NULL)
        return error_set(error, 0, "an ESP SA needs an encryption algorithm (it may be NULL)");
    bool is_authentic = spec->is_ah || spec->encr->is_aead || spec->integ != NULL || spec->outer_ah_spi != 0;
    if (!is_authentic)
        return error_set(error, 0, "%s needs an integrity algorithm", spec->encr->name);
    if (spec->replay_window > REPLAY_WINDOW_MAX)
        return error_set(error, 0, "a replay window of %u packets is above the limit of %u",
                         spec->replay_window, REPLAY_WINDOW_MAX);
    if (spec->local_count == 0 || spec->remote_count == 0 || spec->local_count > SELECTORS_MAX ||
        spec->remote_count > SELECTORS_MAX)
        return error_set(error, 0, "an SA needs 1 to %u selectors a side", SELECTORS_MAX);
    return true;
}

static void copy_plain_fields(struct esp_sa *sa, const struct esp_sa_spec *spec)
{
    sa->child_serial = spec->child_serial;
    sa->spi = spec->spi;
    sa->is_ah = spec->is_ah;
    sa->compression_cpi = spec->compression_cpi;
    sa->is_outbound = spec->is_outbound;
    sa->is_transport = spec->is_transport;
    sa->udp_encapsulation = spec->udp_encapsulation;
    sa->has_non_ike_marker = spec->has_non_ike_marker;
    sa->tcp_encapsulation = spec->tcp_encapsulation;
    sa->esn = spec->esn;
    sa->decap_dscp = spec->decap_dscp;
    sa->encap_dscp = spec->encap_dscp;
    sa->nopmtudisc = spec->nopmtudisc;
    sa->local = spec->local;
    sa->remote = sa->reported_remote = spec->remote;
    sa->soft_bytes = spec->soft_bytes;
    sa->hard_bytes = spec->hard_bytes;
    sa->soft_packets = spec->soft_packets;
    sa->hard_packets = spec->hard_packets;
    sa->local_count = (uint16_t)spec->local_count;
    sa->remote_count = (uint16_t)spec->remote_count;
}

static void set_cipher_sizes(struct esp_sa *sa)
{
    const struct algorithm *encr = sa->keys.encr;
    sa->iv_size = encr->iv_size;
    sa->icv_size = (uint8_t)packet_icv_size(encr, sa->keys.integ);
    sa->pad_to = encr->block_size > 4 ? encr->block_size : 4; /* RFC 4303 2.4: the trailer ends on 4 bytes */
}

/* Copies keys and selectors behind the struct. */
static void fill_tail(struct esp_sa *sa, const struct esp_sa_spec *spec, size_t bitmap_words)
{
    replay_init(&sa->replay, spec->is_outbound ? 0 : spec->replay_window, sa->tail);
    struct selector *selectors = (struct selector *)(void *)(sa->tail + bitmap_words);
    memcpy(selectors, spec->local_selectors, spec->local_count * sizeof(*selectors));
    memcpy(selectors + spec->local_count, spec->remote_selectors, spec->remote_count * sizeof(*selectors));
    sa->selectors = selectors;
    uint8_t *keys = (uint8_t *)(selectors + spec->local_count + spec->remote_count);
    if (sa->keys.encr_key_size > 0)
        memcpy(keys, spec->encr_key, sa->keys.encr_key_size);
    if (sa->keys.integ_key_size > 0)
        memcpy(keys + sa->keys.encr_key_size, spec->integ_key, sa->keys.integ_key_size);
    sa->keys.encr_key = keys;
    sa->keys.integ_key = keys + sa->keys.encr_key_size;
    sa->key_bytes = (uint16_t)(sa->keys.encr_key_size + sa->keys.integ_key_size);
}

/* AH runs as a cipher that encrypts nothing. */
static struct esp_keys keys_of(const struct esp_sa_spec *spec)
{
    const struct algorithm *encr = spec->is_ah ? algorithm_by_id(TRANSFORM_ENCR, ENCR_NULL) : spec->encr;
    const struct algorithm *integ = encr->is_aead ? NULL : spec->integ;
    /* A cipher with one key size may come without it (RFC 7296 3.3.5). */
    uint16_t key_bits = spec->encr_key_bits != 0 && !spec->is_ah ? spec->encr_key_bits : encr->key_bits[0];
    return (struct esp_keys){
        .encr = encr,
        .integ = integ,
        .encr_key_bits = key_bits,
        .encr_key_size = (uint8_t)packet_encr_key_size(encr, key_bits),
        .integ_key_size = (uint8_t)(integ != NULL ? packet_integ_key_size(integ) : 0),
        .covers_header = spec->is_ah,
    };
}

static struct esp_sa *sa_new(const struct esp_sa_spec *spec)
{
    struct esp_keys keys = keys_of(spec);
    size_t bitmap_words = spec->is_outbound ? 0 : replay_bitmap_blocks(spec->replay_window);
    size_t size = sizeof(struct esp_sa) + bitmap_words * sizeof(uint64_t) +
                  (spec->local_count + spec->remote_count) * sizeof(struct selector) + keys.encr_key_size +
                  keys.integ_key_size;
    struct esp_sa *sa = calloc(1, size);
    if (sa == NULL)
        return NULL;
    copy_plain_fields(sa, spec);
    sa->keys = keys;
    set_cipher_sizes(sa);
    fill_tail(sa, spec, bitmap_words);
    sa->references = 1;
    return sa;
}

/* The AH SA around `inner`; its limits are those of the inner one. */
static struct esp_sa *outer_ah_new(const struct esp_sa_spec *spec, struct esp_sa *inner)
{
    struct esp_sa_spec ah = *spec;
    ah.is_ah = true;
    ah.spi = spec->outer_ah_spi;
    ah.integ = spec->ah_integ;
    ah.integ_key = spec->ah_integ_key;
    ah.compression_cpi = 0;
    ah.is_transport = true;
    ah.soft_bytes = ah.hard_bytes = ah.soft_packets = ah.hard_packets = UINT64_MAX;
    struct esp_sa *sa = sa_new(&ah);
    if (sa != NULL)
        sa->bundle = inner;
    return sa;
}

struct esp_sa *esp_sa_new(const struct esp_sa_spec *spec, struct error *error)
{
    if (!spec_is_sound(spec, error))
        return NULL;
    struct esp_sa *sa = sa_new(spec);
    if (sa != NULL && spec->outer_ah_spi != 0) {
        sa->outer_ah = outer_ah_new(spec, sa);
        if (sa->outer_ah == NULL) {
            esp_sa_unref(sa);
            sa = NULL;
        }
    }
    if (sa == NULL)
        error_set(error, 0, "out of memory for an SA");
    return sa;
}

struct esp_sa *esp_sa_ref(struct esp_sa *sa)
{
    __atomic_add_fetch(&sa->references, 1, __ATOMIC_RELAXED);
    return sa;
}

void esp_sa_unref(struct esp_sa *sa)
{
    if (sa == NULL || __atomic_sub_fetch(&sa->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    esp_sa_unref(sa->outer_ah);
    esp_cipher_release(&sa->cipher, &sa->keys);
    secret_wipe((void *)(uintptr_t)sa->keys.encr_key, sa->key_bytes);
    free(sa);
}

/* The highest number that may be sent: the counter must not cycle (RFC 4303 3.3.3). */
static uint64_t last_sequence(const struct esp_sa *sa)
{
    return sa->esn ? UINT64_MAX - 1 : UINT32_MAX - 1;
}

enum esp_limit esp_sa_count(struct esp_sa *sa, size_t bytes, uint64_t now_usec)
{
    uint64_t total = sa->counters.bytes + bytes, packets = sa->counters.packets + 1;
    __atomic_store_n(&sa->counters.bytes, total, __ATOMIC_RELAXED);
    __atomic_store_n(&sa->counters.packets, packets, __ATOMIC_RELAXED);
    __atomic_store_n(&sa->counters.last_use_usec, now_usec, __ATOMIC_RELAXED);
    bool is_exhausted = sa->is_outbound && sa->sequence >= last_sequence(sa);
    if (!sa->is_hard_reached && (total >= sa->hard_bytes || packets >= sa->hard_packets || is_exhausted)) {
        sa->is_hard_reached = true;
        return ESP_LIMIT_HARD;
    }
    if (!sa->is_soft_reached && (total >= sa->soft_bytes || packets >= sa->soft_packets)) {
        sa->is_soft_reached = true;
        return ESP_LIMIT_SOFT;
    }
    return ESP_LIMIT_NONE;
}

bool esp_sa_is_usable(const struct esp_sa *sa)
{
    return !sa->is_hard_reached;
}

/* Whether the packet falls under any pair; `flip`: the packet comes from the remote side. */
static bool any_pair_matches(const struct esp_sa *sa, const struct ip_packet *packet, bool flip)
{
    const struct selector *local = sa->selectors, *remote = sa->selectors + sa->local_count;
    for (size_t i = 0; i < sa->local_count; i++) {
        for (size_t j = 0; j < sa->remote_count; j++) {
            if (flip ? ip_packet_matches(packet, &remote[j], &local[i])
                     : ip_packet_matches(packet, &local[i], &remote[j]))
                return true;
        }
    }
    return false;
}

bool esp_sa_allows_inbound(const struct esp_sa *sa, const struct ip_packet *packet)
{
    return any_pair_matches(sa, packet, true);
}

bool esp_sa_allows_outbound(const struct esp_sa *sa, const struct ip_packet *packet)
{
    return any_pair_matches(sa, packet, false);
}

size_t esp_payload_offset(const struct esp_sa *sa)
{
    return ESP_HEADER_SIZE + (size_t)sa->iv_size;
}

size_t esp_sealed_size(const struct esp_sa *sa, size_t payload_size)
{
    size_t padded = (payload_size + ESP_TRAILER_SIZE + sa->pad_to - 1) / sa->pad_to * sa->pad_to;
    return esp_payload_offset(sa) + padded + sa->icv_size;
}

size_t esp_inner_mtu(const struct esp_sa *sa, size_t path_mtu, enum ip_family outer, bool udp_encapsulation)
{
    size_t network = outer == IP_V6 ? IPV6_HEADER_SIZE : IPV4_HEADER_SIZE;
    const struct esp_sa *ah = sa->is_ah ? sa : sa->outer_ah;
    size_t fixed = network + (ah != NULL ? ah_header_size(ah, outer) : 0);
    if (!sa->is_ah)
        fixed += (udp_encapsulation ? UDP_HEADER_SIZE + esp_marker_size(sa) : 0) + esp_payload_offset(sa) +
                 sa->icv_size;
    if (path_mtu < fixed + sa->pad_to)
        return 0;
    size_t payload =
        sa->is_ah ? path_mtu - fixed : (path_mtu - fixed) / sa->pad_to * sa->pad_to - ESP_TRAILER_SIZE;
    /* In transport mode the packet's own IP header is the outer one. */
    return sa->is_transport ? payload + network : payload;
}
