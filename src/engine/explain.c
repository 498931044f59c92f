/* See explain.h. */
#include "engine/explain.h"

#include <stdio.h>

#include "engine/connection.h"
#include "engine/connection_named.h"
#include "engine/ikev2/traffic_selectors.h"

const char *explain_verdict_name(enum explain_verdict verdict)
{
    static const char *const names[] = {"up",     "under-way", "not-listening", "not-ours",
                                        "failed", "no-secret", "waits",         "not-tried"};
    return verdict < ARRAY_SIZE(names) ? names[verdict] : "";
}

static void describe_selectors(const struct connection *connection, bool local, char *out)
{
    struct selector selectors[SELECTORS_MAX];
    struct text text = text_of(out, EXPLAIN_TEXT_SIZE);
    size_t count = connection_selectors(connection, local, selectors);
    if (count > 0 && !address_is_set(&selectors[0].range.start))
        text_add(&text, "%%any"); /* the peer's own, whoever it will be */
    else
        selectors_describe(&text, selectors, count);
}

static void describe_proposals(const struct proposal_list *list, char *out)
{
    struct text text = text_of(out, EXPLAIN_TEXT_SIZE);
    if (list != NULL)
        proposals_text(&text, list);
}

static void find_secret(const struct engine *engine, const struct connection *connection,
                        struct explanation *out)
{
    struct error error;
    out->needs_secret = ((connection->local_end->auth | connection->remote_end->auth) & AUTH_PSK) != 0;
    if (!out->needs_secret)
        return;
    const struct secret_entry *secret =
        secrets_find_psk(engine->secrets, &connection->local_id, &connection->remote_id, &connection->local,
                         &connection->remote, &error);
    out->has_secret = secret != NULL;
    snprintf(out->secret, sizeof(out->secret), "%s",
             secret == NULL   ? error.text
             : secret->origin ? secret->origin
                              : "ipsec.secrets");
}

static const struct ike_sa *negotiated(const struct connection *connection)
{
    for (const struct list_node *node = connection->ikes.next; node != &connection->ikes; node = node->next) {
        const struct ike_sa *ike = CONTAINER_OF(node, const struct ike_sa, of_connection);
        if (ike->setup != NULL && ike->state != IKE_STATE_RETIRED)
            return ike;
    }
    return NULL;
}

static enum explain_verdict judge(const struct engine *engine, const struct connection *connection,
                                  const struct explanation *known)
{
    if (connection->newest_child_serial != 0)
        return EXPLAIN_UP;
    if (!engine->is_listening)
        return EXPLAIN_NOT_HEARING;
    if (!connection->is_oriented)
        return EXPLAIN_NOT_OURS;
    if (known->has_ike && !known->ike.is_established)
        return EXPLAIN_UNDER_WAY;
    if (known->failure != NULL && known->failure->count > 0)
        return EXPLAIN_FAILED;
    if (connection->is_template) /* whose secret it is, is known when the peer has come */
        return EXPLAIN_WAITS;
    return known->needs_secret && !known->has_secret ? EXPLAIN_NO_SECRET : EXPLAIN_NOT_TRIED;
}

static void find_sas(const struct engine *engine, const struct connection *connection,
                     struct explanation *out)
{
    const struct ike_sa *larval = negotiated(connection);
    out->has_child = connection->newest_child_serial != 0 &&
                     engine_view_child_at(engine, connection->newest_child_serial, &out->child);
    uint64_t serial = out->has_child ? out->child.ike_serial
                      : larval       ? larval->serial
                                     : connection->newest_ike_serial;
    out->has_ike = serial != 0 && engine_view_ike_at(engine, serial, &out->ike);
}

static const struct connection *find(const struct engine *engine, const char *name, size_t number)
{
    struct connection_set set = connections_named(engine, name);
    uint64_t serial = number < set.count ? set.serials[number] : 0;
    connection_set_free(&set);
    return serial != 0 ? connection_by_serial(engine, serial) : NULL;
}

bool engine_explain(struct engine *engine, const char *name, size_t number, struct explanation *out)
{
    const struct connection *connection = find(engine, name, number);
    if (connection == NULL)
        return false;
    *out = (struct explanation){.failure = connection->failure};
    engine_view_connection_named(engine, connection->spec->name, &out->connection);
    describe_proposals(connection->spec->ike_proposals, out->ike_proposals);
    describe_proposals(connection->spec->child_proposals, out->child_proposals);
    if (connection->is_oriented) {
        describe_selectors(connection, true, out->local_selectors);
        describe_selectors(connection, false, out->remote_selectors);
        find_secret(engine, connection, out);
    }
    find_sas(engine, connection, out);
    out->verdict = judge(engine, connection, out);
    return true;
}
