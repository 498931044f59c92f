/* Numbers of IKEv1 messages: RFC 2408 3, RFC 2407 4, RFC 2409 Appendix A, RFC 3706, RFC 3947,
 * draft-dukes-ike-mode-cfg, draft-beaulieu-ike-xauth and the IANA registry. */
#ifndef STYX_WIRE_IKEV1_NUMBERS_H
#define STYX_WIRE_IKEV1_NUMBERS_H

#include <stdint.h>

enum ikev1_exchange_type {
    ISAKMP_MAIN = 2, /* Identity Protection */
    ISAKMP_AGGRESSIVE = 4,
    ISAKMP_INFORMATIONAL = 5,
    ISAKMP_TRANSACTION = 6,
    ISAKMP_QUICK = 32,
};

enum ikev1_header_flags { ISAKMP_ENCRYPTED = 1, ISAKMP_COMMIT = 2, ISAKMP_AUTHENTICATED_ONLY = 4 };

enum { ISAKMP_VERSION = 0x10, DOI_ISAKMP = 0, DOI_IPSEC = 1, SITUATION_IDENTITY_ONLY = 1 };

enum ikev1_payload_type {
    ISAKMP_NONE = 0,
    ISAKMP_SA = 1,
    ISAKMP_PROPOSAL = 2,
    ISAKMP_TRANSFORM = 3,
    ISAKMP_KE = 4,
    ISAKMP_ID = 5,
    ISAKMP_CERT = 6,
    ISAKMP_CERTREQ = 7,
    ISAKMP_HASH = 8,
    ISAKMP_SIGNATURE = 9,
    ISAKMP_NONCE = 10,
    ISAKMP_NOTIFY = 11,
    ISAKMP_DELETE = 12,
    ISAKMP_VENDOR_ID = 13,
    ISAKMP_ATTRIBUTES = 14, /* Mode Config and XAUTH */
    ISAKMP_NAT_D = 20,
    ISAKMP_NAT_OA = 21,
    ISAKMP_NAT_D_DRAFT = 130,
    ISAKMP_NAT_OA_DRAFT = 131,
    ISAKMP_FRAGMENT = 132,
};

enum ikev1_notify_type {
    V1_INVALID_PAYLOAD_TYPE = 1,
    V1_DOI_NOT_SUPPORTED = 2,
    V1_SITUATION_NOT_SUPPORTED = 3,
    V1_INVALID_COOKIE = 4,
    V1_INVALID_MAJOR_VERSION = 5,
    V1_INVALID_EXCHANGE_TYPE = 7,
    V1_INVALID_FLAGS = 8,
    V1_INVALID_SPI = 11,
    V1_NO_PROPOSAL_CHOSEN = 14,
    V1_BAD_PROPOSAL_SYNTAX = 15,
    V1_PAYLOAD_MALFORMED = 16,
    V1_INVALID_KEY_INFORMATION = 17,
    V1_INVALID_ID_INFORMATION = 18,
    V1_INVALID_HASH_INFORMATION = 23,
    V1_AUTHENTICATION_FAILED = 24,
    V1_CONNECTED = 16384,
    V1_RESPONDER_LIFETIME = 24576,
    V1_REPLAY_STATUS = 24577,
    V1_INITIAL_CONTACT = 24578,
    V1_R_U_THERE = 36136,
    V1_R_U_THERE_ACK = 36137,
};

/* Protocol ids of proposals, notifications and Deletes (RFC 2407 4.4.1); ESP and AH as in security_protocol,
 * but for their order. */
enum ikev1_protocol { V1_PROTO_ISAKMP = 1, V1_PROTO_AH = 2, V1_PROTO_ESP = 3, V1_PROTO_IPCOMP = 4 };

/* Identification types of Quick Mode that IKE identities do not have (RFC 2407 4.6.2.1). */
enum ikev1_id_type {
    V1_ID_IPV4_ADDR = 1,
    V1_ID_IPV4_ADDR_SUBNET = 4,
    V1_ID_IPV6_ADDR = 5,
    V1_ID_IPV6_ADDR_SUBNET = 6,
    V1_ID_IPV4_ADDR_RANGE = 7,
    V1_ID_IPV6_ADDR_RANGE = 8,
};

/* Attributes of phase 1 transforms (RFC 2409 Appendix A). */
enum ikev1_oakley_attribute {
    OAKLEY_ENCRYPTION = 1,
    OAKLEY_HASH = 2,
    OAKLEY_AUTHENTICATION = 3,
    OAKLEY_GROUP = 4,
    OAKLEY_GROUP_TYPE = 5,
    OAKLEY_LIFE_TYPE = 11,
    OAKLEY_LIFE_DURATION = 12,
    OAKLEY_PRF = 13,
    OAKLEY_KEY_LENGTH = 14,
};
enum { OAKLEY_LIFE_SECONDS = 1, OAKLEY_LIFE_KILOBYTES = 2, KEY_IKE = 1 };
enum ikev1_auth_method {
    OAKLEY_PRESHARED_KEY = 1,
    OAKLEY_RSA_SIGNATURE = 3,
    XAUTH_INIT_PRESHARED = 65001,
    XAUTH_RESP_PRESHARED = 65002,
    XAUTH_INIT_RSA = 65005,
    XAUTH_RESP_RSA = 65006,
};

/* Types of Attributes payloads (draft-dukes-ike-mode-cfg 3.2). */
enum ikev1_cfg_type {
    ISAKMP_CFG_REQUEST = 1,
    ISAKMP_CFG_REPLY = 2,
    ISAKMP_CFG_SET = 3,
    ISAKMP_CFG_ACK = 4,
};

/* What they list for XAUTH (draft-beaulieu-ike-xauth 6.2, 6.3). */
enum xauth_attribute {
    XAUTH_TYPE = 16520,
    XAUTH_USER_NAME = 16521,
    XAUTH_USER_PASSWORD = 16522,
    XAUTH_PASSCODE = 16523,
    XAUTH_MESSAGE = 16524,
    XAUTH_CHALLENGE = 16525,
    XAUTH_DOMAIN = 16526,
    XAUTH_STATUS = 16527,
    XAUTH_NEXT_PIN = 16528,
    XAUTH_ANSWER = 16529,
};
enum xauth_type { XAUTH_GENERIC = 0, XAUTH_RADIUS_CHAP = 1, XAUTH_OTP = 2, XAUTH_SKEY = 3 };
enum xauth_status { XAUTH_FAIL = 0, XAUTH_OK = 1 };

/* Attributes of phase 2 transforms (RFC 2407 4.5). */
enum ikev1_ipsec_attribute {
    IPSEC_LIFE_TYPE = 1,
    IPSEC_LIFE_DURATION = 2,
    IPSEC_GROUP = 3,
    IPSEC_ENCAPSULATION_MODE = 4,
    IPSEC_AUTH_ALGORITHM = 5,
    IPSEC_KEY_LENGTH = 6,
};
enum ikev1_encapsulation_mode {
    V1_MODE_TUNNEL = 1,
    V1_MODE_TRANSPORT = 2,
    V1_MODE_UDP_TUNNEL = 3,
    V1_MODE_UDP_TRANSPORT = 4,
    V1_MODE_UDP_TUNNEL_DRAFT = 61443,
    V1_MODE_UDP_TRANSPORT_DRAFT = 61444,
};

/* Never NULL: "UNASSIGNED" for numbers that the table does not know. */
const char *ikev1_exchange_name(uint8_t exchange);
const char *ikev1_payload_name(uint8_t payload);
const char *ikev1_cfg_type_name(uint8_t type);
const char *ikev1_notify_name(uint16_t notify);

#endif
