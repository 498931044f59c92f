/* Names of the numbers of IKEv1 messages, for people. */
#include <stddef.h>

#include "base/bytes.h"
#include "wire/ikev1_numbers.h"

struct number_name {
    uint16_t number;
    const char *name;
};

static const struct number_name exchanges[] = {
    {ISAKMP_MAIN, "Main Mode"},
    {ISAKMP_AGGRESSIVE, "Aggressive Mode"},
    {ISAKMP_INFORMATIONAL, "Informational"},
    {ISAKMP_TRANSACTION, "Mode Config"},
    {ISAKMP_QUICK, "Quick Mode"},
};

static const struct number_name payloads[] = {
    {ISAKMP_SA, "SA"},
    {ISAKMP_PROPOSAL, "P"},
    {ISAKMP_TRANSFORM, "T"},
    {ISAKMP_KE, "KE"},
    {ISAKMP_ID, "ID"},
    {ISAKMP_CERT, "CERT"},
    {ISAKMP_CERTREQ, "CR"},
    {ISAKMP_HASH, "HASH"},
    {ISAKMP_SIGNATURE, "SIG"},
    {ISAKMP_NONCE, "NONCE"},
    {ISAKMP_NOTIFY, "N"},
    {ISAKMP_DELETE, "D"},
    {ISAKMP_VENDOR_ID, "VID"},
    {ISAKMP_ATTRIBUTES, "MODECFG"},
    {ISAKMP_NAT_D, "NAT-D"},
    {ISAKMP_NAT_OA, "NAT-OA"},
    {ISAKMP_NAT_D_DRAFT, "NAT-D_DRAFTS"},
    {ISAKMP_NAT_OA_DRAFT, "NAT-OA_DRAFTS"},
    {ISAKMP_FRAGMENT, "IKE_FRAGMENTATION"},
};

static const struct number_name cfg_types[] = {
    {ISAKMP_CFG_REQUEST, "REQUEST"},
    {ISAKMP_CFG_REPLY, "REPLY"},
    {ISAKMP_CFG_SET, "SET"},
    {ISAKMP_CFG_ACK, "ACK"},
};

static const struct number_name notifies[] = {
    {V1_INVALID_PAYLOAD_TYPE, "INVALID_PAYLOAD_TYPE"},
    {V1_DOI_NOT_SUPPORTED, "DOI_NOT_SUPPORTED"},
    {V1_SITUATION_NOT_SUPPORTED, "SITUATION_NOT_SUPPORTED"},
    {V1_INVALID_COOKIE, "INVALID_COOKIE"},
    {V1_INVALID_MAJOR_VERSION, "INVALID_MAJOR_VERSION"},
    {6, "INVALID_MINOR_VERSION"},
    {V1_INVALID_EXCHANGE_TYPE, "INVALID_EXCHANGE_TYPE"},
    {V1_INVALID_FLAGS, "INVALID_FLAGS"},
    {9, "INVALID_MESSAGE_ID"},
    {10, "INVALID_PROTOCOL_ID"},
    {V1_INVALID_SPI, "INVALID_SPI"},
    {12, "INVALID_TRANSFORM_ID"},
    {13, "ATTRIBUTES_NOT_SUPPORTED"},
    {V1_NO_PROPOSAL_CHOSEN, "NO_PROPOSAL_CHOSEN"},
    {V1_BAD_PROPOSAL_SYNTAX, "BAD_PROPOSAL_SYNTAX"},
    {V1_PAYLOAD_MALFORMED, "PAYLOAD_MALFORMED"},
    {V1_INVALID_KEY_INFORMATION, "INVALID_KEY_INFORMATION"},
    {V1_INVALID_ID_INFORMATION, "INVALID_ID_INFORMATION"},
    {19, "INVALID_CERT_ENCODING"},
    {20, "INVALID_CERTIFICATE"},
    {21, "CERT_TYPE_UNSUPPORTED"},
    {22, "INVALID_CERT_AUTHORITY"},
    {V1_INVALID_HASH_INFORMATION, "INVALID_HASH_INFORMATION"},
    {V1_AUTHENTICATION_FAILED, "AUTHENTICATION_FAILED"},
    {25, "INVALID_SIGNATURE"},
    {26, "ADDRESS_NOTIFICATION"},
    {27, "NOTIFY_SA_LIFETIME"},
    {28, "CERTIFICATE_UNAVAILABLE"},
    {29, "UNSUPPORTED_EXCHANGE_TYPE"},
    {30, "UNEQUAL_PAYLOAD_LENGTHS"},
    {V1_CONNECTED, "CONNECTED"},
    {V1_RESPONDER_LIFETIME, "IPSEC_RESPONDER_LIFETIME"},
    {V1_REPLAY_STATUS, "IPSEC_REPLAY_STATUS"},
    {V1_INITIAL_CONTACT, "IPSEC_INITIAL_CONTACT"},
    {V1_R_U_THERE, "R_U_THERE"},
    {V1_R_U_THERE_ACK, "R_U_THERE_ACK"},
};

static const char *find(const struct number_name *table, size_t count, uint16_t number)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].number == number)
            return table[i].name;
    return "UNASSIGNED";
}

const char *ikev1_exchange_name(uint8_t exchange)
{
    return find(exchanges, ARRAY_SIZE(exchanges), exchange);
}

const char *ikev1_payload_name(uint8_t payload)
{
    return find(payloads, ARRAY_SIZE(payloads), payload);
}

const char *ikev1_cfg_type_name(uint8_t type)
{
    return find(cfg_types, ARRAY_SIZE(cfg_types), type);
}

const char *ikev1_notify_name(uint16_t notify)
{
    return find(notifies, ARRAY_SIZE(notifies), notify);
}
