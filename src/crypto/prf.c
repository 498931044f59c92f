/* PRFs and prf+ (RFC 7296 2.13) over the calling thread's MAC contexts. */
#include "crypto/prf.h"

#include "base/secret.h"
#include "crypto/mac.h"

_Static_assert((int)PRF_OUTPUT_MAX >= (int)MAC_OUTPUT_MAX, "a PRF's output holds any MAC");

bool prf_compute(const struct algorithm *prf, struct bytes key, const struct bytes *parts, size_t part_count,
                 uint8_t *out)
{
    struct mac *mac = mac_of_thread(prf->detail);
    if (mac == NULL)
        return false;
    uint8_t block[MAC_OUTPUT_MAX];
    bool ok = mac_set_key(mac, key) && mac_compute(mac, parts, part_count, block);
    if (ok)
        memcpy(out, block, prf->output_size);
    secret_wipe(block, sizeof block);
    mac_forget_key(mac);
    return ok;
}

/* T1 = prf(K, S | 0x01), Tn = prf(K, Tn-1 | S | n): `block` holds Tn-1 before and Tn after. */
static bool next_block(struct mac *mac, struct bytes previous, const struct bytes *parts, size_t part_count,
                       uint8_t round, uint8_t block[static MAC_OUTPUT_MAX])
{
    bool ok = mac_start(mac) && mac_add(mac, previous);
    for (size_t i = 0; ok && i < part_count; i++)
        ok = mac_add(mac, parts[i]);
    return ok && mac_add(mac, bytes_of(&round, 1)) && mac_finish(mac, block);
}

bool prf_plus(const struct algorithm *prf, struct bytes key, const struct bytes *parts, size_t part_count,
              uint8_t *out, size_t out_size)
{
    size_t rounds = (out_size + prf->output_size - 1) / prf->output_size;
    struct mac *mac = rounds > UINT8_MAX ? NULL : mac_of_thread(prf->detail);
    if (mac == NULL)
        return false;
    uint8_t block[MAC_OUTPUT_MAX];
    bool ok = mac_set_key(mac, key);
    for (size_t round = 1; ok && round <= rounds; round++) {
        struct bytes previous = bytes_of(block, round == 1 ? 0 : prf->output_size);
        ok = next_block(mac, previous, parts, part_count, (uint8_t)round, block);
        size_t done = (round - 1) * prf->output_size;
        size_t rest = out_size - done;
        if (ok)
            memcpy(out + done, block, rest < prf->output_size ? rest : prf->output_size);
    }
    secret_wipe(block, sizeof block);
    if (!ok)
        secret_wipe(out, out_size);
    mac_forget_key(mac);
    return ok;
}
