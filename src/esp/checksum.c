/* The Internet checksum (RFC 1071, 1624). */
#include "esp/checksum.h"

/* A clone for wider vectors is chosen when the program is loaded; sanitizers do not bear that early call. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&     \
    !defined(__SANITIZE_THREAD__)
#define WIDE_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define WIDE_CLONES
#endif

typedef uint64_t wide_t __attribute__((vector_size(32)));

/* Sum of the 32-bit words of `blocks` runs of 64 bytes, in lanes of 64 bits: the upper words in sums of their
 * own, the lower ones as what sums of all, modulo 2^64, have besides them. No carries. */
WIDE_CLONES static uint64_t sum_blocks(const uint8_t *data, size_t blocks)
{
    wide_t all = {0}, upper = {0};
    for (size_t i = 0; i < blocks; i++) {
        wide_t a, b;
        memcpy(&a, data + i * 64, sizeof(a));
        memcpy(&b, data + i * 64 + 32, sizeof(b));
        all += a + b;
        upper += (a >> 32) + (b >> 32);
    }
    wide_t words = all - (upper << 32) + upper;
    return words[0] + words[1] + words[2] + words[3];
}

/* The same of less than a block. */
static uint64_t sum_short(const uint8_t *data, size_t size)
{
    uint64_t sum = 0, both;
    uint32_t word;
    for (; size >= 8; data += 8, size -= 8) {
        memcpy(&both, data, 8);
        sum += (both & UINT32_MAX) + (both >> 32);
    }
    if (size >= 4) {
        memcpy(&word, data, 4);
        sum += word;
        data += 4;
        size -= 4;
    }
    uint8_t tail[4] = {0};
    for (size_t i = 0; i < size; i++)
        tail[i] = data[i];
    memcpy(&word, tail, 4);
    return sum + word;
}

checksum_t checksum_add(checksum_t sum, const uint8_t *data, size_t size)
{
    size_t blocks = size / 64;
    uint64_t partial = blocks > 0 ? sum_blocks(data, blocks) : 0;
    partial += sum_short(data + blocks * 64, size % 64);
    sum += partial;
    return sum < partial ? sum + 1 : sum;
}

checksum_t checksum_add_u16(checksum_t sum, uint16_t value)
{
    uint8_t bytes[2];
    store_be16(bytes, value);
    return checksum_add(sum, bytes, 2);
}

uint16_t checksum_fold(checksum_t sum)
{
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

void checksum_store(uint8_t *p, checksum_t sum)
{
    uint16_t complement = (uint16_t)~checksum_fold(sum);
    memcpy(p, &complement, 2);
}

checksum_t checksum_pseudo_header(const uint8_t *source, const uint8_t *destination, size_t address_bytes,
                                  uint8_t protocol, size_t length)
{
    uint8_t tail[8] = {0};
    store_be32(tail, (uint32_t)length);
    tail[7] = protocol;
    checksum_t sum = checksum_add(0, source, address_bytes);
    sum = checksum_add(sum, destination, address_bytes);
    return checksum_add(sum, tail, sizeof(tail));
}

void checksum_ipv4_header(uint8_t *header, size_t header_size)
{
    header[10] = header[11] = 0;
    checksum_store(header + 10, checksum_add(0, header, header_size));
}

void checksum_replace_u16(uint8_t *checksum, uint16_t old_value, uint16_t new_value)
{
    uint32_t sum = (uint32_t)(uint16_t)~load_be16(checksum) + (uint16_t)~old_value + new_value;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    store_be16(checksum, (uint16_t)~sum);
}
