/* The names of all counters: those of Libreswan's globalstatus. Numbers are of IANA's registries for IKEv1
 * and IKEv2. */
#include "engine/statistics.h"

#include "base/bytes.h"

static const struct counter_name ikev2_encr[] = {
    {3, "3DES"},
    {6, "CAST"},
    {11, "NULL"},
    {12, "AES_CBC"},
    {13, "AES_CTR"},
    {14, "AES_CCM_A"},
    {15, "AES_CCM_B"},
    {16, "AES_CCM_C"},
    {18, "AES_GCM_A"},
    {19, "AES_GCM_B"},
    {20, "AES_GCM_C"},
    {21, "NULL_AUTH_AES_GMAC"},
    {23, "CAMELLIA_CBC"},
    {24, "CAMELLIA_CTR"},
    {25, "CAMELLIA_CCM_A"},
    {26, "CAMELLIA_CCM_B"},
    {27, "CAMELLIA_CCM_C"},
    {28, "CHACHA20_POLY1305"},
};

static const struct counter_name ikev2_integ[] = {
    {1, "HMAC_MD5_96"},   {2, "HMAC_SHA1_96"},       {5, "AES_XCBC_96"},        {6, "HMAC_MD5_128"},
    {7, "HMAC_SHA1_160"}, {8, "AES_CMAC_96"},        {9, "AES_128_GMAC"},       {10, "AES_192_GMAC"},
    {11, "AES_256_GMAC"}, {12, "HMAC_SHA2_256_128"}, {13, "HMAC_SHA2_384_192"}, {14, "HMAC_SHA2_512_256"},
};

static const struct counter_name groups[] = {
    {1, "MODP768"},
    {2, "MODP1024"},
    {5, "MODP1536"},
    {14, "MODP2048"},
    {15, "MODP3072"},
    {16, "MODP4096"},
    {17, "MODP6144"},
    {18, "MODP8192"},
    {19, "ECP_256"},
    {20, "ECP_384"},
    {21, "ECP_521"},
    {22, "DH22"},
    {23, "DH23"},
    {24, "DH24"},
    {25, "ECP_192"},
    {26, "ECP_224"},
    {27, "BRAINPOOL_P224R1"},
    {28, "BRAINPOOL_P256R1"},
    {29, "BRAINPOOL_P384R1"},
    {30, "BRAINPOOL_P512R1"},
    {31, "CURVE25519"},
    {32, "CURVE448"},
};

static const struct counter_name ikev1_encr[] = {
    {5, "3DES_CBC"},        {6, "CAST_CBC"},        {7, "AES_CBC"},         {8, "CAMELLIA_CBC"},
    {13, "AES_CTR"},        {14, "AES_CCM_A"},      {15, "AES_CCM_B"},      {16, "AES_CCM_16"},
    {18, "AES_GCM_A"},      {19, "AES_GCM_B"},      {20, "AES_GCM_C"},      {23, "CAMELLIA_CTR"},
    {24, "CAMELLIA_CCM_A"}, {25, "CAMELLIA_CCM_B"}, {26, "CAMELLIA_CCM_C"},
};

static const struct counter_name ikev1_integ[] = {
    {1, "MD5"}, {2, "SHA1"}, {4, "SHA2_256"}, {5, "SHA2_384"}, {6, "SHA2_512"},
};

static const struct counter_name ikev2_esp_encr[] = {
    {16, "AES_CCM_16"},   {15, "AES_CCM_12"},        {14, "AES_CCM_8"},  {3, "3DES_CBC"},
    {24, "CAMELLIA_CTR"}, {23, "CAMELLIA_CBC"},      {20, "AES_GCM_16"}, {19, "AES_GCM_12"},
    {18, "AES_GCM_8"},    {13, "AES_CTR"},           {12, "AES_CBC"},    {21, "NULL_AUTH_AES_GMAC"},
    {11, "NULL"},         {28, "CHACHA20_POLY1305"},
};

static const struct counter_name ikev2_esp_integ[] = {
    {1, "HMAC_MD5_96"},        {2, "HMAC_SHA1_96"}, {14, "HMAC_SHA2_512_256"}, {13, "HMAC_SHA2_384_192"},
    {12, "HMAC_SHA2_256_128"}, {5, "AES_XCBC_96"},  {8, "AES_CMAC_96"},        {0, "NONE"},
};

static const struct counter_name ikev1_esp_encr[] = {
    {16, "AES_CCM_16"},   {15, "AES_CCM_12"}, {14, "AES_CCM_8"},          {3, "3DES_CBC"},
    {22, "CAMELLIA_CBC"}, {20, "AES_GCM_16"}, {19, "AES_GCM_12"},         {18, "AES_GCM_8"},
    {13, "AES_CTR"},      {12, "AES_CBC"},    {23, "NULL_AUTH_AES_GMAC"}, {11, "NULL"},
};

static const struct counter_name ikev1_esp_integ[] = {
    {1, "HMAC_MD5_96"},
    {2, "HMAC_SHA1_96"},
    {7, "HMAC_SHA2_512_256"},
    {6, "HMAC_SHA2_384_192"},
    {5, "HMAC_SHA2_256_128"},
    {9, "AES_XCBC_96"},
    {0, "NONE"},
};

static const struct counter_name ikev2_errors[] = {
    {1, "UNSUPPORTED_CRITICAL_PAYLOAD"},
    {4, "INVALID_IKE_SPI"},
    {5, "INVALID_MAJOR_VERSION"},
    {7, "INVALID_SYNTAX"},
    {9, "INVALID_MESSAGE_ID"},
    {11, "INVALID_SPI"},
    {14, "NO_PROPOSAL_CHOSEN"},
    {17, "INVALID_KE_PAYLOAD"},
    {24, "AUTHENTICATION_FAILED"},
    {34, "SINGLE_PAIR_REQUIRED"},
    {35, "NO_ADDITIONAL_SAS"},
    {36, "INTERNAL_ADDRESS_FAILURE"},
    {37, "FAILED_CP_REQUIRED"},
    {38, "TS_UNACCEPTABLE"},
    {39, "INVALID_SELECTORS"},
    {40, "UNACCEPTABLE_ADDRESSES"},
    {41, "UNEXPECTED_NAT_DETECTED"},
    {42, "USE_ASSIGNED_HoA"},
    {43, "TEMPORARY_FAILURE"},
    {44, "CHILD_SA_NOT_FOUND"},
    {45, "INVALID_GROUP_ID"},
    {46, "AUTHORIZATION_FAILED"},
    {COUNTER_OTHER, "other"},
};

static const struct counter_name ikev2_status[] = {
    {16384, "INITIAL_CONTACT"},
    {16385, "SET_WINDOW_SIZE"},
    {16386, "ADDITIONAL_TS_POSSIBLE"},
    {16387, "IPCOMP_SUPPORTED"},
    {16388, "NAT_DETECTION_SOURCE_IP"},
    {16389, "NAT_DETECTION_DESTINATION_IP"},
    {16390, "COOKIE"},
    {16391, "USE_TRANSPORT_MODE"},
    {16392, "HTTP_CERT_LOOKUP_SUPPORTED"},
    {16393, "REKEY_SA"},
    {16394, "ESP_TFC_PADDING_NOT_SUPPORTED"},
    {16395, "NON_FIRST_FRAGMENTS_ALSO"},
    {16396, "MOBIKE_SUPPORTED"},
    {16397, "ADDITIONAL_IP4_ADDRESS"},
    {16398, "ADDITIONAL_IP6_ADDRESS"},
    {16399, "NO_ADDITIONAL_ADDRESSES"},
    {16400, "UPDATE_SA_ADDRESSES"},
    {16401, "COOKIE2"},
    {16402, "NO_NATS_ALLOWED"},
    {16403, "AUTH_LIFETIME"},
    {16404, "MULTIPLE_AUTH_SUPPORTED"},
    {16405, "ANOTHER_AUTH_FOLLOWS"},
    {16406, "REDIRECT_SUPPORTED"},
    {16407, "REDIRECT"},
    {16408, "REDIRECTED_FROM"},
    {16409, "TICKET_LT_OPAQUE"},
    {16410, "TICKET_REQUEST"},
    {16411, "TICKET_ACK"},
    {16412, "TICKET_NACK"},
    {16413, "TICKET_OPAQUE"},
    {16414, "LINK_ID"},
    {16415, "USE_WESP_MODE"},
    {16416, "ROHC_SUPPORTED"},
    {16417, "EAP_ONLY_AUTHENTICATION"},
    {16418, "CHILDLESS_IKEV2_SUPPORTED"},
    {16419, "QUICK_CRASH_DETECTION"},
    {16420, "IKEV2_MESSAGE_ID_SYNC_SUPPORTED"},
    {16421, "IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED"},
    {16422, "IKEV2_MESSAGE_ID_SYNC"},
    {16423, "IPSEC_REPLAY_COUNTER_SYNC"},
    {16424, "SECURE_PASSWORD_METHODS"},
    {16425, "PSK_PERSIST"},
    {16426, "PSK_CONFIRM"},
    {16427, "ERX_SUPPORTED"},
    {16428, "IFOM_CAPABILITY"},
    {16429, "SENDER_REQUEST_ID"},
    {16430, "IKEV2_FRAGMENTATION_SUPPORTED"},
    {16431, "SIGNATURE_HASH_ALGORITHMS"},
    {16432, "CLONE_IKE_SA_SUPPORTED"},
    {16433, "CLONE_IKE_SA"},
    {16434, "PUZZLE"},
    {16435, "USE_PPK"},
    {16436, "PPK_IDENTITY"},
    {16437, "NO_PPK_AUTH"},
    {16438, "INTERMEDIATE_EXCHANGE_SUPPORTED"},
    {COUNTER_OTHER, "other"},
};

static const struct counter_name ikev1_errors[] = {
    {1, "INVALID_PAYLOAD_TYPE"},
    {2, "DOI_NOT_SUPPORTED"},
    {3, "SITUATION_NOT_SUPPORTED"},
    {4, "INVALID_COOKIE"},
    {5, "INVALID_MAJOR_VERSION"},
    {6, "INVALID_MINOR_VERSION"},
    {7, "INVALID_EXCHANGE_TYPE"},
    {8, "INVALID_FLAGS"},
    {9, "INVALID_MESSAGE_ID"},
    {10, "INVALID_PROTOCOL_ID"},
    {11, "INVALID_SPI"},
    {12, "INVALID_TRANSFORM_ID"},
    {13, "ATTRIBUTES_NOT_SUPPORTED"},
    {14, "NO_PROPOSAL_CHOSEN"},
    {15, "BAD_PROPOSAL_SYNTAX"},
    {16, "PAYLOAD_MALFORMED"},
    {17, "INVALID_KEY_INFORMATION"},
    {18, "INVALID_ID_INFORMATION"},
    {19, "INVALID_CERT_ENCODING"},
    {20, "INVALID_CERTIFICATE"},
    {21, "CERT_TYPE_UNSUPPORTED"},
    {22, "INVALID_CERT_AUTHORITY"},
    {23, "INVALID_HASH_INFORMATION"},
    {24, "AUTHENTICATION_FAILED"},
    {25, "INVALID_SIGNATURE"},
    {26, "ADDRESS_NOTIFICATION"},
    {27, "NOTIFY_SA_LIFETIME"},
    {28, "CERTIFICATE_UNAVAILABLE"},
    {29, "UNSUPPORTED_EXCHANGE_TYPE"},
    {30, "UNEQUAL_PAYLOAD_LENGTHS"},
};

static const struct counter_name ipsec_types[] = {
    {IPSEC_ALL, "all"},
    {IPSEC_ESP, "esp"},
    {IPSEC_AH, "ah"},
    {IPSEC_IPCOMP, "ipcomp"},
    {IPSEC_ESN, "esn"},
    {IPSEC_TFC, "tfc"},
    {IPSEC_ENCAPSULATED, "encap"},
    {IPSEC_NOT_ENCAPSULATED, "non_encap"},
};

static const struct counter_name directions[] = {{TRAFFIC_IN, "in"}, {TRAFFIC_OUT, "out"}};
static const struct counter_name outcomes[] = {
    {IKE_ESTABLISHED, "established"}, {IKE_FAILED, "failed"}, {IKE_COMPLETED, "completed"}};
static const struct counter_name redirects[] = {{0, "completed"}, {1, "failed"}};
static const struct counter_name lives[] = {
    {SA_STARTED, "started"}, {SA_ESTABLISHED, "established"}, {SA_FINISHED, "finished"}};
static const struct counter_name probes[] = {
    {PROBES_SENT, "sent"}, {PROBES_ANSWERED, "recv"}, {ANSWERS_SENT, "replied"}};
static const struct counter_name starts[] = {{0, "started"}, {1, "stopped"}, {2, "aborted"}};
static const struct counter_name messages[] = {
    {MESSAGES_OK, "STF_OK"},
    {MESSAGES_INTERNAL_ERROR, "STF_INTERNAL_ERROR"},
    {MESSAGES_DELETE_RECEIVED, "STF_V2_RESPONDER_DELETE_IKE_FAMILY"},
    {MESSAGES_DELETE_SENT, "STF_V2_INITIATOR_DELETE_IKE_FAMILY"},
    {MESSAGES_FATAL, "STF_FATAL"},
    {MESSAGES_REFUSED_V1, "STF_FAIL_v1N"},
};

#define FAMILY(id, label, list, text) [id] = {label, text, list, ARRAY_SIZE(list)}

const struct counter_family counter_families[COUNT_FAMILIES] = {
    FAMILY(COUNT_IPSEC_TYPE, "total.ipsec.type", ipsec_types, "IPsec SAs that came up, by kind"),
    FAMILY(COUNT_IPSEC_TRAFFIC, "total.ipsec.traffic", directions, "bytes that IPsec SAs carried"),
    FAMILY(COUNT_IKEV2, "total.ike.ikev2", outcomes,
           "IKEv2 SAs that came up, never came up, and came up and ended"),
    FAMILY(COUNT_IKEV2_REDIRECT, "total.ike.ikev2.redirect", redirects, "redirections"),
    FAMILY(COUNT_IKEV1, "total.ike.ikev1", outcomes,
           "IKEv1 SAs that came up, never came up, and came up and ended"),
    FAMILY(COUNT_IKEV1_IKE, "total.ikev1.isakmp", lives, "IKEv1 ISAKMP SAs"),
    FAMILY(COUNT_IKEV1_CHILD, "total.ikev1.ipsec", lives, "IKEv1 IPsec SAs"),
    FAMILY(COUNT_IKEV2_IKE, "total.ikev2.ike", lives, "IKEv2 IKE SAs"),
    FAMILY(COUNT_IKEV2_CHILD, "total.ikev2.child", lives, "IKEv2 Child SAs"),
    FAMILY(COUNT_LIVENESS, "total.ike.dpd", probes,
           "liveness checks sent, answered by peers, and answered for peers"),
    FAMILY(COUNT_IKE_TRAFFIC, "total.ike.traffic", directions, "bytes of IKE messages"),
    FAMILY(COUNT_PAM, "total.pamauth", starts, "PAM authentications"),
    FAMILY(COUNT_TCP_CLIENT, "total.iketcp.client", starts, "TCP connections made for IKE"),
    FAMILY(COUNT_TCP_SERVER, "total.iketcp.server", starts, "TCP connections accepted for IKE"),
    FAMILY(COUNT_IKEV1_ENCR, "total.ikev1.encr", ikev1_encr, "encryption of ISAKMP SAs"),
    FAMILY(COUNT_IKEV1_INTEG, "total.ikev1.integ", ikev1_integ, "hash of ISAKMP SAs"),
    FAMILY(COUNT_IKEV1_GROUP, "total.ikev1.group", groups, "group of ISAKMP SAs"),
    FAMILY(COUNT_IKEV2_ENCR, "total.ikev2.encr", ikev2_encr, "encryption of IKEv2 IKE SAs"),
    FAMILY(COUNT_IKEV2_INTEG, "total.ikev2.integ", ikev2_integ, "integrity of IKEv2 IKE SAs without AEAD"),
    FAMILY(COUNT_IKEV2_GROUP, "total.ikev2.group", groups, "key exchange of IKEv2 IKE SAs"),
    FAMILY(COUNT_RECEIVED_INVALID_KE_USING, "total.ikev2.recv.invalidke.using", groups,
           "our group, when a peer refused it"),
    FAMILY(COUNT_RECEIVED_INVALID_KE_SUGGESTING, "total.ikev2.recv.invalidke.suggesting", groups,
           "the group that the peer wanted instead"),
    FAMILY(COUNT_SENT_INVALID_KE_USING, "total.ikev2.sent.invalidke.using", groups,
           "a peer's group, when it was refused"),
    FAMILY(COUNT_SENT_INVALID_KE_SUGGESTING, "total.ikev2.sent.invalidke.suggesting", groups,
           "the group that was wanted instead"),
    FAMILY(COUNT_IKEV1_ESP_ENCR, "total.ikev1.ipsec.encr", ikev1_esp_encr, "encryption of IKEv1 IPsec SAs"),
    FAMILY(COUNT_IKEV1_ESP_INTEG, "total.ikev1.ipsec.integ", ikev1_esp_integ, "integrity of IKEv1 IPsec SAs"),
    FAMILY(COUNT_IKEV2_ESP_ENCR, "total.ikev2.ipsec.encr", ikev2_esp_encr, "encryption of IKEv2 Child SAs"),
    FAMILY(COUNT_IKEV2_ESP_INTEG, "total.ikev2.ipsec.integ", ikev2_esp_integ, "integrity of IKEv2 Child SAs"),
    FAMILY(COUNT_IKEV1_SENT_ERRORS, "total.ikev1.sent.notifies.error", ikev1_errors,
           "IKEv1 error notifications sent"),
    FAMILY(COUNT_IKEV1_RECEIVED_ERRORS, "total.ikev1.recv.notifies.error", ikev1_errors,
           "IKEv1 error notifications received"),
    FAMILY(COUNT_MESSAGES, "total.total.pluto.stf", messages, "outcome of messages and of IKE SAs"),
    FAMILY(COUNT_IKEV2_SENT_ERRORS, "total.ikev2.sent.notifies.error", ikev2_errors,
           "IKEv2 error notifications sent"),
    FAMILY(COUNT_IKEV2_RECEIVED_ERRORS, "total.ikev2.recv.notifies.error", ikev2_errors,
           "IKEv2 error notifications received"),
    FAMILY(COUNT_IKEV2_SENT_STATUS, "total.ikev2.sent.notifies.status", ikev2_status,
           "IKEv2 status notifications sent"),
    FAMILY(COUNT_IKEV2_RECEIVED_STATUS, "total.ikev2.recv.notifies.status", ikev2_status,
           "IKEv2 status notifications received"),
};
