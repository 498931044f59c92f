/* Names of IKEv2 numbers for logs: IANA "IKEv2 Parameters". */
#include "wire/ikev2_numbers.h"

#include <stddef.h>

struct number_name {
    uint16_t number;
    const char *name;
};

#define NAME(number)                                                                                         \
    {                                                                                                        \
        number, #number                                                                                      \
    }

static const struct number_name exchange_names[] = {
    NAME(IKE_SA_INIT),
    NAME(IKE_AUTH),
    NAME(CREATE_CHILD_SA),
    NAME(INFORMATIONAL),
};

static const struct number_name payload_names[] = {
    {PAYLOAD_SA, "SA"},     {PAYLOAD_KE, "KE"},           {PAYLOAD_IDI, "IDi"},     {PAYLOAD_IDR, "IDr"},
    {PAYLOAD_CERT, "CERT"}, {PAYLOAD_CERTREQ, "CERTREQ"}, {PAYLOAD_AUTH, "AUTH"},   {PAYLOAD_NONCE, "Nonce"},
    {PAYLOAD_NOTIFY, "N"},  {PAYLOAD_DELETE, "D"},        {PAYLOAD_VENDOR_ID, "V"}, {PAYLOAD_TSI, "TSi"},
    {PAYLOAD_TSR, "TSr"},   {PAYLOAD_SK, "SK"},           {PAYLOAD_CP, "CP"},       {PAYLOAD_EAP, "EAP"},
    {PAYLOAD_SKF, "SKF"},
};

static const struct number_name notify_names[] = {
    NAME(UNSUPPORTED_CRITICAL_PAYLOAD),
    NAME(INVALID_IKE_SPI),
    NAME(INVALID_MAJOR_VERSION),
    NAME(INVALID_SYNTAX),
    NAME(INVALID_MESSAGE_ID),
    NAME(INVALID_SPI),
    NAME(NO_PROPOSAL_CHOSEN),
    NAME(INVALID_KE_PAYLOAD),
    NAME(AUTHENTICATION_FAILED),
    NAME(SINGLE_PAIR_REQUIRED),
    NAME(NO_ADDITIONAL_SAS),
    NAME(INTERNAL_ADDRESS_FAILURE),
    NAME(FAILED_CP_REQUIRED),
    NAME(TS_UNACCEPTABLE),
    NAME(INVALID_SELECTORS),
    NAME(UNACCEPTABLE_ADDRESSES),
    NAME(UNEXPECTED_NAT_DETECTED),
    NAME(TEMPORARY_FAILURE),
    NAME(CHILD_SA_NOT_FOUND),
    NAME(TS_MAX_QUEUE),
    NAME(INITIAL_CONTACT),
    NAME(SET_WINDOW_SIZE),
    NAME(ADDITIONAL_TS_POSSIBLE),
    NAME(IPCOMP_SUPPORTED),
    NAME(NAT_DETECTION_SOURCE_IP),
    NAME(NAT_DETECTION_DESTINATION_IP),
    NAME(COOKIE),
    NAME(USE_TRANSPORT_MODE),
    NAME(REKEY_SA),
    NAME(ESP_TFC_PADDING_NOT_SUPPORTED),
    NAME(NON_FIRST_FRAGMENTS_ALSO),
    NAME(MOBIKE_SUPPORTED),
    NAME(UPDATE_SA_ADDRESSES),
    NAME(COOKIE2),
    NAME(CHILDLESS_IKEV2_SUPPORTED),
    NAME(IKEV2_FRAGMENTATION_SUPPORTED),
    NAME(SIGNATURE_HASH_ALGORITHMS),
    NAME(SA_RESOURCE_INFO),
};

static const char *look_up(const struct number_name *names, size_t count, uint16_t number)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].number == number)
            return names[i].name;
    return "UNASSIGNED";
}

#define LOOK_UP(names, number) look_up(names, sizeof(names) / sizeof((names)[0]), number)

const char *ikev2_exchange_name(uint8_t exchange)
{
    return LOOK_UP(exchange_names, exchange);
}

const char *ikev2_notify_name(uint16_t notify)
{
    return LOOK_UP(notify_names, notify);
}

const char *ikev2_payload_name(uint8_t payload)
{
    return LOOK_UP(payload_names, payload);
}

const char *ikev2_auth_method_name(uint8_t method)
{
    static const char *const names[] = {
        [AUTH_METHOD_RSA] = "rsa-digital-signature",
        [AUTH_METHOD_SHARED_KEY] = "shared-key-mac",
        [AUTH_METHOD_ECDSA_256] = "ecdsa-sha2_256-p256",
        [AUTH_METHOD_ECDSA_384] = "ecdsa-sha2_384-p384",
        [AUTH_METHOD_ECDSA_521] = "ecdsa-sha2_512-p521",
        [AUTH_METHOD_NULL] = "null",
        [AUTH_METHOD_DIGITAL_SIGNATURE] = "digital-signature",
    };
    return method < sizeof(names) / sizeof(names[0]) ? names[method] : NULL;
}
