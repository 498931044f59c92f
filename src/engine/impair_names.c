/* The names of impairments: Libreswan's, of 4.x and 5.x, with what each does here or why it does not. */
#include "base/bytes.h"
#include "engine/impair.h"
#include "wire/ikev2_numbers.h"

static const char *const clear_words[] = {"IKE_SA_INIT", NULL};
static const char *const cookie_words[] = {"add", "mangle", NULL};
static const char *const hash_words[] = {"quick", "xauth", "notification", "delete", NULL};
static const char *const integ_words[] = {"allow-none", "omit", NULL}; /* NONE is never proposed */
static const char *const ke_words[] = {"allow-none", "omit", "drop-none", NULL};
/* As event_triggers of impair_trigger.c. */
static const char *const event_words[] = {"reinit_secret", "pending_ddns", "rekey",     "liveness",
                                          "replace",       "revival",      "keepalive", NULL};

#define DOES(name, way, which, help)                                                                         \
    {                                                                                                        \
        name, IMPAIR_##way, IMPAIR_##which, help, NULL, 0                                                    \
    }
#define WORDS(name, way, which, words, help)                                                                 \
    {                                                                                                        \
        name, IMPAIR_##way, IMPAIR_##which, help, words, 0                                                   \
    }
#define ALIAS(name, way, which, on)                                                                          \
    {                                                                                                        \
        name, IMPAIR_##way, IMPAIR_##which, NULL, NULL, on                                                   \
    }
#define REFUSED(name, why)                                                                                   \
    {                                                                                                        \
        name, IMPAIR_REFUSED, IMPAIR_KEPT_COUNT, why, NULL, 0                                                \
    }

/* clang-format off */
const struct impair_name impair_names[] = {
    WORDS("add_unknown_v2_payload_to", WORD, UNKNOWN_PAYLOAD, clear_words, "add a payload of an unknown type to the messages in clear, those of this exchange"),
    DOES("add_unknown_v2_payload_to_sk", EXCHANGE, UNKNOWN_PAYLOAD_SK, "add a payload of an unknown type to the encrypted part of this exchange"),
    DOES("add_v2_notification", NOTIFICATION, ADD_NOTIFICATION, "add this notification to every IKEv2 message"),
    REFUSED("allow_dns_insecure", "no keys are looked up in the DNS"),
    REFUSED("allow_null_none", "null-none is refused where the proposal is written, before the engine sees it"),
    DOES("bad_ike_auth_xchg", FLAG, BAD_AUTH_EXCHANGE, "send IKE_AUTH messages as another exchange"),
    ALIAS("bad_ikev2_auth_xchg", FLAG, BAD_AUTH_EXCHANGE, 0),
    DOES("block_inbound", FLAG, BLOCK_INBOUND, "drop every message that comes"),
    DOES("block_outbound", FLAG, BLOCK_OUTBOUND, "send no message"),
    DOES("bust_mi2", FLAG, BUST_MI2, "as IKEv1 initiator make the second message of Main Mode very large"),
    DOES("bust_mr2", FLAG, BUST_MR2, "as IKEv1 responder make the second message of Main Mode very large"),
    DOES("cannot_ondemand", FLAG, CANNOT_ONDEMAND, "let no packet begin a negotiation"),
    DOES("child_key_length_attribute", CONTENT, CHILD_KEY_LENGTH, "the key lengths in proposals for IPsec SAs"),
    DOES("childless_ikev2_supported", FLAG, CHILDLESS, "neither say nor hear CHILDLESS_IKEV2_SUPPORTED"),
    REFUSED("copy_v1_notify_response_spis_to_retransmission", "what is sent again is sent byte for byte"),
    DOES("corrupt_encrypted", FLAG, CORRUPT_ENCRYPTED, "spoil the integrity check of encrypted messages sent"),
    WORDS("ddos_cookie", WORD, COOKIE, cookie_words, "as initiator send a cookie that nobody asked for, or spoil the one that was"),
    ALIAS("delete_on_retransmit", FLAG, TIMEOUT_ON_RETRANSMIT, 0),
    DOES("drip_inbound", TRIGGER, DRIP_INBOUND, "take the recorded message number N now"),
    DOES("drip_outbound", TRIGGER, DRIP_OUTBOUND, "send the recorded message number N now"),
    DOES("drop_i2", FLAG, DROP_I2, "as responder do not hear the initiator's second message"),
    DOES("drop_inbound", NUMBER, DROP_INBOUND, "drop the message that comes as number N from now"),
    ALIAS("drop_incoming", NUMBER, DROP_INBOUND, 0),
    DOES("drop_outbound", NUMBER, DROP_OUTBOUND, "do not send message number N from now"),
    ALIAS("drop_outgoing", NUMBER, DROP_OUTBOUND, 0),
    DOES("drop_xauth_r0", FLAG, DROP_XAUTH_R0, "as XAUTH client do not hear what the server asks"),
    DOES("duplicate_inbound", FLAG, DUPLICATE_INBOUND, "take every message that comes twice"),
    DOES("duplicate_outbound", FLAG, DUPLICATE_OUTBOUND, "send every message twice"),
    REFUSED("emitting", "messages are not checked while they are written"),
    REFUSED("event_check_crls", "no CRLs are fetched"),
    ALIAS("event_sa_replace", TRIGGER, TRIGGER_REPLACE, 0),
    ALIAS("event_v2_liveness", TRIGGER, TRIGGER_LIVENESS, 0),
    REFUSED("event_v2_reauth", "reauth=yes of the connection makes trigger_v2_rekey do it"),
    ALIAS("event_v2_rekey", TRIGGER, TRIGGER_REKEY, 0),
    REFUSED("force_fips", "there is no FIPS mode"),
    DOES("force_v2_auth_method", METHOD, AUTH_METHOD, "claim this method in AUTH payloads"),
    REFUSED("helper_thread_delay", "workers wait for nothing; the simulator has its own delays"),
    DOES("ignore_hard_expire", FLAG, IGNORE_HARD_EXPIRE, "do not delete what the data plane says is used up"),
    DOES("ignore_soft_expire", FLAG, IGNORE_SOFT_EXPIRE, "do not rekey when the data plane asks for it"),
    DOES("ignore_v2_ike_auth_child", FLAG, IGNORE_AUTH_CHILD, "as responder answer IKE_AUTH without a Child SA"),
    DOES("ignore_v2_notification", NOTIFICATION, IGNORE_NOTIFICATION, "do not hear this notification in IKEv2 messages"),
    ALIAS("ignore_v2n_signature_hash_algorithms", FLAG, IGNORE_NOTIFICATION, SIGNATURE_HASH_ALGORITHMS),
    DOES("ignore_viable_parent", FLAG, IGNORE_VIABLE_PARENT, "make a new IKE SA where one with the peer is there"),
    DOES("ike_initiator_nonce", COUNT, INITIATOR_NONCE, "as initiator of an IKE SA send a nonce of bytes N"),
    DOES("ike_initiator_spi", NUMBER, INITIATOR_SPI, "the SPI of the next IKE SAs that we initiate"),
    DOES("ike_key_length_attribute", CONTENT, IKE_KEY_LENGTH, "the key lengths in proposals for IKE SAs"),
    DOES("ike_responder_nonce", COUNT, RESPONDER_NONCE, "as responder of an IKE SA send a nonce of bytes N"),
    DOES("ike_responder_spi", NUMBER, RESPONDER_SPI, "the SPI of the next IKE SAs that peers initiate"),
    DOES("ikev1_del_with_notify", FLAG, V1_DELETE_WITH_NOTIFY, "add an unknown notification to IKEv1 Deletes"),
    DOES("ikev2_add_child_transform", NUMBER, ADD_CHILD_TRANSFORM, "add a transform, type times 65536 plus id, to the first proposal for a Child SA"),
    DOES("ikev2_add_ike_transform", NUMBER, ADD_IKE_TRANSFORM, "add a transform, type times 65536 plus id, to the first proposal for an IKE SA"),
    ALIAS("initiate_v2_liveness", TRIGGER, TRIGGER_LIVENESS, 0),
    REFUSED("install_ipsec_sa_inbound_policy", "what a data plane refuses it tells later, by itself"),
    REFUSED("install_ipsec_sa_inbound_state", "what a data plane refuses it tells later, by itself"),
    REFUSED("install_ipsec_sa_outbound_policy", "what a data plane refuses it tells later, by itself"),
    REFUSED("install_ipsec_sa_outbound_state", "what a data plane refuses it tells later, by itself"),
    ALIAS("jacob_two_two", FLAG, DUPLICATE_OUTBOUND, 0),
    DOES("ke_payload", CONTENT, KE_PAYLOAD, "the value in KE payloads"),
    REFUSED("lifetime", "lifetimes are checked where they are written"),
    REFUSED("log_rate_limit", "log lines have no rate limit"),
    DOES("major_version_bump", FLAG, MAJOR_VERSION_BUMP, "claim the next major version of IKE in messages sent"),
    REFUSED("mangle_cert_pubkey", "certificates are not supported yet"),
    DOES("minor_version_bump", FLAG, MINOR_VERSION_BUMP, "claim the next minor version of IKE in messages sent"),
    DOES("number_of_tsi_selectors", COUNT, TSI_COUNT, "claim so many selectors in TSi payloads"),
    DOES("number_of_tsr_selectors", COUNT, TSR_COUNT, "claim so many selectors in TSr payloads"),
    DOES("old_natt_drafts", FLAG, OLD_NATT_DRAFTS, "of IKEv1's NAT traversal know the drafts 00 and 01 only"),
    REFUSED("omit_addke_notification", "there are no additional key exchanges"),
    DOES("omit_v2_ike_auth_child", FLAG, OMIT_AUTH_CHILD, "leave the payloads of the Child SA out of IKE_AUTH messages"),
    DOES("omit_v2_notification", NOTIFICATION, OMIT_NOTIFICATION, "leave this notification out of IKEv2 messages"),
    ALIAS("omit_v2n_signature_hash_algorithms", FLAG, OMIT_NOTIFICATION, SIGNATURE_HASH_ALGORITHMS),
    DOES("pad_with_unknown_v2_payloads", NUMBER, PAD_UNKNOWN, "add so many payloads of an unknown type to every IKEv2 message"),
    REFUSED("proposal_parser", "proposals are parsed where they are written, before the engine sees them"),
    DOES("record_inbound", FLAG, RECORD_INBOUND, "keep the last messages that came, also those dropped, for drip_inbound"),
    DOES("record_outbound", FLAG, RECORD_OUTBOUND, "keep the last messages sent, also those dropped, for drip_outbound"),
    DOES("rekey_initiate_subnet", FLAG, REKEY_INITIATE_SUBNET, "as initiator of a rekey name the first address of each selector alone"),
    DOES("rekey_initiate_supernet", FLAG, REKEY_INITIATE_SUPERNET, "as initiator of a rekey name all addresses"),
    DOES("rekey_respond_subnet", FLAG, REKEY_RESPOND_SUBNET, "answer CREATE_CHILD_SA with the first address of each selector alone"),
    DOES("rekey_respond_supernet", FLAG, REKEY_RESPOND_SUPERNET, "answer CREATE_CHILD_SA with all addresses"),
    DOES("replay_backward", FLAG, REPLAY_BACKWARD, "the same as replay_inbound, the newest first"),
    ALIAS("replay_duplicates", FLAG, DUPLICATE_INBOUND, 0),
    DOES("replay_encrypted", FLAG, REPLAY_ENCRYPTED, "send every encrypted message twice"),
    ALIAS("replay_forward", FLAG, REPLAY_INBOUND, 0),
    DOES("replay_inbound", FLAG, REPLAY_INBOUND, "after a message that comes, the last ones before it again"),
    DOES("replay_outbound", FLAG, REPLAY_OUTBOUND, "after a message that is sent, the last ones before it again"),
    DOES("revival", FLAG, REVIVAL, "leave down what should stay up"),
    DOES("sa_creation", FLAG, SA_CREATION, "fail to make any IKE SA"),
    ALIAS("send_bogus_dcookie", FLAG, COOKIE, IMPAIR_COOKIE_ADD),
    DOES("send_bogus_isakmp_flag", FLAG, BOGUS_HEADER_FLAG, "set a reserved flag in headers of messages"),
    DOES("send_bogus_payload_flag", FLAG, BOGUS_PAYLOAD_FLAG, "set a reserved bit in headers of payloads"),
    DOES("send_keepalive", TRIGGER, TRIGGER_KEEPALIVE, "send a NAT keepalive for the SA number N"),
    REFUSED("send_key_size_check", "key sizes are checked where the proposal is written, before the engine sees it"),
    DOES("send_no_delete", FLAG, SEND_NO_DELETE, "tell peers of no SA that is deleted"),
    DOES("send_no_idr", FLAG, NO_IDR, "as initiator send no IDr payload"),
    DOES("send_no_ikev2_auth", FLAG, SEND_NO_AUTH, "send no IKE_AUTH request"),
    DOES("send_no_main_r2", FLAG, SEND_NO_MAIN_R2, "as responder do not send the second message of Main Mode"),
    DOES("send_no_xauth_r0", FLAG, SEND_NO_XAUTH_R0, "as XAUTH server ask nobody for a user name"),
    DOES("send_nonzero_reserved", FLAG, NONZERO_RESERVED, "fill the reserved bytes inside SA, KE, AUTH and TS payloads"),
    DOES("send_nonzero_reserved_id", FLAG, NONZERO_RESERVED_ID, "fill the reserved bytes of our identity, also in what AUTH proves"),
    REFUSED("send_pkcs7_thingie", "certificates are not supported yet"),
    DOES("suppress_retransmits", FLAG, SUPPRESS_RETRANSMITS, "send no request a second time"),
    REFUSED("tcp_skip_setsockopt_espintcp", "the engine has no sockets"),
    REFUSED("tcp_use_blocking_write", "nothing blocks the daemon"),
    DOES("timeout_on_retransmit", FLAG, TIMEOUT_ON_RETRANSMIT, "give up where a request would be sent a second time"),
    WORDS("trigger", EVENT, EVENT_OF_VALUE, event_words, "let this happen now; those of an SA as WORD:#N"),
    DOES("trigger_revival", TRIGGER, TRIGGER_REVIVAL, "bring the connection with serial number N up now"),
    ALIAS("trigger_v1_replace", TRIGGER, TRIGGER_REPLACE, 0),
    DOES("trigger_v2_liveness", TRIGGER, TRIGGER_LIVENESS, "ask the peer of IKE SA number N whether it lives"),
    DOES("trigger_v2_rekey", TRIGGER, TRIGGER_REKEY, "rekey the SA number N now"),
    DOES("trigger_v2_replace", TRIGGER, TRIGGER_REPLACE, "let the SA number N expire now"),
    REFUSED("truncate_signed_hash", "what is signed is hashed and signed in one step"),
    DOES("unknown_v2_payload_critical", FLAG, UNKNOWN_PAYLOAD_CRITICAL, "payloads of unknown types that are added are critical"),
    DOES("v1_emit_quick_id", COUNT, V1_EMIT_QUICK_ID, "so many identities of clients in Quick Mode"),
    DOES("v1_hash_check", FLAG, V1_HASH_CHECK, "believe every HASH payload after phase 1"),
    WORDS("v1_hash_exchange", WORD, V1_HASH_EXCHANGE, hash_words, "v1_hash_payload concerns these messages alone"),
    DOES("v1_hash_payload", CONTENT, V1_HASH_PAYLOAD, "the HASH payload of messages after phase 1"),
    DOES("v1_ipsec_delete_payload", CONTENT, V1_IPSEC_DELETE, "Delete payloads of IPsec SAs"),
    DOES("v1_isakmp_delete_payload", CONTENT, V1_ISAKMP_DELETE, "Delete payloads of ISAKMP SAs"),
    DOES("v1_remote_quick_id", COUNT, V1_REMOTE_QUICK_ID, "the type of the second identity of a client in Quick Mode"),
    DOES("v2_delete_protoid", COUNT, DELETE_PROTOCOL, "the protocol in Delete payloads"),
    WORDS("v2_proposal_dh", WORD, PROPOSAL_DH, ke_words, "key exchanges in proposals: NONE added, all left out, NONE left out"),
    WORDS("v2_proposal_integ", WORD, PROPOSAL_INTEG, integ_words, "integrity in proposals: NONE added, all left out"),
    DOES("v2_proposal_protoid", COUNT, PROPOSAL_PROTOCOL, "the protocol in proposals"),
    DOES("v2n_rekey_sa_protoid", COUNT, REKEY_PROTOCOL, "the protocol in REKEY_SA notifications"),
};
/* clang-format on */
const size_t impair_name_count = ARRAY_SIZE(impair_names);
