/* Numbers of IKEv2 messages: RFC 7296 3.1, 3.2, 3.10.1, 3.11 and the IANA registry. */
#ifndef STYX_WIRE_IKEV2_NUMBERS_H
#define STYX_WIRE_IKEV2_NUMBERS_H

#include <stdint.h>

enum ikev2_exchange_type {
    IKE_SA_INIT = 34,
    IKE_AUTH = 35,
    CREATE_CHILD_SA = 36,
    INFORMATIONAL = 37,
};

enum ikev2_header_flags {
    IKEV2_FLAG_INITIATOR = 0x08,
    IKEV2_FLAG_VERSION = 0x10,
    IKEV2_FLAG_RESPONSE = 0x20
};

enum {
    IKE_HEADER_SIZE = 28,
    /* In the header, of either version of IKE: */
    HEADER_NEXT_PAYLOAD_AT = 16, /* the type of the first payload */
    HEADER_VERSION_AT = 17,
    HEADER_EXCHANGE_AT = 18,
    HEADER_FLAGS_AT = 19,
    HEADER_MESSAGE_ID_AT = 20,
    HEADER_LENGTH_AT = 24,
    IKE_SPI_SIZE = 8,
    IKEV2_VERSION = 0x20,
    PAYLOAD_HEADER_SIZE = 4,
    FRAGMENT_FIELDS_SIZE = 4
};

enum ikev2_payload_type {
    PAYLOAD_NONE = 0,
    PAYLOAD_SA = 33,
    PAYLOAD_KE = 34,
    PAYLOAD_IDI = 35,
    PAYLOAD_IDR = 36,
    PAYLOAD_CERT = 37,
    PAYLOAD_CERTREQ = 38,
    PAYLOAD_AUTH = 39,
    PAYLOAD_NONCE = 40,
    PAYLOAD_NOTIFY = 41,
    PAYLOAD_DELETE = 42,
    PAYLOAD_VENDOR_ID = 43,
    PAYLOAD_TSI = 44,
    PAYLOAD_TSR = 45,
    PAYLOAD_SK = 46,
    PAYLOAD_CP = 47,
    PAYLOAD_EAP = 48,
    PAYLOAD_SKF = 53,
};

enum ikev2_notify_type {
    NOTIFY_NONE = 0,
    UNSUPPORTED_CRITICAL_PAYLOAD = 1,
    INVALID_IKE_SPI = 4,
    INVALID_MAJOR_VERSION = 5,
    INVALID_SYNTAX = 7,
    INVALID_MESSAGE_ID = 9,
    INVALID_SPI = 11,
    NO_PROPOSAL_CHOSEN = 14,
    INVALID_KE_PAYLOAD = 17,
    AUTHENTICATION_FAILED = 24,
    SINGLE_PAIR_REQUIRED = 34,
    NO_ADDITIONAL_SAS = 35,
    INTERNAL_ADDRESS_FAILURE = 36,
    FAILED_CP_REQUIRED = 37,
    TS_UNACCEPTABLE = 38,
    INVALID_SELECTORS = 39,
    UNACCEPTABLE_ADDRESSES = 40,
    UNEXPECTED_NAT_DETECTED = 41,
    TEMPORARY_FAILURE = 43,
    CHILD_SA_NOT_FOUND = 44,
    TS_MAX_QUEUE = 48,
    NOTIFY_FIRST_STATUS = 16384,
    INITIAL_CONTACT = 16384,
    SET_WINDOW_SIZE = 16385,
    ADDITIONAL_TS_POSSIBLE = 16386,
    IPCOMP_SUPPORTED = 16387,
    NAT_DETECTION_SOURCE_IP = 16388,
    NAT_DETECTION_DESTINATION_IP = 16389,
    COOKIE = 16390,
    USE_TRANSPORT_MODE = 16391,
    REKEY_SA = 16393,
    ESP_TFC_PADDING_NOT_SUPPORTED = 16394,
    NON_FIRST_FRAGMENTS_ALSO = 16395,
    MOBIKE_SUPPORTED = 16396,
    UPDATE_SA_ADDRESSES = 16400,
    COOKIE2 = 16401,
    CHILDLESS_IKEV2_SUPPORTED = 16418,
    IKEV2_FRAGMENTATION_SUPPORTED = 16430,
    SIGNATURE_HASH_ALGORITHMS = 16431,
    SA_RESOURCE_INFO = 16444,
};

enum ikev2_auth_method_number {
    AUTH_METHOD_RSA = 1,
    AUTH_METHOD_SHARED_KEY = 2,
    AUTH_METHOD_ECDSA_256 = 9,
    AUTH_METHOD_ECDSA_384 = 10,
    AUTH_METHOD_ECDSA_521 = 11,
    AUTH_METHOD_NULL = 13,
    AUTH_METHOD_DIGITAL_SIGNATURE = 14,
};

enum ikev2_traffic_selector_type { TS_IPV4_ADDR_RANGE = 7, TS_IPV6_ADDR_RANGE = 8 };

/* Never NULL: "UNASSIGNED" for numbers that the table does not know. */
const char *ikev2_exchange_name(uint8_t exchange);
const char *ikev2_notify_name(uint16_t notify);
const char *ikev2_payload_name(uint8_t payload);
/* "shared-key-mac", "digital-signature" ...; NULL for methods that are not known here. */
const char *ikev2_auth_method_name(uint8_t method);

#endif
