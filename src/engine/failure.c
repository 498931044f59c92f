/* The last failure of a connection, and its cause in words: see failure.h. */
#include "engine/failure.h"

#include <stdio.h>

#include "engine/auth_keys.h"
#include "engine/connection.h"
#include "engine/ikev2/traffic_selectors.h"
#include "engine/version.h"
#include "wire/ikev1_numbers.h"

const char *failure_kind_name(enum failure_kind kind)
{
    static const char *const names[FAILURE_KIND_COUNT] = {
        "none",       "no-answer", "ike-proposal", "child-proposal", "selectors", "authentication",
        "peer-proof", "identity",  "no-secret",    "login",          "refused",   "other"};
    return kind < FAILURE_KIND_COUNT ? names[kind] : "other";
}

enum failure_kind failure_of_child_notify(uint16_t notify)
{
    switch (notify) {
    case NO_PROPOSAL_CHOSEN:
        return FAILURE_CHILD_PROPOSAL;
    case TS_UNACCEPTABLE:
        return FAILURE_SELECTORS;
    case AUTHENTICATION_FAILED:
        return FAILURE_AUTHENTICATION;
    default:
        return FAILURE_REFUSED;
    }
}

/* ---- the cause in words ---- */

/* What somebody said in clear, who may have been the peer (IKEv1). */
static void tell_unproven(struct text *text, const struct failure *failure,
                          const struct connection *connection)
{
    text_add(text, "; an unauthenticated notification of its address said %s",
             ikev1_notify_name(failure->unproven_notify));
    if (failure->unproven_notify != NO_PROPOSAL_CHOSEN || failure->was_answered)
        return;
    text_add(text, "; we offered: ");
    proposals_text(text, connection->spec->ike_proposals);
}

/* What to look at depends on whether the peer has been heard at all. */
static void tell_no_answer(struct text *text, const struct failure *failure,
                           const struct connection *connection)
{
    char remote[ENDPOINT_TEXT_SIZE];
    const char *protocol = failure->path.is_tcp ? "TCP" : "UDP";
    text_add(text, "no %sanswer from %s to %u message%s (%s) in %u second%s",
             failure->unproven_notify != 0 ? "acceptable " : "", endpoint_text(&failure->path.remote, remote),
             failure->sends, failure->sends == 1 ? "" : "s", failure->step, failure->waited_seconds,
             failure->waited_seconds == 1 ? "" : "s");
    if (failure->network_errno != 0)
        text_add(text, "; the network reported: %s", strerror(failure->network_errno));
    if (failure->unproven_notify != 0)
        tell_unproven(text, failure, connection);
    if (failure->was_answered)
        text_add(text,
                 "; it did answer before: its log may tell why (a secret or an identity that differs?), "
                 "or larger messages to %s port %u do not pass",
                 protocol, failure->path.remote.port);
    else if (failure->unproven_notify == 0)
        text_add(text, "; is IKE running there, and may %s port %u pass?", protocol,
                 failure->path.remote.port);
}

static void tell_proposals(struct text *text, const struct failure *failure,
                           const struct connection *connection)
{
    const struct connection_spec *spec = connection->spec;
    bool is_ike = failure->kind == FAILURE_IKE_PROPOSAL;
    const char *keyword = is_ike ? "ike=" : spec->protocol == PROTOCOL_AH ? "ah=" : "esp=";
    if (!failure->we_initiated) {
        text_add(text, "no %s proposal in common: %s", keyword, failure->text);
        return;
    }
    text_add(text, "the peer accepts none of our %s proposals%s; we offered: ", keyword,
             is_ike ? ", or has no connection for us" : "");
    proposals_text(text, is_ike ? spec->ike_proposals : spec->child_proposals);
    unsigned esn = spec->esn & (PROPOSAL_ESN_NO | PROPOSAL_ESN_YES);
    bool has_one_esn = esn == PROPOSAL_ESN_NO || esn == PROPOSAL_ESN_YES;
    if (!is_ike && spec->ike_version == 2 && has_one_esn)
        text_add(text, " with esn=%s", esn == PROPOSAL_ESN_YES ? "yes" : "no");
    text_add(text, "; what it wants stands in its log and its %s line", keyword);
}

static void tell_selectors(struct text *text, const struct failure *failure,
                           const struct connection *connection)
{
    struct selector selectors[SELECTORS_MAX];
    if (!failure->we_initiated) {
        text_add(text, "the networks of both sides differ: %s", failure->text);
        return;
    }
    text_add(text, "the peer does not accept our networks; we asked for ");
    selectors_describe(text, selectors, connection_selectors(connection, true, selectors));
    text_add(text, " === ");
    selectors_describe(text, selectors, connection_selectors(connection, false, selectors));
    text_add(text, "; its leftsubnet= and rightsubnet= must be the same two");
}

/* Which secret is used between the two, or that there is none. */
static void tell_secret(struct text *text, const struct engine *engine, const struct connection *connection,
                        const struct ip_address *remote)
{
    struct error error;
    const struct secret_entry *secret = secrets_find_psk(
        engine->secrets, &connection->local_id, &connection->remote_id, &connection->local, remote, &error);
    if (secret != NULL)
        text_add(text, "the secret in use is that of %s", secret->origin ? secret->origin : "ipsec.secrets");
    else
        text_add(text, "%s", error.text);
}

/* False: we do not sign. */
static bool tell_key(struct text *text, const struct engine *engine, const struct connection *connection)
{
    char words[32], ckaid[CKAID_HEX_SIZE];
    unsigned methods = connection->local_end->auth & AUTH_SIGNATURES;
    const struct private_key *key = methods != 0 ? auth_private_key(engine, connection, methods, NULL) : NULL;
    if (key == NULL)
        return false;
    const struct public_key *public_key = key->public_key;
    text_add(
        text,
        "it was signed with the %s key %s (CKAID %s): the peer must know that public key, for this identity",
        public_key_describe(public_key, words), public_key->key_id, ckaid_text(public_key->ckaid, ckaid));
    return true;
}

static void tell_authentication(struct text *text, const struct engine *engine, const struct failure *failure,
                                const struct connection *connection)
{
    char ours[IDENTITY_TEXT_SIZE], theirs[IDENTITY_TEXT_SIZE];
    if (failure->kind == FAILURE_AUTHENTICATION)
        text_add(text, "the peer does not accept our proof of being '%.120s'",
                 identity_text(&connection->local_id, ours));
    else
        text_add(text, "%.300s", failure->text);
    if (failure->kind == FAILURE_AUTHENTICATION)
        text_add(text, " (asked as '%.120s')", identity_text(&connection->remote_id, theirs));
    bool by_secret = (connection->remote_end->auth & AUTH_PSK) != 0;
    if (failure->kind == FAILURE_PEER_PROOF && by_secret && connection->spec->ike_version == 1) {
        text_add(text, "; ");
        tell_secret(text, engine, connection, &failure->path.remote.address);
    }
    if (failure->kind == FAILURE_PEER_PROOF)
        text_add(text, by_secret
                           ? ": both sides must have the same"
                           : ": the peer must sign with the private key of a public key that we know of it");
    if (failure->kind != FAILURE_AUTHENTICATION)
        return;
    text_add(text, "; ");
    if (tell_key(text, engine, connection))
        return;
    tell_secret(text, engine, connection, &failure->path.remote.address);
    text_add(text, ": the peer's must be the same, and it must know these identities");
}

static void tell_cause(struct engine *engine, struct failure *failure, const struct connection *connection)
{
    struct text text = text_of(failure->cause, sizeof(failure->cause));
    if (connection->local_end == NULL)
        return;
    switch (failure->kind) {
    case FAILURE_NO_ANSWER:
        tell_no_answer(&text, failure, connection);
        break;
    case FAILURE_IKE_PROPOSAL:
    case FAILURE_CHILD_PROPOSAL:
        tell_proposals(&text, failure, connection);
        break;
    case FAILURE_SELECTORS:
        tell_selectors(&text, failure, connection);
        break;
    case FAILURE_AUTHENTICATION:
    case FAILURE_PEER_PROOF:
    case FAILURE_IDENTITY:
    case FAILURE_NO_SECRET:
        tell_authentication(&text, engine, failure, connection);
        break;
    case FAILURE_LOGIN:
        text_add(&text, "the server does not accept the user name or the password: see leftusername= and the "
                        "XAUTH entries of ipsec.secrets, or --xauthuser and --xauthpass");
        break;
    default:
        break;
    }
}

/* ---- the record ---- */

/* Without an IKE SA: its first message was refused, or there was nowhere to begin. */
static const char *step_of(const struct failure *failure, const struct connection *connection,
                           const struct ike_sa *ike)
{
    if (ike == NULL && failure->we_initiated)
        return "routing";
    if (ike == NULL && connection->spec->ike_version == 1)
        return "phase 1";
    if (ike != NULL && ike->version->number == 1)
        return ike->setup != NULL ? "phase 1" : "Quick Mode";
    if (ike == NULL || ike->state == IKE_STATE_INIT_SENT)
        return "IKE_SA_INIT";
    if (ike->setup != NULL)
        return "IKE_AUTH";
    return ike->current == TASK_LIVENESS || ike->current == TASK_DELETE_IKE ||
                   ike->current == TASK_DELETE_CHILD
               ? "INFORMATIONAL"
               : "CREATE_CHILD_SA";
}

static void fill(struct engine *engine, struct failure *failure, const struct connection *connection,
                 const struct ike_sa *ike)
{
    failure->wall = engine->env->wall_clock(engine->env->world);
    failure->step = step_of(failure, connection, ike);
    failure->path.local.address = connection->local;
    failure->path.remote.address = connection->remote;
    if (ike == NULL)
        return;
    failure->serial = ike->serial;
    failure->path = ike->path;
    failure->sends = ike->retransmits + 1;
    failure->waited_seconds = (unsigned)((engine_now(engine) - ike->request_first_sent) / USEC_PER_SEC);
    failure->network_errno = ike->network_errno;
    failure->unproven_notify = ike->unproven_notify;
    failure->was_answered =
        ike->setup != NULL && memcmp(ike->spi_r, (uint8_t[IKE_SPI_SIZE]){0}, IKE_SPI_SIZE) != 0;
}

static struct failure *record_of(struct engine *engine, struct connection *connection)
{
    if (connection->failure == NULL)
        connection->failure =
            engine_allocate(engine, sizeof(*connection->failure), &connection->memory_bytes);
    return connection->failure;
}

const char *failure_keep(struct engine *engine, const struct connection *of, const struct ike_sa *ike,
                         bool we_initiated, enum failure_kind kind, uint16_t notify, const char *text)
{
    struct connection *keeper =
        connection_by_serial(engine, of->is_instance ? of->template_serial : of->serial);
    struct failure *failure = keeper != NULL ? record_of(engine, keeper) : NULL;
    if (failure == NULL)
        return NULL;
    bool is_known =
        kind == FAILURE_OTHER && ike != NULL && failure->serial == ike->serial && failure->count > 0;
    if (is_known)
        return NULL;
    uint16_t count = failure->count;
    *failure = (struct failure){.kind = kind, .we_initiated = we_initiated, .notify = notify};
    failure->count = count < UINT16_MAX ? (uint16_t)(count + 1) : count;
    snprintf(failure->text, sizeof(failure->text), "%s", text);
    fill(engine, failure, of, ike);
    tell_cause(engine, failure, of);
    return failure->cause[0] != '\0' ? failure->cause : NULL;
}

void failure_is_over(struct connection *connection)
{
    if (connection->failure != NULL)
        connection->failure->count = 0;
}

void failure_forget(struct engine *engine, struct connection *connection)
{
    engine_deallocate(engine, connection->failure, sizeof(*connection->failure), &connection->memory_bytes);
    connection->failure = NULL;
}
