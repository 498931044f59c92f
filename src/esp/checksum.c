/* The Internet checksum (RFC 1071, 1624). */
#include "esp/checksum.h"

checksum_t checksum_add(checksum_t sum, const uint8_t *data, size_t size)
{
    /* Four independent accumulators of 32-bit words: compilers turn this into vector instructions. */
    uint64_t a = 0, b = 0, c = 0, d = 0;
    while (size >= 64) {
        uint32_t words[16];
        memcpy(words, data, sizeof(words));
        for (size_t i = 0; i < 16; i += 4) {
            a += words[i];
            b += words[i + 1];
            c += words[i + 2];
            d += words[i + 3];
        }
        data += 64;
        size -= 64;
    }
    while (size >= 4) {
        uint32_t word;
        memcpy(&word, data, 4);
        a += word;
        data += 4;
        size -= 4;
    }
    uint32_t tail = 0;
    memcpy(&tail, data, size);
    uint64_t partial = a + b + c + d + tail;
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
