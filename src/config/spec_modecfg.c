/* addresspool= and modecfg...=: addresses for road warriors, and what they are told with them. */
#include "config/spec_detail.h"
#include "config/value.h"

#include "base/domain_name.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORD_MAX = 128, POOLS_MAX = 16, BANNER_MAX = 500, DOMAINS_MAX = 1024 };

/* ---- addresspool= ---- */

static bool check_ends(struct pool_range *pool, const char *word, struct error *error)
{
    const struct ip_range *range = &pool->range;
    if (range->start.family != range->end.family)
        return error_set(error, 0, "found \"%.80s\", whose ends are of different address families", word);
    if (address_compare(&range->start, &range->end) > 0)
        return error_set(error, 0, "found \"%.80s\", which ends before it begins", word);
    if (address_is_any(&range->start))
        return error_set(error, 0, "found \"%.80s\"; a pool cannot begin at the unspecified address", word);
    return true;
}

/* ADDRESS/LENGTH, with the length of each lease behind it if wanted. */
static bool parse_prefix(const char *word, struct pool_range *out, struct error *error)
{
    char prefix_word[WORD_MAX];
    const char *first = strchr(word, '/'), *second = strchr(first + 1, '/');
    snprintf(prefix_word, sizeof(prefix_word), "%.*s", second ? (int)(second - word) : WORD_MAX - 1, word);
    struct ip_prefix prefix;
    if (!prefix_parse(prefix_word, &prefix, error))
        return false;
    unsigned bits = (unsigned)address_size(&prefix.address) * 8;
    *out = (struct pool_range){range_of_prefix(&prefix), (uint8_t)bits};
    if (second == NULL)
        return check_ends(out, word, error);
    char *end;
    unsigned long length = strtoul(second + 1, &end, 10);
    if (second[1] < '0' || second[1] > '9' || *end != '\0' || length < prefix.length || length > bits)
        return error_set(error, 0, "found \"%.80s\"; the length of a lease is from %u to %u", word,
                         prefix.length, bits);
    out->lease_length = (uint8_t)length;
    return check_ends(out, word, error);
}

static bool parse_pool(const char *word, struct pool_range *out, struct error *error)
{
    char start[WORD_MAX];
    const char *dash = strchr(word, '-');
    if (strchr(word, '/') != NULL)
        return parse_prefix(word, out, error);
    snprintf(start, sizeof(start), "%.*s", dash ? (int)(dash - word) : WORD_MAX - 1, word);
    if (!address_parse(start, &out->range.start, NULL) ||
        !address_parse(dash ? dash + 1 : word, &out->range.end, NULL))
        return error_set(error, 0, "found \"%.80s\"; expected ADDRESS-ADDRESS or ADDRESS/LENGTH", word);
    out->lease_length = (uint8_t)(address_size(&out->range.start) * 8);
    return check_ends(out, word, error);
}

static bool overlaps_earlier(const struct pool_range *pools, size_t count)
{
    struct ip_range common;
    for (size_t i = 0; i < count; i++)
        if (range_overlap(&pools[i].range, &pools[count].range, &common))
            return true;
    return false;
}

static bool parse_pools(const char *value, struct pool_range *pools, size_t *ret_count, struct error *error)
{
    char word[WORD_MAX];
    size_t count = 0;
    for (const char *cursor = value; value_next_word(&cursor, word, sizeof(word)); count++) {
        int at = (int)(cursor - value) - (int)strlen(word);
        if (count == POOLS_MAX)
            return error_set(error, at, "found more than %d ranges", POOLS_MAX);
        if (!parse_pool(word, &pools[count], error)) {
            if (error != NULL)
                error->code = at;
            return false;
        }
        if (overlaps_earlier(pools, count))
            return error_set(error, at, "found \"%.80s\", which overlaps an earlier range", word);
    }
    *ret_count = count;
    return true;
}

bool spec_end_set_addresspool(struct spec_builder *builder, struct end_spec *end, const char *value,
                              struct error *error)
{
    struct pool_range pools[POOLS_MAX], *copy = NULL;
    size_t count = 0;
    (void)builder;
    if (!parse_pools(value, pools, &count, error))
        return false;
    if (count > 0 && (copy = malloc(count * sizeof(*copy))) == NULL)
        return error_set(error, -1, "out of memory");
    if (count > 0)
        memcpy(copy, pools, count * sizeof(*copy));
    free(end->pools);
    end->pools = copy;
    end->pool_count = count;
    return true;
}

/* ---- what clients are told ---- */

bool spec_set_modecfgdns(struct spec_builder *builder, const char *value, struct error *error)
{
    struct modecfg_spec *modecfg = &builder->spec->modecfg;
    char word[WORD_MAX];
    modecfg->dns_count = 0;
    for (const char *cursor = value; value_next_word(&cursor, word, sizeof(word)); modecfg->dns_count++) {
        int at = (int)(cursor - value) - (int)strlen(word);
        if (modecfg->dns_count == CONFIGURATION_DNS_LIMIT)
            return error_set(error, at, "found more than %d servers", CONFIGURATION_DNS_LIMIT);
        if (!address_parse(word, &modecfg->dns[modecfg->dns_count], NULL))
            return error_set(error, at, "found \"%.80s\"; expected the address of a DNS server", word);
    }
    return true;
}

bool spec_set_modecfgdomains(struct spec_builder *builder, const char *value, struct error *error)
{
    char word[DOMAIN_NAME_SIZE + 2], all[DOMAINS_MAX];
    struct text text = text_of(all, sizeof(all));
    size_t count = 0;
    for (const char *cursor = value; value_next_word(&cursor, word, sizeof(word)); count++) {
        int at = (int)(cursor - value) - (int)strlen(word);
        if (!domain_name_is_valid(bytes_of_text(word)))
            return error_set(error, at, "found \"%.80s\"; expected a domain name", word);
        if (count == CONFIGURATION_DOMAIN_LIMIT || text.size + strlen(word) + 2 > sizeof(all))
            return error_set(error, at, "found more than %d domain names, or %d bytes of them",
                             CONFIGURATION_DOMAIN_LIMIT, DOMAINS_MAX);
        text_add(&text, "%s%s", count > 0 ? " " : "", word);
    }
    free(builder->spec->modecfg.domains);
    builder->spec->modecfg.domains = count > 0 ? strdup(all) : NULL;
    return true;
}

bool spec_set_modecfgbanner(struct spec_builder *builder, const char *value, struct error *error)
{
    if (strlen(value) > BANNER_MAX)
        return error_set(error, BANNER_MAX, "found a text of more than %d bytes", BANNER_MAX);
    free(builder->spec->modecfg.banner);
    builder->spec->modecfg.banner = *value != '\0' ? strdup(value) : NULL;
    return true;
}

void spec_finish_modecfg(struct spec_builder *builder)
{
    struct connection_spec *spec = builder->spec;
    bool has_pool = spec->left.pool_count > 0 || spec->right.pool_count > 0;
    if (has_pool && spec->ike_version == 2)
        spec->narrowing = true;
}
