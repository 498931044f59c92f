/* The names of impairments, and switching them on and off: see impair.h. */
#include "engine/impair.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/text.h"
#include "engine/initiate.h"
#include "engine/peer_path.h"
#include "engine/version.h"

/* clang-format off */
const struct impair_name impair_names[] = {
    {"add_unknown_v2_payload_to", IMPAIR_NOT_YET, 0, NULL},
    {"add_unknown_v2_payload_to_sk", IMPAIR_NOT_YET, 0, NULL},
    {"add_v2_notification", IMPAIR_NOT_YET, 0, NULL},
    {"allow_dns_insecure", IMPAIR_NOT_YET, 0, NULL},
    {"allow_null_none", IMPAIR_NOT_YET, 0, NULL},
    {"bad_ike_auth_xchg", IMPAIR_NOT_YET, 0, NULL},
    {"bad_ikev2_auth_xchg", IMPAIR_NOT_YET, 0, NULL},
    {"block_inbound", IMPAIR_FLAG, IMPAIR_BLOCK_INBOUND, "drop every message that comes"},
    {"block_outbound", IMPAIR_FLAG, IMPAIR_BLOCK_OUTBOUND, "send no message"},
    {"bust_mi2", IMPAIR_NOT_YET, 0, NULL},
    {"bust_mr2", IMPAIR_NOT_YET, 0, NULL},
    {"cannot_ondemand", IMPAIR_NOT_YET, 0, NULL},
    {"child_key_length_attribute", IMPAIR_NOT_YET, 0, NULL},
    {"childless_ikev2_supported", IMPAIR_NOT_YET, 0, NULL},
    {"copy_v1_notify_response_spis_to_retransmission", IMPAIR_NOT_YET, 0, NULL},
    {"corrupt_encrypted", IMPAIR_FLAG, IMPAIR_CORRUPT_ENCRYPTED, "spoil the integrity check of encrypted messages sent"},
    {"ddos_cookie", IMPAIR_NOT_YET, 0, NULL},
    {"delete_on_retransmit", IMPAIR_FLAG, IMPAIR_TIMEOUT_ON_RETRANSMIT, NULL},
    {"drip_inbound", IMPAIR_NOT_YET, 0, NULL},
    {"drip_outbound", IMPAIR_NOT_YET, 0, NULL},
    {"drop_i2", IMPAIR_NOT_YET, 0, NULL},
    {"drop_inbound", IMPAIR_NUMBER, IMPAIR_DROP_INBOUND, "drop the message that comes as number N from now"},
    {"drop_incoming", IMPAIR_NUMBER, IMPAIR_DROP_INBOUND, NULL},
    {"drop_outbound", IMPAIR_NUMBER, IMPAIR_DROP_OUTBOUND, "do not send message number N from now"},
    {"drop_outgoing", IMPAIR_NUMBER, IMPAIR_DROP_OUTBOUND, NULL},
    {"drop_xauth_r0", IMPAIR_FLAG, IMPAIR_DROP_XAUTH_R0, "as XAUTH client do not hear what the server asks"},
    {"duplicate_inbound", IMPAIR_FLAG, IMPAIR_DUPLICATE_INBOUND, "take every message that comes twice"},
    {"duplicate_outbound", IMPAIR_FLAG, IMPAIR_DUPLICATE_OUTBOUND, "send every message twice"},
    {"emitting", IMPAIR_NOT_YET, 0, NULL},
    {"event_check_crls", IMPAIR_NOT_YET, 0, NULL},
    {"event_sa_replace", IMPAIR_TRIGGER, IMPAIR_TRIGGER_REPLACE, NULL},
    {"event_v2_liveness", IMPAIR_TRIGGER, IMPAIR_TRIGGER_LIVENESS, NULL},
    {"event_v2_reauth", IMPAIR_NOT_YET, 0, NULL},
    {"event_v2_rekey", IMPAIR_TRIGGER, IMPAIR_TRIGGER_REKEY, NULL},
    {"force_fips", IMPAIR_NOT_YET, 0, NULL},
    {"force_v2_auth_method", IMPAIR_NOT_YET, 0, NULL},
    {"helper_thread_delay", IMPAIR_NOT_YET, 0, NULL},
    {"ignore_hard_expire", IMPAIR_FLAG, IMPAIR_IGNORE_HARD_EXPIRE, "do not delete what the data plane says is used up"},
    {"ignore_soft_expire", IMPAIR_FLAG, IMPAIR_IGNORE_SOFT_EXPIRE, "do not rekey when the data plane asks for it"},
    {"ignore_v2_ike_auth_child", IMPAIR_NOT_YET, 0, NULL},
    {"ignore_v2_notification", IMPAIR_NOT_YET, 0, NULL},
    {"ignore_v2n_signature_hash_algorithms", IMPAIR_NOT_YET, 0, NULL},
    {"ignore_viable_parent", IMPAIR_NOT_YET, 0, NULL},
    {"ike_initiator_nonce", IMPAIR_NOT_YET, 0, NULL},
    {"ike_initiator_spi", IMPAIR_NUMBER, IMPAIR_INITIATOR_SPI, "the SPI of the next IKE SAs that we initiate"},
    {"ike_key_length_attribute", IMPAIR_NOT_YET, 0, NULL},
    {"ike_responder_nonce", IMPAIR_NOT_YET, 0, NULL},
    {"ike_responder_spi", IMPAIR_NUMBER, IMPAIR_RESPONDER_SPI, "the SPI of the next IKE SAs that peers initiate"},
    {"ikev1_del_with_notify", IMPAIR_NOT_YET, 0, NULL},
    {"ikev2_add_child_transform", IMPAIR_NOT_YET, 0, NULL},
    {"ikev2_add_ike_transform", IMPAIR_NOT_YET, 0, NULL},
    {"initiate_v2_liveness", IMPAIR_TRIGGER, IMPAIR_TRIGGER_LIVENESS, NULL},
    {"install_ipsec_sa_inbound_policy", IMPAIR_NOT_YET, 0, NULL},
    {"install_ipsec_sa_inbound_state", IMPAIR_NOT_YET, 0, NULL},
    {"install_ipsec_sa_outbound_policy", IMPAIR_NOT_YET, 0, NULL},
    {"install_ipsec_sa_outbound_state", IMPAIR_NOT_YET, 0, NULL},
    {"jacob_two_two", IMPAIR_NOT_YET, 0, NULL},
    {"ke_payload", IMPAIR_NOT_YET, 0, NULL},
    {"lifetime", IMPAIR_NOT_YET, 0, NULL},
    {"log_rate_limit", IMPAIR_NOT_YET, 0, NULL},
    {"major_version_bump", IMPAIR_FLAG, IMPAIR_MAJOR_VERSION_BUMP, "claim the next major version of IKE in messages sent"},
    {"mangle_cert_pubkey", IMPAIR_NOT_YET, 0, NULL},
    {"minor_version_bump", IMPAIR_NOT_YET, 0, NULL},
    {"number_of_tsi_selectors", IMPAIR_NOT_YET, 0, NULL},
    {"number_of_tsr_selectors", IMPAIR_NOT_YET, 0, NULL},
    {"old_natt_drafts", IMPAIR_FLAG, IMPAIR_OLD_NATT_DRAFTS, "of IKEv1's NAT traversal know the drafts 00 and 01 only"},
    {"omit_addke_notification", IMPAIR_NOT_YET, 0, NULL},
    {"omit_v2_ike_auth_child", IMPAIR_NOT_YET, 0, NULL},
    {"omit_v2_notification", IMPAIR_NOT_YET, 0, NULL},
    {"omit_v2n_signature_hash_algorithms", IMPAIR_NOT_YET, 0, NULL},
    {"pad_with_unknown_v2_payloads", IMPAIR_NOT_YET, 0, NULL},
    {"proposal_parser", IMPAIR_NOT_YET, 0, NULL},
    {"record_inbound", IMPAIR_NOT_YET, 0, NULL},
    {"record_outbound", IMPAIR_NOT_YET, 0, NULL},
    {"rekey_initiate_subnet", IMPAIR_NOT_YET, 0, NULL},
    {"rekey_initiate_supernet", IMPAIR_NOT_YET, 0, NULL},
    {"rekey_respond_subnet", IMPAIR_NOT_YET, 0, NULL},
    {"rekey_respond_supernet", IMPAIR_NOT_YET, 0, NULL},
    {"replay_backward", IMPAIR_FLAG, IMPAIR_REPLAY_BACKWARD, "the same, the newest first"},
    {"replay_duplicates", IMPAIR_FLAG, IMPAIR_DUPLICATE_INBOUND, NULL},
    {"replay_encrypted", IMPAIR_NOT_YET, 0, NULL},
    {"replay_forward", IMPAIR_FLAG, IMPAIR_REPLAY_INBOUND, NULL},
    {"replay_inbound", IMPAIR_FLAG, IMPAIR_REPLAY_INBOUND, "after a message that comes, the last ones before it again"},
    {"replay_outbound", IMPAIR_FLAG, IMPAIR_REPLAY_OUTBOUND, "after a message that is sent, the last ones before it again"},
    {"revival", IMPAIR_FLAG, IMPAIR_REVIVAL, "leave down what should stay up"},
    {"sa_creation", IMPAIR_NOT_YET, 0, NULL},
    {"send_bogus_dcookie", IMPAIR_NOT_YET, 0, NULL},
    {"send_bogus_isakmp_flag", IMPAIR_NOT_YET, 0, NULL},
    {"send_bogus_payload_flag", IMPAIR_NOT_YET, 0, NULL},
    {"send_keepalive", IMPAIR_TRIGGER, IMPAIR_TRIGGER_KEEPALIVE, "send a NAT keepalive for the SA number N"},
    {"send_key_size_check", IMPAIR_NOT_YET, 0, NULL},
    {"send_no_delete", IMPAIR_FLAG, IMPAIR_SEND_NO_DELETE, "tell peers of no SA that is deleted"},
    {"send_no_idr", IMPAIR_NOT_YET, 0, NULL},
    {"send_no_ikev2_auth", IMPAIR_NOT_YET, 0, NULL},
    {"send_no_main_r2", IMPAIR_NOT_YET, 0, NULL},
    {"send_no_xauth_r0", IMPAIR_FLAG, IMPAIR_SEND_NO_XAUTH_R0, "as XAUTH server ask nobody for a user name"},
    {"send_nonzero_reserved", IMPAIR_NOT_YET, 0, NULL},
    {"send_nonzero_reserved_id", IMPAIR_NOT_YET, 0, NULL},
    {"send_pkcs7_thingie", IMPAIR_NOT_YET, 0, NULL},
    {"suppress_retransmits", IMPAIR_FLAG, IMPAIR_SUPPRESS_RETRANSMITS, "send no request a second time"},
    {"tcp_skip_setsockopt_espintcp", IMPAIR_NOT_YET, 0, NULL},
    {"tcp_use_blocking_write", IMPAIR_NOT_YET, 0, NULL},
    {"timeout_on_retransmit", IMPAIR_FLAG, IMPAIR_TIMEOUT_ON_RETRANSMIT, "give up where a request would be sent a second time"},
    {"trigger", IMPAIR_NOT_YET, 0, NULL},
    {"trigger_revival", IMPAIR_TRIGGER, IMPAIR_TRIGGER_REVIVAL, "bring the connection with serial number N up now"},
    {"trigger_v1_replace", IMPAIR_TRIGGER, IMPAIR_TRIGGER_REPLACE, NULL},
    {"trigger_v2_liveness", IMPAIR_TRIGGER, IMPAIR_TRIGGER_LIVENESS, "ask the peer of IKE SA number N whether it lives"},
    {"trigger_v2_rekey", IMPAIR_TRIGGER, IMPAIR_TRIGGER_REKEY, "rekey the SA number N now"},
    {"trigger_v2_replace", IMPAIR_TRIGGER, IMPAIR_TRIGGER_REPLACE, "let the SA number N expire now"},
    {"truncate_signed_hash", IMPAIR_NOT_YET, 0, NULL},
    {"unknown_v2_payload_critical", IMPAIR_NOT_YET, 0, NULL},
    {"v1_emit_quick_id", IMPAIR_NOT_YET, 0, NULL},
    {"v1_hash_check", IMPAIR_NOT_YET, 0, NULL},
    {"v1_hash_exchange", IMPAIR_NOT_YET, 0, NULL},
    {"v1_hash_payload", IMPAIR_NOT_YET, 0, NULL},
    {"v1_ipsec_delete_payload", IMPAIR_NOT_YET, 0, NULL},
    {"v1_isakmp_delete_payload", IMPAIR_NOT_YET, 0, NULL},
    {"v1_remote_quick_id", IMPAIR_NOT_YET, 0, NULL},
    {"v2_delete_protoid", IMPAIR_NOT_YET, 0, NULL},
    {"v2_proposal_dh", IMPAIR_NOT_YET, 0, NULL},
    {"v2_proposal_integ", IMPAIR_NOT_YET, 0, NULL},
    {"v2_proposal_protoid", IMPAIR_NOT_YET, 0, NULL},
    {"v2n_rekey_sa_protoid", IMPAIR_NOT_YET, 0, NULL},
};
/* clang-format on */
const size_t impair_name_count = ARRAY_SIZE(impair_names);

enum { WORD_SIZE_MAX = 80, WORDS_MAX = 32 };

struct change {
    const struct impair_name *row; /* NULL: all off */
    uint64_t value;
    bool is_question; /* "list": changes nothing */
};

bool is_impaired(const struct engine *engine, enum impairment which)
{
    return engine->impairments.values[which] != 0;
}

static int compare_name(const void *name, const void *row)
{
    return strcmp(name, ((const struct impair_name *)row)->name);
}

static const struct impair_name *find(const char *word)
{
    char name[WORD_SIZE_MAX];
    size_t size = 0;
    for (; word[size] != '\0' && size + 1 < sizeof(name); size++)
        name[size] = word[size] == '-'                        ? '_'
                     : word[size] >= 'A' && word[size] <= 'Z' ? (char)(word[size] - 'A' + 'a')
                                                              : word[size];
    name[size] = '\0';
    return bsearch(name, impair_names, impair_name_count, sizeof(impair_names[0]), compare_name);
}

static bool refuse_name(const char *word, struct error *error)
{
    const char *names[ARRAY_SIZE(impair_names)];
    char shown[4 * WORD_SIZE_MAX];
    struct text out = text_of(shown, sizeof(shown));
    text_add_escaped(&out, bytes_of_text(word));
    for (size_t i = 0; i < impair_name_count; i++)
        names[i] = impair_names[i].name;
    const char *nearest = text_nearest(word, names, impair_name_count);
    return error_set(error, RC_WHACK_PROBLEM, "unrecognized impair option \"%s\"%s%s%s", shown,
                     nearest ? "; did you mean \"" : "; --impair help lists them", nearest ? nearest : "",
                     nearest ? "\"?" : "");
}

static bool parse_value(const struct impair_name *row, const char *value, uint64_t *out, struct error *error)
{
    static const char *const off[] = {"no", "off", "disable"}, *const on[] = {"yes", "on", "enable"};
    for (size_t i = 0; value != NULL && i < ARRAY_SIZE(off); i++) {
        if (strcasecmp(value, off[i]) == 0 && row->way != IMPAIR_TRIGGER) {
            *out = 0;
            return true;
        }
        if (strcasecmp(value, on[i]) == 0 && row->way == IMPAIR_FLAG)
            value = NULL;
    }
    if (row->way == IMPAIR_FLAG) {
        *out = 1;
        return value == NULL ||
               error_set(error, RC_WHACK_PROBLEM, "impair option \"%s\" is yes or no, not \"%.40s\"",
                         row->name, value);
    }
    char *end = NULL;
    unsigned long long number = value != NULL ? strtoull(value + (value[0] == '#'), &end, 0) : 0;
    if (value == NULL || *end != '\0' || number == 0)
        return error_set(error, RC_WHACK_PROBLEM, "impair option \"%s\" needs a number: %s:N", row->name,
                         row->name);
    *out = number;
    return true;
}

/* One word: "name", "name:value", "no-name", "none", "list". */
static bool parse_word(char *word, struct change *change, struct error *error)
{
    *change = (struct change){.is_question = strcasecmp(word, "list") == 0};
    if (change->is_question || strcasecmp(word, "none") == 0)
        return true;
    bool is_off = strncasecmp(word, "no-", 3) == 0 && find(word) == NULL;
    char *name = is_off ? word + 3 : word;
    char *value = strpbrk(name, ":=");
    if (value != NULL)
        *value++ = '\0';
    change->row = find(name);
    if (change->row == NULL)
        return refuse_name(name, error);
    if (change->row->way == IMPAIR_NOT_YET)
        return error_set(error, RC_WHACK_PROBLEM, "impair option \"%s\" is not supported yet", name);
    if (is_off)
        return change->row->way != IMPAIR_TRIGGER ||
               error_set(error, RC_WHACK_PROBLEM,
                         "impair option \"%s\" is done at once: there is nothing to undo", name);
    return parse_value(change->row, value, &change->value, error);
}

static bool parse_words(const char *text, struct change *changes, size_t *ret_count, struct error *error)
{
    static const char blanks[] = ", \t";
    *ret_count = 0;
    for (const char *at = text + strspn(text, blanks); *at != '\0'; at += strspn(at, blanks)) {
        char word[WORD_SIZE_MAX];
        size_t length = strcspn(at, blanks);
        if (length >= sizeof(word) || *ret_count == WORDS_MAX)
            return error_set(error, RC_WHACK_PROBLEM, "too many impair options, or one too long");
        memcpy(word, at, length);
        word[length] = '\0';
        at += length;
        if (!parse_word(word, &changes[(*ret_count)++], error))
            return false;
    }
    return *ret_count > 0 || error_set(error, RC_WHACK_PROBLEM, "no impair option named");
}

static bool no_such_sa(uint64_t serial, struct error *error)
{
    return error_set(error, RC_UNKNOWN_NAME, "no established SA #%llu", (unsigned long long)serial);
}

static bool trigger_on_sa(struct engine *engine, enum impairment which, uint64_t serial, uint64_t client,
                          struct error *error)
{
    struct child_sa *child = child_by_serial(engine, serial);
    struct ike_sa *ike = ike_by_serial(engine, child != NULL ? child->ike_serial : serial);
    if (ike == NULL || ike->setup != NULL || (child != NULL && child->state != CHILD_STATE_ESTABLISHED))
        return no_such_sa(serial, error);
    if (which == IMPAIR_TRIGGER_KEEPALIVE) {
        peer_path_keep_alive(engine, ike);
    } else if (which == IMPAIR_TRIGGER_LIVENESS) {
        ike_add_task(engine, ike, TASK_LIVENESS, 0, 0, 0);
        ike->version->run_tasks(engine, ike);
    } else if (which == IMPAIR_TRIGGER_REKEY) {
        child != NULL ? child_rekey(engine, child, client) : ike->version->rekey_ike(engine, ike, client);
    } else if (child != NULL) {
        child->expire_at = engine_now(engine);
        engine_timer_arm(engine, &child->life_timer, child->expire_at);
    } else {
        ike->expire_at = engine_now(engine);
        engine_timer_arm(engine, &ike->life_timer, ike->expire_at);
    }
    return true;
}

static bool trigger(struct engine *engine, const struct change *change, uint64_t client, struct error *error)
{
    if (change->row->which != IMPAIR_TRIGGER_REVIVAL)
        return trigger_on_sa(engine, change->row->which, change->value, client, error);
    struct connection *connection = connection_by_serial(engine, change->value);
    if (connection == NULL || !connection->is_oriented || !address_is_set(&connection->remote))
        return error_set(error, RC_UNKNOWN_NAME, "no connection $%llu that could be brought up",
                         (unsigned long long)change->value);
    initiate_connection(engine, connection, 0);
    return true;
}

static void forget_record(struct message_record *record)
{
    for (size_t i = 0; i < record->count; i++)
        free(record->messages[i].data);
    *record = (struct message_record){0};
}

void impairments_free(struct impairments *impairments)
{
    forget_record(&impairments->inbound);
    forget_record(&impairments->outbound);
    *impairments = (struct impairments){0};
}

static void set_kept(struct impairments *impairments, const struct change *change)
{
    impairments->values[change->row->which] = change->value;
    impairments->has_any = false;
    for (size_t i = 0; i < IMPAIR_KEPT_COUNT; i++)
        impairments->has_any |= impairments->values[i] != 0;
    if (!impairments->has_any)
        impairments_free(impairments);
}

/* Every impairment that is on. */
static void list_kept(struct engine *engine, uint64_t client)
{
    for (size_t i = 0; i < impair_name_count; i++) {
        const struct impair_name *row = &impair_names[i];
        if (row->help == NULL || row->which >= IMPAIR_KEPT_COUNT || !is_impaired(engine, row->which))
            continue;
        char value[24] = "yes";
        if (row->way == IMPAIR_NUMBER)
            snprintf(value, sizeof(value), "%llu",
                     (unsigned long long)engine->impairments.values[row->which]);
        say_connection(engine, RC_COMMENT, NULL, client, "%s:%s", row->name, value);
    }
}

bool impair_apply(struct engine *engine, const char *text, uint64_t client, struct error *error)
{
    struct change changes[WORDS_MAX];
    size_t count;
    if (!parse_words(text, changes, &count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (changes[i].is_question)
            list_kept(engine, client);
        else if (changes[i].row == NULL)
            impairments_free(&engine->impairments);
        else if (changes[i].row->way != IMPAIR_TRIGGER)
            set_kept(&engine->impairments, &changes[i]);
        else if (!trigger(engine, &changes[i], client, error))
            return false;
    }
    return true;
}
