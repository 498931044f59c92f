/* Proposals on their way into an immutable list: drafts, the growing list, and the one block it ends in. */
#include "proposal/proposal_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *protocol_keyword(enum security_protocol protocol)
{
    return protocol == PROTOCOL_IKE ? "ike" : protocol == PROTOCOL_AH ? "ah" : "esp";
}

struct builder *builder_make(enum security_protocol protocol, unsigned flags, const char *text,
                             struct error *error)
{
    struct builder *builder = malloc(sizeof(*builder));
    if (builder == NULL) {
        error_set(error, 0, "out of memory");
        return NULL;
    }
    builder->protocol = protocol;
    builder->flags = flags;
    builder->text = text;
    builder->error = error;
    builder->proposal_count = 0;
    builder->transform_count = 0;
    return builder;
}

bool builder_fail(const struct builder *builder, size_t offset, const char *format, ...)
{
    char reason[ERROR_TEXT_SIZE / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    return error_set(builder->error, (int)offset, "%s=\"%.200s\": %s", protocol_keyword(builder->protocol),
                     builder->text == NULL ? "" : builder->text, reason);
}

bool draft_add(struct draft *draft, struct transform transform)
{
    for (size_t i = 0; i < draft->count; i++) {
        const struct transform *other = &draft->transforms[i];
        if (other->type == transform.type && other->id == transform.id &&
            other->key_bits == transform.key_bits)
            return true;
    }
    if (draft->count == PROPOSAL_TRANSFORM_LIMIT)
        return false;
    draft->transforms[draft->count++] = transform;
    return true;
}

static uint16_t longest_key_bits(const struct algorithm *encr)
{
    uint16_t longest = 0;
    for (size_t i = 0; i < ALGORITHM_KEY_LENGTHS; i++)
        longest = encr->key_bits[i] > longest ? encr->key_bits[i] : longest;
    return longest;
}

bool draft_add_encr(struct draft *draft, const struct algorithm *encr, uint16_t key_bits)
{
    struct transform transform = {.type = TRANSFORM_ENCR, .id = encr->id, .key_bits = key_bits};
    if (!encr->has_key_length || key_bits != 0)
        return draft_add(draft, transform);
    transform.is_any_length = true;
    transform.key_bits = longest_key_bits(encr);
    if (!draft_add(draft, transform))
        return false;
    transform.key_bits = encr->key_bits[0];
    return draft_add(draft, transform);
}

const struct transform *draft_first(const struct draft *draft, enum transform_type type)
{
    for (size_t i = 0; i < draft->count; i++)
        if (draft->transforms[i].type == type)
            return &draft->transforms[i];
    return NULL;
}

bool algorithm_is_allowed(const struct algorithm *algorithm, enum security_protocol protocol, unsigned flags)
{
    static const unsigned uses[][2] = {
        [PROTOCOL_IKE] = {USE_IKEV2_IKE, USE_IKEV1_IKE},
        [PROTOCOL_AH] = {USE_IKEV2_AH, USE_IKEV1_AH},
        [PROTOCOL_ESP] = {USE_IKEV2_ESP, USE_IKEV1_ESP},
    };
    return (algorithm->uses & uses[protocol][(flags & PROPOSAL_IKEV1) != 0]) != 0;
}

/* Heap block: the list, its proposals, their transforms. */
struct proposal_list *builder_finish(const struct builder *builder)
{
    size_t proposals_size = builder->proposal_count * sizeof(struct proposal);
    size_t transforms_size = builder->transform_count * sizeof(struct transform);
    struct proposal_list *list = malloc(sizeof(*list) + proposals_size + transforms_size);
    if (list == NULL) {
        error_set(builder->error, 0, "out of memory");
        return NULL;
    }
    list->count = builder->proposal_count;
    list->proposals = (struct proposal *)(list + 1);
    memcpy(list->proposals, builder->proposals, proposals_size);
    struct transform *transforms = (struct transform *)(list->proposals + list->count);
    memcpy(transforms, builder->transforms, transforms_size);
    for (size_t i = 0; i < list->count; i++) {
        list->proposals[i].transforms = transforms;
        transforms += list->proposals[i].transform_count;
    }
    return list;
}

void proposals_free(struct proposal_list *list)
{
    free(list);
}
