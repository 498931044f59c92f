/* Rekeying of IKE SAs: what both roles share, and the initiator. RFC 7296 1.3.2, 2.8.2, 2.18. */
#include "engine/ikev2/rekey_ike.h"

#include "engine/count.h"
#include "engine/ikev2/ike_auth_parts.h"
#include "engine/ikev2/informational.h"
#include "engine/ikev2/protect.h"
#include "engine/ikev2/rekey_child.h"
#include "engine/ikev2/sa_init.h"
#include "engine/lifecycle.h"
#include "engine/version.h"

struct job *rekey_ike_key_job(struct engine *engine, const struct ike_sa *old, const struct ike_sa *new,
                              enum job_kind kind, struct bytes peer)
{
    struct job *job = sa_init_key_job(engine, old, new, kind, peer);
    if (job == NULL)
        return NULL;
    memcpy(job->old_sk_d, old->keys.sk_d, sizeof(job->old_sk_d));
    job->inputs.old_prf = old->suite.prf;
    job->inputs.old_sk_d = bytes_of(job->old_sk_d, old->suite.prf->output_size);
    return job;
}

/* Where the peer is and how it is reached, which may have changed since the rekey began (MOBIKE). */
static void take_path(struct engine *engine, const struct ike_sa *old, struct ike_sa *new)
{
    new->path = old->path;
    new->is_stream_originator = old->is_stream_originator;
    new->uses_natt = old->uses_natt;
    new->local_behind_nat = old->local_behind_nat;
    new->remote_behind_nat = old->remote_behind_nat;
    new->peer_knows_natt = old->peer_knows_natt;
    new->uses_mobike = old->uses_mobike;
    if (new->is_indexed_by_peers)
        ike_index_by_peers(engine, new);
}

void rekey_ike_inherit(struct engine *engine, struct ike_sa *old, struct ike_sa *new)
{
    LIST_EACH(&old->children, node)
    child_move(engine, CONTAINER_OF(node, struct child_sa, siblings), new);
    LIST_EACH(&old->tasks, node)
    {
        struct task *task = CONTAINER_OF(node, struct task, node);
        if (task->kind != TASK_DELETE_IKE && task->kind != TASK_REKEY_IKE &&
            task->kind != TASK_REAUTHENTICATE && task->kind != TASK_LIVENESS) {
            ike_move_task(old, new, task);
            continue;
        }
        finish_client(engine, task->client, 0);
        ike_drop_task(engine, old, task);
    }
    /* An answer to the old one, if any comes, does not reach what is here now. */
    if (old->current == TASK_UPDATE_ADDRESSES || old->current == TASK_CHECK_ROUTE)
        ike_add_task(engine, new, old->current, 0, 0, 0);
    if (old->replaced_by_serial != new->serial) /* the second time the new one may have moved on */
        take_path(engine, old, new);
    old->replaced_by_serial = new->serial;
    new->undecided_old_serial = 0;
}

void rekey_ike_establish(struct engine *engine, const struct ike_sa *old, struct ike_sa *new, uint64_t client)
{
    char line[256];
    struct text text = text_of(line, sizeof(line));
    const struct ike_setup *setup = new->setup;
    struct bytes nonce_i = bytes_of(setup->nonce_i, setup->nonce_i_size);
    struct bytes nonce_r = bytes_of(setup->nonce_r, setup->nonce_r_size);
    owned_set(engine, &new->memory_bytes, &new->lowest_nonce,
              rekey_nonce_is_lower(nonce_i, nonce_r) ? nonce_i : nonce_r);
    ike_drop_setup(engine, new);
    ike_index_by_peers(engine, new);
    lifecycle_ike_is_up(engine, new);
    ike_auth_describe(&text, &new->suite);
    say_ike(engine, RC_SUCCESS, new, client, "%s rekeyed IKE SA #%llu %s",
            new->is_initiator ? "initiator" : "responder", (unsigned long long)old->serial, line);
    say_event(engine, EVENT_IKE_REKEYED, connection_by_serial(engine, new->connection_serial)->spec->name,
              new->serial, 0, line);
}

struct ike_sa *rekey_ike_make_larval(struct engine *engine, const struct ike_sa *old, bool is_initiator)
{
    const struct connection *connection = connection_by_serial(engine, old->connection_serial);
    struct ike_sa *new = ike_new(engine, connection, is_initiator, IKE_STATE_REKEY_LARVAL);
    if (new == NULL)
        return NULL;
    if (!ike_make_setup(engine, new)) {
        ike_destroy(engine, new);
        return NULL;
    }
    take_path(engine, old, new);
    new->sends_fragments = old->sends_fragments;
    identity_own(engine, &new->memory_bytes, &new->remote_id, identity_copy(&old->remote_id));
    new->peer_auth = old->peer_auth;
    return new;
}

bool rekey_ike_is_undecided(const struct engine *engine, const struct ike_sa *ike)
{
    const struct ike_sa *ours =
        ike->current == TASK_REKEY_IKE ? ike_by_serial(engine, ike->current_ike_serial) : NULL;
    const struct ike_sa *rival = ours ? ike_by_serial(engine, ours->rival_serial) : NULL;
    return rival != NULL && rival->state == IKE_STATE_ESTABLISHED;
}

void rekey_ike_old_is_going(struct engine *engine, struct ike_sa *ike)
{
    struct ike_sa *ours =
        ike->current == TASK_REKEY_IKE ? ike_by_serial(engine, ike->current_ike_serial) : NULL;
    struct ike_sa *answering = ike_by_serial(engine, ike->responding_ike_serial);
    struct ike_sa *heir = ike_by_serial(engine, ike->replaced_by_serial);
    if (ours != NULL && heir == NULL)
        heir = ike_by_serial(engine, ours->rival_serial);
    bool has_heir = heir != NULL && heir->state == IKE_STATE_ESTABLISHED;
    if (has_heir) {
        rekey_ike_inherit(engine, ike, heir);
        /* Whether the peer has seen our Delete is not known: it is said again. */
        if (ike->current == TASK_DELETE_CHILD)
            ike_add_delete_task(engine, heir, ike->current_child_serial, ike->current_protocol,
                                ike->current_spi_in);
    }
    ike->current_ike_serial = ike->responding_ike_serial = 0;
    if (ours != NULL && ours->state == IKE_STATE_REKEY_LARVAL)
        ike_destroy(engine, ours);
    if (answering != NULL && answering->state == IKE_STATE_REKEY_LARVAL)
        ike_destroy(engine, answering);
    if (has_heir && !engine->is_shutting_down)
        exchange_next(engine, heir); /* what waited goes on there */
}

void rekey_ike_is_used(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming)
{
    struct ike_sa *old = ike_by_serial(engine, ike->undecided_old_serial);
    if (incoming->message->delete_count > 0 && incoming->message->deletes[0].protocol == PROTOCOL_IKE)
        return;
    ike->undecided_old_serial = 0;
    if (old != NULL && old->state == IKE_STATE_ESTABLISHED && ike->state == IKE_STATE_ESTABLISHED)
        rekey_ike_inherit(engine, old, ike);
}

/* ---- initiator ---- */

void rekey_ike_start(struct engine *engine, struct ike_sa *ike, uint64_t client)
{
    if (!ike_add_task(engine, ike, TASK_REKEY_IKE, 0, 0, client)) {
        if (client == 0)
            lifecycle_replace_later(engine, &ike->life_timer, ike->expire_at);
        finish_client(engine, client, RC_INTERNAL_ERROR);
    }
    exchange_next(engine, ike);
}

static void generate(struct engine *engine, struct ike_sa *ike, struct ike_sa *new)
{
    struct job *job = engine_new_job(engine, ike, JOB_KE_GENERATE, new->setup->ke);
    if (job != NULL)
        engine->env->submit_job(engine->env->world, job);
}

void rekey_ike_begin(struct engine *engine, struct ike_sa *ike, uint64_t client)
{
    struct suite_list room;
    struct ike_sa *new = rekey_ike_make_larval(engine, ike, true);
    if (new == NULL) {
        finish_client(engine, client, RC_INTERNAL_ERROR);
        return;
    }
    new->setup->nonce_i_size = NONCE_SIZE;
    engine_random(engine, new->setup->nonce_i, NONCE_SIZE);
    struct proposal_offer offer = rekey_ike_offer(engine, ike, new, &room);
    new->setup->ke = proposals_first_ke(&offer);
    exchange_begin(ike, TASK_REKEY_IKE, 0, client);
    ike->current_ike_serial = new->serial;
    say_ike(engine, RC_LOG, new, client, "initiating rekey to replace IKE SA #%llu",
            (unsigned long long)ike->serial);
    generate(engine, ike, new);
}

void rekey_ike_hand_over(struct engine *engine, struct ike_sa *old, struct ike_sa *heir)
{
    rekey_ike_inherit(engine, old, heir);
    old->state = IKE_STATE_REPLACED;
    engine_timer_arm(engine, &old->life_timer, engine_now(engine) + REPLACED_IKE_GRACE);
    exchange_next(engine, heir);
}

/* Our rekey failed, but the peer's went through meanwhile: that is as good. */
static bool rival_serves(struct engine *engine, struct ike_sa *ike, struct ike_sa *new)
{
    struct ike_sa *rival = new ? ike_by_serial(engine, new->rival_serial) : NULL;
    uint64_t client = ike->current_client;
    if (rival == NULL || rival->state != IKE_STATE_ESTABLISHED || ike->state != IKE_STATE_ESTABLISHED)
        return false;
    exchange_end(engine, ike);
    ike_destroy(engine, new);
    rekey_ike_hand_over(engine, ike, rival);
    finish_client(engine, client, 0);
    return true;
}

static void give_up(struct engine *engine, struct ike_sa *ike, const char *reason)
{
    struct ike_sa *new = ike_by_serial(engine, ike->current_ike_serial);
    uint64_t client = ike->current_client;
    if (rival_serves(engine, ike, new))
        return;
    say_ike(engine, RC_LOG_SERIOUS, ike, client, "rekeying the IKE SA failed: %s", reason);
    exchange_end(engine, ike);
    if (new != NULL)
        ike_destroy(engine, new);
    finish_client(engine, client, RC_FATAL);
}

/* A key exchange value that no honest peer sends ends the IKE SA (RFC 6989 2.5). */
static void distrust(struct engine *engine, struct ike_sa *ike, const char *reason)
{
    give_up(engine, ike, reason);
    ikev2_delete_ike(engine, ike, 0);
}

void rekey_ike_generated(struct engine *engine, struct ike_sa *ike, struct job *job)
{
    struct ike_sa *new = ike_by_serial(engine, ike->current_ike_serial);
    struct suite_list room;
    uint8_t buffer[IKE_MESSAGE_MAX];
    struct bytes message;
    if (new == NULL || !job->ok || job->ke != new->setup->ke) {
        give_up(engine, ike, "no key exchange value");
        return;
    }
    new->setup->own = job->own;
    struct proposal_offer offer = rekey_ike_offer(engine, ike, new, &room);
    struct message_builder builder =
        protect_start(ike, buffer, sizeof(buffer), CREATE_CHILD_SA, false, ike->next_message_id);
    message_build_begin(&builder, PAYLOAD_SA);
    proposals_write(&builder.writer, &offer);
    message_build_end(&builder);
    message_build_body(&builder, PAYLOAD_NONCE, bytes_of(new->setup->nonce_i, new->setup->nonce_i_size));
    ikev2_build_ke(&builder, job->ke->id, bytes_of(job->own_public, ke_public_size(job->ke)));
    if (!protect_finish(engine, ike, &builder, &message)) {
        give_up(engine, ike, "request could not be built");
        return;
    }
    say_ike(engine, RC_NEW_V2_STATE + 41, new, ike->current_client, "%s", new->version->ike_state_story(new));
    ike->next_message_id++;
    exchange_send_request(engine, ike, message);
}

static void ask_again(struct engine *engine, struct ike_sa *ike, struct ike_sa *new,
                      const struct algorithm *ke)
{
    new->setup->ke = ke;
    engine_timer_cancel(engine, &ike->retransmit_timer);
    owned_clear(engine, &ike->memory_bytes, &ike->request);
    generate(engine, ike, new);
}

/* The peer does not want the old suite again: all that the connection has, then. */
static void retry_with_all(struct engine *engine, struct ike_sa *ike, struct ike_sa *new)
{
    struct suite_list room;
    new->setup->offers_all = true;
    struct proposal_offer offer = rekey_ike_offer(engine, ike, new, &room);
    ask_again(engine, ike, new, proposals_first_ke(&offer));
}

static void retry_with_group(struct engine *engine, struct ike_sa *ike, struct ike_sa *new, struct bytes data)
{
    struct suite_list room;
    new->setup->offers_all = true;
    struct proposal_offer offer = rekey_ike_offer(engine, ike, new, &room);
    uint16_t group = data.size == 2 ? load_be16(data.data) : 0;
    const struct algorithm *ke = algorithm_by_id(TRANSFORM_KE, group);
    count_invalid_ke(engine, false, new->setup->ke->id, group);
    if (ke == NULL || group == KE_NONE || ke == new->setup->ke || !proposals_offer_ke(&offer, group) ||
        ++new->setup->restarts > INIT_RESTART_LIMIT) {
        give_up(engine, ike, "peer answered INVALID_KE_PAYLOAD with a group that cannot be tried");
        return;
    }
    ask_again(engine, ike, new, ke);
}

static void refused(struct engine *engine, struct ike_sa *ike, struct ike_sa *new,
                    const struct ike_notify *refusal)
{
    uint64_t client = ike->current_client;
    bool may_retry = ike->state == IKE_STATE_ESTABLISHED; /* else its Delete waits for the window */
    if (refusal->type == INVALID_KE_PAYLOAD && may_retry) {
        retry_with_group(engine, ike, new, refusal->data);
    } else if (refusal->type == NO_PROPOSAL_CHOSEN && may_retry && !new->setup->offers_all) {
        retry_with_all(engine, ike, new);
    } else if (refusal->type == TEMPORARY_FAILURE && rival_serves(engine, ike, new)) {
        return;
    } else if (refusal->type == TEMPORARY_FAILURE && ike->temporary_failures < TEMPORARY_FAILURE_LIMIT) {
        exchange_end(engine, ike);
        ike_destroy(engine, new);
        exchange_retry_later(engine, ike, TASK_REKEY_IKE, 0, 0, client);
    } else {
        give_up(engine, ike, ikev2_notify_name(refusal->type));
    }
}

static void accepted(struct engine *engine, struct ike_sa *ike, struct ike_sa *new,
                     const struct incoming *incoming)
{
    const struct ikev2_message *message = incoming->message;
    struct suite_list room;
    struct proposal_offer offer = rekey_ike_offer(engine, ike, new, &room);
    const struct proposal *theirs;
    struct error error = {.text = "peer's answer lacks SA, KE or Nonce"};
    bool is_whole =
        ikev2_has(message, PAYLOAD_SA) && ikev2_has(message, PAYLOAD_KE) && ikev2_has(message, PAYLOAD_NONCE);
    struct proposal_list *answer = is_whole ? proposals_read(message->sa, incoming->arena, &error) : NULL;
    if (answer == NULL || !proposals_accept_answer(&offer, answer, &new->suite, &theirs, &error)) {
        give_up(engine, ike, error.text);
        return;
    }
    static const uint8_t zero[IKE_SPI_SIZE];
    if (theirs->spi_size != IKE_SPI_SIZE || memcmp(theirs->spi, zero, IKE_SPI_SIZE) == 0 ||
        new->suite.ke != new->setup->ke || message->ke_group != new->setup->ke->id ||
        message->ke_data.size != ke_public_size(new->setup->ke)) {
        give_up(engine, ike, "peer's answer has no usable SPI or key exchange value");
        return;
    }
    memcpy(new->spi_r, theirs->spi, IKE_SPI_SIZE);
    new->setup->nonce_r_size = message->nonce.size;
    memcpy(new->setup->nonce_r, message->nonce.data, message->nonce.size);
    struct job *job = rekey_ike_key_job(engine, ike, new, JOB_KE_DERIVE, message->ke_data);
    if (job == NULL) {
        give_up(engine, ike, "out of memory");
        return;
    }
    engine_timer_cancel(engine, &ike->retransmit_timer);
    exchange_suspend(engine, ike, 1, incoming, job);
}

/* Our new IKE SA is there. If the peer has made one too, the nonces decide which of them stays. */
static void complete(struct engine *engine, struct ike_sa *ike, struct ike_sa *new, const struct job *job)
{
    uint64_t client = ike->current_client;
    struct ike_sa *rival = ike_by_serial(engine, new->rival_serial);
    if (rival != NULL && rival->state != IKE_STATE_ESTABLISHED)
        rival = NULL; /* its creator has deleted it already */
    bool is_ending = ike->state != IKE_STATE_ESTABLISHED;
    new->keys = job->keys;
    exchange_end(engine, ike);
    rekey_ike_establish(engine, ike, new, client);
    finish_client(engine, client, 0);
    if (is_ending) { /* taken down meanwhile: the peer has new ones, which must go as well */
        ikev2_delete_ike(engine, new, 0);
        if (rival != NULL)
            ikev2_delete_ike(engine, rival, 0);
        return;
    }
    if (rival != NULL &&
        rekey_nonce_is_lower(owned_bytes(&new->lowest_nonce), owned_bytes(&rival->lowest_nonce))) {
        say_ike(engine, RC_LOG, new, client, "both sides rekeyed IKE SA #%llu; #%llu stays, this one goes",
                (unsigned long long)ike->serial, (unsigned long long)rival->serial);
        rekey_ike_inherit(engine, ike, rival);
        connection_by_serial(engine, rival->connection_serial)->newest_ike_serial = rival->serial;
        engine_timer_arm(engine, &ike->life_timer, engine_now(engine) + REPLACED_IKE_GRACE);
        ikev2_delete_ike(engine, new, 0);
        exchange_next(engine, rival);
        return;
    }
    rekey_ike_inherit(engine, ike, new);
    if (rival != NULL) { /* its creator deletes it */
        rekey_ike_inherit(engine, rival, new);
        rival->state = IKE_STATE_REPLACED;
        rival->replaced_by_serial = new->serial;
        engine_timer_arm(engine, &rival->life_timer, engine_now(engine) + REPLACED_IKE_GRACE);
    }
    ike->state = IKE_STATE_REPLACED;
    ikev2_delete_ike(engine, ike, client);
    exchange_next(engine, new);
}

void rekey_ike_response(struct engine *engine, struct ike_sa *ike, struct incoming *incoming)
{
    struct ike_sa *new = ike_by_serial(engine, ike->current_ike_serial);
    const struct ike_notify *refusal = ikev2_find_error(incoming->message);
    uint64_t serial = ike->serial;
    if (new == NULL)
        give_up(engine, ike, "it was taken down meanwhile");
    else if (refusal != NULL)
        refused(engine, ike, new, refusal);
    else if (incoming->job == NULL)
        accepted(engine, ike, new, incoming);
    else if (!incoming->job->ok)
        distrust(engine, ike, incoming->job->error.text);
    else
        complete(engine, ike, new, incoming->job);
    if ((ike = ike_by_serial(engine, serial)) != NULL)
        exchange_next(engine, ike);
}
