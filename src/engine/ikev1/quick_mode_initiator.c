/* Quick Mode as initiator: RFC 2409 5.5. */
#include "engine/compression.h"
#include "engine/configuration.h"
#include "engine/connection.h"
#include "engine/ikev1/hearing.h"
#include "engine/ikev1/lifetimes.h"
#include "engine/ikev1/nat_traversal.h"
#include "engine/ikev1/quick_mode.h"
#include "engine/policy_text.h"

static void say_initiating(struct engine *engine, const struct ike_sa *ike, const struct quick_mode *quick)
{
    const struct connection *connection = connection_by_serial(engine, quick->child->connection_serial);
    const struct algorithm *group = quick->child->setup->ke;
    char policy[POLICY_TEXT_SIZE], list[512];
    struct text list_text = text_of(list, sizeof(list));
    proposals_text(&list_text, connection->spec->child_proposals);
    say_child(engine, RC_LOG, quick->child, quick->child->client,
              "initiating Quick Mode %s {using isakmp#%llu msgid:%08x proposal=%s pfsgroup=%s}",
              policy_text(connection->spec, connection->keep_up, policy), (unsigned long long)ike->serial,
              quick->exchange.message_id, list, group != NULL ? group->name : "no-pfs");
}

/* QM1: HASH(1), SA, Ni, [KE,] IDci, IDcr, [NAT-OA]. */
static void send_1(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick)
{
    struct child_sa *child = quick->child;
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    struct ikev1_offer offer = quick_mode_offer(ike, connection, child, false);
    uint8_t buffer[IKE_MESSAGE_MAX];
    struct message_builder builder =
        ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_QUICK, quick->exchange.message_id);
    ikev1_build_hash(ike, &builder);
    message_build_begin(&builder, ISAKMP_SA);
    ikev1_offer_write(&builder.writer, &offer);
    message_build_end(&builder);
    message_build_body(&builder, ISAKMP_NONCE, quick_nonce_i(quick));
    if (quick->own_public.size != 0)
        message_build_body(&builder, ISAKMP_KE, owned_bytes(&quick->own_public));
    quick_mode_build_id(&builder, &child->selectors[0]);
    quick_mode_build_id(&builder, child_remote_selectors(child));
    nat_traversal_build_original(ike, quick->encapsulation_mode, true, &builder);
    if (!ikev1_send_hashed(engine, ike, &quick->exchange, &builder, bytes_of(NULL, 0),
                           &child->memory_bytes)) {
        quick_mode_fail(engine, child, RC_INTERNAL_ERROR, "Quick Mode request could not be built");
        return;
    }
    say_child(engine, RC_NEW_V1_STATE + STATE_QUICK_I1, child, child->client, "%s",
              ikev1_state_story(STATE_QUICK_I1));
    ikev1_arm_retransmit(engine, ike, &quick->exchange, &quick->retransmit_timer);
}

void quick_mode_start(struct engine *engine, struct ike_sa *ike, const struct connection *connection,
                      const struct child_sa *replaces, uint64_t client)
{
    struct child_sa *child = child_new(engine, ike, connection);
    struct quick_mode *quick =
        child ? quick_make(engine, ike, child, true, ikev1_new_message_id(engine, ike)) : NULL;
    struct selector local[SELECTORS_MAX], remote[SELECTORS_MAX];
    if (quick == NULL) {
        if (child != NULL)
            child_destroy(engine, child);
        finish_client(engine, client, RC_INTERNAL_ERROR);
        if (replaces == NULL)
            lifecycle_gave_up(engine, connection_by_serial(engine, connection->serial));
        return;
    }
    connection_selectors(connection, true, local);
    connection_selectors(connection, false, remote);
    if (replaces != NULL && quick_mode_is_port_of(child_remote_selectors(replaces), &remote[0]))
        remote[0] = *child_remote_selectors(replaces); /* the peer has settled on it */
    child_set_selectors(engine, child, local, 1, remote, 1);
    if (connection->spec->compress)
        compression_draw_cpi(engine, child);
    child->client = client;
    child->replaces_serial = replaces ? replaces->serial : 0;
    child->unheard_count = replaces ? replaces->unheard_count : 0;
    quick->encapsulation_mode = nat_traversal_mode(ike, connection);
    child->setup->ke = quick_mode_offer(ike, connection, NULL, false).group;
    say_initiating(engine, ike, quick);
    if (child->selectors == NULL)
        quick_mode_fail(engine, child, RC_INTERNAL_ERROR, "out of memory");
    else if (child->setup->ke == NULL)
        send_1(engine, ike, quick);
    else if (!quick_mode_submit_job(engine, ike, quick, JOB_KE_GENERATE, child->setup->ke))
        quick_mode_fail(engine, child, RC_INTERNAL_ERROR, "out of memory");
}

void quick_mode_run_tasks(struct engine *engine, struct ike_sa *ike)
{
    uint64_t serial = ike->serial;
    while ((ike = ike_by_serial(engine, serial)) != NULL && ike->state == IKE_STATE_ESTABLISHED &&
           !list_is_empty(&ike->tasks) && ike->v1->quick_asking_count < QUICK_AT_ONCE) {
        struct task task = *CONTAINER_OF(ike->tasks.next, struct task, node);
        const struct connection *connection = connection_by_serial(engine, task.connection_serial);
        const struct child_sa *replaces = child_by_serial(engine, task.child_serial);
        ike_drop_task(engine, ike, CONTAINER_OF(ike->tasks.next, struct task, node));
        if (connection == NULL)
            abandon_client(engine, NULL, task.client, "the connection was deleted meanwhile");
        else if (task.child_serial != 0 && (replaces == NULL || replaces->state != CHILD_STATE_ESTABLISHED))
            abandon_client(engine, connection, task.client, "the IPsec SA was replaced or deleted meanwhile");
        else
            quick_mode_start(engine, ike, connection, replaces, task.client);
    }
}

/* QM3: HASH(3). */
static bool send_3(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick)
{
    uint8_t buffer[IKE_HEADER_SIZE + PAYLOAD_HEADER_SIZE + PRF_OUTPUT_MAX + CIPHER_IV_MAX],
        hash[PRF_OUTPUT_MAX];
    struct message_builder builder =
        ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_QUICK, quick->exchange.message_id);
    if (!ikev1_hash3(ike, quick->exchange.message_id, quick_nonce_i(quick), quick_nonce_r(quick), hash))
        return false;
    message_build_body(&builder, ISAKMP_HASH, bytes_of(hash, ike->suite.prf->output_size));
    return ikev1_send_encrypted(engine, ike, &quick->exchange, &builder, &quick->child->memory_bytes);
}

/* cisco-split=yes: agreed is everything, but only the networks that the server named go through the tunnel.
 */
static void narrow_to_split(struct engine *engine, struct child_sa *child,
                            const struct connection *connection)
{
    struct selector local = child->selectors[0], remote[SELECTORS_MAX];
    size_t count = configuration_split(connection, child_remote_selectors(child), remote);
    if (count > 0)
        child_set_selectors(engine, child, &local, 1, remote, count);
}

/* The responder's choice is among what we offered, and it says so before we send anything on it. */
static void finish(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                   struct bytes shared_secret)
{
    struct child_sa *child = quick->child;
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    narrow_to_split(engine, child, connection);
    if (!quick_mode_install(engine, ike, quick, shared_secret) || !send_3(engine, ike, quick)) {
        quick_mode_fail(engine, child, RC_INTERNAL_ERROR, "keys could not be made");
        return;
    }
    /* Should the last message be lost, the responder will ask again. */
    hearing_begin(engine, quick, engine_now(engine) + 2 * connection->spec->retransmit_timeout);
    quick_mode_established(engine, ike, quick);
}

/* A host behind a NAT: in transport mode the responder may name it as it sees it, or itself as it knows
 * itself. */
static bool is_seen_as(const struct connection *connection, bool is_behind_nat, const struct selector *named,
                       const struct selector *answered)
{
    return connection->spec->type == TYPE_TRANSPORT && is_behind_nat &&
           address_equal(&answered->range.start, &answered->range.end) &&
           answered->protocol == named->protocol && answered->port_start == named->port_start &&
           answered->port_end == named->port_end;
}

static bool check_ids(const struct engine *engine, const struct ike_sa *ike, const struct quick_mode *quick,
                      const struct ikev1_message *message, struct error *error)
{
    const struct connection *connection = connection_by_serial(engine, quick->child->connection_serial);
    const struct child_sa *child = quick->child;
    const struct selector *local = &child->selectors[0], *remote = child_remote_selectors(child);
    struct selector ours, theirs;
    if (message->id_count == 0)
        return true;
    if (message->id_count != 2)
        return error_set(error, V1_INVALID_ID_INFORMATION, "peer's answer has one identity instead of two");
    if (!quick_mode_read_id(&message->ids[0], &ours, error) ||
        !quick_mode_read_id(&message->ids[1], &theirs, error))
        return false;
    bool ours_fits =
        selector_equal(&ours, local) || is_seen_as(connection, ike->local_behind_nat, local, &ours);
    bool theirs_fits =
        selector_equal(&theirs, remote) || is_seen_as(connection, ike->remote_behind_nat, remote, &theirs);
    return (ours_fits && theirs_fits) ||
           error_set(error, V1_INVALID_ID_INFORMATION, "peer answered with other networks than we named");
}

static bool accept(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                   const struct ikev1_message *message, struct error *error)
{
    struct child_sa *child = quick->child;
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    struct ikev1_offer offer = quick_mode_offer(ike, connection, child, false);
    struct ikev1_choice choice;
    const struct algorithm *ke = child->setup->ke;
    if (!ikev1_accept_answer(&offer, message->sa, &choice, error) ||
        !check_ids(engine, ike, quick, message, error))
        return false;
    if (message->ke.size != (ke != NULL ? ke_public_size(ke) : 0))
        return error_set(error, V1_INVALID_KEY_INFORMATION, "key exchange value of %zu bytes; %zu are wanted",
                         message->ke.size, ke != NULL ? ke_public_size(ke) : 0);
    if (!quick_mode_passes_nat(ike, &choice.suite, error))
        return false;
    quick_mode_take_choice(engine, ike, quick, &choice);
    lifetimes_read_notify(message, quick);
    return (owned_set(engine, &child->memory_bytes, &quick->peer_nonce, message->nonce) &&
            (ke == NULL || owned_set(engine, &child->memory_bytes, &quick->peer_public, message->ke))) ||
           error_set(error, 0, "out of memory");
}

bool quick_mode_response(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                         const struct ikev1_incoming *incoming)
{
    struct child_sa *child = quick->child;
    struct error error;
    if (!ikev1_hash_is_right(engine, ike, incoming, quick_nonce_i(quick)))
        return false;
    engine_timer_cancel(engine, &quick->retransmit_timer);
    if (!accept(engine, ike, quick, incoming->message, &error)) {
        quick_mode_fail(engine, child, RC_FATAL, "unacceptable Quick Mode response: %s", error.text);
        return true;
    }
    if (child->setup->ke == NULL)
        finish(engine, ike, quick, bytes_of(NULL, 0));
    else if (!quick_mode_submit_job(engine, ike, quick, JOB_KE_DERIVE, child->setup->ke))
        quick_mode_fail(engine, child, RC_INTERNAL_ERROR, "out of memory");
    return true;
}

void quick_mode_initiator_job_done(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                                   const struct job *job)
{
    struct child_sa *child = quick->child;
    if (job->kind == JOB_KE_DERIVE) {
        finish(engine, ike, quick, bytes_of(job->secret, job->secret_size));
        return;
    }
    child->setup->own = job->own;
    if (owned_set(engine, &child->memory_bytes, &quick->own_public,
                  bytes_of(job->own_public, ke_public_size(job->ke))))
        send_1(engine, ike, quick);
    else
        quick_mode_fail(engine, child, RC_INTERNAL_ERROR, "out of memory");
}

enum failure_kind quick_mode_failure_kind(uint16_t notify)
{
    switch (notify) {
    case V1_NO_PROPOSAL_CHOSEN:
        return FAILURE_CHILD_PROPOSAL;
    case V1_INVALID_ID_INFORMATION:
        return FAILURE_SELECTORS;
    default:
        return FAILURE_REFUSED;
    }
}

void quick_mode_refused(struct engine *engine, struct ike_sa *ike, const struct ike_notify *notify)
{
    struct quick_mode *meant = NULL;
    unsigned candidates = 0;
    uint32_t spi = notify->spi.size == 4 ? load_be32(notify->spi.data) : 0;
    LIST_EACH(&ike->v1->quicks, node)
    {
        struct quick_mode *quick = CONTAINER_OF(node, struct quick_mode, node);
        if (quick->state != STATE_QUICK_I1 || quick->job_id != 0)
            continue;
        if (spi != 0 && quick->child->spi_in == spi) {
            meant = quick;
            candidates = 1;
            break;
        }
        meant = quick;
        candidates++;
    }
    if (candidates == 1) /* otherwise nobody knows which one is meant: silence will end it */
        quick_mode_fail_because(engine, meant->child, quick_mode_failure_kind(notify->type), RC_FATAL,
                                "Quick Mode request rejected by peer: %s", ikev1_notify_name(notify->type));
}
