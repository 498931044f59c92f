/* At the start of the PF_KEY back end: which algorithms has this kernel, and what has a daemon that crashed
 * left in it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/pfkey.h"

enum { REQUEST_SIZE = 64 };

/* ---- registration (RFC 2367 3.1.7) ---- */

static void note_algorithms(void *context, const struct pfkey_message *registered)
{
    pfkey_algorithms_note(context, registered);
}

static int register_for(struct backend *backend, uint8_t satype)
{
    uint8_t buffer[REQUEST_SIZE];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    pfkey_begin(&writer, SADB_REGISTER, satype);
    return pfkey_link_transact(&backend->link, &writer, note_algorithms, backend);
}

/* What the kernel tells unasked it tells those who have registered. */
bool pfkey_register(struct backend *backend, struct error *error)
{
    int failure = register_for(backend, SADB_SATYPE_ESP);
    if (failure != 0)
        return error_set(error, failure, "this kernel's PF_KEY has no ESP: %s", strerror(failure));
    (void)register_for(backend, SADB_SATYPE_AH);
    (void)register_for(backend, SADB_X_SATYPE_IPCOMP);
    return true;
}

/* ---- leftovers ---- */

/* The parts of a message that name an SA or a policy. */
struct leftover {
    struct leftover *next;
    uint8_t satype;
    struct pfkey_sa sa;
    struct packet_selector selector;
    uint8_t direction;
};

struct leftovers {
    struct leftover *first;
    size_t count;
};

static void note(struct leftovers *leftovers, const struct leftover *found)
{
    struct leftover *kept = malloc(sizeof(*kept));
    if (kept == NULL)
        return;
    *kept = *found;
    kept->next = leftovers->first;
    leftovers->first = kept;
    leftovers->count++;
}

static void note_sa(void *context, const struct pfkey_message *part)
{
    struct leftover found = {.satype = part->satype, .sa.common.direction = SA_OUTBOUND};
    struct pfkey_lifetime hard;
    if (pfkey_get_lifetime(part, SADB_EXT_LIFETIME_HARD, &hard) && hard.addtime == PFKEY_SIGNATURE_SECONDS &&
        pfkey_get_spi(part, &found.sa.common.spi) &&
        pfkey_get_address(part, SADB_EXT_ADDRESS_SRC, &found.sa.common.local) &&
        pfkey_get_address(part, SADB_EXT_ADDRESS_DST, &found.sa.common.remote))
        note(context, &found);
}

static void note_policy(void *context, const struct pfkey_message *part)
{
    struct leftover found = {0};
    uint32_t index, priority;
    if (pfkey_get_policy(part, &found.direction, &index, &priority) &&
        (priority & ((1u << PFKEY_SIGNATURE_BITS) - 1)) == PFKEY_SIGNATURE &&
        pfkey_get_selector(part, &found.selector))
        note(context, &found);
}

static void delete_sa(struct backend *backend, const struct leftover *leftover)
{
    uint8_t buffer[PFKEY_MESSAGE_MAX];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    struct kernel_ticket ticket = {.purpose = PFKEY_PURPOSE_CHANGE, .may_be_missing = true};
    pfkey_begin(&writer, SADB_DELETE, leftover->satype);
    pfkey_put_sa(&writer, &(struct pfkey_sa_fields){.spi = leftover->sa.common.spi});
    pfkey_sa_put_addresses(&writer, &leftover->sa);
    pfkey_link_send(&backend->link, &writer, 0, &ticket);
}

static size_t remove_kind(struct backend *backend, uint8_t dump,
                          void (*visit)(void *, const struct pfkey_message *))
{
    uint8_t buffer[REQUEST_SIZE];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    struct leftovers leftovers = {0};
    pfkey_begin(&writer, dump, SADB_SATYPE_UNSPEC);
    (void)pfkey_link_transact(&backend->link, &writer, visit, &leftovers);
    while (leftovers.first != NULL) {
        struct leftover *leftover = leftovers.first;
        leftovers.first = leftover->next;
        if (dump == SADB_DUMP)
            delete_sa(backend, leftover);
        else
            pfkey_policy_send_delete(backend, &leftover->selector, leftover->direction);
        free(leftover);
    }
    return leftovers.count;
}

void pfkey_remove_leftovers(struct backend *backend)
{
    char line[120];
    size_t policies = remove_kind(backend, SADB_X_SPDDUMP, note_policy);
    size_t sas = remove_kind(backend, SADB_DUMP, note_sa);
    if (policies + sas == 0)
        return;
    snprintf(line, sizeof(line), "removed %zu policies and %zu SAs that an earlier pluto left in the kernel",
             policies, sas);
    kernel_plane_log(&backend->plane, line);
}
