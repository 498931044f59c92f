/* Vendor ids: RFC 2408 3.16, RFC 3706 5.1, RFC 3947 3.1 and its drafts, draft-beaulieu-ike-xauth. */
#include "engine/ikev1/vendor_ids.h"
#include "engine/impair.h"
#include "engine/report.h"
#include "engine/strongswan_vendor_id.h"

static const struct {
    unsigned feature;
    uint8_t size; /* compared; what follows (a version, capabilities) does not matter */
    bool is_sent;
    bool is_natt;
    uint8_t id[16];
} vendor_ids[] = {
    {PEER_NATT_RFC,
     16,
     true,
     true, /* MD5 of "RFC 3947" */
     {0x4a, 0x13, 0x1c, 0x81, 0x07, 0x03, 0x58, 0x45, 0x5c, 0x57, 0x28, 0xf2, 0x0e, 0x95, 0x45, 0x2f}},
    {PEER_NATT_DRAFT,
     16,
     true,
     true, /* draft-ietf-ipsec-nat-t-ike-03 */
     {0x7d, 0x94, 0x19, 0xa6, 0x53, 0x10, 0xca, 0x6f, 0x2c, 0x17, 0x9d, 0x92, 0x15, 0x52, 0x9d, 0x56}},
    {PEER_NATT_DRAFT,
     16,
     true,
     true, /* draft-ietf-ipsec-nat-t-ike-02 and a line feed, as most have it */
     {0x90, 0xcb, 0x80, 0x91, 0x3e, 0xbb, 0x69, 0x6e, 0x08, 0x63, 0x81, 0xb5, 0xec, 0x42, 0x7b, 0x1f}},
    {PEER_NATT_DRAFT,
     16,
     true,
     true, /* draft-ietf-ipsec-nat-t-ike-02 */
     {0xcd, 0x60, 0x46, 0x43, 0x35, 0xdf, 0x21, 0xf8, 0x7c, 0xfd, 0xb2, 0xfc, 0x68, 0xb6, 0xa4, 0x48}},
    {PEER_NATT_OLD_DRAFT,
     16,
     true,
     true, /* draft-ietf-ipsec-nat-t-ike-01 */
     {0x16, 0xf6, 0xca, 0x16, 0xe4, 0xa4, 0x06, 0x6d, 0x83, 0x82, 0x1a, 0x0f, 0x0a, 0xea, 0xa8, 0x62}},
    {PEER_NATT_OLD_DRAFT,
     16,
     true,
     true, /* draft-ietf-ipsec-nat-t-ike-00 */
     {0x44, 0x85, 0x15, 0x2d, 0x18, 0xb6, 0xbb, 0xcd, 0x0b, 0xe8, 0xa8, 0x46, 0x95, 0x79, 0xdd, 0xcc}},
    {PEER_DPD,
     14,
     true,
     false, /* RFC 3706; version 1.0 follows */
     {0xaf, 0xca, 0xd7, 0x13, 0x68, 0xa1, 0xf1, 0xc9, 0x6b, 0x86, 0x96, 0xfc, 0x77, 0x57, 0x01, 0x00}},
    {PEER_FRAGMENTATION,
     16,
     false,
     false, /* MD5 of "FRAGMENTATION"; capabilities follow */
     {0x40, 0x48, 0xb7, 0xd5, 0x6e, 0xbc, 0xe8, 0x85, 0x25, 0xe7, 0xde, 0x7f, 0x00, 0xd6, 0xc2, 0xd3}},
    {PEER_XAUTH, 8, false, false, {0x09, 0x00, 0x26, 0x89, 0xdf, 0xd6, 0xb7, 0x12}},
    {PEER_UNITY,
     14,
     false,
     false,
     {0x12, 0xf5, 0xf2, 0x8c, 0x45, 0x71, 0x68, 0xa9, 0x70, 0x2d, 0x9f, 0xe2, 0x74, 0xcc, 0x01,
      0x00}}, /* 1.0 */
};

static unsigned natt_features_wanted(const struct engine *engine, const struct connection_spec *spec)
{
    unsigned rfc = spec->ikev1_natt & IKEV1_NATT_RFC ? PEER_NATT_RFC : 0;
    unsigned drafts = spec->ikev1_natt & IKEV1_NATT_DRAFTS ? PEER_NATT_DRAFT | PEER_NATT_OLD_DRAFT : 0;
    unsigned known = is_impaired(engine, IMPAIR_OLD_NATT_DRAFTS) ? PEER_NATT_OLD_DRAFT : PEER_NATT_ALL;
    return spec->encapsulation != ENCAPSULATION_NO ? (rfc | drafts) & known : 0;
}

static bool plane_takes(const struct engine *engine, unsigned feature)
{
    const struct plane_limits *limits = engine->settings.plane_limits;
    return (feature & PEER_NATT_OLD_DRAFT) == 0 || limits == NULL || !limits->lacks_non_ike_marker;
}

/* A responder says only what it has chosen: its answer shall not be larger than it has to be. */
static bool natt_is_offered(const struct engine *engine, const struct ike_sa *ike,
                            const struct connection_spec *spec, unsigned feature)
{
    if (!ike->is_initiator)
        return feature == ike->v1->natt;
    return (natt_features_wanted(engine, spec) & feature) != 0 && plane_takes(engine, feature);
}

void vendor_ids_build(const struct engine *engine, const struct ike_sa *ike, struct message_builder *builder)
{
    const struct connection_spec *spec = connection_by_serial(engine, ike->connection_serial)->spec;
    const char *own = engine->vendor_id ? engine->vendor_id : "Styx-" STYX_VERSION;
    if (spec->fake_strongswan)
        message_build_body(builder, ISAKMP_VENDOR_ID,
                           bytes_of(strongswan_vendor_id, STRONGSWAN_VENDOR_ID_SIZE));
    if (spec->send_vendorid)
        message_build_body(builder, ISAKMP_VENDOR_ID, bytes_of_text(own));
    for (size_t i = 0; i < ARRAY_SIZE(vendor_ids); i++) {
        bool is_wanted = vendor_ids[i].is_sent;
        if (vendor_ids[i].is_natt && !natt_is_offered(engine, ike, spec, vendor_ids[i].feature))
            is_wanted = false;
        if (vendor_ids[i].feature == PEER_FRAGMENTATION)
            is_wanted = spec->fragmentation;
        if (vendor_ids[i].feature == PEER_UNITY)
            is_wanted = spec->modecfg.cisco_unity || spec->modecfg.peer_is_cisco;
        if (vendor_ids[i].feature == PEER_XAUTH)
            is_wanted = spec->left.xauth_server || spec->left.xauth_client || spec->right.xauth_server ||
                        spec->right.xauth_client;
        if (is_wanted)
            message_build_body(builder, ISAKMP_VENDOR_ID,
                               bytes_of(vendor_ids[i].id, vendor_ids[i].feature == PEER_XAUTH ? 8 : 16));
    }
}

static unsigned feature_of(struct bytes id)
{
    for (size_t i = 0; i < ARRAY_SIZE(vendor_ids); i++)
        if (id.size >= vendor_ids[i].size && memcmp(id.data, vendor_ids[i].id, vendor_ids[i].size) == 0)
            return vendor_ids[i].feature;
    return 0;
}

static void choose_natt(struct engine *engine, struct ike_sa *ike, unsigned common)
{
    /* The best first; the numbers of drafts that are the same on the wire do not matter. */
    static const enum ikev1_peer_feature preference[] = {PEER_NATT_RFC, PEER_NATT_DRAFT, PEER_NATT_OLD_DRAFT};
    size_t best = 0;
    while (best < ARRAY_SIZE(preference) && (common & preference[best]) == 0)
        best++;
    ike->v1->natt = best < ARRAY_SIZE(preference) ? preference[best] : 0;
    if (ike->v1->natt == 0 || plane_takes(engine, ike->v1->natt))
        return;
    ike->v1->natt = 0;
    say_ike(engine, RC_LOG, ike, 0,
            "no NAT-Traversal: the peer knows only draft-ietf-ipsec-nat-t-ike-00 or -01, whose ESP in UDP on "
            "port "
            "500 protostack=%s cannot carry; protostack=userspace can",
            engine->settings.plane_limits->stack);
}

void vendor_ids_read(struct engine *engine, struct ike_sa *ike, const struct ikev1_message *message)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    for (unsigned i = 0; i < message->vendor_id_count; i++)
        ike->v1->peer_features |= feature_of(message->vendor_ids[i]);
    choose_natt(engine, ike, ike->v1->peer_features & natt_features_wanted(engine, connection->spec));
}
